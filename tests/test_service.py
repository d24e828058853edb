"An erased customer leaves no trace in any file below the home, does not come back with the next ingest, and stays erased where a file is damaged"

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd


def happens(story: str, home: Path) -> None:
    "A process of its own, since settings are read once"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("C360_")}
    done = subprocess.run([sys.executable, "-c", story], env=environment | {"C360_HOME": str(home)}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


STORY = """
import numpy as np
from customer360.data.storage import NewEvent
from customer360.evaluation.pipeline import Source, ingest_stage
from customer360.serving.service import Ask, UnknownCustomer, open_service

ingest_stage(Source("demo", "", {}, 0, 0))  # a cached snapshot with everybody in it
service = open_service(keys=["knn", "svd"])
for model in ("knn", "svd"):
    service.recommend(Ask(user="c0104", model=model))
service.feedback([NewEvent("c0104", "p0001", "purchase", event_id="order-1")])
told = service.erase("c0104")
assert told["removed"]["events"] == 1 and told["files"] >= 2, told
try:
    service.recommend(Ask(user="c0104"))
except UnknownCustomer:
    pass
else:
    raise AssertionError("still known")
assert service.recommend(Ask(user="c0105", model="knn")).items  # the others are as they were
service.close()
_, again = ingest_stage(Source("demo", "", {}, 0, 0))
assert "c0104" not in set(again.tables.customers["user"]) | set(again.tables.interactions["user"])
"""


def test_no_trace_is_left(tmp_path: Path):
    happens(STORY, tmp_path)
    looked = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {".sqlite", ".parquet"} <= {path.suffix for path in looked}
    for path in looked:
        assert b"c0104" not in path.read_bytes(), path
        if path.suffix == ".parquet":  # compressed: look at what it says
            table = pd.read_parquet(path)
            assert not any((table[name].astype(str) == "c0104").any() for name in table if not pd.api.types.is_numeric_dtype(table[name])), path


DAMAGED = """
import shutil
from customer360.serving.service import Ask, NotReady, UnknownCustomer, open_service

service = open_service(keys=["knn"])
registry = service.registry
name = registry.current("knn").snapshot
older = registry.root / "snapshots" / "demo-000000000000"
shutil.copytree(registry.snapshot(name).path, older)
next(older.glob("interactions*")).write_bytes(b"damaged")
try:
    service.erase("c0104")
except NotReady as error:
    assert "demo-000000000000" in error.detail and "erase again" in error.detail, error.detail
else:
    raise AssertionError("a snapshot that nobody can read was passed over in silence")
for _ in range(2):  # now, and after a new start
    try:
        service.recommend(Ask(user="c0104"))
    except UnknownCustomer:
        pass
    else:
        raise AssertionError("still served")
    assert service.recommend(Ask(user="c0105")).items
    service.close()
    service = open_service(keys=["knn"])
service.close()
"""


def test_a_damaged_snapshot_keeps_nobody_in_the_others(tmp_path: Path):
    happens(DAMAGED, tmp_path)

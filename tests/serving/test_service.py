"An erased customer leaves no trace in any file below the home, does not come back with the next ingest, and stays erased where a file is damaged"

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd


def happens(story: str, home: Path) -> None:
    "A process of its own, since settings are read once"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("C360_")}
    done = subprocess.run(
        [sys.executable, "-c", story],
        env=environment | {"C360_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


STORY = """
import numpy as np
from customer360.data.store.new_events import NewEvent
from customer360.evaluation.pipeline import Source, ingest_stage
from customer360.serving.types import RecommendationRequest, Erased
from customer360.serving.service import open_service

ingest_stage(Source("demo", "", {}, 0, 0))  # a cached snapshot with everybody in it
service = open_service(keys=["knn", "svd"])
for model in ("knn", "svd"):
    service.recommend(RecommendationRequest(user="c0104", model=model))
service.record_events([NewEvent("c0104", "p0001", "purchase", event_id="order-1")])
told = service.erase("c0104")
assert told["removed"]["events"] == 1 and told["files"] >= 2, told
try:
    service.recommend(RecommendationRequest(user="c0104"))
except Erased:
    pass
else:
    raise AssertionError("still known")
assert service.recommend(RecommendationRequest(user="c0105", model="knn")).items  # the others are as they were
service.close()
_, again = ingest_stage(Source("demo", "", {}, 0, 0))
assert "c0104" not in set(again.tables.customers["user"]) | set(again.tables.interactions["user"])
"""


def traces(home: Path) -> list[Path]:
    "The files below that name the customer"
    looked, found = [path for path in home.rglob("*") if path.is_file()], []
    assert {".sqlite", ".parquet"} <= {path.suffix for path in looked}
    for path in looked:
        named = b"c0104" in path.read_bytes()
        if path.suffix == ".parquet":  # compressed: look at what it says
            table = pd.read_parquet(path)
            named = named or any(
                (table[name].astype(str) == "c0104").any()
                for name in table
                if not pd.api.types.is_numeric_dtype(table[name])
            )
        found += [path] if named else []
    return found


def test_no_trace_is_left(tmp_path: Path):
    happens(STORY, tmp_path)
    assert traces(tmp_path) == []


TRAINING = """
from customer360.config import folder
from customer360.data.store.facade import Store
from customer360.evaluation import pipeline, publish

snapshot, _ = pipeline.ingest_stage(pipeline.Source("demo", "", {}, 0, 0))
fit_on_all = publish.fit_on_all
publish.fit_on_all = lambda *asked: (fit_on_all(*asked), Store.open().erase("c0104"))[0]  # while it is trained, somebody wants to be forgotten
release = publish.train_and_publish(snapshot, "knn", measure=False)
registry = publish.Registry(folder("models") / "demo")
model, release = registry.load("knn", release.version)
assert model.recommend(registry.snapshots.read(release.snapshot).data.users.encode(["c0105"]), 3).codes.shape == (1, 3)
assert (registry.snapshots.read(release.snapshot).data.users.encode(["c0104"]) == -1).all() and not snapshot.exists()
"""


def test_who_is_erased_while_a_model_is_trained_leaves_no_trace(tmp_path: Path):
    happens(TRAINING, tmp_path)
    assert traces(tmp_path) == []


UNCLEANED = """
from customer360.data.store import erasure
from customer360.data.store.new_events import NewEvent
from customer360.data.store.connection import StoreDown
from customer360.serving.types import RecommendationRequest, Erased
from customer360.serving.service import open_service

service = open_service(keys=["knn"])
service.record_events([NewEvent("visitor-1", "p0001", "purchase", event_id="order-1")])
service.merge("visitor-1", "c0104")
neighbour = next(one["id"] for one in service.profile("c0105")["nearest"])
clean = erasure.overwrite_deleted


def busy(engine):
    raise StoreDown("somebody reads for long")


erasure.overwrite_deleted = busy
try:
    service.erase("c0104")
except StoreDown as error:
    assert "for long" in str(error)
else:
    raise AssertionError("the cleaning was not asked for")
for who in ("c0104", "visitor-1"):
    try:
        service.recommend(RecommendationRequest(user=who))
    except Erased:
        continue
    raise AssertionError(f"{who} is still known")
item = service.recommend(RecommendationRequest(user="c0105")).items[0].item
assert "c0104" not in {row["id"] for item in service.list_items(limit=100)["items"] for row in service.customers_of(item["item"], 1000)["newest"]}
reads = service.n_reads
assert service.reload() and service.n_reads == reads + 1 and not service.reload()  # what is in memory goes with it
erasure.overwrite_deleted = clean
try:
    service.erase("c0104")  # again, as it was said
except Erased:
    service.close()
"""


def test_an_erasure_reaches_every_file_where_the_database_is_busy(tmp_path: Path):
    happens(UNCLEANED, tmp_path)
    assert traces(tmp_path) == []


PERIODS = """
from dataclasses import replace

from customer360.data.store.new_events import NewEvent
from customer360.serving.types import RecommendationRequest
from customer360.serving.service import open_service

service = open_service(keys=["knn", "popularity"])
halves = {"name": "autumn", "arms": {"knn": 0.5, "popularity": 0.5}}


def shown(user):
    answer = service.recommend(RecommendationRequest(user=user, n=2))
    service.record_events([NewEvent(user, pick.item, "impression", recommendation_id=answer.recommendation_id) for pick in answer.items])


def counted():
    return sum(row["customers"] for row in service.online().get("sizes", []))


began = service.put_experiment(halves)["experiment"]["started"]
shown("c0104")
shown("c0105")
assert counted() == 2
assert service.put_experiment(halves)["experiment"]["started"] == began and counted() == 2  # the same again
service.put_experiment({**halves, "arms": {"knn": 0.9, "popularity": 0.1}})
assert counted() == 0, "shares were others before"
shown("c0104")
assert counted() == 1
service.put_experiment(None)
service.put_experiment({**halves, "arms": {"knn": 0.9, "popularity": 0.1}})
assert counted() == 0, "another time under the same name"
assert sum(row["impressions"] for row in service.online()["by_model"]) == 6
answer = service.recommend(RecommendationRequest(user="c0106", n=2))
service.record_events([NewEvent("c0106", "p0399", "impression", recommendation_id=answer.recommendation_id)] * 5)
service.record_events([NewEvent("c0107", answer.items[0].item, "impression", recommendation_id=answer.recommendation_id)])
assert counted() == 0, "an item that was not recommended, and somebody to whom it was not"
in_use = service.pool.models
service.pool.models = replace(in_use, models={"knn": in_use.models["knn"]})
assert {service.recommend(RecommendationRequest(user=f"c0{n}")).arm for n in range(110, 140)} == {"knn", None}  # what the default answers in place of a missing model is no outcome of the experiment
service.close()
"""


def test_an_experiment_counts_since_it_runs_as_it_is(tmp_path: Path):
    happens(PERIODS, tmp_path)


DAMAGED = """
import shutil
from customer360.serving.types import NotReady, RecommendationRequest, Erased
from customer360.serving.service import open_service

service = open_service(keys=["knn"])
registry = service.pool.registry
name = registry.promotions.current("knn").snapshot
older = registry.root / "snapshots" / "demo-000000000000"
shutil.copytree(registry.snapshots.read(name).path, older)
file = next(older.glob("interactions*"))
sound = file.read_bytes()
file.write_bytes(b"damaged")
service.merge("c0103", "c0104")
try:
    service.erase("c0104")
except NotReady as error:
    assert "demo-000000000000" in error.detail and "erase again" in error.detail, error.detail
else:
    raise AssertionError("a snapshot that nobody can read was passed over in silence")
for _ in range(2):  # now, and after a new start
    try:
        service.recommend(RecommendationRequest(user="c0104"))
    except Erased:
        pass
    else:
        raise AssertionError("still served")
    assert service.recommend(RecommendationRequest(user="c0105")).items
    service.close()
    service = open_service(keys=["knn"])
file.write_bytes(sound)
try:
    service.erase("c0104")
except Erased:  # the last start has done it
    pass
assert not {"c0103", "c0104"} & set(service.pool.registry.snapshots.all_user_ids())
service.close()
"""


def test_a_damaged_snapshot_keeps_nobody_in_the_others(tmp_path: Path):
    happens(DAMAGED, tmp_path)
    assert traces(tmp_path) == []


KEPT = """
from customer360.serving.types import RecommendationRequest, Erased
from customer360.serving.service import open_service

service = open_service(keys=["knn", "popularity"])
for weights in (service.pool.registry.root / "popularity").glob("*/weights*"):  # of every version
    weights.write_bytes(b"damaged")
for user in ("c0104", "c0105"):  # after the first, one model is read anew and the other stays as it is in memory
    service.erase(user)
    for key in ("knn", "popularity"):
        try:
            service.recommend(RecommendationRequest(user=user, model=key))
        except Erased:
            continue
        raise AssertionError(f"{user} is still served by {key}")
    assert not [one for one in service.list_customers(user)["customers"] if one["id"] == user]
    assert service.reload() and service.pool.models.problems["popularity"]
    state = service.states.current()
    assert state.models is service.pool.models
    assert set(map(id, state.models.indexes.values())) == {id(served.index) for served in state.models.models.values()}
service.close()
"""


def test_a_model_that_cannot_be_read_again_keeps_nobody_in_the_others(tmp_path: Path):
    happens(KEPT, tmp_path)


CACHED = """
from customer360.config import folder
from customer360.serving.types import NotReady
from customer360.serving.service import open_service

service = open_service(keys=["knn"])
half = folder("interim") / ".demo-1" / "customers.parquet"
half.parent.mkdir()
half.write_bytes(b"PAR1 that somebody is writing just now")
try:
    service.erase("c0104")
except NotReady as error:
    assert str(half) in error.detail and "erase again" in error.detail, error.detail
else:
    raise AssertionError("a file that nobody can read was passed over in silence")
assert "c0104" not in service.pool.registry.snapshots.all_user_ids()
service.close()
"""


def test_a_cached_file_that_nobody_can_read_keeps_nobody_in_the_models(tmp_path: Path):
    happens(CACHED, tmp_path)

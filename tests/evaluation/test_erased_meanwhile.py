"A customer who is erased while their data are read for a training is in no snapshot that comes of it"

from pathlib import Path

import pandas as pd
import pytest
from command import card

from customer360.config import settings
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
from customer360.evaluation import pipeline
from customer360.models.registry import open_registry
from customer360.serving.erasure import forget_customer


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    "The store of a shop with one customer of today, the source that reads it, and its registry"
    monkeypatch.setenv("C360_HOME", str(tmp_path))
    monkeypatch.delenv("C360_DATABASE_URL", raising=False)
    settings.cache_clear()
    with Store.open("", "demo") as store:
        store.events.record([NewEvent("eve", "p0001", "purchase", 1_800_000_000)])
        yield store, pipeline.Source(str(card(tmp_path))), open_registry("demo", store.identities.erased)
    settings.cache_clear()


def holders(home: Path) -> list[str]:
    "The snapshots that the customer is in"
    return [
        path.parent.name
        for path in (home / "data/interim").glob("*/interactions.parquet")
        if "eve" in set(pd.read_parquet(path)["user"])
    ]


def test_erased_between_reading_and_writing(shop, tmp_path, monkeypatch):
    store, source, registry = shop
    save, counts = pipeline.save_snapshot, []

    def save_late(made):
        "The data have been read; the customer is erased before they are written"
        if not counts:
            forget_customer("eve", registry, store)
        counts.append("eve" in set(made.tables.interactions["user"]))
        return save(made)

    monkeypatch.setattr(pipeline, "save_snapshot", save_late)
    snapshot, made = pipeline.ingest_stage(source)
    assert counts == [True, False] and holders(tmp_path) == []
    assert (snapshot / "manifest.json").exists() and "eve" not in set(made.tables.customers["user"])


@pytest.mark.parametrize("what", ["ingest", "erasure"])
def test_what_a_killed_process_left_is_found(shop, tmp_path, what):
    store, source, registry = shop
    pipeline.ingest_stage(source)
    store.erase("eve")  # of the store alone: the snapshot is written after the files were looked through
    assert len(holders(tmp_path)) == 1
    if what == "ingest":
        pipeline.ingest_stage(source)
    else:
        store.events.record([NewEvent("adam", "p0001", "purchase", 1_800_000_000)])
        forget_customer("adam", registry, store)
    assert holders(tmp_path) == []

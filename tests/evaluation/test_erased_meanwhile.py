"A customer who is erased while their data are read for a training is in no snapshot that comes of it"

from pathlib import Path

import pandas as pd
import pytest
from meanwhile import do_at, shop_with_store
from typer.testing import CliRunner

from customer360.cli import app
from customer360.data.store.new_events import NewEvent
from customer360.evaluation import pipeline
from customer360.evaluation.publish import ErasedMeanwhile, has_gone
from customer360.models.registry import open_registry
from customer360.serving.erasure import forget_customer
from customer360.serving.retrain import retrain


@pytest.fixture
def shop(tmp_path, monkeypatch):
    "The store of a shop with one customer of today, the source that reads it, and its registry"
    with shop_with_store(tmp_path, monkeypatch) as (store, source):
        store.events.record([NewEvent("eve", "p0001", "purchase", 1_800_000_000)])
        yield store, source, open_registry("shop", store.identities.erased)


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


def erase_at(monkeypatch, shop, point: str, times: int = 1) -> list[str]:
    "Erase a customer whenever the training comes to a point, so often"
    store, _, registry = shop
    erased = (f"eve {n}" if n else "eve" for n in range(times))

    def erase() -> str:
        forget_customer(user := next(erased), registry, store)
        return user

    return do_at(monkeypatch, point, erase, times)


@pytest.mark.parametrize("how", ["retrain", "train"])
@pytest.mark.parametrize("point", ["it is fitted", "it is measured"])
def test_training_goes_on_without_who_is_erased(shop, tmp_path, monkeypatch, how, point):
    _, source, registry = shop
    erased = erase_at(monkeypatch, shop, point)
    if how == "retrain":
        run = retrain(source.dataset, models=("popularity", "bias"))
        assert run.state == "done" and [one["outcome"] for one in run.decisions] == ["first", "first"], (
            run.error
        )
    else:
        found = CliRunner().invoke(app, ["train", "--model", "popularity", "--dataset", source.dataset])
        assert found.exit_code == 0, (found.output, found.exception)
    assert erased == ["eve"] and holders(tmp_path) == []
    assert "eve" not in registry.snapshots.all_user_ids()
    assert registry.promotions.current("popularity").figures
    assert [path.name for path in (tmp_path / "data/interim").glob("shop-*") if has_gone(path)] == []


def test_who_is_erased_again_and_again_is_named(shop, monkeypatch):
    store, source, _ = shop
    for n in range(1, 9):
        store.events.record([NewEvent(f"eve {n}", "p0001", "purchase", 1_800_000_000)])
    erase_at(monkeypatch, shop, "it is measured", times=9)
    with pytest.raises(ErasedMeanwhile, match="customers were erased, or merges undone, 4 times in a row"):
        retrain(source.dataset, models=("popularity",))
    assert "customers were erased" in store.retrainings.latest().error

"A merge that is undone while a model is trained is in no version that comes of it"

import pytest
from meanwhile import POINTS, do_at, shop_with_store
from typer.testing import CliRunner

from customer360.cli import app
from customer360.data.store.new_events import NewEvent
from customer360.evaluation import pipeline
from customer360.models.registry import Promotions, open_registry
from customer360.serving.retrain import retrain
from customer360.serving.service import Service
from customer360.serving.types import Conflict


@pytest.fixture
def shop(tmp_path, monkeypatch):
    "The store of a shop in which a customer was merged into another one, and its source"
    with shop_with_store(tmp_path, monkeypatch) as (store, source):
        store.events.record([NewEvent("c0002", "p0001", "purchase", 1_800_000_000)])
        store.identities.merge("c0002", "c0001")
        yield store, source


@pytest.mark.parametrize("how", ["retrain", "train"])
@pytest.mark.parametrize("point", POINTS)
def test_training_goes_on_with_both_customers(shop, monkeypatch, how, point):
    store, source = shop
    undone = do_at(monkeypatch, point, lambda: store.identities.separate("c0002"))
    if how == "retrain":
        run = retrain(source.dataset, models=("popularity",))
        assert run.state == "done", run.error
    else:
        found = CliRunner().invoke(app, ["train", "--model", "popularity", "--dataset", source.dataset])
        assert found.exit_code == 0, (found.output, found.exception)
    assert undone == [("c0001", 1)]
    registry = open_registry("shop", store.identities.erased)
    rows = registry.snapshots.read(registry.promotions.current("popularity").snapshot).tables.interactions
    theirs = rows[rows["user"] == "c0002"]["timestamp"]
    assert len(theirs) > 1 and theirs.max() == 1_800_000_000, "of the files, and what was recorded"


def test_it_is_not_undone_once_the_version_is_in_use(shop):
    "Also where the server has not yet taken the new version up"
    store, source = shop
    registry = open_registry("shop", store.identities.erased)
    service = Service(registry, store)
    retrain(source.dataset, models=("popularity",))
    with pytest.raises(Conflict, match="trained with the merged history"):
        service.separate("c0002")
    service.policies.close()
    service.log.close()


def test_other_merges_may_be_undone_meanwhile(shop, monkeypatch):
    "A merge that came after the data were read is in no data, so its undoing costs no second reading"
    store, source = shop
    reads, promote = [], Promotions.promote

    def merge_and_undo(*args, **named):
        store.events.record([NewEvent("c0003", "p0001", "view", 1_800_000_100)])
        store.identities.merge("c0003", "c0004")
        store.identities.separate("c0003")
        return promote(*args, **named)

    monkeypatch.setattr(Promotions, "promote", merge_and_undo)
    monkeypatch.setattr(
        pipeline, "save_snapshot", lambda made, save=pipeline.save_snapshot: reads.append(1) or save(made)
    )
    assert retrain(source.dataset, models=("popularity",)).state == "done"
    assert reads == [1]

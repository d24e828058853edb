"The loop against real servers: what visitors do arrives in the next training, and the running server takes up what was learnt"

import pytest

from customer360.models.registry import Registry
from customer360.serving.loop import ARMS
from customer360.serving.loop_server import served_shop
from customer360.serving.traffic import history_tables, make_scenario

FROZEN, RETRAINED, _ = ARMS


@pytest.fixture(scope="module")
def tiny():
    return make_scenario(n_customers=120, n_items=60, days=120, rounds=2, changed=0.5)


@pytest.mark.slow
def test_two_rounds_over_http(tiny, tmp_path):
    "Events that the API acknowledged are in the next training, with new customers and new products"
    from customer360.serving.loop import run_arm

    with served_shop(tmp_path, history_tables(tiny)) as shop:
        visits, shown, trainings = run_arm(shop, tiny, RETRAINED)
        stored, page = [], {"next": 0}
        while page["next"] is not None:
            page = shop.api.send("GET", f"feedback?limit=1000&after={page['next']}")
            stored += page["events"]
    assert len(set(shop.versions)) == 2, "one retraining between two rounds"
    in_round = [event for event in stored if event["recommendation_id"]]
    assert sum(event["event"] == "impression" for event in in_round) == visits["impression"].sum() > 100
    assert sum(event["event"] == "click" for event in in_round) == visits["click"].sum() > 20
    assert len({event["recommendation_id"] for event in in_round}) == len(visits)
    registry = Registry(tmp_path / "data/models/loop")
    tables = registry.snapshots.read(registry.promotions.current("knn").snapshot).tables
    first_round = [event for event in stored if event["timestamp"] < tiny.window(1)[1]]
    assert len(tables.interactions) == len(history_tables(tiny).interactions) + len(first_round)
    assert set(tables.items["item"]) >= set(tiny.catalogue.items["item"].iloc[tiny.launched(1)])
    assert visits["utility"].between(visits["average"].min(), visits["best"].max()).all()
    assert len(shown) == 10 * len(visits)

"The loop against real servers: what visitors do arrives in the next training, and the running server takes up what was learnt"

import numpy as np
import pandas as pd
import pytest

from customer360.models.registry import Registry
from customer360.serving.demo_traffic import send_traffic
from customer360.serving.loop import ARMS, LocalShop, run_arm
from customer360.serving.loop_findings import difference_of
from customer360.serving.loop_server import served_shop
from customer360.serving.traffic import history_tables, make_scenario

FROZEN, RETRAINED, JUDGED, EXPLORING = ARMS


@pytest.fixture(scope="module")
def tiny():
    return make_scenario(n_customers=120, n_items=60, days=120, rounds=2, changed=0.5)


@pytest.mark.slow
def test_two_rounds_over_http(tiny, tmp_path):
    "Events that the API acknowledged are in the next training, with new customers and new products"
    import threading

    with served_shop(tmp_path, history_tables(tiny)) as shop:
        visits, shown, trainings = run_arm(shop, tiny, RETRAINED)
        stored, page = [], {"next": 0}
        while page["next"] is not None:
            page = shop.api.send("GET", f"feedback?limit=1000&after={page['next']}")
            stored += page["events"]
        assert send_traffic(shop.api, tiny, 60_000, threading.Event(), visits=3) == 3
        newest = shop.api.send("GET", f"feedback?limit=1000&after={stored[-1]['seq']}")["events"]
    assert len(set(shop.versions)) == 2 and trainings["outcome"].tolist() == ["promoted"]
    assert len(newest) > 10 and {event["surface"] for event in newest} == {"simulated"}
    in_round = [event for event in stored if event["recommendation_id"]]
    assert sum(event["event"] == "impression" for event in in_round) == visits["impression"].sum() > 100
    assert sum(event["event"] == "click" for event in in_round) == visits["click"].sum() > 20
    assert len({event["recommendation_id"] for event in in_round}) == len(visits)
    registry = Registry(tmp_path / "data/models/loop")
    tables = registry.snapshots.read(registry.promotions.current("knn").snapshot).tables
    first_round = [event for event in stored if event["timestamp"] < tiny.window(1)[1]]
    assert len(tables.interactions) >= len(history_tables(tiny).interactions) + len(first_round)
    assert set(tables.items["item"]) >= set(tiny.catalogue.items["item"].iloc[tiny.launched(1)])
    assert len(shown) == 10 * len(visits)


def run_locally(scenario, arm, home) -> pd.DataFrame:
    shop = LocalShop(home, history_tables(scenario))
    try:
        return run_arm(shop, scenario, arm).visits.assign(seed=scenario.seed)
    finally:
        shop.close()


@pytest.mark.slow
def test_retraining_is_above_frozen_weights_where_appeal_has_changed(tmp_path):
    "And only there by that much: an arm that is compared with itself differs in nothing"
    scenario = make_scenario(1, n_customers=200, n_items=80, days=120, rounds=3, changed=1.0)
    both = pd.concat([run_locally(scenario, arm, tmp_path / arm.name) for arm in (FROZEN, RETRAINED)])
    found = difference_of(both[both["round"] > 1], "retrained", "frozen", "utility")
    assert found["low"] > 0, found
    first = both[both["round"] == 1].pivot(index="user", columns="arm", values="utility")
    np.testing.assert_array_equal(first["frozen"], first["retrained"])
    again = run_locally(scenario, RETRAINED, tmp_path / "again")
    pd.testing.assert_frame_equal(again, both[both["arm"] == "retrained"].reset_index(drop=True))

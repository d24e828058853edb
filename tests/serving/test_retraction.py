"A retracted event is left out of the snapshot in use, of what models have absorbed, and of the next training"

import pytest

from customer360.data.simulate import simulate
from customer360.serving.loop import LocalShop
from customer360.serving.types import Retracted

EVENT = {"item": "p0003", "event": "purchase", "event_id": "order-1", "timestamp": 1_790_000_000}


@pytest.fixture
def shop(tmp_path):
    "A shop whose model absorbs events"
    tables = simulate(seed=0, n_customers=60, n_items=40, days=120).tables
    made = LocalShop(tmp_path, tables, "knn")
    yield made
    made.close()


def says(shop: LocalShop, customer: str) -> list:
    "What is said of a customer and an item"
    service = shop.service
    page, index = service.profile(customer), service.states.current().model().index
    [answer] = service.recommend_many([request(customer)])
    return [
        page["n_events"],
        page["history"],
        page["nearest"],
        service.list_customers(customer)["customers"][0]["n_events"],
        service.customers_of("p0003"),
        service.overview()["events"],
        [(one.item, one.score) for one in service.popular(40)],
        [(one.item, round(one.score, 6)) for one in answer.items],
        index.features.values.drop(columns="rfm_recency").to_numpy(float, na_value=-1).tolist(),
    ]


def request(customer: str):
    from customer360.serving.service import RecommendationRequest

    return RecommendationRequest(user=customer, n=40, surface="sandbox")


def test_it_is_left_out_of_the_snapshot_in_use_and_of_the_next(shop):
    never = says(shop, "c0007")
    shop.record([{"customer": "c0007", **EVENT}])
    shop.retrain()
    assert [one != two for one, two in zip(never, says(shop, "c0007"), strict=True)] == [True] * len(never)
    shop.service.retract("order-1")
    assert says(shop, "c0007")[:-2] == never[:-2]  # the weights of the model are those of its training
    shop.retrain()
    assert says(shop, "c0007") == never
    assert "p0003" not in {row["item"] for row in shop.service.export("c0007")["events"][-1:]}


def test_of_two_equal_events_one_is_left(shop):
    shop.record([{"customer": "c0007", **EVENT}, {"customer": "c0007", **EVENT, "event_id": "order-2"}])
    shop.retrain()
    both = says(shop, "c0007")[0]
    shop.service.retract("order-2")
    assert says(shop, "c0007")[0] == both - 1
    shop.service.retract("order-2")
    assert says(shop, "c0007")[0] == both - 1


def test_it_is_found_under_the_id_that_it_had_and_after_a_restart(shop):
    from customer360.serving.service import Service

    never = says(shop, "c0007")
    shop.record([{"customer": "c0007", **EVENT}])
    shop.retrain()
    shop.service.merge("c0007", "c0008")
    shop.service.retract("order-1")
    assert ("p0003", 1_790_000_000) not in {
        (event["item"], event["timestamp"]) for event in shop.service.profile("c0008")["history"]
    }
    again = Service(shop.registry, shop.store, default="knn")  # as another worker, or the next start
    assert len(again.customers_of("p0003")["newest"]) == len(never[4]["newest"])
    assert again.customers_of("p0003")["events"] == never[4]["events"]
    again.policies.close()
    again.log.close()


def test_models_unlearn_what_they_had_absorbed(shop):
    others = [f"c{n:04}" for n in range(20)]
    shop.service.absorb()
    before = scores(shop)
    shop.record([{"customer": one, **EVENT, "event_id": f"order-{one}"} for one in others])
    assert shop.service.absorb() and scores(shop) != before
    for one in others:
        shop.service.retract(f"order-{one}")
    assert scores(shop) == before
    shop.service.absorb()
    assert scores(shop) == before


def scores(shop: LocalShop) -> list:
    [answer] = shop.service.recommend_many([request("c0041")])
    return [(one.item, round(one.score, 6)) for one in answer.items]


def test_an_event_with_its_id_is_refused(shop):
    shop.record([{"customer": "c0007", **EVENT}])
    shop.service.retract("order-1")
    with pytest.raises(Retracted, match="order-1"):
        shop.record([{"customer": "c0009", **EVENT}])
    shop.service.erase("c0007")
    assert shop.store.events.retractions() == []

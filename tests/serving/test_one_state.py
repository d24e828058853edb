"An answer is made of one state, whatever changes while it is made"

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from customer360.data.simulate import simulate
from customer360.data.store.facade import Store
from customer360.models.baselines import EASE, Popularity
from customer360.models.registry import Registry
from customer360.serving.service import Service
from customer360.serving.types import RecommendationRequest, RecommendationResponse

REQUEST = RecommendationRequest(user="c0004", n=6)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    registry = Registry(tmp_path / "models")
    night = registry.snapshots.add(simulate(n_customers=100, n_items=60, days=200).tables)
    for model in (Popularity(), EASE()):
        release = registry.releases.publish(model.fit(registry.snapshots.read(night).data), night)
        registry.promotions.promote(release.key, release.version)
    made = Service(registry, Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}"), default="ease")
    yield made
    made.close()


class SlowModel:
    "In a model's place: ranks only when it is told to go on"

    def __init__(self, model: Any):
        self.model, self.reached, self.go_on = model, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def recommend(self, *args: Any, **options: Any) -> Any:
        self.reached.set()
        assert self.go_on.wait(60)
        return self.model.recommend(*args, **options)


def slow_down(service: Service, key: str) -> SlowModel:
    models = service.pool.models
    slow = SlowModel(models.models[key].model)
    service.pool.models = replace(
        models, models={**models.models, key: models.models[key]._replace(model=slow)}
    )
    return slow


def during(service: Service, ask: Callable[[], Any], change: Callable[[], Any]) -> Any:
    "What is answered while something changes"
    slow, answers = slow_down(service, "ease"), []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    assert slow.reached.wait(60)
    change()
    slow.go_on.set()
    thread.join()
    return answers[0]


def promote_another(service: Service) -> None:
    registry = service.pool.registry
    (night,) = registry.snapshots.names()
    newer = EASE(regularisation=5.0).fit(registry.snapshots.read(night).data)
    registry.promotions.promote("ease", registry.releases.publish(newer, night).version)
    assert service.reload()


def first_item(service: Service) -> str:
    return service.recommend(REQUEST).items[0].item


CHANGES: dict[str, Callable[[Service, str], Any]] = {
    "the first item is withdrawn": lambda service, first: service.withdraw(first),
    "it gets another title and price": lambda service, first: service.put_item(
        first, {"title": "Another", "price": 1.0}
    ),
    "it is buried, and another pinned": lambda service, first: service.put_rules(
        {"buried": [first], "pinned": ["p0010"]}
    ),
    "a limit per category": lambda service, first: service.put_rules({"per_category": 1}),
    "another release is promoted": lambda service, first: promote_another(service),
    "an experiment begins": lambda service, first: service.put_experiment(
        {"name": "e", "arms": {"popularity": 1.0}}
    ),
    "the customer is erased": lambda service, first: service.erase("c0004"),
    "all at once": lambda service, first: (
        service.put_rules({"pinned": ["p0010"], "per_category": 1}),
        service.withdraw(first),
        promote_another(service),
        service.put_experiment({"name": "e", "arms": {"popularity": 1.0}}),
    ),
}


def content(response: RecommendationResponse) -> RecommendationResponse:
    return replace(response, recommendation_id="")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_in_the_middle_of_an_answer_is_not_in_it(service, change):
    calm = service.recommend(REQUEST)
    answer = during(service, lambda: service.recommend(REQUEST), lambda: change(service, calm.items[0].item))
    assert content(answer) == content(calm), "titles, prices, reasons, version and variant are of one state"
    try:
        later = content(service.recommend(REQUEST))
    except Exception:  # such as a customer who is erased
        later = None
    assert later != content(calm), "the next answer knows of it"


def test_a_batch_is_answered_from_one_state(service):
    asked = [REQUEST, replace(REQUEST, user="c0005"), REQUEST]
    calm = service.recommend_many(asked)
    answers = during(
        service,
        lambda: service.recommend_many(asked),
        lambda: CHANGES["all at once"](service, calm[0].items[0].item),
    )
    assert list(map(content, answers)) == list(map(content, calm))


def test_a_request_takes_its_state_once(service, monkeypatch):
    given = service.recommend(REQUEST)
    service.log.flush()
    item, calls = given.items[0].item, []
    current = type(service.states).current
    monkeypatch.setattr(type(service.states), "current", lambda self: calls.append(1) or current(self))
    for ask in (
        lambda: service.recommend(REQUEST),
        lambda: service.recommend_many([REQUEST] * 3),
        lambda: service.predict([("c0004", item), ("c0005", item)]),
        lambda: service.why(given.recommendation_id),
        lambda: service.list_customers(),
        lambda: service.profile("c0004"),
        lambda: service.put_customer("c0004", {"country": "PT"}),
        lambda: service.merge("c0006", "c0004"),
        lambda: service.export("c0004"),
        lambda: service.erase("c0007"),
        lambda: service.list_items(),
        lambda: service.item(item),
        lambda: service.put_item("new", {"title": "New"}),
        lambda: service.withdraw("new"),
        lambda: service.popular(),
        lambda: service.latest(),
        lambda: service.customers_of(item),
        lambda: service.similar(item),
        lambda: service.newest_events(3),
        lambda: service.list_models(),
        lambda: service.model("ease"),
        lambda: service.training("ease"),
        lambda: service.comparisons(),
        lambda: service.overview(),
        lambda: service.rules(),
        lambda: service.put_rules({}),
        lambda: service.online(),
        lambda: service.put_experiment(None),
    ):
        calls.clear()
        ask()
        assert len(calls) == 1


def test_nobody_waits_while_the_state_of_new_models_is_made(service, monkeypatch):
    "A catalogue of many items takes long to read; meanwhile the state of before answers"
    from customer360.serving import state as module

    read, begun, go_on = module.read_catalogue, threading.Event(), threading.Event()

    def slowly(*args: Any) -> Any:
        begun.set()
        assert go_on.wait(60)
        return read(*args)

    registry = service.pool.registry
    other = registry.snapshots.add(simulate(n_customers=100, n_items=61, days=200).tables)
    newer = registry.releases.publish(EASE().fit(registry.snapshots.read(other).data), other)
    registry.promotions.promote("ease", newer.version)
    before = service.recommend(REQUEST)
    monkeypatch.setattr(module, "read_catalogue", slowly)
    thread = threading.Thread(target=service.reload)
    thread.start()
    assert begun.wait(60)
    assert content(service.recommend(REQUEST)) == content(before)
    go_on.set()
    thread.join()
    assert service.recommend(REQUEST).version == newer.version

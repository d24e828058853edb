"New items: none slows anything, each is read once, and what a list says does not depend on how it was read"

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from customer360.data.simulate import simulate
from customer360.data.store.engine import advance_counter
from customer360.data.store.facade import Store
from customer360.data.store.tables import ITEMS
from customer360.models.catalogue import make_model
from customer360.models.registry import Registry
from customer360.models.tfidf import TFIDF
from customer360.serving.service import Service
from customer360.serving.types import RecommendationRequest

TABLES = simulate(n_customers=100, n_items=60, days=200).tables
TEXTS = TABLES.items["text"].tolist()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    made = Registry(tmp_path_factory.mktemp("shop") / "models")
    night = made.snapshots.add(TABLES)
    for key in ("ease", "tfidf"):
        release = made.releases.publish(make_model(key).fit(made.snapshots.read(night).data), night)
        made.promotions.promote(release.key, release.version)
    return made


@pytest.fixture
def service(registry: Registry, tmp_path: Path) -> Iterator[Service]:
    made = Service(registry, Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}"))
    yield made
    made.close()


def fields(number: int) -> dict:
    return {
        "title": f"New {number}",
        "text": f"{TEXTS[number % 60]} {TEXTS[(7 * number + number // 60) % 60]}",
        "category": TABLES.items["category"].iloc[number % 60],
    }


def put_many(service: Service, numbers: range) -> None:
    "Put items as another process would: they are in the store, and nobody here has been told"
    with service.store.items._engine.writing() as connection:
        rows = [
            {
                "item": f"new-{n}",
                "fields": json.dumps(fields(n)),
                "withdrawn": False,
                "version": advance_counter(connection, "catalogue"),
            }
            for n in numbers
        ]
        connection.execute(sa.insert(ITEMS), rows)


def count_calls(work: Callable[[], object]) -> int:
    "How many functions are called: the same on every machine, however busy it is"
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def lists(service: Service, n: int = 100, **options: object) -> list[tuple[str, float, str]]:
    request = RecommendationRequest(user="c0004", model="tfidf", n=n, explain=False, **options)
    return [(item.item, round(item.score, 4), item.by) for item in service.recommend(request).items]


def test_an_item_costs_the_same_among_ten_and_among_ten_thousand(service):
    def put_and_ask(number: int) -> None:
        service.put_item(f"new-{number}", fields(number))
        lists(service, 10)

    costs = []
    for numbers in (range(10), range(10, 10_000)):
        put_many(service, numbers)
        service.states.current()
        assert service.states.reading.wait()
        put_and_ask(20_000 + len(numbers))  # what is set up once
        costs.append(min(count_calls(lambda n=n: put_and_ask(n)) for n in range(30_000, 30_003)))
    assert costs[1] <= 1.2 * costs[0], costs
    assert len(service.states.current().catalogue.products) > 10_000


def test_no_list_reads_a_text(service, monkeypatch):
    put_many(service, range(300))
    service.states.current()
    assert service.states.reading.wait()
    monkeypatch.setattr(TFIDF, "_read_texts", None)
    assert any(by == "text" for _, _, by in lists(service))
    answer = service.recommend(RecommendationRequest(user="c0004", model="tfidf", n=20))
    assert all(item.reasons for item in answer.items)


def test_nobody_waits_for_a_text_that_is_being_read(service, monkeypatch):
    read, go_on = TFIDF._read_texts, threading.Event()
    monkeypatch.setattr(TFIDF, "_read_texts", lambda self, texts: go_on.wait(30) and read(self, texts))
    put_many(service, range(50))
    assert {by for _, _, by in lists(service)} == {"model"}  # at once, and without them
    go_on.set()
    assert service.states.reading.wait(30)
    assert {by for _, _, by in lists(service)} == {"model", "text"}


def test_texts_that_cannot_be_read_stop_nothing(service, monkeypatch, caplog):
    def fail(self: TFIDF, texts: list[str]) -> None:
        raise OSError("no encoder")

    with monkeypatch.context() as patched:
        patched.setattr(TFIDF, "_read_texts", fail)
        service.put_item("new-1", fields(1))
        assert {by for _, _, by in lists(service)} == {"model"} and "no encoder" in caplog.text
    for vectors in service.states.reading.vectors.values():
        vectors._retry = 0.0
    service.states.read_new_products()
    assert "new-1" in [item for item, _, _ in lists(service)]


def test_what_is_recommended_is_what_reading_everything_anew_would_say(service):
    put_many(service, range(40))
    service.put_item("new-3", fields(3) | {"price": 4.0})  # changed, with the text that is known
    service.put_item("new-4", fields(30))  # with another text
    service.withdraw("new-5")
    service.put_item("new-6", fields(6) | {"available": False})
    service.states.current()
    assert service.states.reading.wait()
    found = lists(service)
    state = service.states.current()
    served = state.model("tfidf")
    history = service.contexts.of(state, served.index, "c0004").history
    new = [p for p in state.catalogue.products.values() if p.item.startswith("new-") and p.shown]
    assert len(new) == 38
    scores = served.model.score_texts(history, [p.text for p in new])[0]
    expected = {p.item: round(float(score), 4) for p, score in zip(new, scores, strict=True)}
    assert {item: score for item, score, by in found if by == "text"} == pytest.approx(expected, abs=2e-4)
    assert [score for _, score, _ in found] == sorted((score for _, score, _ in found), reverse=True)
    category = fields(0)["category"]
    inside = [item for item, _, by in lists(service, category=category) if by == "text"]
    assert set(inside) == {p.item for p in new if p.category == category}
    assert found[0][0] not in [item for item, _, _ in lists(service, exclude=(found[0][0],))]


def test_a_state_that_was_taken_stays_as_it_was(service):
    put_many(service, range(5))
    before = service.states.current()
    put_many(service, range(5, 2_000))
    after = service.states.current()
    index = service.states.current().model("tfidf").index
    assert [len(state.catalogue_index(index).new) for state in (before, after)] == [5, 2_000]
    assert [len(state.catalogue.products) for state in (before, after)] == [65, 2_060]
    assert "new-7" not in before.catalogue.products and "new-7" in after.catalogue.products


def test_a_table_of_replaced_items_does_not_grow_for_ever(service):
    for _ in range(30):
        with service.store.items._engine.writing() as connection:
            for n in range(100):
                row = {"fields": json.dumps(fields(n)), "withdrawn": False}
                row["version"] = advance_counter(connection, "catalogue")
                if not connection.execute(sa.update(ITEMS).where(ITEMS.c.item == f"new-{n}"), row).rowcount:
                    connection.execute(sa.insert(ITEMS), row | {"item": f"new-{n}"})
        state = service.states.current()
    assert service.states.reading.wait()
    index = state.model("tfidf").index
    assert len(state.catalogue.products.table.rows) < 1_600
    assert len(state.catalogue_index(index).new.rows.table.rows) < 1_600
    assert np.isfinite([score for _, score, _ in lists(service)]).all()
    assert sum(by == "text" for _, _, by in lists(service)) > 30

"A server takes note of a merge at the same cost among a thousand and among a hundred thousand"

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from customer360.data.simulate import simulate
from customer360.data.store.engine import advance_counter
from customer360.data.store.facade import Store
from customer360.data.store.tables import MERGES
from customer360.models.baselines import Popularity
from customer360.models.registry import Registry
from customer360.serving.service import Service
from customer360.serving.state import StateCache


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    registry = Registry(tmp_path / "models")
    night = registry.snapshots.add(simulate(n_customers=100, n_items=60, days=200).tables)
    release = registry.releases.publish(Popularity().fit(registry.snapshots.read(night).data), night)
    registry.promotions.promote(release.key, release.version)
    made = Service(registry, Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}"))
    yield made
    made.close()


def add_merges(store: Store, first: int, last: int) -> None:
    with store.engine.writing() as connection:
        advance_counter(connection, "identities")
        number = advance_counter(connection, "events", last - first) - last
        rows = [
            {"source": f"visitor-{n}", "target": f"user-{n // 3}", "time": 1, "seq": number + n + 1}
            for n in range(first, last)
        ]
        for start in range(0, len(rows), 10_000):
            connection.execute(sa.insert(MERGES), rows[start : start + 10_000])


def seconds_of_a_merge(service: Service, name: str) -> float:
    "The time in which the state is made that knows one more merge"
    took = []
    for n in range(9):
        service.store.identities.merge(f"{name}-{n}", "c0001")
        began = time.perf_counter()
        assert service.states.current().ids(f"{name}-{n}")[0] == "c0001"
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def test_a_merge_costs_the_same_among_many(service, record_property, monkeypatch):
    add_merges(service.store, 0, 1_000)
    few = seconds_of_a_merge(service, "few")
    add_merges(service.store, 1_000, 100_000)
    service.states.current()
    read, after = [], service.store.identities.merges_after
    monkeypatch.setattr(
        service.store.identities,
        "merges_after",
        lambda number: [read.append(row) or row for row in after(number)],
    )
    many = seconds_of_a_merge(service, "many")
    record_property("a state with one more merge among 1,000 and 100,000, ms", [few * 1e3, many * 1e3])
    assert len(read) == 9, "each merge is read once, and no other"
    assert many < 4 * few + 0.01


def test_what_is_followed_is_what_reading_everything_says(service):
    "Chains, merges that are undone, and erased customers"
    merges = service.store.identities

    def check() -> None:
        followed, anew = (
            service.states.current().merges,
            StateCache(service.store, service.pool).current().merges,
        )
        assert dict(followed.merged) == dict(anew.merged)
        for user in (*"abcdexy", "visitor-5"):
            assert (followed.ids(user)[0], {*followed.ids(user)}) == (anew.ids(user)[0], {*anew.ids(user)}), (
                user
            )

    add_merges(service.store, 0, 30)
    for source, target in ("ab", "bc", "xc", "yd", "de", "ec"):
        merges.merge(source, target)
        if source != "d":  # two merges before somebody looks
            check()
    merges.separate("e")
    check()
    service.store.erase("user-1")
    check()
    assert service.states.current().ids("visitor-5") == ["visitor-5"]
    service.store.erase("c")
    check()
    assert service.states.current().ids("a") == ["a"]

"A server takes note of a merge at the same cost among a thousand and among a hundred thousand"

import statistics
import time

import sqlalchemy as sa

from customer360.data.store.engine import advance_counter
from customer360.data.store.facade import Store
from customer360.data.store.tables import MERGES
from customer360.serving.service import Service
from customer360.serving.state import StateCache


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


def test_a_merge_costs_the_same_among_many(small_service, record_property, monkeypatch):
    add_merges(small_service.store, 0, 1_000)
    few = seconds_of_a_merge(small_service, "few")
    add_merges(small_service.store, 1_000, 100_000)
    small_service.states.current()
    read, after = [], small_service.store.identities.merges_after
    monkeypatch.setattr(
        small_service.store.identities,
        "merges_after",
        lambda number: [read.append(row) or row for row in after(number)],
    )
    many = seconds_of_a_merge(small_service, "many")
    record_property("a state with one more merge among 1,000 and 100,000, ms", [few * 1e3, many * 1e3])
    assert len(read) == 9, "each merge is read once, and no other"
    assert many < 4 * few + 0.01


def test_what_is_followed_is_what_reading_everything_says(small_service):
    "Chains, merges that are undone, and erased customers"
    merges = small_service.store.identities

    def check() -> None:
        followed, anew = (
            small_service.states.current().merges,
            StateCache(small_service.store, small_service.pool).current().merges,
        )
        assert dict(followed.merged) == dict(anew.merged)
        for user in (*"abcdexy", "visitor-5"):
            assert (followed.ids(user)[0], {*followed.ids(user)}) == (anew.ids(user)[0], {*anew.ids(user)}), (
                user
            )

    add_merges(small_service.store, 0, 30)
    for source, target in ("ab", "bc", "xc", "yd", "de", "ec"):
        merges.merge(source, target)
        if source != "d":  # two merges before somebody looks
            check()
    merges.separate("e")
    check()
    small_service.store.erase("user-1")
    check()
    assert small_service.states.current().ids("visitor-5") == ["visitor-5"]
    small_service.store.erase("c")
    check()
    assert small_service.states.current().ids("a") == ["a"]

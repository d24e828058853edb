"However many events there are, a merge, an erasure or a new event lets nothing be counted from all of them again"

from collections import Counter

import pytest

from customer360.data.store.new_events import NewEvent
from customer360.serving.retrain_server import Retraining

N = 3_000  # events since the training; a hundredth of them are 30


@pytest.fixture
def counted(small_service, monkeypatch):
    "A shop with many events, and how many events each of the costly queries has gone through"
    store, read = small_service.store, Counter()
    items = [item.item for item in small_service.latest(20)]
    store.events.record([NewEvent(f"new-{n % 500}", items[n % 20], "purchase") for n in range(N)])
    for owner, name in (
        (store.events, "chosen"),
        (store.events, "daily_counts"),
        (store.events, "frame"),
        (store.features, "choices_since"),
    ):
        monkeypatch.setattr(owner, name, counting(getattr(owner, name), name, store, read))
    return small_service, read


def counting(query, name, store, read):
    "Let a query note how many events come behind the one from which on it reads"

    def run(*arguments, **named):
        after = next((value for value in (*arguments, *named.values()) if type(value) is int), 0)
        read[name] += store.events.last_seq() - after
        return query(*arguments, **named)

    return run


def ask(service, retraining) -> dict:
    "What a page asks for, and the reasons to retrain as they are now"
    retraining._reasons = float("-inf"), []
    return {
        "popular": service.popular(5),
        "week": service.popular(5, days=7),
        "overview": service.overview(),
        "customers": service.list_customers(limit=20),
        "due": retraining.status()["due"],
    }


def test_changes_of_single_customers_count_nothing_anew(counted):
    service, read = counted
    retraining = Retraining(service.store, service.states.pool.registry)
    first = ask(service, retraining)
    assert read["chosen"] >= N and read["daily_counts"] >= N and read["choices_since"] >= N
    read.clear()
    for n in range(3):  # some 18 changes
        service.put_customer(f"visitor-{n}", {})
        service.record_events([NewEvent(f"visitor-{n}", first["popular"][0].item, "click")])
        service.merge(f"visitor-{n}", "new-1")
        ask(service, retraining)
        service.separate(f"visitor-{n}")
        ask(service, retraining)
        service.erase(f"visitor-{n}")
        last = ask(service, retraining)
    assert read["chosen"] == read["frame"] == 0, read
    assert read["daily_counts"] + read["choices_since"] < N, "only what came later is read"
    assert last["overview"]["customers"] == first["overview"]["customers"]
    assert last["overview"]["live_events"] <= first["overview"]["live_events"] + 3


def test_a_hundredth_of_new_events_counts_anew(counted):
    service, read = counted
    item = service.latest(1)[0].item
    before = {one.item: one.score for one in service.popular(100)}
    service.record_events([NewEvent(f"later-{n}", item, "purchase") for n in range(N // 100)])
    read.clear()
    assert {one.item: one.score for one in service.popular(100)} == before
    service.record_events([NewEvent("the-last", item, "purchase")])
    assert {one.item: one.score for one in service.popular(100)}[item] == before[item] + N // 100 + 1
    assert read["chosen"] > N


def test_the_number_of_new_events_is_right_at_each_time(counted):
    service, _ = counted
    item = service.latest(1)[0].item
    retraining = Retraining(service.store, service.states.pool.registry)
    told = []
    for _ in range(3):
        due = {reason["kind"]: reason["value"] for reason in ask(service, retraining)["due"]}
        told.append((due["events"], service.overview()["live_events"]))
        service.record_events([NewEvent("ada", item, "click")])
    assert told == [(N + n, N + n) for n in range(3)]

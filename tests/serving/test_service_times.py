"What counts from now on, and what is known before it is seen"

import time

import pytest

from customer360.data.store.new_events import NewEvent
from customer360.serving.types import Erased, Invalid

DAY = 86_400


def test_bestsellers_of_days_count_from_now_and_know_the_stores_events(small_service):
    first, second = small_service.latest(2)
    past = {item.item: item.score for item in small_service.popular(100)}
    now = int(time.time())
    buys = [(f"new-{n}", first.item, n) for n in range(3)] + [
        ("new-1", second.item, 1),
        ("new-9", second.item, 9),
    ]
    small_service.record_events(
        [NewEvent(user, item, "purchase", timestamp=now - days * DAY - 60) for user, item, days in buys]
        + [NewEvent("new-7", first.item, "impression", timestamp=now)]
    )
    counts = lambda **options: {item.item: item.score for item in small_service.popular(100, **options)}  # noqa: E731
    assert counts(days=7) == {first.item: 3, second.item: 1}, "the snapshot is older, and so is one event"
    assert counts(days=1) == {first.item: 1}
    expected = dict(past) | {
        first.item: past.get(first.item, 0) + 3,
        second.item: past.get(second.item, 0) + 2,
    }
    wait_for(lambda: counts() == expected)
    index = small_service.states.current().model().index
    row = index.data.interactions.query("event == 'purchase'").iloc[0]
    buyer = next(user for user, code in index.user_of.items() if code == row["user"])
    item = str(index.data.items.ids[row["item"]])
    events = [
        NewEvent(buyer, item, "purchase", timestamp=now),
        NewEvent("new-8", item, "cart", timestamp=now),
    ]
    small_service.record_events(events)
    wait_for(lambda: counts() == expected | {item: expected[item] + 1})  # who had it before is counted once


def wait_for(holds) -> None:
    "Wait for what a count that is kept for a moment shows later"
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_who_is_erased_before_they_were_seen_stays_out(small_service):
    told = small_service.erase("never-seen")
    assert told["files"] == 0 and not any(told["removed"].values())
    for attempt in (
        lambda: small_service.record_events(
            [NewEvent("never-seen", small_service.latest(1)[0].item, "view")]
        ),
        lambda: small_service.put_customer("never-seen", {"name": "x"}),
        lambda: small_service.erase("never-seen"),
    ):
        with pytest.raises(Erased):
            attempt()
    assert "never-seen" not in str(small_service.list_customers(limit=200))


def test_an_event_of_1970_is_refused(small_service):
    index = small_service.states.current().model().index
    first, item = int(index.data.interactions["timestamp"].min()), small_service.latest(1)[0].item
    with pytest.raises(Invalid, match="or later: got 86400, which is 1970-01-02") as refused:
        small_service.record_events(
            [NewEvent("ada", item, "view"), NewEvent("ada", item, "view", timestamp=DAY)]
        )
    assert refused.value.field == "events.1.timestamp"
    assert small_service.record_events([NewEvent("ada", item, "view", timestamp=first - 9 * 365 * DAY)])
    assert len(small_service.overview()["months"]) < 12 * 12

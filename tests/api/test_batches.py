"Batches say which of their elements are wrong and why; with `partial` the others are done"

import time

import pytest
from server import Server


@pytest.fixture(scope="module")
def ids(demo: Server) -> dict[str, str]:
    customers, items = demo.customers(9), demo.items(9)
    gone, taken = f"gone-{time.time_ns()}", f"taken-{time.time_ns()}"
    for event_id in (taken, f"{taken}-back"):
        demo.give({"customer": gone, "item": items[0], "event": "view", "event_id": event_id})
    demo.send("DELETE", f"feedback/{taken}-back")
    demo.send("DELETE", f"customers/{gone}")
    made = f"made-{time.time_ns()}"
    for event_id in (taken, f"{taken}-back"):
        demo.give({"customer": made, "item": items[0], "event": "view", "event_id": event_id})
    demo.send("DELETE", f"feedback/{taken}-back")
    return {"customer": customers[7], "item": items[7], "gone": gone, "taken": taken}


def bad_events(ids: dict[str, str]) -> list[tuple[dict, int, str]]:
    "Events that are wrong, each in its own way: what is sent, the status, the field"
    good = {"customer": ids["customer"], "item": ids["item"], "event": "view"}
    return [
        (good | {"customer": ids["gone"]}, 410, "customer"),
        (good | {"item": "nothing"}, 422, "item"),
        (good | {"timestamp": int(time.time()) + 900}, 422, "timestamp"),
        (good | {"timestamp": int(time.time() * 1000)}, 422, "timestamp"),
        (good | {"event": "stare"}, 422, "event"),
        (good | {"event": "rating"}, 422, "rating"),
        (good | {"event_id": ids["taken"]}, 409, "user"),
        (good | {"event_id": f"{ids['taken']}-back"}, 410, "event_id"),
        ({"item": ids["item"], "event": "view"}, 422, "customer"),
        ("no event", 422, ""),
        (good | {"colour": "red"}, 422, "colour"),
        (good | {"surface": "sandbox"}, 422, "surface"),
    ]


def mixed(ids: dict[str, str]) -> tuple[list, list[tuple[int, int, str]]]:
    "Return a batch, every second event of which is wrong, and the errors: position, status, field"
    wrong = bad_events(ids)
    good = {"customer": ids["customer"], "item": ids["item"], "event": "view"}
    events = [event for each, _, _ in wrong for event in (good, each)]
    fields = {"user": "customer"}
    return events, [
        (2 * n + 1, status, f"events.{2 * n + 1}.{fields.get(field, field)}".removesuffix("."))
        for n, (_, status, field) in enumerate(wrong)
    ]


def test_every_event_that_is_wrong_is_named_and_nothing_is_stored(demo, ids):
    events, expected = mixed(ids)
    last = demo.get("feedback", customer=ids["customer"], limit=1000)["events"]
    refused = demo.give(*events, status=410)
    assert [(one["index"], one["status"], one["field"]) for one in refused["errors"]] == expected
    assert refused["field"] == "events.1.customer" and "and 11 more" in refused["detail"]
    assert all(one["detail"] for one in refused["errors"])
    assert demo.get("feedback", customer=ids["customer"], limit=1000)["events"] == last


def test_what_only_the_store_knows_is_named_too(demo, ids):
    good = {"customer": ids["customer"], "item": ids["item"], "event": "view"}
    stored = [(event, status) for event, status, _ in bad_events(ids) if status != 422]
    refused = demo.give(good, *(event for event, _ in stored), status=410)
    assert [(one["index"], one["status"]) for one in refused["errors"]] == [
        (n, status) for n, (_, status) in enumerate(stored, 1)
    ]
    [one] = demo.give(good, stored[0][0], status=410)["errors"]
    assert one["field"] == "events.1.customer" and ids["gone"] in one["detail"]


def test_with_partial_each_event_has_its_own_outcome(demo, ids):
    events, expected = mixed(ids)
    before = len(demo.get("feedback", customer=ids["customer"], limit=1000)["events"])
    results = demo.send("POST", "feedback?partial=true", {"events": events}, 207)["results"]
    assert [one["index"] for one in results] == list(range(len(events)))
    assert [(one["index"], one["status"], one["error"]["field"]) for one in results[1::2]] == expected
    assert all(one["status"] == 200 and one["receipt"]["seq"] and not one["error"] for one in results[::2])
    stored = demo.get("feedback", customer=ids["customer"], limit=1000)["events"]
    assert len(stored) == before + len(events) // 2
    assert stored[-1]["event_id"] == results[-2]["receipt"]["event_id"]
    again = events[0] | {"event_id": f"once-{time.time_ns()}"}
    answers = [demo.send("POST", "feedback?partial=1", {"events": [again]}, 207)["results"][0] for _ in "ab"]
    assert [one["receipt"]["duplicate"] for one in answers] == [False, True]


def test_a_body_that_is_no_batch_is_refused_with_partial_too(demo):
    for body in ({}, {"events": []}, {"events": {}}, {"events": [{}] * 1001}):
        assert "errors" not in demo.send("POST", "feedback?partial=true", body, 422)


def test_times_in_other_units_are_recognised(demo, ids):
    for unit, factor in (("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)):
        now = int(time.time())
        event = {"customer": ids["customer"], "item": ids["item"], "event": "view", "timestamp": now * factor}
        refused = demo.give(event, status=422)
        assert f"looks like {unit}: give seconds, such as {now}" in refused["detail"]
        assert refused["field"] == "events.0.timestamp"
        history = [{"item": ids["item"], "timestamp": now * factor}]
        refused = demo.send("POST", "recommendations", {"requests": [{"history": history}]}, 422)
        assert f"looks like {unit}" in refused["detail"]
        assert refused["field"] == "requests.0.history.0.timestamp"
        for route in ("feedback", "bulk/events"):
            refused = demo.answer(demo.client.get(f"/api/v1/{route}", params={"since": now * factor}), 422)
            assert f"since: looks like {unit}" in refused["detail"] and refused["field"] == "since"


def bad_requests(ids: dict[str, str]) -> list[tuple[dict, int, str]]:
    return [
        ({"customer": "nobody"}, 404, "customer"),
        ({"customer": ids["customer"], "model": "none"}, 404, "model"),
        ({"category": "none"}, 422, "category"),
        ({"history": [{"item": ids["item"]}, {"item": "nothing"}]}, 422, "history.1.item"),
        ({"n": 1000}, 422, "n"),
    ]


def test_every_request_that_is_wrong_is_named_and_none_is_answered(demo, ids):
    wrong = bad_requests(ids)
    requests = [one for each, _, _ in wrong for one in ({"customer": ids["customer"], "n": 3}, each)]
    expected = [
        (2 * n + 1, status, f"requests.{2 * n + 1}.{field}") for n, (_, status, field) in enumerate(wrong)
    ]
    refused = demo.send("POST", "recommendations", {"requests": requests}, 404)
    assert [(one["index"], one["status"], one["field"]) for one in refused["errors"]] == expected
    assert refused["field"] == "requests.1.customer" and "nobody" in refused["detail"]
    assert len(demo.send("POST", "recommendations", {"requests": requests[:-1]}, 404)["errors"]) == 4

    results = demo.send("POST", "recommendations?partial=true", {"requests": requests}, 207)["results"]
    assert [(one["index"], one["status"], one["error"]["field"]) for one in results[1::2]] == expected
    assert all(one["status"] == 200 and len(one["answer"]["items"]) == 3 for one in results[::2])
    for one in results[::2]:
        assert demo.get(f"recommendations/{one['answer']['recommendation_id']}")["items"]


def test_unknown_items_may_be_accepted_and_are_shown_once_they_are_described(tmp_path):
    with Server(tmp_path, C360_ACCEPT_UNKNOWN_ITEMS="1") as server:
        customer = server.customers(1)[0]
        event = {"customer": customer, "item": "brand new", "event": "cart"}
        refused = server.give(event, event | {"event": "stare", "item": "other"}, status=422)
        assert [one["field"] for one in refused["errors"]] == ["events.1.event"]
        server.get("items/brand%20new", status=404)  # a refused batch adds nothing

        server.give(event)
        found = server.get("items/brand%20new")
        assert (found["title"], found["available"]) == ("", False)
        assert server.get("items/brand%20new/customers")["customers"] == 1
        assert server.get(f"customers/{customer}")["history"][0]["item"] == "brand new"

        def shown() -> list[str]:
            query = {"n": 100, "repeat": True, "cold_start": True, "model": "hybrid"}
            return [one["item"] for one in server.get("customers/nobody/recommendations", **query)["items"]]

        assert "brand new" not in shown() + [one["item"] for one in server.get("latest")["items"]]
        server.send("PUT", "items/brand%20new", {"title": "Tent", "text": "A light tent for two"})
        assert "brand new" in [one["item"] for one in server.get("latest")["items"]]
        server.give(event | {"event": "view"})
        assert server.get("items/brand%20new")["title"] == "Tent"
        partial = [event | {"item": "next"}, event | {"event_id": "x", "item": "never", "rating": 99.0}]
        results = server.send("POST", "feedback?partial=true", {"events": partial}, 207)["results"]
        assert [one["status"] for one in results] == [200, 422]
        assert not server.get("items/next")["available"]
        server.get("items/never", status=404)

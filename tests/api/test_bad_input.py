"What clients get wrong: an answer that names the field, and nothing stored in part"

import importlib
import json
import pkgutil
import socket
import time

import httpx
import pytest
from server import Server

import api.routes

MEBIBYTE = 2**20


def post(
    demo: Server, path: str, content: bytes | str, kind: str | None = "application/json"
) -> httpx.Response:
    return demo.client.post(
        f"/api/v1/{path}", content=content, headers={"Content-Type": kind} if kind else {}
    )


def refused(response: httpx.Response, status: int, field: str | None) -> str:
    assert response.status_code == status, response.text
    told = response.json()
    assert told["field"] == field and "Traceback" not in told["detail"]
    assert field is None or field in told["detail"], told
    return told["detail"]


@pytest.fixture(scope="module")
def last(demo: Server):
    "Nothing that is refused here may be stored"
    before = stored(demo)
    yield
    assert stored(demo) == before


def test_one_event_without_its_list_is_told_how_it_is_sent(demo: Server, last):
    event = {
        "customer": "bad-input",
        "item": "P0001",
        "event": "view",
        "timestamp": 1_790_000_000,
        "event_id": "alone",
    }
    told = refused(post(demo, "feedback", json.dumps(event)), 422, "events")
    assert told == 'events: this is one event; send a list of them, as in {"events": [{"customer": ...}]}'
    assert "required" in refused(post(demo, "feedback", json.dumps({"event_list": []})), 422, "events")


def stored(demo: Server) -> list[dict]:
    events, after = [], 0
    while after is not None:
        page = demo.get("feedback", after=after, limit=1000)
        events, after = events + page["events"], page["next"]
    return events


pytestmark = pytest.mark.usefixtures("last")


@pytest.mark.parametrize("content, status", [
    (b"{", 400), (b"", 422), (b"null", 422), (b"[]", 422), (b"7", 422), (b'"\xff"', 400), (b"[" * 100_000, 400), (b'{"events": ' + b"9" * 5000 + b"}", 400),
])  # fmt: skip
def test_broken_json(demo, content, status):
    refused(post(demo, "feedback", content), status, "body")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type(demo, kind):
    "Which is also what keeps other people's pages from posting here"
    refused(post(demo, "feedback", json.dumps({"events": []}), kind), 415, "body")


@pytest.mark.parametrize("field, value", [
    ("rating", "NaN"), ("rating", "Infinity"), ("rating", "1e999"), ("rating", '"4"'), ("rating", "true"), ("rating", "17"), ("rating", "-1"),
    ("timestamp", "-1"), ("timestamp", "0"), ("timestamp", "1.5"), ("timestamp", '"now"'), ("timestamp", "1790000000000"), ("timestamp", str(2**70)),
    ("item", "7"), ("item", '""'), ("item", "null"), ("item", '"no such item"'), ("item", r'"a\u0000b"'), ("item", r'"\ud800"'), ("item", '"' + "x" * 300 + '"'),
    ("customer", "{}"), ("customer", '""'), ("customer", r'"a\u0000b"'), ("customer", r'"\udfff"'), ("event", '"stare"'), ("event", "1"), ("event_id", "12"),
    ("event_id", '"' + "x" * 300 + '"'), ("evnt", '"click"'),
])  # fmt: skip
def test_a_wrong_field_is_named_with_its_place(demo, field, value):
    good = {
        "customer": '"bad-input"',
        "item": json.dumps(demo.items(1)[0]),
        "event": '"rating"',
        "rating": "3",
        "timestamp": str(int(time.time())),
    }
    first, second = (
        "{" + ",".join(f'"{name}": {text}' for name, text in one.items()) + "}"
        for one in (good, good | {field: value})
    )
    refused(post(demo, "feedback", f'{{"events": [{first}, {second}]}}'), 422, f"events.1.{field}")


def test_an_event_from_the_future(demo):
    ahead = {
        "customer": "bad-input",
        "item": demo.items(1)[0],
        "event": "click",
        "timestamp": int(time.time()) + 86_400,
    }
    told = demo.give(ahead, status=422)
    assert told["field"] == "events.0.timestamp" and "future" in told["detail"]


def test_an_event_id_again_with_other_content(demo):
    event = {"customer": "comes-twice", "item": demo.items(1)[0], "event": "click", "event_id": "once"}
    try:
        demo.give(event)
        told = demo.give(event | {"event_id": "twice"}, event | {"event": "cart"}, status=409)
        assert told["field"] == "events.1.event" and "once" in told["detail"]
        assert [one["event_id"] for one in demo.get("feedback", customer="comes-twice")["events"]] == ["once"]
    finally:
        demo.send("DELETE", "customers/comes-twice")


@pytest.mark.parametrize("n", ["0", "-1", "1000000", "ten", "NaN", "1e3", "5.5", "", "9" * 5000])
def test_how_many(demo, n):
    refused(demo.client.get("/api/v1/popular", params={"n": n}), 422, "n")
    if n.lstrip("-").isdigit() and len(n) < 100:
        refused(post(demo, "recommendations", f'{{"requests": [{{}}, {{"n": {n}}}]}}'), 422, "requests.1.n")


def test_too_many_at_once(demo):
    item = demo.items(1)[0]
    refused(
        post(
            demo,
            "feedback",
            json.dumps({"events": [{"customer": "bad-input", "item": item, "event": "view"}] * 1001}),
        ),
        422,
        "events",
    )
    refused(post(demo, "recommendations", json.dumps({"requests": [{}] * 101})), 422, "requests")
    refused(post(demo, "predictions", json.dumps({"pairs": [{"item": item}] * 1001})), 422, "pairs")


def test_attributes_of_every_kind_that_is_none(demo):
    for value in ("NaN", "[1]", "{}", r'"\u0000"'):
        answer = demo.client.put(
            "/api/v1/customers/bad-input",
            content=f'{{"attributes": {{"a": {value}}}}}',
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422 and answer.json()["field"].startswith("attributes.a"), answer.text


def test_a_method_that_is_not_offered(demo):
    told = demo.client.post("/api/v1/customers/somebody", json={})
    assert (
        told.status_code == 405
        and told.headers["allow"] == "DELETE, GET, PATCH, PUT"
        and told.json()["detail"]
    )


def test_an_id_that_only_old_data_can_have_is_looked_for(demo):
    "No new customer can get it (`test_ids.py`), but somebody may have to be erased under it"
    assert demo.get("customers/%0A", 404)["field"] == "customer"


@pytest.mark.parametrize("path", ["customers/%00", "items/%C3%28%00", "customers/" + "x" * 5000])
def test_ids_that_are_none(demo, path):
    answer = demo.client.get(f"/api/v1/{path}")
    assert answer.status_code == 422 and answer.json()["field"] in ("customer", "item")


def test_a_body_of_fifty_megabytes(demo):
    "The server may be busy with something else meanwhile; a body that is kept is kept each time"
    grown = []
    while len(grown) < 4 and min(grown, default=MEBIBYTE * 20) >= 20 * MEBIBYTE:
        before = memory(demo)
        refused(post(demo, "feedback", b" " * (50 * MEBIBYTE)), 413, "body")
        refused(
            demo.client.post(
                "/api/v1/feedback",
                content=(b" " * MEBIBYTE for _ in range(50)),
                headers={"Content-Type": "application/json"},
            ),
            413,
            "body",
        )
        grown.append(memory(demo) - before)
    assert min(grown) < 20 * MEBIBYTE, f"the body was kept: {grown}"


def test_a_length_that_is_a_lie(demo):
    "A body longer than said belongs to the next request, which is then none; the server lives on"
    with socket.create_connection(("127.0.0.1", demo.port), timeout=10) as wire:
        wire.sendall(
            b"POST /api/v1/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}{}{}{}{}\r\n\r\n"
        )
        assert wire.recv(12)[:10] == b"HTTP/1.1 4"
    assert demo.client.get("/health/live").status_code == 200


def memory(demo: Server) -> int:
    line = next(
        line
        for line in demo.client.get("/metrics").text.splitlines()
        if line.startswith("process_resident_memory_bytes")
    )
    return int(float(line.split()[1]))


UNKNOWN_INSIDE = {  # where an unknown field may lie deeper than in the body itself
    ("POST", "feedback", "events.0.when"): {"events": [{"customer": "c", "item": "P0001", "event": "view", "when": 1}]},
    ("POST", "recommendations", "requests.0.history.0.kind"): {"requests": [{"history": [{"item": "P0001", "kind": "view"}]}]},
}  # fmt: skip
KNOWN_INSIDE = {
    "feedback": "customer, item, event, rating, timestamp",
    "recommendations": "item, event, rating, timestamp",
}


@pytest.mark.parametrize(("method", "path", "field"), UNKNOWN_INSIDE)
def test_an_unknown_field_inside_lists_those_that_are_known_there(demo, method, path, field):
    body = UNKNOWN_INSIDE[method, path, field]
    told = refused(post(demo, path, json.dumps(body)), 422, field)
    assert f"{field}: there is no such field; known are {KNOWN_INSIDE[path]}" in told


def bodies_and_queries() -> list[tuple[str, str, str, list[str]]]:
    "Return method, path, where the fields are, and the fields, of every route that refuses unknown ones"
    names = [module.name for module in pkgutil.iter_modules(api.routes.__path__)]
    routers = [getattr(importlib.import_module(f"api.routes.{name}"), "router", None) for name in names]
    found = []
    for route in [route for router in routers if hasattr(router, "routes") for route in router.routes]:
        for where, fields in (("body", [getattr(route, "body_field", None)]), ("query", _queries(route))):
            for model in (field.field_info.annotation for field in fields if field):
                known = list(getattr(model, "model_fields", {}))
                if known and model.model_config.get("extra") == "forbid":
                    found += [(method, route.path, where, known) for method in route.methods]
    return found


def _queries(route) -> list:
    return getattr(getattr(route, "dependant", None), "query_params", [])


FORBIDDING = bodies_and_queries()


def test_most_routes_with_a_body_or_a_query_refuse_what_they_do_not_know():
    assert len(FORBIDDING) > 20 and {where for _, _, where, _ in FORBIDDING} == {"body", "query"}


@pytest.mark.parametrize(("method", "path", "where", "known"), FORBIDDING)
def test_an_unknown_field_lists_those_that_are_known(demo, method, path, where, known):
    path = path.replace("{customer}", "c").replace("{item}", "P0001").replace("{key}", "knn")
    sent = {"json": {"nonsense": 1}} if where == "body" else {"params": {"nonsense": 1}, "json": {}}
    told = demo.client.request(method, path, **sent)
    assert told.status_code == 422, told.text
    assert "nonsense" in told.json()["detail"]
    assert f"known are {', '.join(known)}" in told.json()["detail"], told.text

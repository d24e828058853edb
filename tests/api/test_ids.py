"Ids that nothing new may have, ids of erased customers, and errors that name what a route has"

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from server import SPEC, Server, operations

from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent

BAD = {
    "a dot": ".",
    "two dots": "..",
    "a blank": " ",
    "a blank behind": "ada ",
    "a blank before": " ada",
    "a tab": "a\tda",
    "an escape": "\x1b[31mada",
    "a delete": "ada\x7f",
    "no-break space": "a\u00a0da",
    "zero width space": "ada\u200b",
    "zero width joiner": "a\u200dda",
    "right-to-left override": "\u202eada",
    "isolate": "\u2067ada\u2069",
    "byte order mark": "\ufeffada",
    "line separator": "ada\u2028",
    "soft hyphen": "a\u00adda",
    "hangul filler": "\u3164",
    "variation selector": "ada\ufe0f",
}

GOOD = ("SKU 12/b", "кот", "ada@example.org", "...", "🫖", "a+b;c")


def path_of(text: str) -> str:
    "An id as a part of a path that no client takes for a step"
    return quote(text, safe="").replace(".", "%2E")


@pytest.fixture(scope="module")
def store(demo: Server) -> Iterator[Store]:
    "The store of the running server, as an older version or an ingest would have filled it"
    [file] = (demo.home / "data/store").glob("*.sqlite")
    with_store = Store.open(f"sqlite:///{file}")
    yield with_store
    for each in (*BAD.values(), *GOOD):  # other tests put ids of customers into paths as they are
        with_store.erase(each)
    with_store.close()


def refused(demo: Server, method: str, path: str, body: dict, field: str) -> str:
    answer = demo.client.request(method, f"/api/v1/{path}", json=body)
    told = answer.json()
    # 410: another test, which has erased a customer with this ID, came first
    assert answer.status_code in ((422, 410) if field.endswith("customer") else (422,)), told
    assert told["field"] == field and "Traceback" not in told["detail"], told
    return told["detail"]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_nothing_new_gets_a_misleading_id(demo: Server, bad: str):
    item = demo.items(1)[0]
    event = {"customer": "somebody-new", "item": item, "event": "view"}
    seen = [
        refused(demo, "PUT", f"customers/{path_of(bad)}", {"attributes": {}}, "customer"),
        refused(demo, "PUT", f"items/{path_of(bad)}", {"title": "nothing"}, "item"),
        refused(demo, "POST", "feedback", {"events": [event | {"customer": bad}]}, "events.0.customer"),
        refused(demo, "POST", "feedback", {"events": [event | {"item": bad}]}, "events.0.item"),
        refused(demo, "POST", "feedback", {"events": [event | {"event_id": bad}]}, "events.0.event_id"),
    ]
    for kind in ("items", "customers"):
        line = json.dumps({"id": bad}) if kind == "items" else json.dumps({"id": bad, "attributes": {}})
        answer = demo.client.post(
            f"/api/v1/bulk/{kind}", content=line, headers={"Content-Type": "application/x-ndjson"}
        )
        receipt = json.loads(answer.text.splitlines()[0])
        assert receipt["status"] in ((422, 410) if kind == "customers" else (422,)), answer.text
        seen.append(receipt["error"]["detail"] if "error" in receipt else receipt["detail"])
    assert all(each.isprintable() for each in seen), "an error is fit to be read in a terminal"
    demo.get("customers/somebody-new", status=404)


@pytest.mark.parametrize("good", GOOD)
def test_other_ids_are_taken(demo: Server, store: Store, good: str):
    demo.send("PUT", f"customers/{path_of(good)}", {"attributes": {}}, 201)
    demo.give({"customer": good, "item": demo.items(1)[0], "event": "view", "event_id": good})
    assert demo.get(f"customers/{path_of(good)}")["id"] == good


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_data_that_has_such_ids_is_read_and_erased(demo: Server, store: Store, bad: str):
    item, at = demo.items(1)[0], path_of(bad)
    store.events.record([NewEvent(bad, item, "view", event_id=bad)])
    store.items.put(bad, {"title": "an old one"})
    assert demo.get(f"customers/{at}")["n_events"] == 1
    assert demo.get(f"customers/{at}/export")["events"]
    assert demo.get(f"customers/{at}/recommendations", n=1)["items"]
    assert demo.get("feedback", customer=bad)["events"][0]["event_id"] == bad
    demo.send("PATCH", f"customers/{at}", {"attributes": {"city": "Oslo"}})
    demo.give({"customer": bad, "item": bad, "event": "view"})
    assert demo.get(f"items/{at}")["title"] == "an old one"
    demo.send("DELETE", f"items/{at}", status=204)
    demo.send("DELETE", f"feedback/{at}")
    if bad in ("..", " ", "\u202eada"):  # an erasure goes through all files
        demo.send("DELETE", f"customers/{at}")
        demo.get(f"customers/{at}", status=410)


def names_a_customer(schema: Any) -> bool:
    "Whether a description of a body has a field for a customer's id, at any depth"
    if isinstance(schema, list):
        return any(map(names_a_customer, schema))
    if not isinstance(schema, dict):
        return False
    if "$ref" in schema:
        return names_a_customer(SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    own = {"customer", "into"} & schema.get("properties", {}).keys()
    return bool(own) or any(map(names_a_customer, schema.values()))


def with_ids(body: Any, customer: str, item: str) -> Any:
    "An example whose customer and item are others, and whose model is the default"
    if isinstance(body, list):
        return [with_ids(each, customer, item) for each in body]
    if not isinstance(body, dict):
        return body
    changed = {"customer": customer, "into": customer, "item": item}
    return {
        name: changed.get(name) or with_ids(value, customer, item)
        for name, value in body.items()
        if name != "model"
    }


def takes_a_customer() -> Iterator[tuple[str, str, dict]]:
    "Method, path and description of every route to which a customer can be named"
    for method, path, told in operations():
        in_query = any(
            each["in"] == "query" and each["name"] == "customer" for each in told.get("parameters", ())
        )
        if "{customer}" in path or in_query or names_a_customer(told.get("requestBody", {})):
            yield method, path, told


ROUTES = {told["operationId"]: (method, path, told) for method, path, told in takes_a_customer()}


def ask(demo: Server, operation: str, customer: str, **query: str) -> httpx.Response:
    "Call a route as its example shows, about a customer"
    method, path, told = ROUTES[operation]
    body = None
    if "requestBody" in told:
        [content] = told["requestBody"]["content"].values()
        shape = SPEC["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        body = with_ids(shape["examples"][0], customer, demo.items(1)[0])
    for each in told.get("parameters", ()):
        if each["in"] == "query" and (each.get("required") or each["name"] == "customer"):
            query[each["name"]] = customer
    path = path.replace("{customer}", path_of(customer)).replace("{item}", demo.items(1)[0])
    return demo.client.request(method, path, json=body, params=query)


@pytest.fixture(scope="module")
def gone(demo: Server) -> str:
    demo.give({"customer": "soon-gone", "item": demo.items(1)[0], "event": "view"})
    demo.send("DELETE", "customers/soon-gone")
    return "soon-gone"


@pytest.mark.parametrize("operation", ROUTES)
def test_an_erased_customer_is_gone_on_every_route(demo: Server, gone: str, operation: str):
    assert "410" in ROUTES[operation][2]["responses"], "documented"
    answers = [ask(demo, operation, gone)]
    if operation == "recommend_to_customer":
        answers.append(ask(demo, operation, gone, cold_start="true"))
    for answer in answers:
        assert answer.status_code == 410, f"{answer.status_code} {answer.text}"
        assert "erased" in answer.json()["detail"] and "cold_start" not in answer.json()["detail"]


def test_merging_says_which_of_the_two_is_wrong(demo: Server, gone: str):
    known = next(each for each in demo.customers(100) if each.isalnum())
    assert demo.send("POST", f"customers/{known}/merge", {"into": gone}, 410)["field"] == "into"
    assert demo.send("POST", f"customers/{known}/merge", {"into": "nobody"}, 404)["field"] == "into"
    assert demo.send("POST", "customers/nobody/merge", {"into": known}, 404)["field"] == "customer"


MAKES_ONE = {"put_customer", "give_feedback", "erase_customer"}  # or keeps an ID from ever being one


@pytest.mark.parametrize("operation", [each for each in ROUTES if each not in MAKES_ONE])
def test_an_unknown_customer_is_told_of_options_that_the_route_has(demo: Server, operation: str):
    told = ROUTES[operation][2]
    answer = ask(demo, operation, "nobody at all")
    assert answer.status_code == 404, f"{answer.status_code} {answer.text}"
    named = set(re.findall(r"\b(\w+)=", answer.json()["detail"]))
    has = {each["name"] for each in told.get("parameters", ())} | fields_of(told.get("requestBody", {}))
    assert named <= has, f"{operation} has no {named - has}: {answer.text}"
    assert ("cold_start" in has) == ("cold_start" in named), answer.text


def fields_of(schema: Any) -> set[str]:
    "Names of all fields of a body, at any depth"
    if isinstance(schema, list):
        return {name for each in schema for name in fields_of(each)}
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return fields_of(SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return {*schema.get("properties", {})} | {name for each in schema.values() for name in fields_of(each)}


@pytest.mark.parametrize("path, field", [("customers", "search"), ("items", "search"), ("search", "q")])
def test_a_search_has_a_limit_of_words_that_is_stated(demo: Server, path: str, field: str):
    told = next(
        each for each in SPEC["paths"][f"/api/v1/{path}"]["get"]["parameters"] if each["name"] == field
    )
    limit = int(re.search(r"at most (\d+) words", told["description"])[1])
    demo.get(path, **{field: " ".join("abcde"[i % 5] for i in range(limit))})
    refused = demo.get(path, 422, **{field: " ".join(["a"] * 249)})
    assert refused["field"] == field and f"at most {limit} words: got 249" in refused["detail"]

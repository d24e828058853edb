"Many items and customers at once as JSON Lines, with a receipt for each line; exports that an import takes"

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from command import once
from postgres import Postgres, postgres
from server import Server, make_small_shop

LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory, cluster: Postgres) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bulk")
    shutil.copytree(once(tmp_path_factory, "small-shop", make_small_shop), folder, dirs_exist_ok=True)
    with Server(folder, C360_DATASET="small", C360_DATABASE_URL=cluster.create("bulk")) as server:
        yield server


@pytest.fixture(params=["demo", "on_postgresql"])
def shop(request: pytest.FixtureRequest) -> Server:
    "A server on each kind of database"
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def empty(request: pytest.FixtureRequest, small: Callable[..., Server]) -> Server:
    "A small shop on an empty database of each kind; not started yet"
    if request.param == "sqlite":
        return small()
    return small(C360_DATABASE_URL=request.getfixturevalue("cluster").create(f"bulk_{time.time_ns()}"))


def send_lines(server: Server, what: str, lines: Iterable[bytes], status: int = 207) -> list[dict]:
    "Send lines as they come, and return the receipts"
    answer = server.client.post(
        f"/api/v1/bulk/{what}", content=(line + b"\n" for line in lines), headers=LINES
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def encoded(*rows: dict) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


def test_each_line_has_a_receipt_and_a_broken_one_stops_no_other(shop):
    name, known = f"bulk-{time.time_ns()}", shop.items(1)[0]
    before = shop.get(f"items/{known}")
    lines = [
        *encoded({"id": f"{name}-1", "title": "A bulky thing", "price": 5, "attributes": {"colour": "red"}}),
        b'{"id": "broken", "title": ',
        b"",
        *encoded({"id": f"{name}-2", "title": "Another", "stars": 3}, {"title": "No id"}, {"id": f"{name}-3", "price": -1}),
        *encoded({"id": known, "title": before["title"], "text": before["text"], "category": before["category"], "price": 1.5}),
        *encoded({"id": f"{name}-1", "title": "A bulky thing, again"}),
    ]  # fmt: skip
    receipts = send_lines(shop, "items", lines)
    assert [(one["line"], one["status"]) for one in receipts] == [
        (1, 201), (2, 422), (4, 422), (5, 422), (6, 422), (7, 200), (8, 200),
    ]  # fmt: skip
    assert [one.get("error", {}).get("field") for one in receipts[1:5]] == [None, "stars", "id", "price"]
    assert "JSON" in receipts[1]["error"]["detail"] and "known are" in receipts[2]["error"]["detail"]
    assert shop.get(f"items/{name}-1")["title"] == "A bulky thing, again"
    assert shop.get(f"items/{known}")["price"] == 1.5
    for missing in (f"{name}-2", f"{name}-3", "broken"):
        shop.get(f"items/{missing}", status=404)
    shop.send(
        "PUT", f"items/{known}", {name: before[name] for name in ("title", "text", "category", "price")}
    )


def test_customers_are_replaced_as_a_whole_and_an_erased_one_is_named(shop):
    name, item = f"many-{time.time_ns()}", shop.items(1)[0]
    shop.send("PUT", f"customers/{name}-1", {"attributes": {"name": "Ada", "country": "GB"}}, 201)
    shop.give({"customer": f"{name}-2", "item": item, "event": "view"})
    shop.send("POST", f"customers/{name}-2/merge", {"into": f"{name}-1"})
    shop.give({"customer": f"{name}-gone", "item": item, "event": "view"})
    shop.send("DELETE", f"customers/{name}-gone")
    rows = [
        {
            "id": f"{name}-2",
            "attributes": {"country": "IT"},
        },  # merged: it is said of the customer it belongs to
        {"id": f"{name}-gone", "attributes": {}},
        {"id": f"{name}-3", "attributes": {"age": 41, "newsletter": True, "city": None}},
        {"id": f"{name}-4", "attributes": {"list": [1]}},
    ]
    receipts = send_lines(shop, "customers", encoded(*rows))
    assert [(one["line"], one["status"]) for one in receipts] == [(1, 200), (2, 410), (3, 201), (4, 422)]
    assert shop.get(f"customers/{name}-1")["attributes"] == {"country": "IT"}
    assert shop.get(f"customers/{name}-3")["attributes"] == {"age": 41, "newsletter": True}


def test_a_body_may_be_larger_than_one_of_a_single_request_and_a_line_may_not(small):
    with small(C360_MAX_BODY=2048, C360_MAX_BULK=120_000) as server:
        rows = [{"id": f"i{n}", "title": "a" * 200} for n in range(100)]
        rows[50]["text"] = "t" * 3000
        receipts = send_lines(server, "items", encoded(*rows))
        assert [one["status"] for one in receipts] == [201] * 50 + [413] + [201] * 49
        server.send("PUT", "items/one", {"text": "t" * 3000}, 413)

        rows = [{"id": f"j{n}", "title": "a" * 1000} for n in range(300)]  # more than all of it may have
        receipts = send_lines(server, "items", encoded(*rows))
        stored = [one for one in receipts if one["status"] == 201]
        assert 0 < len(stored) < 130 and receipts[-1]["status"] == 413
        assert (
            receipts[-1]["line"] == len(stored) + 1
            and "send it again from here" in receipts[-1]["error"]["detail"]
        )
        server.get(f"items/j{len(stored) - 1}")
        server.get(f"items/j{len(stored)}", status=404)
        body = b"\n".join(encoded(*rows))  # a length that is announced is refused before anything is done
        refused = server.client.post("/api/v1/bulk/items", content=body, headers=LINES)
        assert refused.status_code == 413 and "120,000" in refused.json()["detail"]


def test_a_body_takes_no_longer_than_it_may(small):
    with small(C360_BULK_SECONDS="0.5") as server:

        def slowly() -> Iterable[bytes]:
            for n in range(4):
                yield encoded({"id": f"slow-{n}"})[0]
                time.sleep(0.4)

        receipts = send_lines(server, "items", slowly())
        assert receipts[-1]["status"] == 408 and 1 <= len(receipts) - 1 <= 3
        server.get("items/slow-0")
        server.get(f"items/slow-{len(receipts) - 1}", status=404)


def test_a_body_that_is_no_json_lines_is_refused(demo):
    refused = demo.client.post("/api/v1/bulk/items", json={"id": "x"})
    assert refused.status_code == 415 and "application/x-ndjson" in refused.json()["detail"]
    assert send_lines(demo, "items", []) == []


def test_items_that_came_in_bulk_are_recommended(empty):
    with empty as server:
        send_lines(server, "items", encoded(*({"id": f"new-{n}", "title": "Warm hat"} for n in range(3))))
        assert [one["item"] for one in server.get("latest", n=3)["items"]] == ["new-2", "new-1", "new-0"]
        send_lines(server, "items", encoded({"id": "new-2", "title": "Warm hat", "withdrawn": True}))
        assert [one["item"] for one in server.get("latest", n=2)["items"]] == ["new-1", "new-0"]


def export(server: Server, what: str, **query: int) -> list[dict]:
    "Return the lines of an export"
    answer = server.client.get(f"/api/v1/bulk/{what}", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson"), answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_what_is_exported_can_be_put_again(empty, tmp_path):
    with empty as server:
        items, customers = export(server, "items"), export(server, "customers")
        assert len(items) == 60 and sorted(one["id"] for one in items) == server.items(100)
        assert [one["id"] for one in customers] == sorted(server.customers(100)) and len(customers) == 100
        server.send(
            "PUT",
            "items/tea",
            {"title": "Tea", "brand": "Leaf", "attributes": {"id": "t", "organic": True}},
            201,
        )
        server.send("DELETE", f"items/{items[0]['id']}", status=204)
        visitor, first = "a visitor", customers[0]["id"]
        server.send("PUT", f"customers/{visitor}", {"attributes": {"country": "PT"}}, 201)
        server.send("POST", f"customers/{visitor}/merge", {"into": first})
        server.send("DELETE", f"customers/{customers[1]['id']}")
        server.send("PUT", "customers/zoe", {"attributes": {"age": 4}}, 201)

        gone = items[0]["id"]
        items, people = export(server, "items"), {one["id"]: one for one in export(server, "customers")}
        assert [one["id"] for one in items if one["withdrawn"]] == [gone]
        (tea,) = [one for one in items if one["id"] == "tea"]
        assert (tea["brand"], tea["attributes"]) == ("Leaf", {"id": "t", "organic": True})
        assert len(people) == 100 and visitor not in people and customers[1]["id"] not in people
        assert people["zoe"]["attributes"] == {"age": 4}
        assert people[first]["attributes"] == server.get(f"customers/{first}")["attributes"]

        assert {one["status"] for one in send_lines(server, "items", encoded(*items))} == {200}
        assert {one["status"] for one in send_lines(server, "customers", encoded(*people.values()))} == {200}
        assert {one["id"]: one for one in export(server, "items")} == {one["id"]: one for one in items}
        assert {one["id"]: one for one in export(server, "customers")} == people


def test_events_are_exported_and_listed_by_time(empty):
    with empty as server:
        item, customer = server.items(1)[0], server.customers(1)[0]
        times = range(1_760_000_000, 1_760_002_500)
        for start in range(0, 2500, 1000):
            part = [{"customer": customer, "item": item, "event": "view", "timestamp": t, "surface": "home"} for t in times[start : start + 1000]]  # fmt: skip
            server.give(*part)
        rows = export(server, "events")
        assert [one["timestamp"] for one in rows] == list(times)  # several pages of the store
        assert [one["seq"] for one in rows] == sorted({one["seq"] for one in rows})
        assert (rows[0]["customer"], rows[0]["item"], rows[0]["surface"]) == (customer, item, "home")
        for query in ({"since": times[10]}, {"until": times[10]}, {"since": times[5], "until": times[1500]}):
            wanted = [t for t in times if query.get("since", 0) <= t < query.get("until", 1 << 40)]
            assert [one["timestamp"] for one in export(server, "events", **query)] == wanted
            page = server.get("feedback", limit=1000, **query)
            assert [one["timestamp"] for one in page["events"]] == wanted[:1000]
        assert [one["seq"] for one in export(server, "events", after=rows[-2]["seq"])] == [rows[-1]["seq"]]
        page = server.get("feedback", limit=3, since=times[5], until=times[9])
        following = server.get("feedback", limit=3, since=times[5], until=times[9], after=page["next"])
        assert [one["timestamp"] for one in following["events"]] == [times[8]] and following["next"] is None
        server.get("feedback", since=times[0] * 1000, status=422)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["items", "customers"])
def test_twenty_thousand_lines_take_less_than_twelve_seconds(empty, what, record_property):
    "100,000 in 60 s is what is promised"
    with empty as server:
        rows = ({"id": f"n{n}", "attributes": {"colour": "red", "size": n % 50}} for n in range(20_000))
        began = time.perf_counter()
        receipts = send_lines(server, what, (json.dumps(row).encode() for row in rows))
        seconds = time.perf_counter() - began
        record_property(f"seconds for 20,000 {what}", round(seconds, 2))
        assert len(receipts) == 20_000 and {one["status"] for one in receipts} == {201}
        assert seconds < 12, seconds

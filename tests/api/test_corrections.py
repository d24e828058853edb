"What was wrong is put right: attributes, merges, single fields of items, single events; against the server after the install"

import time
from collections.abc import Callable

import pytest
from server import Server

SHOWN = {"name": "Zora Vale", "country": "XQ"}  # nobody else has these


@pytest.fixture
def shopper(demo: Server) -> Callable[..., str]:
    "Return a function that makes a new customer with events"
    items = demo.items()

    def make(*acts: str, **attributes: object) -> str:
        name = f"made-{time.time_ns()}"
        demo.give(
            *({"customer": name, "item": items[n], "event": act} for n, act in enumerate(acts or ("view",)))
        )
        if attributes:
            demo.send("PUT", f"customers/{name}", {"attributes": attributes})
        return name

    return make


def attributes_of(demo: Server, customer: str) -> dict:
    return demo.get(f"customers/{customer}")["attributes"]


def listed(demo: Server, search: str) -> list[str]:
    return [one["id"] for one in demo.get("customers", search=search, limit=100)["customers"]]


def test_a_visitor_who_merges_into_a_customer_overwrites_nothing(demo, shopper):
    "Neither what the training data says of the customer, nor what was set since"
    trained, visitor = demo.customers(5)[4], shopper(**SHOWN, campaign="spring")
    before = attributes_of(demo, trained)
    assert before["name"] and before["country"]
    demo.send("POST", f"customers/{visitor}/merge", {"into": trained})
    assert attributes_of(demo, trained) == {"campaign": "spring"} | before
    told = demo.get("feedback", customer=visitor, limit=1)["events"][0]
    assert told["customer"] == trained and told["name"] == before["name"]

    stored, visitor = shopper(country="PT"), shopper(**SHOWN)
    demo.send("POST", f"customers/{visitor}/merge", {"into": stored})
    assert attributes_of(demo, visitor) == {"name": SHOWN["name"], "country": "PT"}
    page = demo.get("customers", search=stored)["customers"]
    assert page[0]["attributes"] == attributes_of(demo, stored)
    assert demo.get(f"customers/{stored}/export")["attributes"] == attributes_of(demo, stored)


def test_put_replaces_and_patch_changes_single_attributes(demo):
    customer = demo.customers(6)[5]
    before = attributes_of(demo, customer)
    assert customer in listed(demo, before["name"])
    changed = demo.send("PATCH", f"customers/{customer}", {"attributes": {"country": "XQ", "vip": True}})
    assert changed == {"id": customer, "attributes": before | {"country": "XQ", "vip": True}}
    assert attributes_of(demo, customer) == changed["attributes"]
    demo.send("PATCH", f"customers/{customer}", {"attributes": {"name": None}})
    assert "name" not in attributes_of(demo, customer) and attributes_of(demo, customer)["country"] == "XQ"
    assert customer not in listed(demo, before["name"]) and customer in listed(demo, "XQ")

    demo.send("PUT", f"customers/{customer}", {"attributes": {"city": "Oslo"}})
    assert attributes_of(demo, customer) == {"city": "Oslo"}
    demo.send("PUT", f"customers/{customer}", {"attributes": {}})
    assert attributes_of(demo, customer) == {}
    assert demo.get("customers", search=customer)["customers"][0]["attributes"] == {}
    demo.give({"customer": customer, "item": demo.items(1)[0], "event": "view"})
    assert demo.get("feedback", customer=customer)["events"][-1]["name"] is None


def test_put_under_any_id_replaces_what_all_ids_have(demo, shopper):
    customer, visitor = demo.customers(7)[6], shopper(**SHOWN)
    demo.send("POST", f"customers/{visitor}/merge", {"into": customer})
    demo.send("PUT", f"customers/{visitor}", {"attributes": {"city": "Oslo"}})
    assert attributes_of(demo, customer) == {"city": "Oslo"} == attributes_of(demo, visitor)


def test_a_merge_is_undone(demo, shopper):
    customer, visitor = shopper("purchase", "view"), shopper("view", "cart", **SHOWN)
    apart = [demo.get(f"customers/{one}") for one in (customer, visitor)]
    demo.send("POST", f"customers/{visitor}/merge", {"into": customer})
    assert demo.get(f"customers/{customer}")["n_events"] == 4
    undone = demo.send("DELETE", f"customers/{visitor}/merge")
    assert undone == {"id": visitor, "separated_from": customer, "events": 2}
    again = [demo.get(f"customers/{one}") for one in (customer, visitor)]
    for before, after in zip(apart, again, strict=True):
        assert {**before, "features": 0} == {**after, "features": 0}
        assert before["features"]["values"] == after["features"]["values"]
    assert demo.get("feedback", customer=visitor)["events"][0]["customer"] == visitor
    assert demo.send("DELETE", f"customers/{visitor}/merge", status=404)["field"] == "customer"
    demo.send("POST", f"customers/{visitor}/merge", {"into": customer})  # and it can be made again


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda demo, one, other: demo.give({"customer": one, "item": demo.items(1)[0], "event": "view"}), "1 event since"),
        (lambda demo, one, other: demo.send("PATCH", f"customers/{one}", {"attributes": {"city": "Oslo"}}), "attributes were changed"),
        (lambda demo, one, other: demo.send("POST", f"customers/{other}/merge", {"into": one}), "undo that first"),
    ],
)  # fmt: skip
def test_a_merge_after_which_something_happened_is_not_undone(demo, shopper, change, reason):
    customer, visitor, other = shopper(), shopper(), shopper()
    demo.send("POST", f"customers/{visitor}/merge", {"into": customer})
    change(demo, customer, other)
    refused = demo.send("DELETE", f"customers/{visitor}/merge", status=409)
    assert reason in refused["detail"] and refused["field"] == "customer"
    assert visitor in demo.get(f"customers/{customer}")["merged"]


def test_the_merge_of_an_erased_customer_is_gone(demo, shopper):
    customer, visitor = shopper(), shopper()
    demo.send("POST", f"customers/{visitor}/merge", {"into": customer})
    demo.send("DELETE", f"customers/{customer}")
    demo.send("DELETE", f"customers/{visitor}/merge", status=410)
    demo.send("PATCH", f"customers/{visitor}", {"attributes": {"city": "Oslo"}}, status=410)


def test_an_item_is_changed_field_by_field_or_as_a_whole(demo):
    item = demo.items(9)[8]
    before = demo.get(f"items/{item}")
    assert before["title"] and before["text"] and before["available"]
    off = demo.send("PATCH", f"items/{item}", {"available": False})
    assert off == before | {"available": False} == demo.get(f"items/{item}")
    query = {"n": 100, "repeat": True, "cold_start": True}
    shown = demo.get("customers/nobody/recommendations", **query)["items"]
    assert item not in [pick["item"] for pick in shown]
    on = demo.send(
        "PATCH", f"items/{item}", {"available": None, "price": 1.5, "attributes": {"colour": "red"}}
    )
    assert on == before | {"price": 1.5, "attributes": before["attributes"] | {"colour": "red"}}
    assert demo.send("PATCH", f"items/{item}", {"price": None})["price"] is None

    demo.send("PUT", f"items/{item}", {"title": "Only this"})
    bare = demo.get(f"items/{item}")
    assert (bare["title"], bare["text"], bare["category"], bare["attributes"]) == ("Only this", "", None, {})
    demo.send("PUT", f"items/{item}", {})
    assert demo.get(f"items/{item}")["title"] == ""
    fields = ("title", "text", "category", "brand", "price", "attributes")
    demo.send("PUT", f"items/{item}", {name: before[name] for name in fields})
    assert demo.get(f"items/{item}") == before


def test_a_withdrawn_item_that_is_changed_stays_withdrawn(demo):
    demo.send("PUT", "items/made-up", {"title": "Made up"}, status=201)
    demo.send("DELETE", "items/made-up", status=204)
    assert demo.send("PATCH", "items/made-up", {"price": 2.0})["withdrawn"]
    demo.send("PUT", "items/made-up", {"title": "Made up"})
    assert not demo.get("items/made-up")["withdrawn"]


# ---- single events


def told(demo: Server, customer: str) -> dict:
    "What a customer's page, export and events say"
    page, export = demo.get(f"customers/{customer}"), demo.get(f"customers/{customer}/export")
    return {
        "n": page["n_events"],
        "history": [(event["item"], event["event"]) for event in page["history"]],
        "feedback": [event["event_id"] for event in demo.get("feedback", customer=customer)["events"]],
        "export": [event["item"] for event in export["events"]],
        "stored": [event["event_id"] for event in export["stored"]["events"]],
        "purchases": page["features"]["values"]["purchases"],
    }


def test_a_retracted_event_counts_nowhere(demo, shopper):
    customer, items = shopper("view", "view"), demo.items()
    item, event_id = items[11], f"till/{time.time_ns()}"
    counts = [demo.get("overview"), demo.get(f"items/{item}/customers"), told(demo, customer)]
    bought = {"customer": customer, "item": item, "event": "purchase", "event_id": event_id}
    [receipt] = demo.give(bought)["receipts"]
    shown = demo.get(f"customers/{customer}/recommendations", n=100, model="knn")["items"]
    assert item not in [pick["item"] for pick in shown] and told(demo, customer)["n"] == 3

    path = f"feedback/{event_id.replace('/', '%2F')}"
    assert demo.send("DELETE", path) == {"event_id": event_id, "seq": receipt["seq"], "duplicate": False}
    assert demo.send("DELETE", path) == {"event_id": event_id, "seq": receipt["seq"], "duplicate": True}
    again = [demo.get("overview"), demo.get(f"items/{item}/customers"), told(demo, customer)]
    assert again == counts
    shown = demo.get(f"customers/{customer}/recommendations", n=100, model="knn", repeat=True)["items"]
    never = demo.send("POST", "recommendations", {"requests": [
        {"history": [{"item": items[n], "event": "view"} for n in (0, 1)], "n": 100, "model": "knn", "repeat": True}]})  # fmt: skip
    assert [pick["item"] for pick in shown] == [pick["item"] for pick in never["answers"][0]["items"]]
    [kept] = demo.get(f"customers/{customer}/export")["stored"]["retractions"]
    assert set(kept) == {"event_id", "time"}

    refused = demo.give({**bought, "event": "view"}, bought, status=410)
    assert refused["field"] == "events.0.event_id" and event_id in refused["detail"]
    assert demo.send("DELETE", "feedback/nothing", status=404)["field"] == "event_id"


def test_online_figures_forget_a_retracted_event(demo, shopper):
    customer = shopper()
    demo.send("PUT", "experiments", {"name": "retracted", "arms": {"knn": 1.0}})
    answer = demo.get(f"customers/{customer}/recommendations", n=3)
    seen = {"customer": customer, "item": answer["items"][0]["item"], "surface": "home",
            "recommendation_id": answer["recommendation_id"]}  # fmt: skip
    ids = [f"{kind}-{time.time_ns()}" for kind in ("impression", "click")]
    demo.give(*(seen | {"event": name.partition("-")[0], "event_id": name} for name in ids))

    def clicks() -> float | None:
        models = demo.get("experiments", surface="home")["results"]["by_model"]
        return next((one["click_through"] for one in models if one["model"] == "knn"), None)

    before = clicks()
    demo.send("DELETE", f"feedback/{ids[1]}")
    assert before and clicks() < before
    demo.send("DELETE", "experiments")


def test_a_merge_is_not_undone_after_an_event_was_retracted(demo, shopper):
    customer, visitor = shopper(), shopper()
    event_id = demo.get("feedback", customer=visitor)["events"][0]["event_id"]
    demo.send("POST", f"customers/{visitor}/merge", {"into": customer})
    demo.send("DELETE", f"feedback/{event_id}")
    refused = demo.send("DELETE", f"customers/{visitor}/merge", status=409)
    assert "retracted since" in refused["detail"]


def test_the_bytes_of_a_retracted_event_are_gone_from_the_store(demo, shopper):
    customer, item, mark = shopper(), demo.items(1)[0], f"secret-{time.time_ns()}"
    for n in range(40):  # so that pages are split and rows move
        demo.give(
            *(
                {"customer": customer, "item": item, "event": "view", "event_id": f"{mark}e{n}-{k}",
                 "recommendation_id": f"{mark}r{n}-{k}."}
                for k in range(20)
            )
        )  # fmt: skip

    def held(text: str) -> bool:
        return any(
            text.encode() in path.read_bytes() for path in (demo.home / "data/store").glob("demo.sqlite*")
        )

    wanted = [f"{n}-{k}" for n, k in ((0, 0), (3, 7), (20, 19), (39, 19))]
    assert all(held(f"{mark}r{one}.") for one in wanted)
    for one in wanted:
        demo.send("DELETE", f"feedback/{mark}e{one}")
    assert not [one for one in wanted if held(f"{mark}r{one}.")] and held(f"{mark}r0-1.")

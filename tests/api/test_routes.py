"Each route with what it takes, with what is not known, and with what makes no sense; against the server as it stands after the install"

import json
import time
from pathlib import Path

import pytest
from server import ROOT, Server, operations

LONG = "x" * 257
NEWEST_KNN = json.loads((ROOT / "data/pretrained/demo/knn/promoted.json").read_text())["versions"][-1]


@pytest.fixture(scope="module")
def known(demo: Server) -> dict[str, str]:
    "Ids to ask about"
    customers, items = demo.customers(), demo.items()
    given = demo.get(f"customers/{customers[0]}/recommendations", n=3)
    demo.give(*({"customer": f"visitor-{n}", "item": items[0], "event": "view"} for n in (1, 2, 3)))
    demo.give({"customer": "visitor-4", "item": items[0], "event": "view", "event_id": "routes/taken back"})
    demo.send("POST", "customers/visitor-2/merge", {"into": "visitor-3"})  # which a test undoes
    return {
        "customer": customers[0], "other": customers[1], "gone": customers[2], "item": items[0], "second": items[1], "withdrawn": items[2],
        "recommendation": given["recommendation_id"], "key": "knn",
    }  # fmt: skip


def event(known: dict[str, str], **changes: object) -> dict:
    return {"customer": known["customer"], "item": known["item"], "event": "click", **changes}


# operation -> what is sent, and the status; {names} stand for ids. Each operation has a good one, and where ids are
# in it one that is not known, and where anything can be wrong one that is.
ASKED: dict[str, list[tuple[str, object, int]]] = {
    "get_overview": [("overview", None, 200)],
    "who_am_i": [("whoami", None, 200)],
    "list_customers": [("customers?limit=2&search=c", None, 200), ("customers?limit=0", None, 422)],
    "get_customer": [("customers/{customer}", None, 200), ("customers/nobody", None, 404), (f"customers/{LONG}", None, 422)],
    "put_customer": [
        ("customers/new%2Fone", {"attributes": {"country": "PT", "age": 41, "vip": True, "score": 0.5, "note": None}}, 201),
        ("customers/new%2Fone", {"attributes": {}}, 200),
        ("customers/new", {"attributes": {"country": ["PT"]}}, 422),
        ("customers/new", {}, 422),
    ],
    "patch_customer": [
        ("customers/{other}", {"attributes": {"city": "Oslo", "country": None}}, 200),
        ("customers/nobody", {"attributes": {"city": "Oslo"}}, 404),
        ("customers/{other}", {"attributes": {"city": ["Oslo"]}}, 422),
    ],
    "merge_customer": [
        ("customers/visitor-1/merge", {"into": "{customer}"}, 200),
        ("customers/nobody/merge", {"into": "{customer}"}, 404),
        ("customers/{customer}/merge", {"into": "nobody"}, 404),
        ("customers/{customer}/merge", {"into": ""}, 422),
        ("customers/{customer}/merge", {"into": "{customer}"}, 422),
    ],
    "separate_customer": [
        ("customers/visitor-2/merge", None, 200),
        ("customers/visitor-2/merge", None, 404),
        (f"customers/{LONG}/merge", None, 422),
    ],
    "export_customer": [("customers/{customer}/export", None, 200), ("customers/nobody/export", None, 404), (f"customers/{LONG}/export", None, 422)],
    "recommend_to_customer": [
        ("customers/{customer}/recommendations?n=5&model={key}&exclude={item}&exclude={second}&repeat=true", None, 200),
        ("customers/nobody/recommendations?cold_start=true", None, 200),
        ("customers/nobody/recommendations", None, 404),
        ("customers/{customer}/recommendations?model=none", None, 404),
        ("customers/{customer}/recommendations?n=0", None, 422),
        ("customers/{customer}/recommendations?n=1000000", None, 422),
        ("customers/{customer}/recommendations?modle=knn", None, 422),
        ("customers/{customer}/recommendations?category=none", None, 422),
    ],
    "recommend": [
        ("recommendations", {"requests": [{"history": [{"item": "{item}"}, {"item": "{second}", "event": "cart"}], "n": 3}, {"customer": "{customer}"}]}, 200),
        ("recommendations", {"requests": [{"customer": "nobody"}]}, 404),
        ("recommendations", {"requests": [{"history": [{"item": "nothing"}]}]}, 422),
        ("recommendations", {"requests": []}, 422),
        ("recommendations", {"requests": [{"n": "5"}]}, 422),
    ],
    "recommend_next": [
        ("recommendations/{recommendation}/next?n=2", None, 200),
        ("recommendations/none/next", None, 404),
    ],
    "explain_recommendation": [("recommendations/{recommendation}", None, 200), ("recommendations/none", None, 404), (f"recommendations/{LONG}", None, 422)],
    "predict_ratings": [
        ("predictions", {"pairs": [{"customer": "{customer}", "item": "{item}"}, {"item": "{item}"}], "history": [{"item": "{second}"}]}, 200),
        ("predictions", {"pairs": [{"customer": "nobody", "item": "{item}"}]}, 404),
        ("predictions", {"pairs": [{"customer": "{customer}", "item": "nothing"}]}, 404),
        ("predictions", {"pairs": [{"item": "{item}"}], "history": [{"item": "{second}", "event": "rating", "rating": 1e9}]}, 422),
        ("predictions", {"pairs": []}, 422),
    ],
    "list_items": [("items?limit=2", None, 200), ("items?limit=many", None, 422)],
    "get_item": [("items/{item}", None, 200), ("items/nothing", None, 404), (f"items/{LONG}", None, 422)],
    "put_item": [
        ("items/new", {"title": "Wool hat", "text": "A warm hat of merino wool", "price": 19.9, "attributes": {"colour": "red"}}, 201),
        ("items/new", {"title": "Wool hat"}, 200),
        ("items/new", {"price": -1}, 422),
        ("items/new", {"attributes": {"withdrawn": True}}, 422),
    ],
    "patch_item": [
        ("items/{second}", {"available": True, "attributes": {"colour": "red", "size": None}}, 200),
        ("items/nothing", {"available": False}, 404),
        ("items/{second}", {"price": -1}, 422),
    ],
    "withdraw_item": [("items/{withdrawn}", None, 204), ("items/nothing", None, 404), (f"items/{LONG}", None, 422)],
    "similar_items": [
        ("items/{item}/similar?n=3", None, 200),
        ("items/{item}/similar?n=3&by=text", None, 200),
        ("items/nothing/similar", None, 404),
        ("items/{item}/similar?by=price", None, 422),
    ],
    "list_customers_of_item": [
        ("items/{item}/customers?n=3", None, 200),
        ("items/nothing/customers", None, 404),
        ("items/{item}/customers?n=0", None, 422),
        (f"items/{LONG}/customers", None, 422),
    ],
    "search_items": [("search?q=warm+jacket&n=3&customer={customer}", None, 200), ("search?q=warm&customer=nobody", None, 404), ("search?q=", None, 422)],
    "popular_items": [("popular?n=3&days=30", None, 200), ("popular?days=-1", None, 422)],
    "latest_items": [("latest?n=3", None, 200), ("latest?n=0", None, 422)],
    "give_feedback": [
        ("feedback", {"events": [{"customer": "{customer}", "item": "{item}", "event": "click", "event_id": "routes-1"}]}, 200),
        ("feedback", {"events": [{"customer": "visitor-1", "item": "{item}", "event": "cart"}]}, 200),
        ("feedback", {"events": [{"customer": "{customer}", "item": "nothing", "event": "click"}]}, 422),
        ("feedback", {"events": [{"customer": "{customer}", "item": "{item}", "event": "rating"}]}, 422),
        ("feedback", {"events": [{"customer": "{customer}", "item": "{item}", "event": "stare"}]}, 422),
    ],
    "retract_feedback": [
        ("feedback/routes%2Ftaken%20back", None, 200),
        ("feedback/routes%2Ftaken%20back", None, 200),
        ("feedback/nothing", None, 404),
        (f"feedback/{LONG}", None, 422),
    ],
    "list_feedback": [("feedback?customer={customer}&limit=5", None, 200), ("feedback?after=-1", None, 422)],
    "stream_feedback": [("feedback/stream?after=-1", None, 422), ("feedback/stream?before=1", None, 422)],  # the good one has no end: test_stream.py
    "list_models": [("models", None, 200)],
    "get_model": [("models/{key}", None, 200), ("models/none", None, 404), (f"models/{LONG}", None, 422)],
    "get_training": [("models/{key}/training", None, 200), ("models/none/training", None, 404), (f"models/{LONG}/training", None, 422)],
    "list_comparisons": [("comparisons", None, 200)],
    "get_findings": [("findings", None, 200)],
    "activate_model": [
        ("models/none/activate", {"version": NEWEST_KNN}, 404),
        ("models/knn/activate", {"version": "0"}, 404),
        ("models/knn/activate", {"version": NEWEST_KNN}, 200),
        ("models/knn/activate", {}, 422),
    ],
    "rollback_model": [("models/svd/rollback", None, 409), ("models/none/rollback", None, 404), (f"models/{LONG}/rollback", None, 422)],
    "get_retraining": [("retrain", None, 200)],
    "start_retraining": [  # a good one trains for minutes: test_retrain_api.py starts it, on a small shop
        ("retrain", {"models": ["none"]}, 422),
        ("retrain", {"params": {"knn": {"k": 3}}}, 422),
        ("retrain", {"models": ["popularity"], "params": {"knn": {"n_neighbours": 3}}}, 422),
    ],
    "get_experiment": [("experiments", None, 200)],
    "put_experiment": [
        ("experiments", {"name": "halves", "arms": {"{key}": 1.0}, "exploration": 0.2}, 200),
        ("experiments", {"name": "halves", "arms": {"{key}": 0.4}}, 422),
        ("experiments", {"name": "halves", "arms": {"none": 1.0}}, 422),
    ],
    "end_experiment": [("experiments", None, 200)],
    "get_off_policy": [("experiments/offpolicy?reward=converted&days=7", None, 200), ("experiments/offpolicy?reward=viewed", None, 422), ("experiments/offpolicy?days=0", None, 422)],
    "get_online_agreement": [("models/online-agreement?metric=precision&rate=conversion", None, 200), ("models/online-agreement?metric=rmse", None, 422)],
    "get_rules": [("rules", None, 200)],
    "put_rules": [
        ("rules", {"pinned": ["{second}"], "per_category": 2}, 200),
        ("rules", {}, 200),
        ("rules", {"pinned": ["nothing"]}, 422),
        ("rules", {"per_category": 0}, 422),
    ],
    "erase_customer": [("customers/{gone}", None, 200), ("customers/nobody-yet", None, 200), ("customers/nobody-yet", None, 410), (f"customers/{LONG}", None, 422)],
}  # fmt: skip
METHODS = {described["operationId"]: method for method, _, described in operations()}


def filled(value: object, known: dict[str, str]) -> object:
    "The same with real ids in place of {names}"
    if isinstance(value, str):
        for name, real in known.items():
            value = value.replace("{" + name + "}", real)
        return value
    if isinstance(value, list):
        return [filled(part, known) for part in value]
    if isinstance(value, dict):
        return {filled(key, known): filled(part, known) for key, part in value.items()}
    return value


# Bodies or answers of JSON Lines: asked in a module of their own
IN_LINES = {"put_items", "put_customers", "export_items", "export_customers", "export_events"}


def test_every_route_is_asked():
    asked = {
        described["operationId"]: path for _, path, described in operations() if path.startswith("/api/v1/")
    }
    assert set(ASKED) | IN_LINES == set(asked)
    source = (Path(__file__).parent / "test_bulk.py").read_text(encoding="utf-8")
    for name in IN_LINES:
        assert asked[name].rsplit("/", 1)[-1] in source and "bulk/" in asked[name], name


@pytest.mark.parametrize("operation", ASKED)
def test_route(demo, known, operation):
    for path, body, status in ASKED[operation]:
        answer = demo.send(METHODS[operation], filled(path, known), filled(body, known), status)
        if status >= 400:
            elements = {"errors"} if answer["field"].startswith(("events.", "requests.")) else set()
            assert set(answer) == {"detail", "field"} | elements and answer["detail"]
            assert status != 422 or (answer["field"] and answer["field"] in answer["detail"]), answer


def test_an_answer_says_all(demo, known):
    told = demo.get(f"customers/{known['customer']}/recommendations", n=4, model="knn")
    assert (
        told["customer"] == known["customer"]
        and told["model"] == "knn"
        and told["version"]
        and told["n_history"] > 0
        and not told["cold_start"]
    )
    assert [pick["rank"] for pick in told["items"]] == [1, 2, 3, 4]
    assert all(pick["title"] and pick["reasons"] and 1 <= pick["rating"] <= 5 for pick in told["items"])
    scores = [pick["score"] for pick in told["items"]]
    assert scores == sorted(scores, reverse=True)
    bare = demo.get(f"customers/{known['customer']}/recommendations", n=4, model="knn", explain=False)
    assert [pick["item"] for pick in bare["items"]] == [pick["item"] for pick in told["items"]] and not bare[
        "items"
    ][0]["reasons"]


def test_why_reopens_what_was_told(demo, known):
    told = demo.get(f"customers/{known['other']}/recommendations", n=4)
    why = demo.get(f"recommendations/{told['recommendation_id']}")
    for pick, shown in zip(told["items"], why["items"], strict=True):
        assert all(pick[name] == shown[name] for name in ("item", "rank", "probability", "by", "reasons"))
    assert (
        why["customer"] == known["other"]
        and why["model"] == told["model"]
        and why["version"] == told["version"]
        and why["history"]
    )


def test_an_unknown_customer_is_named_as_such(demo):
    answer = demo.get("customers/nobody/recommendations", status=404)
    assert answer["field"] == "customer" and "nobody" in answer["detail"] and "cold_start" in answer["detail"]
    cold = demo.get("customers/nobody/recommendations", cold_start=True, n=3)
    assert cold["cold_start"] and len(cold["items"]) == 3


def test_pages_follow_one_another(demo):
    for name, rows in (("customers", "customers"), ("items", "items")):
        whole, cursor = [], ""
        for _ in range(3):
            page = demo.get(name, limit=7, cursor=cursor)
            whole += [row["id"] for row in page[rows]]
            cursor = page["next"]
        assert whole == [row["id"] for row in demo.get(name, limit=21)[rows]]


def test_a_profile_knows_the_customer(demo, known):
    told = demo.get(f"customers/{known['other']}")
    assert (
        told["attributes"]
        and told["history"]
        and told["activity"]
        and told["categories"]
        and told["segment"]["label"]
        and told["nearest"]
    )
    assert sum(month["events"] for month in told["activity"]) == told["n_events"]


def test_a_purchase_counts_from_the_next_request_on(demo, known):
    customer = known["other"]
    before = demo.get(f"customers/{customer}/recommendations", model="knn", n=20)
    bought = before["items"][0]["item"]
    demo.give(
        {
            "customer": customer,
            "item": bought,
            "event": "purchase",
            "recommendation_id": before["recommendation_id"],
        }
    )
    after = demo.get(f"customers/{customer}/recommendations", model="knn", n=20)
    old, new = ({pick["item"]: pick["score"] for pick in told["items"]} for told in (before, after))
    assert bought not in new and any(new[item] != old[item] for item in new if item in old)
    newest = demo.get(f"customers/{customer}")["history"][0]
    assert (newest["item"], newest["event"]) == (bought, "purchase")


def test_a_visitor_gets_what_the_history_in_the_request_says(demo, known):
    asked = [
        {"history": [{"item": item, "event": "purchase"}], "n": 5, "model": "knn"}
        for item in demo.items(6)[3:]
    ]
    told = demo.send("POST", "recommendations", {"requests": asked})["answers"]
    assert len({tuple(pick["item"] for pick in answer["items"]) for answer in told}) > 1 and all(
        answer["customer"] is None for answer in told
    )
    assert all(
        request["history"][0]["item"] not in [pick["item"] for pick in answer["items"]]
        for request, answer in zip(asked, told, strict=True)
    )


def test_a_new_item_is_recommended_by_its_text_at_once(demo):
    like = demo.get(f"items/{demo.items(5)[4]}")
    demo.send(
        "PUT",
        "items/brand-new",
        {
            "title": "New: " + like["title"],
            "text": like["text"] or like["title"],
            "category": like["category"],
        },
        201,
    )
    told = demo.send(
        "POST",
        "recommendations",
        {"requests": [{"history": [{"item": like["id"], "event": "purchase"}], "n": 100, "model": "bert"}]},
    )
    found = {pick["item"]: pick["by"] for pick in told["answers"][0]["items"]}
    assert found.get("brand-new") == "text"
    assert "brand-new" in [
        pick["item"] for pick in demo.get(f"items/{like['id']}/similar", by="text")["items"]
    ]
    demo.send("DELETE", "items/brand-new", status=204)
    assert "brand-new" not in [
        pick["item"] for pick in demo.get(f"items/{like['id']}/similar", by="text")["items"]
    ]


def test_rules_are_kept(demo, known):
    best = [pick["item"] for pick in demo.get(f"customers/{known['customer']}/recommendations", n=3)["items"]]
    last = demo.get(f"customers/{known['customer']}/recommendations", n=50)["items"][-1]["item"]
    demo.send("PUT", "rules", {"pinned": [last], "buried": [best[0]], "per_category": 1})
    try:
        told = demo.get(f"customers/{known['customer']}/recommendations", n=5)["items"]
    finally:
        demo.send("PUT", "rules", {})
    assert (
        told[0]["item"] == last
        and told[0]["by"] == "pinned"
        and best[0] not in [pick["item"] for pick in told]
    )
    assert len({pick["category"] for pick in told}) == len(told)


def test_an_erased_customer_is_gone(demo):
    customer, item = "to-be-forgotten", demo.items(1)[0]
    demo.give({"customer": customer, "item": item, "event": "cart"})
    assert demo.get(f"customers/{customer}/export")["events"]
    assert demo.send("DELETE", f"customers/{customer}")["removed"]["events"] == 1
    demo.get(f"customers/{customer}", status=410)
    assert demo.give({"customer": customer, "item": item, "event": "cart"}, status=410)["detail"]
    assert customer not in str(demo.get("customers", search=customer)["customers"])


def test_a_merged_visitor_brings_the_past_along(demo, known):
    item = demo.items(9)[8]
    demo.give({"customer": "visitor-9", "item": item, "event": "purchase"})
    assert demo.send("POST", "customers/visitor-9/merge", {"into": known["other"]}) == {
        "id": known["other"],
        "merged": "visitor-9",
        "events": 1,
    }
    assert demo.get(f"customers/{known['other']}")["history"][0]["item"] == item
    assert item not in [
        pick["item"] for pick in demo.get("customers/visitor-9/recommendations", n=100)["items"]
    ]


def test_events_come_back_as_they_were_given(demo, known):
    now = int(time.time()) - 60
    given = event(
        known, event="rating", rating=4.0, timestamp=now, event_id="back-1", recommendation_id="r-1"
    )
    (receipt,) = demo.give(given)["receipts"]
    stored = demo.get("feedback", after=receipt["seq"] - 1, limit=1)
    assert {name: stored["events"][0][name] for name in given} == given and stored["next"] == receipt["seq"]
    assert demo.give(given)["receipts"] == [receipt | {"duplicate": True}]


def test_customers_are_called_by_their_name(demo, known):
    item = demo.items(12)[11]
    demo.send(
        "PUT", "customers/named-1", {"attributes": {"name": "José Ñandú", "city": "Mérida"}}, status=201
    )
    demo.give({"customer": "named-1", "item": item, "event": "purchase", "event_id": "named-1-a"})
    for asked in ("nandu JOSE", "ñandú", "merid nan"):
        assert [one["id"] for one in demo.get("customers", search=asked)["customers"]] == ["named-1"], asked
    assert demo.get("customers", search="jose turner nobody")["customers"] == []
    newest = demo.get(f"items/{item}/customers")["newest"][0]
    assert (newest["id"], newest["name"]) == ("named-1", "José Ñandú")
    (seen,) = demo.get("feedback", customer="named-1")["events"]
    assert seen["name"] == "José Ñandú" and seen["title"] == demo.get(f"items/{item}")["title"]
    demo.send("DELETE", "customers/named-1")
    assert "Ñandú" not in str(demo.get(f"items/{item}/customers")) + str(demo.get("feedback"))


def test_a_search_says_when_nothing_is_close(demo):
    close = {
        asked: [pick["close"] for pick in demo.get("search", q=asked, n=10)["items"]]
        for asked in ("light for walking in the dark", "blorf snagrat")
    }
    light = close["light for walking in the dark"]
    assert light[0] and light == sorted(light, reverse=True) and not any(close["blorf snagrat"])


def test_prices_have_a_currency(demo):
    assert demo.get("overview")["currency"] == "GBP"


def test_a_search_never_hides_a_best_answer_that_means_something(demo):
    for at, title in enumerate(("Massage gun", "Habit planner, A4")):
        demo.send("PUT", f"items/wished-{at}", {"title": title, "text": f"{title}."}, status=201)
    for wish in ("sore muscles after running", "plan my week", "charge my phone on the road"):
        found = demo.get("search", q=wish, n=100)["items"]
        assert found[0]["close"], (wish, found[0]["title"], found[0]["score"])
        assert not found[-1]["close"], wish
    for at in range(2):
        demo.send("DELETE", f"items/wished-{at}", status=204)


def test_a_profile_names_the_arm_of_a_running_experiment(demo, known):
    assert demo.get(f"customers/{known['customer']}")["experiment"] is None
    demo.send("PUT", "experiments", {"name": "one of two", "arms": {"popularity": 0.5, "knn": 0.5}})
    try:
        told = demo.get(f"customers/{known['customer']}")["experiment"]
        shown = demo.get(f"customers/{known['customer']}/recommendations", n=1)
    finally:
        demo.send("DELETE", "experiments")
    assert told == {"name": "one of two", "arm": shown["arm"]} and shown["model"] == told["arm"]


def test_a_product_is_found_without_accents_and_in_any_order(demo):
    demo.send(
        "PUT", "items/cafe-1", {"title": "Crème brûlée set", "text": "Six bowls and a torch."}, status=201
    )
    assert [one["id"] for one in demo.get("items", search="BRULEE creme")["items"]] == ["cafe-1"]
    demo.send("DELETE", "items/cafe-1", status=204)

"Recommendations and lists of items that meet conditions: price, stock, attributes, one of several categories"

from collections.abc import Iterator

import pytest
from server import Server

COLOURS = ("red", "green", "red|blue")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    "The demo shop, whose first 60 items have colours and a stock"
    with Server(tmp_path_factory.mktemp("shop"), C360_MODELS="knn,tfidf,popularity") as server:
        for n, item in enumerate(server.items(60)):
            fields = {
                "available": True,
                "price": n + 0.5,
                "attributes": {
                    "colour": COLOURS[n % 3],
                    "stock": n % 4,
                    "fair": n % 2 == 0,
                    "kind": "marked",
                },
            }
            category = [["Films", "Comedy"], "Films|Crime"][n % 2] if n < 10 else None
            server.send("PATCH", f"items/{item}", fields | ({"category": category} if category else {}))
        yield server


def ids(answer: dict) -> list[str]:
    return [one["item"] for one in answer["items"]]


@pytest.mark.parametrize("model", ["knn", "tfidf", "popularity"])
def test_each_condition_holds_and_the_order_stays(shop: Server, model: str):
    customer, items = shop.customers(9)[8], shop.items(60)
    asked = {"model": model, "repeat": True, "n": 100}
    number = {item: n for n, item in enumerate(items)}
    everything = [
        item for item in ids(shop.get(f"customers/{customer}/recommendations", candidates=items, **asked))
    ]
    assert set(everything) == set(items)
    for where, holds in (
        (["price<=20", "price>=5.5"], lambda n: 5 <= n < 20),
        (["colour=red"], lambda n: n % 3 != 1),
        (["colour=green", "colour=blue"], lambda n: n % 3 != 0),
        (["stock>=1", "colour=green"], lambda n: n % 4 and n % 3 == 1),
        (["fair=true", "price>=30"], lambda n: n % 2 == 0 and n >= 30),
        (["size=L"], lambda n: False),
    ):
        where = [*where, "kind=marked"]
        found = ids(shop.get(f"customers/{customer}/recommendations", where=where, **asked))
        assert found == [item for item in everything if holds(number[item])], where
        body = {"customer": customer, "where": where} | asked | {"n": 3}
        (answer,) = shop.send("POST", "recommendations", {"requests": [body]})["answers"]
        assert ids(answer) == found[:3]
        if len(found) > 3:
            following = shop.get(f"recommendations/{answer['recommendation_id']}/next")
            assert ids(following) == found[3:6]
        listed = shop.get("items", where=where, limit=100)["items"]
        assert [one["id"] for one in listed] == sorted(found)


def test_an_item_has_several_categories_and_a_request_may_want_several(shop: Server):
    customer, items = shop.customers(9)[8], shop.items(60)
    assert shop.get(f"items/{items[0]}")["category"] == "Films|Comedy"
    for category, expected in (
        ("Comedy", items[:10:2]),
        ("Crime", items[1:10:2]),
        ("Crime|Comedy", items[:10]),
    ):
        for model in ("knn", "tfidf"):
            found = shop.get(
                f"customers/{customer}/recommendations", category=category, model=model, repeat=True, n=50
            )
            assert sorted(ids(found)) == sorted(expected)
        assert [one["id"] for one in shop.get("items", category=category)["items"]] == sorted(expected)
        assert set(ids(shop.get("popular", category=category, n=50))) <= set(expected)
    refused = shop.get(f"customers/{customer}/recommendations", category="Comedy|Nothing", status=422)
    assert "no category 'Nothing'" in refused["detail"]


def test_new_items_are_filtered_too_and_a_change_counts_at_once(shop: Server):
    customer = shop.customers(9)[8]
    shop.send(
        "PUT",
        "items/hat-1",
        {"title": "Red hat", "category": "Hats|Red", "price": 7, "attributes": {"stock": 2}},
        201,
    )
    asked = {"model": "tfidf", "where": ["price=7", "stock>=1"], "category": "Hats"}
    assert ids(shop.get(f"customers/{customer}/recommendations", **asked)) == ["hat-1"]
    shop.send("PATCH", "items/hat-1", {"attributes": {"stock": 0}})
    assert ids(shop.get(f"customers/{customer}/recommendations", **asked)) == []
    shop.send("PUT", "rules", {"pinned": ["hat-1"]})
    try:
        path = f"customers/{customer}/recommendations"
        assert "hat-1" in ids(shop.get(path, model="tfidf", where=["price=7"]))
        assert "hat-1" not in ids(shop.get(path, model="tfidf", where=["stock>=1"]))
    finally:
        shop.send("PUT", "rules", {})


@pytest.mark.parametrize("where", ["price", "price<=cheap", "=5", ">=5", ""])
def test_a_condition_that_is_none_is_named(shop: Server, where: str):
    for path in ("items", f"customers/{shop.customers(1)[0]}/recommendations"):
        refused = shop.get(path, where=["stock>=1", where], status=422)
        assert refused["field"] == "where.1"
    refused = shop.send("POST", "recommendations", {"requests": [{"where": [where]}]}, 422)
    assert refused["field"] == "requests.0.where.0"

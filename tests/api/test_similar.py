"Similar items of a category and for a customer, and as many similar customers as are asked for"

import time
from collections.abc import Iterator

import pytest
from server import Server


def purchases(demo: Server) -> Iterator[tuple[str, set[str]]]:
    "Yield customers and what they have bought"
    for customer in demo.customers(100):
        history = demo.get(f"customers/{customer}")["history"]
        yield customer, {one["item"] for one in history if one["event"] == "purchase"}


@pytest.mark.parametrize("by", ["behaviour", "text"])
def test_similar_items_of_a_category_and_without_what_a_customer_had(demo: Server, by: str):
    item = demo.items(8)[7]
    everything = demo.get(f"items/{item}/similar", by=by, n=100)["items"]
    categories = [one["category"] for one in everything]
    category = max(set(categories), key=categories.count)
    expected = [one["item"] for one in everything if one["category"] == category]
    found = demo.get(f"items/{item}/similar", by=by, n=100, category=category)["items"]
    assert [one["item"] for one in found][: len(expected)] == expected and len(expected) > 1
    assert {one["category"] for one in found} == {category}
    assert [one["rank"] for one in found] == list(range(1, len(found) + 1))

    visitor, first = f"visitor-{time.time_ns()}", everything[0]["item"]
    demo.give({"customer": visitor, "item": first, "event": "purchase"})
    left = demo.get(f"items/{item}/similar", by=by, n=20, customer=visitor)["items"]
    assert [one["item"] for one in left] == [one["item"] for one in everything[1:21]]
    alike = {one["item"] for one in everything}
    known, had = next((who, had) for who, had in purchases(demo) if had & alike)
    left = demo.get(f"items/{item}/similar", by=by, n=100, customer=known)["items"]
    assert not had & {one["item"] for one in left}
    demo.get(f"items/{item}/similar", by=by, customer="nobody", status=404)


def test_as_many_similar_customers_as_are_asked_for(demo: Server):
    customer = demo.customers(30)[22]
    five, twenty = (demo.get(f"customers/{customer}", **query)["nearest"] for query in ({}, {"nearest": 20}))
    assert len(five) == 5 and len(twenty) == 20 and twenty[:5] == five
    assert [one["similarity"] for one in twenty] == sorted(
        (one["similarity"] for one in twenty), reverse=True
    )
    assert customer not in [one["id"] for one in twenty]
    demo.get(f"customers/{customer}", nearest=0, status=422)

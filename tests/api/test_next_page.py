"The next page of a list: what follows, without repeats, from the same version and history; and given items, ranked"

import time

import pytest
from server import Server


def items_of(answer: dict) -> list[str]:
    return [one["item"] for one in answer["items"]]


@pytest.mark.parametrize("model", ["hybrid", "popularity"])
def test_pages_are_the_parts_of_one_list(demo: Server, model: str):
    customer = demo.customers(30)[11]
    asked = {"model": model, "category": "Kitchen" if model == "hybrid" else "", "repeat": True}
    whole = items_of(demo.get(f"customers/{customer}/recommendations", n=14, **asked))
    page = demo.get(f"customers/{customer}/recommendations", n=5, surface="home", **asked)
    pages, ids = [page], [page["recommendation_id"]]
    for n in (5, 4):
        page = demo.get(f"recommendations/{page['recommendation_id']}/next", **({} if n == 5 else {"n": n}))
        pages.append(page)
        ids.append(page["recommendation_id"])
    assert [item for page in pages for item in items_of(page)] == whole
    assert [page["offset"] for page in pages] == [0, 5, 10] and len(set(ids)) == 3
    assert {(page["model"], page["version"], page["customer"]) for page in pages} == {
        (model, page["version"], customer)
    }
    assert [one["rank"] for one in pages[1]["items"]] == [1, 2, 3, 4, 5]
    kept = demo.get(f"recommendations/{ids[1]}")  # recorded as a list of its own, shown in the same place
    assert items_of(kept) == whole[5:10] and kept["surface"] == "home"


def test_what_happens_in_between_does_not_move_the_list(demo: Server):
    customer, visited = demo.customers(40)[33], demo.items(40)[7:10]
    whole = items_of(demo.get(f"customers/{customer}/recommendations", n=8, model="hybrid"))
    page = demo.get(f"customers/{customer}/recommendations", n=4, model="hybrid")
    demo.give(*({"customer": customer, "item": item, "event": "purchase"} for item in visited))
    following = demo.get(f"recommendations/{page['recommendation_id']}/next")
    assert items_of(page) + items_of(following) == whole
    assert items_of(demo.get(f"customers/{customer}/recommendations", n=8, model="hybrid")) != whole


def test_a_visitor_and_an_unknown_customer_get_a_next_page(demo: Server):
    history = [{"item": item} for item in demo.items(9)[5:8]]
    for one in ({"history": history}, {"customer": "never seen", "cold_start": True}):
        asked = one | {"model": "knn", "exclude": demo.items(3)}
        (whole,) = demo.send("POST", "recommendations", {"requests": [asked | {"n": 6}]})["answers"]
        (page,) = demo.send("POST", "recommendations", {"requests": [asked | {"n": 3}]})["answers"]
        following = demo.get(f"recommendations/{page['recommendation_id']}/next")
        assert items_of(page) + items_of(following) == items_of(whole)
        assert following["customer"] == page["customer"]


def test_impressions_of_a_page_count_for_its_own_list(small):
    with small() as server:
        customer = server.customers(1)[0]
        page = server.get(f"customers/{customer}/recommendations", n=3)
        following = server.get(f"recommendations/{page['recommendation_id']}/next")
        shown = {"customer": customer, "recommendation_id": following["recommendation_id"], "surface": "home"}
        first = following["items"][0]["item"]
        server.give(*({**shown, "item": item, "event": "impression"} for item in items_of(following)))
        server.give(shown | {"item": first, "event": "click"})
        rates = server.get("experiments")["results"]["by_model"]
        assert [(one["impressions"], round(one["click_through"], 3)) for one in rates] == [(3, 0.333)]


def test_what_cannot_be_continued_says_why(small):
    with small() as server:
        server.get("recommendations/none/next", status=404)
        customer, other = server.customers(2)
        page = server.get(f"customers/{customer}/recommendations", n=2, model="knn")
        erased = server.get(f"customers/{other}/recommendations", n=2, model="knn")
        server.send("DELETE", f"customers/{other}")
        server.get(f"recommendations/{erased['recommendation_id']}/next", status=404)
        server.get(f"recommendations/{page['recommendation_id']}/next", n=0, status=422)
        seen = items_of(page)
        while found := items_of(
            page := server.get(f"recommendations/{page['recommendation_id']}/next", n=50)
        ):
            assert not set(found) & set(seen)
            seen += found
        assert len(seen) > 20  # all that there is

        make_another_version(server)
        gone = server.get(f"recommendations/{page['recommendation_id']}/next", status=410)
        assert "is no longer in use: ask for a new list" in gone["detail"]


def make_another_version(server: Server) -> None:
    "Put another version of knn to use, and wait until it is served"
    from customer360.models.catalogue import make_model
    from customer360.models.registry import Registry

    registry = Registry(server.home / "data/models/small")
    snapshot = registry.snapshots.names()[0]
    model = make_model("knn", params={"n_neighbours": 3}).fit(registry.snapshots.read(snapshot).data)
    version = registry.releases.publish(model, snapshot).version
    registry.promotions.promote("knn", version)
    until = time.monotonic() + 30
    while server.get("models/knn")["version"] != version:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_given_items_are_ranked(demo: Server):
    customer = demo.customers(20)[15]
    whole = items_of(demo.get(f"customers/{customer}/recommendations", n=60, model="hybrid", repeat=True))
    given = [whole[40], whole[3], whole[20], whole[9]]
    ranked = demo.get(f"customers/{customer}/recommendations", candidates=given, model="hybrid", repeat=True)
    assert items_of(ranked) == [whole[3], whole[9], whole[20], whole[40]]
    asked = {"customer": customer, "candidates": given, "model": "hybrid", "repeat": True, "n": 2}
    (page,) = demo.send("POST", "recommendations", {"requests": [asked]})["answers"]
    assert items_of(page) == [whole[3], whole[9]]
    following = demo.get(f"recommendations/{page['recommendation_id']}/next")
    assert items_of(following) == [whole[20], whole[40]]

    demo.send("PUT", "rules", {"pinned": [whole[20], whole[50]]})
    try:
        ranked = demo.get(
            f"customers/{customer}/recommendations", candidates=given, model="hybrid", repeat=True
        )
        assert items_of(ranked) == [
            whole[20],
            whole[3],
            whole[9],
            whole[40],
        ]  # what is not given is not pinned
    finally:
        demo.send("PUT", "rules", {})
    refused = demo.send(
        "POST", "recommendations", {"requests": [asked | {"candidates": [given[0], "no"]}]}, 422
    )
    assert refused["field"] == "requests.0.candidates.1"
    demo.send("POST", "recommendations", {"requests": [asked | {"candidates": []}]}, 422)

"A dial for diversity: 0 is the list as it was, 1 is as unlike as can be, and every rule holds in between"

import time

import numpy as np
import pytest
from server import Server


def items_of(answer: dict) -> list[str]:
    return [one["item"] for one in answer["items"]]


def listed(server: Server, customer: str, **asked) -> list[str]:
    return items_of(server.get(f"customers/{customer}/recommendations", surface="sandbox", **asked))


@pytest.mark.parametrize("model", ["hybrid", "knn", "popularity"])
def test_the_dial_at_0_changes_nothing_and_at_1_a_lot(demo: Server, model: str):
    changed = []
    for customer in demo.customers(12):
        plain, same, wide = (
            demo.get(f"customers/{customer}/recommendations", model=model, surface="sandbox", **asked)[
                "items"
            ]
            for asked in ({}, {"diversity": 0}, {"diversity": 1})
        )
        assert same == plain
        assert wide[0]["item"] == plain[0]["item"], "the best item stays first"
        assert len({one["item"] for one in wide}) == len(wide) == 10
        assert all(one["by"] in ("model", "text") and one["probability"] == 1 for one in wide)
        changed.append(10 - len({one["item"] for one in plain} & {one["item"] for one in wide}))
    assert np.mean(changed) > 3


def test_the_list_comes_from_the_best_hundred_and_each_item_keeps_its_score(demo: Server):
    for customer in demo.customers(6):
        best = demo.get(f"customers/{customer}/recommendations", n=100, model="knn", surface="sandbox")[
            "items"
        ]
        score = {one["item"]: one["score"] for one in best}
        for dial in (0.3, 0.9):
            asked = {"n": 10, "model": "knn", "diversity": dial, "surface": "sandbox"}
            shown = demo.get(f"customers/{customer}/recommendations", **asked)["items"]
            assert {one["item"]: one["score"] for one in shown}.items() <= score.items()
            assert [one["rank"] for one in shown] == [*range(1, 11)]


def test_what_may_not_be_shown_is_not_shown(demo: Server):
    customer = demo.customers(5)[4]
    best = listed(demo, customer, n=30, model="knn")
    wide = listed(demo, customer, n=10, model="knn", diversity=1, exclude=best[:20])
    assert not set(wide) & set(best[:20])
    given = best[5:20]
    few = listed(demo, customer, n=30, model="knn", diversity=0.8, candidates=given)
    assert sorted(few) == sorted(given), "fewer than there are places: all of them"
    dear = listed(demo, customer, n=10, diversity=1, where="price>=30")
    assert dear and all(demo.get(f"items/{item}")["price"] >= 30 for item in dear)
    demo.give({"customer": customer, "item": best[0], "event": "purchase"})
    asked = {"model": "knn", "diversity": 1, "candidates": best[:3]}
    assert set(listed(demo, customer, **asked)) == {*best[1:3]}
    assert set(listed(demo, customer, **asked, repeat="true")) == {*best[:3]}


def test_visitors_and_batches_have_the_dial_too(demo: Server):
    history = [{"item": item} for item in demo.items(9)[5:8]]
    asked = [{"history": history, "model": "knn", "diversity": dial, "surface": "sandbox"} for dial in (0, 1)]
    plain, wide = map(items_of, demo.send("POST", "recommendations", {"requests": asked})["answers"])
    assert plain != wide and plain[0] == wide[0]


@pytest.mark.parametrize("value", ["-0.1", "1.01", "nan", "much"])
def test_any_other_value_is_refused(demo: Server, value: str):
    customer = demo.customers(1)[0]
    problem = demo.get(f"customers/{customer}/recommendations", diversity=value, status=422)
    assert "diversity" in str(problem)


def test_the_next_page_is_diverse_and_repeats_nothing(demo: Server):
    customer = demo.customers(7)[6]
    page = demo.get(f"customers/{customer}/recommendations", n=5, model="knn", diversity=0.9)
    following = demo.get(f"recommendations/{page['recommendation_id']}/next")
    assert len({*items_of(page), *items_of(following)}) == 10
    rest = listed(demo, customer, n=5, model="knn", diversity=0.9, exclude=items_of(page))
    assert items_of(following) == rest


def test_a_diverse_list_costs_little(demo: Server):
    customers = demo.customers(40)

    def median(**asked) -> float:  # ms
        times = []
        for customer in customers:
            begun = time.perf_counter()
            listed(demo, customer, model="knn", explain="false", **asked)
            times.append(1000 * (time.perf_counter() - begun))
        return float(np.median(times))

    median(), median(diversity=0.5)  # what is computed once
    plain, diverse = median(), median(diversity=0.5)
    assert diverse < 2 * plain + 20, (plain, diverse)

"A customer of whom only attributes are known gets what is popular with those like them, and is told so"

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from customer360.data.prepare import histories_from_items
from customer360.models.newcomers import (
    customer_groups,
    fit_group_popularity,
    held_out_newcomers,
    is_worth,
    overdispersion,
)
from customer360.serving.types import ContextEvent, RecommendationRequest


def tastes(n: int = 400, told: bool = True) -> tuple[pd.DataFrame, object]:
    "Customers of two countries with tastes of their own, or with none"
    rng = np.random.default_rng(0)
    country = rng.choice(["France", "Italy"], n, p=[0.25, 0.75])
    taste = np.where(country == "France", 0, 10) if told else rng.choice([0, 10], n)
    chosen = [
        np.unique(np.append(base + rng.integers(0, 10, 4), rng.integers(0, 30, 2))).tolist() for base in taste
    ]
    table = pd.DataFrame(
        {"user": [f"c{i}" for i in range(n)], "country": country, "zip": [f"{i:05d}" for i in range(n)]}
    )
    return table, histories_from_items(chosen, 30)


def test_the_histories_stay_as_they_were():
    "They share their memory with everything that is made of them, and entries without evidence are theirs too"
    table, histories = tastes()
    weight = histories.weight.copy()
    weight.data[::3] = 0
    histories = replace(histories, weight=weight)
    before = [array.copy() for array in (histories.weight.data, histories.items, histories.weight.indptr)]
    fit_group_popularity(table, histories)
    for old, now in zip(
        before, (histories.weight.data, histories.items, histories.weight.indptr), strict=True
    ):
        np.testing.assert_array_equal(old, now)


def test_groups_with_tastes_of_their_own_are_told_apart():
    model = fit_group_popularity(*tastes())
    assert model.worth and [one.name for one in model.attributes] == ["country"]
    french = model.of({"country": "France", "zip": "00001"})
    assert french.text == "country France" and set(np.argsort(-french.shares)[:5]) <= set(range(10))
    assert set(np.argsort(-model.popularity)[:5]) <= set(range(10, 20))


@pytest.mark.parametrize(
    "known", [{}, {"country": "Norway"}, {"country": None}, {"zip": "00001"}, {"age": 3}, {"country": 7}]
)
def test_who_is_in_no_group_gets_what_everybody_gets(known):
    assert fit_group_popularity(*tastes()).of(known) is None


def test_attributes_that_tell_nothing_are_not_used():
    table, histories = tastes(told=False)
    held_out = held_out_newcomers(table, histories, nested=True)
    assert (held_out["alike"] - held_out["popular"]).mean() > -0.01
    model = fit_group_popularity(table, histories)
    if not model.worth:
        assert model.of({"country": "France"}) is None


def test_small_groups_are_drawn_towards_everybody():
    table, histories = tastes(2000)
    many = fit_group_popularity(table, histories).of({"country": "France"}).shares
    some = table["country"].eq("Italy") | (table.index < 200)
    few = fit_group_popularity(table[some], histories[np.flatnonzero(some)])
    away = [
        abs(one - model).sum()
        for one, model in ((many, few.popularity), (few.of({"country": "France"}).shares, few.popularity))
    ]
    assert away[1] < away[0]


@pytest.mark.parametrize("rho", [0.01, 0.05, 0.3])
def test_the_estimate_of_the_prior_finds_what_was_drawn(rho):
    rng, s = np.random.default_rng(1), 1 / rho - 1
    sizes, p = rng.integers(50, 2000, 12), rng.uniform(0.05, 0.3, 2000)
    drawn = rng.binomial(sizes[:, None], rng.beta(p * s, (1 - p) * s, (12, 2000)))
    assert overdispersion(drawn, sizes, drawn.sum(0) / sizes.sum()) == pytest.approx(rho, rel=0.15)


def test_held_out_customers_are_judged_once_each_and_by_others_alone():
    table, histories = tastes()
    held_out = held_out_newcomers(table, histories, nested=True)
    assert sorted(held_out["customer"]) == list(range(len(table))) and is_worth(held_out)
    assert not is_worth(held_out_newcomers(table[:3], histories[np.arange(3)]))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (["a"] * 30 + ["b"] * 30 + ["c"] * 5, ("a", "b")),
        ([True] * 30 + [False] * 30, (True, False)),
        ([1, 2, 3] * 20, (1, 2, 3)),
        (list(range(60)), ("0 to 14.75", "14.75 to 29.5", "29.5 to 44.25", "44.25 to 59")),
        (["x"] * 60, None),
        (["", None] * 30, None),
        ([f"id{i}" for i in range(60)], None),
    ],
)
def test_what_makes_a_group(column, values):
    groups = customer_groups(pd.DataFrame({"user": range(len(column)), "name": "x", "about": column}))
    assert [one.values for one in groups] == ([values] if values else [])


# --- in the service


def ask(service, user="", **more):
    return service.recommend(RecommendationRequest(**{"user": user, "model": "knn", "n": 5} | more))


@pytest.fixture
def segments(small_service):
    "The service of a small shop, and the names of its two largest planted groups"
    index = small_service.states.current().model("knn").index
    model = index.newcomers
    vars(index)["newcomers"] = replace(model, worth=True)  # a hundred customers are few to decide by
    (groups, *_) = model.attributes
    return small_service, groups.name, groups.values[:2]


def test_a_visitor_with_attributes(segments):
    service, name, values = segments
    lists = [ask(service, attributes={name: value}) for value in values]
    for response, value in zip(lists, values, strict=True):
        assert response.cold_start and len(response.items) == 5
        for item in response.items:
            (reason,) = item.reasons
            assert reason.kind == "popularity" and reason.group == f"{name} {value}"
    plain = ask(service)
    assert all(item.reasons[0].group is None for item in plain.items)
    long = [[item.item for item in ask(service, attributes={name: value}, n=40).items] for value in values]
    assert long[0] != long[1]


def test_a_customer_with_attributes_and_nothing_else(segments):
    service, name, values = segments
    service.put_customer("new-one", {name: values[0]})
    found = ask(service, "new-one")
    assert {item.reasons[0].group for item in found.items} == {f"{name} {values[0]}"}
    assert [item.item for item in found.items] == [
        item.item for item in ask(service, attributes={name: values[0]}).items
    ]
    told = ask(service, "new-one", history=(ContextEvent(item=found.items[0].item),))
    assert not told.cold_start and all(reason.group is None for item in told.items for reason in item.reasons)


def test_the_filters_of_a_list_hold_for_newcomers_too(segments):
    service, name, values = segments
    first = ask(service, attributes={name: values[0]})
    without = ask(service, attributes={name: values[0]}, exclude=(first.items[0].item,))
    assert [item.item for item in without.items][:4] == [item.item for item in first.items][1:]
    wanted = tuple(item.item for item in first.items[2:4])
    assert [one.item for one in ask(service, attributes={name: values[0]}, candidates=wanted).items] == list(
        wanted
    )
    category = first.items[0].category
    assert {one.category for one in ask(service, attributes={name: values[0]}, category=category).items} == {
        category
    }
    n = service.recommend(RecommendationRequest(model="popularity", n=5, attributes={name: values[0]}))
    assert all(item.reasons[0].group is None for item in n.items), "whoever names popularity gets popularity"


def test_where_it_is_not_worth_it_everybody_gets_what_is_popular(segments):
    service, name, values = segments
    index = service.states.current().model("knn").index
    vars(index)["newcomers"] = replace(index.newcomers, worth=False)
    assert [i.item for i in ask(service, attributes={name: values[0]}).items] == [
        i.item for i in ask(service).items
    ]

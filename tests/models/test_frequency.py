"Personal frequency: the customer's own items by evidence and recency, then the popular ones; planned where items come again"

from dataclasses import replace

import numpy as np
import pytest

from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.data.splits import global_time
from customer360.evaluation.breakdown import by_repeat
from customer360.evaluation.planning import plan_jobs
from customer360.models.baselines import PersonalFrequency, Popularity
from customer360.models.conformance import check_recommender
from customer360.models.holdout import rank_held_out


@pytest.fixture(scope="module")
def shop():
    return dataset(simulate(seed=3, n_customers=200, n_items=90, days=200).tables)


def test_it_keeps_the_contract():
    assert check_recommender(PersonalFrequency())["planted item first"] == "not asked"


def test_own_items_come_first_by_evidence_then_by_time(shop):
    model, past = PersonalFrequency().fit(shop), shop.histories
    lists = model.recommend(np.arange(shop.n_users), shop.n_items, exclude_seen=False).codes
    popular = Popularity().fit(shop).recommend([-1], shop.n_items).codes[0].tolist()
    for user in range(0, shop.n_users, 7):
        own = past[[user]]
        had = [
            item
            for _, _, item in sorted(
                (-weight, -when, item)
                for weight, when, item in zip(own.weight.data, own.timestamp, own.items, strict=True)
                if weight > 0
            )
        ]
        rest = [item for item in popular if item not in set(had)]
        ties = len(set(zip(own.weight.data, own.timestamp, strict=True))) < len(own.items)
        assert ties or lists[user].tolist() == had + rest


def test_it_is_ahead_where_customers_had_the_item_before(shop):
    split = global_time(shop)
    found = {
        model.key: by_repeat(rank_held_out(model.fit(split.train), split, repeats=True), split)
        .groupby("part")["recall@10"]
        .mean()
        for model in (PersonalFrequency(), Popularity())
    }
    assert found["frequency"]["choice=repeat"] > 2 * found["popularity"]["choice=repeat"]
    assert found["frequency"]["choice=new"] <= found["popularity"]["choice=new"]


@pytest.mark.parametrize("repeats", [True, False])
def test_it_is_planned_only_where_repeats_are_judged(shop, repeats):
    data = replace(shop, facts=replace(shop.facts, repeats=repeats))
    jobs, _ = plan_jobs(data, ["popularity", "frequency"], "all")
    splits = {job.split for job in jobs if job.model == "frequency"}
    assert splits == ({"global_time", "leave_last_out"} if repeats else set())

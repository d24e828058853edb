"A published test on which what a customer had before may be recommended, and counts"

from dataclasses import replace

import pytest

from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.peers import runs
from customer360.peers.published_tests import PublishedTest, participants

AGAIN = PublishedTest("demo", "global_time-repeats", ("ranking",), (None,), "A small shop.", True)


@pytest.fixture(scope="module")
def shop():
    return dataset(simulate(seed=0, n_customers=150, n_items=60, days=200).tables)


def test_the_same_cut_is_judged_with_repeats(shop, tmp_path):
    data = replace(shop, facts=replace(shop.facts, repeats=True))
    found = {}
    for key in ("frequency", "popularity", "sar"):
        task = runs.BenchmarkTask(AGAIN, key, "an example", budget=runs.Budget(1, 0.0))
        assert list(runs.run_task(task, data, tmp_path)) == [None]
        (result,) = runs.load_results_of(task, tmp_path)
        assert (result.split, result.model) == ("global_time-repeats", key)
        found[key] = result.customers["recall@10"].mean()
    once = replace(AGAIN, split="global_time")
    assert AGAIN.make(data, None).test.equals(once.make(data, None).test)
    assert found["frequency"] > 1.5 * found["popularity"]


def test_who_takes_part():
    keys = ["popularity", "frequency"]
    assert participants(AGAIN, keys) == keys
    assert participants(replace(AGAIN, split="global_time"), keys) == ["popularity"]


def test_data_without_repeats_do_not_allow_it(shop):
    data = replace(shop, facts=replace(shop.facts, repeats=False))
    with pytest.raises(ValueError, match="does not say that customers come back to the same items"):
        AGAIN.make(data, None)

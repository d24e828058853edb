"How newcomers are served stands in the report with intervals, where customers have attributes"

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.evaluation.newcomer_figures import newcomer_figures
from customer360.evaluation.report_questions import newcomer_section

SHOP = simulate(seed=0, n_customers=300, n_items=120, days=200).tables


@pytest.fixture(scope="module")
def figures() -> dict:
    return newcomer_figures(SHOP, dataset(SHOP))


def test_held_out_customers_who_follow_their_segment_are_served_better(figures):
    assert figures["worth"] and figures["used"] == 1 and "segment" in figures["attributes"]
    assert 0 < figures["difference"]["low"] < figures["difference"]["value"] < figures["difference"]["high"]
    difference = figures["alike"]["value"] - figures["popular"]["value"]
    assert difference == pytest.approx(figures["difference"]["value"])


@pytest.mark.parametrize("worth", [True, False])
def test_the_report_says_what_was_measured_and_what_is_in_use(worth, figures):
    told = figures | {"worth": worth}
    (section,) = newcomer_section(SimpleNamespace(told=lambda *path: told))
    text = str(section.blocks)
    assert f"{told['alike']['value']:.3f}" in text and "95 % intervals" in text and "segment (" in text
    assert ("get what is popular among those like them" in text) is worth


def test_nothing_is_said_where_nothing_is_known(figures):
    assert newcomer_section(SimpleNamespace(told=lambda *path: None)) == []
    assert newcomer_section(SimpleNamespace(told=lambda *path: figures | {"n": 3})) == []


def test_shuffled_attributes_are_not_taken_for_knowledge():
    "The decision is made inside train, so what is measured on the held-out customers is not the luckier of two"
    table = SHOP.customers.sample(frac=1, random_state=0).reset_index(drop=True)
    rng, found = np.random.default_rng(0), []
    for _ in range(3):
        mixed = SHOP.customers.assign(
            **{name: rng.permutation(table[name]) for name in table if name != "user"}
        )
        found.append(newcomer_figures(SHOP.__class__(**{**vars(SHOP), "customers": mixed}), dataset(SHOP)))
    differences = pd.Series([one["difference"]["value"] for one in found if one])
    assert (differences.abs() < 0.01).all()

"Sentences of a report in which a figure would say nothing"

import pandas as pd
import pytest

from customer360.evaluation.evidence import Evidence, gather, planted_results
from customer360.evaluation.findings import find
from customer360.evaluation.report_questions import few_candidates
from customer360.evaluation.sentences import gap_text, p_text, sentence


def evidence(run: dict | None = None, **values: float) -> Evidence:
    "Return evidence with one figure for each model"
    rows = [
        {
            "split": "ratio75_item", "split_seed": "mean", "segment": "all", "model": model, "metric": "ndcg", "k": 10,
            "value": value, "low": value - 0.01, "high": value + 0.01, "n_customers": 50, "n_seeds": 3,
        }
        for model, value in values.items()
    ]  # fmt: skip
    return Evidence([], pd.DataFrame(rows).astype({"k": "Int64"}) if rows else pd.DataFrame(), {}, run or {})


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "p < .001"),
        (0.0004, "p < .001"),
        (0.00099, "p < .001"),
        (0.001, "p = 0.001"),
        (0.049, "p = 0.049"),
        (1.0, "p = 1.000"),
    ],
)
def test_a_p_value_is_never_nothing(p, text):
    assert p_text(p) == text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (0.00049, "less than 0.001"),
        (0.0, "less than 0.001"),
        (0.001, "0.001"),
        (0.034, "0.034"),
        (-0.02, "0.020"),
    ],
)
def test_a_difference_that_was_found_is_never_nothing(gap, text):
    assert gap_text(gap) == text


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        ([10], "holds all of them"),
        ([4, 400], "holds all of them"),
        ([18], "half or more"),
        ([21], ""),
        ([None], ""),
        ([], ""),
    ],
)
def test_a_list_of_ten_among_ten_candidates_carries_a_remark(candidates, words):
    said = " ".join(few_candidates(evidence({"splits": [{"candidates": n} for n in candidates]})))
    assert words in said and bool(said) == bool(words)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (
            ["ncf", "hybrid"],
            "A first look: ncf and the hybrid are still at work and will join this page in about 18 min.",
        ),
        (["ncf"], "A first look: ncf is still at work and will join this page in about 18 min."),
    ],
)
def test_a_first_look_says_who_is_still_at_work(models, words):
    e = gather(planted_results({"ease": 0.3}, n=20), {"at_work": {"models": models, "seconds": 1100}}, {})
    f = find(e)
    assert sentence("at_work", f, f=f).startswith(words)

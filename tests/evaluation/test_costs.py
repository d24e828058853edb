"What a run is estimated to cost, held against what it costs: on two sizes of data, in seconds of the processor"

import time

import numpy as np
import pandas as pd
import pytest
from command import c360, purchases

from customer360.config import limit_threads
from customer360.data.prepare import Dataset, dataset
from customer360.data.splits import make_split
from customer360.evaluation.costs import (
    Size,
    available_memory,
    estimate_run,
    evaluation_seconds,
    first_models,
    fit_seconds,
    model_bytes,
    parse_memory,
    size_of,
    too_large,
)
from customer360.evaluation.pipeline import Job
from customer360.evaluation.protocol import evaluate, measure_cost
from customer360.models.catalogue import MODELS, PARTS, make_model
from customer360.schema import Facts, Tables, interactions

FACTOR = 3.0


def shop(rows: int, customers: int, items: int) -> Dataset:
    "A data set of this size in which customers have a taste"
    rng = np.random.default_rng(0)
    taste, kind = rng.integers(0, 20, customers), rng.integers(0, 20, items)
    share = 1 / (np.arange(items) + 10) ** 0.8
    pairs = pd.DataFrame(
        {
            "user": rng.integers(0, customers, int(rows * 1.3)),
            "item": rng.choice(items, int(rows * 1.3), p=share / share.sum()),
        }
    )
    pairs = pairs.drop_duplicates().head(rows)
    liked = taste[pairs["user"]] == kind[pairs["item"]]
    rating = np.clip(3 + liked + rng.normal(0, 1, len(pairs)), 1, 5).round()
    times = 1_500_000_000 + rng.integers(0, 10**8, len(pairs))
    users, names = [f"c{u}" for u in pairs["user"]], [f"p{i}" for i in pairs["item"]]
    table = interactions(users, names, "rating", rating.tolist(), times.tolist())
    texts = [" ".join(f"w{word + 100 * kind[i]}" for word in rng.integers(0, 300, 12)) for i in range(items)]
    catalogue = pd.DataFrame({"item": [f"p{i}" for i in range(items)], "text": texts})
    people = pd.DataFrame({"user": [f"c{u}" for u in range(customers)]})
    return dataset(Tables(Facts("sized", scale=(1, 5)), table, catalogue, people))


@pytest.fixture(
    scope="module", params=[(30_000, 800, 1_500), (150_000, 3_000, 4_000)], ids=["small", "larger"]
)
def sized(request) -> Dataset:
    limit_threads()
    return shop(*request.param)


@pytest.mark.long
@pytest.mark.parametrize("model", ["svd", "ease", "tfidf", "bayes", "near", "knn", "popularity", "ncf"])
def test_the_estimates_hold_within_a_factor(sized, model):
    split, size = make_split(sized, "ratio75_item", 101), size_of(sized)
    fitted = make_model(model)
    with measure_cost() as cost:
        begun = time.process_time()
        fitted.fit(split.train)
        fit = time.process_time() - begun
        evaluate(fitted, split)
        evaluation = time.process_time() - begun - fit
    both = fit + evaluation, fit_seconds(model, size) + evaluation_seconds(model, split.name, size)
    assert min(both) * FACTOR > max(both) or max(both) < 1, f"seconds, measured and estimated: {both}"
    memory = cost.figures["peak_memory"], model_bytes(model, size)
    assert min(memory) * FACTOR > max(memory), f"bytes, measured and estimated: {memory}"


# Sizes that people came with, what all models took on two cores, and the most memory
REPORTED = [
    (65_000, 600, 4_000, 25, 2.5),
    (75_000, 2_000, 4_000, 18, 2.2),
    (45_000, 2_500, 10_000, 14, 2.0),
    (98_000, 15_000, 300, 7, 1.4),
]


@pytest.mark.parametrize(("rows", "customers", "items", "minutes", "gib"), REPORTED)
def test_the_estimates_fit_what_people_reported(rows, customers, items, minutes, gib):
    splits = [("ratio75_item", 101), ("ratio75_item", 102), ("ratio75_item", 103), ("global_time", None)]
    jobs = [Job(split, seed, model) for model in MODELS for split, seed in splits]
    costs = estimate_run(jobs, Size(rows, customers, items))
    assert minutes / FACTOR < sum(cost.seconds for cost in costs) / 60 < minutes * FACTOR
    assert gib / FACTOR < max(cost.memory for cost in costs) / 2**30 < gib * FACTOR
    first = first_models(costs)
    assert "popularity" in first and len(first) >= 4 and not set(first) & {"ncf", *PARTS}
    assert sum(cost.seconds for cost in costs if cost.model in first) < 200


def test_what_does_not_fit_is_known_before():
    jobs = [Job("ratio75_item", 101, model) for model in ("popularity", "ease", "near", "knn")]
    costs = estimate_run(jobs, Size(2_000_000, 200_000, 92_000))
    assert set(too_large(costs, 16 * 2**30)) == {"ease", "near"}
    assert set(too_large(costs, 10**15)) == set()
    assert 0 < available_memory() < 10**15


def test_a_million_rows_in_four_gibibytes():
    costs = estimate_run(
        [Job("ratio75_item", 101, model) for model in MODELS], Size(1_000_000, 50_000, 10_000)
    )
    left_out = too_large(costs, 4 * 2**30)
    assert {"popularity", "ease", "knn", "svd", "ncf"}.isdisjoint(left_out)


@pytest.mark.parametrize("text", ["4", "four", "-1G", "0G", "4K", "G"])
def test_an_amount_of_memory_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="an amount of memory is given as 500M or 4G"):
        parse_memory(text)


@pytest.mark.slow
def test_what_would_not_fit_is_left_out_and_named_and_runs_if_it_is_named(tmp_path):
    purchases(800).to_csv(tmp_path / "my.csv", index=False)
    file = ["--interactions", tmp_path / "my.csv", "--user", "who", "--item", "what", "--timestamp", "ts"]
    tight = ["--memory", "100M"]
    refused = c360(tmp_path, "report", *file, "--models", "popularity", "--memory", "much")
    assert refused.returncode == 1 and "an amount of memory is given as 500M or 4G" in refused.stderr
    none = c360(tmp_path, "report", *file, "--models", "all", *tight)
    assert none.returncode == 1 and "popularity is left out: it would take about 0." in none.stderr
    assert "there is no report, because no model could be evaluated" in none.stderr
    named = c360(tmp_path, "report", *file, "--models", "ease", *tight)
    assert named.returncode == 0, named.stderr
    assert "ease runs because it was named, but it would take about" in named.stderr

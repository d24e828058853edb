"The statistics of the leaderboard: bad input, determinism, order, and what they cost."

import time
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from memory import forget_peak, peak_memory

from customer360.evaluation.leaderboard import (
    LEADERBOARD_COLUMNS,
    build_leaderboard,
    read_leaderboard,
    write_leaderboard,
)
from customer360.evaluation.significance import compare_models
from customer360.evaluation.stats import bootstrap_counts, bootstrap_interval


class Result(NamedTuple):
    split: str
    split_seed: str
    model: str
    model_seed: int
    customers: pd.DataFrame
    overall: dict[str, float]


def result(
    model="knn",
    split="s",
    split_seed="",
    model_seed=0,
    n=40,
    seed=0,
    ratings=True,
    metrics=("precision@10", "ndcg@10"),
    **overall,
) -> Result:
    random = np.random.default_rng([seed, n])
    frame = pd.DataFrame(
        {"user": [f"u{i}" for i in range(n)]} | {metric: random.random(n) for metric in metrics}
    )
    frame["segment:activity"] = np.array(["1–5", "6–20", "21–100", ">100"])[np.arange(n) % 4]
    if ratings:
        frame["n_ratings"] = random.integers(1, 9, n)
        frame["squared_error"] = random.chisquare(frame["n_ratings"])
        frame["absolute_error"] = random.chisquare(frame["n_ratings"])
    return Result(split, split_seed, model, model_seed, frame, overall)


def row(board: pd.DataFrame, **where) -> pd.Series:
    found = board.loc[np.logical_and.reduce([board[column] == value for column, value in where.items()])]
    assert len(found) == 1, found
    return found.iloc[0]


def test_columns_and_order():
    board = build_leaderboard([
        result("mine", seed=1), result("hybrid-ncf", seed=2), result("hybrid", seed=3), result("knn", **{"coverage@10": 0.5, "fit_seconds": 1.0}),
        result("knn", split="a", split_seed="10"), result("knn", split="a", split_seed="9"),
    ])  # fmt: skip
    assert tuple(board.columns) == LEADERBOARD_COLUMNS
    assert list(board["split"].unique()) == ["a", "s"]
    assert list(board.query("split == 'a'")["split_seed"].unique()) == ["mean", "9", "10"]
    assert list(board["segment"].unique()) == [
        "all",
        "activity=1–5",
        "activity=6–20",
        "activity=21–100",
        "activity=>100",
    ]
    assert list(board.query("split == 's'")["model"].unique()) == ["knn", "hybrid", "hybrid-ncf", "mine"]
    alone = board.query("split == 's' and split_seed == 'mean' and segment == 'all' and model == 'knn'")
    assert list(alone["metric"]) == ["rmse", "mae", "precision", "ndcg", "coverage", "fit_seconds"]
    assert alone["k"].isna().tolist() == [True, True, False, False, False, True]
    assert alone["low"].isna().tolist() == [False] * 4 + [True] * 2


def test_order_of_results_does_not_matter_and_bytes_repeat(tmp_path):
    results = [
        result(model, split_seed=seed, seed=hash_)
        for hash_, (model, seed) in enumerate((m, s) for m in ("knn", "svd", "x") for s in ("101", "102"))
    ]
    first = write_leaderboard(build_leaderboard(results), tmp_path / "a.csv")
    second = write_leaderboard(build_leaderboard(results[::-1]), tmp_path / "b.csv")
    assert first.read_bytes() == second.read_bytes()
    assert write_leaderboard(read_leaderboard(first), tmp_path / "c.csv").read_bytes() == first.read_bytes()
    pd.testing.assert_frame_equal(compare_models(results), compare_models(results))
    assert build_leaderboard(results, seed=1)["low"].ne(build_leaderboard(results)["low"]).any()


def test_mean_row_is_the_mean_of_the_shuffles_and_leaves_the_published_one_out():
    results = [result(split="ratio75_item", split_seed=s, seed=int(s)) for s in ("42", "101", "102", "103")]
    board = build_leaderboard(results).query("metric == 'rmse' and segment == 'all'").set_index("split_seed")
    assert board.loc["mean", "value"] == pytest.approx(
        board.loc[["101", "102", "103"], "value"].mean(), rel=1e-5
    )
    assert board.loc["mean", "n_seeds"] == 3
    assert board.loc["mean", "low"] < board.loc["mean", "value"] < board.loc["mean", "high"]


def test_same_customers_in_every_shuffle_do_not_shrink_the_interval():
    same = [result(split_seed=s, seed=0) for s in ("1", "2", "3")]  # three times the very same figures
    board = build_leaderboard(same).query("metric == 'ndcg' and segment == 'all'").set_index("split_seed")
    assert (
        board.loc["mean", ["value", "low", "high"]].tolist()
        == board.loc["1", ["value", "low", "high"]].tolist()
    )


def test_model_seeds_are_averaged_per_customer():
    board = build_leaderboard([result(model_seed=0, seed=0), result(model_seed=1, seed=1)])
    expected = [result(seed=seed).customers["ndcg@10"].mean() for seed in (0, 1)]
    found = row(board, split_seed="", segment="all", metric="ndcg")
    assert found["value"] == pytest.approx(np.mean(expected), rel=1e-5) and found["n_seeds"] == 2


def test_no_results():
    with pytest.raises(ValueError, match="no results"):
        build_leaderboard([])
    with pytest.raises(ValueError, match="no results"):
        compare_models([])


def test_a_result_given_twice_or_a_customer_twice():
    with pytest.raises(ValueError, match="is given twice"):
        build_leaderboard([result(), result()])
    one = result()
    with pytest.raises(ValueError, match="duplicate customer 'u0' in the result"):
        build_leaderboard([one._replace(customers=pd.concat([one.customers, one.customers.iloc[:1]]))])
    with pytest.raises(ValueError, match="lack the column 'user'"):
        build_leaderboard([one._replace(customers=one.customers.drop(columns="user"))])


def test_all_nan_metric_is_a_blank_and_not_a_zero():
    blank = result()
    blank = blank._replace(customers=blank.customers.assign(**{"ndcg@10": np.nan}))
    found = row(build_leaderboard([blank]), split_seed="mean", segment="all", metric="ndcg")
    assert found[["value", "low", "high"]].isna().all() and found["n_customers"] == 0
    assert len(compare_models([blank, result("svd", seed=1)])) == 0


def test_data_without_ratings_has_a_blank_rmse():
    board = build_leaderboard([result(ratings=False)])
    found = row(board, split_seed="mean", segment="all", metric="rmse")
    assert pd.isna(found["value"]) and found["n_customers"] == 0
    assert len(compare_models([result(ratings=False), result("svd", ratings=False)], "rmse")) == 0


def test_a_nan_customer_leaves_the_average():
    some = result(n=4)
    some = some._replace(customers=some.customers.assign(**{"ndcg@10": [0.2, np.nan, 0.4, np.nan]}))
    found = row(build_leaderboard([some]), split_seed="mean", segment="all", metric="ndcg")
    assert found["value"] == pytest.approx(0.3) and found["n_customers"] == 2


def test_one_customer_has_no_interval():
    found = row(build_leaderboard([result(n=1)]), split_seed="mean", segment="all", metric="ndcg")
    assert not pd.isna(found["value"]) and pd.isna(found["low"]) and pd.isna(found["high"])
    only = compare_models([result(n=1), result("svd", n=1, seed=3)]).iloc[0]
    assert only["p"] == 1 and not only["better"] and pd.isna(only["low"]) and pd.isna(only["detectable"])


def test_customers_missing_in_one_seed():
    full, part = result(split_seed="1"), result(split_seed="2")
    part = part._replace(customers=part.customers.iloc[:10])
    board = build_leaderboard([full, part])
    both = board.query("segment == 'all' and metric == 'ndcg'").set_index("split_seed")
    assert both.loc["2", "value"] == pytest.approx(part.customers["ndcg@10"].mean(), rel=1e-5)
    assert both.loc["mean", "value"] == pytest.approx(
        (both.loc["1", "value"] + both.loc["2", "value"]) / 2, rel=1e-5
    )
    assert both.loc["2", "high"] - both.loc["2", "low"] > both.loc["1", "high"] - both.loc["1", "low"]


def test_customers_that_one_model_lacks_leave_the_comparison():
    knn, svd = result("knn"), result("svd", seed=1)
    svd = svd._replace(customers=svd.customers.iloc[:30])
    shared = knn.customers["ndcg@10"][:30].mean() - svd.customers["ndcg@10"].mean()
    assert abs(compare_models([knn, svd])["difference"].iloc[0]) == pytest.approx(abs(shared))


def test_comparisons_need_the_same_shuffles_and_the_same_test():
    with pytest.raises(ValueError, match=r"no result of \['svd'\] on split seed '2'"):
        compare_models([result(split_seed="1"), result(split_seed="2"), result("svd", split_seed="1")])
    more = result("svd")
    more = more._replace(customers=more.customers.assign(n_ratings=99))
    with pytest.raises(ValueError, match="different numbers of ratings"):
        compare_models([result(), more], "rmse")
    with pytest.raises(ValueError, match="several splits"):
        compare_models([result(), result(split="t")])


def test_equal_models_do_not_differ_and_lower_rmse_wins():
    twin = compare_models([result("knn"), result("svd")]).iloc[0]
    assert twin["difference"] == 0 and twin["p"] == 1 and not twin["better"]
    worse = result("svd")
    worse = worse._replace(
        customers=worse.customers.assign(squared_error=worse.customers["squared_error"] * 2)
    )
    best = compare_models([worse, result("knn")], "rmse").iloc[0]
    assert (best["model"], best["better"]) == ("knn", True) and best["difference"] < 0 and best["high"] < 0
    against = compare_models([worse, result("knn")], "rmse", against="knn").iloc[0]
    assert (
        against["model"] == "svd"
        and not against["better"]
        and against["p_holm"] < 0.05
        and against["difference"] > 0
    )


def test_interval_of_a_mean_is_about_the_normal_one():
    values = np.random.default_rng(0).normal(size=(500, 1))
    low, high = bootstrap_interval(values, np.ones((500, 1)), bootstrap_counts(500))
    half = 1.96 * values.std(ddof=1) / np.sqrt(500)
    assert low[0] == pytest.approx(values.mean() - half, abs=0.012) and high[0] == pytest.approx(
        values.mean() + half, abs=0.012
    )


def test_a_large_leaderboard_is_quick_and_small():
    "6,040 customers, 10 models, 30 metrics, 2,000 draws; bounds are far from what it takes, to catch a change of order"
    metrics = [
        f"{name}@{k}"
        for name in ("precision", "recall", "ndcg", "map", "mrr", "hit_rate")
        for k in (1, 3, 5, 10, 20)
    ][:28]
    results = [result(f"m{i}", n=6040, seed=i, metrics=metrics) for i in range(10)]
    forget_peak()
    before, start = peak_memory(), time.process_time()
    board = build_leaderboard(results)
    took, grown = time.process_time() - start, (peak_memory() - before) >> 20
    assert len(board) == 2 * 5 * 10 * 30
    assert took < 60 and grown < 500, f"{took:.1f} s of CPU, {grown} MiB more"

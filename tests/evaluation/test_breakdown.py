"Rare items and short histories: hand-computed parts, who is judged, and what the report says of a hybrid and its components"

import numpy as np
import pandas as pd
import pytest

from customer360.data.prepare import dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import global_time, ratio75_item
from customer360.evaluation.breakdown import SHORT_HISTORIES, by_history, by_item_count, by_repeat
from customer360.evaluation.protocol import Result, evaluate
from customer360.evaluation.report import write_report
from customer360.models.baselines import EASE, Popularity
from customer360.models.holdout import rank_held_out

SKILL = {
    "hybrid": {"history=1": 0.2, "history=whole": 0.5, "item=1–5": 0.3},
    "knn": {"history=1": 0.4, "history=whole": 0.3, "item=1–5": 0.3},
    "popularity": {"history=1": 0.1, "history=whole": 0.1, "item=1–5": 0.0},
}


@pytest.fixture(scope="module")
def shop():
    return dataset(simulate(seed=1, n_customers=300, n_items=120, days=200).tables)


def test_parts_of_items_add_up_to_the_whole(shop):
    split = ratio75_item(shop, 101)
    lists = rank_held_out(EASE(choose=False).fit(split.train), split)
    owners = np.bincount(split.train.histories.items, split.train.histories.weight.data > 0, shop.n_items)
    band = {"never": (0, 0), "1–5": (1, 5), "6–20": (6, 20), ">20": (21, np.inf)}
    rows = by_item_count(lists, split)
    pairs = split.relevant()
    for part, own in rows.groupby("part"):
        low, high = band[str(part).partition("=")[2]]
        inside = (owners >= low) & (owners <= high)
        for row in own.head(20).itertuples(index=False):
            at = np.searchsorted(lists.users, row.user)
            wanted = {item for item in pairs.loc[pairs["user"] == row.user, "item"] if inside[item]}
            assert row[2] == pytest.approx(len(wanted & set(lists.codes[at])) / len(wanted))


def test_repeats_and_new_choices_are_all_that_is_relevant(shop):
    split = global_time(shop)
    rows = by_repeat(rank_held_out(Popularity().fit(split.train), split, repeats=True), split)
    new, everything = split.relevant()["user"].nunique(), split.relevant(repeats=True)["user"].nunique()
    assert (rows["part"] == "choice=new").sum() == new and rows["user"].nunique() == everything


def test_a_short_history_is_all_that_the_model_is_told(shop):
    split, told = ratio75_item(shop, 101), []

    class Listening(Popularity):
        key = "listening"

        def _score(self, histories, users):
            told.append((np.diff(histories.weight.indptr), set(users.tolist())))
            return super()._score(histories, users)

    model = Listening().fit(split.train)
    told.clear()
    rows = by_history(model, split, most=40)
    lengths, users = zip(*told, strict=True)
    assert [set(n.tolist()) for n in lengths[:3]] == [{n} for n in SHORT_HISTORIES]
    assert lengths[3].min() >= max(SHORT_HISTORIES) and set().union(*users) == {-1}
    assert rows.groupby("part")["user"].nunique().tolist() == [40] * 4
    del Popularity.classes["listening"]


def test_newest_entries_by_time_and_without_what_was_dismissed():
    past = histories_from_items([[3, 1, 2], [0]], 4)
    when = np.argsort(np.argsort([5, 9, 7, 1]))  # of the entries, by row and item
    past = type(past)(past.weight, past.rating, np.int64(when), past.seen)
    assert past.newest(1)[np.array([0])].items.tolist() == [2] and past.newest(2).weight.nnz == 3


def planted(model: str, seed: str) -> Result:
    random, users = np.random.default_rng([len(model), int(seed)]), [f"u{i:03d}" for i in range(120)]
    values = {part: (true + random.normal(0, 0.1, 120)).clip(0, 1) for part, true in SKILL[model].items()}
    rows = [
        pd.DataFrame({"user": users, "part": part, "recall@10": x, "ndcg@10": x})
        for part, x in values.items()
    ]
    whole = values["history=whole"]
    frame = pd.DataFrame({"user": users, "ndcg@10": whole, "precision@10": whole, "recall@10": whole})
    return Result("ratio75_item", seed, model, 0, frame, {}, None, pd.concat(rows))


def test_the_report_says_where_a_hybrid_is_worse_than_a_component(tmp_path):
    results = [planted(model, seed) for model in SKILL for seed in ("101", "102")]
    params = {"components": {"knn": {"key": "knn"}}}
    run = {"models": {"hybrid": {"label": "Hybrid", "params": params}}}
    page = write_report(tmp_path, results, run, {"knn": "User kNN"}).read_text(encoding="utf-8")
    assert "Hybrid is significantly worse than a component in 1 of 3 parts" in page
    assert "customers of whom the last item is known (User kNN)" in page
    assert "better than the best of them for customers with their whole history." in page
    board = pd.read_csv(tmp_path / "breakdown.csv")
    assert set(board["segment"]) == set(SKILL["knn"]) and set(board["metric"]) == {"ndcg", "recall"}
    tests = pd.read_csv(tmp_path / "breakdown_significance.csv")
    assert tests.set_index("segment")["worse"].to_dict() == {
        "history=1": True, "history=whole": False, "item=1–5": False,
    }  # fmt: skip
    assert (tmp_path / "figures/short-histories.png").is_file()


def test_without_a_breakdown_there_is_no_section(tmp_path):
    results = [planted(model, "101")._replace(breakdown=None) for model in SKILL]
    page = write_report(tmp_path, results, {}, {}).read_text(encoding="utf-8")
    assert 'id="breakdown"' not in page and not (tmp_path / "breakdown.csv").exists()


def test_a_result_keeps_its_breakdown(shop, tmp_path):
    split = ratio75_item(shop, 101)
    result = evaluate(Popularity().fit(split.train), split, short_histories=True)
    result.save(tmp_path)
    pd.testing.assert_frame_equal(Result.load(tmp_path).breakdown, result.breakdown)
    assert set(result.breakdown["user"]) <= set(result.customers["user"])

"Lists and ratings of another system are judged by the same protocol as ours; ours, read back as theirs, give our figures"

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from command import c360, card, once, sentence, well

from customer360.config import settings
from customer360.data.prepare import Dataset, dataset
from customer360.data.simulate import simulate
from customer360.data.splits import Split, make_split
from customer360.evaluation.leaderboard import build_leaderboard
from customer360.evaluation.page_parts import Listed
from customer360.evaluation.pipeline import (
    Source,
    evaluate_stage,
    ingest_stage,
    load_results,
    open_snapshot,
    train_stage,
)
from customer360.evaluation.planning import plan_jobs
from customer360.evaluation.protocol import evaluate
from customer360.evaluation.ready_files import ReadyFileError, check_ready, open_ready
from customer360.evaluation.ready_lists import account_of, add_ready, parse_ready, ready_specs, ready_splits
from customer360.evaluation.report_account import ready_section
from customer360.metrics import RANKING_METRICS
from customer360.models.baselines import Popularity
from customer360.models.contract import Recommender
from customer360.models.knn import UserKNN
from customer360.schema import Facts, Tables, interactions


@pytest.fixture(autouse=True)
def _leaves_the_models_as_they_were():
    before = dict(Recommender.classes)
    yield
    Recommender.classes.clear()
    Recommender.classes.update(before)


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return dataset(simulate(0, 150, 80, 200).tables)


def lists_of(
    model: Recommender, split: Split, n: int = 20, candidates: np.ndarray | None = None
) -> pd.DataFrame:
    "The lists of a model as a file has them"
    users = np.unique(split.test["user"].to_numpy())
    codes = model.recommend(users, n, candidates=candidates).codes
    row, place = np.nonzero(codes >= 0)
    return pd.DataFrame(
        {
            "user": split.train.users.decode(users[row]),
            "item": split.train.items.decode(codes[row, place]),
            "rank": place + 1,
        }
    )


def ratings_of(model: Recommender, split: Split) -> pd.DataFrame:
    rated = split.test[split.test["rating"].notna()]
    return pd.DataFrame(
        {
            "user": split.train.users.decode(rated["user"]),
            "item": split.train.items.decode(rated["item"]),
            "rating": model.predict(rated["user"].to_numpy(), rated["item"].to_numpy()),
        }
    )


def theirs_on(
    split: Split, lists: pd.DataFrame | None, path: Path, ratings: pd.DataFrame | None = None
) -> Recommender:
    "The model that answers from files with these rows"
    given = {}
    for role, frame in (("recommendations", lists), ("predictions", ratings)):
        if frame is not None:
            frame.to_csv(path / f"{role}.csv", index=False)
            given[role] = [f"{path / role}.csv:theirs"]
    [spec] = ready_specs(**given)
    cls = add_ready(spec)
    return cls(**cls.params_on(split.name, split.seed)).fit(split.train)


@pytest.mark.parametrize("name", ["ratio75_item", "global_time", "leave_last_out", "cold_items"])
def test_our_lists_read_back_give_our_figures(shop, tmp_path, name):
    split = make_split(shop, name)
    knn = UserKNN().fit(split.train)
    if name == "cold_items":  # nobody knows these items: the order within ties is of our drawing
        knn = theirs_on(
            split, lists_of(Popularity().fit(split.train), split, candidates=split.candidates), tmp_path
        )
    lists = lists_of(knn, split, candidates=split.candidates)
    rated = None if name == "cold_items" else ratings_of(knn, split)
    theirs = theirs_on(split, lists.sample(frac=1, random_state=0), tmp_path, rated)
    ours, read = evaluate(knn, split), evaluate(theirs, split)
    pd.testing.assert_frame_equal(read.customers, ours.customers)
    figures = {key: value for key, value in ours.overall.items() if key != "users_per_second"}
    assert read.overall == pytest.approx(figures)
    assert read.calibration is None or read.calibration.equals(ours.calibration)
    assert ours.customers["ndcg@10"].mean() > 0


def judged(split: Split, lists: pd.DataFrame, path: Path) -> tuple[pd.Series, dict[str, int], Recommender]:
    model = theirs_on(split, lists, path)
    table = evaluate(model, split).customers.set_index("user")
    return (
        table["ndcg@10"].dropna(),
        account_of(model, split),
        model,
    )  # without customers who chose nothing new


@pytest.fixture(scope="module")
def case(shop) -> tuple[Split, pd.DataFrame]:
    split = make_split(shop, "ratio75_item", 101)
    return split, lists_of(UserKNN().fit(split.train), split)


def test_rank_ties_follow_the_ids_and_not_the_lines(case, tmp_path):
    split, lists = case
    tied = lists.assign(rank=1)
    one, counts, _ = judged(split, tied, tmp_path)
    hits_first = tied.iloc[::-1]
    other, _, _ = judged(split, hits_first, tmp_path)
    pd.testing.assert_series_equal(one, other)
    assert counts["places that share their rank or score"] == len(lists)


def test_items_twice_stay_at_their_better_place(case, tmp_path):
    split, lists = case
    twice = pd.concat([lists.assign(rank=lists["rank"] + 100), lists])
    same, counts, _ = judged(split, twice, tmp_path)
    pd.testing.assert_series_equal(same, judged(split, lists, tmp_path)[0])
    assert counts["rows that repeat an item of a list"] == len(lists)


def test_unknown_ids_are_counted_and_an_unknown_item_is_a_miss(case, tmp_path):
    split, lists = case
    first = lists[lists["rank"] == 1].assign(item="never-seen", rank=0)
    stranger = lists.head(3).assign(user="stranger")
    got, counts, model = judged(split, pd.concat([lists, first, stranger]), tmp_path)
    assert (counts["rows of unknown customers"], counts["rows of unknown items"]) == (3, len(first))
    plain = judged(split, lists, tmp_path)[0]
    assert (got <= plain + 1e-12).all() and got.mean() < plain.mean()
    assert (model.recommend(split.test["user"].unique()[:5], 20).codes[:, 0] == -1).all()


def test_items_seen_in_train_are_left_out_and_the_next_move_up(case, tmp_path):
    split, lists = case
    past = split.train.histories
    users, items = past.rows[past.seen], past.items[past.seen]
    seen = pd.DataFrame(
        {"user": split.train.users.decode(users), "item": split.train.items.decode(items), "rank": 0}
    )
    same, counts, _ = judged(split, pd.concat([lists, seen]), tmp_path)
    pd.testing.assert_series_equal(same, judged(split, lists, tmp_path)[0])
    assert counts["places with an item seen in train, left out"] > 100


def test_missing_customers_and_short_lists_find_nothing(case, tmp_path):
    split, lists = case
    best = judged(split, lists, tmp_path)[0].idxmax()
    fewer = lists[(lists["user"] != best) & (lists["rank"] <= 3)]
    got, counts, _ = judged(split, fewer, tmp_path)
    assert got[best] == 0 and len(got) == split.relevant()["user"].nunique()
    assert counts["of them without a list"] == 1
    assert counts["lists shorter than 10, the rest counts as missed"] == counts["customers judged"] - 1


def test_scores_rank_from_the_highest(case, tmp_path):
    split, lists = case
    scored = lists.assign(score=1 / lists["rank"]).drop(columns="rank").sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(judged(split, scored, tmp_path)[0], judged(split, lists, tmp_path)[0])


def test_ranks_that_are_no_number_are_counted(case, tmp_path):
    split, lists = case
    odd = lists.astype({"rank": str})
    odd.iloc[0, 2] = "first"
    _, counts, _ = judged(split, odd, tmp_path)
    assert counts["rows whose rank or score is no number"] == 1


@pytest.mark.parametrize(
    "kind",
    ["csv", "tsv", "jsonl", "parquet", "csv.gz", "semicolons", "other names", "wide.jsonl", "wide csv"],
)
def test_the_forms_that_other_systems_write(case, tmp_path, kind):
    split, lists = case
    path = tmp_path / f"theirs.{'csv' if ' ' in kind or kind == 'semicolons' else kind}"
    wide = lists.groupby("user")["item"].agg(list).reset_index(name="items")
    if kind == "wide.jsonl":
        wide.to_json(path, orient="records", lines=True)
    elif kind == "wide csv":
        wide.assign(items=wide["items"].str.join(" ")).to_csv(path, index=False)
    elif kind == "jsonl":
        lists.to_json(path, orient="records", lines=True)
    elif kind == "parquet":
        lists.to_parquet(path)
    elif kind == "other names":
        lists.rename(columns={"user": "Customer_ID", "item": "SKU", "rank": "Position"}).to_csv(path)
    else:
        lists.to_csv(path, index=False, sep={"tsv": "\t", "semicolons": ";"}.get(kind, ","))
    [spec] = ready_specs([f"{path}:theirs"])
    model = add_ready(spec)().fit(split.train)
    pd.testing.assert_series_equal(
        evaluate(model, split).customers["ndcg@10"].dropna().reset_index(drop=True),
        judged(split, lists, tmp_path)[0].reset_index(drop=True),
    )


def test_predictions_alone_rank_nothing(case, tmp_path):
    split, _ = case
    rated = ratings_of(UserKNN().fit(split.train), split)
    rated.iloc[0, 2] = 99.0
    model = theirs_on(split, None, tmp_path, pd.concat([rated.iloc[:-2], rated.iloc[:1].assign(rating=1)]))
    result, counts = evaluate(model, split), account_of(model, split)
    assert not {f"{metric}@10" for metric in RANKING_METRICS} & set(result.customers)
    assert result.customers["n_ratings"].sum() == len(rated)  # the pairs without a prediction count too
    assert counts["of them not predicted, the train mean stands for them"] == 2
    assert counts["of them off the scale, clipped to it"] == 1
    assert counts["predictions for a pair that has one already"] == 1
    board = build_leaderboard([result, evaluate(Popularity().fit(split.train), split)])
    assert board[(board["model"] == "theirs") & (board["metric"] == "ndcg")]["value"].isna().all()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "who,what,rank\na,1,1\n",
            "no column 'user' among .*'who', 'what', 'rank'.*: call the columns user, item",
        ),
        ("user,rank\na,1\n", "no column 'item'"),
        ("user,item,rank,model\na,1,1,knn\na,1,1,svd\n", "several models .knn, svd.: write one"),
        (
            "user,item,rank,split,seed\na,1,1,ratio_75,1\n",
            "names the split 'ratio_75': use one of ratio75_item",
        ),
        ("user,item,rank,split\na,1,1,ratio75_item\n", "no seed for the split ratio75_item"),
        (
            "user,item,rank\na,1,1\n",
            "does not say which split it was made for.*--split ratio75_item --seed 1",
        ),
    ],
)
def test_files_that_cannot_be_judged(tmp_path, text, problem):
    (tmp_path / "theirs.csv").write_text(text)
    with pytest.raises(ReadyFileError, match=problem):
        ready_splits(ready_specs([str(tmp_path / "theirs.csv")]))


def test_ids_that_never_meet_are_refused(case, tmp_path):
    split, lists = case
    with pytest.raises(
        ReadyFileError, match=r"known customer: the file has ids such as '.*', the data such as"
    ):
        theirs_on(split, lists.assign(user=lists["user"] + ".0"), tmp_path)
    with pytest.raises(ReadyFileError, match="known item"):
        theirs_on(split, lists.assign(item=lists["item"].str.upper() + "X"), tmp_path)


def test_names(tmp_path):
    for name in ("als.csv", "my lists.csv"):
        (tmp_path / name).write_text("user,item\na,1\n")
    assert parse_ready(f"{tmp_path / 'als.csv'}:Theirs-2")[1] == "Theirs-2"
    assert parse_ready(str(tmp_path / "my lists.csv"))[1] == "my_lists"
    for text, problem in (
        (":knn", "one of our models"),
        (":a b", "letters, digits"),
        ("x", "there is no file"),
    ):
        with pytest.raises(ReadyFileError, match=problem):
            parse_ready(f"{tmp_path / 'als.csv'}{text}")
    with pytest.raises(ReadyFileError, match="two files the name 'als'"):
        ready_specs([str(tmp_path / "als.csv")] * 2)


def test_a_file_says_which_splits_it_is_about(case, tmp_path):
    split, lists = case
    both = pd.concat(
        [lists.assign(split="ratio75_item", seed=101), lists.assign(split="ratio75_item", seed=7)]
    )
    both.assign(model="als").to_csv(tmp_path / "theirs.csv", index=False)
    specs = ready_specs([f"{tmp_path / 'theirs.csv'}:als"])
    assert ready_splits(specs) == {"ratio75_item": (101, 7)} or ready_splits(specs) == {
        "ratio75_item": (7, 101)
    }
    assert ready_splits(specs, {"ratio75_item": (7,)}) == {"ratio75_item": (7,)}
    with pytest.raises(ReadyFileError, match="not about the split that is asked for"):
        ready_splits(specs, {"ratio75_item": (8,)})
    add_ready(specs[0])
    jobs, _ = plan_jobs(split.train, ["als", "popularity"], only={"ratio75_item": (7, 8)})
    assert [(job.model, job.split_seed) for job in jobs] == [("als", 7), ("popularity", 7), ("popularity", 8)]
    assert open_ready(tmp_path / "theirs.csv", "rank").on == [["ratio75_item", "101"], ["ratio75_item", "7"]]


def test_the_pipeline_keeps_them_by_content(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    snapshot, _ = ingest_stage(Source(str(card(tmp_path))))
    data = open_snapshot(snapshot)[1]
    split = make_split(data, "ratio75_item", 1)
    lists = lists_of(UserKNN().fit(split.train), split)

    def figures(frame: pd.DataFrame) -> pd.DataFrame:
        frame.to_csv(tmp_path / "theirs.csv", index=False)
        specs = ready_specs([f"{tmp_path / 'theirs.csv'}:theirs"])
        add_ready(specs[0])
        jobs, _ = plan_jobs(data, ["knn", "theirs"], only=ready_splits(specs, {"ratio75_item": (1,)}))
        results = load_results(evaluate_stage(snapshot, train_stage(snapshot, jobs)))
        board = build_leaderboard(results)
        chosen = board[(board["metric"] == "ndcg") & (board["segment"] == "all")]
        return chosen.pivot_table("value", "k", "model").astype(float)

    same = figures(lists)
    assert (same["theirs"] == same["knn"]).all()
    worse = figures(lists[lists["rank"] > 1])  # the file has changed: it is read again
    assert (worse["theirs"] < worse["knn"]).all()
    settings.cache_clear()


@pytest.fixture(scope="module")
def reported(tmp_path_factory) -> Path:
    "A report with kNN, popularity, and kNN's lists and ratings read back under another name"

    def make(folder: Path) -> None:
        shop = dataset(simulate(0, 150, 80, 200).tables)
        split = make_split(shop, "ratio75_item", 1)
        knn = UserKNN().fit(split.train)
        lists_of(knn, split).to_csv(folder / "lists.csv", index=False)
        ratings_of(knn, split).to_csv(folder / "ratings.csv", index=False)
        lists_of(knn, split)[::2].to_csv(folder / "half.csv", index=False)
        done = c360(
            folder / "home", "report", "--dataset", card(folder), "--models", "popularity,knn", "--split",
            "ratio75_item", "--seed", "1", "--recommendations", "lists.csv:theirs", "--recommendations",
            "half.csv", "--predictions", "ratings.csv:theirs", cwd=folder,
        )  # fmt: skip
        well(done)

    return once(tmp_path_factory, "ready", make)


@pytest.mark.long
def test_a_report_shows_them_beside_ours(reported):
    report = reported / "home" / "reports" / "demo"
    board = pd.read_csv(report / "leaderboard.csv")
    assert set(board["split"]) == {"ratio75_item"} and set(board["model"]) == {
        "popularity",
        "knn",
        "theirs",
        "half",
    }
    ours, theirs = (
        board[
            (board["model"] == model)
            & ~board["metric"].isin(["fit_seconds", "peak_memory", "users_per_second"])
        ]
        .drop(columns="model")
        .reset_index(drop=True)
        for model in ("knn", "theirs")
    )
    pd.testing.assert_frame_equal(ours, theirs)
    tests = pd.read_csv(report / "significance.csv")
    assert {"theirs", "half"} <= set(tests["model"]) | set(tests["other"])
    run = json.loads((report / "run.json").read_text())
    assert {(one["model"], one["split"], one["seed"]) for one in run["ready"]} == {
        ("theirs", "ratio75_item", "1"),
        ("half", "ratio75_item", "1"),
    }
    page = (report / "index.html").read_text()
    assert "The lists of other systems" in page and "places with an item seen in train, left out" in page
    assert "no predicted ratings were given" in page


@pytest.mark.long
def test_what_a_report_refuses_at_once(reported):
    def said(*more: str) -> str:
        given = ["report", "--dataset", card(reported), "--models", "popularity", *more]
        return sentence(c360(reported / "home", *given, cwd=reported))

    assert "does not say which split" in said("--recommendations", "lists.csv")
    assert "there is no file nowhere.csv" in said("--predictions", "nowhere.csv")
    assert "name it with --split" in said("--seed", "1")


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (lambda ids: ids.str.upper(), "capital letters differ"),
        (lambda ids: "customer-" + ids, "one of them has more around the id"),
        (lambda ids: ids + ".0", "one of them has more around the id"),
        (lambda ids: '"' + ids + '"', "one of them has more around the id"),
        (lambda ids: ids.str.replace("c0*", "x9", regex=True), "of its first rows have a known customer"),
    ],
)
def test_what_differs_is_said_before_anything_is_trained(case, tmp_path, spoil, advice):
    split, lists = case
    lists.assign(user=spoil(lists["user"])).to_json(tmp_path / "theirs.jsonl", orient="records", lines=True)
    with pytest.raises(ReadyFileError, match=advice):
        check_ready(open_ready(tmp_path / "theirs.jsonl", "rank"), split.train)


def test_numbers_are_the_same_id_however_they_are_written(tmp_path):
    rows = interactions(list("1122"), ["7", "8", "7", "9"], "purchase", None, range(4))
    items, users = pd.DataFrame({"item": ["7", "8", "9"]}), pd.DataFrame({"user": ["1", "2"]})
    data = dataset(Tables(Facts("numbers"), rows, items, users))
    (tmp_path / "theirs.csv").write_text("user,item,rank\n1.0,9.0,1\n2.0,8.0,1\n")
    [spec] = ready_specs([str(tmp_path / "theirs.csv")])
    check_ready(open_ready(tmp_path / "theirs.csv", "rank"), data)
    assert add_ready(spec)().fit(data).recommend([0, 1], 1).codes.tolist() == [[2], [1]]


@pytest.mark.parametrize("wrong", [False, True])
def test_lists_for_another_split_are_noticed(shop, tmp_path, wrong):
    split, other = (make_split(shop, "ratio75_item", seed) for seed in (101, 102))
    lists = lists_of(UserKNN().fit((other if wrong else split).train), other if wrong else split)
    _, counts, _ = judged(split, lists, tmp_path)
    told = [{"model": "theirs", "split": "ratio75_item", "seed": "101", "files": ["l.csv"], "counts": counts}]
    evidence = SimpleNamespace(told=lambda *path, default=None: told, name=str)
    [section] = ready_section(evidence)
    notes = [point for block in section.blocks if isinstance(block, Listed) for point in block.points]
    assert (
        any("of the places held items that the customers have in the train part" in note for note in notes)
        == wrong
    )
    assert ready_section(SimpleNamespace(told=lambda *path, default=None: [], name=str)) == []

"The report: loads nothing, explains every gap, escapes whatever it is given, and is the same file twice"

import base64
import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from customer360.evaluation import report
from customer360.evaluation.evidence import gather
from customer360.evaluation.leaderboard import build_leaderboard, read_leaderboard, short_form
from customer360.evaluation.protocol import CUTOFFS, Result
from customer360.evaluation.report_account import Benchmark, held_against
from customer360.metrics import RANKING_METRICS

SKILL = {"svd": 0.42, "ease": 0.41, "knn": 0.30, "popularity": 0.15, "random": 0.02}
LABELS = {
    "svd": "SVD (ratings: Funk)",
    "ease": "EASE",
    "knn": "User kNN (cosine)",
    "popularity": "Popularity",
    "random": "Random order",
}


def result(
    model: str,
    split: str = "ratio75_item",
    seed: str = "101",
    *,
    ratings: bool = True,
    n: int = 60,
    segment: str = "activity",
) -> Result:
    "Customers who are easy or hard for every model alike, and hits that follow from the model's skill"
    easy, own = (
        np.random.default_rng([7, len(seed)]).normal(0, 0.08, n),
        np.random.default_rng([len(model), len(split), len(seed)]),
    )
    value = np.clip(SKILL[model] + easy + own.normal(0, 0.02, n), 0, 1)
    frame = pd.DataFrame(
        {
            "user": [f"secret{i}" for i in range(n)],
            f"segment:{segment}": np.array(["1–5", "6–20", "21–100"])[np.arange(n) % 3],
        }
    )
    frame["segment:known"] = np.where(np.arange(n) % 4, "new", "known")
    if split not in ("ml_folds", "kfold5"):
        frame = frame.assign(**{f"{metric}@{k}": value for metric in RANKING_METRICS for k in CUTOFFS})
    if ratings and not split.endswith(("-running", "-repeats")):
        frame = frame.assign(squared_error=5 * (1.3 - value) ** 2, absolute_error=4.0, n_ratings=5)
    figures = (
        {}
        if split in ("ml_folds", "kfold5")
        else {
            f"{name}@10": 0.3
            for name in ("coverage", "novelty", "diversity", "personalisation", "head_share")
        }
    )
    return Result(
        split,
        seed,
        model,
        0,
        frame,
        figures | {"fit_seconds": 1.0, "peak_memory": 2e8, "users_per_second": 900.0},
    )


def results(models=tuple(SKILL), ratings: bool = True) -> list[Result]:
    splits = [
        ("ratio75_item", "101"),
        ("ratio75_item", "102"),
        ("global_time", ""),
        ("global_time-running", ""),
        ("cold_items", "101"),
        ("cold_items-all", "101"),
    ]
    return [result(model, split, seed, ratings=ratings) for split, seed in splits for model in models]


RUN = {
    "dataset": "ml-100k", "title": "MovieLens 100K", "terms": "Research only", "url": "https://example.org/data", "snapshot": "abc123", "commit": "0f0f0f", "dirty": True,
    "python": "3.11.2", "machine": {"system": "Linux", "processor": "a chip", "cores": 2, "memory_gib": 16}, "threads": 2, "versions": {"numpy": "2.4.0"},
    "started": "2026-01-02T03:04:05", "wall_seconds": 61.0, "peak_memory": 3e8, "scale": [1, 5], "relevant": {"rating": True}, "protocols": "quick", "synthetic": False,
    "counts": {"customers": 60, "items": 40, "interactions": 900, "ratings": 900, "rejects": {"a rating off the scale": 3}, "filtered": {"no customer": 1234}},
    "models": {"knn": {"label": "kNN", "params": {"n_neighbours": 100}}}, "contract": {"knn": {"planted item first": "100%"}},
    "jobs": [{"split": "kfold5", "split_seed": 0, "model": "knn", "model_seed": 0, "fit_seconds": 0.25, "peak_memory": 1e8, "params": {}}],
    "splits": [{"name": "ratio75_item", "seed": "101", "hash": "fedcba", "n_train": 700, "n_test": 200, "n_customers": 60, "dropped": 0.125, "candidates": None}],
    "skipped_splits": {"leave_last_out": "its clock stood still"}, "blanks": {"knn": {"mae": "kNN has no opinion"}}, "test_evaluations": {"ratio75_item": 10},
}  # fmt: skip


class Page(HTMLParser):
    "What stands in a page: tags in balance, ids, links, texts"

    VOID: ClassVar = {"meta", "link", "img", "br", "source", "!doctype"}

    def __init__(self, html: str):
        super().__init__()
        self.open, self.ids, self.tags, self.texts = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def rows(self, caption: str) -> str:
        "The text from a table's caption to the end of the table"
        return self.text.split(caption, 1)[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    report.write_report(folder, results(), RUN, LABELS)
    return folder


@pytest.fixture(scope="module")
def page(made) -> Page:
    return Page((made / "index.html").read_text(encoding="utf-8"))


def write(folder: Path, *arguments, **named) -> Page:
    "Write a report and read its page"
    return Page(report.write_report(folder, *arguments, **named).read_text(encoding="utf-8"))


def test_the_page_loads_nothing(made, page):
    html = (made / "index.html").read_text(encoding="utf-8")
    for tag, attributes in page.tags:
        assert tag != "script" or set(attributes) <= {"type", "id"}, attributes
        assert tag not in ("iframe", "object", "embed", "video", "audio", "form", "base"), tag
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attributes.get(name, "data:").startswith(("data:", "#")), (tag, attributes[name][:80])
    style = html.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style and "default-src 'none'" in html
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html, "this script and no other"
    assert len(html.encode()) < 3 * 2**20


def test_the_page_is_sound(page):
    assert page.open == [] and len(page.ids) == len(set(page.ids))
    links = [attributes["href"][1:] for tag, attributes in page.tags if tag == "a"]
    assert links and set(links) <= set(page.ids)
    assert all(len(attributes["alt"]) > 30 for tag, attributes in page.tags if tag == "img")
    assert sum(tag == "h1" for tag, _ in page.tags) == 1
    assert sum(tag == "table" for tag, _ in page.tags) == sum(tag == "caption" for tag, _ in page.tags) > 8
    assert {
        "verdict",
        "cost",
        "order",
        "new-items",
        "leaderboard",
        "differences",
        "when",
        "segments",
        "time",
        "unseen",
        "splits",
        "brief",
        "measured",
        "data",
        "provenance",
        "contract",
    } <= set(page.ids)
    assert {
        "figure-headline",
        "figure-accuracy-coverage",
        "figure-accuracy-cost",
        "figure-segment-activity",
        "figure-unseen-items",
        "figure-differences-ndcg-10",
        "figure-differences-rmse",
    } <= set(page.ids)


def test_what_lies_beside_the_page(made):
    found = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert {
        "index.html",
        "findings.json",
        "leaderboard.csv",
        "leaderboard.parquet",
        "significance.csv",
        "figures/headline.png",
        "figures/differences-ndcg-10.png",
    } <= found
    pd.testing.assert_frame_equal(
        read_leaderboard(made / "leaderboard.parquet"), build_leaderboard(results()), check_dtype=False
    )
    short = short_form(build_leaderboard(results()))
    pd.testing.assert_frame_equal(read_leaderboard(made / "leaderboard.csv"), short, check_dtype=False)
    rows = list(csv.DictReader((made / "significance.csv").open(encoding="utf-8")))
    assert {row["metric"] for row in rows} == {"rmse", "ndcg@10", "precision@10", "recall@10"}
    assert {row["split"] for row in rows} >= {"ratio75_item", "global_time-running"}
    assert sum(row["split"] == "ratio75_item" and row["metric"] == "rmse" for row in rows) == 10  # pairs of 5


def test_the_words_follow_from_the_figures(made, page):
    board = build_leaderboard(results())
    row = board.query(
        "split == 'ratio75_item' and split_seed == 'mean' and segment == 'all' and metric == 'ndcg' and k == 10 and model == 'svd'"
    ).iloc[0]
    assert (
        "Use SVD: it is significantly better than each of the others. Popularity alone reaches " in page.text
    )
    assert f"SVD {row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" in page.text
    assert "Measured on 60 customers (mean over 2 shuffles), among 40 items." in page.text
    assert "User kNN ranks significantly worse than EASE" in page.text
    found = json.loads((made / "findings.json").read_text(encoding="utf-8"))
    assert found["verdict"]["use"] == "svd" == found["verdict"]["ranking"]["places"][0]["model"]
    assert found["verdict"]["ranking"]["places"][0]["value"] == pytest.approx(row["value"])
    assert found["losses"] == [{"baseline": "ease", "models": ["knn"]}]


def test_a_close_second_is_named_and_marked(tmp_path):
    close = result("svd").customers.assign(**{"ndcg@10": shaken(result("svd"))})
    both = [result("svd"), result("knn"), result("svd")._replace(model="ease", customers=close)]
    page = write(tmp_path, both, {}, LABELS)
    assert "Use SVD. EASE cannot be told apart from it by ranking" in page.text
    assert re.search(r"EASE 0\.\d{3} ≈", page.rows("Accuracy"))


def shaken(of: Result) -> np.ndarray:
    "The same figures give or take a little"
    return (of.customers["ndcg@10"] + np.where(np.arange(len(of.customers)) % 2, 0.02, -0.021)).to_numpy()


def test_all_18_cells_of_the_brief(page):
    cells = page.rows("The brief's bar, and ours").split("Best known is")[0]
    assert cells.count("· reached") + cells.count("not reached:") + cells.count("not in this run") == 18
    assert cells.count("not in this run") == 12  # tfidf, ncf, bert and hybrid
    ours = (
        build_leaderboard(results())
        .query("split == 'ratio75_item' and split_seed == 'mean' and segment == 'all' and model == 'knn'")
        .set_index(["metric", "k"])["value"]
    )
    assert f"{ours['recall', 10]:.3f} · reached bar 0.14" in cells
    assert (
        f"not reached: {ours['rmse'].iloc[0]:.3f}, best known 0.877 bar 1.12" in cells
        or f"{ours['rmse'].iloc[0]:.3f} · reached bar 1.12" in cells
    )
    assert [cells.count(f"bar {bar}") for bar in ("1.12", "0.81", "0.89", "0.36")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("metric", "bar", "said"),
    [
        ("rmse", 0.0, "not reached: "),
        ("rmse", 99.0, "reached"),
        ("recall@10", 1.1, "not reached: "),
        ("recall@10", 0.0, "reached"),
    ],
)
def test_a_bar_is_reached_from_the_right_side(metric, bar, said):
    evidence = gather([result("knn")], {}, LABELS)
    benchmark = Benchmark("ratio75_item", {"knn": {metric: bar}}, {metric: 0.5})
    cell = held_against(evidence, benchmark, "knn", metric)
    assert said in cell.text and ("best known" in cell.text) == said.startswith("not")


def test_other_data_has_no_brief_table(tmp_path):
    page = write(tmp_path, [result("knn"), result("ease")], RUN | {"dataset": "ml-1m"}, LABELS)
    assert "brief" not in page.ids


def test_data_without_ratings(tmp_path):
    run = RUN | {
        "scale": None,
        "counts": RUN["counts"] | {"ratings": 0},
        "blanks": {"knn": {"rmse": "the data holds no ratings"}},
    }
    page = write(tmp_path, results(ratings=False), run, LABELS)
    assert "The data have no ratings to predict." in page.text
    assert "Blank: RMSE and MAE of User kNN: the data holds no ratings." in page.text
    assert "nan" not in page.text.lower().split()
    assert "no figure: the data holds no ratings" in page.text  # in the brief's table


def test_one_model_alone(tmp_path):
    page = write(tmp_path, results(["knn"]), {}, {})
    assert "knn is the only model with a figure, so there is nothing to hold it against." in page.text
    assert (tmp_path / "significance.csv").read_text().splitlines() == [
        "split,model,other,metric,difference,low,high,p,p_holm,better,detectable"
    ]


def test_a_model_that_lacks_a_shuffle_is_not_compared(tmp_path):
    page = write(
        tmp_path,
        [
            result("svd"),
            result("ease"),
            result("svd", seed="1022"),
            result("ease", seed="1022"),
            result("knn"),
        ],
        {},
        LABELS,
    )
    assert "User kNN" in page.text
    assert "knn" not in (tmp_path / "significance.csv").read_text()


def test_every_gap_is_explained(tmp_path):
    page = write(
        tmp_path,
        [result("knn"), result("ease")],
        {"skipped_splits": {"global_time": "it has no timestamps", "cold_items": "its items have no text"}},
        LABELS,
    )
    for words in (
        "There is no figure on unseen items: the split cold_items was not run (its items have no text).",
        "There is no split by time in this report: the split global_time was not run (it has no timestamps).",
        "leave_last_out: not asked for; PROTOCOLS=all adds every split that the data allows",
        "How many rows that could not be used there were is not recorded.",
        "The splits are not recorded.",
        "How often each test part was evaluated is not recorded.",
        "What each fit cost is not recorded.",
        "The versions of packages are not recorded.",
        "What the contract check measured is not recorded.",
        "No figure was left out with a recorded reason.",
    ):
        assert words in page.text, words


def test_provenance_is_printed(page):
    for words in (
        "abc123", "0f0f0f with uncommitted changes", "Linux, a chip, 2 cores, 16 GiB", "2026-01-02T03:04:05", "numpy 2.4.0", "fedcba 700 200 60 0.125 all",
        "ratio75_item 10 times", "a rating off the scale 3", "no customer 1,234", "kfold5 0 User kNN 0 0.25 95 MiB", "leave_last_out: its clock stood still",
        "kNN has no opinion", "n_neighbours = 100", "planted item first", "Research only", "15 have a past in train and 45 are new",
    ):  # fmt: skip
        assert words in page.text, words


def test_no_row_of_the_data_is_printed(made):
    for path in made.rglob("*"):
        assert not path.is_file() or b"secret" not in path.read_bytes(), path


def test_all_protocols(tmp_path):
    more = [
        result(model, split, seed)
        for split, seed in (
            ("ratio75_item", "42"),
            ("ml_folds", "1"),
            ("ml_folds", "2"),
            ("kfold5", "0"),
            ("leave_last_out", ""),
            ("global_time-repeats", ""),
        )
        for model in ("svd", "ease")
    ]
    page = write(tmp_path, [*results(["svd", "ease"]), *more], RUN | {"skipped_splits": {}}, LABELS)
    assert {"splits", "repeats"} <= set(page.ids)
    assert "Each fold of ml_folds" in page.text and "leave_last_out" in page.text
    assert "Seed 42 is the default shuffle" in page.text and "mean over the shuffles 101 and 102" in page.text


HOSTILE = '<script>alert("1")</script> & $x^{$'


def test_hostile_text_stays_text(tmp_path):
    showcase = pd.DataFrame([
        {"customer": "c", "name": HOSTILE, "about": HOSTILE, "history": [HOSTILE], "model": "knn", "rank": 1, "title": HOSTILE, "category": HOSTILE, "reason": HOSTILE, "relevant": True}
    ])  # fmt: skip
    made = [result("knn", segment="a/<b>"), result("ease", segment="a/<b>")]
    for one in made:
        one.customers["segment:a/<b>"] = np.where(np.arange(60) % 2, HOSTILE, "$1–$2")
    run = RUN | {
        "title": HOSTILE,
        "terms": HOSTILE,
        "url": HOSTILE,
        "skipped_splits": {HOSTILE: HOSTILE},
        "contract": {"knn": {HOSTILE: HOSTILE}},
    }
    run |= {
        "counts": RUN["counts"] | {"rejects": {HOSTILE: 1}},
        "blanks": {"knn": {"mae": HOSTILE}},
        "models": {"knn": {"params": {HOSTILE: HOSTILE}}},
    }
    page = write(tmp_path, made, run, LABELS | {"knn": HOSTILE}, showcase)
    assert sum(tag == "script" for tag, _ in page.tags) == 2 and page.open == [], (
        "its data and its own script"
    )
    assert page.text.count(HOSTILE) > 12
    assert (tmp_path / "figures" / "segment-a-b-.png").exists()


def test_the_showcase_shows_lists_and_reasons(tmp_path):
    rows = [
        {"customer": "c", "name": "Ada", "about": "reader", "history": ["Tea", "Mug"], "model": model, "rank": rank, "title": f"{model} pick {rank}", "category": "Home", "reason": "because of Tea", "relevant": rank == 2}
        for model in ("svd", "knn", "random") for rank in (2, 1)
    ]  # fmt: skip
    page = write(
        tmp_path,
        [result("knn"), result("svd")],
        {"synthetic": True},
        LABELS,
        pd.DataFrame(rows),
        floor=0.8123,
    )
    assert (
        "Ada reader Last chosen, up to eight: Tea; Mug. User kNN 1 of 2 chosen knn pick 1 Home · because of Tea knn pick 2 ✓ Home · because of Tea SVD 1 of 2 chosen svd pick 1"
        in page.text
    )
    assert "random pick" not in page.text  # a random order has no reasons
    assert "This data is simulated." in page.text and "RMSE 0.812" in page.text


def test_the_same_inputs_give_the_same_bytes(made, tmp_path):
    report.write_report(tmp_path, results(), RUN, LABELS)
    files = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    assert files == {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert all((made / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_the_folder_must_be_there(tmp_path):
    with pytest.raises(NotADirectoryError, match=r"make .*nowhere first"):
        report.write_report(tmp_path / "nowhere", results(), RUN, LABELS)

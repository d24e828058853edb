"The page of the benchmarks says what was measured: planted results here, and the one that is committed"

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from customer360.evaluation.evidence import planted_results, short_names
from customer360.peers.benchmark_page import Benchmarks, write_benchmarks
from customer360.peers.peer_catalogue import PEERS, known_class
from customer360.peers.published_figures import bars_on, published_on
from customer360.peers.published_tests import chosen_tests

COMMITTED = ROOT / "reports/benchmarks"
SKILL = {"hybrid": 0.50, "ease": 0.44, "edlae": 0.46, "sar": 0.40}


def planted(home: Path, skill: dict[str, float]) -> Path:
    results = planted_results(
        skill, {"hybrid": 0.9, "bias": 0.95}, "ms_stratified", ("42",), seconds={"hybrid": 50.0, "sar": 0.1}
    )
    choices = pd.DataFrame(
        [
            {"test": "ml-100k/ms_stratified", "model": key, "params": "{}", "trials": 3, "seconds": 1.0}
            | {"default": 0.3, "best": 0.4}
            for key in skill
        ]
    )
    b = Benchmarks({"ml-100k/ms_stratified": results}, choices, {"ml-1m/ratio90": "no folder"}, n_draws=200)
    return write_benchmarks(b, home)


def cells(page: str, caption: str) -> list[list[str]]:
    "The rows of the table with a caption, each cell without its interval"
    table = next(part for part in page.split("<caption>") if part.startswith(caption)).split("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in table.split("<tr")[2:]]
    return [[unescape(re.sub(r"<small>.*", "", cell, flags=re.S)).strip() for cell in row] for row in rows]


def assert_the_table_is_the_board(page: str, board: pd.DataFrame, test: str, n_draws: int) -> int:
    "Compare every figure of a test's table with the CSV; return how many there were"
    dataset, _, split = test.partition("/")
    caption = f"{test}: " + (f"mean over {n_draws} draws" if n_draws > 1 else "one draw")
    mine = board[(board["dataset"] == dataset) & (board["protocol"] == split) & (board["segment"] == "all")]
    mine = mine[mine["split_seed"] == "mean"]
    head = {
        "nDCG@10": ("ndcg", 10),
        "P@10": ("precision", 10),
        "R@10": ("recall", 10),
        "RMSE": ("rmse", None),
    }
    rows = [row for row in cells(page, caption) if len(row) > 1]
    titles = re.findall(
        r'<th scope="col">(.*?)</th>', page.split(f"<caption>{caption}")[1].split("</thead>")[0]
    )
    seen = []
    for row in rows:
        for title, text in zip(titles, row, strict=True):
            if title not in head or text == "–":
                continue
            metric, k = head[title]
            values = mine[(mine["metric"] == metric) & (mine["k"].isna() if k is None else mine["k"] == k)][
                "value"
            ]
            assert np.isclose(values, float(text), atol=6e-5).any(), (test, row[0], title, text)
            seen.append(text)
    return len(seen)


def test_a_page_of_planted_results_says_who_leads_and_by_how_much(tmp_path):
    page = planted(tmp_path, SKILL).read_text(encoding="utf-8")
    board = pd.read_csv(tmp_path / "leaderboard.csv")
    assert assert_the_table_is_the_board(page, board, "ml-100k/ms_stratified", 1) == 4 * 3
    lead = unescape(page.split('class="lead"')[1].split("</div>")[0])
    assert "of Hybrid, best peer EDLAE" in lead and "a significant lead" in lead
    assert 'href="http' not in page and "<script" not in page, "one file, offline"
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert record["missing"] == {"ml-1m/ratio90": "no folder"} and "ml-1m/ratio90: no folder" in page


def test_a_peer_that_is_better_is_said_to_be(tmp_path):
    page = unescape(planted(tmp_path, SKILL | {"sar": 0.6}).read_text(encoding="utf-8"))
    assert "best peer SAR" in page and "significantly behind" in page


def test_a_published_figure_stands_beside_what_its_model_reaches_here(tmp_path):
    page = planted(tmp_path, SKILL).read_text(encoding="utf-8")
    rows = {row[0]: row for row in cells(page, "Published figures")}
    assert set(rows) == {one["label"] for one in published_on("ml-100k/ms_stratified")}
    board = pd.read_csv(tmp_path / "leaderboard.csv")
    here = board[(board["model"] == "sar") & (board["metric"] == "ndcg") & (board["split_seed"] == "mean")][
        "value"
    ].iloc[0]
    assert rows["SAR"][2].startswith(f"{here:.4f} ("), rows["SAR"]
    assert rows["LightGCN"][2] == "–"


@pytest.fixture(scope="module")
def committed() -> tuple[str, pd.DataFrame, dict]:
    record = json.loads((COMMITTED / "run.json").read_text(encoding="utf-8"))
    page = (COMMITTED / "index.html").read_text(encoding="utf-8")
    return page, pd.read_csv(COMMITTED / "leaderboard.csv"), record


def test_every_figure_of_the_committed_page_is_in_the_committed_table(committed):
    page, board, _ = committed
    tests = [test for test in chosen_tests() if f"<caption>{test.name}: " in page]
    assert tests and {(t.dataset, t.split) for t in tests} == set(
        zip(board["dataset"], board["protocol"], strict=True)
    )
    for test in tests:
        assert assert_the_table_is_the_board(page, board, test.name, len(test.seeds)) >= 3


def test_the_bars_of_the_committed_page_follow_from_the_committed_table(committed):
    page, board, record = committed
    columns = [name for name in board if name not in ("dataset", "protocol")]
    boards = {name: mine[columns] for name, mine in board.groupby("dataset")}
    found = bars_on(boards)
    assert [bar.state for bar in found] == [bar["state"] for bar in record["bars"]]
    assert [row[3].partition(":")[0] for row in cells(page, "What was set as a goal")] == [
        bar.state for bar in found
    ]


def test_the_committed_table_holds_figures_and_no_data(committed):
    _, board, _ = committed
    choices = pd.read_csv(COMMITTED / "choices.csv")
    assert {*board.columns} == {
        *("dataset", "protocol", "split", "split_seed", "segment", "model", "metric", "k"),
        *("value", "low", "high", "n_customers", "n_seeds"),
    }
    assert set(choices["model"]) >= set(board["model"]) and set(PEERS) & set(board["model"])
    assert {path.name for path in COMMITTED.iterdir()} == {
        "index.html",
        "leaderboard.csv",
        "choices.csv",
        "run.json",
    }


def test_the_table_of_the_docs_is_the_committed_one(committed):
    _, board, _ = committed
    text = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    mark = "<!-- table: written from reports/benchmarks/leaderboard.csv, ml-100k ratio75_item -->\n"
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.split(mark)[1].split("\n\n")[0].splitlines()
    )
    mine = board[
        (board["dataset"] == "ml-100k") & (board["protocol"] == "ratio75_item") & (board["segment"] == "all")
    ]
    mine = mine[(mine["split_seed"] == "mean") & (mine["k"].isna() | (mine["k"] == 10))]
    figures = mine.pivot_table(index="model", columns="metric", values="value")
    keys = {
        name: key for key, name in short_names({key: known_class(key).label for key in figures.index}).items()
    }
    columns = {
        "nDCG@10": "ndcg",
        "P@10": "precision",
        "R@10": "recall",
        "RMSE": "rmse",
        "fit, s": "fit_seconds",
    }
    assert {row[0].removesuffix(" (ours)") for row in rows} == set(keys)
    for name, *cells in rows:
        key = keys[name.removesuffix(" (ours)")]
        assert name.endswith(" (ours)") == (key not in PEERS)
        for title, cell in zip(head[1:], cells, strict=True):
            value = figures.loc[key, columns[title]]
            digits = 1 if title == "fit, s" else 4
            assert cell.partition(" ")[0] == ("–" if np.isnan(value) else f"{value:.{digits}f}"), (
                name,
                title,
            )

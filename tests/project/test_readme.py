"What the README shows is what the code does and what the committed report says"

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_five_lines_fit_and_recommend(tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    assert len(block.strip().splitlines()) == 5
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"'p\d{4}'", done.stdout)) == 5


COLUMNS = {
    "nDCG@10": ("ratio75_item", "ndcg", "10"), "P@10": ("ratio75_item", "precision", "10"), "R@10": ("ratio75_item", "recall", "10"), "RMSE": ("ratio75_item", "rmse", ""),
    "nDCG@10, split by time": ("global_time", "ndcg", "10"), "nDCG@10, cold items": ("cold_items", "ndcg", "10"),
}  # fmt: skip


@pytest.mark.parametrize("report", ["ml-100k", "ml-1m"])
def test_the_table_is_the_committed_leaderboard(report):
    board = pd.read_csv(ROOT / f"reports/{report}/leaderboard.csv", keep_default_na=False)
    board = board[(board["split_seed"] == "mean") & (board["segment"] == "all")].set_index(
        ["split", "model", "metric", "k"]
    )
    run = json.loads((ROOT / f"reports/{report}/run.json").read_text(encoding="utf-8"))
    keys = {model["label"]: key for key, model in run["models"].items()}
    (_, *columns), _, *table = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in README.split(f"<!-- table: written from reports/{report}/leaderboard.csv -->\n")[1]
        .split("\n\n")[0]
        .splitlines()
    )
    assert len(table) == len(keys) and len(columns) >= 5
    for name, *cells in table:
        for cell, column in zip(cells, columns, strict=True):
            split, metric, k = COLUMNS[column]
            row = board.loc[(split, keys[name], metric, k)]
            value, low, high = (f"{float(row[part] or 'nan'):.3f}" for part in ("value", "low", "high"))
            assert cell in (value, f"{value} [{low}, {high}]"), (name, column)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()

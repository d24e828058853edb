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
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"'p\d{4}'", done.stdout)) == 5


def test_the_table_is_the_committed_leaderboard():
    board = pd.read_csv(ROOT / "reports/ml-100k/leaderboard.csv", keep_default_na=False)
    board = board[(board["split_seed"] == "mean") & (board["segment"] == "all")].set_index(["split", "model", "metric", "k"])["value"]
    run = json.loads((ROOT / "reports/ml-100k/run.json").read_text(encoding="utf-8"))
    keys = {model["label"]: key for key, model in run["models"].items()}
    columns = [("ratio75_item", "ndcg", "10"), ("ratio75_item", "precision", "10"), ("ratio75_item", "recall", "10")]
    columns += [("ratio75_item", "rmse", ""), ("global_time", "ndcg", "10"), ("cold_items", "ndcg", "10")]
    table = README.split("<!-- table: written from reports/ml-100k/leaderboard.csv -->\n")[1].split("\n\n")[0].splitlines()[2:]
    assert len(table) == len(keys)
    for line in table:
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        key = keys[name]
        for cell, (split, metric, k) in zip(cells, columns, strict=True):
            value = board.get((split, key, metric, k), "")
            assert cell.split(" ")[0] == (f"{float(value):.3f}" if value else "–"), (name, split, metric)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()

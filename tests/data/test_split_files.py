"A split that was written as files is the split that is judged"

import json

import pandas as pd
import pytest
from command import card
from typer.testing import CliRunner

from customer360.cli import app
from customer360.cli_options import ReportOptions
from customer360.config import settings
from customer360.data.download import locate_files
from customer360.data.ingest import finish_ingest, read_source
from customer360.data.prepare import Dataset, dataset
from customer360.data.simulate import simulate
from customer360.data.split_files import write_split
from customer360.data.splits import make_split
from customer360.evaluation.protocol import evaluate
from customer360.models.catalogue import make_model


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return dataset(simulate(0, 150, 80, 200).tables)


def read(path) -> pd.DataFrame:
    return (
        pd.read_parquet(path)
        if path.suffix == ".parquet"
        else pd.read_csv(path, dtype={"user": str, "item": str})
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["ratio75_item", "global_time", "cold_items", "leave_last_out", "kfold5"])
def test_the_files_hold_the_split(shop, tmp_path, name, kind):
    split = make_split(shop, name)
    told = write_split(split, tmp_path / "out", kind)
    train, test, customers = (
        read(tmp_path / "out" / f"{part}.{kind}") for part in ("train", "test", "customers")
    )
    assert (
        (len(train), len(test))
        == (len(split.train.interactions), len(split.test))
        == (
            told["n_train"],
            told["n_test"],
        )
    )
    assert test["item"].tolist() == shop.items.decode(split.test["item"]).tolist()
    assert train["user"].tolist() == shop.users.decode(split.train.interactions["user"]).tolist()
    assert set(customers["user"]) == set(shop.users.decode(split.relevant()["user"].unique()))
    assert (tmp_path / "out" / f"candidates.{kind}").exists() == (name == "cold_items")
    about = json.loads((tmp_path / "out" / "split.json").read_text())
    assert (about["split"], about["seed"]) == (name, split.seed)
    page = (tmp_path / "out" / "README.md").read_text()
    assert f"--split {name}" in page and "rank" in page and f"customers.{kind}" in page


def test_train_and_test_read_back_are_judged_alike(shop, tmp_path):
    split = make_split(shop, "ratio75_item", 5)
    write_split(split, tmp_path / "out")
    source = ReportOptions(
        train=str(tmp_path / "out" / "train.csv"), test=str(tmp_path / "out" / "test.csv"), user="user", item="item",
        event="event", rating="rating", scale="1,5", timestamp="timestamp", relevant="4",
        items=str(tmp_path / "out" / "items.csv"), name="again",
    ).source()  # fmt: skip
    again = dataset(finish_ingest(read_source(source.card, locate_files(source.card, None))).tables)
    own = make_split(again, "own_split", 1)
    assert len(own.test) == len(split.test)
    ours, theirs = (evaluate(make_model("popularity").fit(one.train), one) for one in (split, own))
    one, two = (result.customers.set_index("user")["n_ratings"].sort_index() for result in (ours, theirs))
    pd.testing.assert_series_equal(one, two, check_dtype=False)


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    shop = ["--dataset", str(card(tmp_path))]

    def run(*given: str) -> object:
        return CliRunner().invoke(app, ["split", *given, *shop])

    said = run("--seed", "1", "--out", "out").stdout
    assert said.startswith("out: ") and "lists of" in said
    assert json.loads((tmp_path / "out" / "split.json").read_text())["seed"] == "1"
    for given, problem in (
        ([], "with --out"),
        (["--out", "x", "--split", "halves"], "unknown split 'halves'"),
        (["--out", "x", "--split", "ml_folds"], "does not allow the split 'ml_folds'"),
        (["--out", "x", "--format", "xls"], "csv or parquet: got 'xls'"),
    ):
        assert problem in str(run(*given).exception)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("dear diary")
    assert "holds no split" in str(run("--out", "notes").exception)
    assert (tmp_path / "notes" / "diary.txt").exists()
    settings.cache_clear()

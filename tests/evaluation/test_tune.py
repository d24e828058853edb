"Hyper-parameters are chosen inside the train part alone, the same ones every time, and what the card says is what is fitted"

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import CARD, c360, sentence, well

from customer360.data.cards import card_names, read_card
from customer360.data.ingest import ingest
from customer360.data.prepare import Dataset, dataset
from customer360.data.splits import ratio75_item
from customer360.evaluation.pipeline import card_params
from customer360.evaluation.tune import (
    SEARCH_SPACES,
    best_parameters,
    customer_outcomes,
    random_search,
    train_part,
)
from customer360.models.catalogue import make_model, model_class
from customer360.models.contract import Recommender
from customer360.models.registry import Registry

STARS = """
[facts]
name = "camps"
scale = [1, 5]

[interactions]
file = "{file}"
columns = {{ user = "who", item = "what", rating = "stars", timestamp = "ts" }}
"""


def camps() -> pd.DataFrame:
    "Ratings of two camps that like each other's opposite: to predict one, trust the neighbours"
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((60, 40)) < 0.5)
    stars = np.where((user + item) % 2, 1.3, 4.7) + rng.uniform(-0.3, 0.3, len(user))
    return pd.DataFrame(
        {"who": user, "what": item, "stars": stars.round(2), "ts": np.arange(len(user)) + 1_600_000_000}
    )


def reversed_in_test(ratings: pd.DataFrame, data: Dataset, seed: int) -> pd.DataFrame:
    "The same pairs, but in the test part of that shuffle everybody rates as the other camp does: trust nobody"
    rows = ratio75_item(data, seed).test["row"]
    return ratings.assign(
        stars=ratings["stars"].where(~ratings.index.isin(rows), 6 - ratings["stars"]).round(2)
    )


def written(folder: Path, ratings: pd.DataFrame, name: str) -> Path:
    "Ratings and their card on disk"
    ratings.to_csv(folder / f"{name}.csv", index=False)
    path = folder / f"{name}.toml"
    path.write_text(STARS.format(file=f"{name}.csv"), encoding="utf-8")
    return path


def read(path: Path) -> Dataset:
    return dataset(ingest(path).tables)


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[Path, Path]:
    "Cards of two data sets with the same train part of shuffle 101 and opposite test parts"
    folder = tmp_path_factory.mktemp("camps")
    plain = written(folder, camps(), "plain")
    return plain, written(folder, reversed_in_test(camps(), read(plain), 101), "reversed")


def figures(trials: pd.DataFrame) -> pd.DataFrame:
    return trials.drop(columns="seconds")


def test_the_search_is_deterministic(both):
    train = train_part(read(both[0]))
    first = random_search("knn", train, n_trials=4, n_slices=2)
    pd.testing.assert_frame_equal(
        figures(random_search("knn", train, n_trials=4, n_slices=2)), figures(first)
    )
    other = random_search("knn", train, n_trials=4, n_slices=2, seed=1)
    assert other["params"].tolist() != first["params"].tolist() and other["rmse"].max() != first["rmse"].max()


def test_test_rows_would_reverse_the_choice_and_do_not(both):
    plain, changed = (ratio75_item(read(path), 101) for path in both)
    ease_of_trust = SEARCH_SPACES["knn"]["rating"]["shrinkage"]
    for split, wanted in ((plain, min(ease_of_trust)), (changed, max(ease_of_trust))):
        error = [
            customer_outcomes(make_model("knn", params={"shrinkage": value}), split, "rating").mean()
            for value in ease_of_trust
        ]
        assert ease_of_trust[int(np.argmin(error))] == wanted, (
            "the plant does not do what it should: the test parts ask for opposite values"
        )
    searched = [random_search("knn", train_part(read(path)), n_trials=8, n_slices=1) for path in both]
    pd.testing.assert_frame_equal(figures(searched[0]), figures(searched[1]))
    rating = searched[1][searched[1]["group"] == "rating"]
    assert json.loads(rating.loc[rating["rmse"].idxmin(), "params"]) == {"shrinkage": min(ease_of_trust)}


@pytest.mark.slow
def test_the_command_sees_the_train_part_only(both, tmp_path):
    tables = []
    for number, path in enumerate(both):
        done = well(
            c360(
                tmp_path / str(number),
                "tune",
                "--dataset",
                path,
                "--model",
                "knn",
                "--trials",
                "8",
                "--slices",
                "1",
            )
        )
        tables.append(pd.read_csv(tmp_path / str(number) / "reports/tuning/camps.csv"))
        assert (tmp_path / str(number) / "reports/tuning/camps.ipynb").exists()
    pd.testing.assert_frame_equal(figures(tables[0]), figures(tables[1]))
    assert len(tables[0]) == 1 + 8 + len(SEARCH_SPACES["knn"]["rating"]["shrinkage"])
    chosen = best_parameters(tables[0])["knn"]
    assert (
        all(f"{name} = {json.dumps(value)}" in done.stdout for name, value in chosen.items())
        and "[models.knn]" in done.stdout
    )


def params_of(neighbours: int) -> dict:
    return make_model("knn", params={"n_neighbours": neighbours, "power": 1.0}).params


def train(home: Path, path: Path, neighbours: int) -> Recommender:
    "What `c360 train` leaves with that on the card"
    path.write_text(f"{CARD}\n[models.knn]\nn_neighbours = {neighbours}\npower = 1.0\n", encoding="utf-8")
    left = Path(
        well(c360(home, "train", "--dataset", path, "--model", "knn", "--no-figures"))
        .stdout.split(": ")[1]
        .strip()
    )
    return Registry(left.parents[1]).load("knn")[0]


@pytest.mark.slow
def test_the_card_reaches_the_fitted_model(tmp_path):
    assert train(tmp_path, tmp_path / "shop.toml", 8).params == params_of(8)
    assert train(tmp_path, tmp_path / "shop.toml", 7).params == params_of(7)
    snapshots = list((tmp_path / "data/interim").glob("**/interactions.parquet"))
    assert len(snapshots) == 1, "the data is the same: hyper-parameters are no part of a snapshot"

    well(c360(tmp_path, "report", "--dataset", tmp_path / "shop.toml", "--models", "knn"))
    run = json.loads((tmp_path / "reports/demo/run.json").read_text(encoding="utf-8"))
    assert run["models"]["knn"]["params"] == params_of(7)
    assert all(job["params"] == params_of(7) for job in run["jobs"]) and run["jobs"]
    fits = [
        fit for fit in snapshots[0].parent.glob("fits/*/model") if not fit.parent.name.startswith("all-")
    ]  # those are of `c360 train`
    assert len(fits) == len(run["jobs"]) and all(
        model_class("knn").load(fit).params == params_of(7) for fit in fits
    )
    assert "n_neighbours = 7, power = 1" in (tmp_path / "reports/demo/index.html").read_text(encoding="utf-8")


WRONG = {
    "[models.knn]\npowr = 1.0": "the card of demo, [models.knn]: knn has no hyper-parameter 'powr': it has n_neighbours, power, discount, shrinkage",
    "[models.knn]\nn_neighbours = 1.5": "the card of demo, [models.knn]: n_neighbours of knn has to be a whole number, at least 1, such as 100: got 1.5",
    "[models.kn]\npower = 1.0": "the card of demo, [models.kn]: no model is called 'kn': use one of knn, svd",
    "[models.knn]\nseed = 1": "the card of demo, [models.knn]: knn has no hyper-parameter 'seed'",
    "[models]\nknn = 3": "models.knn: ",
}


@pytest.mark.parametrize("table", WRONG)
def test_a_wrong_table_is_named(tmp_path, table):
    path = tmp_path / "shop.toml"
    path.write_text(f"{CARD}\n{table}\n", encoding="utf-8")
    with pytest.raises(ValueError) as error:
        card_params(read_card(path))
    assert WRONG[table] in str(error.value)


@pytest.mark.parametrize(
    "command",
    [("report", "--models", "popularity"), ("train",), ("evaluate",), ("recommend",)],
    ids=lambda words: words[0],
)
def test_every_command_refuses_a_wrong_card(tmp_path, command):
    table = next(iter(WRONG))
    (tmp_path / "shop.toml").write_text(f"{CARD}\n{table}\n", encoding="utf-8")
    assert sentence(c360(tmp_path, *command, "--dataset", tmp_path / "shop.toml")).startswith(WRONG[table])
    assert not list(tmp_path.glob("data/interim/*/*")), "something ran before the card was read"


@pytest.mark.parametrize("name", card_names())
def test_the_cards_that_come_along_name_what_there_is(name):
    card_params(read_card(name))

"Somebody's own train and test files are judged as they are, lists included; folds that are not there are not asked for"

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import c360, sentence, well

from customer360.cli_options import ReportOptions
from customer360.data.cards import SourceError
from customer360.data.ingest import ingest
from customer360.data.prepare import dataset
from customer360.data.splits import SPLITS, folds_of, make_split
from customer360.evaluation.planning import plan_jobs, predicts_ratings

CARD = """
[facts]
name = "own"
scale = [1, 5]

[interactions]
file = "{file}"
{more}
columns = {{user = "user", item = "item", rating = "rating", timestamp = "ts"}}
"""


def ratings() -> pd.DataFrame:
    "Thirteen customers, eight items"
    rng = np.random.default_rng(0)
    pairs = [(u, i) for u in range(13) for i in range(8) if (u + i) % 2 or rng.random() < 0.3]
    users, items = zip(*pairs, strict=True)
    return pd.DataFrame(
        {
            "user": [f"u{user}" for user in users],
            "item": [f"i{item}" for item in items],
            "rating": rng.integers(1, 6, len(pairs)),
            "ts": 1_500_000_000 + np.arange(len(pairs)),
        }
    )


def parts() -> tuple[pd.DataFrame, pd.DataFrame]:
    "A train and a test part"
    whole = ratings()
    test = np.arange(len(whole)) % 5 == 0
    return whole[~test], whole[test]


def card(folder: Path, file: str, more: str) -> Path:
    (folder / "card.toml").write_text(CARD.format(file=file, more=more), encoding="utf-8")
    return folder / "card.toml"


def read(path: Path) -> object:
    return dataset(ingest(path).tables)


def test_a_test_file_among_the_interactions(tmp_path):
    train, test = parts()
    ratings().to_csv(tmp_path / "all.csv", index=False)
    test.to_csv(tmp_path / "test.csv", index=False)
    data = read(card(tmp_path, "all.csv", 'folds = ["test.csv"]'))
    split = make_split(data, "own_split", 1)
    assert (len(split.train.interactions), len(split.test)) == (len(train), len(test))
    jobs, skipped = plan_jobs(data, ["knn", "popularity"], "all")
    assert {job.split_seed for job in jobs if job.split == "own_split"} == {1}
    assert "ml_folds" in skipped and not any(job.split == "ml_folds" for job in jobs)
    assert {job.model for job in jobs if job.split == "own_split"} == {"knn", "popularity"}  # lists too
    assert not SPLITS["own_split"].ratings_only and not predicts_ratings("popularity")


def test_two_test_files_are_two_folds_and_no_more(tmp_path):
    _, test = parts()
    ratings().to_csv(tmp_path / "all.csv", index=False)
    test[::2].to_csv(tmp_path / "a.csv", index=False)
    test[1::2].to_csv(tmp_path / "b.csv", index=False)
    data = read(card(tmp_path, "all.csv", 'folds = ["a.csv", "b.csv"]'))
    assert folds_of(data) == (1, 2)
    jobs, _ = plan_jobs(data, ["popularity"])
    assert [job.split_seed for job in jobs if job.split == "own_split"] == [1, 2]
    with pytest.raises(ValueError, match="has no fold 3 for the split 'own_split': use one of 1, 2"):
        make_split(data, "own_split", 3)


def as_csv(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path.with_suffix(".csv"), index=False)
    return path.with_suffix(".csv")


def as_tabs(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path.with_suffix(".tsv"), index=False, sep="\t")
    return path.with_suffix(".tsv")


def as_gzip(frame: pd.DataFrame, path: Path) -> Path:
    path = path.with_suffix(".csv.gz")
    path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    return path


def as_json(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_json(path.with_suffix(".jsonl"), orient="records", lines=True)
    return path.with_suffix(".jsonl")


def as_parquet(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_parquet(path.with_suffix(".parquet"), index=False)
    return path.with_suffix(".parquet")


@pytest.mark.parametrize("write", [as_csv, as_tabs, as_gzip, as_json, as_parquet])
@pytest.mark.parametrize("times", [True, False])
def test_a_train_and_a_test_file(tmp_path, write, times):
    train, test = parts()
    test = pd.concat([test, pd.DataFrame([["new", "i1", 4, 1_600_000_000]], columns=list(test))])
    options = ReportOptions(
        train=str(write(train, tmp_path / "train")), test=str(write(test, tmp_path / "test")),
        user="user", item="item", rating="rating", scale="1,5", timestamp="ts" if times else "", name="mine",
    )  # fmt: skip
    source = options.source()
    assert (options.splits, source.card.interactions.test) == (
        {"own_split": ()},
        [str(write(test, tmp_path / "test"))],
    )
    from customer360.data.download import locate_files
    from customer360.data.ingest import finish_ingest, read_source

    data = dataset(finish_ingest(read_source(source.card, locate_files(source.card, None))).tables)
    split = make_split(data, "own_split", 1)
    found = split.test.assign(
        user=data.users.decode(split.test["user"]), item=data.items.decode(split.test["item"])
    )
    assert found[["user", "item"]].to_numpy().tolist() == test[["user", "item"]].to_numpy().tolist()
    assert len(split.train.interactions) == len(train)
    jobs, skipped = plan_jobs(data, ["bias"], only=options.splits)
    assert [(job.split, job.split_seed) for job in jobs] == [("own_split", 1)]
    assert "on other splits" in skipped["ratio75_item"]


@pytest.mark.parametrize("key", ["user", "item"])
@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        (lambda ids: ids.str.upper(), "Capital letters differ: .*=lower"),
        (lambda ids: "id-" + ids, "One side has more around the id"),
        (lambda ids: ids + ".0", "One side has more around the id"),
        (lambda ids: "'" + ids + "'", "One side has more around the id"),
        (lambda ids: ids.where(ids.index % 2 == 0, ids.str.upper()), "Capital letters differ"),
    ],
)
def test_ids_that_never_meet_are_no_split(tmp_path, key, spoil, mend):
    train, test = parts()
    train.to_csv(tmp_path / "train.csv", index=False)
    test.assign(**{key: spoil(test[key].reset_index(drop=True)).to_numpy()}).to_csv(
        tmp_path / "test.csv", index=False
    )
    with pytest.raises(SourceError, match=rf"test.csv: only \d+ of its \d+ (customers|items) .*{mend}"):
        read(card(tmp_path, "train.csv", 'test = ["test.csv"]'))


@pytest.mark.parametrize(
    ("rule", "spoil"), [("lower", str.upper), ("u0*(\\\\d+)", lambda one: f"u00{one[1:]}")]
)
def test_the_rule_that_is_named_makes_ids_meet(tmp_path, rule, spoil):
    train, test = parts()
    train.to_csv(tmp_path / "train.csv", index=False)
    test.assign(user=test["user"].map(spoil)).to_csv(tmp_path / "test.csv", index=False)
    more = f'ids = {{ user = "{rule}" }}\ntest = ["test.csv"]'
    split = make_split(read(card(tmp_path, "train.csv", more)), "own_split", 1)
    assert split.test["user"].isin(split.train.interactions["user"]).all()


@pytest.mark.parametrize("renamed", [1, 6, 13])
def test_customers_who_are_new_are_counted(tmp_path, renamed):
    train, test = parts()
    train.to_csv(tmp_path / "train.csv", index=False)
    names = {f"u{n}": f"{'xyzvw'[n % 5]}-{n * 977}" for n in range(renamed)}
    test.assign(user=test["user"].replace(names)).to_csv(tmp_path / "test.csv", index=False)
    notes = ingest(card(tmp_path, "train.csv", 'test = ["test.csv"]')).notes
    asked = test["user"].drop_duplicates()
    share = f"{asked.isin(list(names)).sum()} of its {len(asked)}"
    assert any(f"test.csv: {share} customers" in note and "judged as newcomers" in note for note in notes)


@pytest.mark.parametrize("copied", ["all", "a part", "shuffled", "as json"])
def test_a_test_part_that_is_in_the_train_part_is_none(tmp_path, copied):
    train, _ = parts()
    train.to_csv(tmp_path / "train.csv", index=False)
    same = {"a part": train[::3], "shuffled": train.sample(frac=1, random_state=0)}.get(copied, train)
    file = as_json(same, tmp_path / "test") if copied == "as json" else as_csv(same, tmp_path / "test")
    with pytest.raises(SourceError, match=rf"{len(same)} of its {len(same)} rows are in the train part too"):
        read(card(tmp_path, "train.csv", f'test = ["{file.name}"]'))


@pytest.mark.parametrize("n", [1, 3, 8])
def test_rows_that_are_in_both_parts_are_counted(tmp_path, n):
    train, test = parts()
    train.to_csv(tmp_path / "train.csv", index=False)
    as_csv(pd.concat([test, train[:n]]), tmp_path / "test")
    notes = ingest(card(tmp_path, "train.csv", 'test = ["test.csv"]')).notes
    assert any(f"test.csv: {n} of its {len(test) + n} rows" in note for note in notes)


def test_files_of_folds_name_rows_that_are_there(tmp_path):
    train, test = parts()
    ratings().to_csv(tmp_path / "all.csv", index=False)
    train.to_csv(tmp_path / "train.csv", index=False)
    test.assign(item=test["item"].str.upper()).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(SourceError, match=r"none of its .* pairs"):
        read(card(tmp_path, "all.csv", 'folds = ["test.csv"]'))
    test.to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(SourceError, match="name it as `test`"):
        read(card(tmp_path, "train.csv", 'folds = ["test.csv"]'))
    with pytest.raises(ValueError, match="keep one"):
        read(card(tmp_path, "train.csv", 'folds = ["test.csv"]\ntest = ["test.csv"]'))
    as_csv(pd.concat([test, train[:2].assign(item=["i98", "i99"])]), tmp_path / "test")
    notes = ingest(card(tmp_path, "all.csv", 'folds = ["test.csv"]')).notes
    assert any("2 of its" in note and "test nothing" in note for note in notes)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"train": "a.csv"}, "add --test"),
        ({"test": "b.csv"}, "add --train"),
        ({"train": "a.csv", "interactions": "a.csv", "test": "b.csv"}, "leave one out"),
        ({"train": "a.csv", "test": "nowhere.csv", "user": "u", "item": "i"}, "--test: there is no file"),
        ({"train": "nowhere.csv", "test": "a.csv", "user": "u", "item": "i"}, "there is no file nowhere"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, monkeypatch, given, problem):
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("u,i\n")
    with pytest.raises(ValueError, match=problem):
        ReportOptions(**given).source()


@pytest.mark.slow
def test_the_commands_judge_ones_own_split(tmp_path):
    train, test = parts()
    train.to_csv(tmp_path / "train.csv", index=False)
    test.to_csv(tmp_path / "test.csv", index=False)
    own = ["--train", "train.csv", "--test", "test.csv", "--user", "user", "--item", "item"]
    own += ["--rating", "rating", "--scale", "1,5", "--name", "mine"]
    shown = well(c360(tmp_path / "home", "evaluate", *own, "--model", "popularity", cwd=tmp_path)).stdout
    assert "own_split" in shown and "ndcg 10" in shown and "rmse" in shown
    well(c360(tmp_path / "home", "report", *own, "--models", "popularity", cwd=tmp_path))
    report = tmp_path / "home" / "reports" / "mine"
    board = pd.read_csv(report / "leaderboard.csv")
    assert set(board["split"]) == {"own_split"} and {"ndcg", "rmse"} <= set(board["metric"])
    run = json.loads((report / "run.json").read_text())
    assert [(one["name"], one["n_test"]) for one in run["splits"]] == [("own_split", len(test))]
    said = sentence(c360(tmp_path / "home", "evaluate", *own, "--seed", "2", cwd=tmp_path))
    assert "has no fold 2 for the split 'own_split': use one of 1" in said

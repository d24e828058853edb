"Lists of all customers: the same as one by one, in blocks, resumed after a kill, and never mixed with other runs'"

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import card, environment
from memory import run_measured
from typer.testing import CliRunner

from customer360.cli import app
from customer360.config import settings
from customer360.data.prepare import Dataset, IdMap, dataset
from customer360.data.simulate import simulate
from customer360.evaluation.showcase import recommendation_table
from customer360.models.catalogue import make_model
from customer360.models.contract import Recommender
from customer360.schema import Tables
from customer360.serving.lists import (
    ListOptions,
    ListsError,
    about_file,
    ids_as_kept,
    ids_in_file,
    recommend_all,
    write_lists,
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return simulate(0, 150, 80, 200).tables


@pytest.fixture(scope="module")
def shop(tables) -> Dataset:
    return dataset(tables)


@pytest.fixture(scope="module")
def knn(shop) -> Recommender:
    return make_model("knn").fit(shop)


@pytest.mark.parametrize("key", ["knn", "popularity", "ease", "svd"])
def test_lists_are_those_of_one_customer_after_the_other(shop, tables, key):
    model = make_model(key).fit(shop)
    every = pd.concat(recommend_all(model, shop, n=7, reasons=True, tables=tables, block=64))
    assert every["user"].unique().tolist() == shop.users.ids.tolist()
    for user, lists in every.groupby("user"):
        alone = recommendation_table(model, tables, shop, user, n=7)
        assert lists["item"].tolist() == alone["item"].tolist()
        assert lists["rank"].tolist() == alone["rank"].tolist()
        assert lists["score"].to_numpy() == pytest.approx(alone["score"].to_numpy(), abs=1e-4)
        assert lists["reason"].tolist() == alone["reason"].tolist()


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".jsonl"])
def test_a_file_holds_what_the_blocks_hold(shop, knn, tmp_path, kind):
    out = tmp_path / f"lists{kind}"
    told = write_lists(out, knn, shop, options=ListOptions(n=4), block=40)
    read = {
        ".csv": lambda: pd.read_csv(out, dtype={"user": str, "item": str}),
        ".parquet": lambda: pd.read_parquet(out),
        ".jsonl": lambda: pd.read_json(out, lines=True, dtype={"user": str, "item": str}),
    }[kind]()
    whole = pd.concat(recommend_all(knn, shop, n=4), ignore_index=True)
    assert (
        read[["user", "rank", "item"]].to_numpy().tolist()
        == whole[["user", "rank", "item"]].to_numpy().tolist()
    )
    assert read["score"].to_numpy() == pytest.approx(whole["score"].to_numpy(), rel=1e-5)
    assert (told["customers"], told["rows"]) == (shop.n_users, len(whole))
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".parts")] == []


def test_items_that_may_not_be_shown(shop, tables, knn):
    best = pd.concat(recommend_all(knn, shop, n=1))["item"].value_counts().index[0]
    without = pd.concat(recommend_all(knn, shop, n=5, exclude=[best, "p9999"]))
    assert best not in set(without["item"])
    category = tables.items["category"].iloc[0]
    inside = pd.concat(recommend_all(knn, shop, n=5, category=category, tables=tables))
    of = tables.items.set_index("item")["category"]
    assert set(of[inside["item"]]) == {category}
    with pytest.raises(ListsError, match="no item is in the category 'spaceships': use one of"):
        next(recommend_all(knn, shop, category="spaceships", tables=tables))


def test_unknown_customers_are_named_or_get_what_newcomers_get(shop, knn, tmp_path):
    ids = ["c0003", "who", "c0003", "c0005", "else"]
    told = write_lists(tmp_path / "a.csv", knn, shop, ids)
    assert (told["customers"], told["unknown_customers"], told["unknown_named"]) == (2, 2, ["who", "else"])
    told = write_lists(tmp_path / "b.csv", knn, shop, ids, ListOptions(n=3, newcomers=True))
    lists = pd.read_csv(tmp_path / "b.csv").groupby("user")["item"].agg(list)
    visitor = shop.items.decode(knn.recommend([-1], 3).codes[0]).tolist()
    assert lists["who"] == lists["else"] == visitor and lists["c0003"] != visitor
    with pytest.raises(ListsError, match="none of the 2 customers is known: the ids are such as 'C3'"):
        write_lists(tmp_path / "c.csv", knn, shop, ["C3", "C5"])


def test_several_models_stand_in_one_file(shop, knn, tmp_path):
    popularity = make_model("popularity").fit(shop)
    write_lists(tmp_path / "both.parquet", [knn, popularity], shop, options=ListOptions(n=2), block=50)
    both = pd.read_parquet(tmp_path / "both.parquet")
    for model in (knn, popularity):
        alone = pd.concat(recommend_all(model, shop, n=2))
        mine = both[both["model"] == model.key].drop(columns="model")
        assert mine.to_numpy().tolist() == alone.to_numpy().tolist()


WRITE = """
import sys, time
from pathlib import Path
from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.models.catalogue import make_model
from customer360.serving import lists
shop = dataset(simulate(0, 150, 80, 200).tables)
knn = make_model("knn").fit(shop)
plain = lists._of_all_models
def slowly(*given):
    time.sleep(0.2)
    return plain(*given)
lists._of_all_models = slowly
lists.write_lists(Path(sys.argv[1]), knn, shop, options=lists.ListOptions(n=4), block=10)
"""


def test_a_killed_run_goes_on_where_it_stopped(shop, knn, tmp_path):
    out, parts = tmp_path / "lists.csv", tmp_path / "lists.csv.parts"
    process = subprocess.Popen([sys.executable, "-c", WRITE, out], env=environment(tmp_path))
    until = time.monotonic() + 120
    while len(list(parts.glob("part-*.parquet"))) < 3:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()
    before = {path.name: path.stat().st_mtime_ns for path in parts.glob("part-*.parquet")}
    assert 3 <= len(before) < 15
    for options, problem in (
        (ListOptions(n=5), "n was 4, and is 5"),
        (ListOptions(n=4, reasons=True), "reasons was"),
    ):
        with pytest.raises(ListsError, match=f"lists.csv was begun otherwise: {problem}"):
            write_lists(out, knn, shop, options=options, block=10)
    other = make_model("knn", params={"n_neighbours": 5}).fit(shop)
    with pytest.raises(ListsError, match=r"models was .*, and is .*--restart"):
        write_lists(out, other, shop, options=ListOptions(n=4), block=10)
    with pytest.raises(ListsError, match="customers was"):
        write_lists(out, knn, shop, ["c0001"], ListOptions(n=4), block=10)
    kept = {path.name: path.stat().st_mtime_ns for path in parts.glob("part-*.parquet")}
    assert kept == before  # what was refused has taken nothing away
    write_lists(out, knn, shop, options=ListOptions(n=4), block=10)
    whole = pd.concat(recommend_all(knn, shop, n=4))
    assert pd.read_csv(out)["item"].tolist() == whole["item"].tolist()
    assert not parts.exists() and about_file(out).exists()


def test_what_is_finished_is_not_made_again_and_what_is_not_ours_stays(shop, knn, tmp_path):
    out = tmp_path / "lists.parquet"
    write_lists(out, knn, shop, options=ListOptions(n=2))
    stamp = out.stat().st_mtime_ns
    write_lists(out, knn, shop, options=ListOptions(n=2))
    assert out.stat().st_mtime_ns == stamp
    write_lists(out, knn, shop, options=ListOptions(n=3))  # finished lists of ours are replaced
    assert pd.read_parquet(out)["rank"].max() == 3
    (tmp_path / "theirs.csv").write_text("precious\n")
    with pytest.raises(ListsError, match="holds no lists that were written here"):
        write_lists(tmp_path / "theirs.csv", knn, shop)
    assert (tmp_path / "theirs.csv").read_text() == "precious\n"
    for name, problem in (
        ("lists.xls", "has to end in .parquet or .csv or .jsonl"),
        ("no/l.csv", "no folder"),
    ):
        with pytest.raises(ListsError, match=problem):
            write_lists(tmp_path / name, knn, shop)


def test_ids_from_files(tmp_path):
    (tmp_path / "ids.txt").write_text("\ufeff007\n\n 8 \n", encoding="utf-8")
    (tmp_path / "ids.csv").write_text("Customer_ID,x\n007,1\n")
    (tmp_path / "odd.csv").write_text("who,x\n007,1\n")
    (tmp_path / "ids.jsonl").write_text('{"user": "007"}\n')
    pd.DataFrame({"who": ["007"]}).to_parquet(tmp_path / "ids.parquet")
    assert ids_in_file(str(tmp_path / "ids.txt")) == ["007", "8"]
    for name in ("ids.csv", "odd.csv:who", "ids.jsonl", "ids.parquet:who"):
        assert ids_in_file(str(tmp_path / name)) == ["007"]
    for name, problem in (("odd.csv", "odd.csv:who, or one id a line"), ("none.txt", "there is no file")):
        with pytest.raises(ListsError, match=problem):
            ids_in_file(str(tmp_path / name))


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_customers(tmp_path):
    def peak(customers: int) -> int:
        code = f"""
from pathlib import Path
import numpy as np, pandas as pd
from customer360.data.prepare import dataset
from customer360.models.catalogue import make_model
from customer360.schema import Facts, Tables, interactions
from customer360.serving.lists import ListOptions, write_lists
rng = np.random.default_rng(0)
users = [f"u{{n:07d}}" for n in range({customers})]
items = [f"i{{n:04d}}" for n in range(500)]
of = rng.integers(0, 500, (len(users), 3)).ravel()
rows = interactions(np.repeat(users, 3), np.array(items)[of], "purchase", None, np.arange(len(of)))
data = dataset(Tables(Facts("many"), rows, pd.DataFrame({{"item": items}}), pd.DataFrame({{"user": users}})))
model = make_model("popularity").fit(data)
data.histories
before = peak_memory()
write_lists(Path("{tmp_path}/{customers}.parquet"), model, data, options=ListOptions(n=10))
print(peak_memory() - before)
"""
        return int(run_measured(code, env=environment(tmp_path)))

    few, many = peak(20_000), peak(200_000)
    assert many < few + 120e6, (few, many)


def test_the_command_writes_what_it_prints_for_one(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    data = ["--dataset", str(card(tmp_path)), "--n", "4"]

    def run(*given: str) -> object:
        return CliRunner().invoke(app, ["recommend", *given, *data])

    said = run("--all", "--out", "lists.csv").stdout
    lists = pd.read_csv("lists.csv")
    assert f"lists.csv: {len(lists):,} rows, up to 4 items for each of 150 customers, by knn " in said
    shown = run("--customer", "c0007").stdout.splitlines()[1:]
    assert [line.split()[1] for line in shown] == lists[lists["user"] == "c0007"]["item"].tolist()
    Path("ids.txt").write_text("c0007\nnobody\n")
    said = run("--for", "ids.txt", "--out", "few.jsonl").stdout
    assert "Unknown customers: 1, who got no list, such as 'nobody'" in said
    about = json.loads(about_file(Path("few.jsonl")).read_text())
    assert about["customers"] == 1 and list(about["plan"]["models"]) == ["knn"]
    Path("none.txt").write_text("\n\n")
    for given, problem in (
        (["--all"], "give --all, or --for and a file of their ids, and --out"),
        (["--out", "x.csv"], "give --all, or --for and a file of their ids, and --out"),
        (["--ids", "user=upper", "--all", "--out", "x.csv"], "--ids describes a file of your own"),
        (["--customers", "ids.txt", "--all", "--out", "x.csv"], "--customers describes a file of your own"),
        (["--all", "--out", "x.csv", "--customer", "c0007"], "for one customer --customer"),
        (["--model", "knn,popularity"], "the list of one model"),
        (["--for", "nowhere.txt", "--out", "x.csv"], "there is no file nowhere.txt"),
        (["--for", "none.txt", "--out", "x.csv"], "no customer is named, so there are no lists to write"),
    ):
        assert problem in str(run(*given).exception)
    first = shown[0].split()[1]
    assert first not in run("--customer", "c0007", "--exclude", first).stdout
    told = run("--customer", "c0007", "--exclude", f"{first},nothing-of-this-name")
    assert "nothing to exclude: 'nothing-of-this-name'" in told.stderr and first not in told.stdout
    settings.cache_clear()


@pytest.mark.parametrize(
    ("rule", "kept", "written"),
    [
        ("upper", "U3", "u3"),
        ("lower", "ada", "ADA "),
        ("number", "7", "007"),
        ("item_(.+)", "9", "item_9"),
        ("", "12", "12.0"),
        ("any", "NA", " NA"),
    ],
)
def test_an_id_is_found_as_the_file_has_it(rule, kept, written):
    known = IdMap(np.array([kept, "other"], object))
    assert ids_as_kept([written, kept, "nobody"], known, rule) == [kept, kept, "nobody"]


def test_commands_take_ids_as_the_file_has_them(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    rows = [f"u{n % 9},{'pqr'[n % 3]}{n % 7}\n" for n in range(60)]
    Path("sales.csv").write_text("who,what\n" + "".join(rows))
    data = "--interactions sales.csv --user who --item what --ids user=upper,item=upper --model popularity"

    def run(given: str) -> object:
        return CliRunner().invoke(app, ["recommend", *given.split(), *data.split()])

    one = [run(f"--customer {each} --exclude p0").stdout for each in ("u3", "U3")]
    assert one[0] == one[1] and "P0" not in one[0] and "rank" in one[0]
    assert run("--history p0,Q1").stdout == run("--history P0,q1").stdout
    Path("few.txt").write_text("u3\nU4\n")
    told = run("--for few.txt --exclude p0 --out few.csv").stdout
    lists = pd.read_csv("few.csv")
    assert "for each of 2 customers" in told and "Unknown" not in told and "Not in" not in told
    assert list(lists["user"].unique()) == ["U3", "U4"] and "P0" not in set(lists["item"])
    assert "no customer has the id 'u99'" in str(run("--customer u99").exception)
    settings.cache_clear()

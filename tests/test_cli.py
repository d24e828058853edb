"c360 as its users meet it: what it prints, what it refuses and how, and that it never answers with a traceback"

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import c360, card, environment, once, purchases, sentence, well
from conftest import ROOT

COMMANDS = [
    "report",
    "train",
    "recommend",
    "evaluate",
    "tune",
    "benchmark",
    "why",
    "token",
    "forget",
    "clean",
    "retrain",
    "promote",
    "rollback",
    "loop",
    "traffic",
    "data",
    "data list",
    "data fetch",
    "data describe",
    "data quality",
    "features",
    "features compute",
    "features status",
    "features show",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    "A home with the card of a small shop, which has been ingested"

    def make(folder: Path) -> None:
        well(c360(folder, "data", "describe", card(folder)))

    return once(tmp_path_factory, "cli", make)


@pytest.fixture(scope="module")
def shop(home) -> list[str | Path]:
    return ["--dataset", home / "shop.toml"]


# ---- help ----------------------------------------------------------------------------------------------------------


def test_the_first_help_says_where_to_begin_and_what_there_is(tmp_path):
    said = well(c360(tmp_path, "--help")).stdout
    assert "Begin with `c360 report`, which needs no data of yours." in " ".join(said.split())
    listed = said.partition("Commands:\n")[2]
    assert re.findall(r"^  (\w+)  +\w", listed, flags=re.M) == [
        "ingest",
        "card",
        "report",
        "train",
        "recommend",
        "evaluate",
        "tune",
        "benchmark",
        "token",
        "split",
        "why",
        "forget",
        "clean",
        "backup",
        "restore",
        "retrain",
        "promote",
        "rollback",
        "serve",
        "loop",
        "traffic",
        "data",
        "collect",
        "features",
    ]
    assert "..." not in listed, "a description is cut off"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_its_words(tmp_path, command):
    said = well(c360(tmp_path, *command.split(), "--help")).stdout
    listed = said.partition("Options:\n")[2]
    options = re.findall(r"^  (--[\w-]+)(?: / --[\w-]+)?(?: <[^>]+>)?  +(\S.*)$", listed, flags=re.M)
    assert options[-1] == ("--help", "Show this message and exit.")
    assert len(options) == len(re.findall(r"^  --", listed, flags=re.M)), "an option without a description"
    assert not list(tmp_path.iterdir()), "asking for help leaves nothing"


def test_help_of_the_report_shows_a_whole_command_for_own_data(tmp_path):
    said = " ".join(well(c360(tmp_path, "report", "--help")).stdout.split())
    assert "c360 report --interactions my.csv --user customer --item sku --rating stars --scale 1,5" in said
    assert "reports/<dataset>/index.html" in said and "Ctrl-C" in said


# ---- data ----------------------------------------------------------------------------------------------------------


def test_data_list(home):
    lines = [line.split() for line in well(c360(home, "data", "list")).stdout.splitlines()]
    says = {line[0]: line[-1] for line in lines}
    cards = sorted(path.stem for path in (ROOT / "data/cards").glob("*.toml"))
    assert [line[0] for line in lines] == ["demo", *(name for name in cards if name != "demo")]
    assert says["demo"] == "simulated" and says["ml-100k"] == says["msweb"] == "--data"
    assert "to be downloaded" in " ".join(lines[1]) and "files of yours" in " ".join(
        lines[cards.index("msweb")]
    )


@pytest.mark.slow
def test_data_describe(home):
    said = dict(
        line.split(maxsplit=1)
        for line in well(c360(home, "data", "describe", home / "shop.toml")).stdout.splitlines()
    )
    assert (said["name"], said["scale"], said["customers"], said["items"]) == (
        "demo",
        "[1.0, 5.0]",
        "150",
        "80",
    )
    assert sum(json.loads(said["events"]).values()) == int(said["interactions"])
    assert said["rejected"] == said["rejected_elsewhere"] == "0"


def test_nothing_is_fetched_for_a_simulated_shop(home):
    assert well(c360(home, "data", "fetch", "demo")).stdout == "simulated: nothing to fetch\n"


# ---- train, recommend, evaluate ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_train_leaves_a_model_that_is_used_again(home, shop):
    where = Path(well(c360(home, "train", "--model", "knn", *shop)).stdout.removeprefix("knn: ").strip())
    assert where.parent == home / "data/models/demo/knn"
    release = json.loads((where / "release.json").read_text())
    ndcg = next(row for row in release["figures"] if (row["metric"], row["k"]) == ("ndcg", 10))
    assert (ndcg["split"], ndcg["n_customers"] > 50) == ("ratio75_item", True) and ndcg["low"] < ndcg[
        "value"
    ] < ndcg["high"]
    again = well(c360(home, "train", "--model", "knn", *shop))
    assert (
        f"nothing to do: knn {where.name} was trained on this data with these hyper-parameters"
        in again.stderr
    )
    assert again.stdout == f"knn: {where}\n"
    before = {path: path.stat().st_mtime_ns for path in where.rglob("*")}
    assert "manifest.json" in {path.name for path in before}
    said = well(c360(home, "recommend", "--customer", "c0007", "--n", "4", *shop)).stdout.splitlines()
    assert said[0].split() == ["rank", "item", "title", "score", "reason"]
    assert all(
        re.fullmatch(rf" +{rank} p\d{{4}} .+ \d\.\d+ +because (of .+|it is popular)", line)
        for rank, line in enumerate(said[1:], 1)
    ), said
    assert len(said) == 5
    assert {path: path.stat().st_mtime_ns for path in where.rglob("*")} == before
    assert sorted(path.name for path in where.parent.iterdir()) == sorted(["promoted.json", where.name])


@pytest.mark.slow
def test_the_briefs_command_trains(home, shop):
    done = subprocess.run(
        [sys.executable, "train.py", "--model", "popularity", "--no-figures", *shop],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
    )
    where = Path(well(done).stdout.removeprefix("popularity: ").strip())
    assert (
        where.parent == home / "data/models/demo/popularity"
        and json.loads((where / "release.json").read_text())["figures"] == []
    )


@pytest.mark.slow
def test_a_new_visitor_gets_answers_from_a_history(home, shop):
    said = [
        well(c360(home, "recommend", "--history", history, "--n", "5", *shop)).stdout
        for history in ("p0001, p0002", "p0055")
    ]
    assert said[0] != said[1]
    assert not {"p0001", "p0002"} & set(re.findall(r"p\d{4}", said[0])), (
        "what the visitor has is not shown again"
    )


@pytest.mark.slow
def test_evaluate_prints_the_figures_of_one_split(home, shop):
    said = well(c360(home, "evaluate", "--model", "popularity", "--split", "leave_last_out", *shop)).stdout
    rows = [line.split() for line in said.splitlines()]
    assert rows[0] == ["split", "model", "metric", "k", "value", "low", "high", "n_customers"]
    ndcg = next(row for row in rows if row[2:4] == ["ndcg", "10"])
    assert ndcg[:2] == ["leave_last_out", "popularity"] and float(ndcg[5]) < float(ndcg[4]) < float(ndcg[6])
    assert "<NA>" not in said and "nan" not in said.lower()


@pytest.mark.data
@pytest.mark.slow
def test_evaluate_on_real_ratings(tmp_path, test_data):
    said = well(
        c360(
            tmp_path, "evaluate", "--dataset", "ml-latest-small", "--data", test_data, "--model", "popularity"
        )
    ).stdout
    recall = next(line.split() for line in said.splitlines() if line.split()[2:4] == ["recall", "20"])
    assert (
        recall[:2] == ["ratio75_item", "popularity"]
        and 0.05 < float(recall[4]) < 0.5
        and int(recall[7]) > 600
    )


@pytest.mark.slow
def test_ids_keep_their_zeros(tmp_path):
    purchases().to_csv(tmp_path / "my.csv", index=False)
    (tmp_path / "mine.toml").write_text(
        '[facts]\nname = "mine"\nrelevant = {purchase = true}\n'
        '[interactions]\nfile = "my.csv"\nevent = "purchase"\nduplicates = "keep"\ncolumns = {user = "who", item = "what", timestamp = "ts"}\n'
    )
    said = well(
        c360(tmp_path, "recommend", "--dataset", "mine.toml", "--customer", "00007", "--n", "3", cwd=tmp_path)
    ).stdout
    assert re.findall(r"^ +\d +(\d+)", said, flags=re.M) and all(
        code.startswith("00") for code in re.findall(r"^ +\d +(\d+)", said, flags=re.M)
    )
    assert "no customer has the id '7': ids look like '0" in sentence(
        c360(tmp_path, "recommend", "--dataset", "mine.toml", "--customer", "7", cwd=tmp_path)
    )


# ---- what is refused -----------------------------------------------------------------------------------------------

REFUSED = {
    "data set": ("report --dataset corner-shop", "unknown data set 'corner-shop': use a name such as 'demo', 'lastfm', 'ml-100k'; `c360 data list` lists"),
    "described data set": ("data describe corner-shop", "unknown data set 'corner-shop'"),
    "card that is not there": ("evaluate --dataset nowhere.toml", "unknown data set 'nowhere.toml'"),
    "broken card": ("train --dataset broken.toml", "broken.toml: interactions: columns must name the column of the item and of the user"),
    "model": ("report --models popularity,als", "no model is called 'als': use one of knn, svd"),
    "model to train": ("train --model als", "no model is called 'als': use one of knn, svd"),
    "split": ("evaluate --split half", "unknown split 'half': use one of ratio75_item, global_time"),
    "split that the data does not allow": ("evaluate --split ml_folds --dataset shop.toml", "demo does not allow the split 'ml_folds': it comes without folds"),
    "protocols": ("report --protocols most", "protocols are 'quick' or 'all': got 'most'"),
    "customer": ("recommend --customer ada --dataset shop.toml", "no customer has the id 'ada': ids look like 'c0001'; for a new visitor name items with --history"),
    "item": ("recommend --history tea --dataset shop.toml", "no item has the id 'tea': ids look like 'p0001'"),
    "column without a file": ("report --user customer", "--user describes a file of your own: name the file with --interactions"),
    "file without its columns": ("report --interactions my.csv", "--interactions needs --user and --item: the names of the columns"),
    "rating without a scale": ("report --interactions my.csv --user u --item i --rating r", "the ratings in 'r' need their scale: add --scale LOWEST,HIGHEST"),
    "scale of words": ("report --interactions my.csv --user u --item i --rating r --scale low,high", "--scale is two numbers with a comma, such as 1,5: got 'low,high'"),
    "scale upside down": ("report --interactions my.csv --user u --item i --rating r --scale 5,1", "the lowest before the highest: got [5.0, 1.0]"),
    "file that is not there": ("report --interactions nowhere.csv --user u --item i", "--interactions: there is no file nowhere.csv"),
    "items that are not there": ("report --interactions my.csv --user u --item i --items nowhere.csv", "--items: there is no file nowhere.csv"),
    "notebook that is not there": ("report --add nowhere.ipynb", "--add: there is no file nowhere.ipynb"),
    "folder that is not there": ("report --dataset ml-100k --data nowhere", "nowhere is not a folder: pass the one with the files of ml-100k"),
    "folder without the files": ("data describe ml-100k --data .", "it needs u.data, u.item, u.user"),
    "card whose file is not there": ("report --dataset empty.toml", "no file gone.csv in "),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_a_sentence(home, case):
    (home / "my.csv").write_text("u,i,r\nada,tea,5\n")
    (home / "broken.toml").write_text(
        '[facts]\nname = "x"\nrelevant = {purchase = true}\n[interactions]\nfile = "my.csv"\n'
    )
    columns = 'columns = {user = "u", item = "i"}\n'
    (home / "empty.toml").write_text(
        f'[facts]\nname = "x"\nrelevant = {{purchase = true}}\n[interactions]\nfile = "gone.csv"\n{columns}'
    )
    command, expected = REFUSED[case]
    said = sentence(c360(home, *command.split(), cwd=home))
    assert expected in said
    assert not list(home.glob("reports/*"))


@pytest.mark.slow
def test_a_missing_column_is_named_with_those_that_are_there(home):
    (home / "my.csv").write_text("u,i,r\nada,tea,5\n")
    done = c360(home, "report", "--interactions", "my.csv", "--user", "u", "--item", "sku", cwd=home)
    assert "my.csv, line 1: no column 'sku' among ['u', 'i', 'r']" in sentence(done)
    assert Path(done.stderr.rstrip().rpartition(": ")[2]).is_file(), (
        "the message names the notebook with the whole story"
    )


@pytest.mark.parametrize(
    "command", ["nothing", "report --nothing", "evaluate --seed first", "recommend --n 0"]
)
def test_a_slip_of_the_pen_shows_the_usage(tmp_path, command):
    done = c360(tmp_path, *command.split())
    assert (
        done.returncode == 2
        and done.stderr.startswith("Usage: c360")
        and "Error: " in done.stderr
        and "Traceback" not in done.stderr
    )


def test_a_place_that_cannot_be_written_to_is_found_out_at_once(home):
    elsewhere = home / "full"
    elsewhere.mkdir()
    (elsewhere / "reports").write_text("a file where a folder should be")
    assert (
        sentence(c360(elsewhere, "report", "--dataset", home / "shop.toml"))
        == f"{elsewhere / 'reports'}: File exists"
    )
    assert not (elsewhere / "data").exists(), "nothing was run"

"A report as somebody makes it: real runs of c360 that are repeated, changed, refused, interrupted, killed and run side by side"

import ast
import filecmp
import json
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest
from command import CARD, c360, card, end, environment, once, purchases, sentence, start, wait_for, well
from conftest import ROOT

pytestmark = pytest.mark.slow

COLUMNS = [
    "split",
    "split_seed",
    "segment",
    "model",
    "metric",
    "k",
    "value",
    "low",
    "high",
    "n_customers",
    "n_seeds",
]
COSTS = ("fit_seconds", "users_per_second", "peak_memory")
METRICS = {
    "rmse",
    "mae",
    "calibration_error",
    "precision",
    "recall",
    "ndcg",
    "map",
    "mrr",
    "hit_rate",
    "coverage",
    "novelty",
    "diversity",
    "personalisation",
    "head_share",
}

# Somebody's own model. Its third fit on the shop waits, if told to, so that a run can be stopped in the middle of training.
MINE = """
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from customer360.models.baselines import Popularity


@dataclass(kw_only=True)
class Dampened(Popularity):
    key, label = "dampened", "Popularity, dampened"
    power: float = 0.5

    def _fit(self, train):
        super()._fit(train)
        if "WAIT_AT" in os.environ and train.n_users > 100:
            mark = Path(os.environ["WAIT_AT"])
            fits = len(mark.read_text()) + 1 if mark.exists() else 1
            mark.write_text("." * fits)
            if fits == 3:
                mark.with_suffix(".reached").touch()
                time.sleep(300)

    def _score(self, histories, users):
        return np.maximum(super()._score(histories, users), 0) ** self.power
"""

BREAKS = """
import os
import signal
from dataclasses import dataclass

import numpy as np

from customer360.models.baselines import Popularity


@dataclass(kw_only=True)
class Broken(Popularity):
    key = "broken"

"""
RAISES = "    def _fit(self, train):\n        if train.n_users > 100:\n            raise ZeroDivisionError('the third cog is stuck')\n"
KILLED = "    def _fit(self, train):\n        if train.n_users > 100:\n            os.kill(os.getpid(), signal.SIGKILL)\n"
NOT_A_NUMBER = "    def _score(self, histories, users):\n        return np.full((len(histories), self.n_items), np.nan, np.float32)\n"


def notebook(path: Path, code: str) -> Path:
    "A notebook as Jupyter writes it, with words, a magic and a cell of code"
    cells = [
        nbformat.v4.new_markdown_cell("# My model"),
        nbformat.v4.new_code_cell("%matplotlib inline"),
        nbformat.v4.new_code_cell(code),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def report(home: Path, *arguments: str | Path, **changes: str | Path) -> list[str | Path]:
    return ["report", "--dataset", home / "shop.toml", *arguments]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def work(home: Path) -> dict[str, int]:
    "Every piece of work that is kept, and when it was made"
    kept = [
        *home.glob("data/interim/stages/demo/*.ipynb"),
        *home.glob("data/interim/demo-*/fits/*/fit.json"),
        *home.glob("data/interim/demo-*/results/*/0/result.json"),
    ]
    return {str(path.relative_to(home)): path.stat().st_mtime_ns for path in kept}


def named(paths: set[str], folder: str) -> set[tuple[str, str]]:
    "Split and model of pieces of work in a folder"
    pieces = [Path(path).parts[4].split("-") for path in paths if Path(path).parts[3] == folder]
    return {(piece[0], piece[2]) for piece in pieces}


# ---- three runs on a small shop ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A home after three reports, each copied to `report<n>`, with the work that there was after each in `work<n>.json`:
    a first one; the same again, with the notebook saved anew; one with a further model, and two others changed,
    one in the notebook and one on the card"""

    def make(home: Path) -> None:
        shop = card(home)
        for number in (1, 2, 3):
            mine = notebook(home / "mine.ipynb", MINE if number < 3 else MINE.replace("0.5", "0.25"))
            if number == 3:
                shop.write_text(CARD + "\n[models.knn]\nn_neighbours = 7\n")
            begun = time.monotonic()
            done = well(
                c360(
                    home, *report(home, "--models", "popularity,knn" + ",bias" * (number == 3), "--add", mine)
                )
            )
            seconds = time.monotonic() - begun
            shutil.copytree(home / "reports/demo", home / f"report{number}")
            (home / f"work{number}.json").write_text(
                json.dumps({"work": work(home), "seconds": seconds, "out": done.stdout, "err": done.stderr})
            )

    return once(tmp_path_factory, "runs", make)


def after(runs: Path, number: int) -> dict:
    return json.loads((runs / f"work{number}.json").read_text())


def test_the_report_is_whole(runs):
    first = runs / "report1"
    assert {path.name for path in first.iterdir()} >= {
        "index.html",
        "leaderboard.csv",
        "figures",
        "notebooks",
        "run.json",
    }
    for picture in (first / "figures").iterdir():
        assert (
            picture.suffix == ".png"
            and picture.read_bytes().startswith(b"\x89PNG")
            and picture.stat().st_size > 5000
        )
    assert {"headline", "accuracy-coverage", "accuracy-cost", "segment-activity", "unseen-items"} <= {
        path.stem for path in (first / "figures").iterdir()
    }
    assert after(runs, 1)["out"].endswith(f"The report: {runs / 'reports/demo/index.html'}\n")


def test_the_terminal_shows_what_it_will_cost_and_one_bar_over_the_whole_run(runs):
    said = after(runs, 1)["err"].replace("\r", "\n").splitlines()
    table = [line for line in said if line.strip() and "%|" not in line]
    assert table[0].split() == ["model", "fits", "about", "memory"]
    assert [line.split()[:2] for line in table[1:4]] == [["popularity", "5"], ["knn", "5"], ["dampened", "5"]]
    assert table[4].startswith("All of it: about ") and table[4].endswith(" GiB are free.")
    assert len(table) == 5, table
    bar = [line for line in said if "%|" in line]
    stages = ("ingest", "train-popularity", "train-knn", "train-dampened", "evaluate", "report")
    assert {line.partition(":")[0].strip() for line in bar} >= set(stages)
    share = [
        int(line.partition(":")[2].partition("%")[0]) for line in bar if not line.startswith(("ingest", " "))
    ]
    assert share == sorted(share) and share[-1] == 100, "one bar, which never goes back"


def test_the_leaderboard_has_the_stated_form(runs):
    board = pd.read_csv(runs / "report1/leaderboard.csv", dtype={"split_seed": str}, keep_default_na=False)
    assert list(board.columns) == COLUMNS
    assert set(board["metric"]) == METRICS | set(COSTS)
    assert set(board["model"]) == {"popularity", "knn", "dampened"}
    assert not board.duplicated(COLUMNS[:6]).any()
    assert {"101", "102", "103", "mean"} == set(board["split_seed"][board["split"] == "ratio75_item"])
    assert set(board["split"]) == {
        "ratio75_item",
        "global_time",
        "global_time-running",
        "global_time-repeats",
        "cold_items",
        "cold_items-all",
    }
    leading = board[
        (board["split"] == "ratio75_item")
        & (board["metric"] == "ndcg")
        & (board["k"] == "10")
        & (board["segment"] == "all")
    ]
    shuffles = (
        leading[leading["split_seed"] != "mean"].astype({"value": float}).groupby("model")["value"].mean()
    )
    stated = (
        leading[leading["split_seed"] == "mean"].set_index("model")[["low", "value", "high"]].astype(float)
    )
    assert (stated["low"] <= stated["value"]).all() and (stated["value"] <= stated["high"]).all()
    pd.testing.assert_series_equal(
        stated["value"].sort_index(), shuffles.sort_index(), check_names=False, rtol=1e-4
    )
    for _, part in board.groupby(["split", "split_seed"]):
        segments = part["segment"].tolist()
        assert segments == sorted(segments, key=lambda segment: segment != "all"), "segment `all` comes first"


class Loads(HTMLParser):
    "What a browser would fetch to show a page"

    def __init__(self, html: str):
        super().__init__()
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        wanted = {"src", "srcset", "poster", "data"} | (
            {"href"} if tag in ("link", "image", "use") else set()
        )
        self.fetched += [value or "" for name, value in attrs if name in wanted]


def test_the_page_opens_without_a_network_and_shows_three_customers(runs):
    html = (runs / "report1/index.html").read_text(encoding="utf-8")
    fetched = Loads(html).fetched
    assert fetched and all(address.startswith("data:") for address in fetched)
    assert "@import" not in html and "url(http" not in html and "url(/" not in html
    customers = pd.read_parquet(next(runs.glob("data/interim/demo-*/customers.parquet")))
    shown = [name for name in customers["name"] if name in html]
    assert len(shown) == 3, shown
    assert "Popularity, dampened" in html and "because of" in html


def test_the_executed_notebooks_come_with_the_report(runs):
    found = {path.name: nbformat.read(path, 4) for path in (runs / "report1/notebooks").iterdir()}
    assert set(found) == {
        "ingest.ipynb",
        *(f"train-{model}.ipynb" for model in ("popularity", "knn", "dampened")),
        "evaluate.ipynb",
        "report.ipynb",
    }
    for name, book in found.items():
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code), name
        assert any("injected-parameters" in cell.metadata.get("tags", []) for cell in code), name
        assert any(cell.outputs for cell in code), name


def test_provenance_is_whole(runs):
    run = json.loads((runs / "report1/run.json").read_text())
    assert (run["dataset"], run["synthetic"], run["threads"], run["protocols"]) == ("demo", True, 1, "quick")
    assert len(run["commit"]) == (40 if (ROOT / ".git").exists() else 0)
    assert run["versions"]["numpy"] and run["machine"]["cores"] and run["wall_seconds"] > 0
    assert {split["name"]: len(split["hash"]) for split in run["splits"]} == {
        "ratio75_item": 16,
        "global_time": 16,
        "cold_items": 16,
    }
    assert len(run["jobs"]) == 3 * 5 and all(
        job["fit_seconds"] >= 0 and job["peak_memory"] > 0 for job in run["jobs"]
    )
    common = {"item_damping": 5.0, "user_damping": 7.0, "prior": 0.0, "trend": 0.0}  # which every model has
    assert run["models"]["dampened"]["params"] == common | {"seed": 0, "choose": True, "power": 0.5}
    assert set(run["contract"]) == {"popularity", "knn", "dampened"}
    assert run["test_evaluations"] == {"cold_items": 3, "global_time": 3, "ratio75_item": 9}


def test_the_same_again_does_nothing_again(runs):
    first, second = after(runs, 1), after(runs, 2)
    assert second["work"] == first["work"] and len(first["work"]) == 5 + 15 + 15
    assert second["seconds"] < first["seconds"]
    assert (
        "train-" not in second["err"]
        and "evaluate" not in second["err"]
        and "report            : 100%" in second["err"]
    )
    for name in ("index.html", "leaderboard.csv", "run.json"):
        assert (runs / "report1" / name).exists() and (runs / "report2" / name).exists()
    assert (runs / "report2/leaderboard.csv").read_bytes() == (runs / "report1/leaderboard.csv").read_bytes()
    for path in (runs / "report1/notebooks").iterdir():
        assert path.name == "report.ipynb" or filecmp.cmp(
            path, runs / "report2/notebooks" / path.name, shallow=False
        )
    assert (
        json.loads((runs / "report2/run.json").read_text())["test_evaluations"]
        == json.loads((runs / "report1/run.json").read_text())["test_evaluations"]
    )


def test_only_what_changed_is_trained_and_judged(runs):
    before, later = after(runs, 2)["work"], after(runs, 3)["work"]
    assert {path: later[path] for path in before} == before
    new = set(later) - set(before)
    splits = {"ratio75_item", "global_time", "cold_items"}
    assert (
        named(new, "fits")
        == named(new, "results")
        == {(split, model) for split in splits for model in ("dampened", "knn", "bias")}
    )
    stages = {Path(path).name.rpartition("-")[0] for path in new if "/stages/" in path}
    assert stages == {"train-dampened", "train-knn", "train-bias", "evaluate"}
    models = json.loads((runs / "report3/run.json").read_text())["models"]
    assert models["dampened"]["params"]["power"] == 0.25 and models["knn"]["params"]["n_neighbours"] == 7
    assert list(models) == ["popularity", "knn", "bias", "dampened"]


def figures(board: Path) -> list[str]:
    "The lines of a leaderboard but for those of the costs"
    return [line for line in board.read_text().splitlines() if line.split(",")[4] not in COSTS]


def test_the_figures_of_the_other_models_stay_as_they_were(runs):
    one, three = (
        {line for line in figures(runs / f"report{n}/leaderboard.csv") if line.split(",")[3] == "popularity"}
        for n in (1, 3)
    )
    assert one == three and len(one) > 500


# ---- stopped in the middle, moved, and run twice at once --------------------------------------------------------------


def stop(home: Path, with_signal: signal.Signals) -> subprocess.CompletedProcess:
    "A run that is stopped in the third of its fits on the shop"
    mark = home / f"{with_signal.name}.mark"
    process = start(
        home, *report(home, "--models", "popularity,knn", "--add", home / "mine.ipynb"), WAIT_AT=mark
    )
    wait_for(mark.with_suffix(".reached"), process)
    process.send_signal(with_signal)
    return end(process, 60)


def whole(home: Path) -> dict[str, int]:
    "The fits that look whole"
    return {path.name: path.stat().st_mtime_ns for path in home.glob("data/interim/demo-*/fits/[!.]*")}


def own(fits: dict[str, int]) -> int:
    "The number of fits of the model that waits, beside which another may be trained"
    return sum("-dampened-" in name for name in fits)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory) -> Path:
    """A folder with `höme`, in which a run was interrupted; which was then moved; in which a run was killed, leaving half
    a fit; and in which two runs at once then made the report. `notes.json` holds what was seen in between"""

    def make(folder: Path) -> None:
        home, moved = folder / "först höme", folder / "höme"
        home.mkdir()
        card(home)
        notebook(home / "mine.ipynb", MINE)
        interrupted = stop(home, signal.SIGINT)
        notes = {
            "interrupted": [interrupted.returncode, interrupted.stdout, interrupted.stderr],
            "after SIGINT": whole(home),
        }
        notes["hidden"] = [str(path) for path in home.rglob(".*")]
        notes["reports"] = [path.name for path in home.glob("reports/*")]
        home.rename(moved)
        notes["killed"] = stop(moved, signal.SIGKILL).returncode
        notes["after SIGKILL"] = whole(moved)
        (half,) = moved.glob("data/interim/demo-*/fits/.*-dampened-*")  # as if it had got further
        (half / "model").mkdir()
        (half / "model/manifest.json").write_text("{")
        (moved / "reports/.demo.1").mkdir(parents=True)
        (moved / "reports/.demo.1/index.html").write_text("half a page")
        notes["half"] = half.name
        both = [
            start(moved, *report(moved, "--models", "popularity,knn", "--add", moved / "mine.ipynb"))
            for _ in range(2)
        ]
        notes["both"] = [[done.returncode, done.stdout, done.stderr[-3000:]] for done in map(end, both)]
        notes["at the end"] = whole(moved)
        (folder / "notes.json").write_text(json.dumps(notes))

    return once(tmp_path_factory, "troubled", make)


@pytest.fixture(scope="module")
def notes(troubled) -> dict:
    return json.loads((troubled / "notes.json").read_text())


def test_an_interrupt_ends_in_a_sentence_and_leaves_nothing_half_done(notes):
    code, out, err = notes["interrupted"]
    assert code == 130 and out == "" and "Traceback" not in err
    assert err.splitlines()[-1] == "Stopped. What is finished is kept: the same command continues."
    said = [line for line in err.replace("\r", "\n").splitlines() if line.strip() and "%|" not in line]
    assert said[-2].startswith("All of it: about "), "nothing but what it would cost stands above"
    assert own(notes["after SIGINT"]) == 2 and notes["hidden"] == [] and notes["reports"] == []


def test_a_rerun_continues_where_the_interrupt_came(notes):
    assert own(notes["after SIGKILL"]) == 4, "two more fits, in a run that waits in its third"
    assert notes["after SIGINT"].items() <= notes["after SIGKILL"].items() <= notes["at the end"].items()


def test_half_a_fit_is_not_believed(notes, troubled):
    assert notes["killed"] == -signal.SIGKILL
    name = notes["half"][1:].rpartition(".")[0]
    assert name not in notes["after SIGKILL"] and name in notes["at the end"]
    assert (next((troubled / "höme").glob("data/interim/demo-*/fits")) / name / "fit.json").exists()


def test_two_runs_at_once_both_end_well(notes, troubled):
    for code, out, err in notes["both"]:
        assert code == 0, err
        assert out.endswith(f"The report: {troubled / 'höme/reports/demo/index.html'}\n")
    assert len(notes["at the end"]) == 3 * 5
    assert [path.name for path in (troubled / "höme/reports").iterdir() if path.name != ".demo.1"] == ["demo"]


def test_two_empty_homes_give_the_same_figures_byte_for_byte(runs, troubled):
    ours, theirs = (
        figures(home / "leaderboard.csv") for home in (runs / "report1", troubled / "höme/reports/demo")
    )
    assert ours == theirs and len(ours) > 2000


# ---- data of one's own ---------------------------------------------------------------------------------------------


def ratings() -> pd.DataFrame:
    rows = purchases().drop_duplicates(["who", "what"])
    return rows.assign(stars=(rows["ts"] % 9) / 2 + 1)


@pytest.fixture(scope="module")
def rated(tmp_path_factory) -> Path:
    "A home with a report on a file of ratings and one of items, named by relative paths"

    def make(home: Path) -> None:
        ratings().to_csv(home / "my.csv", index=False)
        items = [f"00{item}" for item in range(75)]
        words = [["a red lamp", "a blue cup", "a tall chair"][number % 3] for number in range(75)]
        pd.DataFrame(
            {"what": items, "title": [f"Thing {item}" for item in items], "description": words}
        ).to_csv(home / "items.csv", index=False)
        columns = "--user who --item what --rating stars --scale 1,5 --timestamp ts --items items.csv --text title,description"
        filters = "--min-ratings 12 --k-core 3 --models popularity,knn,bias"
        well(c360(home, "report", "--interactions", "my.csv", *columns.split(), *filters.split(), cwd=home))

    return once(tmp_path_factory, "rated", make)


def test_ratings_of_ones_own(rated):
    board = pd.read_csv(rated / "reports/my/leaderboard.csv")
    rmse = board[
        (board["metric"] == "rmse") & (board["segment"] == "all") & (board["split"] == "ratio75_item")
    ]
    assert set(rmse["model"]) == {"popularity", "knn", "bias"} and rmse["value"].between(0.5, 3).all()
    assert {"ratio75_item", "global_time", "cold_items"} <= set(board["split"]), "with text, items can be new"
    page = (rated / "reports/my/index.html").read_text(encoding="utf-8")
    assert "Thing 00" not in page and "00102" not in page, "rows of real data stay out of the page"


def test_the_filters_leave_what_they_say(rated):
    run = json.loads((rated / "reports/my/run.json").read_text())
    rows = ratings()
    left = rows[rows.groupby("who")["what"].transform("size") >= 12]
    few = len(rows) - len(left)
    while (
        weak := left.groupby("who")["what"].transform("size").lt(3)
        | left.groupby("what")["who"].transform("size").lt(3)
    ).any():
        left = left[~weak]
    assert run["counts"]["filtered"]["customer with fewer than 12 ratings"] == few > 0
    assert run["counts"]["filtered"]["outside the 3-core"] == len(rows) - few - len(left) > 0
    assert (run["counts"]["interactions"], run["counts"]["customers"], run["counts"]["items"]) == (
        len(left),
        left["who"].nunique(),
        left["what"].nunique(),
    )


def test_ids_are_kept_as_they_are(rated):
    table = pd.read_parquet(next(rated.glob("data/interim/my-*/interactions.parquet")))
    assert set(table["user"]) <= set(ratings()["who"]) and set(table["item"]) <= set(ratings()["what"])


@pytest.fixture(scope="module")
def sold(tmp_path_factory) -> Path:
    "A home with a report on quantities without ratings"

    def make(home: Path) -> None:
        rows = purchases()
        day = pd.to_datetime(rows["ts"], unit="s").dt.strftime("%d/%m/%Y %H:%M:%S")
        rows.assign(qty=1 + rows["ts"] % 5, day=day).drop(columns="ts").to_csv(
            home / "sales 2024.csv", index=False, sep=";"
        )
        columns = [
            "--user",
            "who",
            "--item",
            "what",
            "--weight",
            "qty",
            "--timestamp",
            "day",
            "--time-format",
            "%d/%m/%Y %H:%M:%S",
        ]
        well(
            c360(
                home,
                "report",
                "--interactions",
                "sales 2024.csv",
                *columns,
                "--models",
                "popularity,knn",
                "--name",
                "sales",
                cwd=home,
            )
        )

    return once(tmp_path_factory, "sold", make)


def test_without_ratings_rmse_is_blank_and_the_reason_is_given(sold):
    board = pd.read_csv(sold / "reports/sales/leaderboard.csv", dtype=str, keep_default_na=False)
    assert list(board.columns) == COLUMNS
    errors = board[board["metric"].isin(["rmse", "mae"])]
    assert len(errors) and (errors[["value", "low", "high"]] == "").all(axis=None)
    assert (board["value"][board["metric"] == "ndcg"] != "").all()
    page = (sold / "reports/sales/index.html").read_text(encoding="utf-8")
    assert "the data holds no ratings" in page
    run = json.loads((sold / "reports/sales/run.json").read_text())
    assert (
        run["scale"] is None and run["counts"]["kept"] == len(purchases()) and run["counts"]["rejected"] == 0
    )
    assert run["blanks"]["knn"] == {"rmse": "the data holds no ratings", "mae": "the data holds no ratings"}
    assert "global_time-repeats" in set(board["split"]), "customers buy again"
    assert run["skipped_splits"]["cold_items"] == "its items have no text"


# ---- the notebooks by themselves ----------------------------------------------------------------------------------------


PARAMETERISED = [
    path for name in ("pipelines", "benchmarks") for path in sorted((ROOT / f"nbs/{name}").glob("*.ipynb"))
]


@pytest.mark.parametrize("path", PARAMETERISED, ids=lambda path: path.stem)
def test_every_parameter_of_a_pipeline_notebook_is_documented(path):
    cell = next(
        cell for cell in nbformat.read(path, 4).cells if "parameters" in cell.metadata.get("tags", [])
    )
    found = papermill.inspect_notebook(str(path))
    assert list(found) == [line.partition(":")[0] for line in cell.source.splitlines()]
    for name, parameter in found.items():
        assert parameter["inferred_type_name"] in ("str", "int", "float", "list", "dict"), name
        assert ast.literal_eval(parameter["default"]) is not None and len(parameter["help"].split()) >= 3, (
            name
        )


def test_papermill_prints_them(tmp_path):
    command = [sys.executable, "-m", "papermill", "--help-notebook", ROOT / "nbs/pipelines/train.ipynb"]
    said = well(
        subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    ).stdout
    assert '  model: str (default "knn")' in said and "key of the model" in said


# ---- what stops a run ----------------------------------------------------------------------------------------------


@pytest.fixture
def home(runs, tmp_path) -> Path:
    """A copy of the home with the three reports, for a test that runs something in it: the original is shared with
    tests that another worker is running at the same time"""
    return shutil.copytree(runs, tmp_path / "home")


def broken(home: Path, folder: Path, key: str, how: str) -> subprocess.CompletedProcess:
    "A run with a model that breaks"
    path = notebook(folder / f"{key}.ipynb", BREAKS.replace('"broken"', f'"{key}"') + how)
    return c360(home, *report(home, "--models", "popularity", "--add", path))


BLANK = {
    "stuck": (RAISES, "ZeroDivisionError: the third cog is stuck"),
    "infinite": (NOT_A_NUMBER, "it breaks its contract, ContractError: a score is not finite"),
    "killed": (KILLED, "its process was killed, most often because memory ran out"),
}


@pytest.mark.parametrize("key", BLANK)
def test_a_model_that_fails_is_blank_and_the_others_are_reported(home, tmp_path, key):
    how, reason = BLANK[key]
    before = pd.read_csv(home / "report1/leaderboard.csv").query("model == 'popularity'")
    done = broken(home, tmp_path, key, how)
    assert done.returncode == 3 and "Traceback (most" not in done.stderr, done.stderr
    assert f"{key} is missing from the report: {reason}" in done.stderr
    board = pd.read_csv(home / "reports/demo/leaderboard.csv")
    mine = board[board["model"] == key]
    assert len(mine) and mine[["value", "low", "high"]].isna().all(axis=None)
    left = board[board["model"] == "popularity"]
    assert left["value"].notna().sum() == before["value"].notna().sum() > 100
    assert reason.split(":")[0] in (home / "reports/demo/index.html").read_text(encoding="utf-8")
    failed = json.loads((home / "reports/demo/run.json").read_text())["failed"]
    assert {each["model"] for each in failed} == {key} and failed[0]["reason"].startswith(reason)
    assert not list(home.glob(f"data/interim/**/.*{key}*")), "what was begun is cleared away"


def test_where_every_model_fails_the_report_before_stays(home, tmp_path):
    before = contents(home / "reports")
    path = notebook(tmp_path / "stuck.ipynb", BREAKS.replace('"broken"', '"stuck"') + RAISES)
    done = c360(home, *report(home, "--models", "stuck", "--add", path))
    expected = "c360: there is no report, because no model could be evaluated. stuck: ZeroDivisionError"
    assert done.returncode == 1 and done.stdout == "" and done.stderr.splitlines()[-1].startswith(expected)
    assert contents(home / "reports") == before


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            MINE.replace('key, label = "dampened", ', "label = "),
            "defines no recommender: write a class that inherits from `Recommender` and has a `key`",
        ),
        (MINE.replace('"dampened"', '"knn"'), "the key 'knn' of Dampened is taken: choose another"),
        ("x = 1", "defines no recommender"),
        (
            "import a_package_of_mine",
            "code cell 2 fails with ModuleNotFoundError: No module named 'a_package_of_mine'",
        ),
    ],
    ids=["no key", "taken key", "no model", "failing cell"],
)
def test_a_notebook_without_a_model_of_its_own_is_refused_at_once(home, tmp_path, code, expected):
    before = work(home)
    path = notebook(tmp_path / "odd.ipynb", code)
    said = sentence(c360(home, *report(home, "--add", path)))
    assert str(path) in said and expected in said
    assert work(home) == before

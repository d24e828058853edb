"Models that fail in any way leave their row blank with the reason; the others are reported; the exit code is 3"

import json
from pathlib import Path

import pandas as pd
import pytest
from command import end, purchases, start

from customer360.data.cards import SourceError
from customer360.data.ingest import ingest
from customer360.data.prepare import dataset
from customer360.evaluation.failures import failure_reason, parse_duration
from customer360.evaluation.planning import plan_jobs

HEAD = """
import os, signal, time
import numpy as np
from customer360.models.baselines import Popularity


def real(model):
    return len(getattr(model, "histories_", ())) == 120  # the data of the test, and not those of the contract
"""
MODEL = """

class {name}(Popularity):
    key, label = "{key}", "{name}"

    def {method}:
        if real(self):
            {what}
        return super().{call}
"""
FIT, SCORE, RATE = (
    ("_fit(self, train)", "_fit(train)"),
    ("_score(self, histories, users)", "_score(histories, users)"),
    ("recommend(self, users, *rest, **more)", "recommend(users, *rest, **more)"),
)
KINDS = {
    "hungry": (
        FIT,
        "raise MemoryError('Unable to allocate 76 GiB')",
        "MemoryError: Unable to allocate 76 GiB",
    ),
    "wrong": (FIT, "np.zeros((2, 3)) @ np.zeros((2, 3))", "ValueError: matmul"),
    "gone": (FIT, "os.kill(os.getpid(), signal.SIGKILL)", "its process was killed"),
    "endless": (FIT, "time.sleep(10_000)", "it took longer than 25 s"),
    "spinning": (SCORE, "sum(range(10**13))", "in its evaluation, it took longer than 25 s"),
    "mute": (RATE, "raise KeyError('no answer')", "KeyError: 'no answer'"),
    "dying": (RATE, "os._exit(9)", "in its evaluation, its process was killed"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, object]:
    "A report with a model of each kind beside two that do not fail"
    home = tmp_path_factory.mktemp("failing")
    purchases(1500).to_csv(home / "my.csv", index=False)
    code = HEAD + "".join(
        MODEL.format(name=key.title(), key=key, method=place[0], call=place[1], what=what)
        for key, (place, what, _) in KINDS.items()
    )
    (home / "own.py").write_text(code)
    columns = (
        "--interactions my.csv --user who --item what --timestamp ts --models popularity,knn --add own.py"
    )
    return home, end(start(home, "report", *columns.split(), "--model-timeout", "25s", cwd=home), 900)


@pytest.mark.long
@pytest.mark.parametrize("key", KINDS)
def test_each_kind_of_failure_is_a_blank_row_with_its_reason(run, key):
    home, done = run
    assert done.returncode == 3 and "Traceback (most" not in done.stderr, done.stderr
    board = pd.read_csv(home / "reports/my/leaderboard.csv")
    mine = board[board["model"] == key]
    assert len(mine) and mine["value"].isna().all()
    reason = KINDS[key][2]
    assert f"{key} is missing from the report: {reason}" in done.stderr
    blank = json.loads((home / "reports/my/run.json").read_text())["blanks"][key]["all"]
    assert blank.startswith(reason)


@pytest.mark.long
def test_the_others_are_reported_whole(run):
    home, _ = run
    board = pd.read_csv(home / "reports/my/leaderboard.csv").query("metric == 'ndcg' and segment == 'all'")
    assert board[board["model"].isin(["popularity", "knn"])]["value"].notna().all()
    page = (home / "reports/my/index.html").read_text(encoding="utf-8")
    assert all(key.title() in page for key in KINDS)


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 0), ("45", 45), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("0.5h", 1800)]
)
def test_a_time_limit_is_given_as_people_write_it(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["soon", "10 minutes", "-1m", "0s", "1d", "m"])
def test_any_other_text_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="a time is given as 90s, 10m or 1h30m"):
        parse_duration(text)


def test_a_reason_is_one_line_however_long_the_error_is():
    reason = failure_reason(RuntimeError("first line\n   second line\n" + "x" * 5000))
    assert reason.startswith("RuntimeError: first line second line x") and len(reason) < 350


# ---- splits that leave nothing to test ---------------------------------------------------------------------------


def data(folder: Path, rows: list[str]) -> object:
    "Return the data set of these lines"
    (folder / "my.csv").write_text("\n".join(["u,i,r,t", *rows]) + "\n")
    (folder / "card.toml").write_text(
        '[facts]\nname = "my"\nrelevant = {purchase = true}\n\n[interactions]\nfile = "my.csv"\n'
        'event = "purchase"\ncolumns = {user = "u", item = "i", timestamp = "t"}\n'
    )
    return dataset(ingest(folder / "card.toml").tables)


def lines(users: int, items: int, start: int = 1_600_000_000, step: int = 1) -> list[str]:
    return [
        f"u{n % users},i{(n * 7 + n // users) % items},{n % 5 + 1},{start + step * n}"
        for n in range(users * items // 2)
    ]


def test_enough_data_has_the_shuffles_and_the_split_by_time(tmp_path):
    pairs = purchases(400).drop_duplicates(["who", "what"])
    rows = [f"{who},{what},1,{ts}" for who, what, ts in pairs.itertuples(index=False)]
    jobs, skipped = plan_jobs(data(tmp_path, rows), ["popularity"])
    assert {job.split for job in jobs} == {"ratio75_item", "global_time"}
    assert skipped["cold_items"] == "its items have no text"


@pytest.mark.parametrize(
    ("rows", "split", "words"),
    [
        (lines(1, 40), "ratio75_item", "1 customer only"),
        (lines(12, 10, step=0), "global_time", "time"),
        (
            [f"u{n},i{n},1,{1_600_000_000 + n}" for n in range(30)],
            "ratio75_item",
            "nothing would be left to test in 30 interactions",
        ),
        (["a,x,1,1600000000", "b,y,1,1600000001"], "ratio75_item", "it takes more of them"),
        (
            [f"u{n % 3},i{n % 2},1,{1_600_000_000 + n}" for n in range(6)]
            + [f"u{n % 3},i{n % 2},1,{1_700_000_000 + n}" for n in range(2)],
            "ratio75_item",
            "",
        ),
    ],
    ids=["one customer", "one moment", "every item once", "two rows", "tiny"],
)
def test_a_split_that_leaves_nothing_to_test_is_found_before_anything_is_trained(
    tmp_path, rows, split, words
):
    try:
        skipped = plan_jobs(data(tmp_path, rows), ["popularity"])[1]
    except (ValueError, SourceError) as error:
        assert words in str(error)
        return
    assert words in skipped.get(split, "") or not words

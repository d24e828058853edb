"Two stages side by side: they do run at once, and a failure, Ctrl-C, a kill or little memory harms nothing"

import json
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from command import c360, card, end, start, wait_for, well

pytestmark = pytest.mark.slow

# Two models of somebody's own. The variables `left` and `right` say what their fit on the shop does.
PAIR = """
import errno
import os
import signal
import time
from pathlib import Path

from customer360.models.baselines import Popularity

PLACE = Path(os.environ.get("PLACE", "."))


def until(name):
    end = time.time() + 60
    while not (PLACE / name).exists():
        if time.time() > end:
            raise RuntimeError(f"{name} did not come")
        time.sleep(0.02)


def act(name, n_users):
    how = os.environ.get(name, "")
    if n_users < 100 or not how or (PLACE / f"{name}.done").exists():
        return
    (PLACE / f"{name}.begun").touch()
    if how == "meet":
        until({"left": "right", "right": "left"}[name] + ".begun")
    elif how == "wait":
        time.sleep(300)
    elif how == "times":
        time.sleep(1)
    else:
        until({"left": "right", "right": "left"}[name] + ".begun")
        if how == "full":
            raise OSError(errno.ENOSPC, "no space left on device")
        os.kill(os.getpid(), signal.SIGKILL)
    (PLACE / f"{name}.done").touch()


class Left(Popularity):
    key, label = "left", "Left"

    def _fit(self, train):
        super()._fit(train)
        act(self.key, train.n_users)


class Right(Left):
    key, label = "right", "Right"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    "A home with a small shop and the two models, and a place for their marks"
    card(tmp_path)
    (tmp_path / "pair.py").write_text(PAIR)
    (tmp_path / "marks").mkdir()
    return tmp_path


def arguments(home: Path, *more: str) -> list[str | Path]:
    one = ["--split", "ratio75_item", "--seed", "101"]
    return [
        "report",
        "--dataset",
        home / "shop.toml",
        "--models",
        "popularity",
        "--add",
        home / "pair.py",
        *one,
        *more,
    ]


def run(home: Path, *more: str, **how: str) -> subprocess.CompletedProcess:
    return c360(home, *arguments(home, *more), PLACE=home / "marks", **how)


def begin(home: Path, **how: str) -> subprocess.Popen:
    "A run, once both models are in their first fit on the shop"
    process = start(home, *arguments(home, "--at-once", "2"), PLACE=home / "marks", **how)
    for name in how:
        wait_for(home / f"marks/{name}.begun", process)
    return process


def kernels(home: Path) -> list[psutil.Process]:
    "The processes of stages that work for this home"
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if any(
                name in " ".join(process.info["cmdline"] or [])
                for name in ("ipykernel_launcher", "kernel_server")
            ):
                found += [process] * (process.environ().get("C360_HOME") == str(home))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def fits(home: Path, model: str) -> set[str]:
    return {path.name for path in home.glob(f"data/interim/demo-*/fits/[!.]*-{model}-0-*")}


def hidden(home: Path) -> list[Path]:
    return [path for path in home.rglob(".*") if "lock" not in path.name]


def one_after_the_other(home: Path) -> bool:
    begun, ended = (
        {name: (home / f"marks/{name}.{what}").stat().st_mtime for name in ("left", "right")}
        for what in ("begun", "done")
    )
    return ended["left"] < begun["right"] or ended["right"] < begun["left"]


def test_two_models_train_at_the_same_time(home):
    done = well(run(home, "--at-once", "2", left="meet", right="meet"))
    assert "2 stages side by side" in done.stderr
    assert json.loads((home / "reports/demo/run.json").read_text())["at_once"] == 2
    bars = [line for line in done.stderr.replace("\r", "\n").splitlines() if "%|" in line]
    shares = [
        int(line.partition(":")[2].partition("%")[0]) for line in bars if not line.startswith(("ingest", " "))
    ]
    assert shares == sorted(shares) and shares[-1] == 100


def test_one_at_a_time_is_one_at_a_time(home):
    done = well(run(home, "--at-once", "1", left="times", right="times"))
    assert one_after_the_other(home)
    assert "side by side" not in done.stderr


def test_without_memory_for_two_there_is_one_at_a_time(home):
    well(run(home, "--at-once", "2", "--memory", "450M", left="times", right="times"))
    assert one_after_the_other(home)


def test_what_ends_the_run_ends_the_other_stage_too(home):
    begun = time.monotonic()
    done = run(home, "--at-once", "2", left="full", right="wait")
    assert time.monotonic() - begun < 100, "the other model would have slept for five minutes"
    assert done.returncode == 1 and "train-left: OSError: [Errno 28] no space left" in done.stderr
    assert "Traceback" not in done.stderr
    failed = [path.name for path in home.glob("data/interim/stages/demo/*.failed.ipynb")]
    assert failed == ["train-left.failed.ipynb"], "the one that was interrupted did not fail"
    assert hidden(home) == [] and kernels(home) == []


def test_a_model_whose_process_is_killed_takes_nothing_with_it(home):
    done = run(home, "--at-once", "2", left="kill", right="meet")
    assert done.returncode == 3 and "left is missing from the report: its process was killed" in done.stderr
    assert len(fits(home, "right")) == 1 and not fits(home, "left")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_no_process_and_continues(home, how):
    process = begin(home, left="wait", right="wait")
    assert len(kernels(home)) >= 2
    process.send_signal(how)
    done = end(process, 60)
    assert done.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9}[how]
    until = time.monotonic() + 15
    while kernels(home) and time.monotonic() < until:
        time.sleep(0.1)
    assert kernels(home) == []
    if how == signal.SIGINT:
        assert done.stderr.splitlines()[-1].startswith("Stopped. What is finished is kept")
        assert "Traceback" not in done.stderr and hidden(home) == []
    for name in ("left", "right"):
        (home / f"marks/{name}.done").touch()
    well(run(home, left="wait", right="wait"))
    assert all(len(fits(home, model)) == 1 for model in ("popularity", "left", "right"))

"A benchmark that is killed goes on where it was, and believes nothing that is not whole"

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SCRIPT = """
import os, signal, sys
from pathlib import Path
from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.peers import runs
from customer360.peers.published_tests import PublishedTest

home, deadly = Path(sys.argv[1]), sys.argv[2]
test = PublishedTest("demo", "ratio75_item", ("ranking",), (101, 102, 103), "A small shop.")
task = runs.BenchmarkTask(test, "ease", "an example")
measured = runs.measure_on

def measure_on(model, split, *asked):
    print("fit", split.seed, flush=True)
    if split.seed == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return measured(model, split, *asked)

runs.measure_on = measure_on
for seed in runs.run_task(task, dataset(simulate(seed=0, n_customers=100, n_items=30).tables), home):
    print("done", seed, flush=True)
print(len(runs.load_results_of(task, home)))
"""


def run(home: Path, deadly: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), deadly],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def left(home: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in home.glob("*/shuffle-*")}


def test_a_killed_run_loses_the_fit_it_was_at_and_no_other(tmp_path):
    killed = run(tmp_path, "102")
    assert killed.returncode == -9
    assert killed.stdout.split() == ["fit", "101", "done", "101", "fit", "102"]
    before = left(tmp_path)
    assert list(before) == ["shuffle-101"]
    again = run(tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split() == ["fit", "102", "done", "102", "fit", "103", "done", "103", "3"]
    assert left(tmp_path)["shuffle-101"] == before["shuffle-101"], "what was finished was not touched"
    assert run(tmp_path).stdout.split() == ["3"], "nothing is left to do"


def test_a_choice_is_kept_with_what_it_belongs_to(tmp_path):
    assert run(tmp_path).returncode == 0
    (kept,) = tmp_path.glob("*/choice.json")
    told = json.loads(kept.read_text(encoding="utf-8"))
    assert (told["test"], told["model"], told["snapshot"]) == ("demo/ratio75_item", "ease", "an example")


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_was_being_written_does_not_count(tmp_path, there):
    assert run(tmp_path).returncode == 0
    (whole,) = tmp_path.glob("*/shuffle-103")
    if there:
        whole.rename(whole.with_name(".shuffle-103.half"))
    assert run(tmp_path).stdout.split() == (["fit", "103", "done", "103", "3"] if there else ["3"])

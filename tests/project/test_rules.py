"The rules of a test run hold: no silent skip in CI, one closing line, no pass without a test"

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

EXAMPLES = """
import pytest

def test_passes(record_property):
    record_property("answer", 42)

def test_listed():
    pytest.skip("needs a printer")

def test_unlisted():
    pytest.skip("no idea")
"""


def run_examples(folder: Path, *options: str, ci: str) -> subprocess.CompletedProcess:
    "Run the three tests above under our conftest.py"
    (folder / "tests").mkdir()
    for name in ("conftest.py", "server.py", "browsing.py", "command.py", "postgres.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    (folder / "tests/allowed_skips.txt").write_text(
        "# comment\ntest_examples.py::test_listed: no printer in CI\n"
    )
    (folder / "tests/test_examples.py").write_text(EXAMPLES)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "--rootdir",
        folder,
        "-p",
        "no:cacheprovider",
        *options,
        "tests",
    ]
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"CI": ci}, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_skip_that_is_not_listed_fails_in_ci(tmp_path, options):
    done = run_examples(tmp_path, *options, ci="true")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"
    assert "test_unlisted was skipped (Skipped: no idea) and is not listed" in done.stdout
    assert "answer: 42" in done.stdout


def test_a_skip_is_only_a_skip_elsewhere(tmp_path):
    done = run_examples(tmp_path, ci="")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed, 2 skipped"


@pytest.mark.parametrize(
    ("recipe", "code", "last"),
    [
        ("@echo 3 passed, 0 failed, 1 skipped", 0, "3 passed, 0 failed, 1 skipped"),
        ("@echo 2 passed, 1 failed, 0 skipped; exit 1", 2, "2 passed, 1 failed, 0 skipped"),
        ("@echo 0 passed, 0 failed, 0 skipped", 1, "0 passed, 0 failed, 0 skipped"),
        ("@echo nothing to do", 1, "0 passed, 1 failed, 0 skipped"),
        ("@echo the set-up failed; exit 1", 2, "0 passed, 1 failed, 0 skipped"),
    ],
)
def test_ci_run(tmp_path, recipe, code, last):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(f"test:\n\t{recipe}\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last), done.stdout + done.stderr

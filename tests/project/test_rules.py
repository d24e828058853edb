"The rules of a test run hold: no silent skip in CI, one closing line, no pass without a test, and a workflow that can run elsewhere"

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
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


def run_examples(
    folder: Path,
    *options: str,
    ci: str,
    examples: str = EXAMPLES,
    allowed: str = "# comment\ntest_examples.py::test_listed: no printer in CI\n",
    **changes: str | None,  # of the environment
) -> subprocess.CompletedProcess:
    "Run some tests, the three above by default, under our conftest.py"
    (folder / "tests").mkdir()
    for name in ("conftest.py", "server.py", "browsing.py", "command.py", "postgres.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    (folder / "tests/allowed_skips.txt").write_text(allowed)
    (folder / "tests/test_examples.py").write_text(examples)
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
    environment = {
        name: value for name, value in (os.environ | {"CI": ci} | changes).items() if value is not None
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


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


def run_data_tests(checkout: Path, **changes: str) -> subprocess.CompletedProcess:
    "Run every test of real data in a copy of the tests, in CI"
    shutil.copytree(ROOT / "tests", checkout / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", checkout)
    files = [
        path
        for path in sorted((checkout / "tests").rglob("test_*.py"))
        if path.name != Path(__file__).name and "test_data" in path.read_text(encoding="utf-8")
    ]
    assert len(files) >= 4
    environment = (
        {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PYTEST_") and name != "C360_TEST_DATA"
        }
        | {"CI": "true"}
        | changes
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        "0",
        "-m",
        "data",
        *files,
    ]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_without_data_of_others_ci_passes_and_says_what_it_skipped(tmp_path):
    done = run_data_tests(tmp_path / "checkout")
    assert done.returncode == 0, done.stdout[-3000:]
    skipped = re.fullmatch(r"0 passed, 0 failed, (\d+) skipped", done.stdout.splitlines()[-1])
    assert skipped and int(skipped[1]) >= 30
    assert "no data: set C360_TEST_DATA" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("where", ["beside", "named"])
def test_with_data_at_hand_a_skip_for_want_of_data_fails(tmp_path, where):
    "The data lies beside the checkout, or C360_TEST_DATA is set to nothing useful: the tests must not pass by skipping"
    (tmp_path / "shared/datasets").mkdir(parents=True)
    named = {} if where == "beside" else {"C360_TEST_DATA": str(tmp_path / "nowhere")}
    done = run_data_tests(tmp_path / "checkout", **named)
    assert done.returncode == 1
    assert re.fullmatch(r"0 passed, [1-9]\d+ failed, 0 skipped", done.stdout.splitlines()[-1]), done.stdout[
        -3000:
    ]


@pytest.mark.parametrize(
    ("marks", "body", "closing"),
    [
        ("@pytest.mark.data", "(test_data): pass", "0 passed, 0 failed, 1 skipped"),
        (
            "@pytest.mark.data",
            "(test_data): pytest.skip('no idea')",
            "0 passed, 0 failed, 1 skipped",
        ),  # skipped before its own reason
        ("", "(test_data): pass", "0 passed, 0 failed, 0 skipped"),
        ("@pytest.mark.data", "(): pass", "0 passed, 0 failed, 0 skipped"),
        ("", "(): pytest.skip('no data: set C360_TEST_DATA')", "0 passed, 1 failed, 0 skipped"),
    ],
    ids=["marked", "marked-and-skipping", "not-marked", "marked-in-vain", "skips-by-itself"],
)
def test_only_the_marker_and_the_fixture_together_excuse_a_skip(tmp_path, marks, body, closing):
    examples = f"import pytest\n\n{marks}\ndef test_example{body}\n"
    done = run_examples(
        tmp_path, ci="true", examples=examples, allowed="marker data: other people's\n", C360_TEST_DATA=None
    )
    assert done.stdout.splitlines()[-1] == closing, done.stdout
    assert ("mark tests that use the fixture" in done.stdout + done.stderr) == (
        closing == "0 passed, 0 failed, 0 skipped"
    )


def test_no_test_reads_data_of_others_but_by_the_fixture():
    "A test that opened the folder itself would fail on a machine without it"
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path.name not in ("conftest.py", Path(__file__).name):
            source = path.read_text(encoding="utf-8")
            assert not re.search(
                r"C360_TEST_DATA|settings\(\)\.test_data|shared/|[\"']shared[\"']", source
            ), path


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
    there = tmp_path / "bin"  # what .ci/run would install on a machine without it
    there.mkdir()
    for name in ("chromium", "strace"):
        (there / name).touch(mode=0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")} | {
        "PATH": f"{os.environ['PATH']}:{there}"
    }
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last), done.stdout + done.stderr


# --- the workflow


WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))


def commands() -> list[list[str]]:
    "Return each command of the workflow's `run` steps, as words"
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    lines = [line for step in steps for line in step.get("run", "").splitlines()]
    return [shlex.split(part) for line in lines for part in line.split("&&") if part.strip()]


def test_each_command_of_the_workflow_exists():
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    called = commands()
    assert ["make", "test"] in called and ["make", "report"] in called
    for words in called:
        first, *rest = words[1:] if words[0] == "sudo" else words
        if first == "make":
            assert set(rest) <= targets, words
        elif "/" in first:
            assert os.access(ROOT / first, os.X_OK), words
        else:
            assert first in ("apt-get", "google-chrome"), (
                f"{words}: a command that the runner's image may lack"
            )


def test_the_workflow_is_well_formed():
    assert set(WORKFLOW[True]) == {"push", "pull_request"}, "YAML reads the key `on` as a truth value"
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert "uses" not in step or re.fullmatch(r"[\w./-]+@v\d+", step["uses"]), step
    (job,) = WORKFLOW["jobs"].values()
    minor = [tuple(map(int, version.split("."))) for version in job["strategy"]["matrix"]["python"]]
    assert minor == [(3, 11), (3, 12), (3, 13)], "the versions that tools/setup.sh takes"


def test_the_workflow_installs_what_tests_would_skip_without():
    "The page's browser and Node, and strace; every other skip but that for want of data fails in CI"
    installed = {word for words in commands() for word in words}
    assert {"strace", "google-chrome"} <= installed
    (job,) = WORKFLOW["jobs"].values()
    assert any(step.get("uses", "").startswith("actions/setup-node@") for step in job["steps"])

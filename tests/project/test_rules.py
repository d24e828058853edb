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
    (folder / "tests").mkdir(parents=True)
    for name in ("conftest.py", "server.py", "browsing.py", "command.py", "postgres.py", "rows.py"):
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


@pytest.mark.slow
def test_without_data_of_others_ci_passes_and_says_what_it_skipped(tmp_path):
    "Every test of real data, in a copy of the tests with no data beside it"
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    files = [
        path
        for path in sorted((tmp_path / "tests").rglob("test_*.py"))
        if path.name != Path(__file__).name and "test_data" in path.read_text(encoding="utf-8")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-m", "data"]
    environment = {name: value for name, value in os.environ.items() if name != "C360_TEST_DATA"}
    done = subprocess.run(
        [*command, *files],
        cwd=tmp_path,
        env=environment | {"CI": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    skipped = re.fullmatch(r"0 passed, 0 failed, (\d+) skipped", done.stdout.splitlines()[-1])
    assert skipped and int(skipped[1]) >= 30
    assert "no data: set C360_TEST_DATA" in done.stdout


NEEDS_DATA = """
import pytest

@pytest.mark.data
def test_marked(test_data): pass

@pytest.mark.data
def test_marked_and_skipping(test_data): pytest.skip("no idea")  # skipped before that

def test_skips_by_itself(): pytest.skip("no data: set C360_TEST_DATA")
"""


@pytest.mark.parametrize(
    ("where", "closing"),
    [
        ("nowhere", "0 passed, 1 failed, 2 skipped"),
        ("beside", "0 passed, 3 failed, 0 skipped"),
        ("named", "0 passed, 3 failed, 0 skipped"),
    ],
)
def test_only_the_marker_and_want_of_data_together_excuse_a_skip(tmp_path, where, closing):
    "With data beside the checkout, or C360_TEST_DATA set to nothing useful, tests must not pass by skipping"
    if where == "beside":
        (tmp_path / "shared/datasets").mkdir(parents=True)
    named = str(tmp_path / "no-such-folder") if where == "named" else None
    done = run_examples(
        tmp_path / "checkout",
        ci="true",
        examples=NEEDS_DATA,
        allowed="marker data: other people's\n",
        C360_TEST_DATA=named,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == closing, done.stdout


def test_the_marker_and_the_fixture_go_together(tmp_path):
    examples = "import pytest\n\ndef test_not_marked(test_data): pass\n\n@pytest.mark.data\ndef test_in_vain(): pass\n"
    done = run_examples(tmp_path, ci="", examples=examples)
    assert done.returncode == 4 and "mark tests that use the fixture" in done.stderr
    assert "::test_not_marked" in done.stderr and "::test_in_vain" in done.stderr


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

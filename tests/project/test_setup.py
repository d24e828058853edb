"The set-up as somebody with the wrong machine meets it: real processes in a copy of the checkout"

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

NEEDED = ("bash", "sh", "make", "awk", "cat", "cksum", "dirname", "env", "grep", "rm", "tail", "tee", "uname")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    "The files of the set-up alone, with nothing to install"
    folder = tmp_path / "a copy"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/setup.sh", folder / "tools")
    for name in ("Makefile", "settings.ini", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "requirements.txt").write_text("# nothing\n")
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    "A folder for the PATH with what the Makefile needs, but no Python"
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def environment(**changes: str | Path) -> dict[str, str]:
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHON", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")
    }
    return inherited | {key: str(value) for key, value in changes.items()}


def make(folder: Path, *arguments: str, **changes: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def refusal(done: subprocess.CompletedProcess) -> str:
    "The one sentence of a make that stopped"
    assert done.returncode != 0, done.stdout
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1 and said[0].endswith("."), done.stderr
    return said[0]


def test_no_python(copy, tools):
    said = refusal(make(copy, "setup", PATH=tools))
    assert said.startswith("Customer360 needs Python 3.11, 3.12 or 3.13, and here is none: install one")


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.14"])
def test_python_of_another_age(copy, tools, version):
    script(tools / "python3", f"echo {version}")
    said = refusal(make(copy, "setup", PATH=tools))
    assert said.startswith(f"Customer360 needs Python 3.11, 3.12 or 3.13, and here is {version}: install one")
    assert f"is {version}." in refusal(make(copy, "setup", PATH=tools, PYTHON=tools / "python3"))


@pytest.mark.slow
def test_a_fitting_python_beside_an_old_one_is_found(copy, tools):
    script(tools / "python3", "echo 3.9")
    script(tools / "python3.12", f'exec "{sys.executable}" "$@"')
    done = make(copy, "setup", PATH=tools)
    assert done.returncode == 0 and "Setting up .venv with Python" in done.stdout, done.stderr


def test_python_that_does_not_run(copy):
    assert "PYTHON=/nowhere/python does not run" in refusal(make(copy, "setup", PYTHON="/nowhere/python"))


def test_python_without_venv(copy, tmp_path):
    "As Debian's python3 without python3-venv: `venv` is there and `ensurepip` is not"
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "ensurepip.py").write_text("raise ModuleNotFoundError(\"No module named 'ensurepip'\")\n")
    python = script(tmp_path / "python-without-venv", f'PYTHONPATH="{hidden}" exec "{sys.executable}" "$@"')
    said = refusal(make(copy, "setup", PYTHON=python))
    assert "comes without its venv module" in said and "python3-venv" in said
    assert not (copy / ".venv").exists()


@pytest.mark.slow
def test_no_network(copy):
    (copy / "requirements.txt").write_text("six\n")
    unreachable = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "1",
    }
    done = make(
        copy, "setup", PYTHON=sys.executable, PIP_CONFIG_FILE=os.devnull, PIP_NO_CACHE_DIR="1", **unreachable
    )
    assert done.returncode != 0
    assert "No network: pip could not reach its package index" in done.stderr
    assert not (copy / ".venv/complete").exists()


@pytest.mark.slow
def test_a_package_that_does_not_exist(copy):
    (copy / "requirements.txt").write_text("./no-such-folder\n")
    done = make(copy, "setup", PYTHON=sys.executable)
    assert done.returncode != 0
    assert "pip could not install the pinned packages" in done.stderr and "no-such-folder" in done.stderr


@pytest.mark.slow
def test_set_up_once_and_again_only_after_a_change(copy, record_property):
    first = make(copy, "setup", PYTHON=sys.executable)
    assert first.returncode == 0 and "Setting up .venv" in first.stdout, first.stderr

    for path in copy.iterdir():
        path.touch()  # as git checkout does
    began = time.monotonic()
    second = make(copy, "setup")
    seconds = time.monotonic() - began
    record_property("second set-up, seconds (3 allowed)", round(seconds, 2))
    assert (second.returncode, second.stdout) == (0, "") and seconds < 3

    with (copy / "constraints.txt").open("a") as file:
        file.write("# changed\n")
    (copy / ".venv/kept").touch()
    third = make(copy, "setup")
    assert "bringing .venv up to date" in third.stdout and (copy / ".venv/kept").exists()
    assert make(copy, "setup").stdout == ""

    (copy / "requirements.txt").write_text("./no-such-folder\n")
    assert make(copy, "setup").returncode != 0
    (copy / "requirements.txt").write_text("# nothing\n")
    mended = make(copy, "setup")
    assert mended.returncode == 0 and (copy / ".venv/kept").exists(), (
        "an update that pip refused costs nothing"
    )

    moved = copy.rename(copy.with_name("moved"))
    assert "Setting up .venv" in make(moved, "setup").stdout, (
        "the scripts of a moved .venv point to the old place"
    )


@pytest.mark.slow
def test_a_set_up_cut_short_is_not_believed(copy):
    "Ctrl-C while pip works: the next call starts afresh"
    package = copy / "slow"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (package / "backend.py").write_text(
        "import time, pathlib\npathlib.Path('reached').touch()\ntime.sleep(300)\n"
    )
    (copy / "requirements.txt").write_text("./slow\n")
    process = subprocess.Popen(
        ["make", "setup"],
        cwd=copy,
        env=environment(PYTHON=sys.executable),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not (package / "reached").exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=120) != 0
    assert (copy / ".venv").exists() and not (copy / ".venv/complete").exists()

    (copy / "requirements.txt").write_text("# nothing\n")
    again = make(copy, "setup", PYTHON=sys.executable)
    assert again.returncode == 0 and "Setting up .venv" in again.stdout, again.stderr


def test_help_needs_no_set_up(copy, tools):
    said = make(copy, PATH=tools).stdout
    for target in ("report", "test", "quick", "test-long", "lab", "clean"):
        assert f"make {target} " in said
    assert not (copy / ".venv").exists()

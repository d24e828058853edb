"The three commands that a newcomer types after the clone, in a copy of what git tracks"

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import httpx
import pytest
from conftest import ROOT

from customer360.serving.loop_server import free_port

STEPS = ("pip install -r requirements.txt", "python train.py --model knn", "uvicorn api.main:app --reload")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    "What git tracks, with an environment of its own that finds the packages of this one installed already"
    folder = tmp_path / "customer360"
    for name in subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    site = next((folder / ".venv").glob("lib/python*/site-packages"))
    (site / "installed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_no_link_is_tracked():
    "A link points to somewhere on one machine: what git tracks are files"
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not [line for line in listed.stdout.splitlines() if line.startswith("120000")]


def words(step: str, *more: str) -> list[str]:
    "The command with the Python of the clone; its programs are run as modules, since only a fresh install would put them on the PATH"
    first, *rest = step.split()
    return [".venv/bin/python", *([] if first == "python" else ["-m", first]), *rest, *more]


@pytest.mark.slow
def test_the_first_three_commands(clone: Path):
    guides = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    assert all(step in re.sub(r"\s*#.*", "", guides) for step in STEPS)
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("C360_", "PYTHONPATH", "VIRTUAL_ENV"))
    }
    for step in STEPS[:2]:
        done = subprocess.run(
            words(step),
            cwd=clone,
            env=clean,
            capture_output=True,
            text=True,
            timeout=600,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{step}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
    port, log = free_port(), clone / "server.log"
    with open(log, "wb") as out:
        server = subprocess.Popen(
            words(STEPS[2], "--port", str(port)),
            cwd=clone,
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        answer = waited(
            f"http://127.0.0.1:{port}/api/v1/customers/c0104/recommendations?model=knn&n=3", server, log
        )
        assert len(answer["items"]) == 3 and all(item["reasons"] for item in answer["items"])
        trained = {path.name for path in (clone / "data/models/demo/knn").iterdir()}
        assert answer["version"] in trained, (answer["version"], trained)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def waited(url: str, server: subprocess.Popen, log: Path, seconds: float = 120) -> dict:
    "The answer, as soon as there is one"
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            answer = httpx.get(url, timeout=10, trust_env=False)
            if answer.status_code == 200:
                return answer.json()
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"no answer: {log.read_text(errors='replace')[-3000:]}")

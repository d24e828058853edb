"The command c360 as a process of its own, and small data to ask it about"

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

C360 = Path(sys.executable).with_name("c360")

CARD = """
[facts]
name = "demo"

[simulate]
seed = 0
n_customers = 150
n_items = 80
days = 200
"""


def environment(home: Path, **changes: str | Path) -> dict[str, str]:
    "What a user's shell would hold, with the home of the data and the reports elsewhere"
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("C360_", "COV_", "PYTEST_"))
    }
    return inherited | {
        name: str(value)
        for name, value in {"C360_HOME": home, "C360_THREADS": 1, "COLUMNS": 120, **changes}.items()
    }


def start(
    home: Path, *arguments: str | Path, cwd: Path | None = None, **changes: str | Path
) -> subprocess.Popen:
    "c360, without waiting for it"
    return subprocess.Popen(
        [C360, *arguments], cwd=cwd, env=environment(home, **changes), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", start_new_session=True,
    )  # fmt: skip


def end(process: subprocess.Popen, timeout: float = 240) -> subprocess.CompletedProcess:
    "Wait for what `start` started"
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def c360(home: Path, *arguments: str | Path, **more: str | Path) -> subprocess.CompletedProcess:
    "Run c360 to its end"
    return end(start(home, *arguments, **more))


def well(done: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
    "The same, if it ended well"
    assert done.returncode == 0, f"{done.args} ended with {done.returncode}: {done.stderr[-3000:]}"
    return done


def sentence(done: subprocess.CompletedProcess) -> str:
    "The one line on stderr, below the progress bars, of a command that was refused"
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr and done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip() and "%|" not in line]
    assert lines and lines[0].startswith("c360: "), done.stderr
    assert len(lines) == 1 or lines[1].startswith("The cell that failed"), done.stderr
    return lines[0].removeprefix("c360: ")


def wait_for(path: Path, process: subprocess.Popen, seconds: float = 120) -> None:
    "Until a file is there; fails if the process ends before"
    until = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None, end(process).stderr[-3000:]
        assert time.monotonic() < until, f"{path.name} did not come in {seconds} s"
        time.sleep(0.02)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    "A folder made by the first test of a whole run that asks for it, whichever worker runs it"
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not Path(f"{folder}.made").exists():
            shutil.rmtree(folder, ignore_errors=True)  # what is left where another worker's attempt failed
            folder.mkdir()
            make(folder)
            Path(f"{folder}.made").touch()
    return folder


def card(folder: Path) -> Path:
    "A shop of 150 customers and 80 items"
    path = folder / "shop.toml"
    path.write_text(CARD, encoding="utf-8")
    return path


def purchases(n: int = 2500) -> pd.DataFrame:
    "Who chose what when, with ids that begin with zeros and some items more popular than others"
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "who": [f"{user:05d}" for user in rng.integers(0, 120, n)],
            "what": [f"00{item}" for item in np.minimum(rng.exponential(12, n), 69).astype(int)],
            "ts": 1_600_000_000 + rng.permutation(30_000_000)[:n],
        }
    )

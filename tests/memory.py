"The most memory that a process took, its own and nobody else's"

import inspect
import os
import subprocess
import sys
from collections.abc import Mapping


def peak_memory() -> int:  # bytes
    "Return the most memory that this process held at once, since it started or `forget_peak` was called"
    # `ru_maxrss` outlives exec: a child of a large process starts with the peak of its parent
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def forget_peak() -> None:
    "Let `peak_memory` count from what is held now"
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def run_measured(
    code: str,  # Python, which may call `peak_memory`
    *arguments: object,  # its sys.argv[1:]
    env: Mapping[str, str] | None = None,  # None: this process's
    timeout: float = 500,  # seconds
) -> str:
    "Run code in a process of its own and return what it printed"
    done = subprocess.run(
        [sys.executable, "-c", f"{inspect.getsource(peak_memory)}\n{code}", *map(str, arguments)],
        env=dict(os.environ if env is None else env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout

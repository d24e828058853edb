"""Runs a notebook in a process of its own, which is forked from one that has imported what every lesson imports

Nothing here imports the package: each lesson begins with it as untouched as in a process of its own making.
"""

import multiprocessing
import os
import sys
from pathlib import Path

SHARED = [
    "nbdev.test",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "pandas",
    "scipy.sparse",
    "sqlalchemy",
]


def run_here(notebook: Path, root: Path, log: Path) -> None:
    "Run `nbdev_test` on a notebook; the process ends with its exit status"
    with open(log, "wb") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(root)
    os.environ["MPLBACKEND"] = "agg"
    from nbdev.test import nbdev_test

    nbdev_test(path=str(notebook), n_workers=0)
    sys.stdout.flush()


def run(
    notebook: Path, root: Path, log: Path, seconds: float
) -> tuple[int, str]:  # exit status, what it said
    "Run `nbdev_test` on a notebook of a project"
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(SHARED)
    process = forks.Process(target=run_here, args=(notebook, root, log))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode, log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

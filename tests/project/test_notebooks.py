"Every lesson runs from top to bottom, each in a process of its own"

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

NOTEBOOKS = sorted(path for path in (ROOT / "nbs").rglob("*.ipynb") if path.parent.name != "pipelines")


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(notebook: Path):
    done = subprocess.run(
        [Path(sys.executable).with_name("nbdev_test"), "--path", notebook, "--n_workers", "0"],
        cwd=ROOT,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=570,
        stdin=subprocess.DEVNULL,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert "Success." in said, said  # nbdev_test also exits 0 when it found no notebook


def test_a_failing_notebook_fails(tmp_path):
    "The check above can fail: nbdev_test on a notebook with a false assertion"
    broken = tmp_path / "99_broken.ipynb"
    broken.write_text(
        '{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "assert 1 == 2", "outputs": [], "execution_count": null}],'
        ' "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}'
    )
    with pytest.raises(AssertionError, match="1 == 2"):
        test_notebook(broken)

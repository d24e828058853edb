"Every lesson runs from top to bottom, each in a process of its own"

import subprocess
import sys
from pathlib import Path

import lessons
import nbformat
import pytest
from conftest import ROOT

NOTEBOOKS = sorted(
    path for path in (ROOT / "nbs").rglob("*.ipynb") if path.parent.name not in ("pipelines", "benchmarks")
)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(notebook: Path, tmp_path: Path):
    status, said = lessons.run(notebook, ROOT, tmp_path / "log", seconds=570)
    assert status == 0, said[-6000:]
    assert "Success." in said, said  # nbdev_test also exits 0 when it found no notebook


def test_a_failing_notebook_fails(tmp_path):
    "The check above can fail: nbdev_test on a notebook with a false assertion"
    broken = tmp_path / "99_broken.ipynb"
    broken.write_text(
        '{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "assert 1 == 2", "outputs": [], "execution_count": null}],'
        ' "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}'
    )
    with pytest.raises(AssertionError, match="1 == 2"):
        test_notebook(broken, tmp_path)


def test_a_lesson_finds_nothing_of_the_package_imported(tmp_path):
    "The process that lessons are forked from holds other packages only, none that a lesson may claim to do without"
    told = "import sys; print(sorted({*sys.modules} & {'customer360', 'torch', 'sklearn', 'transformers', 'faiss'}))"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"{told}\nassert 'customer360' not in sys.modules")]
    )
    nbformat.write(notebook, tmp_path / "99_empty.ipynb")
    asked = tmp_path / "empty.py"
    asked.write_text(f"import {', '.join(lessons.SHARED)}\n{told}\n")
    done = subprocess.run([sys.executable, asked], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stdout + done.stderr
    test_notebook(tmp_path / "99_empty.ipynb", tmp_path)

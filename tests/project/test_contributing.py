"The model that CONTRIBUTING adds as an example needs its notebook, its test and nothing else"

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow
COPIED = ("customer360", "nbs", "tests", "data/cards", "settings.ini", "pyproject.toml", "README.md")
MADE = {"customer360/models/cosine.py", "customer360/_modidx.py"}  # by nbdev_export


def shown() -> dict[str, str]:
    "Return the files that CONTRIBUTING shows, by path"
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^`([^`]+)`:\n\n```python\n(.*?)^```", text, flags=re.DOTALL))


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    "A copy of the project to which the example was added"
    copy = tmp_path_factory.mktemp("project")
    for name in COPIED:
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, copy / name)
    before = contents(copy)
    for path, text in shown().items():
        if path.endswith(".ipynb"):
            notebook = jupytext.reads(text, fmt="py:percent")
            notebook.metadata = {
                "kernelspec": {"name": "python3", "language": "python", "display_name": "python3"}
            }
            nbformat.write(notebook, copy / path)
        else:
            (copy / path).write_text(text, encoding="utf-8")
    run(copy, Path(sys.executable).with_name("nbdev_export"))
    after = contents(copy)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {*shown(), *MADE}, "something else had to be touched"
    return copy


def run(project: Path, *command: str | Path) -> str:
    "Run a program on the copy, and return what it printed"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("C360_", "PYTEST_"))
    }
    environment |= {"PYTHONPATH": str(project), "C360_HOME": str(project / "home"), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def test_its_notebook_and_its_test_pass(project):
    (notebook,) = (path for path in shown() if path.endswith(".ipynb"))
    (test,) = (path for path in shown() if path.startswith("tests/"))
    run(project, Path(sys.executable).with_name("nbdev_test"), "--path", notebook, "--n_workers", "0")
    layers = ["tests/project/test_layers.py", "-k", Path(notebook).stem]
    options = ["-q", "-p", "no:cacheprovider", "-n", "0"]
    assert "1 passed, 0 failed" in run(project, sys.executable, "-m", "pytest", *options, test)
    assert " 0 failed, 0 skipped" in run(project, sys.executable, "-m", "pytest", *options, *layers)


ASK = """
import json
from customer360.data.simulate import simulate
from customer360.models import catalogue
from customer360.models.catalogue import MODELS, colour, describe, make_model
told = describe("cosine")
print(json.dumps([catalogue.__file__, told.label, told.group, colour("cosine"), list(MODELS).index("cosine") > list(MODELS).index("near")]))
"""


def test_the_catalogue_and_the_command_know_it(project):
    file, *told = json.loads(run(project, sys.executable, "-c", ASK))
    assert file.startswith(str(project))
    assert told == ["Item cosine", "further", "#6B8E23", True]
    (project / "shop.toml").write_text(SHOP)
    command = [Path(sys.executable).with_name("c360"), "evaluate", "--dataset", "shop.toml"]
    assert "ndcg" in run(project, *command, "--model", "cosine").lower()


SHOP = """
[facts]
name = "demo"

[simulate]
seed = 0
n_customers = 100
n_items = 60
days = 200
"""

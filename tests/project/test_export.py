"What `customer360/` holds is what the notebooks export, no more and no less"

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    "A copy of the checkout in which `customer360/` was deleted and exported afresh"
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("settings.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "nbs", copy / "nbs", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for by_hand in ("data/migrations", "data/shop", "evaluation/templates"):
        shutil.copytree(
            ROOT / "customer360" / by_hand,
            copy / "customer360" / by_hand,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    subprocess.run(
        [Path(sys.executable).with_name("nbdev_export")],
        cwd=copy,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return copy


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_nothing_is_missing_and_nothing_is_orphaned(fresh):
    exported, present = (
        files(fresh / "customer360"),
        files(ROOT / "customer360"),
    )  # steps of a database, what the shop sells, and templates are written by hand, and in both
    assert exported, "nothing was exported"
    assert not present - exported, (
        f"no notebook exports {sorted(present - exported)}: delete them, or rename the notebook's default_exp"
    )
    assert not exported - present, f"run nbdev_export: {sorted(exported - present)} are missing"


def test_every_module_is_fresh(fresh):
    names = sorted(files(fresh / "customer360") & files(ROOT / "customer360"))
    _, differ, unreadable = filecmp.cmpfiles(
        fresh / "customer360", ROOT / "customer360", names, shallow=False
    )
    assert not differ + unreadable, (
        f"{differ + unreadable} are not what the notebooks say: run nbdev_export, and edit the notebook, never the module"
    )


def test_export_leaves_the_settings_of_tools_alone(fresh):
    assert (fresh / "pyproject.toml").read_text() == (ROOT / "pyproject.toml").read_text()

"A hyper-parameter that cannot be is refused at once, by every way in, before any data is read"

import runpy
import subprocess
import sys

import pytest
from command import environment
from conftest import ROOT

from customer360.cli import main
from customer360.config import settings

WRONG = {
    "n_neighbours=-3": "n_neighbours of knn has to be at least 1: got -3",
    "n_neighbours=many": "n_neighbours of knn has to be a whole number, at least 1, such as 100: got 'many'",
    "neighbours=3": "knn has no hyper-parameter 'neighbours': it has n_neighbours, power, discount",
}


def c360(*arguments: str) -> None:
    main()


def train_py(command: str, *arguments: str) -> None:
    sys.argv[1:2] = []
    runpy.run_path(str(ROOT / "train.py"), run_name="__main__")


@pytest.mark.parametrize("pair", WRONG)
@pytest.mark.parametrize(
    ("run", "command"), [(c360, "train"), (c360, "retrain"), (train_py, "train")], ids=["train", "retrain", "train.py"]
)  # fmt: skip
def test_an_impossible_value_ends_a_command_in_one_line(run, command, pair, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(settings(), "home", tmp_path)
    monkeypatch.setattr(sys, "argv", ["c360", command, "--model", "knn", "--set", pair])
    with pytest.raises(SystemExit) as ended:
        run(command)
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.startswith(f"c360: {WRONG[pair]}") and told.count("\n") == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "something was read or written"


def test_what_only_compares_is_neither_promoted_nor_retrained(tmp_path, monkeypatch):
    from customer360.data.simulate import simulate
    from customer360.models.catalogue import MODELS, make_model, missing, model_class
    from customer360.models.registry import Registry
    from customer360.models.snapshots import RegistryError
    from customer360.serving.retrain import RetrainRequest, check_request

    registry = Registry(tmp_path / "shop")
    night = registry.snapshots.add(simulate(seed=0, n_customers=40, n_items=20, days=60).tables)
    data = registry.snapshots.read(night).data
    release = registry.releases.publish(make_model("random").fit(data), night)
    with pytest.raises(RegistryError, match="random is there to compare other models with"):
        registry.promotions.promote("random", release.version)
    assert registry.promotions.current("random") is None
    with pytest.raises(ValueError, match="random is there to compare"):
        check_request(RetrainRequest(("random",)))
    apart = [key for key in MODELS if not missing(key) and not model_class(key).serves]
    assert apart == ["random", "frequency"]


NOT_DUE = """
import os, sys
sys.argv = ["c360", "retrain", "--if-due", "--dataset", sys.argv[1]]
from customer360.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = [name for name in ("torch", "transformers", "faiss", "scipy.stats", "matplotlib", "sklearn") if name in sys.modules]
print(heavy)
"""


def test_an_answer_that_nothing_is_due_imports_no_model(tmp_path, monkeypatch):
    from customer360.serving.retrain import retrain

    card = tmp_path / "shop.toml"
    card.write_text(
        '[facts]\nname = "shop"\n[simulate]\nseed = 0\nn_customers = 60\nn_items = 40\ndays = 60\n'
    )
    monkeypatch.setattr(settings(), "home", tmp_path)
    retrain(str(card), models=["popularity", "svd"], measure=False)
    done = subprocess.run(
        [sys.executable, "-c", NOT_DUE, card], env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.stdout == "Nothing is due.\n[]\n", done.stdout + done.stderr

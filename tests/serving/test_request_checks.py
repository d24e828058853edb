"A hyper-parameter that cannot be is refused at once, by every way in, before any data is read"

import runpy
import sys

import pytest
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

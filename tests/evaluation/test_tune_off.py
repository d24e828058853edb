"Commands that fit models with --tune off, which holds every model and every component at the card's values and its defaults"

import json
from pathlib import Path

import nbformat
import pytest
from command import CARD, c360, once, sentence, well

pytestmark = pytest.mark.slow

PAIR = """
from dataclasses import dataclass, field
from typing import Any

from customer360.models.baselines import EASE
from customer360.models.hybrid import Hybrid
from customer360.models.knn import UserKNN


@dataclass(kw_only=True)
class Pair(Hybrid):
    "EASE and kNN."

    key, label = "pair", "Pair"
    components: dict[str, Any] = field(default_factory=lambda: {"ease": {"key": "ease"}, "knn": {"key": "knn"}})
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory) -> Path:
    "A home after a report with --tune off, and one with --tune on, each with its run.json and page copied"

    def make(home: Path) -> None:
        (home / "shop.toml").write_text(CARD + "\n[models.ease]\nregularisation = 50.0\n")
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PAIR)]), home / "pair.ipynb")
        for tune in ("off", "on"):
            well(
                c360(
                    home, "report", "--dataset", home / "shop.toml", "--models", "ease,popularity",
                    "--add", home / "pair.ipynb", "--split", "ratio75_item", "--seed", "101", "--tune", tune,
                )
            )  # fmt: skip
            for name in ("run.json", "index.html"):
                (home / f"{tune}-{name}").write_text(
                    (home / "reports/demo" / name).read_text(encoding="utf-8"), encoding="utf-8"
                )

    return once(tmp_path_factory, "held", make)


def record(home: Path, tune: str) -> dict:
    return json.loads((home / f"{tune}-run.json").read_text(encoding="utf-8"))


def test_no_model_and_no_component_chooses(held):
    off = record(held, "off")
    assert off["tune"] is False and record(held, "on")["tune"] is True
    assert [job["tuned"]["values"] for job in off["jobs"]] == [{}, {}, {}]
    ease, pair = (off["models"][key]["params"] for key in ("ease", "pair"))
    assert ease["choose"] is False and ease["regularisation"] == 50.0  # the card's
    assert {part["choose"] for part in pair["components"].values()} == {False}


def test_held_models_are_kept_apart_from_those_that_choose(held):
    off, on = ({job["model"]: job for job in record(held, tune)["jobs"]} for tune in ("off", "on"))
    assert on["ease"]["tuned"]["values"] and not off["ease"]["tuned"]["values"]
    fits = [path.name for path in held.glob("data/interim/demo-*/fits/ratio75_item-101-*")]
    made = {key: sum(f"-{key}-" in name for name in fits) for key in ("ease", "popularity", "pair")}
    assert made == {"ease": 4, "popularity": 2, "pair": 2}  # those of the pair have the defaults


def test_the_page_says_that_the_choice_was_switched_off(held):
    said = "Chosen inside train: nothing, since the choice was switched off (--tune off)"
    assert said in (held / "off-index.html").read_text(encoding="utf-8")
    assert said not in (held / "on-index.html").read_text(encoding="utf-8")


def released_params(printed: str) -> dict:
    release = Path(printed.strip().splitlines()[-1].partition(": ")[2]) / "release.json"
    return json.loads(release.read_text(encoding="utf-8"))["params"]


def test_train_and_evaluate_hold_the_values_too(held):
    shop = held / "shop.toml"
    done = well(c360(held, "train", "--dataset", shop, "--model", "ease", "--no-figures", "--tune", "off"))
    params = released_params(done.stdout)
    assert (params["choose"], params["regularisation"]) == (False, 50.0)
    asked = ("evaluate", "--dataset", shop, "--model", "ease", "--tune", "off")
    before = sorted(held.glob("data/interim/demo-*/fits/*"))
    well(c360(held, *asked, "--split", "ratio75_item", "--seed", "101"))
    assert sorted(held.glob("data/interim/demo-*/fits/*")) == before  # the report's fit serves again


def test_a_set_value_wins(held):
    asked = ("train", "--dataset", held / "shop.toml", "--model", "ease", "--no-figures")
    done = well(c360(held, *asked, "--tune", "off", "--set", "choose=true"))
    assert released_params(done.stdout)["choose"] is True


@pytest.mark.parametrize("command", ["report", "train", "evaluate"])
def test_another_word_is_refused(held, command):
    done = c360(held, command, "--dataset", held / "shop.toml", "--tune", "maybe")
    assert done.returncode and "--tune is on or off: got 'maybe'" in sentence(done)

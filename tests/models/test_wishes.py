"The models that come along find what visitors of the demo shop mean, and the page offers wishes that they answer"

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from customer360.evaluation.wishes import N_SHOWN, read_wishes, wish_figures
from customer360.models.bert import BERT
from customer360.models.registry import Registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[BERT, pd.DataFrame]:
    folder = shutil.copytree(ROOT / "data/pretrained/demo", tmp_path_factory.mktemp("wishes") / "demo")
    registry = Registry(folder)
    model, release = registry.load("bert")
    return model, registry.snapshots.read(release.snapshot).tables.items


def test_search_by_meaning_answers_most_wishes(shop, record_property):
    model, items = shop
    found = wish_figures(items["title"], items["text"], model)
    assert found["n"] >= 55  # of sixty; for the others this shop has no answer
    assert found["bert"]["value"] >= 0.8 and found["p"] < 0.001
    assert found["served"] == found["bert"]  # what the page shows as a good match hides no answer
    record_property(
        "wishes answered, by meaning and by words", [found[way]["value"] for way in ("bert", "words")]
    )


def test_only_a_suitcase_of_cabin_size_is_carry_on_luggage():
    wish = next(wish for wish in read_wishes() if wish.text == "carry-on luggage")
    titles = [
        f"Aluminium suitcase, {size}" for size in ("cabin size", "cabin size, by Carrel", "medium", "large")
    ]
    assert wish.answered_by(titles).tolist() == [True, True, False, False]


def test_examples_of_the_page_are_answered(shop):
    model, items = shop
    page = (ROOT / "frontend/src/pages/Search.tsx").read_text()
    examples = re.findall(r'"([^"]+)"', re.search(r"EXAMPLES = \[(.+?)\]", page)[1])
    wishes = {wish.text: wish for wish in read_wishes()}
    assert len(examples) == 3 and set(examples) <= set(wishes)
    for text, codes in zip(examples, model.search(examples, N_SHOWN).codes, strict=True):
        assert wishes[text].answered_by(items["title"])[codes].any(), text

"Models describe themselves: the catalogue finds them by reading, and nobody else lists them"

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from customer360.models.catalogue import GROUPS, MODELS, PARTS, colour, model_class, read_models, variant_of

OWN = {Path(model.module.replace(".", "/")).with_suffix(".py") for model in MODELS.values()}


def listed_keys(source: str) -> list[list[str]]:
    "Return the collections of literals in a source that name two models or more"
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            members = node.keys if isinstance(node, ast.Dict) else node.elts
            keys = [one.value for one in members if isinstance(one, ast.Constant) and one.value in MODELS]
            found += [keys] if len(keys) > 1 else []
    return found


@pytest.mark.parametrize("folder", ["customer360", "api"])
def test_nobody_else_lists_models(folder):
    paths = [path for path in sorted((ROOT / folder).rglob("*.py")) if path.relative_to(ROOT) not in OWN]
    lists = {
        str(path.relative_to(ROOT)): found
        for path in paths
        if (found := listed_keys(path.read_text(encoding="utf-8")))
    }
    lists = {path: [keys for keys in found if not example(path)] for path, found in lists.items()}
    assert not {path: found for path, found in lists.items() if found}


def example(path: str) -> bool:
    "The API's schemas show examples of values, two models among them"
    return path.startswith("api/schemas/")


def test_a_list_of_models_would_be_seen():
    assert listed_keys('ORDER = ("knn", "svd", "mine")') == [["knn", "svd"]]
    assert listed_keys('COLOURS = {"knn": "#000", "ease": "#111"}') == [["knn", "ease"]]
    assert not listed_keys('default = "knn"')


def test_every_model_says_what_it_is():
    for model in MODELS.values():
        assert model.label and model.group in GROUPS and model.description.endswith("."), model.key
        assert len(model.colour) == 7 and int(model.colour[1:], 16) >= 0, model.key
        assert model_class(model.key).key == model.key


def test_a_hybrid_is_called_after_its_components():
    for key, parts in PARTS.items():
        for part in parts:
            assert (MODELS[part].short_label or MODELS[part].label) in MODELS[key].label


def test_colours():
    assert colour("knn") == MODELS["knn"].colour
    assert variant_of("knn-40") == "knn" and colour("knn-40") == MODELS["knn"].colour
    assert colour("mine") == "#000000", "somebody's own model is black"
    assert len({model.colour for model in MODELS.values()}) >= len(MODELS) - 1  # the two hybrids share one


def test_reading_runs_nothing(tmp_path):
    (tmp_path / "mine.py").write_text(
        'raise SystemExit\n\nclass Mine:\n    key: str = "mine"\n    label: str = "My model"\n'
        '    colour: str = "#123456"\n    description: str = "Recommends at random."\n'
    )
    found = read_models(tmp_path, "folder")["mine"]
    assert (found.label, found.colour, found.module, found.class_name) == (
        "My model",
        "#123456",
        "folder.mine",
        "Mine",
    )


def test_a_model_without_a_label_is_refused(tmp_path):
    (tmp_path / "mine.py").write_text('class Mine:\n    key: str = "mine"\n    label: str = ""\n')
    with pytest.raises(ValueError, match="state a label"):
        read_models(tmp_path, "folder")


def test_the_catalogue_imports_no_heavy_package():
    code = "import sys, customer360.models.catalogue; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"torch", "transformers", "faiss", "surprise"} & set(done.stdout.split())

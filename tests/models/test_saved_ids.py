"A saved model is found by itself and knows the ids of its customers and items"

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import environment

from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.models.artefacts import ArtefactError, save_artefact
from customer360.models.catalogue import MODELS, make_model, missing
from customer360.models.contract import Recommender
from customer360.models.registry import Registry
from customer360.serving.lists import recommend_all

TABLES = simulate(seed=0, n_customers=60, n_items=40, days=120).tables
SHOP = dataset(TABLES)
QUICK = [key for key in MODELS if not MODELS[key].needs and not MODELS[key].default_components]


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    "A folder of saved models, all that need no extra package"
    place = tmp_path_factory.mktemp("saved")
    for key in QUICK:
        make_model(key).fit(SHOP).save(place / key)
    return place


LOAD = """
import json, sys
from customer360.models.contract import Recommender
before = [name for name in sys.modules if name.startswith("customer360.models.")]
found = {key: Recommender.load(f"{sys.argv[1]}/{key}") for key in sys.argv[2:]}
users = list(next(iter(found.values())).ids.users.ids[:2])
print(json.dumps({key: model.recommend_ids(users, 3)["item"].tolist() for key, model in found.items()}))
"""


def test_every_model_is_found_by_itself_and_knows_its_ids(saved, tmp_path):
    "In a process that has imported nothing but the contract"
    done = subprocess.run(
        [sys.executable, "-c", LOAD, saved, *QUICK],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    users = SHOP.users.ids[:2].tolist()
    for key, items in json.loads(done.stdout).items():
        expected = make_model(key).fit(SHOP).recommend(SHOP.users.encode(users), 3).codes
        assert items == SHOP.items.decode(expected.ravel()).tolist(), key


@pytest.mark.parametrize("key", QUICK)
def test_ids_are_answered_as_codes_are(key, saved):
    model = Recommender.load(saved / key)
    assert model.ids.users.ids.tolist() == SHOP.users.ids.tolist()
    asked = SHOP.users.ids[[3, 0]].tolist()
    told = model.recommend_ids(asked, 4, exclude=[SHOP.items.ids[0]])
    top = model.recommend(np.array([3, 0]), 4, exclude=np.array([0]))
    assert told["item"].tolist() == SHOP.items.decode(top.codes.ravel()).tolist()
    assert (
        told["user"].tolist() == [asked[0]] * 4 + [asked[1]] * 4 and told["rank"].tolist() == [1, 2, 3, 4] * 2
    )
    few = SHOP.items.ids[:3].tolist()
    assert set(model.recommend_ids(asked, 9, candidates=few, exclude_seen=False)["item"]) == set(few)
    assert set(model.similar_ids(few, 2)["item"]) == set(few)


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (["nobody"], KeyError, "1 of 1 customer ids are unknown to this model, such as 'nobody'"),
        (["c0001", "C0001"], KeyError, "1 of 2 customer ids"),
        ([1], TypeError, "ids are text: got the int 1"),
        ("c0001", TypeError, "a list of customer ids is wanted: got the text 'c0001', put it in a list"),
        (b"c0001", TypeError, "got the text b'c0001', put it in a list"),
        (None, TypeError, "a list of customer ids is wanted: got the NoneType None"),
        (7, TypeError, "got the int 7"),
        ([["c0001"]], TypeError, "ids are text: got the list"),
        (["c0001", float("nan")], TypeError, "ids are text: got the float nan"),
        ([""], KeyError, "such as ''"),
    ],
)
def test_an_id_that_is_none(asked, error, says, saved):
    model = Recommender.load(saved / "popularity")
    with pytest.raises(error, match=says):
        model.recommend_ids(asked)
    if error is TypeError and asked is not None:  # None: all may be shown
        with pytest.raises(TypeError, match=says.replace("customer ids", "item ids")):
            model.recommend_ids(["c0001"], candidates=asked)


@pytest.mark.parametrize(
    ("n", "error", "says"),
    [
        (-1, ValueError, "n is how many items each list has, 1 or more: got -1"),
        (0, ValueError, "1 or more: got 0"),
        ("3", TypeError, "n is a whole number of items: got the str '3'"),
        (2.5, TypeError, "got the float 2.5"),
        (None, TypeError, "got the NoneType None"),
        (True, TypeError, "got the bool True"),
    ],
)
def test_a_number_of_items_that_is_none(n, error, says, saved):
    model = Recommender.load(saved / "ease")
    asks = [
        lambda: model.recommend_ids(["c0001"], n),
        lambda: model.similar_ids(["p0001"], n),
        lambda: model.recommend([0], n),
        lambda: model.similar_items([0], n),
        lambda: next(recommend_all(model, SHOP, n=n)),
    ]
    for ask in asks:
        with pytest.raises(error, match=says):
            ask()


@pytest.mark.parametrize("n", [np.int64(3), 40, 41, 10**12])
def test_any_number_of_items_up_to_the_catalogue(n, saved):
    model = Recommender.load(saved / "ease")
    found = model.recommend_ids(["c0001"], n, exclude_seen=False)
    assert found["rank"].tolist() == list(range(1, min(n, SHOP.n_items) + 1)) and found["item"].is_unique
    assert len(model.similar_ids([SHOP.items.ids[0]], n)) <= SHOP.n_items
    assert len(next(recommend_all(model, SHOP, ["c0001"], n=n))) <= SHOP.n_items


@pytest.mark.parametrize(
    "asked",
    [
        SHOP.users.ids[:2],
        pd.Series(SHOP.users.ids[:2], dtype="category"),
        (one for one in SHOP.users.ids[:2]),
        tuple(SHOP.users.ids[:2]),
        dict.fromkeys(SHOP.users.ids[:2]),
    ],
    ids=["array", "column", "generator", "tuple", "dict"],
)
def test_ids_in_any_order_of_things(asked, saved):
    model = Recommender.load(saved / "popularity")
    expected = model.recommend_ids(SHOP.users.ids[:2].tolist(), 3)
    pd.testing.assert_frame_equal(model.recommend_ids(asked, 3), expected)


def test_no_ids_give_no_rows_and_repeated_ones_no_repeated_items(saved):
    model = Recommender.load(saved / "popularity")
    assert model.recommend_ids([]).columns.tolist() == ["user", "rank", "item", "score"]
    assert len(model.recommend_ids([])) == len(model.similar_ids([])) == 0
    assert len(model.recommend_ids(["c0001"], candidates=[])) == 0
    some = SHOP.items.ids[[0, 0, 1, 0]].tolist()
    assert model.recommend_ids(["c0001"], candidates=some, exclude_seen=False)["item"].is_unique
    assert model.recommend_ids(["c0001", "c0001"], 2)["rank"].tolist() == [1, 2, 1, 2]


def test_a_model_that_was_saved_without_ids_says_so(tmp_path):
    model = make_model("popularity").fit(SHOP)
    model.save(tmp_path / "without", ids=False)
    save_artefact(model, tmp_path / "before")  # as they were saved until now
    for name in ("without", "before"):
        assert not (tmp_path / name / "ids.json").exists()
        with pytest.raises(ArtefactError, match="this popularity was saved without ids: use codes"):
            Recommender.load(tmp_path / name).recommend_ids(["c0001"])


def test_ids_survive_what_is_learnt_later():
    model = make_model("popularity").fit(SHOP)
    assert model.absorb(SHOP.histories, np.array([0])).recommend_ids(["c0001"], 1)["rank"].tolist() == [1]
    half = dataset(simulate(seed=1, n_customers=9, n_items=8, days=30).tables)
    assert len(model.fit(half).ids.users) == 9


def test_a_registry_keeps_ids_in_its_snapshot_alone_where_customers_are_erased(tmp_path):
    registry = Registry(tmp_path / "shop")
    snapshot = registry.snapshots.add(TABLES)
    model = make_model("popularity").fit(registry.snapshots.read(snapshot).data)
    registry.promotions.promote("popularity", registry.releases.publish(model, snapshot).version)
    gone = SHOP.users.ids[0]
    assert registry.load("popularity")[0].recommend_ids([gone], 1)["user"].tolist() == [gone]
    assert not list(tmp_path.rglob("ids.json"))
    registry.erase([gone])
    with pytest.raises(KeyError, match="unknown to this model"):
        Registry(tmp_path / "shop").load("popularity")[0].recommend_ids([gone])


def test_what_cannot_be_loaded_says_what_to_do(tmp_path, monkeypatch):
    make_model("popularity").fit(SHOP).save(tmp_path / "model")
    path = tmp_path / "model/manifest.json"
    path.write_text(path.read_text().replace('"key": "popularity"', '"key": "theirs"'))
    with pytest.raises(
        ArtefactError, match=r"'theirs' that is none of this package's and is not imported.*add_notebook"
    ):
        Recommender.load(tmp_path / "model")
    monkeypatch.delitem(Recommender.classes, "bert", raising=False)
    monkeypatch.setattr("customer360.models.catalogue.missing", lambda key: ["bert"])
    path.write_text(path.read_text().replace('"theirs"', '"bert"'))
    with pytest.raises(ArtefactError, match=r"pip install 'customer360\[bert\]'"):
        Recommender.load(tmp_path / "model")
    assert missing("popularity") == []


@pytest.mark.parametrize("kept", ["knn/20240101-a", "shop/knn/20240101-a", "fits/knn--1/model"])
@pytest.mark.parametrize("promoted", [False, True])
def test_a_folder_of_versions_says_which_there_are(saved, tmp_path, kept, promoted):
    older = tmp_path / kept
    newer = older.with_name("newer")
    for at, version in enumerate((older, newer)):
        shutil.copytree(saved / "popularity", version)
        os.utime(version / "manifest.json", (1_700_000_000 + at, 1_700_000_000 + at))
    if promoted:
        (older.parent / "promoted.json").write_text(json.dumps({"versions": ["first", older.name]}))
    for folder in (older.parent, tmp_path):
        with pytest.raises(ArtefactError, match="it holds 2 of them, the newest first: ") as told:
            Recommender.load(folder)
        assert f"name one, such as {older if promoted else newer}" in str(told.value)
        assert (" (in use)" in str(told.value)) == promoted
    assert Recommender.load(newer).key == "popularity"


@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere", "there is no such folder"), ("popularity/manifest.json", "it is a file; name the folder")],
)
def test_what_is_no_folder_of_a_model(saved, name, said):
    with pytest.raises(ArtefactError, match=said):
        Recommender.load(saved / name)

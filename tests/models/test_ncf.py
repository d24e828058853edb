"NCF learns what is planted, answers at the edges and without torch, stops when training breaks, and both towers count"

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from customer360.data.prepare import Dataset, dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import ratio75_item
from customer360.models.baselines import Bias, Popularity
from customer360.models.conformance import checkerboard
from customer360.models.contract import Recommender
from customer360.models.holdout import rank_held_out
from customer360.models.ncf import NCF
from customer360.models.ncf_training import TrainingDiverged


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return dataset(simulate(seed=5, n_customers=400, n_items=200).tables)


@pytest.fixture(scope="module")
def model(shop) -> NCF:
    return NCF().fit(ratio75_item(shop, 7).train)


def test_it_ranks_and_rates_better_than_without_taste(shop, model):
    from customer360.metrics import ndcg

    split = ratio75_item(shop, 7)
    rated = split.test[split.test["rating"].notna()]

    def found(other: Recommender) -> tuple[float, float]:
        lists = rank_held_out(other, split)
        wrong = other.predict(rated["user"].to_numpy(), rated["item"].to_numpy()) - rated["rating"].to_numpy()
        return ndcg(lists.hit, lists.n_relevant, 10).mean(), float(np.sqrt((wrong**2).mean()))

    assert found(model)[0] > found(Popularity().fit(split.train))[0]
    assert found(model)[1] < found(Bias().fit(split.train))[1] + 0.01


@pytest.mark.parametrize("tower", ["gmf", "mlp_out"])
def test_both_towers_are_used(shop, model, tower):
    towers = model.ranking_.members[0].towers
    before, kept = model.score(shop.histories[:20]), getattr(towers, tower)
    setattr(towers, tower, np.zeros_like(kept))
    try:
        assert np.abs(model.score(shop.histories[:20]) - before).max() > 1e-3
    finally:
        setattr(towers, tower, kept)


def test_held_out_losses_fall_and_training_stops(model):
    for curves in model.curves.values():
        for curve in curves:
            assert np.isfinite(curve).all() and 1 < len(curve) <= model.n_epochs
    fell = [curve[0, 1] - curve[:, 1].min() for curve in model.curves["rank"]]
    assert (
        np.mean(fell) > 0.002
    )  # of a shop this small one network in four is at its best after the first pass


def test_training_that_breaks_says_where(shop):
    model = NCF(n_members=1)
    model.learning_rate = 1e30  # which it would not be made with
    with pytest.raises(TrainingDiverged, match=r"at step \d+ with learning rate"):
        model.fit(shop)


def test_saved_as_safetensors(model, tmp_path):
    model.save(tmp_path / "model")
    assert (tmp_path / "model/weights.safetensors").exists()
    loaded = Recommender.load(tmp_path / "model")
    assert (loaded.recommend([0, 1, 2], 10).codes == model.recommend([0, 1, 2], 10).codes).all()


ANSWER = """
import sys
sys.modules["torch"] = None  # as if it were not installed
from customer360.models.ncf import NCF
model = NCF.load(sys.argv[1])
print(model.recommend([0, 1, 2], 10).codes.tolist(), model.predict([0, 1], [2, 3]).tolist())
model.explain(model.histories_[[0]], [1])
"""


def test_a_trained_model_answers_without_torch(model, tmp_path):
    model.save(tmp_path / "model")
    command = [sys.executable, "-c", ANSWER, str(tmp_path / "model")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    codes, ratings = model.recommend([0, 1, 2], 10).codes, model.predict([0, 1], [2, 3])
    assert found.stdout.strip() == f"{codes.tolist()} {ratings.tolist()}"


def as_format_1(path: Path, names: dict[str, str], state: dict) -> None:
    "Rewrite a saved model as the first format had it: other names of arrays, state without parts"
    from safetensors.numpy import load_file, save_file

    from customer360.files import sha256_of_file

    arrays, manifest = (
        load_file(path / "weights.safetensors"),
        json.loads((path / "manifest.json").read_text()),
    )
    save_file({names.get(name, name): array for name, array in arrays.items()}, path / "weights.safetensors")
    manifest |= {"format": 1, "state": state}
    manifest["params"]["forget"] = manifest["params"].pop("dropout")
    manifest["files"]["weights.safetensors"] = sha256_of_file(path / "weights.safetensors")
    (path / "manifest.json").write_text(json.dumps(manifest))


def test_models_of_the_first_format_answer_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    names = {"ranking_.rarity": "rarity_"}
    for part, head in (("ranking_", "rank"), ("rating_", "rate")):
        for member in range(model.n_members):
            for name in ("bias", "gmf", "mlp_user", "mlp_bias", "mlp_item", "mlp_out", "item_vectors"):
                old = f"{head}{member}_{'out' if name == 'item_vectors' else name}_"
                names[f"{part}.members.{member}.towers.{name}"] = old
            for name in ("read", "shift", "has", "curve"):
                names[f"{part}.members.{member}.{name}"] = f"{head}{member}_{name}_"
    plain = {name: getattr(model, name) for name in ("trained_on_", "scale_", "mean_")}
    as_format_1(tmp_path / "model", names, plain)
    loaded = Recommender.load(tmp_path / "model")
    assert loaded.params == model.params
    users, items = np.mgrid[-1:20, -1:50].reshape(2, -1)
    np.testing.assert_array_equal(loaded.predict(users, items), model.predict(users, items))
    np.testing.assert_array_equal(loaded.score(model.histories_[:20]), model.score(model.histories_[:20]))


@pytest.mark.parametrize("change", [{"ratings": False}, {"n": 2}])
def test_hardly_any_data(change):
    data = checkerboard(**change)
    found = NCF(n_members=1, n_epochs=3).fit(data).score(histories_from_items([[], [0]], data.n_items))
    assert np.isfinite(found).all()


def test_all_ratings_equal():
    data = checkerboard(8)
    same = replace(data, interactions=data.interactions.assign(rating=np.float32(4)))
    assert np.abs(NCF(n_members=1, n_epochs=5).fit(same).predict([0, -1], [0, 1]) - 4).max() < 0.5

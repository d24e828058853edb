"NCF learns what is planted, answers at the edges, stops when training breaks, and both towers count"

from dataclasses import replace

import numpy as np
import pytest

from customer360.data.prepare import Dataset, dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import ratio75_item
from customer360.models.base import Bias, Popularity, Recommender, checkerboard, rank_held_out
from customer360.models.ncf import NCF, TrainingDiverged


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return dataset(simulate(seed=5, n_customers=400, n_items=200).tables)


@pytest.fixture(scope="module")
def model(shop) -> NCF:
    return NCF(n_members=2).fit(ratio75_item(shop, 7).train)


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
    before, kept = model.score(shop.histories[:20]), getattr(model, f"rank0_{tower}_")
    setattr(model, f"rank0_{tower}_", np.zeros_like(kept))
    try:
        assert np.abs(model.score(shop.histories[:20]) - before).max() > 1e-3
    finally:
        setattr(model, f"rank0_{tower}_", kept)


def test_held_out_losses_fall_and_training_stops(model):
    for curves in model.curves.values():
        for curve in curves:
            assert np.isfinite(curve).all() and 1 < len(curve) <= model.n_epochs
    assert all(curve[:, 1].min() < curve[0, 1] for curve in model.curves["rank"])


def test_training_that_breaks_says_where(shop):
    with pytest.raises(TrainingDiverged, match=r"at step \d+ with learning rate"):
        NCF(n_members=1, learning_rate=1e30).fit(shop)


def test_saved_as_safetensors(model, tmp_path):
    model.save(tmp_path / "model")
    assert (tmp_path / "model/weights.safetensors").exists()
    loaded = Recommender.load(tmp_path / "model")
    assert (loaded.recommend([0, 1, 2], 10).codes == model.recommend([0, 1, 2], 10).codes).all()


@pytest.mark.parametrize("change", [{"ratings": False}, {"n": 2}])
def test_hardly_any_data(change):
    data = checkerboard(**change)
    found = NCF(n_members=1, n_epochs=3).fit(data).score(histories_from_items([[], [0]], data.n_items))
    assert np.isfinite(found).all()


def test_all_ratings_equal():
    data = checkerboard(8)
    same = replace(data, interactions=data.interactions.assign(rating=np.float32(4)))
    assert np.abs(NCF(n_members=1, n_epochs=5).fit(same).predict([0, -1], [0, 1]) - 4).max() < 0.5

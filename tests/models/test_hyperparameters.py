"Every model states the limits of its hyper-parameters, refuses what lies outside, and works at their ends"

from dataclasses import fields

import numpy as np
import pytest

from customer360.data.prepare import Dataset, dataset
from customer360.data.simulate import simulate
from customer360.models.catalogue import MODELS, PARTS, make_model, missing, model_class
from customer360.models.hyperparameters import LARGEST, HyperparameterError, limits_of

QUICK = {"svd": {"n_factors": 5, "n_epochs": 3, "n_iterations": 3}, "bayes": {"n_burn_in": 2, "n_draws": 3}}
LIGHT = [key for key, model in MODELS.items() if not model.needs and key not in PARTS]


def numbers(key: str) -> list:
    "Return the hyper-parameters of a model that are numbers"
    found = [f for f in fields(model_class(key)) if isinstance(f.default, int | float | tuple)]
    return [f for f in found if not isinstance(f.default, bool)]


def as_given(default, value: float):
    return [value] if isinstance(default, tuple) else value


@pytest.mark.parametrize("key", [key for key in MODELS if not missing(key)])
def test_every_number_has_limits_which_its_default_keeps_and_others_do_not(key):
    for f in numbers(key):
        limits = limits_of(f)
        assert limits is not None, f"{f.name} of {key} states no limits: annotate it, as in PositiveInt"
        defaults = f.default if isinstance(f.default, tuple) else [f.default]
        assert all(limits.allows(value) for value in defaults), f.name
        below = limits.low if limits.open_low else limits.low - 1
        for value in (below, LARGEST + 1, float("nan"), float("inf"), "many", True, None, {"a": 1}):
            with pytest.raises(HyperparameterError, match=f"{f.name} of {key} has to be ") as refused:
                model_class(key)(**{f.name: as_given(f.default, value)})
            assert repr(value) in str(refused.value) and refused.value.path == (f.name,)


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return dataset(simulate(seed=0, n_customers=60, n_items=30, days=60).tables)


@pytest.mark.parametrize("key", LIGHT)
@pytest.mark.filterwarnings("error")
def test_a_model_is_fitted_at_the_ends_of_its_limits(key, shop):
    for f in numbers(key):
        limits = limits_of(f)
        ends = [1e-6 if limits.open_low else limits.low]
        ends += [limits.high] if limits.high <= 1 and not limits.open_high else []
        for value in ends:
            model = model_class(key)(**QUICK.get(key, {}) | {f.name: as_given(f.default, value)}).fit(shop)
            scores = model.score(shop.histories[:5], users=np.arange(5))
            assert np.isfinite(scores).all(), f"{f.name}={value}"
            assert np.isfinite(model.predict([0, 1, -1], [0, 1, 2])).all(), f"{f.name}={value}"


def test_the_path_leads_to_the_hyper_parameter_of_a_component():
    cases = {
        ("components", "svd", "n_factors"): {"components": {"svd": {"n_factors": -3}}},
        ("components", "svd", "factors"): {"components": {"svd": {"factors": 3}}},
        ("components", "als"): {"components": {"als": {}}},
        ("components", "svd"): {"components": {"svd": 3}},
        ("components",): {"components": 3},
        ("halfway_grid",): {"halfway_grid": [0, -1]},
        ("depht",): {"depht": 3},
    }
    for path, params in cases.items():
        with pytest.raises(HyperparameterError) as refused:
            make_model("hybrid", params=params)
        assert refused.value.path == path, params


@pytest.mark.skipif(bool(missing("bert")), reason="no FAISS")
def test_an_index_that_faiss_does_not_know_is_refused():
    assert make_model("bert", params={"index": "HNSW16"}).index == "HNSW16"
    with pytest.raises(HyperparameterError, match=r"index of bert .* such as Flat.* got 'Flatt'"):
        make_model("bert", params={"index": "Flatt"})

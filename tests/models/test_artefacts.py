"Saved models: parts come back as they were, whatever is wrong is named, and what an earlier version saved is used"

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from customer360.models.artefacts import ArtefactError, Part, load_artefact, read_manifest, save_artefact
from customer360.models.baselines import EASE
from customer360.models.conformance import checkerboard
from customer360.models.contract import Recommender


@dataclass
class Layer(Part):
    weights: np.ndarray
    name: str
    inner: "Layer | None" = None


@dataclass(kw_only=True)
class Layered(EASE):
    "EASE with parts of every kind in its state"

    part_types: ClassVar[tuple[type, ...]] = (Layer,)
    renamed_params: ClassVar[dict[str, str]] = {"lambda_": "regularisation"}

    def _fit(self, train):
        super()._fit(train)
        inner = Layer(np.arange(3), "inner")
        self.one_, self.none_ = Layer(np.eye(2), "one", inner), None
        self.many_ = [Layer(np.zeros((0, 4)), "first"), inner]
        self.by_name_ = {"a.b": inner, "plain": [1, "two", None, True]}
        self.models_ = {"ease": EASE().fit(train)}


@pytest.fixture(autouse=True)
def layered(monkeypatch):
    monkeypatch.setitem(Recommender.classes, "layered", Layered)
    monkeypatch.setattr(Layered, "key", "layered", raising=False)


@pytest.fixture
def model() -> Layered:
    return Layered().fit(checkerboard())


def test_parts_come_back_as_they_were(model, tmp_path):
    model.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    assert isinstance(loaded, Layered) and read_manifest(tmp_path / "model")["format"] == 2
    assert (loaded.one_.name, loaded.one_.inner.name, loaded.none_) == ("one", "inner", None)
    np.testing.assert_array_equal(loaded.one_.inner.weights, np.arange(3))
    assert [layer.name for layer in loaded.many_] == ["first", "inner"]
    assert loaded.many_[0].weights.shape == (0, 4)
    assert loaded.by_name_["a.b"].name == "inner" and loaded.by_name_["plain"] == [1, "two", None, True]
    everyone = np.arange(24)
    np.testing.assert_array_equal(loaded.recommend(everyone).codes, model.recommend(everyone).codes)
    inner = loaded.models_["ease"]
    np.testing.assert_array_equal(inner.recommend(everyone).codes, model.recommend(everyone).codes)
    assert inner.histories_ is loaded.histories_, "histories are kept once"
    assert len(list((tmp_path / "model").rglob("histories.npz"))) == 1


def test_models_that_are_kept_elsewhere_are_handed_in(model, tmp_path):
    import shutil

    from customer360.files import sha256_of_file

    path = tmp_path / "model"
    model.save(path)
    shutil.rmtree(path / "models_.ease")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["files"] = {name: sha256_of_file(path / name) for name in ("weights.npz", "histories.npz")}
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match=r"the model 'models_\.ease' of the manifest is missing"):
        Recommender.load(path)
    other = EASE(regularisation=1.0).fit(checkerboard())
    assert load_artefact(Recommender, path, models={"models_.ease": other}).models_["ease"] is other


def test_a_part_of_an_undeclared_class_is_refused(model, tmp_path, monkeypatch):
    model.save(tmp_path / "model")
    monkeypatch.setattr(Layered, "part_types", (dataclass(type("Other", (Part,), {})),))
    with pytest.raises(ArtefactError, match="the class 'Layer' of the manifest is missing"):
        Recommender.load(tmp_path / "model")


@pytest.mark.parametrize("value", [object(), {1}, np.array([None, "a"], object)])
def test_a_part_that_is_no_data_is_refused_and_leaves_nothing(model, tmp_path, value):
    model.many_[0].weights = value
    with pytest.raises(ArtefactError, match=r"many_\.0\.weights is an? "):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 1}, "saved by an earlier version: train the model again"),
        ({"format": 3}, "has format 3, written by a later version: update customer360"),
    ],
)
def test_other_formats_are_named(model, tmp_path, change, says):
    model.save(tmp_path / "model")
    path = tmp_path / "model/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ArtefactError, match=says):
        Recommender.load(tmp_path / "model")


def test_renamed_hyper_parameters_are_found(model, tmp_path):
    model.save(tmp_path / "model")
    path = tmp_path / "model/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["params"]["lambda_"] = manifest["params"].pop("regularisation")
    path.write_text(json.dumps(manifest))
    assert Recommender.load(tmp_path / "model").params == model.params


def test_models_without_parts_keep_the_first_format(tmp_path):
    save_artefact(EASE().fit(checkerboard()), tmp_path / "model")
    manifest = read_manifest(tmp_path / "model")
    plain = {"trained_on_", "scale_", "mean_", "tuned_", "tuned_gain_"}
    assert manifest["format"] == 1 and set(manifest["state"]) == plain


def test_a_release_of_an_earlier_version_is_used_without_training(tmp_path, monkeypatch):
    "A hyper-parameter that has been added since has its default, so the model is still what was asked for"
    from customer360.config import settings
    from customer360.data.ingest import ingest
    from customer360.data.interim import save_snapshot
    from customer360.evaluation import publish
    from customer360.models.registry import Registry
    from customer360.models.snapshots import read_sealed, write_sealed

    monkeypatch.setattr(settings(), "home", tmp_path)
    snapshot = save_snapshot(ingest("demo"))
    publish.train_and_publish(snapshot, "ease", measure=False)
    first, _ = publish.current_model(snapshot, "ease")
    monkeypatch.setattr(publish, "fit_on_all", lambda *args, **rest: pytest.fail("it is trained again"))
    path = Registry(tmp_path / "data/models/demo").promotions.current("ease").path / "release.json"
    plain = read_sealed(path)
    del plain["params"]["item_damping"]
    write_sealed(path, plain)
    again, _ = publish.current_model(snapshot, "ease")
    assert again.params == first.params


def test_a_model_that_is_fitted_for_one_list_is_not_put_to_use(tmp_path, monkeypatch):
    "It was not measured, so no server answers with it; the same list is answered from the same fit"
    from customer360.config import settings
    from customer360.data.ingest import ingest
    from customer360.data.interim import save_snapshot
    from customer360.evaluation import publish

    monkeypatch.setattr(settings(), "home", tmp_path)
    snapshot = save_snapshot(ingest("demo"))
    model, kept = publish.current_model(snapshot, "popularity")
    assert kept.data.n_users == len(model.histories_) and not kept.present[:0].size
    assert not list((tmp_path / "data/models").glob("**/release.json"))
    fits = list(snapshot.glob("fits/all-*/fit.json"))
    publish.current_model(snapshot, "popularity")
    assert len(fits) == 1 and list(snapshot.glob("fits/all-*/fit.json")) == fits

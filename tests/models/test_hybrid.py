"The fusion believes whom it should, falls back where a component cannot learn, and is put together from fits that are there already"

import json
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from customer360.data.ingest import ingest
from customer360.data.prepare import Dataset, dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import cold_items, make_split, ratio75_item
from customer360.evaluation import pipeline
from customer360.evaluation.pipeline import Job, fit_job
from customer360.files import sha256_of_file
from customer360.models.baselines import EASE, Popularity, Random
from customer360.models.bayes import BayesianMF
from customer360.models.catalogue import PARTS, make_model
from customer360.models.conformance import checkerboard
from customer360.models.contract import Recommender
from customer360.models.fusion import REGIMES, Fusion, count_owners, regime_weights
from customer360.models.fusion_training import TuningSet, make_fusion_slice
from customer360.models.holdout import rank_held_out
from customer360.models.hybrid import Hybrid, PlainHybrid, fitting_with
from customer360.models.ncf import NCF
from customer360.models.near import NearEASE
from customer360.models.ops import NoItemText
from customer360.models.svd import SVD
from customer360.models.tfidf import TFIDF


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return dataset(simulate(seed=5, n_customers=500, n_items=300).tables)


@pytest.fixture(scope="module")
def hybrid(shop) -> Hybrid:
    return Hybrid(components={"svd": SVD(n_factors=16), "tfidf": TFIDF()}).fit(ratio75_item(shop, 7).train)


def ndcg(model: Recommender, split) -> float:
    from customer360.metrics import ndcg

    lists = rank_held_out(model, split)
    return float(ndcg(lists.hit, lists.n_relevant, 10).mean())


def test_a_cold_item_leans_on_text():
    train = dataset(simulate(seed=5, n_customers=900, n_items=300).tables)
    hybrid = Hybrid(components={"svd": SVD(n_factors=16), "tfidf": TFIDF()}).fit(ratio75_item(train, 7).train)
    shares = hybrid.fusion("rank").table()
    assert list(shares.index) == list(REGIMES)
    assert shares.loc["cold item", "tfidf"] > 0.99
    assert shares.loc["regular", "tfidf"] < 0.95  # its events count where there are some


def test_a_component_that_knows_nothing_is_not_believed(shop):
    train = ratio75_item(shop, 7).train
    shares = (
        Hybrid(components={"svd": SVD(n_factors=16), "random": Random()}).fit(train).fusion("rank").table()
    )
    assert shares.loc["regular", "random"] < 0.3, "alike would be a half"


def test_it_is_no_worse_than_the_worse_of_its_parts_anywhere(shop, hybrid):
    warm = ratio75_item(shop, 7)
    assert ndcg(hybrid, warm) > min(ndcg(part, warm) for part in hybrid.parts.values())
    cold = cold_items(shop, 7)
    fitted = Hybrid(components={"svd": SVD(n_factors=16), "tfidf": TFIDF()}).fit(cold.train)
    assert ndcg(fitted, cold) > 2 * ndcg(Random().fit(cold.train), cold)
    assert ndcg(fitted, cold) > 2 * ndcg(Popularity().fit(cold.train), cold)


def test_its_ratings_beat_each_of_its_parts_or_come_close(shop, hybrid):
    test = ratio75_item(shop, 7).test
    test = test[test["rating"].notna()]

    def rmse(model: Recommender) -> float:
        return float(
            np.sqrt(
                np.mean(
                    (model.predict(test["user"].to_numpy(), test["item"].to_numpy()) - test["rating"]) ** 2
                )
            )
        )

    assert rmse(hybrid) < min(rmse(part) for part in hybrid.parts.values()) + 0.01


def test_a_component_is_judged_by_a_cheaper_likeness_of_itself(shop):
    fitted = []

    def fit(model: Recommender, train: Dataset) -> Recommender:
        fitted.append(model.fit(train))
        return model

    parts = {
        "ncf": NCF(n_members=2, n_epochs=2, width=8),
        "bayes": BayesianMF(n_factors=2, n_burn_in=4, n_draws=3, thinning=1),
        "near": NearEASE(),
    }
    with fitting_with(fit):
        hybrid = Hybrid(components=parts).fit(shop)
    judged, whole = fitted[:3], fitted[3:]
    assert [model.params for model in whole] == [part.params for part in parts.values()]
    networks = [(len(m.ranking_.members), len(m.rating_.members)) for m in (whole[0], judged[0])]
    assert networks == [(2, 2), (2, 1)]
    assert [(model.n_burn_in, model.n_draws) for model in (whole[1], judged[1])] == [(4, 3), (2, 2)]
    assert judged[2].tuned_ and whole[2].tuned_  # the slice has no part in what it is judged with
    assert [*hybrid.parts.values()] == whole


def test_the_slice_is_never_trained_on(shop):
    seen = []

    class Spy(Popularity):
        def _fit(self, train: Dataset) -> None:
            seen.append(set(zip(train.interactions["user"], train.interactions["item"], strict=True)))

    Spy.key = "spy"
    Recommender.classes["spy"] = Spy
    try:
        Hybrid(components={"spy": Spy(), "ease": EASE()}).fit(shop)
    finally:
        del Recommender.classes["spy"]
    held = make_fusion_slice(shop).test
    inner, whole = seen
    assert not inner & set(zip(held["user"], held["item"], strict=True))
    assert whole == set(zip(shop.interactions["user"], shop.interactions["item"], strict=True))


def test_without_text_the_others_carry_on(shop):
    bare = replace(shop, item_text=None)
    model = Hybrid(components={"svd": SVD(n_factors=16), "tfidf": TFIDF()}).fit(bare)
    assert list(model.parts) == ["svd"]
    one = model.recommend([0, 1], 5).codes
    assert (one == SVD(n_factors=16).fit(bare).recommend([0, 1], 5).codes).all()
    with pytest.raises(NoItemText, match="tfidf"):
        Hybrid(components={"tfidf": TFIDF()}).fit(bare)


def test_without_ratings_it_ranks():
    model = Hybrid(components={"ease": EASE(regularisation=5.0), "tfidf": TFIDF()}).fit(
        checkerboard(ratings=False)
    )
    assert model.recommend([0], 3).codes.min() >= 0


@pytest.mark.parametrize("n", [2, 4])
def test_hardly_any_data(n):
    model = Hybrid(components={"ease": EASE(regularisation=5.0), "tfidf": TFIDF()}).fit(checkerboard(n))
    assert np.isfinite(model.score(histories_from_items([[], [0]], n))).all()
    assert np.isfinite(model.predict([0, -1], [0, -1])).all()


def test_histories_are_saved_once(hybrid, tmp_path):
    hybrid.save(tmp_path / "model")
    assert len(list((tmp_path / "model").rglob("histories.npz"))) == 1
    loaded = Recommender.load(tmp_path / "model")
    assert (loaded.recommend(np.arange(50), 10).codes == hybrid.recommend(np.arange(50), 10).codes).all()
    assert loaded.fusion("rank").table().equals(hybrid.fusion("rank").table())


def test_an_artefact_with_an_altered_part_is_refused(hybrid, tmp_path):
    from customer360.models.artefacts import ArtefactError

    hybrid.save(tmp_path / "model")
    weights = tmp_path / "model/components_.svd/weights.npz"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(ArtefactError, match=r"components_\.svd"):
        Recommender.load(tmp_path / "model")


def test_hyper_parameters_reach_the_fusion(tmp_path):
    "What was a constant is a hyper-parameter: it changes what is learnt, is saved, and is checked by name and type"
    board, components = checkerboard(), {"ease": EASE(regularisation=5.0), "tfidf": TFIDF()}
    model = Hybrid(components=components, halfway_grid=(2.0,), min_customers=1, n_contenders=8).fit(board)
    assert model.fusion("rank").halfway == model.fusion("rate").halfway == [2.0, 2.0]
    model.save(tmp_path / "model")
    assert Recommender.load(tmp_path / "model").params == model.params
    assert make_model("hybrid", params={"depth": 20}).depth == 20
    with pytest.raises(ValueError, match="hybrid has no hyper-parameter 'dept'"):
        make_model("hybrid", params={"dept": 20})
    with pytest.raises(ValueError, match="depth of hybrid has to be a whole number"):
        make_model("hybrid", params={"depth": 2.5})


def test_hybrids_of_the_first_format_answer_the_same(hybrid, tmp_path):
    path, hybrid = tmp_path / "model", copy(hybrid)
    old = hybrid.ranking_
    hybrid.ranking_ = Fusion(old.names, old.weights, old.halfway)  # it knew nothing of rarity
    vars(hybrid).pop("_ranking", None)  # what is kept of the fusion before
    hybrid.save(path)
    manifest, arrays = json.loads((path / "manifest.json").read_text()), np.load(path / "weights.npz")
    state = {name: getattr(hybrid, name) for name in ("trained_on_", "scale_", "mean_")}
    old = {f"{name}_": arrays[f"{name}_"] for name in ("item_offset", "popularity")}
    for question, attribute in (("rank", "ranking_"), ("rate", "rating_")):
        fusion = getattr(hybrid, attribute)
        state |= {f"{question}_names_": fusion.names, f"{question}_halfway_": fusion.halfway}
        old[f"{question}_weights_"] = fusion.weights
    np.savez(path / "weights.npz", **old)
    for name in hybrid.parts:
        (path / f"components_.{name}").rename(path / f"{name}_")
    files = [file for file in path.rglob("*") if file.is_file() and file != path / "manifest.json"]
    manifest |= {"format": 1, "state": state | {"names_": list(hybrid.parts)}}
    manifest["files"] = {file.relative_to(path).as_posix(): sha256_of_file(file) for file in files}
    manifest["params"] = {name: manifest["params"][name] for name in ("seed", "components")}
    (path / "manifest.json").write_text(json.dumps(manifest))
    loaded, (users, items) = Recommender.load(path), np.mgrid[-1:20, -1:50].reshape(2, -1)
    assert loaded.params == hybrid.params and list(loaded.parts) == list(hybrid.parts)
    np.testing.assert_array_equal(loaded.predict(users, items), hybrid.predict(users, items))
    np.testing.assert_array_equal(loaded.recommend(users, 10).scores, hybrid.recommend(users, 10).scores)


def test_regimes_add_up():
    shares = regime_weights(np.arange(50)[:, None], np.arange(60), (3, 0))
    assert np.allclose(shares.sum(0), 1) and (shares >= 0).all()
    assert (np.diff(shares[2], axis=1) <= 1e-6).all(), (
        "the more customers have an item, the less it is a cold one"
    )


def test_unknown_components_are_named():
    with pytest.raises(ValueError, match=r"hybrid has no component 'als': it has ncf, bert, knn"):
        make_model("hybrid", params={"components": {"als": {}}})
    with pytest.raises(ValueError, match="no hyper-parameter 'powr'"):
        make_model("hybrid", params={"components": {"knn": {"powr": 1}}})


@pytest.fixture
def light(monkeypatch):
    "Hybrids of quick components under the registry's own names"
    for key in ("hybrid", "hybrid-ncf-bert"):
        monkeypatch.setitem(PARTS, key, ("svd", "tfidf"))


def test_fits_that_are_there_are_used(light, tmp_path, monkeypatch):
    from customer360.config import settings

    monkeypatch.setattr(settings(), "home", tmp_path)
    snapshot = pipeline.save_snapshot(ingest("demo"))
    split = make_split(pipeline.open_snapshot(snapshot)[1], "ratio75_item", 101)
    own = {key: fit_job(snapshot, Job("ratio75_item", 101, key), split) for key in ("svd", "tfidf")}
    counted = []
    for cls in (SVD, TFIDF):
        monkeypatch.setattr(
            cls,
            "_fit",
            lambda self, train, fit=cls._fit: (self.choose and counted.append(self.key), fit(self, train))[1],
        )
    first = fit_job(snapshot, Job("ratio75_item", 101, "hybrid"), split)
    assert counted == ["svd", "tfidf"], "only the fits on what is left of the slice are new"
    second = fit_job(snapshot, Job("ratio75_item", 101, "hybrid-ncf-bert"), split)
    assert counted == ["svd", "tfidf"], "the second hybrid fits nothing"
    inner = [
        json.loads((path / "fit.json").read_text())
        for path in (snapshot / "fits").glob("ratio75_item-slice-*")
    ]
    least = sum(fit.costs["fit_seconds"] for fit in own.values()) + sum(
        fit["costs"]["fit_seconds"] for fit in inner
    )
    assert min(first.costs["fit_seconds"], second.costs["fit_seconds"]) > 0.9 * least, (
        "a hybrid costs what its parts cost"
    )
    hybrid = Recommender.load(second.path / "model")
    assert isinstance(hybrid, PlainHybrid)
    assert (hybrid.parts["svd"].items_ == Recommender.load(own["svd"].path / "model").items_).all()


def test_a_cards_values_reach_the_components(tmp_path):
    from customer360.data.cards import read_card

    params = pipeline.card_params(read_card("demo"))
    assert params["hybrid"]["components"]["knn"] == params["knn"]
    assert (
        make_model("hybrid", params=params["hybrid"]).components["knn"].shrinkage
        == params["knn"]["shrinkage"]
    )


def test_weights_are_equal_where_nothing_tells_the_items_apart():
    past = checkerboard(4).histories[np.zeros(30, int)]
    one = TuningSet(
        past,
        np.ones((3, 30, 1), np.float32),
        np.zeros((30, 1), bool),
        np.arange(31),
        np.zeros(30, int),
        np.arange(1),
        np.full(1, 30),
    )
    np.testing.assert_allclose(one.learn().components, np.full(3, 1 / 3), rtol=1e-6)


def lists_of(*rankers: np.ndarray, chosen: np.ndarray) -> TuningSet:
    "Return a tuning set of customers with empty histories"
    q, m = chosen.shape
    return TuningSet(
        histories_from_items([[]] * q, m),
        np.stack(rankers).astype(np.float32),
        np.zeros((q, m), bool),
        np.arange(q + 1) * chosen[0].sum(),
        np.nonzero(chosen)[1],
        np.arange(m),
        np.full(m, 9),
    )


@pytest.mark.parametrize("n_customers", [40, 400])
def test_one_good_component_among_bad_ones_is_followed_alone_or_nearly(n_customers):
    rng = np.random.default_rng(0)
    worth = rng.normal(size=(n_customers, 60))
    chosen = worth >= np.sort(worth)[:, [-4]]
    noise = [rng.normal(size=worth.shape) for _ in range(6)]
    weights = lists_of(worth, *noise, chosen=chosen).learn().components
    assert weights[0] > 0.9 and weights.sum() == pytest.approx(1, abs=1e-6)


def test_two_that_each_know_a_half_are_both_followed():
    rng = np.random.default_rng(0)
    one, other, noise = rng.normal(size=(3, 400, 60))
    chosen = one + other >= np.sort(one + other)[:, [-4]]
    weights = lists_of(one, other, noise, chosen=chosen).learn().components
    assert weights[2] == 0 and abs(weights[0] - weights[1]) < 0.1


def test_rare_items_are_raised_where_components_rank_them_too_low(shop):
    popularity = np.log1p(count_owners(shop.histories))
    rng = np.random.default_rng(0)
    worth = rng.normal(size=(300, shop.n_items))
    chosen = worth >= np.sort(worth)[:, [-5]]
    biased = [worth + popularity + rng.normal(size=worth.shape) for _ in range(2)]
    lists = replace(lists_of(*biased, chosen=chosen), owners=count_owners(shop.histories))
    found = lists.learn()
    assert found.rarity > 0.5
    plain = found._replace(rarity=0.0)
    assert lists.quality(lists.total(found)).mean() > lists.quality(lists.total(plain)).mean() + 0.05

"The Gibbs sampler against exact moments and data drawn from its own prior; the model on planted shops and at the edges"

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import solve_triangular
from scipy.sparse import csr_matrix
from scipy.stats import kstest

from customer360.data.prepare import Dataset, IdMap, histories_from_items
from customer360.data.splits import Split, ratio75_item
from customer360.metrics import rmse
from customer360.models.baselines import Bias
from customer360.models.bayes import BayesianMF, suggest_vectors, summed_cosines, unit_columns
from customer360.models.conformance import check_recommender, checkerboard
from customer360.models.gibbs import (
    PrincipalComponents,
    RatingNoise,
    append_one,
    draw_coefficients,
    draw_normal_wishart,
    expected_ratings,
    gibbs_sweeps,
    item_side_information,
    principal_components,
    rating_statistics,
    solve_triangular_rows,
    vector_posterior,
)
from customer360.models.ops import NoRatingScale, root_sum_rows
from customer360.schema import EventType, Facts, interactions

pytestmark = pytest.mark.filterwarnings("error")

QUICK = {"n_factors": 3, "n_components": 8, "n_burn_in": 30, "n_draws": 20, "thinning": 2}


def new(**params) -> BayesianMF:
    return BayesianMF(**QUICK | params)


def rated(cells: np.ndarray, scale: tuple[float, float] | None = (1, 5), **more) -> Dataset:
    "A data set from a table of ratings, NaN where there is none"
    user, item = np.nonzero(~np.isnan(cells))
    facts = Facts("planted", scale=scale, relevant={EventType.rating: None})
    frame = interactions(
        user.astype(str), item.astype(str), "rating", cells[user, item], np.arange(len(user))
    )
    coded = frame.assign(user=user.astype(np.int32), item=item.astype(np.int32))
    users, items = (IdMap(np.arange(n).astype(str).astype(object)) for n in cells.shape)
    return Dataset(coded, users, items, facts, **more)


def planted(
    seed: int, n_users: int = 150, n_items: int = 60, share: float = 0.3, noise: float = 0.4
) -> tuple[Dataset, np.ndarray]:
    "Ratings on a scale from 1 to 5 that two tastes decide, and the true cells"
    rng = np.random.default_rng([41, seed])
    truth = (
        3
        + rng.normal(0, 0.3, (n_users, 1))
        + rng.normal(0, 0.3, n_items)
        + rng.normal(0, 0.7, (n_users, 2)) @ rng.normal(0, 0.7, (2, n_items))
    )
    shown = rng.random(truth.shape) < share
    return rated(np.where(shown, np.clip(truth + rng.normal(0, noise, truth.shape), 1, 5), np.nan)), np.clip(
        truth, 1, 5
    )


def random_side(rng: np.random.Generator, q: int, n: int, d: int) -> tuple[csr_matrix, np.ndarray]:
    "Sparse ratings, some of them 0, and vectors of the rated side"
    shown, values = rng.random((q, n)) < 0.4, rng.integers(-1, 2, (q, n)).astype(np.float32)
    return csr_matrix((values[shown], np.nonzero(shown)), (q, n)), rng.normal(size=(n, d)).astype(np.float32)


# --- the pieces against loops and exact formulas


@pytest.mark.parametrize("seed", range(5))
def test_evidence_against_loops(seed):
    rng = np.random.default_rng([43, seed])
    ratings, vectors = random_side(rng, 6, 9, 4)
    precise = rng.gamma(2, 1, ratings.nnz)
    squares, shifts = rating_statistics(ratings, vectors, precise)
    for row in range(6):
        square, shift = np.zeros((4, 4)), np.zeros(4)
        own = slice(*ratings.indptr[[row, row + 1]])
        for item, rating, alpha in zip(ratings.indices[own], ratings.data[own], precise[own], strict=True):
            y = np.append(vectors[item, :-1], 1)
            square += alpha * np.outer(y, y)
            shift += alpha * (rating - vectors[item, -1]) * y
        np.testing.assert_allclose(squares[row], square, atol=1e-5)
        np.testing.assert_allclose(shifts[row], shift, atol=1e-5)


@pytest.mark.parametrize("d", [1, 2, 7])
def test_substitution_against_scipy(d):
    rng = np.random.default_rng([44, d])
    lower, right = np.tril(rng.normal(size=(5, d, d))) + 3 * np.eye(d), rng.normal(size=(5, d))
    kept = right.copy()
    for transposed in (False, True):
        expected = [
            solve_triangular(one, b, lower=True, trans=int(transposed))
            for one, b in zip(lower, right, strict=True)
        ]
        np.testing.assert_allclose(solve_triangular_rows(lower, right, transposed), expected, atol=1e-10)
    assert (right == kept).all()


@pytest.mark.parametrize("seed", range(3))
def test_posterior_against_bayes_theorem(seed):
    "The mean and covariance of a joint normal, conditioned on what was seen"
    rng = np.random.default_rng([45, seed])
    ratings, vectors = random_side(rng, 4, 9, 3)
    root, alpha = rng.normal(size=(3, 3)), 1.7
    precision, prior = root @ root.T + np.eye(3), rng.normal(size=(4, 3))
    mean, lower = vector_posterior(ratings, vectors, alpha, prior, precision)
    for row in range(4):
        seen, covariance = ratings[[row]].indices, np.linalg.inv(precision)
        y, r = append_one(vectors)[seen], ratings[[row]].data - vectors[seen, -1]
        gain = covariance @ y.T @ np.linalg.inv(y @ covariance @ y.T + np.eye(len(seen)) / alpha)
        np.testing.assert_allclose(mean[row], prior[row] + gain @ (r - y @ prior[row]), atol=1e-4)
        np.testing.assert_allclose(
            np.linalg.inv(lower[row] @ lower[row].T), covariance - gain @ y @ covariance, atol=1e-4
        )


def test_a_row_without_ratings_has_its_prior():
    vectors = np.ones((2, 3), np.float32)
    mean, lower = vector_posterior(
        csr_matrix((1, 2), dtype=np.float32), vectors, 5.0, np.array([[1.0, 2, 3]]), 4 * np.eye(3)
    )
    np.testing.assert_allclose(mean, [[1, 2, 3]], atol=1e-6)
    np.testing.assert_allclose(lower[0], 2 * np.eye(3), atol=1e-6)


def test_normal_wishart_moments():
    "E[precision] = freedom * scale; E[(n + 2) (mu - m)(mu - m)' precision] = I"
    rng = np.random.default_rng(46)
    x, extra = rng.normal(1, 1, (7, 3)), rng.normal(0, 1, (4, 3))
    m, d = x.mean(0), 3
    inverse_scale = np.eye(d) + (x - m).T @ (x - m) + 2 * 7 / 9 * np.outer(m, m) + extra.T @ extra
    drawn = [draw_normal_wishart(x, extra, rng) for _ in range(20_000)]
    np.testing.assert_allclose(
        np.mean([p for _, p in drawn], 0), (d + 7 + 4) * np.linalg.inv(inverse_scale), atol=0.02
    )
    away = np.array([mu for mu, _ in drawn]) - 7 / 9 * m
    np.testing.assert_allclose(away.mean(0), 0, atol=0.02)
    together = np.mean([9 * np.outer(a, a) @ p for a, (_, p) in zip(away, drawn, strict=True)], 0)
    np.testing.assert_allclose(together, np.eye(d), atol=0.08)


def test_coefficients_are_those_of_macau():
    "B in the coordinates of the features: mean and covariance of the textbook posterior"
    rng = np.random.default_rng(47)
    features, lam, precision = rng.normal(size=(12, 4)), 3.0, np.array([[2.0, 0.5], [0.5, 1.0]])
    rest, source = rng.normal(size=(12, 2)), principal_components(csr_matrix(features), 4, rng)
    drawn = np.array([draw_coefficients(rest, source, lam, precision, rng)[0] for _ in range(20_000)])
    weights = np.einsum("fk,skd->sfd", source.directions, drawn / source.size[:, None])
    square = np.linalg.inv(features.T @ features + lam * np.eye(4))
    np.testing.assert_allclose(weights.mean(0), square @ features.T @ rest, atol=0.01)
    covariance = np.cov(weights.reshape(len(weights), -1).T)
    np.testing.assert_allclose(covariance, np.kron(square, np.linalg.inv(precision)), atol=0.01)


def test_the_strength_of_a_source_is_drawn_from_its_gamma():
    rng = np.random.default_rng(48)
    source = principal_components(csr_matrix(rng.normal(size=(30, 5))), 5, rng)
    pairs = [draw_coefficients(rng.normal(size=(30, 2)), source, 2.0, np.eye(2), rng) for _ in range(4000)]
    rate = np.array([0.01 + ((c / source.size[:, None]) ** 2).sum() / 2 for c, _ in pairs])
    np.testing.assert_allclose(
        np.mean([confidence for _, confidence in pairs] * rate), 1 + 5 * 2 / 2, rtol=0.03
    )


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (5, 5), (1, 6), (6, 1)])
def test_principal_is_the_svd(shape):
    rng = np.random.default_rng([49, *shape])
    features = rng.normal(size=shape)
    whole = principal_components(csr_matrix(features), 50, rng)
    np.testing.assert_allclose(whole.basis * whole.size @ whole.directions.T, features, atol=1e-8)
    few = principal_components(csr_matrix(features), 2, rng)
    np.testing.assert_allclose(few.size, np.linalg.svd(features, compute_uv=False)[:2], rtol=1e-3)


@pytest.mark.parametrize("features", [np.zeros((4, 3)), np.zeros((4, 0)), np.zeros((0, 3))])
def test_principal_of_nothing(features):
    found = principal_components(csr_matrix(features), 5, np.random.default_rng(0))
    assert [part.shape for part in found] == [(len(features), 0), (0,), (features.shape[1], 0)]


def test_suggestions_against_weighted_ridge():
    rng = np.random.default_rng(50)
    n_ratings, features = np.array([5, 1, 0, 2, 7, 0, 3]), rng.normal(size=(7, 2))
    known, w = n_ratings > 0, n_ratings[n_ratings > 0] / n_ratings[n_ratings > 0].mean()
    vectors = rng.normal(size=(5, 3))
    big = np.hstack([np.ones((7, 1)), features])
    square = (big[known].T * w) @ big[known] + np.diag(
        [0, 0.7, 0.7]
    )  # with an intercept that is not held back
    expected = big @ np.linalg.solve(square, (big[known].T * w) @ vectors)
    np.testing.assert_allclose(suggest_vectors(vectors, n_ratings, features, 0.7), expected, atol=1e-8)


def test_ranking_against_loops():
    rng = np.random.default_rng(51)
    owned, asked = (rng.choice([0, 0, 0.5, 1], shape).astype(np.float32) for shape in ((9, 6), (3, 6)))
    owned[:, 4] = 0  # nobody has it
    found = summed_cosines(csr_matrix(asked), unit_columns(csr_matrix(owned)))
    length = np.sqrt((owned**2).sum(0))
    for row in range(3):
        for item in range(6):
            others = [j for j in range(6) if j != item and length[item] * length[j] > 0]
            expected = sum(
                asked[row, j] * owned[:, item] @ owned[:, j] / (length[item] * length[j]) for j in others
            )
            assert found[row, item] == pytest.approx(expected, abs=1e-5)


def test_noise_is_drawn_from_its_gammas():
    "Each part has the mean of its conditional distribution, given the other two"
    rng = np.random.default_rng(57)
    rows, columns, error = rng.integers(0, 3, 40), rng.integers(0, 4, 40), rng.normal(0, 2, 40)
    drawn = []
    for _ in range(20_000):
        noise = RatingNoise(1.0, np.array([0.5, 1, 2, 1]), np.array([1, 2, 0.5, 1]), 6.0)
        noise.draw(error, rows, columns, rng)
        drawn.append([noise.general, *noise.of_customers / expected_factor(noise, error, rows, columns)])
    before = np.array([0.5, 1, 2, 1])[rows] * np.array([1, 2, 0.5, 1])[columns]
    general, *factors = np.mean(drawn, 0)
    assert general == pytest.approx((1 + 40 / 2) / (1 + before @ error**2 / 2), rel=0.01)
    np.testing.assert_allclose(factors, 1, rtol=0.02)
    precise = noise.precision_of(rows, columns)
    np.testing.assert_allclose(precise, noise.general * noise.of_customers[rows] * noise.of_items[columns])


def expected_factor(
    noise: RatingNoise, error: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    "The mean of each customer's factor, the fourth of whom has no rating, given what the items were before"
    squared = np.array([1, 2, 0.5, 1])[columns] * error**2
    count, total = np.bincount(rows, minlength=4), np.bincount(rows, squared, 4)
    return (6 + count) / (6 + noise.general * total)


# --- the sampler as a whole


def drawn_side(n: int, source: PrincipalComponents, rng: np.random.Generator) -> np.ndarray:
    "Vectors of one factor and an offset, with everything about them drawn from the prior"
    half = np.tril(rng.standard_normal((2, 2)), -1) + np.diag(np.sqrt(rng.chisquare([2, 1])))
    root = np.linalg.inv(half.T)
    mean, away = root @ rng.standard_normal(2) / np.sqrt(2), (root @ rng.standard_normal((2, n))).T
    coefficients = (
        source.size[:, None]
        / np.sqrt(rng.gamma(1, 100))
        * (root @ rng.standard_normal((2, len(source.size)))).T
    )
    return (mean + away + source.basis @ coefficients).astype(np.float32)


def ranks(seed: int) -> tuple[float, float]:
    "Data drawn from the model: where the true noise and a true cell lie among the draws"
    rng = np.random.default_rng([52, seed])
    sources = [principal_components(csr_matrix(rng.standard_normal((n, 3))), 2, rng) for n in (9, 8)]
    users, items = (drawn_side(n, source, rng) for n, source in zip((9, 8), sources, strict=True))
    noise_precision, cells = rng.gamma(1, 1), users @ append_one(items).T + items[:, -1]
    of_customers, of_items = (rng.gamma(4 / 2, 2 / 4, n) for n in (9, 8))
    shown = rng.random(cells.shape) < 0.7
    shown[0], shown[:, 0], shown[0, 0] = True, True, False
    precise = noise_precision * of_customers[:, None] * of_items
    seen = cells[shown] + rng.standard_normal(shown.sum()) / np.sqrt(precise[shown])
    ratings = csr_matrix((seen.astype(np.float32), np.nonzero(shown)), shown.shape)
    draws = list(
        islice(gibbs_sweeps(ratings, sources[0], [sources[1]], 1, rng, noise_prior=4.0), 100, 400, 6)
    )
    at = [expected_ratings(draw.customers, draw.items, np.array([0]), np.array([0]))[0] for draw in draws]
    return np.mean([draw.noise_precision < noise_precision for draw in draws]), np.mean(
        np.array(at) < cells[0, 0]
    )


def test_what_was_drawn_from_the_prior_is_found_where_the_posterior_says():
    "Simulation-based calibration (Talts et al. 2018): true values have uniform ranks among the draws"
    found = np.array([ranks(seed) for seed in range(30)])
    assert all(kstest(column, "uniform").pvalue > 1e-3 for column in found.T)


def test_a_fit_is_repeatable_and_seeded():
    data, _ = planted(0, 40, 20)
    pairs = np.mgrid[:40, :20].reshape(2, -1)
    first, again, other = (new(seed=seed).fit(data).predict(*pairs) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert 0 < np.abs(first - other).mean() < 0.2


# --- the model


@pytest.mark.parametrize("seed", range(3))
def test_planted_tastes_are_found(seed):
    data, truth = planted(seed)
    hidden = np.ones(truth.shape, bool)
    hidden[data.ratings["user"], data.ratings["item"]] = False
    pairs = np.nonzero(hidden)
    by_bias, ours = (
        rmse(truth[hidden], model.fit(data).predict(*pairs)) for model in (Bias(), new(n_components=0))
    )
    assert ours < 0.75 * by_bias and ours < 0.4


def test_customers_who_rate_at_random_are_believed_less():
    "Beside people of taste, half of the customers rate anything by anything"
    truth, rng = planted(9)[1], np.random.default_rng(58)
    random = np.arange(len(truth)) % 2 == 1
    cells = np.where(random[:, None], rng.uniform(1, 5, truth.shape), truth + rng.normal(0, 0.3, truth.shape))
    data = rated(np.where(rng.random(truth.shape) < 0.3, np.clip(cells, 1, 5), np.nan))
    shown = np.zeros(truth.shape, bool)
    shown[data.ratings["user"], data.ratings["item"]] = True
    pairs = np.nonzero(~shown & ~random[:, None])
    alike, ours = (
        rmse(truth[pairs], new(n_components=0, noise_prior=prior).fit(data).predict(*pairs))
        for prior in (1e9, 10.0)
    )
    assert ours < 0.9 * alike


def test_better_than_the_biases_on_held_out_ratings():
    split = ratio75_item(planted(7)[0], seed=7)
    truth, pairs = (
        split.test["rating"].to_numpy(),
        (split.test["user"].to_numpy(), split.test["item"].to_numpy()),
    )
    by_bias, ours = (rmse(truth, model.fit(split.train).predict(*pairs)) for model in (Bias(), new()))
    assert ours < by_bias - 0.05


def test_strangers_and_regulars_with_one_history_are_rated_alike():
    data, _ = planted(1, 40, 20)
    model, items = new().fit(data), np.arange(20)
    for user in (0, 7):
        regular = model.predict(np.full(20, user), items)
        stranger = model.predict(np.full(20, -1), items, histories=data.histories[np.full(20, user)])
        np.testing.assert_allclose(stranger, regular, atol=1e-5)
        assert np.ptp(regular) > 0.1


def test_another_unit_of_ratings_changes_nothing():
    data, _ = planted(2, 40, 20)
    hundred = replace(
        data,
        interactions=data.interactions.assign(rating=20 * data.interactions["rating"]),
        facts=replace(data.facts, scale=(20, 100)),
    )
    pairs = np.mgrid[:40, :20].reshape(2, -1)
    np.testing.assert_allclose(
        new().fit(hundred).predict(*pairs), 20 * new().fit(data).predict(*pairs), atol=0.1
    )


def test_what_is_known_of_an_unrated_item_counts():
    "Half of the items are of a liked kind; two unrated ones differ in that alone, and in either source"
    rng = np.random.default_rng(53)
    liked = np.arange(30) % 2 == 0
    cells = np.clip(np.where(liked, 4.2, 1.8) + rng.normal(0, 0.4, (40, 30)), 1, 5)
    cells[rng.random(cells.shape) < 0.5] = np.nan
    cells[:, :2] = np.nan
    text = pd.Series(np.where(liked, "warm wool", "cold tin"))
    for known in (
        {"item_features": csr_matrix(np.stack([liked, ~liked], 1).astype(np.float32))},
        {"item_text": text},
    ):
        good, bad = new().fit(rated(cells, **known)).predict([0, 0], [0, 1])
        assert good > 3.5 and bad < 2.5
    same = new().fit(rated(cells)).predict([0, 0], [0, 1])
    assert same[0] == pytest.approx(same[1]) and abs(same[0] - 3) < 0.6


def test_attributes_of_customers_count_if_they_are_asked_for(tmp_path):
    "Two groups like different items; of some customers only the group is known"
    rng = np.random.default_rng(56)
    group, kind = np.arange(90) % 2, np.arange(24) % 2
    cells = np.clip(np.where(group[:, None] == kind, 4.4, 1.6) + rng.normal(0, 0.3, (90, 24)), 1, 5)
    cells[rng.random(cells.shape) < 0.5] = np.nan
    cells[:10] = np.nan
    data = rated(cells, user_features=csr_matrix(np.stack([group == 0, group == 1], 1).astype(np.float32)))
    without, model = new().fit(data), replace(new(), customer_attributes=True).fit(data)
    pairs = np.mgrid[:10, :24].reshape(2, -1)
    liked = group[pairs[0]] == kind[pairs[1]]
    found = model.predict(*pairs)
    assert found[liked].min() > 3.5 and found[~liked].max() < 2.5
    assert abs(without.predict(*pairs)[liked].mean() - without.predict(*pairs)[~liked].mean()) < 0.5
    alone = np.concatenate([model.predict(*pairs[:, pairs[0] == user]) for user in range(10)])
    np.testing.assert_allclose(alone, found, atol=1e-3)  # one customer or many
    unknown = model.predict(np.full(24, -1), np.arange(24))
    assert np.ptp(unknown) < 1.5, "of a visitor no attribute is known"
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(BayesianMF.load(tmp_path / "model").predict(*pairs), found)
    assert not {"user_features_", "being_"} & set(without.state)
    same = replace(new(), customer_attributes=True).fit(replace(data, user_features=None))
    np.testing.assert_array_equal(
        same.predict(*pairs), new().fit(replace(data, user_features=None)).predict(*pairs)
    )


def test_an_artefact_from_before_noise_of_its_own_answers_as_it_did(tmp_path):
    data, _ = planted(8, 40, 20)
    model, pairs = new().fit(data), np.mgrid[-1:40, :20].reshape(2, -1)
    model.save(tmp_path / "model")
    manifest = tmp_path / "model" / "manifest.json"
    before = json.loads(manifest.read_text(encoding="utf-8"))
    del before["params"]["noise_prior"]
    manifest.write_text(json.dumps(before), encoding="utf-8")
    np.testing.assert_array_equal(BayesianMF.load(tmp_path / "model").predict(*pairs), model.predict(*pairs))


def test_what_somebody_has_says_what_they_like():
    "Two camps like and have different items; a stranger's purchases tell the camp without a single rating"
    rng = np.random.default_rng(54)
    camp, kind = np.arange(80) % 2, np.arange(24) % 2
    cells = np.clip(np.where(camp[:, None] == kind, 4.4, 1.6) + rng.normal(0, 0.3, (80, 24)), 1, 5)
    rates = np.where(camp[:, None] == kind, 0.6, 0.15)
    data = rated(np.where(rng.random(cells.shape) < rates, cells, np.nan))
    model = new().fit(data)
    for which in (0, 1):
        visitor = histories_from_items(
            [np.flatnonzero(kind == which)[:5]] * 2, 24, EventType.purchase, seen=True
        )
        own, other = model.predict([-1, -1], [20 + which, 21 - which], histories=visitor)
        assert own > other + 1


def test_without_side_information_purchases_say_nothing_about_ratings():
    data, _ = planted(3, 40, 20)
    model = new(n_components=0).fit(data)
    told = histories_from_items([[], [1, 2, 3]], 20, EventType.purchase, seen=True)
    first, second = model.predict([-1, -1], [5, 5], histories=told)
    assert first == second


def test_the_contract_without_side_information():
    assert check_recommender(new(n_components=0))["planted item first"] == "100%"


# --- edges


def table(rows: list[list[float]]) -> np.ndarray:
    return np.array(rows, float)


NAN = np.nan
EDGES = {
    "all ratings equal": np.where(np.random.default_rng(0).random((12, 9)) < 0.5, 4.0, NAN),
    "one rating": table([[NAN, 3], [NAN, NAN]]),
    "one item": table([[1], [5], [NAN], [3]]),
    "one customer": table([[1, 5, NAN, 3]]),
    "one cell": table([[2]]),
    "no ratings": np.full((3, 4), NAN),
    "everything rated": np.random.default_rng(1).integers(1, 6, (6, 5)).astype(float),
}


@pytest.mark.parametrize("cells", EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("known", [False, True], ids=["bare", "described"])
def test_edges(cells, known):
    n_users, n_items = cells.shape
    more = (
        {
            "item_text": pd.Series(["a b"] * n_items),
            "item_features": csr_matrix(np.ones((n_items, 2), np.float32)),
        }
        if known
        else {}
    )
    model = new().fit(rated(cells, **more))
    users, items = np.mgrid[-1:n_users, -1:n_items].reshape(2, -1)
    predicted = model.predict(users, items)
    assert np.isfinite(predicted).all() and predicted.min() >= 1 and predicted.max() <= 5
    assert np.isfinite(model.score(rated(cells).histories)).all()
    assert all(
        value.dtype == np.float32 for name, value in model.state.items() if isinstance(value, np.ndarray)
    )


def test_all_ratings_equal_are_predicted_exactly():
    cells = EDGES["all ratings equal"]
    predicted = BayesianMF(n_factors=3).fit(rated(cells)).predict(*np.mgrid[:12, :9].reshape(2, -1))
    np.testing.assert_allclose(predicted, 4, atol=0.1)


def test_an_unknown_item_gets_the_bias():
    data, _ = planted(4, 30, 12)
    users = np.arange(-1, 30)
    np.testing.assert_array_equal(
        new().fit(data).predict(users, np.full(31, -1)), Bias().fit(data).predict(users, np.full(31, -1))
    )


def test_purchases_alone_are_ranked_and_not_rated():
    model = new().fit(checkerboard(ratings=False))
    assert (model.recommend(np.arange(24), 1).codes[:, 0] == np.arange(24)).all()
    with pytest.raises(NoRatingScale, match="without ratings"):
        model.predict([0], [0])


def test_purchases_beside_ratings_are_no_ratings():
    "Customers who only buy do not take part in the chain, and are rated all the same"
    data, _ = planted(5, 40, 20)
    frame = data.interactions
    only_buys = frame["user"] >= 30
    mixed = replace(
        data,
        interactions=frame.assign(
            rating=frame["rating"].mask(only_buys), event=frame["event"].mask(only_buys, "purchase")
        ),
    )
    model = new().fit(mixed)
    assert np.isfinite(model.predict(np.arange(40), np.arange(40) % 20)).all()
    assert model.having_.any(axis=(0, 2)).sum() > 0 and model.items_.shape == (20, 20, 4)


@pytest.mark.parametrize("text", [["", "", ""], ["one", "two", "three"], ["a", "b", "c"]])
def test_text_that_says_nothing(text):
    known = item_side_information(rated(table([[1, 2, 3]]), item_text=pd.Series(text)))
    assert [features.shape for features in known] == [(3, 0)]


def test_shares_of_nothing():
    assert not root_sum_rows(csr_matrix((2, 3), dtype=np.float32)).nnz


def test_a_split_with_new_items_and_customers():
    "What is not in train is answered too"
    data, _ = planted(6, 40, 20)
    cold = (data.interactions["item"] < 3) | (data.interactions["user"] < 3)
    split = Split("cold", "", data.where(~cold), data.interactions[cold])
    predicted = new().fit(split.train).predict(split.test["user"].to_numpy(), split.test["item"].to_numpy())
    assert np.isfinite(predicted).all() and rmse(split.test["rating"].to_numpy(), predicted) < 1.5

"Models against naive implementations, at the edges, at scale, and the check of the contract against models that break it."

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from references import NAN, random_events, ratings_table, small
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse

from customer360.config import generator
from customer360.data.prepare import Dataset, Histories, IdMap, append_events, dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import cold_items
from customer360.models.artefacts import ArtefactError
from customer360.models.attribution import Explanation
from customer360.models.baselines import EASE, Popularity
from customer360.models.catalogue import MODELS, add_notebook, make_model, model_class
from customer360.models.conformance import ContractError, check_recommender, checkerboard
from customer360.models.contract import Recommender
from customer360.models.holdout import rank_held_out
from customer360.models.knn import UserKNN, cosine_similarities, neighbour_residuals, weighted_votes
from customer360.models.ops import (
    COLD_START_SCORE,
    ITEM_DAMPING,
    USER_DAMPING,
    NoRatingScale,
    NotFittedError,
    TopN,
    top_n,
    unit_rows,
)
from customer360.models.svd import SVD, fold_in_confidence, fold_in_ratings, solve_rows, train_als
from customer360.schema import EventType, Facts, interactions

pytestmark = pytest.mark.filterwarnings("error")

KINDS = [str(kind) for kind in EventType]
QUICK = {"svd": {"n_factors": 5, "n_epochs": 3, "n_iterations": 3}}
EVERY = ["random", "popularity", "bias", "ease", "knn", "svd"]
PERSONAL = ["ease", "knn", "svd"]


def new(key: str, **params) -> Recommender:
    return model_class(key)(**QUICK.get(key, {}) | params)


def shop(seed: int = 0, n: int = 900, n_users: int = 30, n_items: int = 25) -> Dataset:
    "Repeat events of every kind; two customers and two items are left without any"
    events = random_events(np.random.default_rng([17, seed]), n, n_users - 2, n_items - 2, KINDS)
    return small(events, n_users, n_items, relevant={EventType.purchase: None, EventType.rating: 4.0})


def strengths(data: Dataset) -> np.ndarray:
    return np.asarray(data.histories.confidence.toarray(), np.float64)


# --- top n


@pytest.mark.parametrize("seed", range(20))
def test_top_n_against_sorting(seed):
    "Many ties, many -inf"
    rng = np.random.default_rng([19, seed])
    q, c, n = rng.integers(0, 6), rng.integers(0, 9), rng.integers(0, 12)
    scores = rng.integers(0, 4, (q, c)).astype(np.float32)
    scores[rng.random((q, c)) < rng.choice([0, 0.3, 1])] = -np.inf
    top = top_n(scores, n)
    assert (
        top.codes.shape == top.scores.shape == (q, n)
        and top.codes.dtype == np.int32
        and top.scores.dtype == np.float32
    )
    for row, codes, best in zip(scores.tolist(), top.codes.tolist(), top.scores.tolist(), strict=True):
        expected = sorted(
            (code for code in range(c) if row[code] > -np.inf), key=lambda code: (-row[code], code)
        )[:n]
        assert codes == expected + [-1] * (n - len(expected))
        assert best == [row[code] for code in expected] + [-np.inf] * (n - len(expected))


# --- biases


def naive_biases(data: Dataset) -> tuple[float, dict[int, float], dict[int, float]]:
    "Mean, item offsets, customer offsets, from the last rating of each pair"
    last = {}
    ordered = data.interactions.sort_values(["timestamp", "row"])
    for user, item, rating in zip(ordered["user"], ordered["item"], ordered["rating"], strict=True):
        if not np.isnan(rating):
            last[user, item] = float(rating)
    mean = sum(last.values()) / len(last)
    of_item, of_user = {}, {}
    for item in range(data.n_items):
        rest = [r - mean for (_, i), r in last.items() if i == item]
        of_item[item] = sum(rest) / (len(rest) + ITEM_DAMPING)
    for user in range(data.n_users):
        rest = [r - mean - of_item[i] for (u, i), r in last.items() if u == user]
        of_user[user] = sum(rest) / (len(rest) + USER_DAMPING)
    return mean, of_item, of_user


@pytest.mark.parametrize("seed", range(3))
def test_bias_against_loops(seed):
    data = shop(seed)
    mean, of_item, of_user = naive_biases(data)
    users, items = np.mgrid[-1 : data.n_users, -1 : data.n_items].reshape(2, -1)
    expected = [
        np.clip(mean + of_item.get(i, 0) + of_user.get(u, 0), 1, 5)
        for u, i in zip(users.tolist(), items.tolist(), strict=True)
    ]
    np.testing.assert_allclose(new("bias").fit(data).predict(users, items), expected, atol=1e-5)


# --- EASE


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("regularisation", [0.5, 20.0])
def test_ease_against_a_dense_inverse(seed, regularisation):
    data = shop(seed)
    x = strengths(data)
    inverse = np.linalg.inv(x.T @ x + regularisation * np.eye(data.n_items))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    model = EASE(regularisation=regularisation).fit(data)
    has_past = x.sum(1) > 0
    assert not has_past.all()
    np.testing.assert_allclose(
        model.score(data.histories)[has_past], (x @ weights)[has_past], rtol=1e-3, atol=2e-5
    )


def test_ease_is_the_minimum():
    "Any other matrix with a zero diagonal rebuilds the histories worse"
    data, rng = shop(), np.random.default_rng(0)
    x = strengths(data)
    weights = np.zeros((data.n_items, data.n_items))
    model = EASE(regularisation=3).fit(data)
    weights[np.ix_(model.touched_, model.touched_)] = model.weights_

    def loss(b: np.ndarray) -> float:
        return ((x - x @ b) ** 2).sum() + 3 * (b**2).sum()

    for _ in range(20):
        step = rng.normal(size=weights.shape) * 1e-2
        np.fill_diagonal(step, 0)
        assert loss(weights + step) > loss(weights)


# --- SVD


def dense_fold_in(
    confidence: np.ndarray, factors: np.ndarray, unobserved: float, regularisation: float
) -> np.ndarray:
    "Every cell of the matrix as one equation, by least squares; customers without evidence are 0"
    rows = []
    for row in confidence:
        weight, target = unobserved + row, (row > 0).astype(float)
        ridge = regularisation * np.sqrt(row.sum() + unobserved * len(row))
        left = np.vstack([np.sqrt(weight)[:, None] * factors, np.sqrt(ridge) * np.eye(factors.shape[1])])
        rows.append(
            np.linalg.lstsq(left, np.concatenate([np.sqrt(weight) * target, np.zeros(factors.shape[1])]))[0]
        )
    return np.array(rows)


@pytest.mark.parametrize("seed", range(3))
def test_fold_in_against_full_least_squares(seed):
    data, rng = shop(seed), np.random.default_rng(seed)
    assert (data.histories.confidence.data == 0).any(), "a dismissal must be among the entries"
    for n_factors in (1, 4, 40):
        factors = rng.normal(size=(data.n_items, n_factors)).astype(np.float32)
        got = fold_in_confidence(data.histories.confidence, factors, 0.2, 0.7)
        np.testing.assert_allclose(
            got, dense_fold_in(strengths(data), factors.astype(float), 0.2, 0.7), rtol=1e-3, atol=2e-4
        )


def test_alternation_against_full_least_squares():
    data, (f, n) = shop(), (4, 3)
    x = strengths(data)
    items = (
        generator(0, "svd").normal(0, 0.3 / np.sqrt(f), (data.n_items, f)).astype(np.float32).astype(float)
    )
    for _ in range(n):
        users = dense_fold_in(x, items, 0.25, 0.45)
        items = dense_fold_in(x.T, users, 0.25, 0.45)
    np.testing.assert_allclose(
        train_als(data.histories.confidence, f, 0.25, 0.45, n, generator(0, "svd")), items, atol=2e-4
    )
    model = SVD(n_factors=f, n_iterations=n, n_epochs=1).fit(data)
    has_past = x.sum(1) > 0
    scores = dense_fold_in(x, items, 0.25, 0.45) @ items.T
    np.testing.assert_allclose(model.score(data.histories)[has_past], scores[has_past], atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_fold_in_of_ratings_against_full_least_squares(seed):
    data, rng = shop(seed), np.random.default_rng(seed)
    factors, offsets = (
        rng.normal(size=(data.n_items, 3)).astype(np.float32),
        rng.normal(size=data.n_items).astype(np.float32),
    )
    got = fold_in_ratings(data.histories, 3.1, offsets, factors, 2.0, 0.5)
    ratings = data.ratings
    for user in range(data.n_users):
        mine = ratings[ratings["user"] == user]
        left = np.hstack([factors[mine["item"]], np.ones((len(mine), 1))]).astype(float)
        right = mine["rating"].to_numpy(float) - 3.1 - offsets[mine["item"]]
        ridge = np.diag(np.sqrt([2.0, 2.0, 2.0, 0.5]))
        expected = np.linalg.lstsq(np.vstack([left, ridge]), np.concatenate([right, np.zeros(4)]))[0]
        np.testing.assert_allclose(got[user], expected, atol=1e-4)


def test_svd_predicts_with_surprises_items():
    "The item side is Surprise's own; the customer's is the regression above"
    import surprise

    data = shop(2)
    model = SVD(n_factors=3, n_epochs=5).fit(data)
    table = surprise.Dataset.load_from_df(
        data.ratings[["user", "item", "rating"]], surprise.Reader(rating_scale=(1, 5))
    ).build_full_trainset()
    theirs = surprise.SVD(n_factors=3, n_epochs=5, lr_all=0.005, reg_all=0.1, random_state=0).fit(table)
    factors, offsets = np.zeros((data.n_items, 3), np.float32), np.zeros(data.n_items, np.float32)
    for item in data.ratings["item"].unique():
        factors[item], offsets[item] = (
            theirs.qi[table.to_inner_iid(item)],
            theirs.bi[table.to_inner_iid(item)],
        )
    vectors = fold_in_ratings(
        data.histories, table.global_mean, offsets, factors, model.ridge, model.offset_ridge
    )
    expected = np.clip(table.global_mean + offsets + vectors[:, -1:] + vectors[:, :-1] @ factors.T, 1, 5)
    users, items = np.mgrid[: data.n_users, : data.n_items].reshape(2, -1)
    np.testing.assert_allclose(model.predict(users, items), expected.ravel(), atol=1e-4)


def test_equations_without_a_single_solution_are_refused():
    row = csr_matrix(np.float32([[1, 0, 0]]))
    with pytest.raises(np.linalg.LinAlgError, match="use a larger regularisation"):
        solve_rows(
            row, row.data, np.zeros((3, 2), np.float32), np.zeros((2, 2), np.float32), np.zeros(1, np.float32)
        )


# --- kNN


def naive_cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    cosine = np.zeros((len(rows), len(others)))
    for a, row in enumerate(rows):
        for b, other in enumerate(others):
            length = np.linalg.norm(row) * np.linalg.norm(other)
            value = round(float(row @ other) / length, 6) if length else 0
            cosine[a, b] = value if 0 < value < 1 - 1e-5 else 0
    return cosine


@pytest.mark.parametrize("density", [0.3, 0.005])
def test_similarities_against_loops(density):
    "Dense blocks or sparse rows, the same cosines"
    rows = random_sparse(60, 400, density, format="csr", random_state=1, dtype=np.float32)
    rows = csr_matrix(np.vstack([rows.toarray(), rows[:3].toarray() * 2, -rows[:2].toarray()]))
    got = cosine_similarities(unit_rows(rows[:9]), unit_rows(rows))
    np.testing.assert_allclose(
        got, naive_cosines(rows[:9].toarray().astype(float), rows.toarray().astype(float)), atol=2e-6
    )
    assert (got[:3, [60, 61, 62]].diagonal() == 0).all() and (got[:2, [63, 64]] >= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_votes_against_loops(seed):
    rng = np.random.default_rng([23, seed])
    m, n_items = 12, 7
    similarity = np.round(rng.random((4, m)) * (rng.random((4, m)) < 0.6), 1).astype(
        np.float32
    )  # ties, and nobody alike
    similarity[0] = 0
    confidence = csr_matrix((rng.random((m, n_items)) * (rng.random((m, n_items)) < 0.5)).astype(np.float32))
    for n_neighbours in (1, 3, 12, 50):
        expected = np.zeros((4, n_items))
        for row in range(4):
            nearest = sorted(range(m), key=lambda other: (-similarity[row, other], other))[:n_neighbours]
            for other in nearest:
                expected[row] += float(similarity[row, other]) ** 3 * confidence[[other]].toarray()[0]
        np.testing.assert_allclose(
            weighted_votes(similarity, confidence, n_neighbours, 3.0), expected, atol=1e-5
        )


@pytest.mark.parametrize("seed", range(5))
def test_neighbours_residual_against_loops(seed):
    rng = np.random.default_rng([29, seed])
    m, n_items, p = 15, 6, 40
    similarity = (rng.random((5, m)) * (rng.random((5, m)) < 0.7)).astype(np.float32)  # all different, or 0
    rest = csr_matrix((rng.normal(size=(n_items, m)) * (rng.random((n_items, m)) < 0.5)).astype(np.float32))
    rest = csr_matrix(np.vstack([rest.toarray(), np.zeros((1, m))]))  # an item that nobody rated
    rows, items = rng.integers(0, 5, p), rng.integers(0, n_items + 1, p)
    for n_neighbours in (1, 2, 50):
        got = neighbour_residuals(similarity, rest, rows, items, n_neighbours, 0.3)
        for row, item, value in zip(rows, items, got, strict=True):
            raters = [
                (float(similarity[row, other]), float(rest[item, other])) for other in rest[[item]].indices
            ]
            nearest = sorted(raters, reverse=True)[:n_neighbours]
            expected = sum(s * r for s, r in nearest) / (sum(s for s, _ in nearest) + 0.3)
            assert value == pytest.approx(expected, abs=1e-5)
    assert len(neighbour_residuals(similarity, rest, rows[:0], items[:0], 3, 0.3)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_knn_scores_against_loops(seed):
    data = shop(seed, 150)
    x = strengths(data)
    has = x > 0
    n_customers = has.any(1).sum()
    idf = np.array([np.log(n_customers / count) if count else 0 for count in has.sum(0)])
    similarity = naive_cosines(x * idf, x * idf)
    popularity = x.sum(0)
    expected = np.zeros_like(x)
    for row in range(data.n_users):
        for other in sorted(range(data.n_users), key=lambda other: (-similarity[row, other], other))[:4]:
            expected[row] += similarity[row, other] ** 2 * x[other]
    expected *= np.maximum(popularity, 1) ** -0.3
    expected += float(COLD_START_SCORE) * popularity / popularity.max()
    got = UserKNN(n_neighbours=4, power=2.0, discount=0.3).fit(data).score(data.histories)
    np.testing.assert_allclose(got[has.any(1)], expected[has.any(1)], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_knn_ratings_against_loops(seed):
    data = shop(seed)
    mean, of_item, of_user = naive_biases(data)
    rest = np.full((data.n_users, data.n_items), NAN)
    for user, item, rating in zip(*(data.ratings[name] for name in ("user", "item", "rating")), strict=True):
        rest[user, item] = rating - mean - of_item[item] - of_user[user]
    similarity = naive_cosines(np.nan_to_num(rest), np.nan_to_num(rest))
    model = UserKNN(n_neighbours=3, shrinkage=0.4).fit(data)
    for user in range(data.n_users):
        for item in range(data.n_items):
            raters = sorted(
                (
                    (similarity[user, other], rest[other, item])
                    for other in range(data.n_users)
                    if not np.isnan(rest[other, item])
                ),
                reverse=True,
            )
            if len(raters) > 3 and raters[2][0] - raters[3][0] < 1e-5:
                continue  # a tie between neighbours: either may be asked
            voted = sum(s * r for s, r in raters[:3]) / (sum(s for s, _ in raters[:3]) + 0.4)
            expected = np.clip(mean + of_item[item] + of_user[user] + voted, 1, 5)
            assert model.predict([user], [item])[0] == pytest.approx(expected, abs=1e-4)


# --- what every model owes, on data with events of every kind


def naive_recommend(scores: np.ndarray, hide: set[int], pool: list[int] | None, n: int) -> list[int]:
    allowed = [
        code for code in (range(len(scores)) if pool is None else sorted(set(pool))) if code not in hide
    ]
    best = sorted(allowed, key=lambda code: (-scores[code], code))[:n]
    return best + [-1] * (n - len(best))


@pytest.mark.parametrize("key", EVERY)
@pytest.mark.parametrize("seed", range(3))
def test_recommend_is_the_best_of_score(key, seed):
    "Whatever is asked: candidates for all or for each, unsorted and named twice, exclusions, seen or not, any length"
    data, rng = shop(seed), np.random.default_rng([31, seed])
    model = new(key).fit(data)
    users = rng.permutation(np.arange(-1, data.n_users))
    past = [
        data.histories[[user]] if user >= 0 else histories_from_items([[]], data.n_items) for user in users
    ]
    scores = model.score(data.histories[np.maximum(users, 0)], users=users)
    scores[users == -1] = model.score(histories_from_items([[]], data.n_items))
    for _ in range(12):
        n, exclude_seen = int(rng.integers(1, 40)), bool(rng.integers(0, 2))
        exclude = rng.integers(0, data.n_items, 4) if rng.random() < 0.5 else None
        pool = [None, rng.integers(0, data.n_items, 9), rng.integers(0, data.n_items, (len(users), 6))][
            rng.integers(0, 3)
        ]
        top = model.recommend(users, n, exclude_seen=exclude_seen, exclude=exclude, candidates=pool)
        for row in range(len(users)):
            hide = set(past[row].items[past[row].seen].tolist()) if exclude_seen else set()
            hide |= set() if exclude is None else set(exclude.tolist())
            mine = None if pool is None else pool[row].tolist() if pool.ndim == 2 else pool.tolist()
            expected = naive_recommend(scores[row], hide, mine, n)
            got = top.codes[row].tolist()
            if (
                got != expected
            ):  # near ties may fall either way, since a batch sums in another order than a slice of it
                assert [scores[row, code] if code >= 0 else -9 for code in got] == pytest.approx(
                    [scores[row, c] if c >= 0 else -9 for c in expected], rel=1e-5
                )
            assert set(got) & hide <= {-1} and len({code for code in got if code >= 0}) == sum(
                code >= 0 for code in got
            )


@pytest.mark.parametrize("key", EVERY)
def test_a_dismissal_only_hides(key):
    "For a visitor, and for a customer of the train part"
    data = shop()
    events = interactions(["0"] * 3, ["0"] * 3, "dismiss", timestamp=10**6).assign(user=0, item=[3, 4, 23])
    model = new(key).fit(data)
    for past in ([0, 1, 2], []):
        before = histories_from_items([past], data.n_items, seen=True)
        after = append_events(before, events, Facts("toy"))
        if key != "random":
            np.testing.assert_allclose(model.score(after), model.score(before), rtol=1e-5, atol=1e-9)
        assert not set(model.recommend([-1], data.n_items, histories=after).codes[0].tolist()) & {
            *past,
            3,
            4,
            23,
        }


@pytest.mark.parametrize("key", PERSONAL)
def test_nobody_in_particular_is_shown_what_is_popular(key):
    "A visitor without a past, or with dismissals alone: the order of the popularity, from scores next to nothing"
    data = shop()
    model = new(key).fit(data)
    stranger = model.recommend([-1], 20)
    assert stranger.codes.tolist() == new("popularity").fit(data).recommend([-1], 20).codes.tolist()
    assert 0 < stranger.scores[0, 0] <= COLD_START_SCORE


@pytest.mark.parametrize("key", EVERY)
def test_a_refit_forgets_everything(key):
    "Also what was worked out while the first fit was in use"
    first, second = shop(1), shop(2, n_users=34, n_items=29)
    used, fresh = new(key).fit(first), new(key).fit(second)
    for model in (used, used.fit(second)):
        model.predict([0, 1], [2, 3])
        model.recommend([0, 1], 5)
    assert np.array_equal(used.recommend(np.arange(34), 9).scores, fresh.recommend(np.arange(34), 9).scores)
    assert np.array_equal(
        used.predict(np.arange(29), np.arange(29)), fresh.predict(np.arange(29), np.arange(29))
    )


@pytest.mark.parametrize("key", PERSONAL)
def test_a_dismissal_of_something_new_teaches_nothing(key):
    "A train customer who dismisses an item they never had: the model is the same"
    data = shop()
    free = sorted(set(range(data.n_items)) - set(data.histories[[0]].items.tolist()))[:3]
    events = interactions(["0"] * len(free), [str(i) for i in free], "dismiss", timestamp=10**6).assign(
        user=np.int32(0), item=np.array(free, np.int32)
    )
    more = replace(
        data, interactions=pd.concat([data.interactions, events.assign(row=10**6 + np.arange(len(free)))])
    )
    everyone = data.histories[np.arange(1, data.n_users)]
    np.testing.assert_allclose(
        new(key).fit(more).score(everyone), new(key).fit(data).score(everyone), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("key", EVERY)
def test_answers_do_not_depend_on_the_company(key):
    "Pairs in any order, with copies; customers in any order; through the stored history or the same one given"
    data, rng = shop(), np.random.default_rng(3)
    model = new(key).fit(data)
    users, items = rng.integers(-1, data.n_users, 300), rng.integers(-1, data.n_items, 300)
    together = model.predict(users, items)
    order = rng.permutation(300)
    np.testing.assert_allclose(model.predict(users[order], items[order]), together[order], atol=1e-5)
    np.testing.assert_allclose(
        [model.predict([u], [i])[0] for u, i in zip(users, items, strict=True)], together, atol=1e-5
    )
    past = data.histories[np.maximum(users, 0)]
    past = histories_of_where(past, users >= 0)
    np.testing.assert_allclose(model.predict(np.full(300, -1), items, histories=past), together, atol=1e-5)
    assert np.array_equal(
        model.predict(users, items, histories=past), model.predict(users, items, histories=past)
    )


def histories_of_where(histories: Histories, keep: np.ndarray) -> Histories:
    "Some rows emptied"
    empty = histories_from_items([[]], histories.n_items)
    return stacked([histories[[row]] if kept else empty for row, kept in enumerate(keep)])


def stacked(parts: list[Histories]) -> Histories:
    weight = csr_matrix(
        (
            np.concatenate([p.weight.data for p in parts]),
            np.concatenate([p.items for p in parts]),
            np.cumsum([0, *(p.weight.nnz for p in parts)]),
        ),
        (len(parts), parts[0].n_items),
    )
    return Histories(
        weight,
        *(np.concatenate([getattr(p, name) for p in parts]) for name in ("rating", "timestamp", "seen")),
    )


@pytest.mark.parametrize("key", EVERY)
def test_more_customers_than_a_slice(key):
    "2,100 customers in slices of 1,024: each gets what they would get alone"
    rng = np.random.default_rng(4)
    data = small(random_events(rng, 9000, 2100, 12, ["rating", "view"]), 2100, 12)
    model = new(key).fit(data)
    users = rng.permutation(2100)
    own = (users[:, None] + np.arange(5)) % 12
    top, among, predicted = (
        model.recommend(users, 6),
        model.recommend(users, 6, candidates=own),
        model.predict(users, users % 12),
    )
    given = model.recommend(users, 6, histories=data.histories[users])
    np.testing.assert_allclose(
        model.predict(users, users % 12, histories=data.histories[users]), predicted, atol=1e-5
    )
    assert np.array_equal(top.codes, given.codes) and np.array_equal(top.scores, given.scores)
    for row in (0, 1023, 1024, 1500, 2047, 2048, 2099):
        alone = model.recommend(users[[row]], 6)
        np.testing.assert_allclose(alone.scores[0], top.scores[row], rtol=1e-4, atol=1e-6)
        assert alone.codes[0].tolist() == top.codes[row].tolist() or key == "svd"
        np.testing.assert_allclose(
            model.recommend(users[[row]], 6, candidates=own[[row]]).scores[0],
            among.scores[row],
            rtol=1e-4,
            atol=1e-6,
        )
        assert set(among.codes[row].tolist()) <= {-1, *own[row].tolist()}
        assert model.predict(users[[row]], users[[row]] % 12)[0] == pytest.approx(predicted[row], abs=1e-5)


@pytest.mark.parametrize("key", PERSONAL)
def test_a_stranger_with_a_known_past_gets_the_known_ones_list(key):
    data = shop(1)
    model = new(key).fit(data)
    everyone = np.arange(data.n_users)
    known, stranger = (
        model.recommend(everyone, 15),
        model.recommend(np.full(data.n_users, -1), 15, histories=data.histories),
    )
    assert np.array_equal(known.codes, stranger.codes) and np.array_equal(known.scores, stranger.scores)


@pytest.mark.parametrize("key", EVERY)
def test_similar_items(key):
    data = shop()
    model = new(key).fit(data)
    similar = model.similar_items(
        np.array([3, -1, 24, 0]), 30
    )  # -1 is unknown, 24 is an item that nobody has
    for row, item in enumerate([3, None, 24, 0]):
        codes = [code for code in similar.codes[row].tolist() if code >= 0]
        assert sorted(codes) == sorted(set(range(data.n_items)) - {item})
        alone = model.similar_items(np.array([-1 if item is None else item]), 30)
        np.testing.assert_allclose(alone.scores[0], similar.scores[row], rtol=1e-4, atol=1e-6)
    assert model.similar_items(np.array([], int), 4).codes.shape == (0, 4)


@pytest.mark.parametrize("key", PERSONAL)
def test_reasons_by_scoring_again(key):
    data = shop()
    model = new(key).fit(data)
    for user in range(6):
        past = data.histories[[user]]
        item = int(model.recommend([user], 1).codes[0, 0])
        whole, nothing = (model.score(h)[0, item] for h in (past, histories_from_items([[]], data.n_items)))
        keep = [np.delete(np.arange(len(past.items)), j) for j in range(len(past.items))]
        loss = [float(whole - model.score(taken(past, rest))[0, item]) for rest in keep]
        reasons = model.explain(past, np.array([item]), n=3)[0]
        best = sorted((value for value in loss if value > 0), reverse=True)[:3]
        if not best:
            assert reasons == [Explanation("popularity", item, 1.0)]
            continue
        assert [reason.kind for reason in reasons] == ["item"] * len(best)
        for reason, value in zip(reasons, best, strict=True):
            mine = loss[past.items.tolist().index(reason.ref)]
            assert mine == pytest.approx(value, abs=1e-5)
            assert reason.share == pytest.approx(value / abs(whole - nothing), rel=1e-2, abs=1e-3)
        named = {reason.ref for reason in model.explain(past, np.array([item]), n=99)[0]}
        assert named >= {code for code, value in zip(past.items.tolist(), loss, strict=True) if value > 1e-5}
        assert not named & {
            code for code, value in zip(past.items.tolist(), loss, strict=True) if value < -1e-5
        }, "what speaks against it is no reason"


def taken(history: Histories, entries: np.ndarray) -> Histories:
    weight = csr_matrix(
        (history.weight.data[entries], history.items[entries], [0, len(entries)]), (1, history.n_items)
    )
    return Histories(weight, history.rating[entries], history.timestamp[entries], history.seen[entries])


@pytest.mark.parametrize("key", EVERY)
def test_training_leaves_the_data_as_it_was(key):
    data = shop()
    before = (
        data.interactions.copy(),
        [
            a.copy()
            for a in (
                data.histories.weight.data,
                data.histories.items,
                data.histories.rating,
                data.histories.seen,
            )
        ],
    )
    model = new(key).fit(data)
    model.recommend(np.arange(data.n_users), 5, histories=data.histories)
    model.predict(np.arange(5), np.arange(5))
    model.explain(data.histories[:2], np.array([1, 2]))
    pd.testing.assert_frame_equal(data.interactions, before[0])
    for now, then in zip(
        (data.histories.weight.data, data.histories.items, data.histories.rating, data.histories.seen),
        before[1],
        strict=True,
    ):
        np.testing.assert_array_equal(now, then)


# --- edges

ALL_ITEMS = [(0, i, "rating", 1 + i % 5, 0) for i in range(6)]
EDGES = {
    "nothing": small([], 5, 6),
    "nothing, without a scale": small([], 5, 6, None),
    "impressions alone": small([(0, 0, "impression", NAN, 0)], 5, 6),
    "views alone": small([(0, 0, "view", NAN, 0), (1, 1, "view", NAN, 0)], 5, 6),
    "dismissals alone": small([(0, 0, "dismiss", NAN, 0), (1, 1, "dismiss", NAN, 0)], 5, 6),
    "one rating": small([(0, 0, "rating", 4, 0)], 5, 6),
    "one customer and one item": small([(0, 0, "rating", 4, 0)], 1, 1),
    "one customer": small(ALL_ITEMS[:4], 1, 6),
    "one item": small([(u, 0, "rating", 1 + u, 0) for u in range(5)], 5, 1),
    "no customer": small([], 0, 6),
    "all ratings equal": small([(u, i, "rating", 3, 0) for u in range(5) for i in range(5)], 5, 6),
    "everybody has everything": small(
        [(u, i, "rating", 1 + (u * i) % 5, 0) for u in range(5) for i in range(6)], 5, 6
    ),
    "somebody has everything": small([*ALL_ITEMS, (1, 2, "rating", 5, 0), (2, 2, "view", NAN, 0)], 5, 6),
    "purchases": small(
        [(u, i, "purchase", NAN, 0) for u in range(4) for i in range(u, 5)],
        5,
        6,
        None,
        {EventType.purchase: None},
    ),
    "twins": small([(u, i, "rating", 4, 0) for u in range(4) for i in range(3)], 5, 6),
    "ends of the scale": small(
        [(u, i, "rating", 1 + 4 * ((u + i) % 2), 0) for u in range(5) for i in range(4)], 5, 6
    ),
}


@pytest.mark.parametrize("case", EDGES)
@pytest.mark.parametrize("key", EVERY)
def test_edges(key, case, capfd):
    "Every answer is there, finite and of the right form; not a word from a numerical library"
    data = EDGES[case]
    model = new(key).fit(data)
    users = np.arange(-1, data.n_users)
    scores = model.score(data.histories)
    assert (
        scores.shape == (data.n_users, data.n_items)
        and scores.dtype == np.float32
        and np.isfinite(scores).all()
    )
    top = model.recommend(users, data.n_items + 4)
    assert top.codes.shape == top.scores.shape == (len(users), data.n_items + 4)
    assert (top.codes[0] >= 0).sum() == data.n_items, "a visitor is shown everything there is"
    for user, codes, row in zip(users.tolist(), top.codes, top.scores, strict=True):
        seen = set(data.histories.items[data.histories.seen & (data.histories.rows == user)].tolist())
        assert {c for c in codes.tolist() if c >= 0} == set(range(data.n_items)) - seen
        assert np.isfinite(row[codes >= 0]).all() and np.isneginf(row[codes < 0]).all()
    views = histories_from_items(
        [[0], list(range(data.n_items)), []], data.n_items, EventType.view, weight=0.1
    )
    assert np.isfinite(model.score(views)).all()
    assert (model.recommend([-1] * 3, 2, histories=views).codes >= -1).all()
    assert model.similar_items(np.arange(data.n_items), 3).codes.shape == (data.n_items, 3)
    everyone = model.explain(data.histories, np.zeros(data.n_users, int))
    assert len(everyone) == data.n_users and all(
        np.isfinite(reason.share) for reasons in everyone for reason in reasons
    )
    pairs = np.mgrid[-1 : data.n_users, -1 : data.n_items].reshape(2, -1)
    if data.scale is None:
        with pytest.raises(NoRatingScale, match="was fitted on data without ratings: use `recommend`"):
            model.predict(*pairs)
    else:
        predicted = model.predict(*pairs)
        assert (
            predicted.dtype == np.float32
            and np.isfinite(predicted).all()
            and predicted.min() >= 1
            and predicted.max() <= 5
        )
        assert np.isfinite(model.predict([-1] * 3, [0, 0, -1], histories=views)).all()
        if case == "all ratings equal":
            np.testing.assert_allclose(
                predicted, 3, atol=0.01 if key == "svd" else 1e-5
            )  # gradient descent starts from noise
    out, err = capfd.readouterr()
    assert not out and not err


@pytest.mark.parametrize("key", EVERY)
def test_an_edge_survives_the_disk(key, tmp_path):
    "Models of odd data, saved and loaded, give the same answers"
    for name, data in EDGES.items():
        model = new(key).fit(data)
        model.save(tmp_path / name)
        loaded = Recommender.load(tmp_path / name)
        assert loaded.scale_ == model.scale_
        np.testing.assert_array_equal(loaded.score(data.histories), model.score(data.histories))


@pytest.mark.parametrize("key", EVERY)
def test_empty_questions(key):
    data = shop()
    model = new(key).fit(data)
    none = np.array([], np.int32)
    assert model.score(data.histories[none]).shape == (0, data.n_items)
    assert model.score(data.histories[none], users=none, candidates=np.array([1, 2])).shape == (0, 2)
    assert model.score(data.histories, candidates=none).shape == (data.n_users, 0)
    for users in (none, []):
        top = model.recommend(users, 4)
        assert (
            top.codes.shape == top.scores.shape == (0, 4)
            and top.codes.dtype == np.int32
            and top.scores.dtype == np.float32
        )
    with pytest.raises(ValueError, match="1 or more: got 0"):  # a list of no items is no question
        model.recommend([0, 1], 0)
    for pool in (none, np.zeros((2, 0), np.int32)):
        assert model.recommend([0, -1], 3, candidates=pool).codes.tolist() == [[-1] * 3] * 2
    assert model.recommend([0], 3, exclude=np.arange(data.n_items)).codes.tolist() == [[-1] * 3]
    assert model.recommend([0], 3, exclude=none).codes.tolist() == model.recommend([0], 3).codes.tolist()
    assert model.predict(none, none).shape == (0,) and model.predict(none, none).dtype == np.float32
    assert model.predict([], [], histories=data.histories[none]).shape == (0,)
    assert model.explain(data.histories[none], none) == []


@pytest.mark.parametrize("key", EVERY)
def test_wrong_questions_are_named(key):
    data = shop()
    model = new(key).fit(data)
    with pytest.raises(ValueError, match=r"user codes are integers, and '7' is not: `IdMap\.encode`"):
        model.recommend(["7"])
    with pytest.raises(ValueError, match="item codes are integers from -1 to 24: got int64, 3 to 25"):
        model.predict([0, 0], [3, 25])
    for ask in (
        lambda: model.recommend([30]),
        lambda: model.recommend([-2]),
        lambda: model.recommend([0.0]),
        lambda: model.recommend([0], candidates=[25]),
        lambda: model.recommend([0], candidates=[-1]),
        lambda: model.recommend([0], exclude=[25]),
        lambda: model.similar_items([25]),
        lambda: model.score(data.histories, candidates=np.array([99])),
    ):
        with pytest.raises(ValueError, match="codes are integers"):
            ask()
    for ask in (
        lambda: model.recommend([0, 1], histories=data.histories[:1]),
        lambda: model.recommend([0], histories=data.histories[:2]),
        lambda: model.recommend([0, 1], candidates=np.zeros((1, 3), int)),
        lambda: model.predict([0, 1], [0]),
        lambda: model.predict([0], [0], histories=data.histories[:2]),
        lambda: model.score(data.histories, users=np.array([1])),
    ):
        with pytest.raises(ValueError, match="the same length"):
            ask()
    for ask in (
        lambda: new(key).recommend([0]),
        lambda: new(key).predict([0], [0]),
        lambda: new(key).similar_items([0]),
    ):
        with pytest.raises(NotFittedError, match=r"call `fit\(train\)` first"):
            ask()


def test_wrong_questions_for_reasons_are_named():
    data = shop()
    for key in ["popularity", *PERSONAL]:  # a random order and the biases have no reasons, whatever is asked
        model = new(key).fit(data)
        with pytest.raises(ValueError, match="item codes are integers from 0 to 24"):
            model.explain(data.histories[[0]], np.array([-1]))
        with pytest.raises(ValueError, match="the same length"):
            model.explain(data.histories, np.array([1]))
        with pytest.raises(NotFittedError, match="has not been fitted"):
            new(key).explain(data.histories[[0]], np.array([0]))


def test_rated_without_a_scale_or_text():
    "Text absent or there, the answers are the same"
    with_text, without = checkerboard(), checkerboard(text=False)
    for key in EVERY:
        np.testing.assert_array_equal(
            new(key).fit(with_text).score(with_text.histories), new(key).fit(without).score(without.histories)
        )


@pytest.mark.parametrize("key", EVERY)
def test_thousands_of_items_that_nobody_has(key):
    data = ratings_table(np.pad([[5, 4, 0], [4, 0, 1]], ((0, 0), (0, 3000))))
    model = new(key).fit(data)
    assert np.isfinite(model.score(data.histories)).all()
    assert np.isfinite(model.predict([0, -1], [3000, 3000])).all()


# --- saved models


def test_a_saved_model_holds_no_pickle_and_is_checked(tmp_path):
    data = shop()
    model = new("svd").fit(data)
    path = tmp_path / "svd"
    model.save(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["svd"]
    assert sorted(p.name for p in path.iterdir()) == [
        "histories.npz",
        "ids.json",
        "manifest.json",
        "weights.npz",
    ]
    for name in ("histories.npz", "weights.npz"):
        with np.load(path / name, allow_pickle=False) as arrays:
            assert all(arrays[key].dtype.kind in "fiub" for key in arrays)
    manifest = json.loads((path / "manifest.json").read_text())
    for broken, says in [
        ({}, "not a saved model"),
        ([], "not a saved model"),
        (manifest | {"key": "unheard"}, "is not imported"),
        (manifest | {"files": manifest["files"] | {"more.npz": "0"}}, "missing or differs"),
    ]:
        (path / "manifest.json").write_text(json.dumps(broken))
        with pytest.raises(ArtefactError, match=says):
            Recommender.load(path)
    (path / "manifest.json").write_bytes(b"\xff\xfe not text")
    with pytest.raises(ArtefactError, match="not a saved model"):
        Recommender.load(path)


@pytest.mark.parametrize("value", [csr_matrix(np.eye(2)), np.array(["a", None], object), {1, 2}, object()])
def test_state_that_is_no_data_is_refused_and_leaves_nothing(value, tmp_path):
    model = new("popularity").fit(shop())
    model.extra_ = value
    with pytest.raises(ArtefactError, match=r"extra_ is an? "):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_are_numbers(tmp_path):
    model = new("popularity").fit(shop())
    model.one_, model.two_, model.flag_ = np.float32(0.5), np.int64(3), np.bool_(True)
    model.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    assert (loaded.one_, loaded.two_, loaded.flag_) == (0.5, 3, True)


def test_a_failed_save_leaves_the_old_name_free(tmp_path, monkeypatch):
    model = new("popularity").fit(shop())
    with monkeypatch.context() as broken:
        broken.setattr(np, "savez", lambda *args, **kwargs: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
    model.save(tmp_path / "model")


# --- many customers


def crowd(n_users: int = 20_000, n_items: int = 5_000, each: int = 25) -> Dataset:
    "Purchases with a long tail; made without ids as text, which would take longer than the test"
    rng = np.random.default_rng(0)
    item = (n_items * rng.random(n_users * each) ** 2.5).astype(np.int32)
    n = len(item)
    frame = pd.DataFrame(
        {
            "user": np.repeat(np.arange(n_users, dtype=np.int32), each),
            "item": item,
            "event": "purchase",
            "rating": np.float32(NAN),
        }
    )
    frame = frame.assign(weight=np.float32(1), timestamp=np.arange(n), row=np.arange(n))
    facts = Facts("crowd", relevant={EventType.purchase: None})
    return Dataset(
        frame,
        IdMap(np.arange(n_users).astype(str).astype(object)),
        IdMap(np.arange(n_items).astype(str).astype(object)),
        facts,
    )


def peak_of(call: Callable[[], object]) -> float:
    "Megabytes that a call took at its highest, beyond what was there"
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


@pytest.fixture(scope="module")
def many() -> Dataset:
    return crowd()


@pytest.mark.parametrize("key", ["popularity", "knn", "svd"])
def test_memory_does_not_grow_with_customers_times_items(key, many, record_property):
    "A slice of customers at a time: 2,048 more of them may not cost the 41 MB of their scores, let alone the masks and sorts"
    options = {"svd": {"n_factors": 16, "n_iterations": 1, "choose": False}, "knn": {"choose": False}}
    model = model_class(key)(**options.get(key, {})).fit(many)
    few = peak_of(lambda: model.recommend(np.arange(1024), 10))
    more = peak_of(lambda: model.recommend(np.arange(3072), 10))
    record_property(f"recommend {key}, 20,000 × 5,000: peak MB", round(more))
    assert more < few + 20 and more < 600


def test_everybody_at_once_stays_small(many):
    "All scores of 20,000 customers × 5,000 items would be 400 MB"
    model = Popularity().fit(many)
    assert peak_of(lambda: model.recommend(np.arange(20_000), 10)) < 200


def test_unseen_items_are_ranked_some_customers_at_a_time(many, record_property):
    split = cold_items(many, 101)
    model = Popularity().fit(split.train)
    found = []
    peak = peak_of(lambda: found.append(rank_held_out(model, split, 10)))
    record_property("cold items, 20,000 × 500: peak MB", round(peak))
    assert peak < 200
    n_shown = np.bincount(found[0].codes.ravel(), minlength=5000)[split.candidates]
    assert n_shown.min() > 0.7 * n_shown.mean() and n_shown.max() < 1.3 * n_shown.mean(), (
        "nobody knows these items, so each is shown as often"
    )


# --- the check of the contract

BROKEN: dict[str, tuple[type[Recommender], str]] = {}


def breaks(says: str, name: str, **methods: Callable) -> None:
    "A model that is EASE but for one promise, and what the check should say of it"
    made = type(name, (EASE,), {"key": f"broken-{name}", "__annotations__": {}, **methods})
    BROKEN[name] = dataclass(kw_only=True)(made), says


def top_but(change: Callable) -> Callable:
    return lambda self, users, n=10, **options: TopN(
        *change(self, *EASE.recommend(self, users, n, **options))
    )


def score_but(change: Callable) -> Callable:
    return lambda self, histories, users: change(EASE._score(self, histories, users), histories, users)


def without(option: str, method: Callable = EASE.recommend) -> Callable:
    return lambda self, *given, **options: method(
        self, *given, **{name: value for name, value in options.items() if name != option}
    )


def first_row_of_candidates(method: Callable) -> Callable:
    def asked(self, *given, candidates=None, **options):
        return method(
            self, *given, candidates=candidates[0] if np.ndim(candidates) == 2 else candidates, **options
        )

    return asked


def rates(change: Callable) -> Callable:
    return lambda self, users, items, *, histories=None: change(
        EASE.predict(self, users, items, histories=histories), np.asarray(users), np.asarray(items)
    )


# the form of scores and lists
breaks(
    "score gives float64",
    "WideScores",
    score=lambda self, *given, **options: EASE.score(self, *given, **options).astype(float),
)
breaks(
    "recommend gives int64",
    "WideCodes",
    recommend=top_but(lambda self, codes, scores: (codes.astype(np.int64), scores)),
)
breaks(
    "recommend gives int32 and float64",
    "WideTopScores",
    recommend=top_but(lambda self, codes, scores: (codes, scores.astype(float))),
)
breaks(
    "a score is not finite",
    "OneNaN",
    _score=score_but(lambda s, h, u: np.where(s == s.max(), np.float32(NAN), s)),
)
breaks(
    "a score is not finite",
    "Infinite",
    _score=score_but(lambda s, h, u: np.where(s == s.min(), np.float32(-np.inf), s)),
)
breaks(
    "falling order",
    "Rising",
    recommend=top_but(lambda self, codes, scores: (codes[:, ::-1], scores[:, ::-1])),
)
breaks("the one with the higher code comes first", "HighTies", recommend=top_but(lambda self, codes, scores: (np.where(codes >= 0, 23 - codes, -1).astype(np.int32), np.where(codes >= 0, np.float32(1), scores))), _score=score_but(lambda s, h, u: s * 0 + 1))  # fmt: skip
breaks(
    "best scores",
    "SecondBest",
    recommend=lambda self, users, n=10, **options: TopN(
        *(a[:, 1:] for a in EASE.recommend(self, users, n + 1, **options))
    ),
)
breaks("beside the score of another", "Shifted", recommend=top_but(lambda self, codes, scores: (np.sort(codes, 1) if (codes >= 0).all() else codes, scores)), _score=score_but(lambda s, h, u: s + np.linspace(1, 2, 24, dtype=np.float32)[: s.shape[1]]))  # fmt: skip
breaks(
    "a short list is not padded",
    "Unpadded",
    recommend=top_but(lambda self, codes, scores: (codes[:, : self.n_items], scores[:, : self.n_items])),
)
breaks(
    "something else than a candidate",
    "PaddedWithZero",
    recommend=top_but(lambda self, codes, scores: (np.maximum(codes, 0), scores)),
)
breaks(
    "empty place is not -inf",
    "ZeroForNothing",
    recommend=top_but(lambda self, codes, scores: (codes, np.where(codes < 0, np.float32(0), scores))),
)
breaks(
    "recommend gives \\(24, 4\\)",
    "OneShort",
    recommend=lambda self, users, n=10, **options: EASE.recommend(self, users, n - 1, **options),
)
breaks("a seen item is recommended", "Repeating", recommend=lambda self, users, n=10, **options: EASE.recommend(self, users, n, **options | {"exclude_seen": False}))  # fmt: skip

# what is asked for
breaks("scores change with the candidates", "ScoresAll", score=without("candidates", EASE.score))
breaks("something else than a candidate", "ShowsAll", recommend=without("candidates"))
breaks(
    "scores change where each customer has their own",
    "OneForAllScores",
    score=first_row_of_candidates(EASE.score),
)
breaks("the customer's own candidates", "OneForAll", recommend=first_row_of_candidates(EASE.recommend))
breaks("an excluded item", "IgnoresExclude", recommend=without("exclude"))
breaks("stays hidden although", "AlwaysHides", recommend=without("exclude_seen"))
breaks("the history that it is given", "KnowsBetter", recommend=lambda self, users, n=10, *, histories=None, **options: EASE.recommend(self, users, n, histories=histories if np.max(users, initial=-1) < 0 else None, **options))  # fmt: skip
breaks("an item is among those similar to it", "Narcissus", similar_items=lambda self, items, n=10: EASE.recommend(self, np.full(len(items), -1), n, candidates=items))  # fmt: skip
breaks(
    "another shape",
    "FewSimilar",
    similar_items=lambda self, items, n=10: EASE.similar_items(self, items[:1], n),
)
breaks(
    "IndexError",
    "KnowsNoStranger",
    _score=lambda self, histories, users: [
        EASE._score(self, histories, users),
        np.arange(24)[np.where(users < 0, 99, users)],
    ][0],
)
breaks("an unfitted model answers", "NeverShy", recommend=lambda self, users, n=10, **options: EASE.recommend(self, users, n, **options) if hasattr(self, "weights_") else top_n(np.zeros((len(users), n), np.float32), n))  # fmt: skip

# ratings
breaks(
    "a predicted rating is not finite",
    "NoIdeaOfItem",
    predict=rates(lambda r, u, i: np.where(i < 0, np.float32(NAN), r)),
)
breaks(
    "a predicted rating is not finite",
    "NoIdeaOfCustomer",
    predict=rates(lambda r, u, i: np.where(u < 0, np.float32(NAN), r)),
)
breaks("predict gives float64", "WideRatings", predict=rates(lambda r, u, i: r.astype(float)))
breaks("off the scale", "Generous", predict=rates(lambda r, u, i: r + np.float32(3)))
breaks("rated 0.3000 away, more than the declared 0.0", "Snob", _rate=lambda self, h, users, rows, items: EASE._rate(self, h, users, rows, items) * 0 + np.where(users[rows] >= 0, 3.3, 3))  # fmt: skip
breaks("more than the declared 0.1", "ToleratedSnob", tolerance=0.1, _rate=lambda self, h, users, rows, items: EASE._rate(self, h, users, rows, items) * 0 + np.where(users[rows] >= 0, 3.3, 3))  # fmt: skip
breaks(
    "away, more than",
    "RatesTheStored",
    predict=lambda self, users, items, *, histories=None, rows=None: EASE.predict(
        self, users, items, rows=rows
    ),
)
breaks("predict answers instead of raising NoRatingScale", "Inventive", predict=lambda self, users, items, *, histories=None, rows=None: EASE.predict(self, users, items, histories=histories, rows=rows) if getattr(self, "scale_", 1) else np.zeros(len(users), np.float32))  # fmt: skip

# the same again
breaks("the same seed gives another answer", "Moody", _fit=lambda self, train: [EASE._fit(self, train), setattr(self, "weights_", self.weights_ * np.random.default_rng().random(self.weights_.shape, np.float32))][0])  # fmt: skip
breaks(
    "differs from the same row in a batch",
    "Sociable",
    _score=score_but(lambda s, h, u: (s - s.mean()).astype(np.float32)),
)


def remembers(self, train):
    before = getattr(self, "weights_", np.zeros(1)).sum()
    EASE.fit(self, train)
    self.weights_ = (self.weights_ * (1 + before * np.arange(len(self.weights_)) / 100)).astype(np.float32)
    return self


def hoards(self, train):
    cache = vars(self).get("cache")
    EASE.fit(self, train)
    vars(self).update({"cache": cache} if cache else {})
    return self


def shelves(self, train):
    EASE._fit(self, train)
    self.kept = self.weights_


def rounds(self, path):
    whole, self.weights_ = self.weights_, self.weights_.round(2)
    EASE.save(self, path)
    self.weights_ = whole


def learns_ratings(self, train):
    EASE._fit(self, train)
    self.shift = 0.25


breaks("a refit does not start afresh", "Nostalgic", fit=remembers)
breaks("a refit does not start afresh", "Hoarder", fit=hoards, _score=lambda self, h, u: EASE._score(self, h, u) * np.float32(vars(self).setdefault("cache", 1 + self.n_items)))  # fmt: skip
breaks(
    "ValueError: user codes .* while checking this: Same seed",
    "FitsOnce",
    fit=lambda self, train: self if hasattr(self, "weights_") else EASE.fit(self, train),
)
breaks("a loaded model answers something else", "Rounded", save=rounds)
breaks(
    "a loaded model answers something else",
    "ForgetsScores",
    _fit=shelves,
    _score=lambda self, h, u: EASE._score(self, h, u) * np.float32(hasattr(self, "kept") + 1),
)
breaks("a loaded model answers something else", "ForgetsRatings", _fit=learns_ratings, _rate=lambda self, h, u, rows, items: EASE._rate(self, h, u, rows, items) - getattr(self, "shift", 0))  # fmt: skip
breaks(
    "AttributeError: .*'kept'",
    "ForgetsAll",
    _fit=shelves,
    _score=lambda self, h, u: EASE._score(self, h, u) + 0 * self.kept[0, 0],
)
breaks("ArtefactError: .* is not a saved model", "SavesNothing", save=lambda self, path: None)
breaks(
    "ArtefactError: x_ is a csr_matrix",
    "KeepsObjects",
    _fit=lambda self, train: [EASE._fit(self, train), setattr(self, "x_", train.histories.weight)][0],
)

# taste
breaks("the missing item is first for", "Contrary", _score=score_but(lambda s, h, u: -s))
breaks("a grown history changes no score", "Stubborn", _score=score_but(lambda s, h, u: np.where((np.arange(s.shape[1]) % 2 == h.items[h.weight.indptr[:-1].clip(0, max(len(h.items) - 1, 0))][:, None] % 2), np.float32(1), np.float32(0)) if len(h.items) else s))  # fmt: skip
breaks("a dismissal changes scores", "Resentful", _score=lambda self, h, u: EASE._score(self, replace(h, weight=csr_matrix((np.maximum(h.weight.data, 0.5), h.items, h.weight.indptr), h.weight.shape)), u))  # fmt: skip
breaks("between one and n reasons", "Silent", explain=lambda self, histories, items, n=3: [[] for _ in items])
breaks(
    "between one and n reasons",
    "Talkative",
    explain=lambda self, histories, items, n=3: EASE.explain(self, histories, items, n + 2),
)
breaks("nothing in the history explains", "Populist", explain=lambda self, histories, items, n=3: [[Explanation("popularity", int(item), 1.0)] for item in items])  # fmt: skip
breaks(
    "not in the history",
    "Dreamer",
    explain=lambda self, histories, items, n=3: [[Explanation("item", int(item), 1.0)] for item in items],
)
breaks("dropping the first reason costs less", "Pretext", explain=lambda self, histories, items, n=3: [[Explanation("item", int(item) ^ 1, 1.0)] for item in items])  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_check_names_the_broken_promise(name):
    made, says = BROKEN[name]
    with pytest.raises(ContractError, match=says):
        check_recommender(made(regularisation=5))


@pytest.mark.parametrize("key", EVERY)
def test_the_check_passes_what_keeps_every_promise(key):
    model = model_class(key)(**{"regularisation": 5.0} if key == "ease" else {})
    measured = check_recommender(model)
    assert measured.name == key and measured.iloc[1] == 0
    assert not hasattr(model, "weights_") and not model.state, "the model that is given is left as it was"


# --- the registry


def test_every_key_has_its_class():
    for key in MODELS:
        assert model_class(key).key == key and issubclass(model_class(key), Recommender)
    with pytest.raises(KeyError, match="no model is called 'knm': use one of"):
        model_class("knm")


MINE = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from customer360.models.contract import Recommender

@dataclass(kw_only=True)
class Mine(Recommender):
    key: ClassVar[str] = "{key}"
    def _fit(self, train): pass
    def _score(self, histories, users): return np.zeros(histories.weight.shape, np.float32)
"""


def test_a_strangers_file_and_what_can_be_wrong_with_it(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE.format(key="mine-of-a-test"))
    (found,) = add_notebook(path)
    assert model_class("mine-of-a-test") is found and found.label == "Mine"
    assert add_notebook(path)[0].key == "mine-of-a-test"  # again, after an edit
    for text, says in [
        ("x = 1", "defines no recommender"),
        ("1 / 0", "code cell 1 fails with ZeroDivisionError"),
        (MINE.format(key="knn"), "'knn' of Mine is taken"),
    ]:
        path.write_text(text)
        with pytest.raises(ValueError, match=says):
            add_notebook(path)
    assert model_class("knn") is UserKNN and Recommender.classes["knn"] is UserKNN
    (tmp_path / "odd.ipynb").write_text("{}")
    with pytest.raises(ValueError, match="is not a notebook"):
        add_notebook(tmp_path / "odd.ipynb")


@pytest.mark.parametrize("key", ["bias", "knn", "svd", "tfidf", "bayes", "ncf"])
def test_the_same_opinions_on_another_scale_give_the_same_predictions(key):
    data = dataset(simulate(seed=5, n_customers=150, n_items=80).tables)
    frame, facts = data.interactions, data.facts
    votes = frame.assign(rating=(5 * (frame["rating"] - 3)).astype("float32"))  # 1 to 5 as -10 to 10
    rated = frame[frame["rating"].notna()]
    asked = rated["user"].to_numpy(), rated["item"].to_numpy()
    stars = make_model(key).fit(data).predict(*asked)
    other = replace(data, interactions=votes, facts=replace(facts, scale=(-10, 10)))
    as_stars = 3 + make_model(key).fit(other).predict(*asked) / 5
    assert np.std(stars) > 0.1 and np.abs(stars - as_stars).max() < (0.02 if key == "ncf" else 1e-4)

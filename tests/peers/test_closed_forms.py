"Each closed form against a small computation that knows nothing of it: gradients, noise drawn by hand, all pairs"

import numpy as np
import pytest
from references import random_events, small
from scipy.optimize import minimize

from customer360.data.prepare import Dataset
from customer360.peers.graph import GFCF
from customer360.peers.linear import ADMMSLIM, DAN, EDLAE, RDLAE

N_USERS, N_ITEMS = 60, 8


def shop(seed: int) -> Dataset:
    rng = np.random.default_rng([31, seed])
    return small(random_events(rng, 260, N_USERS, N_ITEMS, ["rating"]), N_USERS, N_ITEMS)


def matrix(data: Dataset) -> np.ndarray:
    return data.histories.confidence.toarray().astype(np.float64)


def off_diagonal(loss, n: int) -> np.ndarray:
    "The matrix with a zero diagonal that minimises a loss, by a general solver"
    off = ~np.eye(n, dtype=bool)

    def of(values: np.ndarray) -> float:
        weights = np.zeros((n, n))
        weights[off] = values
        return loss(weights)

    weights = np.zeros((n, n))
    weights[off] = minimize(
        of, np.zeros(off.sum()), method="L-BFGS-B", options={"maxiter": 5000, "maxfun": 10**6}
    ).x
    return weights


@pytest.mark.parametrize("seed", range(2))
def test_edlae_is_the_mean_over_drawn_noise(seed):
    "A ridge regression on a million histories with entries hidden at random"
    x, p, ridge = matrix(shop(seed)), 0.4, 3.0
    rng, gram, cross = np.random.default_rng(seed), 0.0, 0.0
    n_draws = 4000
    for _ in range(n_draws):
        noisy = x * (rng.random(x.shape) >= p) / (1 - p)
        gram = gram + noisy.T @ noisy / n_draws
        cross = cross + noisy.T @ x / n_draws
    got = EDLAE(regularisation=ridge, dropout=p).fit(shop(seed)).weights_
    for item in range(N_ITEMS):
        others = np.delete(np.arange(N_ITEMS), item)
        by_hand = np.linalg.solve(
            gram[np.ix_(others, others)] + ridge * np.eye(N_ITEMS - 1), cross[others, item]
        )
        np.testing.assert_allclose(got[others, item], by_hand, atol=0.01)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("xi", [0.0, 0.15])
def test_rdlae_is_the_constrained_optimum(dropout, xi):
    x, ridge = matrix(shop(0)), 2.0
    penalty = ridge + dropout / (1 - dropout) * (x**2).sum(0)

    def loss(column: np.ndarray, item: int) -> float:
        return ((x[:, item] - x @ column) ** 2).sum() + (penalty * column**2).sum()

    got = RDLAE(regularisation=ridge, dropout=dropout, diagonal=xi).fit(shop(0)).weights_
    for item in range(N_ITEMS):
        limits = [(None, xi if at == item else None) for at in range(N_ITEMS)]
        found = minimize(loss, np.zeros(N_ITEMS), (item,), method="L-BFGS-B", bounds=limits)
        np.testing.assert_allclose(got[:, item], found.x, atol=2e-3)
    assert (np.diag(got) > xi - 1e-3).any(), "the constraint decides somewhere, or it is not tested"


def test_dan_is_ease_on_scaled_customers_where_items_are_symmetric():
    x, beta, ridge = matrix(shop(1)), 0.7, 0.5
    scaled = x * np.maximum(x.sum(1, keepdims=True), 1) ** (-beta / 2) / np.sqrt(x.sum(0))
    wanted = off_diagonal(lambda b: ((scaled - scaled @ b) ** 2).sum() + ridge * (b**2).sum(), N_ITEMS)
    got = DAN(regularisation=ridge, dropout=0.0, items=0.5, customers=beta).fit(shop(1)).weights_
    np.testing.assert_allclose(got, wanted, atol=2e-3)


def test_admm_slim_is_the_optimum_of_slim():
    x, ridge, l1 = matrix(shop(2)), 4.0, 1.5

    def loss(b: np.ndarray) -> float:
        return ((x - x @ b) ** 2).sum() / 2 + ridge / 2 * (b**2).sum() + l1 * np.abs(b).sum()

    model = ADMMSLIM(l1=l1, regularisation=ridge, agreement=20.0, rounds=400, positive=True).fit(shop(2))
    got = model.weights_.astype(np.float64)
    assert (got >= 0).all() and (np.diag(got) == 0).all() and (got == 0).sum() > N_ITEMS
    rng = np.random.default_rng(0)
    for _ in range(300):  # no step in any direction is better
        step = rng.normal(0, 0.01, got.shape) * ~np.eye(N_ITEMS, dtype=bool)
        assert loss(np.maximum(got + step, 0)) > loss(got) - 1e-4


def test_gf_cf_is_the_filter_over_all_pairs_of_items():
    x = matrix(shop(3))
    degree, popularity = np.maximum(x.sum(1), 1e-6), x.sum(0)
    edges = np.array(
        [[x[u, i] / np.sqrt(degree[u] * popularity[i]) for i in range(N_ITEMS)] for u in range(N_USERS)]
    )
    values, vectors = np.linalg.eigh(edges.T @ edges)
    top = vectors[:, np.argsort(-values)[:3]]
    wanted = [
        [
            edges[:, a] @ edges[:, b] + 0.4 * (top[a] @ top[b]) * np.sqrt(popularity[b] / popularity[a])
            for b in range(N_ITEMS)
        ]
        for a in range(N_ITEMS)
    ]
    np.testing.assert_allclose(GFCF(width=3, ideal=0.4).fit(shop(3)).weights_, wanted, atol=1e-4)

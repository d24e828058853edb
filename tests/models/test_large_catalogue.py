"Closed forms on catalogues of tens of thousands of products"

import sys

import numpy as np
import pytest
from memory import run_measured
from scipy.sparse import csr_matrix

from customer360.data.prepare import histories_from_items
from customer360.models.near import known_items

FIT = """
import numpy as np
from scipy.sparse import csr_matrix

from customer360.models.baselines import item_weights

n = {n}
rng = np.random.default_rng(0)
rows = csr_matrix((np.ones(8 * n, np.float32), (rng.integers(n, size=8 * n), rng.integers(n, size=8 * n))), (n, n))
pairs = rows.T @ rows
weights = item_weights(pairs.toarray(), 100.0)
assert not np.diag(weights).any() and np.isfinite(weights[:100]).all() and weights.any()
print(peak_memory() / (4 * n * n))
"""


def fitted(n: int) -> float:
    "Return the largest memory of a fit on two threads, in matrices of n x n"
    environment = {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "PYTHONPATH": ":".join(sys.path)}
    return float(run_measured(FIT.format(n=n), env=environment, timeout=3600))


@pytest.mark.slow
def test_a_closed_form_holds_one_matrix():
    "Beside the matrix itself there are blocks of it alone, no index of all pairs and no second copy"
    assert fitted(8_000) < 2  # the libraries take most of what is not the matrix


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_closed_form_of_27_500_items_ends():
    "Cholesky on two threads ended the process from about 27,000 items on"
    assert fitted(27_500) < 1.5


def test_a_listed_product_without_customers_does_not_enlarge_the_matrix():
    bought, words = histories_from_items([[0, 3], [3, 5]], 1000), csr_matrix(np.ones((1000, 1), np.float32))
    assert known_items(bought, words).all()
    assert np.flatnonzero(known_items(bought, words, largest=500)).tolist() == [0, 3, 5]
    assert known_items(bought, csr_matrix((1000, 0), dtype=np.float32), largest=2).sum() == 3

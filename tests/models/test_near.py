"EASE + sequence + text against loops and dense linear algebra, at the edges, and its reasons against dropping"

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from references import random_events, small

from customer360.data.prepare import Dataset, histories_from_items
from customer360.models.attribution import Explanation, explain_by_dropping
from customer360.models.baselines import EASE, item_weights
from customer360.models.contract import Recommender
from customer360.models.near import (
    NearEASE,
    add_text_gram,
    event_positions,
    nearness_gram,
    nearness_kernel,
    tfidf_rows,
)
from customer360.models.selection import hide_pairs, ranking_quality, reduce_data
from customer360.schema import EventType

pytestmark = pytest.mark.filterwarnings("error")

KINDS = [str(kind) for kind in EventType]
WORDS = ["red", "blue", "oak", "tent", "lamp", "tea", "hiking", "kitchen"]


def shop(seed: int, n: int = 600, n_users: int = 20, n_items: int = 15) -> Dataset:
    "Events of every kind with equal timestamps; two customers and two items have none; item 0 has a text of its own, the last but one none"
    rng = np.random.default_rng([19, seed])
    text = [" ".join(rng.choice(WORDS, 4)) for _ in range(n_items)]
    text[0], text[-2] = "unlike anything", ""
    items = pd.DataFrame({"item": [str(code) for code in range(n_items)], "text": text})
    return small(
        random_events(rng, n, n_users - 2, n_items - 2, KINDS),
        n_users,
        n_items,
        relevant={EventType.purchase: None},
        items=items,
    )


def naive_gram(data: Dataset, nearness: float, floor: float, activity: float = 0) -> np.ndarray:
    "Pair by pair, each customer by the power of what they have, with the same evidence altogether"
    h, out = data.histories, np.zeros((data.n_items, data.n_items))
    n = [sum(min(w, 1) for w in h.weight.data[slice(*h.weight.indptr[[u, u + 1]])]) for u in range(len(h))]
    counts = [max(own, 1) ** -activity for own in n]
    unit = sum(n) / sum(c * own for c, own in zip(counts, n, strict=True))
    for user in range(len(h)):
        entries = [e for e in range(h.weight.indptr[user], h.weight.indptr[user + 1]) if h.weight.data[e] > 0]
        place = dict(zip(entries, pd.Series(h.timestamp[entries]).rank(method="average") - 1, strict=True))
        for a in entries:
            for b in entries:
                near = floor + (1 - floor) * np.exp(-abs(place[a] - place[b]) / nearness)
                both = min(h.weight.data[a], 1) * min(h.weight.data[b], 1)
                out[h.items[a], h.items[b]] += near * both * counts[user] * unit
    return out


def naive_weights(gram: np.ndarray, regularisation: float) -> np.ndarray:
    "One ridge regression per item, on all the others"
    out = np.zeros_like(gram)
    for item in range(len(gram)):
        rest = np.delete(np.arange(len(gram)), item)
        out[rest, item] = np.linalg.solve(
            gram[np.ix_(rest, rest)] + regularisation * np.eye(len(rest)), gram[rest, item]
        )
    return out


@pytest.mark.parametrize("seed", range(5))
def test_places_against_ranks(seed):
    h = shop(seed).histories
    assert (h.weight.data == 0).any() and len(np.unique(np.stack([h.rows, h.timestamp]), axis=1).T) < len(
        h.items
    )
    expected = (
        pd.Series(np.where(h.weight.data > 0, h.timestamp, np.nan))
        .groupby(h.rows)
        .rank(method="average")
        .sub(1)
        .fillna(0)
    )
    assert np.allclose(event_positions(h), expected) and event_positions(h).dtype == np.float32


def test_places_of_nobody():
    assert event_positions(histories_from_items([], 3)).shape == (0,)
    assert event_positions(histories_from_items([[], [2], []], 3)).tolist() == [0]


@pytest.mark.parametrize("nearness", [0.5, 10, 1e6])
def test_gram_against_loops_and_no_negative_eigenvalue(nearness):
    data = shop(1)
    gram = nearness_gram(data.histories.confidence, event_positions(data.histories), nearness, 0.2)
    assert np.allclose(gram, naive_gram(data, nearness, 0.2), rtol=1e-4, atol=1e-5)
    assert np.array_equal(gram, gram.T) and np.linalg.eigvalsh(gram.astype(float)).min() > -1e-4


@pytest.mark.parametrize(
    ("nearness", "floor"), [(0, 0.5), (-1, 0.5), (10, -0.1), (10, 1.1), (float("nan"), 0.5)]
)
def test_what_is_no_kernel_is_refused(nearness, floor):
    with pytest.raises(ValueError, match="nearness must be above 0"):
        nearness_kernel(np.zeros(1, np.float32), nearness, floor)


@pytest.mark.parametrize(("dropout", "activity"), [(0, 0), (0.5, 0), (0.3, 0.6)])
@pytest.mark.parametrize("regularisation", [0.5, 20])
@pytest.mark.parametrize("seed", range(3))
def test_weights_against_regressions(seed, regularisation, dropout, activity):
    data = shop(seed)
    texts = tfidf_rows(data.item_text).toarray()
    gram = naive_gram(data, 4, 0.3, activity)
    gram += 0.7 * gram.diagonal()[gram.diagonal() > 0].mean() * texts @ texts.T
    gram += dropout / (1 - dropout) * np.diag(gram.diagonal())
    params = {"regularisation": regularisation, "dropout": dropout, "activity": activity, "choose": False}
    model = NearEASE(nearness=4, floor=0.3, text=0.7, **params).fit(data)
    expected = np.asarray(data.histories.confidence @ naive_weights(gram, regularisation))
    known = data.histories.weight.getnnz(1) > 0
    assert np.allclose(model.score(data.histories)[known], expected[known], rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("floor", [1, 0.3])
def test_without_time_and_text_it_is_ease(floor):
    "Where all is one moment, or every pair counts the same"
    data = shop(2)
    once = replace(
        data,
        item_text=None,
        interactions=data.interactions.assign(timestamp=0) if floor < 1 else data.interactions,
    )
    plain = NearEASE(regularisation=7, floor=floor, dropout=0, activity=0, choose=False)
    near, ease = plain.fit(once), EASE(regularisation=7).fit(once)
    assert np.array_equal(near.touched_, ease.touched_) and np.allclose(
        near.weights_, ease.weights_, atol=1e-5
    )


def crowd(n_users: int = 400, n_items: int = 60, copies: int = 1) -> Dataset:
    "Customers of six tastes, who mostly have what is of their taste; the same history `copies` times over"
    rng = np.random.default_rng(4)
    events = []
    for user in range(n_users):
        share = np.where(np.arange(n_items) % 6 == user % 6, 8.0, 1) / (np.arange(n_items) + 5)
        for time, item in enumerate(rng.choice(n_items, 8, replace=False, p=share / share.sum())):
            events += [(user + n_users * c, item, "purchase", np.nan, time) for c in range(copies)]
    return small(events, n_users * copies, n_items, relevant={EventType.purchase: None})


def test_what_is_chosen_ranks_better_inside_train():
    data = crowd()
    far_off = {"regularisation": 960.0, "dropout": 0.0}
    model = NearEASE(activity=0).fit(data)
    inner = hide_pairs(data, model.seed)
    quality = {
        name: ranking_quality(NearEASE(activity=0, choose=False, **values).fit(inner.train), inner).mean()
        for name, values in {"chosen": model.tuned_, "default": {}, "far off": far_off}.items()
    }
    assert quality["chosen"] >= quality["default"] and quality["chosen"] > 1.03 * quality["far off"], quality
    again = NearEASE(activity=0, choose=False, **model.tuned_).fit(data)
    assert np.array_equal(model.weights_, again.weights_)


def test_whoever_sets_a_value_wins():
    data = crowd()
    assert set(NearEASE(regularisation=7).fit(data).tuned_) == {"dropout", "text", "prior"}
    assert NearEASE(regularisation=7).fit(data).value("regularisation") == 7
    assert NearEASE(regularisation=7, dropout=0.1, text=0.2, prior=0.2).fit(data).tuned_ == {}
    assert NearEASE(choose=False).fit(data).tuned_ == {}
    few = NearEASE().fit(crowd(30))  # too few customers to choose by
    assert np.array_equal(few.weights_, NearEASE(choose=False).fit(crowd(30)).weights_)


def test_the_choice_is_made_on_the_most_held():
    data = crowd()
    few = reduce_data(data, 10)
    count = np.bincount(data.interactions["item"], minlength=60)
    kept = np.unique(few.interactions["item"])
    assert len(kept) == 10 and count[kept].min() >= np.delete(count, kept).max()
    described = replace(data, item_text=pd.Series([f"word{i}" for i in range(60)]))
    assert (reduce_data(described, 10).item_text != "").sum() == 10


def test_time_tells():
    "Everybody has 0 and 1 together, and 2 long before or after: without time no item says more than another"
    events = [
        (u, i, "purchase", np.nan, t)
        for u in range(20)
        for i, t in [(0, 100), (1, 100), (2, 0 if u % 2 else 200), *((3 + k, 90 + k) for k in range(8))]
    ]
    plain, near = (
        model.fit(small(events, 20, 11)).score(histories_from_items([[0]], 11))[0]
        for model in (EASE(regularisation=5), NearEASE(regularisation=5))
    )
    assert plain[1] == pytest.approx(plain[2], rel=1e-3) and near[1] > 1.5 * near[2] > 0


@pytest.mark.parametrize("text", [0, 0.5])
def test_an_item_of_which_nothing_is_known_has_no_weight(text):
    data = shop(3)  # nobody has the last two items; the last but one has no text, the last has
    model = NearEASE(text=text).fit(data)
    scores = model.score(data.histories[data.histories.weight.getnnz(1) > 0])
    assert not scores[:, -2].any() and -2 + data.n_items not in model.touched_
    assert scores[:, -1].any() == (text > 0)
    assert not model.score(histories_from_items([[data.n_items - 2]], data.n_items)).any()


@pytest.mark.parametrize(
    "text", [["one", "two", "three"], ["", "", ""], ["the", "of", "and"], ["a", "a", "a"]]
)
def test_texts_that_connect_nothing(text):
    rows = tfidf_rows(pd.Series(text))
    assert rows.shape == (3, 0) and rows.dtype == np.float32
    data = small([(0, 0, "purchase", np.nan, 1), (0, 1, "purchase", np.nan, 2)], 1, 3)
    with_text, without = (NearEASE().fit(replace(data, item_text=words)) for words in (pd.Series(text), None))
    assert np.array_equal(with_text.weights_, without.weights_) and with_text.touched_.tolist() == [0, 1]


def test_texts_are_added_slice_by_slice(monkeypatch):
    monkeypatch.setattr("customer360.models.near.BATCH_SIZE", 4)
    texts = tfidf_rows(shop(4).item_text)
    gram = np.eye(15, dtype=np.float32)
    assert np.allclose(
        add_text_gram(gram.copy(), texts, 3), gram + 3 * (texts @ texts.T).toarray(), atol=1e-6
    )
    assert np.isin(np.round((texts @ texts.T).diagonal(), 5), [0, 1]).all()


def test_weights_are_laid_out_by_row():
    "A sparse history times the weights would copy them at each question otherwise"
    weights = item_weights(np.eye(3, dtype=np.float32) + 1, 1)
    assert weights.flags.c_contiguous and weights.dtype == np.float32 and not np.diag(weights).any()


@pytest.mark.parametrize("events", [[], [(0, 0, "dismiss", np.nan, 1)], [(0, 0, "purchase", np.nan, 1)]])
@pytest.mark.parametrize("text", [None, ["oak tent", "oak tent", ""]])
def test_hardly_any_data(events, text):
    data = small(events, 2, 3)
    model = NearEASE().fit(replace(data, item_text=None if text is None else pd.Series(text)))
    scores = model.score(histories_from_items([[], [0], [0, 1, 2]], 3))
    assert np.isfinite(scores).all() and (scores[1, 1] > 0) == (text is not None)
    assert np.isfinite(model.predict([0, -1], [1, -1])).all()


@pytest.mark.parametrize("seed", range(4))
def test_reasons_against_dropping(seed):
    "Also for a history of one entry, of none, of dismissals, and for items that nothing speaks for"
    data = shop(seed)
    model = NearEASE(regularisation=3).fit(data)
    past = histories_from_items([[1], [], [4, 6, 2]], data.n_items)
    for histories in (data.histories, past):
        for item in (0, 3, data.n_items - 2, data.n_items - 1):
            quick = model.explain(histories, np.full(len(histories), item), n=2)
            for row, reasons in enumerate(quick):
                slow = explain_by_dropping(model, histories[[row]], item, 2)
                assert [why.kind for why in reasons] == [why.kind for why in slow]
                assert [why.share for why in reasons] == pytest.approx(
                    [why.share for why in slow], rel=1e-2, abs=1e-4
                )
                assert slow != [Explanation("popularity", item, 1.0)] or reasons == slow


def test_an_artefact_of_its_own(tmp_path):
    data = shop(5)
    model = NearEASE(nearness=3).fit(data)
    model.save(tmp_path / "near")
    loaded = Recommender.load(tmp_path / "near")
    assert type(loaded) is NearEASE and loaded.weights_.dtype == np.float32
    assert np.array_equal(loaded.score(data.histories), model.score(data.histories))


def test_a_long_history_is_explained_at_once():
    "By dropping, 3,000 entries are 3,000 histories of 2,999: nine million sums of a row"
    n = 3000
    model = NearEASE().fit(small([(0, i, "purchase", np.nan, i) for i in range(5)], 1, n))
    model.touched_, model.weights_ = (
        np.arange(n, dtype=np.int32),
        np.full((n, n), 0.5, np.float32) - 0.5 * np.eye(n, dtype=np.float32),
    )
    model._score = lambda histories, users: (
        np.zeros((1, n), np.float32) if histories.weight.nnz == 0 else pytest.fail("it scored the history")
    )
    assert len(model.explain(histories_from_items([range(n)], n), np.array([7]), 3)[0]) == 3

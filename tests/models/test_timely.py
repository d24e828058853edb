"What time decides: how train parts are asked, what models choose then, and that answers stay exact"

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from references import random_events, small

from customer360.data.prepare import Dataset, fingerprint
from customer360.data.splits import global_time, leave_last_out, ratio75_item
from customer360.models.attribution import explain_by_dropping
from customer360.models.baselines import EASE, Popularity
from customer360.models.catalogue import make_model
from customer360.models.crowd import cold_start_scores, recent_popularity
from customer360.models.fusion_training import make_fusion_slice
from customer360.models.hybrid import Hybrid, fitting_with
from customer360.models.near import NearEASE, recency_weights
from customer360.models.selection import hide_pairs
from customer360.schema import EventType

RANGE, IN_FASHION, CHANGE = (
    120,
    24,
    3,
)  # items of a taste, how many are in fashion at a time, and go out in a season


def shop(seed: int = 0, n_customers: int = 400, seasons: int = 16, drawn: float = 0.9) -> Dataset:
    "Customers with one of two tastes; most of what they choose is in fashion, and fashion moves on"
    rng, events = np.random.default_rng([31, seed]), []
    for user in range(n_customers):
        mine, had = RANGE * (user % 2) + np.arange(RANGE), set()
        for season in np.flatnonzero(rng.random(seasons) < 0.6):
            hot = mine[(CHANGE * season + np.arange(IN_FASHION)) % RANGE] if rng.random() < drawn else mine
            left = [item for item in hot if item not in had]
            if left:
                had.add(item := rng.choice(left))
                events.append((user, item, "purchase", None, season * 1000 + int(rng.integers(0, 1000))))
    return small(
        sorted(events, key=lambda event: event[-1]), n_customers, 2 * RANGE, None, {EventType.purchase: None}
    )


def steady(seed: int = 0) -> Dataset:
    "The same without fashions"
    return shop(seed, drawn=0.0)


def test_a_split_by_time_says_what_it_asks_and_nothing_else_does():
    data = shop()
    assert (data.asked, ratio75_item(data, 1).train.asked) == ("missing", "missing")
    assert (global_time(data).train.asked, leave_last_out(data).train.asked) == ("later", "next")
    inner = hide_pairs(global_time(data).train)
    assert inner.train.asked == "later"
    assert inner.train.interactions["timestamp"].max() <= inner.test["timestamp"].min()


def test_data_that_is_asked_for_missing_pairs_has_the_fingerprint_it_always_had():
    three = small([(0, 0, "rating", 5, 1), (0, 1, "rating", 3, 2), (1, 1, "rating", 4, 3)], 2, 2)
    assert fingerprint(three) == "bdf8b48738d6d2a5"


@pytest.mark.parametrize("cut", [global_time, leave_last_out])
def test_the_slice_of_a_hybrid_is_cut_by_time_too(cut):
    train = cut(shop()).train
    inner = make_fusion_slice(train)
    old = ~inner.test["item"].isin(inner.candidates)  # new items are hidden whatever their time
    left, hidden = inner.train.interactions, inner.test[old]
    if cut is global_time:
        assert left["timestamp"].max() <= hidden["timestamp"].min()
    else:
        newest = train.interactions.groupby("user")["timestamp"].max()
        assert (hidden["timestamp"].to_numpy() == newest[hidden["user"]].to_numpy()).all()
    assert len(hidden) > 100


def test_an_unknown_question_is_refused():
    with pytest.raises(ValueError, match="missing, later or next: got 'latter'"):
        EASE().fit(replace(shop(), asked="latter"))


def test_what_is_recent_is_followed_where_the_last_choice_decides_the_next():
    "Who has item i chooses i + 1 next, after a past that says nothing"
    rng, events = np.random.default_rng(5), []
    for user in range(300):
        start = int(rng.integers(0, 40))
        walk = [*rng.permutation(np.arange(40, 80))[:8], *((start + np.arange(5)) % 40)]
        events += [(user, int(item), "purchase", None, 100 * user + at) for at, item in enumerate(walk)]
    data = small(events, 300, 80, None, {EventType.purchase: None})
    model = NearEASE().fit(leave_last_out(data).train)
    assert model.value("recent") > 0
    assert "recent" not in NearEASE().fit(data).tuned_


def test_what_comes_next_hides_the_newest_pair_of_each_customer():
    train = leave_last_out(shop()).train
    inner = hide_pairs(train, max_customers=10**6)
    newest = train.interactions.groupby("user")["timestamp"].max()
    hidden = inner.test.set_index("user")["timestamp"]
    assert (hidden == newest.reindex(hidden.index)).all()
    assert inner.test.groupby("user").size().eq(1).all()
    assert len(inner.test) == (train.interactions.groupby("user").size() > 1).sum()


def test_models_that_are_asked_otherwise_are_other_models():
    data = shop()
    assert fingerprint(data) != fingerprint(replace(data, asked="later"))


@pytest.mark.parametrize("key", ["ease", "near", "svd", "knn"])
def test_fashions_are_followed_where_they_decide(key):
    split = global_time(shop())
    model = make_model(key).fit(split.train)
    assert model.value("trend") > 0
    blind = make_model(key).fit(replace(split.train, asked="missing"))
    assert "trend" not in blind.tuned_ and blind.value("trend") == 0
    ordinary = set(blind.tuned_) - {"prior"}  # which is chosen once more, by time
    assert ordinary and all(model.value(name) == blind.value(name) for name in ordinary)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", ["ease", "near", "svd"])
def test_where_nothing_changes_nothing_is_followed(key, seed):
    assert make_model(key).fit(global_time(steady(seed)).train).value("trend") <= 0.3  # by chance


def test_popularity_of_all_time_stays_where_nothing_changes():
    assert Popularity().fit(global_time(steady(0)).train).value("trend") == 0


def test_popularity_becomes_what_is_popular_lately():
    split = global_time(shop())
    model = Popularity().fit(split.train)
    assert model.value("trend") == 1
    np.testing.assert_allclose(
        model.score(split.train.histories[[0, 1]])[0], recent_popularity(model.histories_)
    )
    plain = Popularity().fit(replace(split.train, asked="missing"))
    np.testing.assert_array_equal(plain.score(split.train.histories[[0]])[0], plain.popularity_)


def test_a_given_value_is_not_chosen_over():
    train = global_time(shop()).train
    assert EASE(trend=0.5).fit(train).value("trend") == 0.5
    assert EASE(choose=False).fit(train).value("trend") == 0
    assert NearEASE(recent=3.0).fit(train).value("recent") == 3.0


def test_who_is_unknown_is_shown_what_has_been_popular_lately():
    train = global_time(shop()).train
    follows, does_not = EASE(trend=1.0, choose=False).fit(train), EASE(choose=False).fit(train)
    blank = train.histories[[0]].newest(0)
    lately = recent_popularity(train.histories)
    assert follows.score(blank)[0].argmax() == lately.argmax()
    assert does_not.score(blank)[0].argmax() == does_not.popularity_.argmax()
    np.testing.assert_array_equal(follows.score(blank)[0], cold_start_scores(follows))


def test_what_has_been_popular_lately_against_a_loop():
    data = small(
        random_events(np.random.default_rng(3), 500, 20, 15, ["purchase", "view", "dismiss"]), 20, 15
    )
    h, want = data.histories, np.zeros(15)
    entries = [
        (h.items[e], h.timestamp[e], min(h.weight.data[e], 1))
        for e in range(len(h.items))
        if h.weight.data[e] > 0
    ]
    for item, when, counts in entries:
        newer = sum(other > when for _, other, _ in entries)
        want[item] += counts * 0.5 ** (newer / max(len(entries) / 32, 1))
    np.testing.assert_allclose(recent_popularity(h), want, rtol=1e-5)


def test_what_is_recent_against_a_loop():
    data = small(
        random_events(np.random.default_rng(4), 300, 12, 15, ["purchase", "view", "dismiss"]), 12, 15
    )
    h, got = data.histories, recency_weights(data.histories, 2.0, 5.0)
    for row in range(len(h)):
        mine = [e for e in range(*h.weight.indptr[[row, row + 1]]) if h.weight.data[e] > 0]
        place = pd.Series(h.timestamp[mine]).rank(method="average")
        for e, at in zip(mine, place, strict=True):
            assert got[e] == pytest.approx(1 + 2 * np.exp((at - place.max()) / 5), rel=1e-5)


@pytest.fixture(scope="module")
def recent() -> NearEASE:
    return NearEASE(recent=5.0, trend=1.0, prior=0.3, choose=False).fit(global_time(shop()).train)


def test_reasons_are_those_of_dropping_also_where_what_is_recent_counts_more(recent):
    history = recent.histories_[[7]]
    quick, slow = recent.explain(history, np.array([3]))[0], explain_by_dropping(recent, history, 3, 3)
    assert [why.ref for why in quick] == [why.ref for why in slow]
    np.testing.assert_allclose([why.share for why in quick], [why.share for why in slow], rtol=1e-5)


def test_long_histories_are_explained_in_a_moment(recent):
    "As many what-ifs as entries: of each only the columns in question are multiplied"
    rng, n = np.random.default_rng(0), 1500
    events = [
        (u, int(i), "purchase", None, int(t))
        for u in range(30)
        for t, i in enumerate(rng.permutation(3000)[:n])
    ]
    model = NearEASE(recent=5.0, choose=False, text=0).fit(
        small(events, 30, 3000, None, {EventType.purchase: None})
    )
    started = time.process_time()
    model.score_without(model.histories_[[0]], np.arange(n), np.arange(10))
    assert time.process_time() - started < 5  # 12 s and more when every column is


def test_a_batch_answers_as_one_by_one(recent):
    rows = np.arange(40)
    whole = recent.score(recent.histories_[rows])
    for row in rows:
        np.testing.assert_allclose(
            recent.score(recent.histories_[[row]])[0], whole[row], rtol=2e-5, atol=1e-6
        )


def test_saved_and_loaded_it_answers_the_same(recent, tmp_path):
    recent.save(tmp_path / "near")
    again = NearEASE.load(tmp_path / "near")
    some = recent.histories_[np.arange(30)]
    np.testing.assert_array_equal(again.score(some), recent.score(some))
    blank = some[[0]].newest(0)
    np.testing.assert_array_equal(again.score(blank), recent.score(blank))


@pytest.mark.parametrize("key", ["ease", "knn", "popularity"])
def test_absorbed_changes_move_the_trend_as_a_fit_does(key):
    data = shop(1)
    early = data.where((data.interactions["timestamp"] < 14_000).to_numpy())
    model = make_model(key, params={"trend": 1.0, "choose": False}).fit(early)
    changed = np.flatnonzero(np.diff(data.histories.weight.indptr) != np.diff(early.histories.weight.indptr))
    absorbed, fitted = model.absorb(data.histories, changed), type(model)(**model.params).fit(data)
    some = data.histories[np.arange(50)]
    np.testing.assert_allclose(absorbed.score(some), fitted.score(some), rtol=2e-3, atol=1e-4)


def test_a_hybrid_follows_the_trend_of_those_that_count_most():
    train = global_time(shop()).train
    hybrid = Hybrid(components={key: make_model(key) for key in ("svd", "knn")}).fit(train)
    assert all(part.value("trend") > 0 for part in hybrid.parts.values())
    blank = train.histories[[0]].newest(0)
    assert hybrid.score(blank)[0].argmax() == recent_popularity(train.histories).argmax()


@pytest.mark.parametrize("asked, chosen_anew", [("later", set()), ("missing", {"svd", "knn"})])
def test_by_time_a_hybrid_judges_components_with_the_values_that_they_have(asked, chosen_anew):
    train, judged = replace(global_time(shop()).train, asked=asked), {}

    def fit(model, data):
        fitted = model.fit(data)
        if len(data.interactions) < len(train.interactions):
            judged[model.key] = model
        return fitted

    with fitting_with(fit):
        hybrid = Hybrid(components={key: make_model(key) for key in ("svd", "knn")}).fit(train)
    assert {key for key, model in judged.items() if model.tuned_} == chosen_anew
    if asked == "later":
        assert all(judged[key].trend == part.value("trend") > 0 for key, part in hybrid.parts.items())


def test_a_hybrid_whose_components_follow_nothing_shows_strangers_what_always_is_popular():
    train = global_time(shop()).train
    components = {key: make_model(key, params={"choose": False}) for key in ("svd", "knn")}
    hybrid, blank = Hybrid(components=components).fit(train), train.histories[[0]].newest(0)
    assert hybrid.score(blank)[0].argmax() == hybrid.popularity_.argmax()
    told = Hybrid(components=components, trend=1.0).fit(train)
    assert told.score(blank)[0].argmax() == recent_popularity(train.histories).argmax()

"Every metric against somebody else's code or against plain loops."

import ir_measures
import numpy as np
import pandas as pd
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG
from references import ml100k, random_events, raw_ratings, small

from customer360 import metrics
from customer360.data.prepare import Dataset, histories_from_events, histories_from_items
from customer360.data.splits import Split, global_time, ratio75_item
from customer360.evaluation.protocol import (
    CUTOFFS,
    evaluate,
    evaluate_prequential,
    list_metrics,
    project_items,
)
from customer360.models.baselines import EASE
from customer360.models.holdout import RankedLists
from customer360.models.knn import UserKNN
from customer360.schema import SEEN, EventType

pytestmark = pytest.mark.filterwarnings("error")

THEIRS = {"precision": P, "recall": R, "ndcg": nDCG, "map": AP, "mrr": RR, "hit_rate": Success}


def judged(lists: dict[str, list[str]], relevant: dict[str, set[str]], k: int) -> pd.DataFrame:
    "What `ir_measures` says of each customer's list; columns named as ours"
    qrels = [ir_measures.Qrel(user, item, 1) for user, items in relevant.items() for item in items]
    run = [
        ir_measures.ScoredDoc(user, item, 1000.0 - place)
        for user, items in lists.items()
        for place, item in enumerate(items)
    ]
    found = [
        (value.query_id, str(value.measure), value.value)
        for value in ir_measures.iter_calc([m @ k for m in THEIRS.values()], qrels, run)
    ]
    table = pd.DataFrame(found, columns=["user", "measure", "value"]).pivot(
        index="user", columns="measure", values="value"
    )
    return table.rename(columns={str(m @ k): name for name, m in THEIRS.items()}).loc[list(relevant)]


def random_lists(
    rng: np.random.Generator, n_customers: int, n_items: int, n: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    "Padded lists of every length from 1 to n, and one to many relevant items each"
    codes = np.full((n_customers, n), -1)
    for row in codes:
        length = rng.integers(1, n + 1)
        row[:length] = rng.permutation(n_items)[:length]
    return codes, [np.sort(rng.permutation(n_items)[: rng.choice([1, 2, 5, n_items // 2])]) for _ in codes]


def ours(codes: np.ndarray, relevant: list[np.ndarray], k: int) -> pd.DataFrame:
    indptr = np.concatenate([[0], np.cumsum([len(items) for items in relevant])])
    hit = metrics.hits(codes, indptr, np.concatenate(relevant))
    return pd.DataFrame(
        {name: metric(hit, np.diff(indptr), k) for name, metric in metrics.RANKING_METRICS.items()}
    )


def assert_same(got: pd.DataFrame, expected: pd.DataFrame) -> None:
    np.testing.assert_allclose(got[list(THEIRS)], expected[list(THEIRS)], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n_items", "n"), [(300, 20), (25, 20), (12, 12)])
def test_random_lists_against_ir_measures(seed, n_items, n):
    codes, relevant = random_lists(np.random.default_rng([seed, n_items]), 60, n_items, n)
    names = [f"u{row:02}" for row in range(len(codes))]
    lists = {name: [str(code) for code in row if code >= 0] for name, row in zip(names, codes, strict=True)}
    truth = {name: {str(item) for item in items} for name, items in zip(names, relevant, strict=True)}
    for k in (1, 5, 10, 20):
        assert_same(ours(codes, relevant, k), judged(lists, truth, k))


def test_the_random_cases_hold_the_awkward_ones():
    "None hit, one relevant item, more relevant items than places, a list shorter than k"
    codes, relevant = random_lists(np.random.default_rng([0, 300]), 60, 300, 20)
    table, n_relevant = ours(codes, relevant, 10), np.array([len(items) for items in relevant])
    assert (table["hit_rate"] == 0).any() and (table["hit_rate"] == 1).any()
    assert (n_relevant == 1).any() and (n_relevant > 20).any() and (codes[:, 9] == -1).any()


def test_customers_without_relevant_items_have_no_figure():
    "And do not disturb their neighbours, wherever they stand"
    codes = np.array([[0, 1, 2], [2, 1, 0], [1, -1, -1], [-1, -1, -1]])
    table = ours(codes, [np.array([], int), np.array([0, 2]), np.array([], int), np.array([1])], 3)
    assert table.loc[[0, 2]].isna().all(axis=None)
    assert table.loc[3].tolist() == [0] * 6
    assert_same(table.loc[[1]], judged({"u": ["2", "1", "0"]}, {"u": {"0", "2"}}, 3))
    nobody = ours(codes, [np.array([], int)] * 4, 3)
    assert nobody.isna().all(axis=None)


def test_hits_against_sets():
    rng = np.random.default_rng(3)
    for _ in range(200):
        q, n_items = rng.integers(1, 6), rng.integers(1, 8)
        codes = np.array(
            [np.pad(rng.permutation(n_items), (0, 3), constant_values=-1)[: n_items + 2] for _ in range(q)]
        )
        codes[rng.random(codes.shape) < 0.2] = -1
        relevant = [np.sort(rng.permutation(n_items)[: rng.integers(0, n_items + 1)]) for _ in range(q)]
        indptr = np.concatenate([[0], np.cumsum([len(items) for items in relevant])])
        expected = [
            [code in set(items.tolist()) for code in row.tolist()]
            for row, items in zip(codes, relevant, strict=True)
        ]
        for integer in (np.int32, np.int64):
            assert (
                metrics.hits(codes.astype(integer), indptr, np.concatenate(relevant).astype(integer)).tolist()
                == expected
            )


def test_hits_do_not_overflow():
    "Codes of 32 bits, and more customers × items than 32 bits count"
    n, item = 60_000, 2_000_000
    codes = np.full((n, 1), item, np.int32)
    hit = metrics.hits(codes, np.arange(n + 1), np.full(n, item, np.int32))
    assert hit.all()


# --- beyond accuracy, against plain loops


def naive_figures(
    codes: list[list[int]], owners: list[set[int]], n_customers: int, vectors: np.ndarray, k: int
) -> dict[str, float]:
    "Straight from the definitions; `owners[i]` are the customers who have item i"
    shown = [[code for code in row if code >= 0] for row in codes]
    places = [code for row in shown for code in row]
    ranked = sorted(range(len(owners)), key=lambda item: (-len(owners[item]), item))
    head = set(ranked[: max(1, len(owners) // 10)])
    common = [len(set(a) & set(b)) / k for i, a in enumerate(shown) for j, b in enumerate(shown) if i != j]
    within = [
        [float(vectors[a].astype(float) @ vectors[b]) for x, a in enumerate(row) for b in row[x + 1 :]]
        for row in shown
    ]
    return {
        "coverage": len(set(places)) / len(owners),
        "novelty": sum(-np.log2((len(owners[item]) + 1) / (n_customers + 1)) for item in places)
        / len(places),
        "personalisation": 1 - sum(common) / len(common),
        "head_share": sum(item in head for item in places) / len(places),
        "diversity": 1 - np.mean([np.mean(pairs) for pairs in within if pairs]),
    }


@pytest.mark.parametrize("seed", range(4))
def test_beyond_accuracy_against_loops(seed):
    rng = np.random.default_rng([7, seed])
    n_items, n_customers, k = 37, 30, 10
    codes, _ = random_lists(rng, 25, n_items, k)
    has = rng.random((n_customers, n_items)) < rng.random(n_items) ** 3
    owners = [set(np.flatnonzero(column)) for column in has.T]
    vectors = rng.normal(size=(n_items, 16)).astype(np.float32)
    count = has.sum(0)
    got = {
        "coverage": metrics.coverage(codes, n_items),
        "novelty": metrics.novelty(codes, count, n_customers),
        "personalisation": metrics.personalisation(codes),
        "head_share": metrics.head_share(codes, count),
        "diversity": metrics.diversity(codes, vectors),
    }
    expected = naive_figures(codes.tolist(), owners, n_customers, vectors, k)
    assert got == pytest.approx(expected, abs=1e-5)  # vectors are float32
    assert {name: got[name] for name in got if name != "diversity"} == pytest.approx(
        {n: v for n, v in expected.items() if n != "diversity"}, abs=1e-12
    )


def test_beyond_accuracy_at_the_edges():
    "One customer, lists of one item, and empty lists: NaN, without a warning or an invented figure"
    vectors = np.eye(3, dtype=np.float32)
    nothing = np.full((4, 10), -1)
    assert metrics.coverage(nothing, 3) == 0
    for value in (
        metrics.novelty(nothing, np.ones(3, int), 2),
        metrics.head_share(nothing, np.ones(3, int)),
        metrics.diversity(nothing, vectors),
    ):
        assert np.isnan(value)
    assert np.isnan(metrics.personalisation(np.array([[0, 1]])))
    assert np.isnan(metrics.diversity(np.array([[0, -1], [1, -1]]), vectors))
    assert metrics.personalisation(np.array([[0, 1], [1, 0]])) == 0
    assert metrics.personalisation(np.array([[0, 1], [2, 3]])) == 1
    assert metrics.diversity(np.array([[0, 1, -1], [2, -1, -1]]), vectors) == 1


def test_diversity_of_many_customers_stays_small():
    "A hundred thousand lists, some at a time"
    import tracemalloc

    codes = np.random.default_rng(0).integers(0, 500, (100_000, 10))
    vectors = np.random.default_rng(1).normal(size=(500, 256)).astype(np.float32) / 16
    tracemalloc.start()
    metrics.diversity(codes, vectors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6, f"{peak / 1e6:.0f} MB"


def test_errors_against_loops():
    rng = np.random.default_rng(5)
    rows, truth, predicted = (
        rng.integers(0, 6, 50),
        rng.integers(1, 6, 50).astype(np.float32),
        rng.uniform(1, 5, 50).astype(np.float32),
    )
    squared, absolute, count = metrics.error_sums(rows, truth, predicted, 8)
    for row in range(8):
        errors = [float(p) - float(t) for r, t, p in zip(rows, truth, predicted, strict=True) if r == row]
        assert count[row] == len(errors)
        assert squared[row] == pytest.approx(sum(e * e for e in errors), abs=1e-12)
        assert absolute[row] == pytest.approx(sum(abs(e) for e in errors), abs=1e-12)
    assert metrics.rmse(truth, predicted) == pytest.approx(np.sqrt(squared.sum() / count.sum()), abs=1e-12)


# --- a real model on real data, from the file to the table


@pytest.mark.data
def test_a_real_model_against_ir_measures(test_data):
    "Held-out pairs from the raw file, the model's lists, their code: the same figure for every customer"
    data = ml100k(test_data)
    split = ratio75_item(data, 42)
    model = EASE().fit(split.train)
    table = evaluate(model, split).customers.set_index("user")

    raw = raw_ratings(test_data)
    shuffled = raw.sample(frac=1, random_state=42)
    order, size = shuffled.groupby("item").cumcount(), shuffled.groupby("item")["item"].transform("size")
    held_out = shuffled[order >= np.array([round(0.75 * n) for n in size])]
    truth = {user: set(items) for user, items in held_out.groupby("user")["item"]}
    users = sorted(truth)
    top = model.recommend(data.users.encode(users), max(CUTOFFS))
    lists = {user: data.items.decode(codes).tolist() for user, codes in zip(users, top.codes, strict=True)}
    train_pairs = set(zip(shuffled["user"], shuffled["item"], strict=True)) - set(
        zip(held_out["user"], held_out["item"], strict=True)
    )
    assert not any((user, item) in train_pairs for user in users for item in lists[user])
    assert sorted(table.index) == users
    for k in CUTOFFS:
        expected = judged(lists, {user: truth[user] for user in users}, k)
        got = table.loc[users, [f"{name}@{k}" for name in THEIRS]].rename(
            columns=lambda name: name.split("@")[0]
        )
        assert_same(got, expected)


@pytest.mark.data
def test_beyond_accuracy_of_a_real_model_against_loops(test_data):
    split = ratio75_item(ml100k(test_data), 42)
    model = EASE().fit(split.train)
    users = np.sort(split.test["user"].unique())[:120]
    codes = model.recommend(users, 10).codes
    got = list_metrics(RankedLists(users, codes, codes >= 0, np.ones(len(users), int)), split)
    owners = [set() for _ in range(split.train.n_items)]
    for user, item in zip(split.train.interactions["user"], split.train.interactions["item"], strict=True):
        owners[item].add(user)
    expected = naive_figures(
        codes.tolist(),
        owners,
        split.train.interactions["user"].nunique(),
        project_items(split.train.histories),
        10,
    )
    assert {name.removesuffix("@10"): value for name, value in got.items()} == pytest.approx(
        expected, abs=1e-5
    )
    cosine = [
        len(owners[a] & owners[b]) / np.sqrt(len(owners[a]) * len(owners[b]))
        for row in codes
        for x, a in enumerate(row)
        for b in row[x + 1 :]
    ]
    assert got["diversity@10"] == pytest.approx(
        1 - np.mean(cosine), abs=0.005
    )  # random signs stand for 943 customers


# --- the protocol, on data with repeats, equal times and every kind of event

RELEVANT = {EventType.purchase: None, EventType.like: None, EventType.rating: 4.0}


def busy_shop(seed: int) -> Dataset:
    "The last five customers come late: they are new in the newest fifth"
    rng = np.random.default_rng([37, seed])
    events = random_events(rng, 1200, 25, 40, [str(kind) for kind in EventType])
    late = [
        (user + 25, item, kind, rating, when + 1000)
        for user, item, kind, rating, when in random_events(rng, 60, 5, 40, ["view", "purchase", "rating"])
    ]
    return small(events + late, 32, 40, relevant=RELEVANT)


def by_customer(split: Split) -> dict[int, list[tuple]]:
    "All events of each customer in order: (time, row, item, event, rating, is it a test event?)"
    found: dict[int, list[tuple]] = {}
    for frame, is_test in ((split.train.interactions, False), (split.test, True)):
        for row in frame.itertuples():
            found.setdefault(row.user, []).append(
                (row.timestamp, row.row, row.item, str(row.event), row.rating, is_test)
            )
    return {user: sorted(events) for user, events in found.items()}


def is_good(event: str, rating: float) -> bool:
    return event in ("purchase", "like") or (event == "rating" and rating >= 4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("repeats", [False, True])
def test_evaluate_against_ir_measures_on_a_shop(seed, repeats):
    split = global_time(busy_shop(seed))
    model = UserKNN().fit(split.train)
    got = evaluate(model, split, repeats=repeats)
    events = by_customer(split)
    truth, lists = {}, {}
    for user in sorted(split.test["user"].unique()):
        good = {
            item for *_, item, event, rating, is_test in events[user] if is_test and is_good(event, rating)
        }
        seen = {
            item for *_, item, event, _, is_test in events[user] if not is_test and EventType(event) in SEEN
        }
        wanted = good if repeats else good - seen
        if wanted:
            truth[str(user)] = {str(item) for item in wanted}
            codes = model.recommend([user], 20, exclude_seen=not repeats).codes[0]
            lists[str(user)] = [str(code) for code in codes if code >= 0]
            assert repeats or not set(lists[str(user)]) & {str(item) for item in seen}
    table = got.customers.set_index("user")
    assert set(table.index) == {str(user) for user in split.test["user"].unique()}
    for k in CUTOFFS:
        mine = table[[f"{name}@{k}" for name in THEIRS]].rename(columns=lambda name: name.split("@")[0])
        assert_same(mine.loc[list(truth)], judged(lists, truth, k))
        assert mine.drop(index=list(truth)).isna().all(axis=None)
    assert got.split == ("global_time-repeats" if repeats else "global_time")
    assert ("squared_error" in table) == (not repeats)
    known = {str(user) for user in split.train.interactions.query("event != 'impression'")["user"]}
    assert (table["segment:known"] == "known").to_dict() == {user: user in known for user in table.index}
    assert not set(table.index) <= known


@pytest.mark.parametrize("seed", range(2))
def test_errors_of_evaluate_against_loops(seed):
    "Every rating of the test part counts, also the second one of a pair, also of new customers"
    split = global_time(busy_shop(seed))
    model = UserKNN().fit(split.train)
    table = evaluate(model, split).customers.set_index("user")
    rated = split.test[split.test["rating"].notna()]
    assert rated.duplicated(["user", "item"]).any()
    for user in table.index:
        mine = rated[rated["user"] == int(user)]
        errors = [
            float(model.predict([u], [i])[0]) - float(r)
            for u, i, r in zip(mine["user"], mine["item"], mine["rating"], strict=True)
        ]
        assert table.loc[user, "n_ratings"] == len(errors)
        assert table.loc[user, "squared_error"] == pytest.approx(sum(e * e for e in errors), abs=1e-4)
        assert table.loc[user, "absolute_error"] == pytest.approx(sum(abs(e) for e in errors), abs=1e-4)


@pytest.mark.parametrize("seed", range(2))
def test_running_against_loops(seed):
    "Rank before the first event of each held-out item, from all earlier events and no later ones"
    split = global_time(busy_shop(seed))
    model = UserKNN().fit(split.train)
    table = evaluate_prequential(model, split, slice_size=7).customers.set_index("user")
    for user, events in by_customer(split).items():
        wanted = {item for _, _, item, event, rating, is_test in events if is_test and is_good(event, rating)}
        wanted -= {
            item for _, _, item, event, _, is_test in events if not is_test and EventType(event) in SEEN
        }
        moments = []
        for item in wanted:
            position = next(
                at
                for at, (_, _, other, event, _, is_test) in enumerate(events)
                if is_test and other == item and event != "impression"
            )
            past = events[:position]
            frame = pd.DataFrame(
                past, columns=["timestamp", "row", "item", "event", "rating", "is_test"]
            ).assign(user=0)
            history = (
                histories_from_events(
                    frame.assign(weight=frame["event"].map(split.train.facts.weights)),
                    1,
                    40,
                    split.train.facts,
                )
                if past
                else histories_from_items([[]], 40)
            )
            codes = model.recommend([user], 20, histories=history).codes[0].tolist()
            place = codes.index(item) + 1 if item in codes else 99
            moments.append([place <= 10, (place <= 10) / np.log2(place + 1), (place <= 20) / place])
        assert (str(user) in table.index) == bool(moments)
        if moments:
            expected = np.mean(moments, axis=0).tolist()
            assert table.loc[str(user), ["hit_rate@10", "ndcg@10", "mrr@20"]].astype(
                float
            ).tolist() == pytest.approx(expected, abs=1e-9)


def test_a_test_part_without_anything_relevant():
    "Ratings too low to be relevant: errors are measured, ranking is blank"
    events = [
        (0, 0, "rating", 5, 0),
        (1, 1, "rating", 4, 1),
        (0, 1, "rating", 5, 2),
        (1, 0, "rating", 5, 3),
        (0, 2, "rating", 1, 4),
    ]
    split = global_time(small(events, 2, 3, relevant={EventType.rating: 4.0}))
    got = evaluate(UserKNN().fit(split.train), split)
    assert got.customers["n_ratings"].tolist() == [1]
    assert got.customers["ndcg@10"].isna().all()
    assert evaluate_prequential(UserKNN().fit(split.train), split).customers.shape[0] == 0

"Every split against an independent implementation of its recipe; histories against a dictionary."

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from references import NAN, ml100k, random_events, ratings_table, raw_ratings, small

from customer360.data.prepare import (
    Dataset,
    Histories,
    aggregate_events,
    append_events,
    histories_from_events,
    histories_from_items,
    leave_one_out,
)
from customer360.data.splits import (
    SPLITS,
    Split,
    cold_items,
    global_time,
    kfold5,
    leave_last_out,
    make_split,
    ml_folds,
    ms_stratified,
    ratio75_item,
    ratio90,
)
from customer360.evaluation.planning import plan_jobs
from customer360.schema import EVENT_WEIGHTS, SEEN, EventType, Facts, is_relevant

pytestmark = pytest.mark.filterwarnings("error")

KINDS = [str(kind) for kind in EventType]
RELEVANT = {EventType.purchase: None, EventType.like: None, EventType.rating: 4.0}
FACTS = Facts("toy", relevant=RELEVANT)


# --- histories


def naive_history(events: list[tuple], seen: frozenset = SEEN) -> dict[tuple[int, int], dict]:
    "(row, item) -> entry, one event after another; `events` are (row, item, kind, rating, seconds)"
    entries = {}
    for row, item, kind, rating, when in sorted(
        events, key=lambda event: event[4]
    ):  # sorted() keeps the source order of ties
        if kind == "impression" or row < 0 or item < 0:
            continue
        entry = entries.setdefault((row, item), {"weight": 0.0, "rating": NAN, "when": when, "seen": False})
        liked = kind != "rating" or rating >= 4  # a NaN is not
        entry["weight"] += EVENT_WEIGHTS[EventType(kind)] * liked
        entry["weight"] *= kind != "dismiss"
        entry["rating"] = entry["rating"] if np.isnan(rating) else rating
        entry["when"] = when
        entry["seen"] |= kind in seen
    return entries


def as_entries(histories: Histories) -> dict[tuple[int, int], dict]:
    h = histories
    assert (
        h.weight.dtype == np.float32
        and h.rating.dtype == np.float32
        and h.seen.dtype == bool
        and h.timestamp.dtype == np.int64
    )
    assert (
        len(h.items)
        == len(h.rating)
        == len(h.timestamp)
        == len(h.seen)
        == h.weight.nnz
        == h.weight.indptr[-1]
    )
    for start, stop in zip(h.weight.indptr[:-1], h.weight.indptr[1:], strict=True):
        assert (np.diff(h.items[start:stop]) > 0).all(), "items of a row are sorted and distinct"
    columns = (
        h.rows.tolist(),
        h.items.tolist(),
        h.weight.data.tolist(),
        h.rating.tolist(),
        h.timestamp.tolist(),
        h.seen.tolist(),
    )
    return {
        (row, item): {"weight": w, "rating": r, "when": t, "seen": s}
        for row, item, w, r, t, s in zip(*columns, strict=True)
    }


def assert_entries(got: dict, expected: dict) -> None:
    assert got.keys() == expected.keys()
    for key, entry in expected.items():
        assert got[key] == pytest.approx(entry, abs=1e-4, nan_ok=True), key


def frame_of(events: list[tuple]) -> pd.DataFrame:
    user, item, kind, rating, when = zip(*events, strict=True) if events else [()] * 5
    frame = pd.DataFrame(
        {"user": np.array(user, np.int64), "item": np.array(item, np.int64), "event": np.array(kind, object)}
    )
    frame["rating"], frame["timestamp"] = np.array(rating, np.float32), np.array(when, np.int64)
    frame["weight"] = frame["event"].map(EVENT_WEIGHTS).astype(np.float32)
    return frame.assign(row=np.arange(len(frame)))


def stream(seed: int) -> tuple[list[tuple], int, int]:
    "A random stream, with unknown customers and items in it"
    rng = np.random.default_rng([11, seed])
    n_rows, n_items, n = rng.integers(1, 6), rng.integers(1, 7), rng.choice([0, 1, 5, 30, 120])
    events = random_events(rng, n, n_rows + 1, n_items + 1, KINDS)
    return [(row - 1, item - 1, *rest) for row, item, *rest in events], int(n_rows), int(n_items)


@pytest.mark.parametrize("seed", range(40))
def test_histories_against_a_dictionary(seed):
    events, n_rows, n_items = stream(seed)
    made = histories_from_events(frame_of(events), n_rows, n_items, FACTS)
    assert made.weight.shape == (n_rows, n_items)
    assert_entries(as_entries(made), naive_history(events))


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_table_does_not_matter(seed):
    "Only time and, among equal times, the row in the source"
    events, n_rows, n_items = stream(seed)
    frame = frame_of(events)
    shuffled = frame.sample(frac=1, random_state=seed)
    assert_entries(as_entries(histories_from_events(shuffled, n_rows, n_items, FACTS)), naive_history(events))


@pytest.mark.parametrize("seed", range(30))
def test_append_is_having_had_the_events_all_along(seed):
    events, n_rows, n_items = stream(seed)
    events.sort(key=lambda event: event[4])
    cut = len(events) // 2
    grown = append_events(
        histories_from_events(frame_of(events[:cut]), n_rows, n_items, FACTS), frame_of(events[cut:]), FACTS
    )
    assert_entries(as_entries(grown), naive_history(events))
    one_by_one = histories_from_events(frame_of([]), n_rows, n_items, FACTS)
    for event in events:
        one_by_one = append_events(one_by_one, frame_of([event]), FACTS)
    assert_entries(as_entries(one_by_one), naive_history(events))


@pytest.mark.parametrize("seed", range(30))
def test_slices_against_a_dictionary(seed):
    events, n_rows, n_items = stream(seed)
    made, entries = histories_from_events(frame_of(events), n_rows, n_items, FACTS), naive_history(events)
    rng = np.random.default_rng(seed)
    mask = rng.random(n_rows) < 0.5
    for rows in (
        rng.integers(0, n_rows, 9),
        np.array([], int),
        slice(1, None),
        slice(None, None, -1),
        mask,
        np.array([-1]),
        [0],
    ):
        taken = np.arange(n_rows)[rows]
        expected = {
            (new, item): entry
            for new, old in enumerate(taken)
            for (row, item), entry in entries.items()
            if row == old
        }
        assert len(made[rows]) == len(taken)
        assert_entries(as_entries(made[rows]), expected)
    twice = made[np.arange(n_rows)][::-1][::-1]
    assert_entries(as_entries(twice), entries)


@pytest.mark.parametrize("seed", range(20))
def test_leave_one_out_against_a_dictionary(seed):
    events, n_rows, n_items = stream(seed)
    made = histories_from_events(frame_of(events), n_rows, n_items, FACTS)
    for row in range(n_rows):
        one = made[[row]]
        mine = [(item, entry) for (_, item), entry in sorted(as_entries(one).items())]
        copies = leave_one_out(one)
        assert len(copies) == len(mine)
        expected = {
            (j, item): entry for j in range(len(mine)) for i, (item, entry) in enumerate(mine) if i != j
        }
        assert_entries(as_entries(copies), expected)


@pytest.mark.parametrize("seed", range(20))
def test_strength_is_capped_and_keeps_every_entry(seed):
    events, n_rows, n_items = stream(seed)
    made = histories_from_events(frame_of(events), n_rows, n_items, FACTS)
    strength = made.confidence
    assert strength.nnz == made.weight.nnz
    expected = np.zeros((n_rows, n_items))
    for (row, item), entry in naive_history(events).items():
        expected[row, item] = min(entry["weight"], 1)
    np.testing.assert_allclose(strength.toarray(), expected, atol=1e-5)


def test_the_rule_of_what_is_seen_is_the_cards():
    events = [(0, 0, "view", NAN, 0), (0, 1, "purchase", NAN, 1), (0, 2, "dismiss", NAN, 2)]
    made = histories_from_events(frame_of(events), 1, 3, Facts("toy", seen=frozenset({EventType.view})))
    assert made.seen.tolist() == [True, False, False]
    assert made.weight.toarray()[0] == pytest.approx([0.1, 1, 0])


def test_a_dismissal_excludes_and_says_nothing_more():
    events = [
        (0, 0, "purchase", NAN, 0),
        (0, 0, "dismiss", NAN, 5),
        (0, 1, "dismiss", NAN, 0),
        (0, 1, "view", NAN, 5),
        (0, 2, "dismiss", NAN, 9),
    ]
    made = histories_from_events(frame_of(events), 1, 3, FACTS)
    assert made.weight.data == pytest.approx([0, 0.1, 0])
    assert made.seen.tolist() == [True, True, True]
    assert made.timestamp.tolist() == [5, 5, 9]


def test_a_dismissal_weighs_nothing_whatever_the_card_says():
    frame = frame_of([(0, 0, "purchase", NAN, 0), (0, 0, "dismiss", NAN, 5), (0, 0, "view", NAN, 9)]).assign(
        weight=np.float32([1, 0.5, 0.1])
    )
    assert histories_from_events(frame, 1, 1, FACTS).weight.data == pytest.approx([0.1])


def test_visitors_against_a_dictionary():
    made = histories_from_items([[2, 0, 2], [], [1]], 4, seen=True)
    expected = {(0, 0): 1.0, (0, 2): 2.0, (2, 1): 1.0}
    assert_entries(
        as_entries(made),
        {key: {"weight": w, "rating": NAN, "when": 0, "seen": True} for key, w in expected.items()},
    )
    assert histories_from_items([], 4).weight.shape == (0, 4)


def test_unknown_items_of_a_visitor_make_no_entry():
    "`IdMap.encode` gives -1 for them; they must not become somebody else's item"
    made = histories_from_items([[3], [-1, 1, -1], [-1]], 4)
    assert made.weight.toarray().tolist() == [[0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: histories_from_items([[4], [0]], 4),
        lambda: histories_from_events(frame_of([(0, 4, "view", NAN, 0)]), 2, 4, FACTS),
        lambda: histories_from_events(frame_of([(2, 0, "view", NAN, 0)]), 2, 4, FACTS),
        lambda: append_events(histories_from_items([[0], [1]], 4), frame_of([(2, 0, "view", NAN, 0)]), FACTS),
        lambda: aggregate_events(
            *(
                np.array([0]),
                np.array([-1]),
                np.ones(1),
                np.ones(1),
                np.zeros(1, np.int64),
                np.ones(1, bool),
                np.zeros(1, bool),
            ),
            (2, 4),
        ),
    ],
)
def test_codes_out_of_range_are_refused(make):
    "A row too many or an item too far would silently land in another customer's past"
    with pytest.raises(ValueError, match="codes"):
        make()


def test_histories_of_more_cells_than_32_bits_count():
    n_rows, n_items = 200_000, 100_000
    rows, items = np.array([n_rows - 1, 0, n_rows - 1]), np.array([n_items - 1, n_items - 1, 0])
    made = histories_from_events(
        frame_of([(row, item, "view", NAN, 0) for row, item in zip(rows, items, strict=True)]),
        n_rows,
        n_items,
        FACTS,
    )
    assert as_entries(made).keys() == {(0, n_items - 1), (n_rows - 1, 0), (n_rows - 1, n_items - 1)}


# --- splits on any data


def shop(seed: int = 0, n: int = 1500) -> Dataset:
    "Repeat events of every kind, equal timestamps"
    rng = np.random.default_rng([13, seed])
    return small(random_events(rng, n, 40, 30, KINDS), 40, 30, relevant=RELEVANT)


SHOP_SPLITS = {
    "ratio75_item": lambda data: ratio75_item(data, 101),
    "global_time": global_time,
    "leave_last_out": leave_last_out,
    "cold_items": lambda data: cold_items(data, 101),
    "kfold5": lambda data: kfold5(data, 3),
    "ms_stratified": ms_stratified,
    "ratio90": lambda data: ratio90(data, 2),
}


def rows_of(frame: pd.DataFrame) -> list[int]:
    return sorted(frame["row"].tolist())


def pairs_of(frame: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(frame["user"].tolist(), frame["item"].tolist(), strict=True))


@pytest.mark.parametrize("name", SHOP_SPLITS)
@pytest.mark.parametrize("seed", range(3))
def test_train_and_test_are_all_and_the_same_each_time(name, seed):
    data = shop(seed)
    split, again = SHOP_SPLITS[name](data), SHOP_SPLITS[name](shop(seed))
    assert sorted(rows_of(split.train.interactions) + rows_of(split.test)) == rows_of(data.interactions)
    pd.testing.assert_frame_equal(split.test, again.test)
    pd.testing.assert_frame_equal(split.train.interactions, again.train.interactions)
    assert (
        split.train.users is data.users
        and split.train.items is data.items
        and split.train.facts is data.facts
    )
    assert len(split.test) and split.train.histories.weight.shape == (40, 30)
    assert split.name == name


@pytest.mark.parametrize("name", [name for name in SHOP_SPLITS if name != "global_time"])
def test_a_pair_goes_as_a_whole(name):
    split = SHOP_SPLITS[name](shop())
    assert not pairs_of(split.train.interactions) & pairs_of(split.test)
    assert split.dropped == 0


def ratio75_by_hand(pairs: pd.DataFrame, seed: int) -> pd.DataFrame:
    "The train rows, straight from the recipe"
    shuffled = pairs.sample(frac=1, random_state=seed)
    parts = [group.iloc[: round(0.75 * len(group))] for _, group in shuffled.groupby("item", sort=False)]
    return pd.concat(parts)


@pytest.mark.parametrize("seed", [42, 101])
def test_ratio75_item_holds_out_pairs_by_the_recipe(seed):
    "Python's own round() takes halves to even"
    data = shop()
    pairs = data.interactions[["user", "item"]].drop_duplicates().reset_index(drop=True)
    assert pairs_of(ratio75_item(data, seed).train.interactions) == pairs_of(ratio75_by_hand(pairs, seed))


def test_every_item_keeps_train_rows():
    rng = np.random.default_rng(2)
    for sizes in ([1, 2, 3, 4, 6, 10], rng.integers(1, 25, 12)):
        rows = np.array([np.arange(25) < n for n in sizes]).T * 3
        split = ratio75_item(ratings_table(rows), 7)
        n_train = split.train.interactions["item"].value_counts().sort_index()
        assert n_train.tolist() == [round(0.75 * int(n)) for n in sizes]


@pytest.mark.parametrize("seed", range(3))
def test_global_time_by_sorting(seed):
    data = shop(seed, 1203)
    events = list(zip(data.interactions["timestamp"], data.interactions["row"], strict=True))
    split = global_time(data)
    assert set(rows_of(split.test)) == {row for _, row in sorted(events)[-round(0.2 * 1203) :]}
    assert split.test["timestamp"].min() >= split.train.interactions["timestamp"].max()


@pytest.mark.parametrize("seed", range(3))
def test_leave_last_out_by_a_loop(seed):
    data = shop(seed)
    frame = data.interactions
    good = frame[is_relevant(frame, RELEVANT)]
    last = {}
    for user, item, when, row in zip(good["user"], good["item"], good["timestamp"], good["row"], strict=True):
        if (when, row) >= last.get(user, (-1, -1, -1))[:2]:
            last[user] = (when, row, item)
    expected = {(user, item) for user, (_, _, item) in last.items()}
    split = leave_last_out(data)
    assert pairs_of(split.test) == expected
    assert pairs_of(split.relevant()) == expected  # one each, none dropped
    assert split.test["user"].nunique() == len(expected)


def test_at_one_moment_the_last_row_of_the_source_is_the_last():
    data = small(
        [(user, item, "purchase", NAN, 7) for item in range(9) for user in range(6)], 6, 10, relevant=RELEVANT
    )
    for seed in range(3):
        shuffled = replace(data, interactions=data.interactions.sample(frac=1, random_state=seed))
        assert pairs_of(leave_last_out(shuffled).test) == {(user, 8) for user in range(6)}
        assert rows_of(global_time(shuffled).test) == list(range(43, 54))


@pytest.mark.parametrize("split", [global_time, leave_last_out])
def test_splits_by_time_ask_time_and_not_the_order_of_the_table(split):
    data = shop()
    shuffled = replace(data, interactions=data.interactions.sample(frac=1, random_state=3))
    assert rows_of(split(shuffled).test) == rows_of(split(data).test)


def test_cold_items_takes_a_tenth_with_everything():
    data = shop()
    seen_cold = []
    for seed in (101, 102, 103):
        split = cold_items(data, seed)
        cold = set(split.candidates.tolist())
        assert (
            len(cold) == 3
            and split.candidates.dtype == np.int32
            and split.candidates.tolist() == sorted(cold)
        )
        assert set(split.test["item"]) == cold and not set(split.train.interactions["item"]) & cold
        seen_cold.append(cold)
    assert len({frozenset(cold) for cold in seen_cold}) == 3


def test_folds_are_a_partition():
    data = shop()
    folds = [kfold5(data, fold) for fold in range(5)]
    assert sorted(row for split in folds for row in rows_of(split.test)) == rows_of(data.interactions)
    n_pairs = [len(pairs_of(split.test)) for split in folds]
    assert max(n_pairs) - min(n_pairs) <= 1


def test_relevant_pairs_by_a_loop():
    "Relevant by the card, not seen in train; all of them for a table with repeats"
    data = shop()
    split = global_time(data)
    good = split.test[is_relevant(split.test, RELEVANT)]
    wanted = pairs_of(good)
    hidden = pairs_of(split.train.interactions[split.train.interactions["event"].isin(SEEN)])
    assert wanted & hidden  # or this proves nothing
    for repeats, expected in ((False, wanted - hidden), (True, wanted)):
        got = split.relevant(repeats)
        assert list(zip(got["user"], got["item"], strict=True)) == sorted(expected)
    assert split.dropped == pytest.approx(len(wanted & hidden) / len(wanted))


def test_a_view_in_train_drops_nothing():
    data = small(
        [(0, 0, "view", NAN, 0), (1, 1, "purchase", NAN, 1), (0, 0, "purchase", NAN, 2)],
        2,
        2,
        relevant=RELEVANT,
    )
    train, test = data.where(np.array([True, True, False])), data.interactions.iloc[[2]]
    assert pairs_of(Split("s", "", train, test).relevant()) == {(0, 0)}


@pytest.mark.parametrize("name", ["global_time", "ratio75_item", "kfold5", "cold_items"])
def test_a_split_that_leaves_nothing_is_refused(name):
    data = small([(0, 0, "rating", 4, 0)], 1, 1)
    with pytest.raises(ValueError, match="leaves nothing to"):
        SHOP_SPLITS[name](data)


def test_what_the_data_does_not_allow():
    no_time, no_scale = (
        small([(0, 0, "rating", 4, 7), (1, 0, "rating", 4, 7)], 2, 1),
        small([(0, 0, "view", NAN, 0), (0, 0, "view", NAN, 1)], 1, 1, scale=None),
    )
    for data, name, reason in [
        (no_time, "global_time", "no timestamps"),
        (no_time, "leave_last_out", "no timestamps"),
        (no_time, "cold_items", "no text"),
        (no_time, "ml_folds", "without folds"),
        (no_scale, "kfold5", "no ratings"),
        (no_time, "u1", "unknown split 'u1'"),
    ]:
        with pytest.raises(ValueError, match=reason):
            make_split(data, name)


# --- splits on ml-100k


@pytest.mark.data
@pytest.mark.parametrize("seed", [42, 101])
def test_ratio75_item_of_ml100k_follows_the_recipe(test_data, seed):
    raw = raw_ratings(test_data)
    train = ratio75_by_hand(raw, seed)
    split = ratio75_item(ml100k(test_data), seed)
    assert (len(split.train.interactions), len(split.test)) == (75_066, 24_934) if seed == 42 else True
    assert rows_of(split.train.interactions) == sorted(train.index.tolist())
    data, frame = ml100k(test_data), split.train.interactions.sort_values("row")
    given = train.sort_index()
    assert data.users.decode(frame["user"]).tolist() == given["user"].tolist()
    assert data.items.decode(frame["item"]).tolist() == given["item"].tolist()
    assert frame["rating"].tolist() == given["rating"].tolist()
    assert frame["timestamp"].tolist() == given["timestamp"].tolist()


def recommenders_test_rows(ratings: pd.DataFrame, seed: int = 42) -> set[int]:
    """Return the test rows of Microsoft Recommenders' own shuffle

    As its `python_stratified_split(filter_by="item")` draws them: one random number per row in source order,
    rows sorted by item and number, the first 75 % of each item's rows (rounded) for training.
    """
    draws = np.random.RandomState(seed).rand(len(ratings))
    order = ratings.assign(draw=draws).sort_values(["item", "draw"]).groupby("item")
    is_test = order.cumcount() + 1 > (0.75 * order["item"].transform("size")).round()
    return set(is_test.index[is_test])


@pytest.mark.data
def test_ratio75_item_with_seed_42_is_another_shuffle_than_that_of_recommenders(test_data):
    "The recipe and the size of the test part are theirs, but the two share no more rows than by chance"
    theirs = recommenders_test_rows(raw_ratings(test_data))
    ours = set(rows_of(ratio75_item(ml100k(test_data), 42).test))
    assert (len(theirs), len(ours), len(theirs & ours)) == (24_934, 24_934, 6_246)
    assert abs(len(theirs & ours) / len(ours) - 0.25) < 0.005


@pytest.mark.data
def test_ms_stratified_of_ml100k_is_theirs_to_the_row(test_data):
    split = ms_stratified(ml100k(test_data))
    assert set(rows_of(split.test)) == recommenders_test_rows(raw_ratings(test_data))
    assert (len(split.train.interactions), len(split.test)) == (75_066, 24_934)


@pytest.mark.parametrize("seed", [0, 2])
def test_ratio90_holds_out_the_end_of_numpys_permutation(seed):
    rng = np.random.default_rng([17, seed])
    cells = rng.choice(30 * 20, 251, replace=False)
    data = small([(int(c) // 20, int(c) % 20, "rating", 3, n) for n, c in enumerate(cells)], 30, 20)
    kept = np.random.default_rng(seed).permutation(251)[:225]  # 225.9 rounded down
    assert rows_of(ratio90(data, seed).train.interactions) == sorted(kept.tolist())


def test_splits_on_request_are_in_no_report_that_does_not_name_them():
    data = shop()
    asked = {name for name, recipe in SPLITS.items() if recipe.on_request}
    assert asked == {"ms_stratified", "ratio90"}
    jobs, skipped = plan_jobs(data, ["popularity", "bias"], "all")
    assert not asked & {job.split for job in jobs} and not asked & set(skipped)
    named, _ = plan_jobs(data, ["popularity", "bias"], only=dict.fromkeys(asked, ()))
    assert {(job.split, job.split_seed) for job in named} == {
        ("ms_stratified", 42),
        *(("ratio90", seed) for seed in (0, 1, 2)),
    }


@pytest.mark.data
def test_kfold5_of_ml100k_is_surprises(test_data):
    import surprise
    from surprise.model_selection import KFold

    raw, data = raw_ratings(test_data), ml100k(test_data)
    theirs = surprise.Dataset.load_from_df(
        raw[["user", "item", "rating"]], surprise.Reader(rating_scale=(1, 5))
    )
    line = {pair: number for number, pair in enumerate(zip(raw["user"], raw["item"], strict=True))}
    for fold, (_, test) in enumerate(KFold(5, random_state=0).split(theirs)):
        split = kfold5(data, fold)
        assert rows_of(split.test) == sorted(line[user, item] for user, item, _ in test)
        assert len(split.train.interactions) == 80_000


@pytest.mark.data
def test_ml_folds_are_the_files(test_data):
    data = ml100k(test_data)
    for fold in range(1, 6):
        split = make_split(data, "ml_folds", fold)
        for frame, name in ((split.train.interactions, f"u{fold}.base"), (split.test, f"u{fold}.test")):
            raw = raw_ratings(test_data, name)
            theirs = sorted(zip(raw["user"], raw["item"], raw["rating"], raw["timestamp"], strict=True))
            ours = zip(
                data.users.decode(frame["user"]),
                data.items.decode(frame["item"]),
                frame["rating"],
                frame["timestamp"],
                strict=True,
            )
            assert sorted(ours) == theirs
    assert rows_of(ml_folds(data, 1).test) != rows_of(ml_folds(data, 2).test)


@pytest.mark.data
def test_time_splits_of_ml100k(test_data):
    data, raw = ml100k(test_data), raw_ratings(test_data)
    raw = raw.assign(row=np.arange(len(raw)))
    ordered = raw.sort_values(["timestamp", "row"])
    split = global_time(data)
    assert rows_of(split.test) == sorted(ordered["row"].tail(20_000))
    known = set(split.train.interactions["user"])
    users = split.test["user"].unique()
    assert (len(users), sum(user in known for user in users)) == (301, 109)  # as the protocol says
    last = ordered.groupby("user").tail(1)
    assert rows_of(leave_last_out(data).test) == sorted(last["row"])


@pytest.mark.data
def test_source_order_is_the_order_of_the_lines(test_data):
    "Every seeded split leans on it"
    data, raw = ml100k(test_data), raw_ratings(test_data)
    assert data.interactions["row"].tolist() == list(range(100_000))
    assert data.users.decode(data.interactions["user"]).tolist() == raw["user"].tolist()


def test_no_split_is_forgotten_here():
    assert set(SPLITS) == {*SHOP_SPLITS, "ml_folds", "own_split"}  # these come with the data

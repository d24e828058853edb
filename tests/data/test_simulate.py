"The demo shop: its shape, its determinism, and that what it plants can be found again"

import numpy as np
import pandas as pd
import pytest

from customer360.data.products import make_products
from customer360.data.simulate import START, SimulatedShop, simulate
from customer360.schema import EventType, Tables, check_interactions, is_relevant

DAY = 86_400
TABLES = ("interactions", "items", "customers")


@pytest.fixture(scope="module")
def shop() -> SimulatedShop:
    return simulate(seed=0, n_customers=400, n_items=200)


@pytest.fixture(scope="module")
def full() -> SimulatedShop:
    return simulate()


def test_schema(shop):
    tables = shop.tables
    check_interactions(tables.interactions, tables.facts.scale)
    assert list(tables.items) == ["item", "title", "text", "category", "brand", "price", "available"]
    assert list(tables.customers) == ["user", "name", "segment", "country", "age_band", "device"]
    assert (len(tables.customers), len(tables.items)) == (400, 200)
    assert tables.interactions["row"].tolist() == list(range(len(tables.interactions)))
    for table in (tables.items, tables.customers):
        assert not table.isna().any(axis=None)
    assert tables.items["title"].is_unique and tables.items["text"].is_unique
    assert tables.items["price"].gt(0).all()


def test_products_of_one_kind_are_told_apart_by_brand_and_edition():
    small, large = (make_products(0, n, 365).items["title"] for n in (400, 2_000))
    assert large.is_unique and not large.str.contains(r", no\. \d").any()
    brands = large.str.contains(", by ")
    assert brands.sum() > 200 and large[brands].str.extract(r"^(.+), by ")[0].isin(large).all()
    assert not small.str.contains(", by | edition$").any(), "what the models that come along have read"


def test_parquet_round_trip(shop, tmp_path):
    shop.tables.save(tmp_path)
    loaded = Tables.load(tmp_path, shop.tables.facts)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(shop.tables, name))


def test_full_size(full):
    events = full.tables.interactions["event"].value_counts()
    assert (len(full.tables.customers), len(full.tables.items)) == (2000, 1000)
    assert 150_000 <= len(full.tables.interactions) <= 250_000
    assert 15_000 <= events["purchase"] <= 25_000
    assert 12_000 <= events["rating"] <= 20_000
    assert full.tables.items["category"].nunique() == 12
    assert 0.9 < full.tables.items["available"].mean() < 0.98
    assert full.tables.interactions["user"].nunique() == 2000  # everyone came at least once


def test_every_kind_of_event_in_funnel_order(shop):
    counts = shop.tables.interactions["event"].value_counts()
    assert set(counts.index) == {str(kind) for kind in EventType}
    assert counts[["impression", "view", "click", "cart", "purchase", "rating"]].is_monotonic_decreasing


def test_same_seed_same_shop(shop):
    again, other = simulate(0, 400, 200), simulate(1, 400, 200)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(again.tables, name), getattr(shop.tables, name), check_exact=True
        )
        assert not getattr(other.tables, name).equals(getattr(shop.tables, name))
    np.testing.assert_array_equal(again.truth.matrix(), shop.truth.matrix())


def test_nothing_before_it_was_possible(shop):
    frame = shop.tables.interactions
    assert frame["timestamp"].is_monotonic_increasing
    assert frame["timestamp"].between(START, START + 365 * DAY - 1).all()
    first = frame.groupby(["user", "item", "event"])["timestamp"].min().unstack()
    for earlier, later in (
        ("impression", "view"),
        ("view", "click"),
        ("click", "cart"),
        ("cart", "purchase"),
        ("purchase", "rating"),
        ("click", "like"),
        ("view", "dismiss"),
    ):
        reached = first[later].notna()
        assert first.loc[reached, earlier].notna().all(), f"{later} without {earlier}"
        assert (first.loc[reached, earlier] <= first.loc[reached, later]).all(), f"{later} before {earlier}"


def test_repeats_only_of_what_gets_used_up(shop):
    bought = shop.tables.interactions.query("event == 'purchase'")
    again = bought[bought.duplicated(["user", "item"])]
    categories = shop.tables.items.set_index("item")["category"][again["item"]]
    assert len(again) and set(categories) <= {"Coffee & tea", "Pantry", "Candles & bath"}
    for once in ("rating", "like", "dismiss"):
        assert (
            not shop.tables.interactions[shop.tables.interactions["event"] == once]
            .duplicated(["user", "item"])
            .any()
        )


def test_withdrawn_products_are_not_shown_at_the_end(full):
    gone = full.tables.items.loc[~full.tables.items["available"], "item"]
    last_day = full.tables.interactions.query("event == 'impression' and timestamp >= @START + 364 * @DAY")
    assert len(gone) and len(last_day) and not last_day["item"].isin(gone).any()


def test_ratings_are_whole_stars_on_ratings_alone(shop):
    frame = shop.tables.interactions
    assert (frame["rating"].notna() == (frame["event"] == "rating")).all()
    assert set(frame["rating"].dropna()) == {1, 2, 3, 4, 5}


def test_the_truth(full):
    rated = full.tables.interactions.dropna(subset="rating")
    users, items = full.codes(rated)
    true = full.truth.preference(users, items)
    assert true.dtype == np.float32 and true.min() >= 1 and true.max() <= 5
    floor, spread = full.noise_floor(), rated["rating"].std()
    assert 0.7 < floor < 0.85 and 1.05 < spread < 1.3
    # the oracle is unbiased: in every band of true preference, the mean rating is the true one
    bands = (
        pd.DataFrame({"true": true, "rating": rated["rating"]}).groupby(pd.qcut(true, 8, labels=False)).mean()
    )
    np.testing.assert_allclose(bands["true"], bands["rating"], atol=0.08)
    # no reshaping of the truth beats it by more than luck
    for other in (true + 0.1, true - 0.1, 0.9 * true + 0.1 * true.mean()):
        assert np.sqrt(np.mean((other - rated["rating"]) ** 2)) > floor


def test_codes_are_table_rows(shop):
    frame = pd.DataFrame({"user": ["c0003", "nobody"], "item": ["p0001", "p0002"]})
    users, items = shop.codes(frame)
    assert users.tolist() == [2, -1] and items.tolist() == [0, 1]
    test = shop.tables.interactions.iloc[-2000:]
    assert 0.5 < shop.noise_floor(test) < 1.1


def test_planted_structure_is_found(full):
    "EASE, which knows nothing of the simulation, recommends far better than popularity"
    users, items = full.codes(full.tables.interactions)
    shape = (len(full.tables.customers), len(full.tables.items))
    good = np.zeros(shape, bool)
    relevant = is_relevant(full.tables.interactions, full.tables.facts.relevant)
    good[users[relevant], items[relevant]] = True
    test = good & (np.random.default_rng(0).random(shape) < 0.25)
    train = (good & ~test).astype(np.float32)
    inverse = np.linalg.inv(train.T @ train + 200 * np.eye(shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)

    def recall(scores: np.ndarray) -> float:
        top = np.argpartition(-np.where(train > 0, -np.inf, scores), 10, axis=1)[:, :10]
        return (np.take_along_axis(test, top, 1).sum(1) / np.maximum(test.sum(1), 1))[test.any(1)].mean()

    popularity, ease, oracle = (
        recall(np.broadcast_to(train.sum(0), shape)),
        recall(train @ weights),
        recall(full.truth.matrix()),
    )
    assert ease > 1.5 * popularity
    assert oracle > ease


@pytest.mark.parametrize(
    ("n_customers", "n_items", "days"), [(1, 1, 1), (5, 5, 365), (5, 1, 30), (1, 20, 400), (30, 13, 7)]
)
def test_small_shops(n_customers, n_items, days):
    shop = simulate(3, n_customers, n_items, days)
    assert (len(shop.tables.customers), len(shop.tables.items)) == (n_customers, n_items)
    assert len(shop.tables.interactions) >= n_customers
    assert np.isfinite(shop.truth.matrix()).all()
    assert shop.tables.interactions["timestamp"].max() < START + days * DAY


@pytest.mark.parametrize(
    "bad",
    [
        {"n_customers": 0},
        {"n_items": -3},
        {"days": 0},
        {"seed": -1},
        {"n_items": 2.5},
        {"n_customers": "many"},
        {"days": True},
    ],
)
def test_bad_arguments(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least .*: got {value!r}"):
        simulate(**bad)

"""Files as people have them: ids, words for nothing, times, copies and ratings that mean something else."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer360.data.cards import Card, FileOptions, IngestError, card_from_options, make_card
from customer360.data.ingest import IngestResult, ingest
from customer360.data.prepare import dataset
from customer360.data.splits import leave_last_out, make_split
from customer360.schema import EventType

USERS = [f"u{n}" for n in range(8)]
ITEMS = [str(n) for n in range(8)]
PAIRS = [(user, item) for n, (user, item) in enumerate(product(USERS, ITEMS)) if n % 3]


def frame(**more) -> pd.DataFrame:
    table = pd.DataFrame(PAIRS, columns=["user", "item"])
    return table.assign(**more)


def save(folder: Path, table: pd.DataFrame, name: str = "r.csv") -> Path:
    path = folder / name
    match path.suffix:
        case ".csv":
            table.to_csv(path, index=False)
        case ".jsonl":
            table.to_json(path, orient="records", lines=True)
        case ".parquet":
            table.to_parquet(path, index=False)
        case ".xlsx":
            table.to_excel(path, index=False)
    return path


def read(path: Path, items: Path | None = None, **options) -> IngestResult:
    return ingest(card_from_options(FileOptions(path, "user", "item", items=items, **options)))


def with_card(path: Path, facts: dict | None = None, **interactions) -> Card:
    columns = interactions.pop("columns", {"user": "user", "item": "item"})
    parts = {
        "facts": {"name": "mine", "relevant": {"purchase": True}} | (facts or {}),
        "interactions": {"file": path.name, "event": "purchase", "columns": columns} | interactions,
    }
    return make_card("mine.toml", parts | {"home": path.parent})


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".xlsx"])
@pytest.mark.parametrize("ids", [int, float, "gaps"])
def test_a_number_is_the_same_id_in_every_format(tmp_path, ending, ids):
    table = frame()
    table["item"] = table["item"].astype(int if ids is int else float)
    if ids == "gaps":
        table.loc[len(table)] = ["u1", np.nan]
    items = save(
        tmp_path, pd.DataFrame({"item": range(8), "title": [f"Film {n}" for n in range(8)]}), "i.csv"
    )
    got = read(save(tmp_path, table, f"r{ending}"), items)
    assert sorted(got.tables.items["item"]) == ITEMS and got.counts["items_added"] == 0
    assert len(got.tables.interactions) == len(PAIRS)


def test_zeros_in_front_and_texts_beside_numbers_stay(tmp_path):
    got = read(save(tmp_path, frame(item=[f"00{item}" for _, item in PAIRS])))
    assert got.tables.items["item"].str.startswith("00").all()
    versions = frame(item=["A-7" if item == "0" else f"{item}.0" for _, item in PAIRS])
    assert {"A-7", "7.0"} <= {*read(save(tmp_path, versions)).tables.items["item"]}


LIKELY = {
    "case": (lambda item: f"SKU{item}", lambda item: f"sku{item}", "item=lower"),
    "zeros": (lambda item: item, lambda item: f"{item:0>5}", "item=number"),
    "prefix": (lambda item: f"item_{item}", lambda item: item, "item=item_(.+)"),
    "prefix there": (lambda item: item, lambda item: f"tt{item}", "item=tt(.+)"),
    "address": (
        lambda item: item,
        lambda item: f"https://shop.example/p/{item}.html",
        r"item=https://shop\.",
    ),
    "quotes": (lambda item: f"'{item}'", lambda item: item, "item='(.+)'"),
    "some floats": (
        lambda item: f"{item}.0" if item != "0" else "x",
        lambda item: item if item != "0" else "x",
        "0+",
    ),
}


@pytest.mark.parametrize("kind", LIKELY)
def test_ids_that_do_not_meet_stop_with_examples_and_a_rule_that_works(tmp_path, kind):
    ours, theirs, rule = LIKELY[kind]
    path = save(tmp_path, frame(item=[ours(item) for _, item in PAIRS]))
    items = save(tmp_path, pd.DataFrame({"item": map(theirs, ITEMS), "title": "Film"}), "i.csv")
    with pytest.raises(IngestError, match=r"i\.csv: only [01] of the 8 item ids") as told:
        read(path, items)
    assert rule in str(told.value) and repr(theirs("1")) in str(told.value)
    stated = str(told.value).split("ids = {item = '", 1)[1].split("'} on the card", 1)[0]
    assert read(path, items, ids={"item": stated}).counts["items_added"] == 0


def test_blanks_around_ids_do_not_count(tmp_path):
    items = save(tmp_path, pd.DataFrame({"item": [f" {item} " for item in ITEMS], "title": "Film"}), "i.csv")
    got = read(save(tmp_path, frame(user=[f"{user} " for user, _ in PAIRS])), items)
    assert got.counts["items"] == 8 and sorted(got.tables.customers["user"]) == USERS


def test_another_column_with_the_ids_is_named(tmp_path):
    table = pd.DataFrame({"item": [f"row{n}" for n in range(8)], "asin": ITEMS, "title": "Film"})
    with pytest.raises(IngestError, match=r"Its column 'asin' has these ids.*--item-id asin"):
        read(
            save(tmp_path, frame(item=[f"B{i}" for _, i in PAIRS])),
            save(tmp_path, table.assign(asin="B" + table["asin"]), "i.csv"),
        )


def test_few_missing_items_are_counted_and_any_goes_on(tmp_path):
    path = save(tmp_path, frame())
    items = save(tmp_path, pd.DataFrame({"item": ITEMS[1:], "title": "Film"}), "i.csv")
    assert any("1 of the 8 items" in note and "'0'" in note for note in read(path, items).notes)
    other = save(tmp_path, pd.DataFrame({"item": ["x", "y"], "title": "Film"}), "i.csv")
    assert read(path, other, ids={"item": "any"}).counts["items"] == 10


WORDS = ["NA", "NULL", "\\N", "nan", "None", "-", "N/A", "0", "-1", "unknown"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("side", ["user", "item"])
def test_a_frequent_word_for_nothing_stops_and_can_be_left_out(tmp_path, word, side):
    films = frame(item=[f"i{item}" for _, item in PAIRS])
    times = 6 if word in ("0", "-1", "unknown") else 2
    table = pd.concat([films, *[films.assign(**{side: word})] * times]).sample(frac=1, random_state=0)
    path = save(tmp_path, table)
    with pytest.raises(IngestError, match="a word for nothing") as told:
        read(path)
    assert repr(word) in str(told.value) and f"--missing {word}" in str(told.value)
    assert f"--ids {side}=any" in str(told.value)
    card = card_from_options(FileOptions(path, "user", "item"))
    left = {"missing": [word], "duplicates": "keep"}
    got = ingest(card.model_copy(update={"interactions": card.interactions.model_copy(update=left)}))
    names = got.tables.customers["user"] if side == "user" else got.tables.items["item"]
    assert word not in set(names) and got.counts["kept"] == len(PAIRS)
    assert got.filtered[f"no {side} id"] == len(table) - len(PAIRS)
    assert word in set(read(path, ids={side: "any"}).tables.interactions[side])


def test_a_rare_word_is_asked_about(tmp_path):
    path = save(tmp_path, frame(item=["NA" if item == "3" else f"i{item}" for _, item in PAIRS]))
    got = read(path)
    assert "NA" in set(got.tables.items["item"]) and any(
        "'NA'" in n and "--missing NA" in n for n in got.notes
    )


PRICES = {
    "N/A": np.nan,
    "$4.99": 4.99,
    "1,299.00": 1299,
    "4,99 €": 4.99,
    "USD 12": 12,
    "free": np.nan,
    "NULL": np.nan,
    "£1 299.50": 1299.5,
}


@pytest.mark.parametrize("price", PRICES)
def test_a_price_that_cannot_be_read_costs_no_item(tmp_path, price):
    prices = [price, "1.5", "", price, *["3"] * 4]
    items = save(tmp_path, pd.DataFrame({"item": ITEMS, "title": "Film", "price": prices}), "i.csv")
    got = read(save(tmp_path, frame()), items)
    shown = got.tables.items["price"].to_numpy()
    assert np.array_equal(shown[:3], [PRICES[price], 1.5, np.nan], equal_nan=True)
    assert got.rejects.empty and any("price" in note and repr(price) in note for note in got.notes)


STARS = {"0": (1, 10), "-1": (1, 10), "99": (-10, 10), "0.0": (0.5, 5), "-99": (0, 100)}


@pytest.mark.parametrize("value", STARS)
def test_a_value_off_the_scale_that_means_not_rated(tmp_path, value):
    stars = [value if n % 2 else str(1 + n % 4) for n in range(len(PAIRS))]
    path, number = save(tmp_path, frame(stars=stars)), f"{float(value):g}"
    with pytest.raises(IngestError, match="probably means 'not rated'") as told:
        read(path, rating="stars", scale=STARS[value])
    assert f"the rating {number} alone is off the scale" in str(
        told.value
    ) and f"--where 'stars!={number}'" in str(told.value)
    card = card_from_options(FileOptions(path, "user", "item", rating="stars", scale=STARS[value]))
    rule = {"reason": "not rated", "column": "stars", "test": "equals", "value": float(value)}
    spec = card.interactions.model_validate(card.interactions.model_dump() | {"filters": [rule]})
    got = ingest(card.model_copy(update={"interactions": spec}))
    assert got.filtered == {"not rated": len(PAIRS) // 2}


def test_a_rule_that_matches_nothing_is_named(tmp_path):
    rule = {"reason": "not rated", "column": "item", "test": "equals", "value": -1}
    got = ingest(with_card(save(tmp_path, frame()), filters=[rule]))
    assert any("'not rated'" in note and "matches no row" in note for note in got.notes)


@pytest.mark.parametrize(
    ("times", "what", "unit"),
    [
        ([str(2015 + n % 8) for n in range(42)], "years", "%Y"),
        ([f"{45292.5 + n}" for n in range(42)], "day numbers of Excel", "excel"),
        ([str(202401 + n % 12) for n in range(42)], "months", "%Y%m"),
        ([str(19_700 + n) for n in range(42)], "days since 1970", "days since 1970-01-01"),
        ([str(725_000_000 + 86_400 * n + 7 * n * n) for n in range(42)], "seconds since 2001", "s since 2001-01-01"),
        ([f"202401{1 + n % 28:02d}0945" for n in range(42)], "times such as", "%Y%m%d%H%M"),
        ([str(638_396_640_000_000_000 + 864_000_000_000 * n) for n in range(42)], "ticks of .NET", "100ns since 0001-01-01"),
        ([f"{2015 + n % 8}.0" for n in range(42)], "years", "%Y"),
    ],
)  # fmt: skip
def test_numbers_that_are_no_seconds_are_refused_and_read_when_stated(tmp_path, times, what, unit):
    path = save(tmp_path, frame(when=times[: len(PAIRS)]))
    with pytest.raises(IngestError, match=what) as told:
        read(path, timestamp="when")
    assert f'--time-format "{unit}"' in str(told.value) and times[0] in str(told.value)
    when = pd.to_datetime(
        read(path, timestamp="when", time_format=unit).tables.interactions["timestamp"], unit="s"
    )
    assert when.min().year >= 2014 and when.max().year <= 2027


@pytest.mark.parametrize("step", [1, 60, 1000])
def test_a_counter_is_an_order(tmp_path, step):
    table = frame(when=[str(step * n) for n in range(len(PAIRS))])
    data = dataset(read(save(tmp_path, table), timestamp="when").tables)
    assert not data.facts.day_times and len(make_split(data, "global_time").test)


def test_a_constant_time_is_none(tmp_path):
    data = dataset(read(save(tmp_path, frame(when="2024-01-31")), timestamp="when").tables)
    with pytest.raises(ValueError, match="it has no timestamps that differ"):
        make_split(data, "global_time")


def purchases(days: bool = True) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    rows = pd.DataFrame({"user": draw.integers(0, 150, 4000), "item": draw.integers(10, 70, 4000)})
    rows = rows.drop_duplicates()
    when = 1_704_067_200 + 86_400 * 31 * draw.integers(0, 2, len(rows))
    return rows.assign(when=when + (0 if days else 41_417 + 7 * rows["user"])).astype("str")


ORDERS = {
    "by item": lambda t: t.sort_values(["user", "when", "item"]),
    "by item, falling": lambda t: t.sort_values("item", ascending=False, kind="stable"),
    "by popularity": lambda t: t.assign(n=t["item"].map(t["item"].value_counts())).sort_values(
        "n", kind="stable"
    ),
    "by user": lambda t: t.sort_values("user", kind="stable"),
    "shuffled": lambda t: t.sample(frac=1, random_state=9),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["leave_last_out", "global_time"])
def test_the_order_within_a_day_is_not_that_of_the_lines(tmp_path, order, name):
    tables = [
        read(save(tmp_path, each), timestamp="when").tables
        for each in (purchases(), ORDERS[order](purchases()))
    ]
    assert all(each.facts.day_times for each in tables)
    tests = []
    for each in tables:
        data = dataset(each)
        test = make_split(data, name).test
        tests.append(
            sorted(zip(data.users.decode(test["user"]), data.items.decode(test["item"]), strict=True))
        )
    assert tests[0] == tests[1]


def test_sorted_lines_of_one_second_are_drawn_and_others_stay(tmp_path):
    table = purchases(days=False).sort_values("item")
    got = read(save(tmp_path, table), timestamp="when")
    assert any("their order is drawn" in note for note in got.notes) and not got.tables.facts.day_times
    seconds = table.assign(when=(np.arange(len(table)) * 7 + 1_700_000_000).astype(str))
    got = read(save(tmp_path, seconds), timestamp="when")
    assert not got.notes and got.tables.interactions["item"].tolist() == seconds["item"].tolist()


INDEX = {
    "no name": ("", lambda n: str(n)),
    "Unnamed: 0": ("Unnamed: 0", lambda n: str(n)),
    "id": ("id", lambda n: str(900 + n)),
    "uuid": ("key", lambda n: f"{n:08x}-{n * 7919:06x}"),
    "batch": ("batch", lambda n: str(n // 40)),
}


@pytest.mark.parametrize("name", INDEX)
@pytest.mark.parametrize("times", ["seconds", "days", "none"])
def test_copies_behind_an_index_column(tmp_path, name, times):
    column, value = INDEX[name]
    table = frame(when=[1_700_000_000 + 86_401 * n for n in range(len(PAIRS))])
    if times == "days":
        table["when"] = pd.to_datetime(table["when"], unit="s").dt.strftime("%Y-%m-%d")
    table = pd.concat([table, table.head(6)], ignore_index=True)
    table.insert(0, column, [value(n) for n in range(len(table))])
    columns = {"user": "user", "item": "item"} | ({"timestamp": "when"} if times != "none" else {})
    path = save(tmp_path, table if times != "none" else table.drop(columns="when"))
    got = ingest(with_card(path, repeats="detect", columns=columns))
    if name == "batch" and times != "seconds":  # what somebody does twice a day may be told by another column
        assert got.counts["kept"] == len(PAIRS) + 6
    else:
        assert got.counts["rejected"] == 6 and not got.tables.facts.repeats


@pytest.mark.parametrize("value", ["1", "5", "3.5", "1.0"])
def test_ratings_that_are_all_the_same_are_choices(tmp_path, value):
    got = read(save(tmp_path, frame(stars=value)), rating="stars", scale=(1, 5))
    assert got.tables.facts.scale is None and got.tables.interactions["rating"].isna().all()
    assert any("RMSE would say nothing" in note for note in got.notes)
    assert set(got.tables.interactions["event"]) == {EventType.rating}
    assert dataset(got.tables).histories.weight.nnz == len(PAIRS)


@pytest.mark.parametrize("between", [",", ", ", " ; ", "|", " | "])
def test_several_categories_in_a_cell(tmp_path, between):
    lists = [
        between.join(each)
        for each in (("a", "b"), ("b",), ("b", "c"), ("a", "c"), ("c",), ("a",), ("b", "a"))
    ]
    table = pd.DataFrame({"item": ITEMS, "title": "Film", "category": [*lists, "N/A"]})
    got = read(save(tmp_path, frame()), save(tmp_path, table, "i.csv"))
    assert got.tables.items["category"].tolist() == ["a|b", "b", "b|c", "a|c", "c", "a", "b|a", ""]


def test_weights_above_one_say_what_they_do(tmp_path):
    got = read(save(tmp_path, frame(n=[str(1 + n % 9) for n in range(len(PAIRS))])), weight="n")
    assert any("run to 9" in note and "capped at 1" in note for note in got.notes)


def test_leave_last_out_on_noise_says_nothing_about_popularity(tmp_path):
    tables = read(save(tmp_path, ORDERS["by item"](purchases())), timestamp="when").tables
    data = dataset(tables)
    held = data.items.decode(leave_last_out(data).test["item"]).astype(int)
    assert abs(held.mean() - data.items.ids.astype(int).mean()) < 4  # sorted lines gave the highest numbers

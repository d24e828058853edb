"What has the same time is in the order of a second column, where one is named"

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer360 import config
from customer360.cli_options import ReportOptions
from customer360.data.cards import IngestError
from customer360.data.combine import read_stored, tentative_store
from customer360.data.ingest import ingest
from customer360.data.ingest_store import ingest_into_store
from customer360.data.prepare import dataset
from customer360.data.splits import make_split
from customer360.data.times import parse_order

DAY = "2024-03-05"
PLACES = {
    "numbers": ("2", "10", "1"),
    "numbers with a comma": ("2,5", "10,0", "-1,25"),
    "a clock": ("09:30", "10:05", "9:05"),
    "seconds": ("09:30:01", "09:30:01.5", "09:30:00"),
    "dates": ("2024-03-05T09:30:00Z", "2024-03-05T11:30:00+02:00", "2024-03-04"),
    "an empty one is last": ("3", "", "2"),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    config.settings.cache_clear()
    yield tmp_path
    config.settings.cache_clear()


def card(line: str = "", name: str = "orders.csv"):
    words = shlex.split(f"--user who --item what --timestamp day --order-by line {line}")
    given = {
        option[2:].replace("-", "_"): value for option, value in zip(words[::2], words[1::2], strict=True)
    }
    return ReportOptions(interactions=name, **given).source().card


def write(places, more: str = "") -> None:
    items = ("b", "c", "a")  # by place: a, b, c
    rows = [
        f'u{user};{item}{user};{DAY};"{place}"\n'
        for user in range(9)
        for item, place in zip(items, places, strict=True)
    ]
    other = "".join(f"u{user};x{user};2024-03-02;1\n" for user in range(9))
    Path("orders.csv").write_text("who;what;day;line\n" + "".join(rows) + other + more)


def in_order(table: pd.DataFrame) -> list[str]:
    "The items of a customer, the first letter of each"
    frame = table[table["user"] == "u4"].sort_values(["timestamp", "row"])
    return [item[0] for item in frame["item"] if item[0] != "x"]


@pytest.mark.parametrize("kind", PLACES)
def test_a_tie_is_resolved(home, kind):
    write(PLACES[kind])
    made = ingest(card("--decimal ,"))
    last = ["a", "c", "b"] if kind == "dates" else ["a", "b", "c"]
    if kind == "dates":
        assert parse_order(pd.Series(PLACES[kind], dtype="str"))[:2].tolist() == [1709631000.0] * 2
        assert sorted(in_order(made.tables.interactions)[1:]) == ["b", "c"]  # the same moment: drawn
        return
    assert in_order(made.tables.interactions) == last
    assert "in the order of the column" in " ".join(made.notes) and "drawn" not in " ".join(made.notes)
    assert list(made.tables.interactions) == ["user", "item", "event", "rating", "weight", "timestamp", "row"]
    held_out = make_split(dataset(made.tables), "leave_last_out").test
    assert len(held_out) == 9 and {
        item[0] for item in dataset(made.tables).items.decode(held_out["item"])
    } == {"c"}


def test_without_it_the_order_is_drawn(home):
    write(("2", "3", "1"))
    plain = card().model_copy(deep=True)
    columns = {name: column for name, column in plain.interactions.columns.items() if name != "order"}
    spec = plain.interactions.model_copy(update={"columns": columns})
    made = ingest(plain.model_copy(update={"interactions": spec}))
    assert "drawn" in " ".join(made.notes)
    orders = {
        tuple(i[0] for i in rows["item"] if i[0] != "x")
        for _, rows in made.tables.interactions.groupby("user")
    }
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("line", "places", "says"),
    [
        ("", ("first", "second", "third"), "the place in order is neither a number nor a time"),
        (
            "",
            ("2nd", "x", "?"),
            "Use numbers or times: add --order-by line",
        ),
        ("--order-by lines", ("1", "2", "3"), "no column 'lines' among ['who', 'what', 'day', 'line']"),
    ],
)
def test_a_bad_column_is_told(home, line, places, says):
    from customer360.data.card_parts import naming

    write(places)
    with naming("options"), pytest.raises(IngestError) as said:
        ingest(card(line))
    assert says in str(said.value)


def test_a_column_that_tells_nothing_is_told(home):
    write(("7", "7", "7"))
    assert "tells nothing of it" in " ".join(ingest(card()).notes)


def test_some_bad_places_are_rejected_rows(home):
    write(("2", "3", "1"), "u1;z;2024-03-06;x\n")
    made = ingest(card())
    assert made.rejects["reason"].tolist() == ["the place in order is neither a number nor a time"]


def test_copies_are_found_beside_an_index_column(home):
    rows = [f"u{n},i{n},{DAY}T10:00:{n:02}" for n in range(30)]
    lines = [f"{row},{n}\n" for n, row in enumerate([*rows, rows[3]])]
    Path("orders.csv").write_text("who,what,day,line\n" + "".join(lines))
    assert ingest(card()).rejects["reason"].tolist() == ["duplicate row"]


def test_the_store_keeps_the_order_and_what_comes_later_is_later(home):
    write(("2", "3", "1"))
    shop = card()
    with tentative_store("", shop.name) as store:
        ingest_into_store(shop, home, store)
        got = read_stored(store, shop)
        assert got.tables.interactions["order"].is_monotonic_increasing
        assert in_order(got.tables.interactions) == ["a", "b", "c"]
        with open("orders.csv", "a") as file:
            file.write(f"u4;e4;{DAY};2\nu4;d4;{DAY};1\n")
        ingest_into_store(shop, home, store)
        assert in_order(read_stored(store, shop).tables.interactions) == ["a", "b", "c", "d", "e"]


def test_what_the_column_leaves_tied_is_drawn():
    from customer360.data.tied_times import order_ties
    from customer360.schema import interactions

    rng = np.random.default_rng(0)
    table = interactions(
        [f"u{n // 10}" for n in range(400)],
        [f"i{n:03}" for n in rng.permutation(400)],
        "purchase",
        timestamp=[1_700_006_400 + 86_400 * (n % 2) for n in range(400)],
    ).assign(order=np.arange(400) % 10 // 8)
    turned = table.iloc[::-1].reset_index(drop=True).assign(row=np.arange(400))
    (one, why), (other, _) = (
        order_ties(table.astype({"order": float})),
        order_ties(turned.astype({"order": float})),
    )
    assert one["item"].tolist() == other["item"].tolist() and "leaves 80.0% of them tied" in why

"From files to the store and back: the same tables, once, whatever interrupts"

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from postgres import postgres
from typer.testing import CliRunner

from customer360 import config
from customer360.cli import app
from customer360.data.cards import Card, make_card, read_card
from customer360.data.ingest import read_source
from customer360.data.ingest_store import ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store
from customer360.data.store.ingest_tables import INTERACTION_ROWS
from customer360.schema import SchemaError, Tables


@pytest.fixture(scope="module")
def cluster():
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    "Return the URL of an empty database"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store'}/shop.sqlite"
    return request.getfixturevalue("cluster").create(f"s{abs(hash(request.node.nodeid))}")


@pytest.fixture
def raw(tmp_path) -> RawStore:
    return RawStore(tmp_path / "raw")


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    config.settings.cache_clear()
    yield
    monkeypatch.undo()
    config.settings.cache_clear()


def same_tables(a: Tables, b: Tables) -> None:
    "Every value, column, type and position is equal"
    assert a.facts == b.facts
    for name in ("interactions", "items", "customers"):
        pd.testing.assert_frame_equal(getattr(a, name), getattr(b, name), check_exact=True)


def from_files(card: Card, folder: Path) -> Tables:
    return read_source(card, folder).tables


LINES = [
    "who,what,stars,at,name,cost",
    "ada,tea,4,1600000000,Tea,4.5",
    "bob,tea,,1600000060,TEA,4.0",
    "ada,pot,5,1600000120,Pot,20",
    "ada,tea,4,1600000000,Tea,4.5",
    "cleo,mug,3,1500000000,,7",
    "bob,mug,2,1600000180,Mug,8",
]


def shop(folder: Path, lines: list[str], duplicates: str = "keep", **more) -> Card:
    "A card whose items come from the interactions"
    folder.mkdir(exist_ok=True)
    (folder / "till.csv").write_text("\n".join(lines) + "\n")
    names = {"user": "who", "item": "what", "rating": "stars", "timestamp": "at"}
    parts = {
        "facts": {"name": "shop", "scale": [1, 5]},
        "interactions": {"file": "till.csv", "event": "view", "columns": names, "duplicates": duplicates}
        | {"filters": [{"reason": "cheap", "column": "cost", "test": "<", "value": 1}]}
        | more,
        "items": {"columns": {"item": "what", "title": "name", "price": "cost"}, "text": ["title"]},
    }
    return make_card("shop", parts)


def test_the_store_gives_back_the_tables_of_the_files(url, tmp_path, raw):
    card = shop(tmp_path / "files", LINES)
    with Store.open(url) as store:
        found = ingest_into_store(card, tmp_path / "files", store, raw, progress=False)
        assert (found.rows, found.new, found.number) == (6, 6, 1)
        same_tables(store.interactions.tables(card.facts), from_files(card, tmp_path / "files"))
        again = ingest_into_store(card, tmp_path / "files", store, raw, progress=False)
        assert (again.number, again.rows, again.new) == (0, 0, 0)


@pytest.mark.parametrize("duplicates", ["keep", "reject"])
def test_added_lines_come_out_as_if_all_had_been_read_at_once(url, tmp_path, raw, duplicates):
    "Medians, commonest titles, occurrences of equal rows, late events and new ids included"
    more = [
        "ada,tea,4,1600000000,Tea,4.5",
        "bob,tea,1,1400000000,TEA,6",
        "dora,tea,1,1600000300,TEA,6",
        "dora,lid,2,1600000301,Lid,3",
        "bob,lid,2,1600000301,Lid,3",
    ]
    lines = LINES if duplicates == "keep" else [*LINES, *(f"u{n},tea,1,{n},Tea,5" for n in range(60))]
    card = shop(tmp_path / "files", lines, duplicates)
    with Store.open(url) as store:
        ingest_into_store(card, tmp_path / "files", store, raw, progress=False)
        first = store.interactions.tables(card.facts)
        card = shop(tmp_path / "files", [*lines, *more], duplicates)
        found = ingest_into_store(card, tmp_path / "files", store, raw, progress=False)
        assert (found.rows, found.known) == (5, 0 if duplicates == "keep" else 1)
        same_tables(store.interactions.tables(card.facts), from_files(card, tmp_path / "files"))
        same_tables(store.interactions.tables(card.facts, upto_ingest=1), first)
        objects = raw.manifests("shop")[1]["objects"]
        assert [each["bytes"] for each in objects] == [len("\n".join(more)) + 1]


def test_rows_that_lie_shuffled_in_the_database_come_out_in_order(cluster, tmp_path, raw):
    lines = [LINES[0], *(f"u{n * 7 % 90},i{n * 11 % 40},{n % 5 + 1},{n},Item {n % 40},5" for n in range(900))]
    card = shop(tmp_path / "files", lines, "keep")
    with Store.open(cluster.create("shuffled")) as store:
        ingest_into_store(card, tmp_path / "files", store, raw, progress=False)
        with store.engine.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("CLUSTER interactions USING interactions_event_id_key")
            connection.exec_driver_sql("UPDATE interactions SET weight = weight WHERE mod(row, 3) = 1")
            connection.exec_driver_sql(
                "UPDATE item_versions SET valid_from = valid_from + 1 WHERE mod(position, 2) = 0"
            )
            rows = connection.execute(sa.select(INTERACTION_ROWS.c.row)).scalars().all()
        assert rows != sorted(rows)
        same_tables(store.interactions.tables(card.facts), from_files(card, tmp_path / "files"))


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "ml-100k",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("ml-latest-small", "online-retail")),
    ],
)
def test_real_data_comes_out_as_from_the_files(url, name, tmp_path, raw, test_data):
    card, folder = read_card(name), test_data / name
    with Store.open(url) as store:
        ingest_into_store(card, folder, store, raw, progress=False)
        tables = store.interactions.tables(card.facts)
    same_tables(tables, from_files(card, folder))


def test_what_gets_past_the_cleaning_stops_an_ingest_before_anything_is_written(tmp_path, url, raw):
    "A card may give a kind of event a negative weight; the cleaning does not look at that, the schema does"
    lines = ["who,what,did", *(f"u{n},tea,{'view' if n % 2 else 'purchase'}" for n in range(10))]
    (tmp_path / "shop.csv").write_text("\n".join(lines))
    card = make_card(
        "card",
        {
            "facts": {"name": "shop", "relevant": {"purchase": True}, "weights": {"view": -1}},
            "interactions": {
                "file": "shop.csv",
                "duplicates": "keep",
                "columns": {"user": "who", "item": "what", "event": "did"},
            },
        },
    )
    with Store.open(url) as store:
        with pytest.raises(SchemaError) as caught:
            ingest_into_store(card, tmp_path, store, raw, progress=False)
        first, rule = str(caught.value).splitlines()
        assert first.startswith("the interactions of shop (lines 2 to 11 of shop.csv) break 1 rule.")
        assert rule.startswith("- column weight, not negative: 5 of 10 rows, row 1 (-1.0), row 3 (-1.0)")
        assert store.interactions.ingest() is None and not store.interactions.marks() and not raw.manifests()
        with store.engine.database.connect() as connection:
            assert connection.execute(sa.select(INTERACTION_ROWS)).first() is None
    assert not [path for path in config.folder("interim").rglob("*") if path.is_file()]


# ---- several data sets in one place ----------------------------------------------------------------------------------


def c360(*arguments: str | Path) -> str:
    "Return what a command says"
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def refusal(*arguments: str | Path) -> str:
    "Return the sentence with which a command is refused"
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert isinstance(done.exception, ValueError) and done.stdout == ""
    return str(done.exception)


def contents(folder: Path) -> dict[Path, bytes]:
    "Return every file below a folder; locks are not counted"
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    return {path: path.read_bytes() for path in files}


@pytest.fixture
def shops(tmp_path) -> dict[str, Path]:
    "Three data sets that share the customer 105; two of them have the same bytes"
    text, cards = "who,what,at\n105,tea,100\n7,pot,200\n105,mug,300\n", {}
    for name, more in (("ownp", ""), ("ownq", "8,jug,400\n"), ("twin", "")):
        (tmp_path / f"{name}.csv").write_text(text + more)
        cards[name] = tmp_path / f"{name}.toml"
        columns = 'columns = { user = "who", item = "what", timestamp = "at" }'
        event = 'event = "purchase"'
        cards[name].write_text(
            f'[facts]\nname = "{name}"\nrelevant = {{ purchase = true }}\n'
            f'[interactions]\nfile = "{name}.csv"\n{event}\n{columns}\n'
        )
        c360("ingest", "--dataset", cards[name])
    return cards


def kept_of(name: str) -> bytes:
    "Return the raw copy of the first ingest of a data set"
    raw = RawStore()
    [entry] = raw.manifests(name)[0]["objects"]
    return Path(raw.address(entry["sha256"])).read_bytes()


def test_a_customer_is_forgotten_by_one_data_set_alone(shops, tmp_path):
    for card in shops.values():
        c360("data", "describe", card)
    before = contents(tmp_path / "home")
    own = ("/ownp", "ownp-", "ownp.sqlite")
    assert "2 of interactions" in c360("forget", "105", "--dataset", shops["ownp"])
    assert b"105" not in kept_of("ownp") and b"7,pot" in kept_of("ownp")
    assert kept_of("ownq").count(b"105") == kept_of("twin").count(b"105") == 2
    after = contents(tmp_path / "home")
    gone = [path for path in before if after.get(path) != before[path]]
    assert gone and all(any(part in str(path) for part in own) for path in gone)
    c360("forget", "105", "--dataset", shops["twin"])
    assert kept_of("twin") == kept_of("ownp") and kept_of("ownq").count(b"105") == 2
    assert sum(b"105" in data for path, data in contents(tmp_path / "home/data/raw/objects").items()) == 1


def test_whoever_is_in_other_data_sets_is_not_erased_from_this_one(shops, tmp_path):
    before = contents(tmp_path / "home")
    said = refusal("forget", "8", "--dataset", shops["ownp"])
    assert said == "no customer of ownp has the id '8'; ownq has it: name that with --dataset"
    assert "ownp and ownq and twin" in refusal("forget", "105")
    assert refusal("forget", "nobody") == "no customer of demo has the id 'nobody'"
    assert contents(tmp_path / "home") == before
    c360("forget", "8", "--dataset", shops["ownq"])
    assert "8 is erased: rows of the store: none" in c360("forget", "8", "--dataset", shops["ownq"])

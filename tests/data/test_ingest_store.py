"From files to the store and back: the same tables, once, whatever interrupts"

import json
import time
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from postgres import postgres
from typer.testing import CliRunner

from customer360 import config
from customer360.cli import app
from customer360.cli_ingest import format_ingest
from customer360.data.cards import Card, IngestError, SourceError, make_card, read_card
from customer360.data.ingest import read_source
from customer360.data.ingest_store import ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store
from customer360.data.store.ingest_tables import INTERACTION_ROWS, ITEM_VERSIONS
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


pytestmark = pytest.mark.usefixtures("own_home")


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


def test_a_later_ingest_compares_all_items_of_the_store(tmp_path, raw):
    "Also those that only the interactions imply, and those that a file lists and this ingest does not touch"
    folder = tmp_path / "files"
    card = shop(folder, LINES)
    listed = {"items": {"file": "items.csv", "others": True, "columns": {"item": "what"}}}
    card = make_card("shop", {**card.model_dump(exclude={"items", "home"}), "facts": card.facts, **listed})
    (folder / "items.csv").write_text("what,title,cat\n" + "".join(f"i{n},Item {n},a\n" for n in range(300)))
    tables, pages = [], []
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        for number in range(3):
            lines = [*LINES, *(f"dora,new{k},2,{1600001000 + k},,9" for k in range(number))]
            shop(folder, lines)
            if number == 2:
                (folder / "items.csv").write_text(
                    "what,title,cat\n" + "".join(f"i{n},Item {n},a\n" for n in range(310))
                )
            found = ingest_into_store(card, folder, store, raw, progress=False)
            tables.append(store.interactions.ingest()["quality"]["tables"]["items"])
            pages.append(found.page.read_text(encoding="utf-8"))
    assert [each["rows"] for each in tables] == [303, 304, 315]  # listed, and tea, pot, mug, new0, new1
    assert [set(each["missing"]) for each in tables] == [{"item", "title", "cat"}] * 3
    assert all(each["missing"]["cat"] < 0.02 for each in tables)
    assert "empty cells went" not in pages[1] + pages[2] and "column text" not in pages[2]
    assert all("Good:</b>\nWhat moved since the ingest before may be chance" in page for page in pages[1:])


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


# ---- sources that change otherwise than by growing ------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        yield store


TILL = [LINES[0], *(f"u{n},i{n % 7},4,{1600000000 + n},Item {n % 7},5" for n in range(40))]


def run(folder: Path, lines: list[str], store: Store, raw: RawStore, duplicates: str = "reject", **more):
    card = shop(folder, lines, duplicates)
    return ingest_into_store(card, folder, store, raw, progress=False, **more)


def test_rows_that_were_edited_or_deleted_are_counted_and_replaced_if_wanted(url, tmp_path, raw):
    folder, edited = tmp_path / "files", [*TILL[:3], "u2,i2,1,1600000002,Item,9", *TILL[5:]]
    with Store.open(url) as store:
        run(folder, TILL, store, raw)
        found = run(folder, edited, store, raw)
        assert (found.rows, found.new, found.known, found.gone) == (39, 1, 38, {"interactions": 2})
        assert len(store.interactions.tables(shop(folder, edited).facts).interactions) == 41
        dry = run(folder, edited, store, raw, replace=True, dry_run=True)
        assert (dry.number, dry.new, dry.replaced, dry.gone) == (0, 0, 2, {})
        found = run(folder, edited, store, raw, replace=True)
        assert (found.number, found.rows, found.new, found.replaced, found.gone) == (3, 39, 0, 2, {})
        card = shop(folder, edited)
        stored, whole = store.interactions.tables(card.facts), from_files(card, folder)
        order = ["timestamp", "user", "item"]
        pd.testing.assert_frame_equal(
            stored.interactions.sort_values(order)[[*order, "rating"]].reset_index(drop=True),
            whole.interactions.sort_values(order)[[*order, "rating"]].reset_index(drop=True),
        )
        prices = [table.set_index("item")["price"].sort_index() for table in (stored.items, whole.items)]
        pd.testing.assert_series_equal(*prices)  # those of the deleted rows no longer count
        assert run(folder, edited, store, raw, replace=True).number == 0
        found = run(folder, [*edited, "u99,i1,5,1600009999,Item 1,5"], store, raw)
        assert (found.rows, found.new, found.gone) == (1, 1, {})


def test_a_few_bad_lines_among_new_ones_stop_nothing(tmp_path, store, raw):
    folder = tmp_path / "files"
    run(folder, TILL, store, raw)
    more = [*(f"v{n},i{n},3,{1600001000 + n},,5" for n in range(4)), "v0,i0,3,1600001000,,5", ",i1,3,1,,5"]
    found = run(folder, [*TILL, *more, TILL[5]], store, raw)
    assert (found.rows, found.new, found.known) == (7, 4, 1)
    assert found.rejected == {"duplicate row": 1, "missing user id": 1}
    broken = [*TILL, *more, TILL[5], *(f",i{n},3,{n},,5" for n in range(30))]
    with pytest.raises(IngestError, match=r"30 of 30 rows cannot be used.*missing user id"):
        run(folder, broken, store, raw)


@pytest.mark.parametrize("tail", ["v1,i", "v1,i1,3,1600002000,Item 1,5"])
def test_a_line_that_is_being_written_is_left_for_the_next_time(tmp_path, store, raw, tail):
    folder = tmp_path / "files"
    run(folder, TILL, store, raw)
    card, till = shop(folder, TILL, "reject"), folder / "till.csv"
    full = "v1,i1,3,1600002000,Item 1,5"
    for begin, new in (("", 0), ("v0,i1,3,1600001000,Item 1,5\n", 1)):
        till.write_text("\n".join(TILL) + "\n" + begin + tail)
        found = ingest_into_store(card, folder, store, raw, progress=False)
        assert (found.new, found.rejected, found.unended) == (new, {}, True)
    till.write_text("\n".join(TILL) + "\n" + begin + full + "\n")
    found = ingest_into_store(card, folder, store, raw, progress=False)
    assert (found.rows, found.new, found.unended) == (1, 1, False)
    same_tables(store.interactions.tables(card.facts), from_files(card, folder))


def catalogue(folder: Path, lines: list[str], title: str = "name") -> Card:
    "A card with a file of items"
    card = shop(folder, TILL)
    (folder / "items.csv").write_text("\n".join(["what,name,cat", *lines]) + "\n")
    columns = {"item": "what", "title": title}
    items = card.items.model_copy(update={"file": ["items.csv"], "columns": columns})
    return card.model_copy(update={"items": items})


GOODS = [f"i{n},Item {n},kind {n % 2}" for n in range(60)]


def test_items_are_moved_and_removed_without_new_versions(tmp_path, store, raw):
    folder = tmp_path / "files"
    card = catalogue(folder, GOODS)
    ingest_into_store(card, folder, store, raw, progress=False)
    card = catalogue(folder, ["i5,Tea,kind 1", *GOODS[1:5], *GOODS[6:], "i99,New,kind 3"])
    found = ingest_into_store(card, folder, store, raw, progress=False)
    assert found.items == {"added": 1, "changed": 1} and found.gone == {"items": 1}
    tables = store.interactions.tables(card.facts)
    now, whole = tables.items["item"].tolist(), from_files(card, folder).items["item"].tolist()
    assert now == whole and now[:2] == ["i5", "i1"] and now[-1] == "i0"
    assert tables.items["title"].iloc[-1] == "Item 0", (
        "interactions may name it, so what is known of it stays"
    )
    with store.engine.database.connect() as connection:
        versions = connection.execute(sa.select(ITEM_VERSIONS.c.valid_to)).scalars().all()
    assert (len(versions), sum(end is not None for end in versions)) == (62, 1)


def test_a_changed_mapping_of_items_reads_them_again(tmp_path, store, raw):
    folder = tmp_path / "files"
    ingest_into_store(catalogue(folder, GOODS), folder, store, raw, progress=False)
    card = catalogue(folder, GOODS, title="cat")
    found = ingest_into_store(card, folder, store, raw, progress=False)
    assert (found.new, found.items) == (0, {"added": 0, "changed": 60})
    same_tables(store.interactions.tables(card.facts), from_files(card, folder))
    assert ingest_into_store(card, folder, store, raw, progress=False).number == 0


def test_items_from_the_interactions_cannot_be_mapped_anew(tmp_path, store, raw):
    "Only the last rows would be read, so earlier ones would keep the old meaning"
    folder = tmp_path / "files"
    run(folder, TILL, store, raw)
    card = shop(folder, TILL, "reject")
    items = card.items.model_copy(update={"columns": {"item": "what", "title": "cost"}})
    with pytest.raises(SourceError, match=r"takes its items from till\.csv, now from other columns"):
        ingest_into_store(card.model_copy(update={"items": items}), folder, store, raw, progress=False)


def test_rows_of_items_that_are_left_out_are_counted(tmp_path, store, raw):
    folder = tmp_path / "files"
    found = ingest_into_store(catalogue(folder, [*GOODS, GOODS[3]]), folder, store, raw, progress=False)
    assert found.items["added"] == 60 and found.dropped == {"duplicate item id in items.csv": 1}
    said = format_ingest(found, "store")
    assert "1  rows of items or customers left out" in said and "1  duplicate item id in items.csv" in said


OWN = ("--user", "who", "--item", "what", "--timestamp", "at", "--name", "shopa")


def test_a_data_set_that_was_ingested_by_options_has_a_name_from_then_on(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text("who,what,at\n" + "".join(f"u{n % 20},i{n % 12},{1000 + n}\n" for n in range(400)))
    assert "unknown data set 'shopa'" in refusal("forget", "u1", "--dataset", "shopa")
    c360("ingest", "--interactions", file, *OWN)
    assert any(line.split() == ["shopa", "ingested"] for line in c360("data", "list").splitlines())
    assert "Nothing new" in c360("ingest", "--dataset", "shopa")
    assert read_card("shopa").interactions.file == [str(file)]
    assert "20 customers, 12 items" in c360("features", "compute", "--dataset", "shopa")
    shown = json.loads(c360("features", "show", "--customer", "u1", "--dataset", "shopa"))
    status = json.loads(c360("features", "status", "--json", "--dataset", "shopa"))
    for one in (shown, status):
        assert one["as_of"] == 1399 and abs(one["computed"] - time.time()) < 600
    said = refusal("features", "show", "--customer", "u99", "--dataset", "shopa")
    assert said.startswith("no customer of shopa had the id 'u99' when its features were computed")
    assert "shopa" in c360("data", "quality", "shopa")
    assert "u1 is erased" in c360("forget", "u1", "--dataset", "shopa")


def test_a_refusal_or_a_dry_run_leaves_no_file(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text("who,what,at\nu1,i1,100\nu2,i2,200\n")
    c360("data", "list")
    for wrong in (("--user", "nobody", *OWN[2:]), (*OWN[:4], "--timestamp", "none", *OWN[6:])):
        done = CliRunner().invoke(app, ["ingest", "--interactions", str(file), *wrong])
        assert isinstance(done.exception, ValueError)
    assert "dry run" in c360("ingest", "--interactions", file, *OWN, "--dry-run")
    refusal("features", "show", "--customer", "u1")
    refusal("features", "status")
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert left == []
    c360("ingest", "--interactions", file, *OWN)
    before = contents(tmp_path / "home")
    file.write_text("who,what,at\nu1,i1,100\nu2,i2,200\nu3,i3,300\n")
    assert "1  new" in c360("ingest", "--interactions", file, *OWN, "--dry-run")
    assert contents(tmp_path / "home") == before

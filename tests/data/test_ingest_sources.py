"Ingest from SQL databases, MongoDB, S3 and public addresses: only what is new, and no secret is noted"

import gzip
import json
import re
import uuid
from datetime import datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from postgres import postgres

from customer360 import config
from customer360.cli import train_command
from customer360.cli_ingest import ingest_command
from customer360.cli_options import ReportOptions, named_source
from customer360.data import databases
from customer360.data.cards import Card, IngestError, SourceError, make_card
from customer360.data.databases import write_documents
from customer360.data.ingest import read_source
from customer360.data.ingest_store import ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store
from customer360.evaluation.pipeline import ingest_stage
from customer360.evaluation.stages import ReportRequest, run_ingest

SECRET = "tea4two"
COLUMNS = {"user": "who", "item": "what", "rating": "stars", "timestamp": "at"}
KINDS = {
    "bigint": lambda n: n,
    "timestamptz": lambda n: f"2026-01-01 10:00:{n:02}+00",
    "text": lambda n: f"{n:03}",
}


@pytest.fixture(scope="module")
def cluster():
    with postgres() as running:
        yield running


pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def raw(tmp_path) -> RawStore:
    return RawStore(tmp_path / "raw")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        yield store


class Shop:
    "A database with orders and items"

    def __init__(self, url: str, kind: str = "bigint"):
        self.url, self.kind = url, KINDS[kind]
        self.engine = sa.create_engine(
            url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool
        )
        self.do(f"CREATE TABLE orders (id {kind}, who text, what text, stars double precision, at bigint)")
        self.do("CREATE TABLE goods (what text, name text, price integer)")
        self.do("INSERT INTO goods VALUES ('tea', 'Tea', 4), ('pot', 'Pot', 20)")

    def do(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement))

    def order(self, *numbers: int) -> None:
        for n in numbers:
            who, what = ("ada", "bob", "cleo")[n % 3], ("tea", "pot")[n % 2]
            self.do(
                f"INSERT INTO orders VALUES ('{self.kind(n)}', '{who}', '{what}', {1 + n % 5}, {1600000000 + n})"
            )


@pytest.fixture
def shop(cluster):
    return Shop(cluster.create(f"shop{uuid.uuid4().hex[:8]}"))


def card_of(url: str, **more) -> Card:
    places = {
        "items": {
            "file": url,
            "table": "goods",
            "increment": "what",
            "columns": {"item": "what", "title": "name", "price": "price"},
        }
    }
    return make_card(
        "shop",
        {
            "facts": {"name": "shop", "scale": [1, 5]},
            "interactions": {"file": url, "columns": COLUMNS, "table": "orders", **more},
            **(places if not url.startswith(("mongodb", "s3")) else {}),
        },
    )


def same_as_whole(store: Store, card: Card) -> None:
    "The store has what one reading of the whole source gives"
    stored, whole = store.interactions.tables(card.facts), read_source(card).tables
    for name in ("interactions", "items", "customers"):
        pd.testing.assert_frame_equal(getattr(stored, name), getattr(whole, name), check_exact=True)


def run(card: Card, store: Store, raw: RawStore, **more):
    return ingest_into_store(card, None, store, raw, progress=False, **more)


# ---- SQL -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_only_rows_from_the_mark_on_are_read(cluster, tmp_path, store, raw, kind):
    there = f"sqlite:///{tmp_path}/shop.db" if kind == "sqlite" else cluster.create("marked")
    shop = Shop(there)
    shop.order(1, 2, 3, 4)
    card = card_of(shop.url, increment="id")
    dry = run(card, store, raw, dry_run=True)
    assert (dry.number, dry.new) == (0, 4) and not raw.manifests()
    first = run(card, store, raw)
    assert (first.rows, first.new, first.items["added"]) == (4, 4, 2)
    assert run(card, store, raw).number == 0
    shop.order(5, 6, 7)
    second = run(card, store, raw)
    assert (second.number, second.rows, second.new, second.known) == (
        2,
        4,
        3,
        1,
    )  # the last row was read again
    assert (
        store.interactions.marks()["interactions:" + raw.manifests()[0]["objects"][0]["file"]]["increment"]
        == "7"
    )
    same_as_whole(store, card)


def test_items_change_while_no_order_is_new(shop, store, raw):
    shop.order(1, 2)
    card = card_of(shop.url, increment="id")
    run(card, store, raw)
    shop.do("UPDATE goods SET price = 5 WHERE what = 'tea'")
    found = run(card, store, raw)
    assert (found.number, found.rows, found.new, found.items) == (2, 1, 0, {"added": 0, "changed": 1})
    assert [each["role"] for each in raw.manifests()[1]["objects"]] == ["interactions", "items"]
    shop.order(3)
    assert run(card, store, raw).new == 1
    same_as_whole(store, card)


def test_without_an_increment_the_whole_is_read_and_nothing_doubles(shop, store, raw):
    shop.order(1, 2, 2, 3)
    card = card_of(shop.url, duplicates="keep")
    assert run(card, store, raw).new == 4
    assert run(card, store, raw).number == 0
    shop.order(2, 4)
    found = run(card, store, raw)
    assert (found.rows, found.new, found.known) == (6, 2, 4)


def test_a_query_and_equal_rows_at_the_mark(shop, store, raw):
    shop.order(1, 2)
    text = "SELECT who, what, stars, at / 10 * 10 AS at, stars AS level FROM orders"
    card = card_of(shop.url, table="", query=text, increment="level", duplicates="keep")
    run(card, store, raw)
    shop.order(3, 3)
    assert run(card, store, raw).new == 2 and run(card, store, raw).number == 0
    with pytest.raises(SourceError, match="in another way"):
        run(card_of(shop.url, table="", query=text + " WHERE at > 0", increment="level"), store, raw)


def test_the_increment_may_be_left_out_and_taken_again(tmp_path, store, raw):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    shop.order(*range(1, 9))
    run(card_of(shop.url, increment="id"), store, raw)
    shop.do("UPDATE orders SET stars = 5 WHERE id = 3")
    shop.do("DELETE FROM orders WHERE id = 4")
    assert run(card_of(shop.url, increment="id"), store, raw).number == 0, "what an increment misses"
    found = run(card_of(shop.url), store, raw)
    assert (found.rows, found.new, found.known, found.gone) == (7, 1, 6, {"interactions": 2})
    found = run(card_of(shop.url), store, raw, replace=True)
    assert (found.new, found.replaced) == (0, 2) and run(card_of(shop.url), store, raw).number == 0
    shop.order(9)
    assert run(card_of(shop.url, increment="at"), store, raw).rows == 8, "another column has no mark yet"
    shop.order(10)
    assert run(card_of(shop.url, increment="at"), store, raw).rows == 2
    with pytest.raises(SourceError, match="--replace compares the whole source"):
        run(card_of(shop.url, increment="at"), store, raw, replace=True)
    with pytest.raises(SourceError, match=r"reads orders of sqlite:.*shop\.db in another way"):
        run(card_of(shop.url, event="view"), store, raw)


def test_rows_without_a_value_in_the_increment_are_refused(tmp_path, store, raw):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    shop.order(1, 2, 3)
    run(card_of(shop.url, increment="id"), store, raw)
    shop.do("INSERT INTO orders VALUES (NULL, 'ada', 'tea', 3, 1600000099)")
    with pytest.raises(
        IngestError, match=r"in 1 of the rows the increment id is empty.*Leave --increment out"
    ):
        run(card_of(shop.url, increment="id"), store, raw)
    assert run(card_of(shop.url), store, raw).new == 1


def test_a_query_that_writes_is_refused(cluster, tmp_path, store, raw):
    for url in (f"sqlite:///{tmp_path}/shop.db", cluster.create("readonly")):
        shop = Shop(url)
        shop.order(1, 2)
        returning = "DELETE FROM orders RETURNING who, what, stars, at"
        hidden = f"WITH gone AS ({returning}) SELECT * FROM gone"  # which SQLite does not know
        for query in (returning, "-- tidy\nDROP TABLE orders", *[hidden][: url.startswith("postgresql")]):
            with pytest.raises(IngestError, match=r"the query would change the database.*only reads"):
                run(card_of(shop.url, table="", query=query), store, raw)
        with (
            databases._engine(url).connect() as connection,
            pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.?only"),
        ):
            connection.execute(sa.text("DELETE FROM orders"))
        with shop.engine.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM orders")).scalar() == 2


@pytest.mark.filterwarnings("error")
def test_purchases_are_compared_without_a_warning(tmp_path, store, raw):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    shop.order(1, 2)
    card = card_of(shop.url, event="purchase", repeats="detect")
    run(card, store, raw)
    shop.order(4)
    assert run(card, store, raw).new == 1


@pytest.mark.parametrize("kind", ["timestamptz", "text"])
def test_marks_of_other_types(cluster, store, raw, kind):
    shop = Shop(cluster.create(f"shop_{kind}"), kind)
    shop.order(8, 9)
    card = card_of(shop.url, increment="id")
    run(card, store, raw)
    shop.order(10)
    assert (run(card, store, raw).new, run(card, store, raw).number) == (1, 0)


def test_raw_copies_lose_erased_customers_and_have_no_secret(shop, store, raw):
    shop.order(*range(9))
    url = (
        shop.url.replace("shop@", f"shop:{SECRET}@") + f"?options=-csearch_path%3Dpublic&sslpassword={SECRET}"
    )
    run(card_of(url, increment="id"), store, raw)
    [manifest] = raw.manifests()
    noted = json.dumps([manifest, store.interactions.ingest(), store.interactions.marks()])
    assert SECRET not in noted and manifest["objects"][0]["source"].startswith(
        "postgresql://shop:***@127.0.0.1"
    )
    [rewritten] = raw.rewrite_without(["ada"])
    assert rewritten["rows"] == 3 and raw.rewrite_without(["ada"]) == []


def test_a_missing_column_or_increment_is_named(shop, store, raw):
    shop.order(1)
    for wrong in ({"increment": "number"}, {"columns": COLUMNS | {"item": "thing"}}):
        with pytest.raises(IngestError, match=r"number|no column 'thing' among"):
            run(card_of(shop.url, **wrong), store, raw)
    assert store.interactions.ingest() is None and not raw.manifests()


# ---- JSON Lines and MongoDB ---------------------------------------------------------------------------------------------


def test_documents_are_read_as_a_whole_and_nothing_doubles(store, raw, monkeypatch):
    client = pytest.importorskip("mongomock").MongoClient()
    monkeypatch.setattr(databases, "_database", lambda url: client[url.rpartition("/")[2]])
    url = f"mongodb://shop:{SECRET}@localhost/shop"
    events = [
        {"_id": n, "who": f"u{n % 3}", "what": f"i{n}", "stars": 4, "at": 1600000000 + n} for n in range(6)
    ]
    write_documents(events, url, "events")
    card = card_of(url, table="", collection="events")
    assert run(card, store, raw).new == 6 and run(card, store, raw).number == 0
    write_documents([events[0] | {"_id": 6, "note": "new", "at": 1600000009}], url, "events")
    found = run(card, store, raw)
    assert (found.rows, found.new, found.known) == (7, 1, 6)
    same_as_whole(store, card)
    assert SECRET not in json.dumps(raw.manifests())
    assert sum(each["rows"] for each in raw.rewrite_without(["u0"])) == 2 + 3


@pytest.mark.parametrize("kind", ["number", "time", "id"])
def test_documents_from_the_mark_on_are_read(store, raw, monkeypatch, kind):
    client = pytest.importorskip("mongomock").MongoClient()
    monkeypatch.setattr(databases, "_database", lambda url: client[url.rpartition("/")[2]])
    url, start = f"mongodb://localhost/{kind}", datetime(2026, 1, 1)
    value = {"number": int, "time": lambda n: start + timedelta(minutes=n), "id": lambda n: f"{n:03}"}[kind]

    def event(n: int, at: int) -> dict:
        return {"_id": f"e{at}", "who": f"u{n % 3}", "what": f"i{n}", "stars": 4, "at": at, "n": value(n)}

    write_documents([event(n, n) for n in range(8, 12)], url, "events")
    card = card_of(url, table="", collection="events", increment="n")
    assert run(card, store, raw).new == 4 and run(card, store, raw).number == 0
    write_documents([event(11, 50), event(12, 51)], url, "events")  # the first has the time of another
    found = run(card, store, raw)
    assert (found.rows, found.new, found.known) == (3, 2, 1) and run(card, store, raw).number == 0
    same_as_whole(store, card)


def test_json_lines_know_their_rows_by_names(tmp_path, store, raw):
    "A key that appears later changes the ids of no earlier row"
    rows = [{"who": f"u{n}", "what": "tea", "stars": 4, "at": 1600000000 + n} for n in range(3)]
    file = tmp_path / "log.jsonl.gz"
    card = card_of("s3://", file=str(file), table="")
    for some, found in ((rows, (3, 0)), ([*rows, rows[0] | {"at": 1, "note": "x"}], (1, 3))):
        file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in some).encode()))
        got = run(card, store, raw)
        assert (got.new, got.known) == found


# ---- without a card ------------------------------------------------------------------------------------------

OPTIONS = {"user": "who", "item": "what", "rating": "stars", "scale": "1,5", "timestamp": "at"}


@pytest.fixture
def _own_environment(monkeypatch):
    "What an option leaves in the environment goes with the test"
    monkeypatch.delenv("C360_SOURCE_URL", raising=False)
    monkeypatch.setenv("PGPASSWORD", "")


@pytest.mark.usefixtures("_own_environment")
def test_the_password_may_stand_in_the_settings_alone(monkeypatch):
    whole = f"mysql://shop:{SECRET}@db/crm?charset=utf8"
    monkeypatch.setenv("C360_SOURCE_URL", whole)
    config.settings.cache_clear()
    assert SECRET not in repr(config.settings())
    for url in ("mysql://shop@db/crm", "mysql://shop:***@db/crm"):
        assert databases.full_url(url) == whole
    for url in ("mysql://shop:other@db/crm", "mysql://ada@db/crm", "mysql://shop@db/other"):
        assert databases.full_url(url) == url


def ingest_with(capsys, tmp_path, **options: str) -> str:
    "Run `c360 ingest`, and return its account"
    ingest_command(**OPTIONS, store=f"sqlite:///{tmp_path}/store.sqlite", **options)
    return capsys.readouterr().out


def said(text: str, words: str) -> int:
    "Return the number before some words of an account"
    return int(re.search(rf"([\d,]+)  {words}", text)[1])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_table_needs_no_card(cluster, tmp_path, capsys, kind):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db" if kind == "sqlite" else cluster.create("cardless"))
    shop.order(1, 2, 3, 4)
    options = {"data": shop.url, "table": "orders", "increment": "id", "items": "goods", "title": "name"}
    first = ingest_with(capsys, tmp_path, **options)
    assert (said(first, "rows read"), said(first, "new"), said(first, "items added")) == (4, 4, 2)
    assert "Ingest 1 of orders in sqlite:///" in first
    shop.order(5, 6, 7)
    second = ingest_with(capsys, tmp_path, **options)
    assert (said(second, "rows read"), said(second, "new"), said(second, "already there")) == (4, 3, 1)
    source = ReportOptions(**OPTIONS, **options).source()
    _, made = ingest_stage(source)
    assert len(made.tables.interactions) == 7 and set(made.tables.items["title"]) == {"Tea", "Pot"}
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        same_as_whole(store, source.card)


def test_a_query_needs_no_card(shop, tmp_path, capsys):
    shop.order(1, 2, 3, 4)
    query = "SELECT who, what, stars, at FROM orders WHERE id > 1"
    found = ingest_with(capsys, tmp_path, data=shop.url, query=query, name="late", items="goods")
    assert (said(found, "new"), said(found, "items added")) == (3, 2) and "Ingest 1 of late" in found


def test_a_collection_needs_no_card(tmp_path, capsys, monkeypatch):
    client = pytest.importorskip("mongomock").MongoClient()
    monkeypatch.setattr(databases, "_database", lambda url: client[url.rpartition("/")[2]])
    url = "mongodb://localhost/shop"
    events = [
        {"_id": n, "who": f"u{n % 3}", "what": "tea", "stars": 4, "at": 1600000000 + n} for n in range(9)
    ]
    write_documents(events[:6], url, "events")
    options = {"data": url, "collection": "events", "increment": "_id"}
    assert said(ingest_with(capsys, tmp_path, **options), "new") == 6
    write_documents(events[6:], url, "events")
    found = ingest_with(capsys, tmp_path, **options)
    assert (said(found, "rows read"), said(found, "new")) == (4, 3)
    with pytest.raises(IngestError, match=r"no collection 'evnts' among \['events'\]"):
        ingest_command(data=url, collection="evnts", user="who", item="what")
    with pytest.raises(IngestError, match=r"no column 'thing' among \['_id', 'who', 'what', 'stars', 'at'\]"):
        ingest_command(data=url, collection="events", user="who", item="thing", name="other")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_a_database_does_not_have_is_said_with_what_it_has(cluster, tmp_path, capsys, kind):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db" if kind == "sqlite" else cluster.create("lacking"))
    shop.do("CREATE VIEW recent AS SELECT * FROM orders WHERE id > 2")
    shop.order(1, 2, 3)
    columns = r"\['id', 'who', 'what', 'stars', 'at'\]"
    wrong = {
        r"no table 'ordres' among \['goods', 'orders', 'recent'\]": {"table": "ordres"},
        rf"no column 'number' among {columns}": {"table": "orders", "increment": "number"},
        rf"no column 'nr' among {columns}": {"query": "SELECT * FROM orders", "increment": "nr"},
        r"no table 'godds' among \['goods', 'orders', 'recent'\]": {"table": "orders", "items": "godds"},
    }
    for words, options in wrong.items():
        with pytest.raises(IngestError, match=words):
            ingest_with(capsys, tmp_path, data=shop.url, **options)
    with pytest.raises(IngestError, match=rf"no column 'thing' among {columns}"):
        ingest_command(data=shop.url, table="orders", user="who", item="thing", name="other")
    assert said(ingest_with(capsys, tmp_path, data=shop.url, table="recent"), "new") == 1


def test_a_database_that_is_no_store_is_left_as_it_is(shop, tmp_path, capsys):
    with pytest.raises(SourceError, match=r"is not a store .* name its table \(--table\)"):
        ingest_stage(named_source("demo", shop.url))
    assert sorted(sa.inspect(shop.engine).get_table_names()) == ["goods", "orders"]
    with pytest.raises(SourceError, match="is not a store"):
        ingest_stage(named_source("demo", f"sqlite:///{tmp_path}/none.db"))
    with pytest.raises(IngestError, match="there is no file"):
        ingest_with(capsys, tmp_path, data=f"sqlite:///{tmp_path}/none.db", table="orders")
    with pytest.raises(ValueError, match=r"--data names the database that is read: add --table"):
        ingest_command(data=shop.url)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.long
@pytest.mark.usefixtures("_own_environment")
def test_a_report_reads_the_table_as_it_is_now_and_tells_no_password(shop, tmp_path):
    shop.order(*range(12))
    url = shop.url.replace("shop@", f"shop:{SECRET}@") + f"?sslpassword={SECRET}"
    assert SECRET in url
    source = ReportOptions(**OPTIONS, data=url, table="orders").source()
    request = ReportRequest(source, ["popularity"])
    first = run_ingest(request)
    shop.order(12)
    second = run_ingest(request)
    assert first.left["snapshot"] != second.left["snapshot"] and not second.skipped
    assert "shop:***@" in second.notebook.read_text()
    train_command(**OPTIONS, data=url, table="orders", model="popularity", no_figures=True)
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert [path for path in files if path.name == "release.json"]
    assert files and not [path for path in files if SECRET.encode() in path.read_bytes()]

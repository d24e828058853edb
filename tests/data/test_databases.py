"SQL from SQLite and a real PostgreSQL; MongoDB from mongomock, and from a real server where there is one"

import logging
import os
import uuid

import pandas as pd
import pytest
import sqlalchemy as sa
from postgres import postgres

from customer360.data import databases
from customer360.data.cards import FileOptions, IngestError, Layout, card_from_options
from customer360.data.databases import hidden_url, mongo_parts, sql_parts, write_documents
from customer360.data.ingest import ingest
from customer360.data.readers import read_blocks, read_table

ROWS = [(i, f"u{i % 7}", f"i{i % 11}", 1 + i % 5, f"2026-01-{1 + i % 28:02}T10:00:00Z") for i in range(500)]
NAMES = ["id", "user", "order", "stars", "at"]


def fill(url: str) -> str:
    table = pd.DataFrame(ROWS, columns=NAMES)
    engine = sa.create_engine(url)
    table.to_sql("select", engine, index=False)
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def cluster():
    with postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def database(request, tmp_path_factory):
    "Yield the URL of a database with one table, whose name and columns need quotes"
    if request.param == "sqlite":
        yield fill(f"sqlite:///{tmp_path_factory.mktemp('sql')}/shop.db")
    else:
        url = request.getfixturevalue("cluster").create(f"shop{uuid.uuid4().hex[:8]}")
        fill(url.replace("postgresql://", "postgresql+psycopg://"))
        yield url


def test_a_table_in_blocks(database):
    layout = Layout(table="select", increment="id")
    blocks = list(read_blocks(database, layout, NAMES, 120))
    assert [len(block.frame) for block in blocks] == [120, 120, 120, 120, 20]
    frame = pd.concat([block.frame for block in blocks], ignore_index=True)
    assert frame.values.tolist() == [[str(cell) for cell in row] for row in ROWS]
    assert [line for block in blocks for line in block.line] == list(range(1, 501))


def test_a_query_and_only_what_is_new(database):
    layout = Layout(query='SELECT id, "order" FROM "select" WHERE stars = 5', increment="id")
    whole = read_table(database, layout)
    [*blocks] = read_blocks(database, layout, mark=399)
    new = pd.concat([block.frame for block in blocks])
    assert len(whole.frame) == 100
    assert new["id"].tolist() == [str(i) for i in range(399, 500, 5)], "from the mark on: others may share it"


def test_names_are_quoted(database):
    "A name from a card is a name, whatever it holds"
    for layout in (
        Layout(table='select"; DROP TABLE "select'),
        Layout(table="select", increment='id" DESC; DROP TABLE "select'),
    ):
        # SQLite takes an unknown quoted name in ORDER BY for a text, so only the table must survive
        try:
            list(sql_parts(database, layout))
        except IngestError:
            continue
    assert len(read_table(database, Layout(table="select")).frame) == 500


def test_a_missing_table_and_column(database):
    with pytest.raises(IngestError, match=r"no table 'none' among \['select'\]"):
        read_table(database, Layout(table="none"))
    with pytest.raises(IngestError, match="no column 'rating' among"):
        read_table(database, Layout(table="select"), ["rating"])
    with pytest.raises(IngestError, match="neither or both of table and query"):
        read_table(database, Layout())


def test_a_card_of_a_database_is_ingested_and_shows_no_secret(database, caplog):
    caplog.set_level(logging.DEBUG)
    card = card_from_options(
        FileOptions(database, "user", "order", rating="stars", scale=(1, 5), timestamp="at", name="shop")
    )
    card = card.model_copy(
        update={"interactions": card.interactions.model_copy(update={"table": "select", "increment": "id"})}
    )
    got = ingest(card)
    # one time a day: the order of what a customer did within a day is drawn, not taken from the rows
    seen = got.tables.interactions.sort_values(["timestamp", "user", "item", "rating"])
    expected = sorted((row[4], row[1], row[2], row[3]) for row in ROWS)
    assert got.counts["kept"] == 500
    assert seen[["user", "item", "rating"]].values.tolist() == [list(row[1:]) for row in expected]
    assert got.sources[0]["file"] == hidden_url(database)


def test_secrets_are_hidden(cluster, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "tea4two"
    url = cluster.url("none").replace("shop@", f"shop:{secret}@") + f"?sslpassword={secret}"
    with pytest.raises(IngestError) as caught:
        read_table(url, Layout(table="select"))
    assert caught.value.file == "none" and 'database "none" does not exist' in str(caught.value)
    assert secret not in str(caught.value) + caplog.text + hidden_url(url)
    assert caught.value.__suppress_context__


# ---- MongoDB ---------------------------------------------------------------------------------------------


@pytest.fixture(params=["mongomock", "server"])
def mongo(request, monkeypatch):
    "Yield the URL of an empty database"
    if request.param == "mongomock":
        client = pytest.importorskip("mongomock").MongoClient()
        monkeypatch.setattr(databases, "_database", lambda url: client[url.rpartition("/")[2]])
        yield f"mongodb://shop:tea4two@localhost/shop{uuid.uuid4().hex[:8]}"
        return
    if "C360_TEST_MONGO_URL" not in os.environ:
        pytest.skip("no MongoDB server: set C360_TEST_MONGO_URL")
    from pymongo import MongoClient

    name = f"c360_{uuid.uuid4().hex[:8]}"
    yield f"{os.environ['C360_TEST_MONGO_URL'].rstrip('/')}/{name}"
    MongoClient(os.environ["C360_TEST_MONGO_URL"]).drop_database(name)


def test_documents_written_are_read_back(mongo):
    documents = [
        {"_id": i, "user": {"id": f"u{i % 3}"}, "item": f"i{i}", **({"stars": 4.0} if i > 8 else {})}
        for i in range(10)
    ]
    assert write_documents(documents, mongo, "events", size=4) == 10
    assert write_documents(documents, mongo, "events") == 10  # again: each replaces itself
    table = read_table(mongo, Layout(collection="events"), ["user.id", "item", "stars"])
    assert table.frame["user.id"].tolist() == [f"u{i % 3}" for i in range(10)]
    assert table.frame["stars"].tolist() == [""] * 9 + ["4"]
    blocks = list(read_blocks(mongo, Layout(collection="events"), ["item"], 3))
    assert [len(block.frame) for block in blocks] == [3, 3, 3, 1]


def test_only_new_documents_and_object_ids_as_text(mongo):
    write_documents([{"item": f"i{i}"} for i in range(5)], mongo, "events")
    first = read_table(mongo, Layout(collection="events")).frame
    assert first["_id"].str.fullmatch("[0-9a-f]{24}").all()
    [part] = mongo_parts(mongo, Layout(collection="events"), mark=first["_id"][2])
    assert part.table["item"].to_pylist() == ["i2", "i3", "i4"]


def test_a_server_that_is_not_there():
    url = "mongodb://shop:tea4two@127.0.0.1:9/shop?serverSelectionTimeoutMS=200"
    with pytest.raises(IngestError, match="shop: the database cannot be read") as caught:
        read_table(url, Layout(collection="events"))
    assert "tea4two" not in str(caught.value)


def test_a_file_of_sqlite_that_is_none(tmp_path):
    (tmp_path / "shop.db").write_text("no database at all, but long enough to be read as one" * 20)
    with pytest.raises(IngestError, match=r"shop\.db: the database cannot be read"):
        read_table(f"sqlite:///{tmp_path}/shop.db", Layout(table="select"))

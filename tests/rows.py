"Rows for every table of a store, as the shop has them after a while"

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from postgres import Postgres, postgres

from customer360.data.store.ids import tombstone

KEY = bytes(range(32))  # of the tombstones
DAY, SECOND = 1_790_000_000_000, 1_790_000_000
GONE = "somebody erased"


def interaction(row: int, user: str, item: str) -> dict[str, Any]:
    return {
        "row": row,
        "event_id": f"file-{row}",
        "user": user,
        "item": item,
        "event": "purchase",
        "rating": 4.5,
        "weight": 1.0,
        "timestamp": SECOND + row,
        "fold": None,
        "ingest": 1,
    }


def event(seq: int, user: str, item: str, **more: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "event_id": f"order-{seq}",
        "user": user,
        "item": item,
        "event": "view",
        "rating": None,
        "weight": 0.2,
        "timestamp": SECOND + seq,
        "recommendation_id": "",
        "received": DAY + seq,
        "surface": "",
    } | more


ROWS: dict[str, list[dict[str, Any]]] = {
    "settings": [
        {"name": "erasure_key", "value": KEY.hex()},
        {"name": "erasure_check", "value": tombstone(KEY, "")},
        {"name": "store_id", "value": "0123456789abcdef"},
    ],
    "tombstones": [{"digest": tombstone(KEY, GONE), "time": DAY}],
    "customers": [
        {
            "user": "ada",
            "attributes": '{"name": "Renée Ω"}',
            "search": "ada\nrenee ω",
            "replaces": False,
            "created": DAY,
        },
        {"user": "кот", "attributes": "{}", "search": "кот", "replaces": False, "created": DAY + 1},
    ],
    "merges": [
        {
            "source": "visitor-1",
            "target": "ada",
            "time": DAY,
            "seq": 2,
            "attributes": '{"city": "Lyon"}',
            "replaces": False,
            "created": DAY - 1,
            "moved": '{"events": [1]}',
            "changed": None,
        }
    ],
    "items": [
        {"item": "tea", "fields": '{"title": "Tea \\u2615", "price": 3.5}', "withdrawn": False, "version": 1},
        {"item": "mug", "fields": "{}", "withdrawn": True, "version": 2},
    ],
    "events": [
        event(1, "ada", "tea", rating=None),
        event(2, "ada", "mug", event="rating", rating=0.1 + 0.2, recommendation_id="list-1", surface="home"),
        event(3, "кот", "tea", event="purchase", weight=1.0),
    ],
    "retractions": [
        {"event_id": "order-0", "user": "ada", "seq": 1, "number": 4, "trace": "ab" * 32, "time": DAY}
    ],
    "recommendations": [
        {
            "recommendation_id": "list-1",
            "user": "ada",
            "model": "knn",
            "version": "2f7a9c01d3b4",
            "time": DAY,
            "experiment": "autumn",
            "arm": "knn",
            "payload": '{"items": [{"item": "tea", "rank": 1}]}',
            "surface": "home",
        },
        {
            "recommendation_id": "list-2",
            "user": None,
            "model": "knn",
            "version": "2f7a9c01d3b4",
            "time": DAY,
            "experiment": None,
            "arm": None,
            "payload": "{}",
            "surface": "",
        },
    ],
    "documents": [{"name": "rules", "version": 1, "time": DAY, "value": '{"pinned": ["tea"]}'}],
    "features": [
        {
            "entity": "customer",
            "id": "ada",
            "run": 1,
            "as_of": SECOND,
            "computed": DAY,
            "values": '{"events": 2}',
        }
    ],
    "leases": [{"name": "retrain", "holder": "host-1", "length": 60_000, "expires": DAY}],
    "retrainings": [
        {
            "number": 1,
            "state": "done",
            "reasons": '["asked for"]',
            "request": "{}",
            "stage": "done",
            "done": 3,
            "total": 3,
            "started": DAY,
            "beat": DAY,
            "finished": DAY,
            "process": "{}",
            "about": '{"events": 3}',
            "decisions": "[]",
            "error": "",
        }
    ],
    "sources": [{"name": "orders.csv", "kind": "interactions", "mark": '{"rows": 2}', "ingest": 1}],
    "ingests": [
        {
            "number": 1,
            "dataset": "shop",
            "status": "done",
            "started": DAY,
            "finished": DAY,
            "last_row": 2,
            "manifest": '{"dataset": "shop"}',
        }
    ],
    "interactions": [interaction(1, "ada", "tea"), interaction(2, "bob", "mug")],
    "observations": [
        {"ingest": 1, "number": 1, "kind": "item", "id": "tea", "attribute": "title", "value": "Tea", "n": 1}
    ],
    "item_versions": [
        {
            "item": "tea",
            "ingest": 1,
            "position": 1,
            "attributes": '{"title": "Tea"}',
            "valid_from": DAY,
            "valid_to": None,
        }
    ],
    "customer_versions": [
        {
            "user": "ada",
            "ingest": 1,
            "position": 1,
            "attributes": "{}",
            "valid_from": DAY,
            "valid_to": DAY + 1,
        }
    ],
}
COUNTED = {"events": 4, "catalogue": 2, "identities": 1}


def fill(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:  # what was put into each table
    "Put rows into every table that a database has, whichever revision made it"
    tables = sa.MetaData()
    tables.reflect(engine)
    filled = {}
    with engine.execution_options(writes=True).begin() as connection:
        for table in tables.sorted_tables:
            if table.name == "counters":
                counted = COUNTED | ({"features": 1} if "features" in tables.tables else {})
                connection.execute(table.delete().where(table.c.name.in_(counted)))
                connection.execute(
                    table.insert(), [{"name": name, "value": value} for name, value in counted.items()]
                )
            elif table.name != "alembic_version":
                names = {column.name for column in table.columns}
                rows = [
                    {name: value for name, value in row.items() if name in names} for row in ROWS[table.name]
                ]
                connection.execute(table.insert(), rows)
                filled[table.name] = rows
    return filled


def contents(engine: sa.Engine) -> dict[str, list[tuple]]:  # by table, in the order of its columns' names
    "Return all rows of a database"
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(
                map(tuple, connection.execute(sa.select(*sorted(table.columns, key=lambda c: c.name)))),
                key=repr,
            )
            for table in tables.sorted_tables
        }


@pytest.fixture(scope="session")
def cluster_of_rows() -> Iterator[Postgres]:
    "A cluster in which each test creates the databases that it needs"
    with postgres() as running:
        yield running

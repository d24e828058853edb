"A store of every earlier version, with data in it, is read by the present one, on both databases"

import pytest
import sqlalchemy as sa
from rows import GONE, KEY, fill

from customer360.data.store.connection import connect, database_url
from customer360.data.store.facade import Store
from customer360.data.store.ids import ErasedCustomer
from customer360.data.store.new_events import NewEvent
from customer360.data.store.tables import METADATA, MIGRATIONS, migrate

REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shop.sqlite"
    return request.getfixturevalue("cluster_of_rows").create(
        f"shop_{request.node.name[-20:].strip(']').replace('-', '_')}"
    )


@pytest.mark.parametrize("revision", REVISIONS)
def test_from_every_earlier_revision(url: str, revision: str):
    engine = connect(database_url(url))
    assert migrate(engine, revision) == revision
    filled = fill(engine)
    engine.dispose()
    assert "events" in filled and "customers" in filled

    store = Store.open(url)
    try:
        check_rows(store, filled)
        check_reads(store, filled)
        check_writes(store)
    finally:
        store.close()


def check_rows(store: Store, filled: dict[str, list[dict]]) -> None:
    "Nothing was lost or changed, and every table is there"
    tables = sa.MetaData()
    with store.engine.reading() as connection:
        tables.reflect(connection)
        assert METADATA.tables.keys() <= tables.tables.keys()
        for name, rows in filled.items():
            found = [row._asdict() for row in connection.execute(sa.select(tables.tables[name]))]
            for row in rows:
                kept = {column: value for column, value in row.items() if column != "search"}
                assert any(kept.items() <= each.items() for each in found), (name, row)


def check_reads(store: Store, filled: dict[str, list[dict]]) -> None:
    assert store.ids.key == KEY and store.ids.store_id == "0123456789abcdef"
    assert [(each.seq, each.user, each.item) for each in store.events.page()] == [
        (1, "ada", "tea"), (2, "ada", "mug"), (3, "кот", "tea")
    ]  # fmt: skip
    assert store.events.page()[1].rating == 0.1 + 0.2
    assert [each.item for each in store.events.of_customer("ada")] == ["tea", "mug"]
    assert store.events.last_seq() == 4
    assert store.customers.get("visitor-1")["user"] == "ada"
    assert store.customers.get("ada")["attributes"]["name"] == "Renée Ω"
    assert [each["user"] for each in store.customers.page("RENEE")] == ["ada"]
    assert [each["user"] for each in store.customers.page("кот")] == ["кот"]
    assert store.identities.merges() == {"visitor-1": "ada"}
    assert store.identities.erased([GONE, "ada"]).tolist() == [True, False]
    version, items = store.items.changes()
    assert version == 2 and [(each["item"], each["withdrawn"]) for each in items] == [
        ("tea", False),
        ("mug", True),
    ]
    assert store.recommendations.get("list-1") is not None
    assert store.documents.latest("rules").value == {"pinned": ["tea"]}
    if "interactions" in filled:
        assert store.interactions.last_ingest() == 1
        assert store.interactions.marks().keys() == {"orders.csv"}
    if "features" in filled:
        assert store.features.get("customer", "ada").values == {"events": 2}
    if "retrainings" in filled:
        assert store.retrainings.get(1).state == "done"
    exported = store.export("ada")
    assert exported["events"] and exported["recommendations"]


def check_writes(store: Store) -> None:
    [receipt] = store.events.record([NewEvent("visitor-1", "tea", "click", event_id="order-9")])
    assert receipt.seq == 5 and store.events.page(after=4)[0].user == "ada"
    assert store.events.record([NewEvent("кот", "tea", "purchase", event_id="order-3")])[0].duplicate
    with pytest.raises(ErasedCustomer):
        store.events.record([NewEvent(GONE, "tea", "click")])
    assert store.events.retract("order-9") is not None
    assert store.erase("visitor-1").removed["events"] == 2
    assert [each.user for each in store.events.page()] == ["кот"]

"The store on SQLite and PostgreSQL: concurrent processes, crashes, erasure, and the promise of a receipt"

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.command
import alembic.config
import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from postgres import postgres

from customer360 import config
from customer360.data.store import connection as store_connection
from customer360.data.store import erasure
from customer360.data.store import events as store_events
from customer360.data.store.connection import StorageError, StoreDown
from customer360.data.store.customers import OwnAttributes
from customer360.data.store.events import RetractionReceipt
from customer360.data.store.facade import Store
from customer360.data.store.identities import MergeSettled, NotMerged
from customer360.data.store.ids import ErasedCustomer
from customer360.data.store.ingest_tables import INTERACTION_ROWS
from customer360.data.store.interactions import _read_interactions
from customer360.data.store.new_events import (
    EventConflict,
    InvalidEvent,
    ItemEvent,
    NewEvent,
    RefusedEvents,
    RetractedEvent,
    StoredEvent,
    check_event,
)
from customer360.data.store.tables import METADATA, MIGRATIONS

# A client that records events one by one from several threads until it is killed, and prints each receipt.
CLIENT = """
import os, sys, threading, uuid
from customer360.data.store.connection import StoreDown
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
url, n_threads, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = Store.open(url)
os.write(1, b"ready\\n")

def work(thread):
    for i in range(n):
        event = NewEvent(f"u{i % 7}", f"i{i}", "click", 1_700_000_000 + i, event_id=uuid.uuid4().hex)
        while True:
            try:
                os.write(1, f"{event.event_id} {store.events.record([event])[0].seq}\\n".encode())
                break
            except StoreDown:
                if "retry" not in sys.argv:
                    raise

threads = [threading.Thread(target=work, args=(t,)) for t in range(n_threads)]
[t.start() for t in threads]
[t.join() for t in threads]
"""


def client(url: str, n_threads: int = 1, n: int = 10**9, *more: str, **options) -> subprocess.Popen:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, url, str(n_threads), str(n), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        **options,
    )


def rest(process: subprocess.Popen) -> str:
    "Return the rest of a client's output (`communicate` would lose what `readline` has buffered)"
    out = process.stdout.read()
    process.wait(timeout=60)
    return out


def by(what: Callable[[], bool], seconds: float = 60) -> None:
    "Wait until a condition holds"
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "that did not happen"
        time.sleep(0.01)


def acknowledged(out: str) -> dict[str, int]:  # event id -> seq
    "Return the receipts that a client has printed, without a line that its death cut short"
    return {match[1]: int(match[2]) for match in re.finditer(r"(?m)^([0-9a-f]{32}) (\d+)\n", out)}


HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))  # the newest revision


@pytest.fixture(scope="module")
def cluster():
    with postgres() as running:
        Store.open(running.create("shop")).close()
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    "Return the URL of an empty store"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'the store'}/shop.sqlite"
    where = request.getfixturevalue("cluster").url("shop")
    import psycopg

    with psycopg.connect(where) as connection:
        connection.execute(f"TRUNCATE {', '.join(set(METADATA.tables) - {'counters'})}")
        connection.execute("DELETE FROM counters WHERE name NOT IN ('events', 'catalogue', 'identities')")
        connection.execute("UPDATE counters SET value = 0")
        connection.execute(f"UPDATE alembic_version SET version_num = '{HEAD}'")
    return where


@pytest.fixture
def store(url):
    with Store.open(url) as opened:
        yield opened


def view(user: str = "ada", item: str = "tea", **more) -> NewEvent:
    return NewEvent(user, item, more.pop("event", "view"), more.pop("timestamp", 1_700_000_000), **more)


def dump(store: Store) -> str:
    "Return every value of every table as text"
    with store.engine.database.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in METADATA.sorted_tables
            for row in connection.execute(sa.select(table))
        )


# ---- recording and reading events


def test_a_batch_is_stored_whole_or_not_at_all(store):
    store.events.record([view(event_id="a", rating=3.5)])
    for wrong, error in (
        (view(event_id="a", rating=4.0), EventConflict),
        (view(item=""), InvalidEvent),
        (view(user="gone"), ErasedCustomer),
    ):
        store.erase("gone")
        with pytest.raises(error):
            store.events.record([view("new"), view("new", event_id="b"), wrong])
        assert (store.events.last_seq(), store.customers.get("new")) == (1, None), error


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", "ben"),
        ("item", "mug"),
        ("event", "click"),
        ("timestamp", 1),
        ("rating", 2.0),
        ("rating", None),
        ("weight", 0.7),
        ("recommendation_id", "r2"),
        ("surface", "email"),
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(store, field, value):
    first = view(event_id="a", rating=3.0, weight=0.5, recommendation_id="r1")
    store.events.record([view("other"), first])
    with pytest.raises(EventConflict) as conflict:
        store.events.record([view("third"), first._replace(**{field: value})])
    assert (conflict.value.index, conflict.value.field, conflict.value.event_id) == (1, field, "a")
    with pytest.raises(EventConflict):  # inside one batch too
        store.events.record(
            [
                view(event_id="b", weight=1.0, rating=1.0, recommendation_id="x"),
                view(event_id="b")._replace(**{field: value}),
            ]
        )
    assert store.events.last_seq() == 2


def test_fields_that_the_client_left_out_do_not_conflict(store):
    loose = NewEvent("ada", "tea", "purchase", event_id="a")
    first = store.events.record([loose])[0]
    received = int(time.time())
    while int(time.time()) == received:  # until the time of receipt is another one
        time.sleep(0.02)
    assert store.events.record([loose, loose]) == [first._replace(duplicate=True)] * 2
    assert (
        len(store.events.of_customer("ada")) == 1
        and abs(store.events.of_customer("ada")[0].timestamp - time.time()) < 60
    )


def test_an_event_is_read_back_as_it_was_sent(store):
    sent = NewEvent(
        "ädä 🫖",
        "'; drop table events; --",
        "rating",
        1_700_000_000,
        np.float32(3.3),
        0.123456789012345,
        "id\n1",
        "r",
        "search, Größe 7",
    )
    receipt = store.events.record([sent])[0]
    (kept,) = store.events.page(user="ädä 🫖")
    assert kept == StoredEvent(
        receipt.seq,
        "id\n1",
        sent.user,
        sent.item,
        "rating",
        float(np.float32(3.3)),
        0.123456789012345,
        1_700_000_000,
        "r",
        kept.received,
        "search, Größe 7",
    )
    frame = store.events.frame(["ädä 🫖"])
    assert frame.dtypes.astype(str).to_dict() | {"user": "", "item": ""} == {
        "user": "",
        "item": "",
        "event": "str",
        "rating": "float32",
        "weight": "float32",
        "timestamp": "int64",
        "row": "int64",
        "event_id": "str",
        "recommendation_id": "str",
    }
    recommended = frame["recommendation_id"].ne("")
    expected = frame.drop(columns=["event_id", "recommendation_id"]).assign(recommended=recommended)
    assert store.events.interactions().equals(expected)
    assert store.events.interactions(upto=0).dtypes.equals(store.events.interactions().dtypes)


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.binary(max_size=2),
    st.just("x" * 300),
)


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    event=st.builds(
        NewEvent,
        *[st.one_of(st.just(good), anything) for good in ("ada", "tea", "rating", 5, 3.0, 1.0)],
        *[st.text(max_size=3)] * 2,
    )
)
def test_any_event_is_stored_or_refused_with_the_field_named(store, event):
    event = event._replace(event_id=event.event_id and uuid.uuid4().hex + event.event_id)
    try:
        receipt = store.events.record([event])[0]
    except InvalidEvent as refused:
        assert refused.field in NewEvent._fields and refused.index == 0
    else:
        kept = store.events.page(after=receipt.seq - 1, limit=1)[0]
        assert (kept.user, kept.item, kept.event, kept.rating) == (
            event.user,
            event.item,
            event.event,
            event.rating,
        )
        assert not receipt.duplicate and event.event_id in ("", kept.event_id)


@pytest.mark.parametrize("field", ["timestamp", "rating", "weight"])
@pytest.mark.parametrize("value", [float("inf"), -float("inf"), 10**400], ids=str)
def test_infinite_and_huge_numbers_are_refused_with_the_field_named(field, value):
    with pytest.raises(InvalidEvent) as refused:
        check_event(view()._replace(**{field: value}))
    assert refused.value.field == field


def test_pages_of_events(store):
    store.events.record(
        [view(user, event=kind) for user in ("ada", "ben") for kind in ("view", "click", "cart")]
    )
    pages, after = [], 0
    while page := store.events.page(after=after, limit=2):
        pages.append([event.seq for event in page])
        after = page[-1].seq
    assert pages == [[1, 2], [3, 4], [5, 6]]
    assert [
        event.seq
        for event in store.events.page(newest_first=True, after=5, user="ada", kinds=["view", "cart"])
    ] == [3, 1]
    assert (
        store.events.page(user="nobody") == []
        and store.events.of_customer("nobody") == []
        and len(store.events.frame([])) == 0
    )


def test_events_of_an_item_and_daily_counts(store):
    day = 1_700_006_400  # midnight
    acts = [
        ("ada", "tea", "view", day - 1),
        ("ada", "tea", "view", day),
        ("ben", "tea", "purchase", day),
        ("v1", "mug", "view", day),
        ("v1", "tea", "like", day),
    ]
    store.events.record([view(user, item, event=kind, timestamp=when) for user, item, kind, when in acts])
    store.events.record([view("ben", "tea", event="rating", rating=4.0, timestamp=day + 86_399)])
    assert [(event.user, event.event, event.rating) for event in store.events.of_item("tea", after=2)] == [
        ("ben", "purchase", None),
        ("v1", "like", None),
        ("ben", "rating", 4.0),
    ]
    assert (
        store.events.of_item("tea")[-1] == ItemEvent("ben", "rating", 4.0, day + 86_399, 6)
        and store.events.of_item("pot") == []
    )

    def told(after: int = 0) -> list[list]:
        frame = store.events.daily_counts(after)
        return [[str(row.day)[:10], row.event, row.n, row.ratings] for row in frame.itertuples()]

    today = [
        ["2023-11-15", "like", 1, 0],
        ["2023-11-15", "purchase", 1, 0],
        ["2023-11-15", "rating", 1, 1],
        ["2023-11-15", "view", 2, 0],
    ]
    assert told() == [["2023-11-14", "view", 1, 0], *today] and told(5) == today[2:3] and told(6) == []
    store.identities.merge("v1", "ada")
    assert [event.user for event in store.events.of_item("tea")] == [
        "ada",
        "ada",
        "ben",
        "ada",
        "ben",
    ] and told()[1:] == today
    assert sorted(store.customers.ids()) == ["ada", "ben"]
    store.erase("ben")
    assert [event.event for event in store.events.of_item("tea")] == [
        "view",
        "view",
        "like",
    ] and store.customers.ids() == ["ada"]
    assert told() == [
        ["2023-11-14", "view", 1, 0],
        ["2023-11-15", "like", 1, 0],
        ["2023-11-15", "view", 2, 0],
    ]


# ---- concurrency


def test_a_conflict_does_not_affect_other_batches_of_its_group(store):
    "Forty callers share transactions: batches with a conflict are refused, all others stored"
    store.events.record([view(event_id="taken")])

    def call(n: int) -> str:
        batch = [view(f"u{n}", event_id=f"{n}-{i}") for i in range(3)]
        if n % 4 == 0:
            batch.append(view("thief", event_id="taken"))
        try:
            return (
                "stored"
                if all(not receipt.duplicate for receipt in store.events.record(batch))
                else "duplicate"
            )
        except EventConflict as conflict:
            assert conflict.index == 3
            return "conflict"

    with ThreadPoolExecutor(40) as pool:
        said = list(pool.map(call, range(200)))
    assert Counter(said) == {"stored": 150, "conflict": 50}
    users = Counter(event.user for event in store.events.page(limit=1000))
    assert users == {"ada": 1} | {f"u{n}": 3 for n in range(200) if n % 4}
    assert {known["user"] for known in store.customers.page(limit=1000)} == set(users)


@pytest.mark.slow
def test_a_reader_misses_no_event_of_concurrent_processes(store, url):
    """A reader that goes on from the last number it saw sees every event.

    On PostgreSQL numbers that are drawn before the commit would become visible in another order.
    """
    clients = [client(url, 4, 40) for _ in range(3)]
    seen: list[StoredEvent] = []
    while any(process.poll() is None for process in clients):
        seen += store.events.page(after=seen[-1].seq if seen else 0, limit=10_000)
    seen += store.events.page(after=seen[-1].seq, limit=10_000)
    done = [process.communicate() for process in clients]
    assert [process.returncode for process in clients] == [0, 0, 0], [err[-2000:] for _, err in done]
    promised = {key: seq for out, _ in done for key, seq in acknowledged(out).items()}
    assert {event.event_id: event.seq for event in seen} == promised
    assert [event.seq for event in seen] == list(range(1, 481))


def test_one_event_sent_by_many_is_stored_once(store, url):
    same = [view(event_id=f"e{i}") for i in range(20)]
    with Store.open(url) as other, ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda n: (store, other)[n % 2].events.record(same[n % 3 :]), range(60)))
    fresh = Counter(receipt.event_id for receipts in said for receipt in receipts if not receipt.duplicate)
    assert (
        fresh == dict.fromkeys([event.event_id for event in same], 1)
        and len(store.events.of_customer("ada")) == 20
    )
    assert len({(receipt.event_id, receipt.seq) for receipts in said for receipt in receipts}) == 20


@pytest.mark.slow
def test_three_processes_that_open_an_empty_database_migrate_it_once(tmp_path, cluster):
    code = """
import sys
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
s = Store.open(sys.argv[1])
s.events.record([NewEvent('a', 'b', 'view')])
print(s.ids.key.hex())
"""
    urls = (f"sqlite:///{tmp_path}/new.sqlite", cluster.create("fresh"))
    six = [
        (
            url,
            subprocess.Popen(
                [sys.executable, "-c", code, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ),
        )
        for url in urls * 3
    ]
    said = {url: set() for url in urls}
    for url, process in six:
        out, err = process.communicate()
        assert process.returncode == 0, err[-2000:]
        said[url].add(out)
    for url in urls:
        assert len(said[url]) == 1, "two keys for tombstones: erased customers would come back"
        with Store.open(url) as store:
            assert store.events.last_seq() == 3


# ---- crashes


@pytest.mark.slow
def test_acknowledged_events_survive_the_death_of_the_client(store, url):
    "SIGKILL at any moment, five times"
    promised: dict[str, int] = {}
    clients = [client(url, 4) for _ in range(5)]
    for process in clients:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for place, process in enumerate(clients, 1):
        said = "".join(
            process.stdout.readline() for _ in range(10 * place)
        )  # it is in the middle of its work
        process.kill()
        promised |= acknowledged(said + rest(process))
    assert len(promised) >= 50
    kept = Counter(event.event_id for event in store.events.page(limit=10**6))
    assert set(promised) <= set(kept) and set(kept.values()) == {1}
    assert all(
        event.seq == promised.get(event.event_id, event.seq) for event in store.events.page(limit=10**6)
    )
    assert len(kept) - len(promised) <= 5 * 4, "more than one event per thread was stored without a receipt"


@pytest.mark.slow
def test_clients_recover_when_the_server_is_killed_and_restarted():
    "PostgreSQL is killed while clients write; the same store and clients continue without help"
    with postgres() as cluster:
        store = Store.open(cluster.url())
        process = client(cluster.url(), 4, 150, "retry")
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        said = ""
        for strike in (cluster.kill, lambda: cluster.stop("immediate"), cluster.kill):
            said += "".join(process.stdout.readline() for _ in range(60))  # it is in the middle of its work
            strike()
            for call in (
                store.ping,
                lambda: store.events.record([view()]),
                lambda: store.events.of_customer("ada"),
                lambda: store.items.put("x", {}),
            ):
                began = time.monotonic()
                with pytest.raises(StoreDown, match="try again"):
                    call()
                assert time.monotonic() - began < 5
            cluster.start()
            store.ping()
        promised = acknowledged(said + rest(process))
        assert process.returncode == 0, process.stderr.read()[-2000:]
        kept = Counter(event.event_id for event in store.events.page(limit=10**6))
        assert len(promised) == 600 and set(kept) == set(promised) and set(kept.values()) == {1}
        store.close()


@pytest.mark.slow
def test_the_log_is_synced_before_the_receipt_is_sent(tmp_path):
    "The order of system calls is: write to the log, sync of the log, receipt"
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    url = f"sqlite:///{tmp_path}/traced.sqlite"
    Store.open(url).close()
    trace = tmp_path / "trace"
    command = [sys.executable, "-c", CLIENT, url, "1", "20"]
    process = subprocess.run(
        [
            "strace",
            *["-f", "-y", "-s", "64", "-e", "trace=pwrite64,write,fsync,fdatasync", "-o"],
            trace,
            *command,
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if process.returncode and "ptrace" in process.stderr:
        pytest.skip("strace may not trace here")
    assert process.returncode == 0, process.stderr[-2000:]
    receipts, written, synced = 0, False, False
    for line in trace.read_text().splitlines():
        if "pwrite64(" in line and "traced.sqlite-wal>" in line:
            written, synced = True, False
        elif re.search(r"fd?a?t?a?sync\(\d+<[^>]*traced.sqlite-wal>\)\s+= 0", line):
            synced = True
        elif match := re.search(r'write\(1<.*>, "([0-9a-f]{32}) \d+', line):
            assert written and synced, f"the receipt of {match[1]} left before its event was synced"
            receipts, written, synced = receipts + 1, False, False
    assert receipts == 20


def test_a_database_without_durable_commits_is_refused(tmp_path, cluster, monkeypatch):
    for options in ("-c synchronous_commit=off", "-csynchronous_commit=off -clock_timeout=1s"):
        unsafe = sa.make_url(cluster.url()).update_query_dict({"options": options}).render_as_string()
        with pytest.raises(StorageError, match="synchronous_commit=off"):
            Store.open(unsafe)
    monkeypatch.setattr(store_connection, "PRAGMAS", ("journal_mode=WAL", "synchronous=NORMAL"))
    with pytest.raises(StorageError, match="synchronous=normal"):
        Store.open(f"sqlite:///{tmp_path}/a.sqlite")
    monkeypatch.setattr(store_connection, "PRAGMAS", ("journal_mode=DELETE", "synchronous=FULL"))
    with pytest.raises(StorageError, match="journal_mode=delete"):
        Store.open(f"sqlite:///{tmp_path}/b.sqlite")


@pytest.mark.slow
def test_a_server_without_fsync_is_refused():
    with postgres(fsync="off") as cluster, pytest.raises(StorageError, match="fsync=off"):
        Store.open(cluster.url())


def test_a_locked_file_is_reported_as_down_and_recovers(tmp_path, monkeypatch):
    monkeypatch.setattr(store_connection, "BUSY_SECONDS", 0.2)
    with Store.open(f"sqlite:///{tmp_path}/a.sqlite") as store:
        other = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreDown, match="database is locked"):
            store.events.record([view(event_id="a")])
        assert store.events.of_customer("ada") == []  # reading goes on
        other.execute("ROLLBACK")
        assert not store.events.record([view(event_id="a")])[0].duplicate


def test_a_file_that_is_not_a_database_is_reported(tmp_path):
    (tmp_path / "a.sqlite").write_bytes(b"not a database at all, but longer than its header would be" * 20)
    with pytest.raises(StorageError, match="file is not a database"):
        Store.open(f"sqlite:///{tmp_path}/a.sqlite")


# ---- migrations


def test_the_migrations_create_the_tables_that_the_code_expects(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.engine.database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    found = sa.inspect(store.engine.database)
    for name, table in METADATA.tables.items():
        assert {
            index["name"] for index in found.get_indexes(name) if not index.get("duplicates_constraint")
        } == {index.name for index in table.indexes}


def test_a_database_of_the_first_revision_is_migrated(store, url):
    "Its rows are kept, and the events of an item are then read through an index"
    store.events.record([view(item=f"item-{n % 7}") for n in range(200)])
    rows = store.events.of_item("item-3")
    with store.engine.database.begin() as connection:
        connection.exec_driver_sql("DROP INDEX events_item_seq")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with Store.open(url) as again:
        assert again.events.of_item("item-3") == rows and len(rows) == 29
        assert "events_item_seq" in {
            index["name"] for index in sa.inspect(again.engine.database).get_indexes("events")
        }
        if url.startswith("sqlite"):
            with again.engine.database.connect() as connection:
                plan = connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {store_events._OF_ITEM.compile(again.engine.database)}",
                    ("item-3", 0),
                ).all()
            assert "USING INDEX events_item_seq" in str(plan)


def test_customers_of_an_older_revision_are_found_without_their_accents(store, url):
    store.customers.put("u1", {"name": "José Ñuñez"})
    store.customers.put("u2", {"name": "plain"})
    with store.engine.database.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET search = 'u1 josé ñuñez' WHERE \"user\" = 'u1'")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    with Store.open(url) as again:
        assert [
            [known["user"] for known in again.customers.page(search=text)]
            for text in ("jose", "NUÑEZ josé", "plain")
        ] == [["u1"], ["u1"], ["u2"]]


def test_a_database_before_merges_could_be_undone_keeps_what_it_holds(store, url):
    "Attributes set then stay an overlay; a merge made then is not undone; new ones can be"
    with store.engine.database.begin() as connection:
        config = alembic.config.Config(attributes={"quiet": True, "connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        alembic.command.downgrade(config, "0007")
        for statement in (
            """INSERT INTO customers ("user", attributes, search, created)
               VALUES ('ada', '{"name": "Ada"}', 'ada ada', 5), ('ben', '{}', 'ben', 6)""",
            "INSERT INTO merges (source, target, time) VALUES ('old', 'ada', 7)",
            """INSERT INTO events (seq, event_id, "user", item, event, weight, timestamp,
                                   recommendation_id, received)
               VALUES (1, 'e1', 'ada', 'tea', 'view', 0.1, 1700000000, '', 1),
                      (2, 'e2', 'ben', 'mug', 'view', 0.1, 1700000000, '', 1)""",
            "UPDATE counters SET value = 2 WHERE name = 'events'",
        ):
            connection.exec_driver_sql(statement)
        assert "retractions" not in sa.inspect(connection).get_table_names()
    with Store.open(url) as again:
        assert again.customers.own(["ada", "ben"]) == {
            "ada": OwnAttributes({"name": "Ada"}, False),
            "ben": OwnAttributes({}, False),
        }
        assert again.identities.merges() == {"old": "ada"}
        assert [event.event_id for event in again.events.page()] == ["e1", "e2"]
        with pytest.raises(MergeSettled, match="earlier version"):
            again.identities.separate("old")
        assert again.identities.merge("ben", "ada") == 1
        assert again.identities.separate("ben") == ("ada", 1)
        assert [event.event_id for event in again.events.page(user="ben")] == ["e2"]


def test_a_database_of_a_newer_revision_is_refused(store, url):
    with store.engine.database.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="another version of this package"):
        Store.open(url)


# ---- customers


def test_pages_of_customers_have_the_same_order_on_every_database(store):
    names = ["b", "B", "a", "ä", "Z", "10", "9", "_x", "é", "🫖", "aa", "a b", "a-b"]
    for name in names:
        assert store.customers.put(name, {"n": name})
    pages, after = [], ""
    while page := store.customers.page(after=after, limit=3):
        pages += [known["user"] for known in page]
        after = pages[-1]
    assert pages == sorted(names, key=str.encode)


def test_search_compares_text_attributes_and_accepts_any_text(store):
    store.customers.put(
        "u1", {"name": "Zoë MÜLLER", "note": "100% \\ _wool_", "age": 44, "none": None, "on": True}
    )
    store.customers.put("u2", {"name": "Straße\0\ud800"})
    found = {
        text: [known["user"] for known in store.customers.page(search=text)]
        for text in ("müller", "ZOË", "100%", "_wool_", "\\", "%", "44", "U", "STRASSE", "x%", "\0", "\udfff")
    }
    one, two = ["u1"], ["u2"]
    assert found == {
        "müller": one,
        "ZOË": one,
        "100%": one,
        "_wool_": one,
        "\\": one,
        "%": one,
        "44": [],
        "U": ["u1", "u2"],
        "STRASSE": two,
        "x%": [],
        "\0": found["\0"],
        "\udfff": found["\udfff"],
    }
    words = {
        text: [known["user"] for known in store.customers.page(search=text)]
        for text in ("muller zoe", "  wool\tzoe 100% ", "muller strasse", "mul ler")
    }
    assert words == {"muller zoe": one, "  wool\tzoe 100% ": one, "muller strasse": [], "mul ler": one}
    assert store.customers.get("u1")["attributes"] == {
        "name": "Zoë MÜLLER",
        "note": "100% \\ _wool_",
        "age": 44,
        "none": None,
        "on": True,
    }


def test_merged_ids_are_one_customer(store):
    store.customers.put("ada", {"name": "Ada", "city": None})
    store.events.record([view("v1", "tea"), view("v2", "mug"), view("ada", "pot")])
    store.recommendations.record(
        [{"recommendation_id": "r", "user": "v1", "model": "knn", "version": "1", "time": 5, "payload": {}}]
    )
    store.customers.put("v1", {"name": "visitor", "campaign": "spring"})
    assert (
        store.identities.merge("v2", "v1") == 1 and store.identities.merge("v1", "ada") == 2
    )  # a chain ends in one step
    assert {store.identities.resolve(user) for user in ("v1", "v2", "ada")} == {"ada"}
    assert store.customers.get("v2") == store.customers.get("ada") | {"merged_into": "ada"}
    assert store.customers.get("ada")["attributes"] == {"name": "Ada", "city": None, "campaign": "spring"}
    assert [event.item for event in store.events.of_customer("v2")] == ["tea", "mug", "pot"] and len(
        store.events.page(user="v1")
    ) == 3
    assert (
        set(store.events.frame(["v1", "v2"])["user"]) == {"ada"}
        and len(store.events.frame(["v1", "ada", "v2"])) == 3
    )
    assert store.recommendations.get("r")["user"] == "ada"
    assert not store.customers.put("v2", {"name": "A"}) and store.customers.get("ada")["attributes"] == {
        "name": "A"
    }
    assert [known["user"] for known in store.customers.page()] == ["ada"]
    sent = view("v2", "late", event_id="x")
    assert [store.events.record([sent])[0].duplicate for _ in range(2)] == [False, True]
    before = dump(store)
    for source, target in (("ada", "v1"), ("ada", "ada"), ("v1", "v1"), ("v1", "ben")):
        with pytest.raises(ValueError):
            store.identities.merge(source, target)
    assert dump(store) == before
    assert (
        store.identities.merge("v1", "ada") == 0
        and store.identities.merge("unheard", "of") == 0
        and store.identities.resolve("unheard") == "of"
    )


def test_a_merge_that_is_undone_leaves_everything_as_it_was(store):
    store.customers.put("ada", {"name": "Ada"})
    store.events.record([view("v1", "tea"), view("v2", "mug"), view("ada", "pot")])
    store.recommendations.record(
        [{"recommendation_id": "r", "user": "v1", "model": "knn", "version": "1", "time": 5, "payload": {}}]
    )
    store.customers.put("v1", {"name": "somebody", "city": "Rome"})

    def holds() -> list:
        stored = [
            store.events.page(),
            store.customers.page(),
            store.identities.merges(),
            store.customers.all_own(),
        ]
        return [*stored, [store.customers.page(search=word) for word in ("rome", "ada")]]

    apart = holds()
    store.identities.merge("v2", "v1")
    pair = holds()
    store.identities.merge("v1", "ada")
    assert store.customers.get("ada")["attributes"] == {"name": "Ada", "city": "Rome"}
    assert [known["user"] for known in store.customers.page(search="rome")] == ["ada"]
    with pytest.raises(MergeSettled, match="'v1' was merged into 'ada' since: undo that first"):
        store.identities.separate("v2")
    assert store.identities.separate("v1") == ("ada", 2)
    assert holds() == pair and store.recommendations.get("r")["user"] == "v1"
    assert store.identities.separate("v2") == ("v1", 1)
    assert holds() == apart


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (lambda store: store.events.record([view("v1")]), "has had 1 event since"),
        (lambda store: store.customers.put("ada", {}), "attributes were changed"),
        (lambda store: store.customers.patch("v1", {"city": "Rome"}), "attributes were changed"),
        (lambda store: store.identities.merge("v2", "ada"), "'v2' was merged into 'ada' since"),
        (lambda store: store.identities.merge("ada", "ben"), "'ada' was merged into 'ben' since"),
        (None, "models were trained with the merged history"),
    ],
)
def test_a_merge_is_not_undone_once_something_has_happened(store, what, reason):
    store.events.record([view("v1", "tea"), view("v2", "mug"), view("ada", "pot"), view("ben", "pot")])
    store.identities.merge("v1", "ada")
    trained = 0 if what else store.events.last_seq()
    if what:
        what(store)
    before = dump(store)
    with pytest.raises(MergeSettled, match=reason):
        store.identities.separate("v1", trained)
    with pytest.raises(NotMerged):
        store.identities.separate("nobody")
    assert dump(store) == before


# ---- retraction


def test_a_retracted_event_is_deleted_and_stays_away(store):
    "Also what was ingested under its id; of its content nothing is kept"
    wrong = view("ada", "tulips", event="purchase", event_id="till-1", recommendation_id="list-7")
    store.events.record([wrong, view("ada", "mug", event_id="till-2")])
    row = {"row": 1, "event_id": "till-1", "user": "ada", "item": "tulips", "event": "purchase"}
    row |= {"rating": None, "weight": 1.0, "timestamp": wrong.timestamp, "fold": None, "ingest": 1}
    only = row | {"row": 2, "event_id": "file-1", "item": "roses"}
    with store.engine.writing() as connection:
        connection.execute(sa.insert(INTERACTION_ROWS), [row, only])
    assert store.events.retract("till-1") == RetractionReceipt("till-1", 1, duplicate=False)
    assert store.events.retract("till-1") == RetractionReceipt("till-1", 1, duplicate=True)
    assert store.events.retract("file-1") == RetractionReceipt("file-1", 0, duplicate=False)
    assert store.events.retract("nothing") is None
    assert not [word for word in ("tulips", "list-7", "roses") if word in dump(store)]
    assert [event.event_id for event in store.events.page()] == ["till-2"]
    assert store.events.interactions()["item"].tolist() == ["mug"]
    with store.interactions._snapshot() as connection:
        assert len(_read_interactions(connection, 2)) == 0
        assert set(connection.execute(sa.select(INTERACTION_ROWS.c.event_id)).scalars()) == {
            "till-1",
            "file-1",
        }
    for again in (wrong, wrong._replace(item="pot")):
        with pytest.raises(RetractedEvent) as refused:
            store.events.record([view("ben"), again])
        assert (refused.value.index, refused.value.event_id) == (1, "till-1")
    assert [one["event_id"] for one in store.export("ada")["retractions"]] == ["till-1", "file-1"]
    assert store.erase("ada").removed["retractions"] == 2 and store.events.retractions() == []


def test_every_event_that_is_wrong_is_named(store):
    store.erase("gone")
    store.events.record([view(event_id="a"), view(event_id="b")])
    store.events.retract("b")
    batch = [view(), view("gone"), view(item=""), view("ben", event_id="a"), view(event_id="b")]
    for _ in range(2):
        with pytest.raises(RefusedEvents) as refused:
            store.events.record(batch)
        kinds = {at: type(error) for at, error in refused.value.problems.items()}
        assert kinds == dict(
            zip(range(1, 5), (ErasedCustomer, InvalidEvent, EventConflict, RetractedEvent), strict=True)
        )
        assert store.events.problems({at: batch[at] for at in (0, 3)})[3].index == 1
        batch[2] = view(timestamp=1_700_000_000_000)
    del batch[2]
    with pytest.raises(RefusedEvents, match="and 2 more"):
        store.events.record(batch)
    assert len(store.events.page()) == 1
    assert next(type(one).__name__ for one in store.events.record_each(batch)) == "Receipt"


# ---- erasure


def test_erasure_leaves_nothing_but_a_hash(store, url):
    "The customer's rows were moved, changed and merged before"
    words = ["erika", "gabler", "visitor-xyz", "till-000", "rec-000", "tulips"]
    for n in range(20):
        crowd = [
            view(f"user-{(n * 50 + i) % 97}", f"item-{i}", recommendation_id=f"other-{i}") for i in range(50)
        ]
        hers = [
            view(
                "erika" if n % 2 else "visitor-xyz",
                "mug",
                event_id=f"till-000{n}-{i}",
                recommendation_id=f"rec-000{n}",
            )
            for i in range(3)
        ]
        store.events.record(crowd + hers)
        store.customers.put("erika", {"name": "Erika Gabler", "note": "tulips " * n})
        store.recommendations.record(
            [
                {
                    "recommendation_id": f"rec-000{n}",
                    "user": "erika",
                    "model": "knn",
                    "version": "1",
                    "time": n,
                    "payload": {"likes": "tulips"},
                }
            ]
        )
    store.identities.merge("visitor-xyz", "erika")
    assert all(word in dump(store).casefold() for word in words)
    others = {event.seq for event in store.events.page(limit=10**6) if event.user != "erika"}
    about = json.dumps(store.export("visitor-xyz"))
    assert about.count("till-000") == 60 and "tulips" in about and "user-" not in about
    assert store.erase("visitor-xyz").removed == {
        "events": 60,
        "recommendations": 20,
        "customers": 1,
        "merges": 1,
        "interactions": 0,
        "customer_versions": 0,
        "observations": 0,
        "features": 0,
        "retractions": 0,
    }
    assert not [word for word in words if word in dump(store).casefold()]
    assert {event.seq for event in store.events.page(limit=10**6)} == others
    if url.startswith("sqlite"):
        held = b"".join(
            path.read_bytes() for path in Path(sa.make_url(url).database).parent.iterdir()
        ).lower()
        assert b"user-5" in held and not [word for word in words if word.encode() in held]
    assert store.identities.erased(["user-5", "erika", "visitor-xyz"]).tolist() == [False, True, True]
    many = [f"x{i}" for i in range(2000)] + ["erika"]
    assert store.identities.erased(many).sum() == 1 and store.identities.erased([]).tolist() == []


def test_nothing_is_stored_for_an_erased_customer(store, url):
    store.events.record([view("ben"), view("v")])
    store.identities.merge("v", "ben")
    store.erase("ben")
    store.erase("never-seen")
    with Store.open(url) as again:
        for user in ("ben", "v", "never-seen"):
            for call in (
                lambda user=user: again.events.record([view(user)]),
                lambda user=user: again.customers.put(user, {}),
                lambda user=user: again.identities.merge(user, "ada"),
                lambda user=user: again.identities.merge("ada", user),
            ):
                with pytest.raises(ErasedCustomer) as gone:
                    call()
                assert gone.value.user == user
            again.recommendations.record(
                [
                    {
                        "recommendation_id": user,
                        "user": user,
                        "model": "m",
                        "version": "1",
                        "time": 1,
                        "payload": {},
                    }
                ]
            )
            assert (
                again.recommendations.get(user) is None
                and again.customers.get(user) is None
                and again.events.of_customer(user) == []
            )


def test_erasure_during_concurrent_writes_leaves_nothing(store):
    "Whether a thread or the erasure comes first, nothing is left"
    stop, refused = threading.Event(), []

    def work(n: int) -> None:
        while not stop.is_set():
            try:
                store.events.record([view("erika", f"i{n}"), view("other")])
            except ErasedCustomer:
                refused.append(n)
                return

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    by(lambda: len(store.events.of_customer("erika")) >= 6)
    removed = store.erase("erika").removed
    by(lambda: len(refused) == 6)
    stop.set()
    for thread in threads:
        thread.join()
    assert removed["events"] > 0 and refused and "erika" not in dump(store)


def test_a_cleaning_interrupted_by_a_crash_is_done_when_the_store_opens(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/a.sqlite"
    store = Store.open(url)
    store.events.record([view("erika" * 9, f"item {i}") for i in range(300)])
    monkeypatch.setattr(erasure, "overwrite_deleted", lambda engine: os.kill(os.getpid(), signal.SIGUSR1))
    previous = signal.signal(signal.SIGUSR1, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.erase("erika" * 9)
    signal.signal(signal.SIGUSR1, previous)
    monkeypatch.undo()
    assert (
        store.events.of_customer("erika" * 9) == [] and b"erika" in (tmp_path / "a.sqlite-wal").read_bytes()
    )
    Store.open(url).close()
    assert not [path for path in tmp_path.iterdir() if b"erika" in path.read_bytes()]
    store.close()


def test_a_long_running_read_delays_only_the_cleaning(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/a.sqlite"
    monkeypatch.setattr(store_connection, "BUSY_SECONDS", 0.05)
    with Store.open(url) as store:
        store.events.record([view("erika")])
        reader = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        monkeypatch.setattr(erasure.overwrite_deleted, "__defaults__", (0.3,))
        with pytest.raises(StoreDown, match="the customer is erased, but a long-running read"):
            store.erase("erika")
        assert store.events.of_customer("erika") == [] and store.identities.erased(["erika"]).all()
        reader.execute("ROLLBACK")
        assert store.erase("erika").removed["events"] == 0
        assert not [path for path in tmp_path.iterdir() if b"erika" in path.read_bytes()]


def test_two_concurrent_erasures_are_both_cleaned_up(tmp_path, monkeypatch):
    clean = erasure.overwrite_deleted
    with Store.open(f"sqlite:///{tmp_path}/a.sqlite") as store:
        store.events.record([view(user * 9, f"item {i}") for user in ("erika", "jonas") for i in range(300)])
        store.erase("erika" * 9, clean=False)
        monkeypatch.setattr(
            erasure,
            "overwrite_deleted",
            lambda engine: (clean(engine), store.erase("jonas" * 9, clean=False)),
        )
        store.erasure.clean()  # while it ends, somebody else is erased
        monkeypatch.undo()
        assert [path for path in tmp_path.iterdir() if b"jonas" in path.read_bytes()]
        store.erasure.clean()
        assert not [
            path
            for path in tmp_path.iterdir()
            if b"jonas" in path.read_bytes() or b"erika" in path.read_bytes()
        ]


def test_the_key_of_tombstones_may_be_kept_elsewhere_but_never_changes(url, monkeypatch):
    def reopen(key: str) -> Store:
        monkeypatch.setenv("C360_ERASURE_KEY", key)
        config.settings.cache_clear()
        return Store.open(url)

    try:
        with reopen("a key of ours") as store:
            store.erase("ada")
            assert "a key of ours" not in dump(store) and store.ids.key.hex() not in dump(store)
        with reopen("a key of ours") as store:
            assert store.identities.erased(["ada"]).all()
        for other in ("another key", ""):
            with pytest.raises(StorageError, match="C360_ERASURE_KEY"):
                reopen(other)
    finally:
        monkeypatch.undo()
        config.settings.cache_clear()


# ---- items, recommendations, documents


def test_the_catalogue_returns_changes_since_a_version(store, url):
    with Store.open(url) as other:  # another worker
        assert store.items.changes(0) == (0, []) and other.items.version() == 0
        assert store.items.put("kettle", {"title": "Kettle", "available": True, "price": 3})
        version, items = other.items.changes(0)
        assert items == [
            {"item": "kettle", "withdrawn": False, "title": "Kettle", "available": True, "price": 3}
        ]
        store.items.withdraw("kettle")
        store.items.withdraw("from the snapshot")
        assert other.items.changes(version)[1] == [
            items[0] | {"withdrawn": True},
            {"item": "from the snapshot", "withdrawn": True},
        ]
        assert not store.items.put("kettle", {"title": "Kettle II"})
        assert other.items.changes(3) == (4, [{"item": "kettle", "withdrawn": False, "title": "Kettle II"}])
        assert other.items.changes(4) == (4, []) and other.versions()["catalogue"] == 4
    for fields in ({"item": "x"}, {"price": float("inf")}, {1: 2}, "text"):
        with pytest.raises(ValueError):
            store.items.put("kettle", fields)


def test_outcomes_count_each_shown_item_once(store):
    picks = {"items": [{"item": f"i{i}", "probability": 0.5 + i / 10} for i in range(3)]}
    day = 86_400_000
    rows = [
        {
            "recommendation_id": "r1",
            "user": "ada",
            "model": "knn",
            "version": "1",
            "time": 3 * day + 5,
            "experiment": "e",
            "arm": "a",
            "payload": picks,
        },
        {
            "recommendation_id": "r2",
            "user": None,
            "model": "svd",
            "version": "2",
            "time": 4 * day,
            "payload": {"items": ["odd"]},
        },
        {
            "recommendation_id": "r3",
            "user": "ben",
            "model": "svd",
            "version": "2",
            "time": 4 * day,
            "payload": {},
        },
    ]
    store.recommendations.record(rows)
    store.recommendations.record(rows)
    acts = [
        ("ada", "i0", "impression"),
        ("ada", "i2", "impression"),
        ("ada", "i0", "impression"),
        ("ada", "i0", "click"),
        ("ada", "i0", "click"),
        ("ada", "i0", "cart"),
        ("ada", "i0", "purchase"),
        ("ada", "i9", "like"),
    ]
    store.events.record([view(user, item, event=kind, recommendation_id="r1") for user, item, kind in acts])
    store.events.record(
        [view("visitor", "i1", event="impression", timestamp=1_800_000_000, recommendation_id="r2")]
    )
    store.events.record(
        [
            view("ben", "i1", event="click", recommendation_id="r3"),
            view("ben", "i1", event="impression", recommendation_id="lost"),
        ]
    )
    found = store.recommendations.outcomes()
    assert found.drop(columns=["day", "time"]).to_numpy(object).tolist() == [
        ["r1", "ada", "knn", "1", "e", "a", 2, 1, 1, [0.5, 0.7], ""],
        ["r2", "visitor", "svd", "2", None, None, 1, 0, 0, [None], ""],
    ]
    assert found["day"].astype(str).tolist() == ["1970-01-04", "1970-01-05"]
    assert store.recommendations.outcomes(since=1_750_000_000)["recommendation_id"].tolist() == ["r2"]
    assert store.recommendations.outcomes(since=1_900_000_000).dtypes.equals(found.dtypes)


MORNING = 1_700_000_000


def show(store, lists: dict[str, list[str]], at: int = MORNING, user: str = "ada", **columns: str) -> None:
    "Record recommendations of these items to a customer, and that they were seen"
    store.recommendations.record(
        [
            {
                "recommendation_id": name,
                "user": user,
                "model": name,
                "version": "1",
                "time": 1000 * at,
                "payload": {"items": [{"item": item, "probability": 1.0} for item in items]},
            }
            | columns
            for name, items in lists.items()
        ]
    )
    store.events.record(
        [
            NewEvent(user, item, "impression", at, recommendation_id=name)
            for name, items in lists.items()
            for item in items
        ]
    )


def counts(store) -> dict[str, tuple[int, int, int]]:
    "Return impressions, clicks and conversions of each list"
    found = store.recommendations.outcomes()
    columns = ["impressions", "clicks", "conversions"]
    return {row.recommendation_id: tuple(row[name] for name in columns) for _, row in found.iterrows()}


def test_an_event_counts_for_the_list_that_it_names_and_no_other(store):
    show(store, {"top": ["tea", "mug"], "below": ["tea", "pot"]})
    acts = [
        NewEvent("ada", "tea", "click", MORNING + 5, recommendation_id="below"),
        NewEvent("ada", "tea", "purchase", MORNING + 9, recommendation_id="below"),
        NewEvent("ada", "pot", "click", MORNING + 5, recommendation_id="top"),  # was not in it
        NewEvent("ada", "mug", "click", MORNING + 5),  # in which list?
    ]
    store.events.record(acts)
    assert counts(store) == {"top": (2, 0, 0), "below": (2, 1, 1)}


def test_a_conversion_without_a_list_counts_for_the_last_clicked_one(store):
    show(store, {"top": ["tea"], "below": ["tea"]})
    show(store, {"later": ["tea"]}, MORNING + 3600)
    click = NewEvent("ada", "tea", "click", MORNING + 30, recommendation_id="below")
    store.events.record([click, NewEvent("ada", "tea", "purchase", MORNING + 7200)])
    assert counts(store) == {"top": (1, 0, 0), "below": (1, 1, 1), "later": (1, 0, 0)}


def test_a_conversion_without_a_list_counts_for_all_lists_of_the_last_page_view(store):
    "Two models recommended it, and the order of their lists on the page earns neither anything"
    show(store, {"early": ["tea"]})
    show(store, {"top": ["tea"]}, MORNING + 3600)
    show(store, {"below": ["tea", "mug"]}, MORNING + 3609)  # nine seconds later: the same page
    show(store, {"after": ["tea"]}, MORNING + 7201)
    store.events.record([NewEvent("ada", "tea", "purchase", MORNING + 7200)] * 2)
    assert counts(store) == {"early": (1, 0, 0), "top": (1, 0, 1), "below": (2, 0, 1), "after": (1, 0, 0)}


CREDITED = {
    "at once": ({}, 1),
    "a cart": ({"event": "cart"}, 1),
    "a like": ({"event": "like"}, 1),
    "a day later": ({"timestamp": MORNING + 86_400}, 1),
    "too late": ({"timestamp": MORNING + 86_401}, 0),
    "before it was shown": ({"timestamp": MORNING - 1}, 0),
    "of another item": ({"item": "mug"}, 0),
    "no conversion": ({"event": "rating", "rating": 5.0}, 0),
    "of a list that is not known": ({"recommendation_id": "elsewhere"}, 0),
    "by staff": ({"surface": "staff"}, 0),
}


def test_what_a_conversion_without_a_list_is_credited_to(store):
    for user, (changes, _) in CREDITED.items():
        show(store, {f"shown to {user}": ["tea"]}, user=user)
        store.events.record([NewEvent(user, "tea", "purchase", MORNING + 60)._replace(**changes)])
    assert counts(store) == {f"shown to {user}": (1, 0, n) for user, (_, n) in CREDITED.items()}


def test_a_list_that_does_not_count_takes_no_credit_from_one_that_does(store):
    show(store, {"r": ["tea"]})
    show(store, {"of ben": ["mug"]}, user="ben")
    later = MORNING + 3600
    store.events.record(
        [
            NewEvent("ada", "tea", "impression", later, recommendation_id="of ben"),  # not made for ada
            NewEvent("ada", "tea", "click", later, recommendation_id="lost"),
            NewEvent("ada", "tea", "purchase", later + 60),
        ]
    )
    assert counts(store) == {"r": (1, 0, 1), "of ben": (1, 0, 0)}


def test_a_merged_visitor_s_list_is_credited_with_the_customer_s_purchase(store):
    show(store, {"r": ["tea"]}, user="visitor-1")
    store.identities.merge("visitor-1", "ada")
    store.events.record([NewEvent("ada", "tea", "purchase", MORNING + 60)])
    assert counts(store) == {"r": (1, 0, 1)}


def test_outcomes_take_no_longer_for_long_histories(store):
    "A third of 24,000 events are purchases that name no list: with each event of a customer, 19 million pairs"
    show(store, {"r1": ["tea", "mug"]})
    several = [
        NewEvent(f"u{n % 10}", f"i{n % 60}", ("view", "click", "purchase")[n % 3], MORNING + n // 10)
        for n in range(24_000)
    ]
    store.events.record(several)
    show(store, {f"of {n}": [f"i{n}"] for n in range(60)}, MORNING, "u0")
    began = time.perf_counter()
    found = store.recommendations.outcomes()
    assert time.perf_counter() - began < 8
    assert found["conversions"].sum() == 2  # u0 has bought i20 and i50 again and again


def test_outcomes_are_split_by_surface(store):
    "Where the impressions say that they were, otherwise what the recommendation was asked for"
    show(store, {"plain": ["tea"]})
    show(store, {"home": ["tea", "mug"]}, surface="home")
    store.events.record(
        [
            NewEvent("ada", "mug", "impression", recommendation_id="home", surface="email"),
            NewEvent("ada", "mug", "click", recommendation_id="home", surface="product"),  # of the same list
        ]
    )
    found = store.recommendations.outcomes()
    assert found[["recommendation_id", "surface", "impressions", "clicks"]].to_numpy(object).tolist() == [
        ["plain", "", 1, 0],
        ["home", "home", 1, 0],
        ["home", "email", 1, 1],
    ]
    assert store.recommendations.get("home")["surface"] == "home"


def test_what_staff_did_is_stored_and_counts_in_no_figure(store):
    show(store, {"seen by staff": ["tea"]}, surface="staff")
    show(store, {"r": ["tea"]})
    show(store, {"e": ["tea"]}, experiment="autumn", arm="e")
    store.events.record(
        [
            NewEvent("ada", "tea", "click", recommendation_id="r", surface="staff"),
            NewEvent("ada", "tea", "purchase", recommendation_id="e", surface="staff"),
            NewEvent("ada", "tea", "like", surface="staff"),
        ]
    )
    assert counts(store) == {"r": (1, 0, 0), "e": (1, 0, 0)}
    assert [(each.model, each.reactions) for each in store.recommendations.shown_lists()] == [
        ("e", {"tea": (False, False)})
    ]
    assert [event.event for event in store.events.of_customer("ada")][-3:] == ["click", "purchase", "like"]
    assert (store.events.interactions()["event"] == "like").sum() == 1  # it is the customer's own


def test_a_surface_that_cannot_be_stored_is_refused(store):
    for surface in ("sandbox", "x" * 65, "two\nlines", "a\0", 7, None):
        with pytest.raises(InvalidEvent, match="surface") as refused:
            store.events.record([view(), view()._replace(surface=surface)])
        assert (refused.value.index, refused.value.field) == (1, "surface")
        with pytest.raises(ValueError, match="surface"):
            show(store, {"r": []}, surface=surface)
    assert store.events.last_seq() == 0 and store.recommendations.get("r") is None


def test_what_an_older_revision_stored_has_no_surface(store, url):
    show(store, {"r": ["tea"]})
    before = store.recommendations.outcomes()
    with store.engine.database.begin() as connection:
        for table in ("events", "recommendations"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN surface")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
    with Store.open(url) as again:
        assert again.recommendations.outcomes().equals(before)
        assert [event.surface for event in again.events.page()] == [""]
        again.events.record([view(surface="home")])


def test_documents_keep_all_versions_of_concurrent_writers(store, url):
    with Store.open(url) as other, ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda n: (store, other)[n % 2].documents.put("rules", {"n": n}), range(24)))
    assert sorted(versions) == list(range(1, 25))
    latest = store.documents.latest("rules")
    assert (latest.version, latest.value) == (24, {"n": versions.index(24)})
    assert [(document.version, document.value["n"]) for document in store.documents.history("rules")] == [
        (v, versions.index(v)) for v in range(1, 25)
    ]
    assert store.versions() == {"events": 0, "catalogue": 0, "identities": 0, "rules": 24}


# ---- speed, compared with inserting the same rows directly


def test_a_receipt_costs_little_more_than_the_write(tmp_path, record_property):
    bare = sqlite3.connect(tmp_path / "bare.sqlite", isolation_level=None)
    for pragma in store_connection.PRAGMAS:
        bare.execute(f"PRAGMA {pragma}")
    with Store.open(f"sqlite:///{tmp_path}/a.sqlite") as store:
        for (sql,) in (
            sqlite3.connect(tmp_path / "a.sqlite")
            .execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'events' AND sql IS NOT NULL")
            .fetchall()
        ):
            bare.execute(sql)
        ours, theirs = [], []
        for n in range(150):
            event = view(f"u{n % 50}", event_id=uuid.uuid4().hex)
            began = time.perf_counter()
            store.events.record([event])
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            bare.execute("BEGIN IMMEDIATE")
            bare.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (n, event.event_id, event.user, event.item, "view", None, 0.1, 5, "", 7, ""),
            )
            bare.execute("COMMIT")
            theirs.append(time.perf_counter() - began)
        batch = [[view(f"u{i}", f"i{n}") for i in range(500)] for n in range(6)]
        began = time.perf_counter()
        for events in batch:
            store.events.record(events)
        rate = 3000 / (time.perf_counter() - began)
        reads = [_seconds(lambda n=n: store.events.of_customer(f"u{n % 50}")) for n in range(300)]
    ratio = np.median(ours) / np.median(theirs)
    record_property(
        "one event in the store / a bare insert of the same row (3 wanted)", round(float(ratio), 2)
    )
    record_property("events per second in batches of 500 (1000 wanted)", round(rate))
    record_property("reading one customer, ms (0.3 wanted)", round(float(np.median(reads)) * 1000, 3))
    assert (
        ratio < 10 and rate > 200
    )  # a busy machine is slow; a sync per event, or a table scan, is slower than that


def _seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began

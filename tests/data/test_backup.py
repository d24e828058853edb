"Backups: equal on both databases, of one moment, private, and harmless where something goes wrong"

import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from command import c360, sentence, well
from rows import contents, fill

from customer360.data.store import backup
from customer360.data.store.backup import check_backup, restore_backup, write_backup
from customer360.data.store.connection import StorageError, connect, database_url
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
from customer360.data.store.tables import MIGRATIONS, migrate

REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))
WRITER = """
import sys
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
store, n = Store.open(sys.argv[1]), 0
while True:
    print(store.events.record([NewEvent(f"u{n % 7}", f"i{n}", "click", 1_790_000_000 + n)])[0].seq, flush=True)
    n += 1
"""


@pytest.fixture
def sqlite(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: f"sqlite:///{tmp_path / name}.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, sqlite, tmp_path) -> Callable[[], str]:
    "Makes empty databases"
    made: list[str] = []

    def make() -> str:
        made.append(f"empty_{os.getpid()}_{len(made)}_{abs(hash(tmp_path)) % 10**9}")
        return (
            sqlite(made[-1])
            if request.param == "sqlite"
            else request.getfixturevalue("cluster_of_rows").create(made[-1])
        )

    return make


def full(url: str, revision: str = "head") -> None:
    engine = connect(database_url(url))
    migrate(engine, revision)
    fill(engine)
    engine.dispose()


def rows(url: str) -> dict[str, list[tuple]]:
    engine = connect(database_url(url))
    try:
        return contents(engine)
    finally:
        engine.dispose()


def test_from_sqlite_to_postgresql_and_back(cluster_of_rows, sqlite, tmp_path):
    shop, there, back = sqlite("shop"), cluster_of_rows.create("there"), sqlite("back")
    full(shop)
    before = rows(shop)
    assert all(before.values()), f"nothing in {[name for name, found in before.items() if not found]}"
    told = write_backup(tmp_path / "one.zip", shop)
    assert {name: len(found) for name, found in before.items()} == {"alembic_version": 1} | told["rows"]
    restore_backup(tmp_path / "one.zip", there)
    assert rows(there) == before
    write_backup(tmp_path / "two.zip", there)
    restore_backup(tmp_path / "two.zip", back)
    assert rows(back) == before
    assert check_backup(tmp_path / "one.zip")["sha256"] == check_backup(tmp_path / "two.zip")["sha256"]


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_backup_of_an_earlier_version_is_restored_into_this_one(sqlite, tmp_path, revision):
    full(sqlite("old"), revision)
    assert write_backup(tmp_path / "old.zip", sqlite("old"))["revision"] == revision
    restore_backup(tmp_path / "old.zip", sqlite("new"))
    store = Store.open(sqlite("new"))
    assert [event.seq for event in store.events.page()] == [1, 2, 3]
    assert store.events.record([NewEvent("ada", "tea", "click")])[0].seq == 5
    store.close()


@pytest.mark.slow
def test_a_backup_during_writing_is_of_one_moment(empty, tmp_path):
    url = empty()
    Store.open(url).close()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(20):
            writer.stdout.readline()
        told = [write_backup(tmp_path / f"{number}.zip", url)["rows"]["events"] for number in range(2)]
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert 20 <= told[0] < told[1]
    for number, n in enumerate(told):
        where = empty()
        restore_backup(tmp_path / f"{number}.zip", where)
        found = rows(where)
        assert sorted(event[list_of(where, "events").index("seq")] for event in found["events"]) == [
            *range(1, n + 1)
        ]
        assert len(found["customers"]) == 7
        assert dict(found["counters"])["events"] == n


def list_of(url: str, table: str) -> list[str]:
    "The columns of a table, in the order of `contents`"
    engine = connect(database_url(url))
    try:
        return sorted(column["name"] for column in sa.inspect(engine).get_columns(table))
    finally:
        engine.dispose()


STOPS = """
import sys, time
from pathlib import Path
from customer360.data.store import backup
fill = backup._fill
def stopping(archive, connection, rows):
    fill(archive, connection, rows)
    Path(sys.argv[3]).touch()
    time.sleep(60)
backup._fill = stopping
backup.restore_backup(Path(sys.argv[1]), sys.argv[2])
"""


def test_killed_in_the_middle_it_can_be_done_again(empty, sqlite, tmp_path):
    full(sqlite("shop"))
    write_backup(tmp_path / "shop.zip", sqlite("shop"))
    url, there = empty(), tmp_path / "all rows are in, nothing is committed"
    command = [sys.executable, "-c", STOPS, tmp_path / "shop.zip", url, there]
    restoring = subprocess.Popen(command)
    until = time.monotonic() + 60
    while not there.exists() and restoring.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    restoring.send_signal(signal.SIGKILL)
    assert restoring.wait() == -signal.SIGKILL
    restore_backup(tmp_path / "shop.zip", url)
    assert rows(url) == rows(sqlite("shop"))


def test_a_database_that_holds_something_is_refused(empty, sqlite, tmp_path):
    full(sqlite("shop"))
    write_backup(tmp_path / "shop.zip", sqlite("shop"))
    url = empty()
    store = Store.open(url)
    store.items.put("tea", {"title": "mine"})
    store.close()
    before = rows(url)
    with pytest.raises(StorageError, match=r"is not empty \(items\): restore into a new database"):
        restore_backup(tmp_path / "shop.zip", url)
    assert rows(url) == before


def test_a_store_that_was_only_opened_is_empty(empty, sqlite, tmp_path):
    full(sqlite("shop"))
    write_backup(tmp_path / "shop.zip", sqlite("shop"))
    url = empty()
    Store.open(url).close()
    restore_backup(tmp_path / "shop.zip", url)
    assert rows(url) == rows(sqlite("shop"))


def changed(path: Path, to: Path, member: str, content: bytes | None) -> None:
    "A copy of a backup in which one file is another, or missing"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(to, "w") as made:
        for name in whole.namelist():
            if name != member:
                made.writestr(name, whole.read(name))
            elif content is not None:
                made.writestr(name, content)


def test_damage_is_named_and_nothing_is_changed(sqlite, tmp_path):
    full(sqlite("shop"))
    whole = tmp_path / "shop.zip"
    about = write_backup(whole, sqlite("shop"))
    packed = whole.read_bytes()
    bad = {name: tmp_path / f"{name}.zip" for name in ("cut", "row", "gone", "future", "text", "newer")}
    bad["cut"].write_bytes(packed[: len(packed) // 2])
    changed(whole, bad["row"], "customers.jsonl", b'["user"]\n["eve"]\n')
    changed(whole, bad["gone"], "events.jsonl", None)
    changed(whole, bad["future"], "manifest.json", json.dumps(about | {"format": 99}).encode())
    changed(whole, bad["newer"], "manifest.json", json.dumps(about | {"revision": "9999"}).encode())
    bad["text"].write_text("no zip")
    with zipfile.ZipFile(whole) as archive:
        member = archive.getinfo("recommendations.jsonl")
    n_name, n_more = (int.from_bytes(packed[member.header_offset + at :][:2], "little") for at in (26, 28))
    first = member.header_offset + 30 + n_name + n_more
    for at in range(first, first + member.compress_size, 7):
        bad[f"bit {at}"] = tmp_path / f"bit-{at}.zip"
        bad[f"bit {at}"].write_bytes(packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :])
    for name, path in bad.items():
        target = sqlite(f"into-{name}")
        with pytest.raises(StorageError) as told:
            restore_backup(path, target)
        assert str(path) in str(told.value) or "newer one" in str(told.value)
        if "bit" not in name:
            restore_backup(whole, target)  # nothing is in the way
    with pytest.raises(StorageError, match="not a whole backup"):
        check_backup(tmp_path / "nowhere.zip")


def test_a_failed_backup_leaves_the_earlier_one(sqlite, tmp_path, monkeypatch):
    full(sqlite("shop"))
    about = write_backup(tmp_path / "shop.zip", sqlite("shop"))

    def fails(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(backup, "_write_table", fails)
    with pytest.raises(OSError):
        write_backup(tmp_path / "shop.zip", sqlite("shop"))
    assert check_backup(tmp_path / "shop.zip") == about
    assert sorted(path.suffix for path in tmp_path.iterdir() if "zip" in path.name) == [".zip"]


def test_the_commands(cluster_of_rows, tmp_path):
    home, url = tmp_path / "home", cluster_of_rows.create("commands")
    full(f"sqlite:///{home}/data/store/shop.sqlite")
    said = well(c360(home, "backup", tmp_path / "shop.zip", C360_DATASET="shop")).stdout
    assert "events" in said
    assert stat.S_IMODE((tmp_path / "shop.zip").stat().st_mode) == 0o600
    well(c360(home, "restore", tmp_path / "shop.zip", "--store", url))
    assert rows(url) == rows(f"sqlite:///{home}/data/store/shop.sqlite")
    assert "not empty" in sentence(c360(home, "restore", tmp_path / "shop.zip", "--store", url))

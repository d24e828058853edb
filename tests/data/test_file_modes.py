"Files of the store are for their owner alone, whatever the umask is and whoever makes them"

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import c360, well

from customer360.data.store.backup import restore_backup, write_backup
from customer360.data.store.connection import keep_private
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent


def modes(folder: Path) -> dict[str, int]:
    return {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in sorted(folder.iterdir()) if path.is_file()
    }


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def fill(file: Path) -> Store:
    store = Store.open(f"sqlite:///{file}")
    store.events.record([NewEvent("ada", "tea", "view")])
    return store


def test_a_new_store_and_the_files_beside_it(tmp_path):
    store = fill(tmp_path / "shop.sqlite")
    found = modes(tmp_path)
    assert {"shop.sqlite", "shop.sqlite-wal", "shop.sqlite-shm"} <= found.keys()
    assert set(found.values()) == {0o600}
    store.close()


def test_a_store_from_before_is_closed_to_others(tmp_path):
    fill(tmp_path / "shop.sqlite").close()
    (tmp_path / "shop.sqlite").chmod(0o664)
    fill(tmp_path / "shop.sqlite").close()
    assert set(modes(tmp_path).values()) == {0o600}


def test_a_backup_and_what_is_restored_from_it(tmp_path):
    fill(tmp_path / "shop.sqlite").close()
    (tmp_path / "kept").mkdir()
    write_backup(tmp_path / "kept/shop.zip", f"sqlite:///{tmp_path / 'shop.sqlite'}")
    restore_backup(tmp_path / "kept/shop.zip", f"sqlite:///{tmp_path / 'again' / 'shop.sqlite'}")
    assert modes(tmp_path / "kept") == {"shop.zip": 0o600}
    assert set(modes(tmp_path / "again").values()) == {0o600}


def test_looking_at_the_file_keeps_the_locks_of_the_process(tmp_path):
    "A process that closes a file gives up its locks on it, which is how private files could do harm"
    store, file = fill(tmp_path / "shop.sqlite"), tmp_path / "shop.sqlite"
    write = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    with store.engine.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events")
        keep_private(file)
        other = subprocess.run([sys.executable, "-c", write, file], capture_output=True, text=True)
        assert "database is locked" in other.stderr
    store.close()


def test_a_server_and_a_command_make_them_so(demo, tmp_path):
    assert set(modes(demo.home / "data/store").values()) == {0o600}
    well(c360(demo.home, "backup", tmp_path / "kept.zip"))
    assert modes(tmp_path)["kept.zip"] == 0o600

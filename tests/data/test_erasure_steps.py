"What erased customers leave in the unused parts of a SQLite file is overwritten in steps, for which nobody waits"

import random
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from customer360.data.store.erasure import overwrite_deleted, unused_parts
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent


def left_in(path: Path) -> dict[int, list[bytes]]:
    "What the unused parts of a file's pages hold, by the number of the page"
    content, found = path.read_bytes(), {}
    size = int.from_bytes(content[16:18], "big")
    for number in range(1, len(content) // size + 1):
        page = content[(number - 1) * size : number * size]
        if parts := unused_parts(page, 100 if number == 1 else 0):
            found[number] = [page[a:z] for a, z in parts]
    return found


def busy_store(path: Path, n: int) -> Store:
    "A store whose pages were split and filled again many times"
    store, rng = Store.open(f"sqlite:///{path}"), random.Random(0)
    for _ in range(0, n, 2_000):
        events = [
            NewEvent(
                f"customer-{rng.randrange(500)}" * rng.randrange(1, 5),
                f"item-{rng.randrange(900)}",
                "view",
                event_id=f"{rng.getrandbits(96):024x}",
            )
            for _ in range(2_000)
        ]
        store.events.record([*events, *(NewEvent("erika", f"item-{n}", "view") for n in range(9))])
        store.customers.put("erika", {"name": "Erika Mustermann " * rng.randrange(1, 40)})
        number = rng.randrange(500)
        store.customers.put(f"customer-{number}", {"name": f"name of {number} " * rng.randrange(1, 60)})
        for event in events[:: rng.randrange(100, 200)]:
            store.events.retract(event.event_id)
    store.engine.truncate_log()
    return store


def test_nothing_is_left_in_unused_parts(tmp_path):
    path = tmp_path / "shop.sqlite"
    with busy_store(path, 20_000) as store:
        before = left_in(path)
        assert any(b"customer-" in part for parts in before.values() for part in parts), (
            "or it proves nothing"
        )
        other = sqlite3.connect(path)  # of another process: it remembers pages as they were
        n_events = other.execute("SELECT count(*) FROM events WHERE item <> ''").fetchone()[0]
        assert b"erika" in path.read_bytes() and store.erase("erika").removed["events"] > 50
        assert b"erika" not in path.read_bytes().lower()
        assert not any(b"customer-" in part for parts in left_in(path).values() for part in parts)
        held = other.execute("SELECT count(*), sum(length(user || item || event_id)) FROM events").fetchone()
        assert held[0] == n_events - 90
        with other:
            other.execute("UPDATE customers SET search = search || ' '")
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        other.close()
        assert store.events.record([NewEvent("customer-8", "item-1", "view")])[0].seq


@pytest.mark.slow
def test_feedback_does_not_wait_for_an_erasure(tmp_path, record_property):
    "While the whole file is cleaned, other customers give feedback, and no page is lost"
    path = tmp_path / "shop.sqlite"
    with busy_store(path, 60_000) as store:
        waits, stop = [], threading.Event()

        def give(n: int) -> None:
            while not stop.is_set():
                began = time.perf_counter()
                store.events.record([NewEvent(f"customer-{n}", f"item-{n}", "view")])
                waits.append(time.perf_counter() - began)

        threads = [threading.Thread(target=give, args=(n,)) for n in (1, 2)]
        for thread in threads:
            thread.start()
        began = time.perf_counter()
        for n in range(7, 12):
            store.erase(f"customer-{n}")
        took = time.perf_counter() - began
        stop.set()
        for thread in threads:
            thread.join()
        record_property(
            "five erasures, s, and the longest wait of a receipt meanwhile, s", [took, max(waits)]
        )
        assert (
            len(waits) > 50 and max(waits) < 1.0
        )  # 0.1 on a quiet machine, and 4 with a VACUUM of a large file
        overwrite_deleted(store.engine.database)
        assert not any(b"customer-" in part for parts in left_in(path).values() for part in parts)
    with sqlite3.connect(path) as closed:
        assert closed.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

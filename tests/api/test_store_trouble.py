"A full disk, a lost or damaged file: readiness, metrics and one line of the log say it, and nothing is acknowledged that would be lost"

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from server import Server


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    "A folder for the store: a small disk of its own where that can be made"
    folder = tmp_path / "volume"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True
        ).returncode
        == 0
    )
    yield folder
    if mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def full(server: Server, volume: Path) -> Iterator[None]:
    "Fill the disk of the store; where it has none of its own, files of the server may not grow"
    if os.path.ismount(volume):
        filler = volume / "filler"
        with open(filler, "wb", buffering=0) as file:
            for size in (65_536, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue
        yield
        filler.unlink()
        return
    pid, (before, most) = server.process.pid, resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (65_536, most))  # less than the store's log has already
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (before, most))


def wait_for(ask, seconds: float = 15.0):
    "Wait until something holds, and return it"
    until = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < until, f"not in {seconds} s"
        time.sleep(0.05)
    return found


def readiness(server: Server, status: int) -> dict | None:  # None: it has another status
    answer = server.client.get("/health/ready")
    return answer.json() if answer.status_code == status else None


def number(server: Server, name: str) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def test_a_full_disk_and_a_lost_file(small, volume):
    server = small(C360_MODELS="popularity", C360_DATABASE_URL=f"sqlite:///{volume}/store.sqlite").start()
    item = server.items(1)[0]
    view = {"customer": "ada", "item": item, "event": "view"}
    assert server.give(view)["receipts"] and number(server, "c360_store_writable") == 1

    with full(server, volume):
        large = [view | {"event_id": f"{n}-" + "x" * 200} for n in range(400)]
        refused = server.give(*large, status=503)
        assert "full" in refused["detail"], "the reason is in the answer"
        told = readiness(server, 503)
        assert told and not told["ready"] and not told["writes"] and told["reads"] and told["recommends"]
        assert "full" in told["do"] and f"{volume}" in str(told["problems"])
        for _ in range(20):
            server.give(*large, status=503)
        time.sleep(2.5)  # longer than the server takes to look again
        assert readiness(server, 503), "a few bytes that are left do not count"
        assert server.get("popular")["items"] and server.get("customers/ada")["id"] == "ada"
        assert server.client.get("/health/ready?of=recommendations").status_code == 200
        assert number(server, "c360_store_writable") == 0 and number(server, "c360_store_readable") == 1
        assert number(server, "c360_store_failures_total") >= 21
    wait_for(lambda: readiness(server, 200))
    assert server.said().count("the store cannot be written") == 1, "one line, not one for each request"
    assert server.said().count("the store can be written again") == 1 and server.give(view)["receipts"]

    store, events = volume / "store.sqlite", len(server.get("feedback", limit=1000)["events"])
    for happened, do in {
        "deleted": lambda: None,
        "replaced": lambda: shutil.copy(volume / "aside", store),
    }.items():
        store.rename(volume / "aside")
        do()
        refused = server.give(view, status=503)
        assert happened in refused["detail"] and str(store) in refused["detail"], refused
        assert happened in readiness(server, 503)["do"]
        (volume / "aside").replace(store)
        wait_for(lambda: readiness(server, 200))
        server.give(view)
    assert len(server.get("feedback", limit=1000)["events"]) == events + 2, "only what was acknowledged"
    store.unlink()  # nobody writes: it is noticed all the same
    assert "deleted" in wait_for(lambda: readiness(server, 503))["do"]


def test_a_damaged_file_is_named(small, tmp_path):
    server = small(C360_MODELS="popularity").start()
    server.give({"customer": "ada", "item": server.items(1)[0], "event": "view"})
    server.stop()
    store = next((tmp_path / "data/store").glob("*.sqlite"))
    whole = store.read_bytes()
    store.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))  # all but the first page
    with server.start("/health/live"):
        told = wait_for(lambda: readiness(server, 503))
        assert str(store) in told["do"] and "damaged" in told["do"] and "backup" in told["do"]
        assert number(server, "c360_store_writable") == 0
        assert store.name in server.said() and server.said().count('"not ready"') == 1

"The Firebase collector as a process, with firebase-admin against a stand-in that speaks its protocol and cuts connections"

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import end, sentence, start
from postgres import postgres
from realtime import Realtime, realtime
from test_collect_kafka import Count, stop, stored

from customer360.data.firebase import _ALPHABET
from customer360.data.store.facade import Store

NOW = 1_790_000_000


@pytest.fixture
def firebase() -> Iterator[Realtime]:
    with realtime() as database:
        yield database


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.sqlite"


def push_key(number: int) -> str:
    "A key as `push` makes it, some milliseconds after the last"
    ms, letters = 1000 * NOW + 500 * number, ""
    for _ in range(8):
        letters = _ALPHABET[ms % 64] + letters
        ms //= 64
    return letters + f"{number:012d}"


def child(number: int, **changes: object) -> dict:
    return {"customer": f"c{number % 7}", "item": f"i{number % 5}", "event": "view"} | changes


def collector(home: Path, firebase: Realtime, database: str, *more: str) -> subprocess.Popen:
    return start(
        home, "collect", "firebase", "--path", "web/events", *more,
        C360_FIREBASE_URL=firebase.url, C360_DATABASE_URL=database,
    )  # fmt: skip


def until(condition: Callable[[], bool], process: subprocess.Popen, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, end(process).stderr[-3000:]
        assert time.monotonic() < limit, f"not true after {seconds} s"
        time.sleep(0.02)


@pytest.mark.slow
def test_stores_each_child_once_through_cuts_and_sets_bad_ones_aside(tmp_path, firebase, database):
    "Before it starts, while it listens, and while it is cut off"
    store = Store.open(database)
    store.customers.put("ghost", {})
    store.erase("ghost")
    store.close()
    count = Count(database)
    for number in range(30):
        firebase.put(f"web/events/{push_key(number)}", child(number))
    firebase.put("web/events/bad-1", child(1, rating="five"))
    firebase.put("web/events/bad-2", "view")
    firebase.put("web/events/bad-3", child(3, customer="ghost"))
    process = collector(tmp_path, firebase, database)
    try:
        until(lambda: count() == 30 and firebase.get("web/events-dead/bad-3"), process)
        for number in range(30, 40):
            firebase.put(f"web/events/{push_key(number)}", child(number))
        until(lambda: count() == 40, process)
        for number in range(40, 45):  # nobody is told: the connection is cut just then
            firebase.put(f"web/events/{push_key(number)}", child(number), silent=True)
        firebase.cut()
        until(lambda: count() == 45, process)  # by the snapshot of the next connection
        firebase.put("web/events/own-id", child(45, event_id="till-9", timestamp=NOW))
        firebase.put(f"web/events/{push_key(46)}/customer", "in parts")  # an app that writes field by field
        until(lambda: firebase.get(f"web/events-dead/{push_key(46)}"), process)
    finally:
        log = stop(process)
    assert "Traceback" not in log and "46 stored" in log
    assert firebase.connections == 2
    events = stored(database)
    assert [one.event_id for one in events] == [push_key(n) for n in range(45)] + ["till-9"]
    assert [one.timestamp for one in events] == [NOW + n // 2 for n in range(45)] + [NOW]  # of the keys
    letters = firebase.get("web/events-dead")
    assert letters["bad-1"]["value"] == child(1, rating="five") and "rating" in letters["bad-1"]["reason"]
    assert letters["bad-2"]["value"] == "view" and letters["bad-2"]["path"] == "web/events/bad-2"
    assert "value" not in letters["bad-3"]  # of the erased customer nothing is kept
    assert set(firebase.get("web/events")) == {*map(push_key, range(45)), "own-id"}  # bad ones are moved


@pytest.mark.slow
def test_removes_what_it_stored_and_outlives_a_server_that_is_gone(tmp_path, firebase, database):
    count = Count(database)
    for number in range(5):
        firebase.put(f"web/events/{push_key(number)}", child(number))
    process = collector(tmp_path, firebase, database, "--remove")
    try:
        until(lambda: count() == 5 and not firebase.get("web/events"), process)
        firebase.stop()
        for number in range(5, 9):
            firebase.put(f"web/events/{push_key(number)}", child(number))
        time.sleep(4)  # longer than the pause of firebase-admin, whose thread ends when it is refused
        firebase.start()
        until(lambda: count() == 9 and not firebase.get("web/events"), process)
    finally:
        log = stop(process)
    assert "Traceback" not in log and "waiting: the connection to Firebase is cut" in log
    assert [one.event_id for one in stored(database)] == [push_key(n) for n in range(9)]


def test_refuses_options_in_one_sentence(tmp_path):
    assert "use --url, or set C360_FIREBASE_URL" in sentence(end(start(tmp_path, "collect", "firebase")))
    done = end(start(tmp_path, "collect", "firebase", "--url", "https://x.firebaseio.com", C360_FIREBASE_CREDENTIALS='{"private_key": "hunter2"}'))  # fmt: skip
    assert "C360_FIREBASE_CREDENTIALS" in sentence(done) and "hunter2" not in done.stderr


@pytest.mark.long
def test_a_collector_that_is_killed_leaves_nothing_lost_and_nothing_doubled(tmp_path, firebase, database):
    for number in range(5_000):
        firebase.put(f"web/events/{push_key(number)}", child(number))
    count = Count(database)
    for least in (1, 2_000, 4_000):
        process = collector(tmp_path, firebase, database, "--remove")
        until(lambda least=least: count() >= least, process)
        os.killpg(process.pid, signal.SIGKILL)
        end(process, 20)
    assert end(collector(tmp_path, firebase, database, "--remove", "--until-end")).returncode == 0
    assert [one.event_id for one in stored(database)] == [push_key(n) for n in range(5_000)]
    assert not firebase.get("web/events")


@pytest.mark.long
def test_a_database_that_is_gone_is_waited_for(tmp_path, firebase):
    with postgres() as cluster:
        count = Count(cluster.create("events"))
        process = collector(tmp_path, firebase, cluster.url("events"))
        firebase.put(f"web/events/{push_key(0)}", child(0))
        until(lambda: count() == 1, process)
        cluster.stop("immediate")
        for number in range(1, 2_500):  # more than the queue holds
            firebase.put(f"web/events/{push_key(number)}", child(number))
        time.sleep(10)
        cluster.start()
        until(lambda: count() == 2_500, process)
        assert "waiting: the database does not respond" in stop(process)
        assert [one.event_id for one in stored(cluster.url("events"))] == [push_key(n) for n in range(2_500)]

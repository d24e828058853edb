"The Kafka collector as a process against real brokers: faults, poison, two consumers, speed, and the API beside it"

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from brokers import JOIN, committed, mock_brokers, read_all, send
from command import end, sentence, start
from postgres import Postgres, postgres
from server import ROOT, SPEC, Server

from customer360.data.collect import event_schema
from customer360.data.store.facade import Store
from customer360.data.store.new_events import StoredEvent

GROUP = "customer360"
NOW = 1_790_000_000
SESSION = (
    '{"session.timeout.ms": 6000}'  # the mock brokers let a new member in only after the old one's session
)


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    with mock_brokers() as address:
        yield address


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    "The URL of an empty database of each kind"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shop.sqlite"
    return request.getfixturevalue("cluster").create(f"kafka{time.monotonic_ns()}")


def message(number: int, **changes: object) -> bytes:
    event = {
        "customer": f"c{number % 50}",
        "item": f"i{number % 20}",
        "event": "view",
        "timestamp": NOW + number,
    }
    return json.dumps(event | changes).encode()


def collector(home: Path, brokers: str, topic: str, database: str, *more: str) -> subprocess.Popen:
    return start(
        home, "collect", "kafka", "--topic", topic, *more,
        C360_KAFKA_BROKERS=brokers, C360_DATABASE_URL=database, C360_KAFKA_OPTIONS=SESSION,
    )  # fmt: skip


def drain(home: Path, brokers: str, topic: str, database: str, *more: str) -> str:
    "Collect until the end of the topic, and return what was logged"
    done = end(collector(home, brokers, topic, database, "--until-end", *more))
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def stop(process: subprocess.Popen) -> str:
    "End a collector as an orchestrator does, and return what it logged"
    process.send_signal(signal.SIGTERM)
    done = end(process, 60)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def kill(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    end(process, 20)


def stored(database: str) -> list[StoredEvent]:
    "What a store holds, but for the time of storing"
    store = Store.open(database)
    try:
        return [one._replace(received=0) for one in store.events.page(limit=10**6)]
    finally:
        store.close()


def content(database: str) -> list[tuple]:
    "The same in an order that does not depend on who read which partition first"
    return sorted(one[1:] for one in stored(database))


class Count:
    "Counts the events of a store without opening it anew"

    def __init__(self, database: str):
        self.engine = sa.create_engine(database.replace("postgresql://", "postgresql+psycopg://"))

    def __call__(self) -> int:
        try:
            with self.engine.connect() as connection:
                return connection.execute(sa.text("SELECT count(*) FROM events")).scalar_one()
        except sa.exc.DBAPIError:  # no table yet, or a server that is down
            return 0


def until(condition: Callable[[], bool], process: subprocess.Popen, seconds: float = 2 * JOIN) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, end(process).stderr[-3000:]
        assert time.monotonic() < limit, f"not true after {seconds} s"
        time.sleep(0.05)


@pytest.mark.slow
def test_stores_each_event_once_and_sets_poison_aside(tmp_path, brokers, database):
    "Good, bad, double and contradicting messages in one topic: one kind of database after the other"
    topic = f"poison{time.monotonic_ns()}"
    good = [message(n) for n in range(40)]
    bad = [b"{", b"\xff\xfe", None, message(1, item=7), message(2, event="buy"), message(3, event="rating", rating=99),
           message(4, timestmp=3), message(5, customer="")]  # fmt: skip
    twice = message(90, event_id="till-1")
    other = message(91, event_id="till-1")  # the same id, another event
    erased = message(92, customer="ghost")
    store = Store.open(database)
    store.customers.put("ghost", {})
    store.erase("ghost")
    store.close()
    send(brokers, topic, [*good[:20], *bad, twice, twice, other, erased, *good[20:]])
    log = drain(tmp_path, brokers, topic, database, "--group", topic)
    assert "41 stored" in log and "1 duplicates, 10 dead letters" in log
    events = stored(database)
    assert [one.event_id for one in events[:2]] == [f"{topic}-0-0", f"{topic}-0-1"]
    assert [one.timestamp for one in events] == [*range(NOW, NOW + 20), NOW + 90, *range(NOW + 20, NOW + 40)]
    letters = sorted(
        read_all(brokers, f"{topic}.dead", 10), key=lambda one: int(dict(one.headers())["c360.offset"])
    )
    assert [one.value() for one in letters] == [*bad, other, None]  # of the erased customer nothing is kept
    assert [one.key() for one in letters] == [b"k"] * 9 + [None]
    headers = [dict(one.headers()) for one in letters]
    assert [int(one["c360.offset"]) for one in headers] == [*range(20, 28), 30, 31]
    assert {one["c360.topic"] for one in headers} == {topic.encode()}
    assert headers[5]["c360.reason"] == b"rating: from 1 to 5, got 99"
    assert b"timestmp" in headers[6]["c360.reason"] and b"another" in headers[8]["c360.reason"]
    assert committed(brokers, topic, topic)[0] == 52
    assert "0 stored" in drain(
        tmp_path, brokers, topic, database, "--group", f"{topic}-again"
    )  # all read again
    assert stored(database) == events


def test_refuses_options_in_one_sentence(tmp_path):
    done = end(start(tmp_path, "collect", "kafka", "--brokers", "127.0.0.1:1"))
    assert "no topic given: use --topic, or set C360_KAFKA_TOPIC" in sentence(done)
    secret = '{"sasl.password": "hunter2", "enable.auto.commit": true}'
    done = end(
        start(
            tmp_path,
            "collect",
            "kafka",
            "--brokers",
            "127.0.0.1:1",
            "--topic",
            "t",
            C360_KAFKA_OPTIONS=secret,
        )
    )
    assert "enable.auto.commit" in sentence(done) and "hunter2" not in done.stderr


def test_the_schema_of_an_event_is_the_one_in_the_docs_and_that_of_the_api():
    "docs/event.schema.json is what `c360 collect schema` prints; whoever sends to the API can send to a topic"
    assert json.loads((ROOT / "docs/event.schema.json").read_text(encoding="utf-8")) == event_schema()
    of_api, own = SPEC["components"]["schemas"]["FeedbackEvent"], event_schema()
    assert set(of_api["properties"]) == set(own["properties"]) and set(of_api["required"]) == set(
        own["required"]
    )
    assert of_api["properties"]["event"]["anyOf"] == own["properties"]["event"]["anyOf"]
    assert of_api["additionalProperties"] is own["additionalProperties"] is False


@pytest.mark.slow
def test_an_event_of_a_public_client_is_in_the_history_within_two_seconds(demo, brokers, record_property):
    "The API and a collector on one store; the messages come from a plain producer"
    first, second = demo.items(2)
    topic = f"live{time.monotonic_ns()}"
    process = start(demo.home, "collect", "kafka", "--topic", topic, C360_KAFKA_BROKERS=brokers)
    try:
        send(brokers, topic, [message(0, customer=topic, item=first, event="cart")])
        until(lambda: history(demo, topic) == [("cart", first)], process)  # the group has joined
        begun = time.monotonic()
        send(brokers, topic, [message(1, customer=topic, item=second, event="purchase")])
        until(lambda: history(demo, topic) == [("purchase", second), ("cart", first)], process)
        took = time.monotonic() - begun
        record_property("seconds from a Kafka producer to the customer's history", round(took, 2))
        assert took < 2
    finally:
        stop(process)


def history(server: Server, customer: str) -> list[tuple[str, str]]:
    "The history of a customer's profile, newest first; empty while the API does not know them"
    answer = server.client.get(f"/api/v1/customers/{customer}")
    return [(one["event"], one["item"]) for one in answer.json().get("history", [])]


@pytest.mark.long
def test_a_collector_that_is_killed_leaves_nothing_lost_and_nothing_doubled(
    tmp_path, brokers, database, cluster
):
    "kill -9 at any point, three times; the tables equal those of a run without a fault"
    topic = f"killed{time.monotonic_ns()}"
    send(
        brokers,
        topic,
        [b"{" if n % 500 == 0 else message(n, event_id=f"e{n % 19_900}") for n in range(20_000)],
    )
    count = Count(database)
    for share in (0.05, 0.3, 0.7):
        process = collector(tmp_path, brokers, topic, database, "--batch", "200", "--group", topic)
        until(lambda least=share * 20_000: count() >= least, process)
        kill(process)
    assert 0.7 * 20_000 <= count() < 19_800
    drain(tmp_path, brokers, topic, database, "--group", topic)
    calm = f"sqlite:///{tmp_path}/calm.sqlite"
    drain(tmp_path, brokers, topic, calm, "--group", f"{topic}-calm")
    assert stored(database) == stored(calm)
    letters = {
        (one.partition(), int(dict(one.headers())["c360.offset"]))
        for one in read_all(brokers, f"{topic}.dead", 80, 10)
    }
    assert len(letters) >= 40  # of 40 broken messages, and what of the double ids differs


@pytest.mark.long
def test_a_stop_is_clean_and_the_next_collector_goes_on(tmp_path, brokers, database):
    topic = f"stopped{time.monotonic_ns()}"
    send(brokers, topic, [message(n) for n in range(30_000)])
    process = collector(tmp_path, brokers, topic, database, "--batch", "100", "--group", topic)
    count = Count(database)
    until(lambda: count() > 1_000, process)
    log = stop(process)
    n = len(stored(database))
    assert 1_000 < n < 30_000
    assert committed(brokers, topic, topic)[0] == n  # to the event: nothing is read again
    assert f"{n} stored" in log and "Traceback" not in log
    assert f"{30_000 - n} stored" in drain(tmp_path, brokers, topic, database, "--group", topic)
    assert len({one.event_id for one in stored(database)}) == 30_000


@pytest.mark.long
def test_two_collectors_share_a_topic_while_one_comes_and_one_goes(tmp_path, brokers, cluster):
    "Two rebalances, one by a clean stop and one by a kill, under messages that keep coming"
    topic, database = f"shared{time.monotonic_ns()}", cluster.create(f"shared{time.monotonic_ns()}")
    count, more = Count(database), ("--batch", "50", "--group", topic)

    def begin() -> subprocess.Popen:
        return collector(tmp_path, brokers, topic, database, *more)

    parts = [
        [message(n, event_id=f"e{n}") for n in range(start_, start_ + 4_000)]
        for start_ in range(0, 20_000, 4_000)
    ]
    send(brokers, topic, parts[0], partition=None)
    one = begin()
    until(lambda: count() == 4_000, one)
    two = begin()
    send(brokers, topic, parts[1], partition=None)
    until(lambda: count() == 8_000, one)
    send(brokers, topic, parts[2], partition=None)
    assert "Traceback" not in stop(one)
    until(lambda: count() == 12_000, two)
    three = begin()
    send(brokers, topic, parts[3], partition=None)
    until(lambda: count() == 16_000, three)
    kill(two)  # its session ends after 6 s, and its partitions go to the other
    send(brokers, topic, parts[4], partition=None)
    until(lambda: count() == 20_000, three)
    stop(three)
    assert sorted(event.event_id for event in stored(database)) == sorted(f"e{n}" for n in range(20_000))
    assert committed(brokers, topic, topic) == dict.fromkeys(range(4), 5_000)


def outage(
    home: Path,
    brokers: str,
    cluster: Postgres,
    seconds: float,
    how: Callable[[], None],
    resume: Callable[[], None],
) -> str:
    "Stop the database in the middle of a topic, start it again, and return what the collector logged"
    topic, database = f"outage{time.monotonic_ns()}", cluster.create(f"outage{time.monotonic_ns()}")
    count = Count(database)
    process = collector(home, brokers, topic, database, "--batch", "50", "--group", topic)
    send(brokers, topic, [message(n) for n in range(20_000)])
    until(lambda: count() > 500, process)
    how()
    send(brokers, topic, [message(n) for n in range(20_000, 25_000)])
    time.sleep(seconds)
    assert process.poll() is None
    resume()
    until(lambda: count() == 25_000, process)
    log = stop(process)
    assert [one.event_id for one in stored(database)] == [f"{topic}-0-{n}" for n in range(25_000)]
    assert committed(brokers, topic, topic)[0] == 25_000
    assert (
        "waiting: the database does not respond" in log and "going on after" in log and "Traceback" not in log
    )
    return log


@pytest.mark.long
@pytest.mark.parametrize("seconds", [3, 30])
def test_a_database_that_is_gone_is_waited_for(tmp_path, brokers, cluster, seconds):
    "Nothing lost, nothing doubled, in order; the consumer stays in its group"
    outage(tmp_path, brokers, cluster, seconds, lambda: cluster.stop("immediate"), cluster.start)


@pytest.mark.long
def test_a_stop_during_an_outage_is_clean(tmp_path, brokers, cluster):
    topic, database = f"leaving{time.monotonic_ns()}", cluster.create(f"leaving{time.monotonic_ns()}")
    process = collector(tmp_path, brokers, topic, database, "--group", topic)
    send(brokers, topic, [message(0)])
    count = Count(database)
    until(lambda: count() == 1, process)
    cluster.stop("fast")
    try:
        send(brokers, topic, [message(1)])
        time.sleep(3)
        assert "waiting" in stop(process)
    finally:
        cluster.start()
    assert committed(brokers, topic, topic)[0] == 1
    drain(tmp_path, brokers, topic, database, "--group", topic)
    assert [one.event_id for one in stored(database)] == [f"{topic}-0-0", f"{topic}-0-1"]


@pytest.mark.long
def test_speed(tmp_path, brokers, database, record_property):
    "Far below what an idle machine does: >= 5,000 events/s into PostgreSQL is wanted"
    topic, n = f"speed{time.monotonic_ns()}", 60_000
    send(brokers, topic, [message(number) for number in range(n)], partition=None)
    process = collector(tmp_path, brokers, topic, database, "--group", topic)
    count = Count(database)
    until(lambda: count() > 0, process)
    begun, had = time.monotonic(), count()
    until(lambda: count() == n, process)
    rate = (n - had) / (time.monotonic() - begun)
    record_property(f"events per second from Kafka into {database.partition(':')[0]}", round(rate))
    stop(process)
    assert rate > 2_500

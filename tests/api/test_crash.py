"What was acknowledged is there, whatever happens to the server or to the database"

import random
import re
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from postgres import Postgres, postgres
from server import Server

pytestmark = pytest.mark.slow
EVENTS, CLIENTS, KILLS = 1_000, 4, 10
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, small) -> Server:
    "A server on each kind of database; not started yet"
    if request.param == "sqlite":
        return small(C360_MODELS="popularity")
    return small(
        C360_MODELS="popularity", C360_DATABASE_URL=request.getfixturevalue("cluster").create("crash")
    )


class Client(threading.Thread):
    "Posts events until each is acknowledged, but for batches that it gives up when their fate is unknown"

    def __init__(self, url: str, number: int, items: list[str]):
        super().__init__(daemon=True)
        self.url, self.rng, self.items = url, random.Random(number), items
        events = [
            {
                "customer": f"crash-{number}",
                "item": self.rng.choice(items),
                "event": "view",
                "event_id": f"{number}-{place}",
                "timestamp": 1_790_000_000 + place,
            }
            for place in range(EVENTS // CLIENTS)
        ]
        self.batches: list[list[dict]] = []
        while events:
            size = self.rng.choice((1, 1, 2, 5))
            self.batches.append(events[:size])
            events = events[size:]
        self.acknowledged: dict[str, int] = {}  # event id -> seq
        self.given_up: list[list[dict]] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
                for batch in self.batches:
                    self._post(client, batch)
        except BaseException as error:
            self.failure = error

    def _post(self, client: httpx.Client, batch: list[dict]) -> None:
        until = time.monotonic() + 120
        while True:
            try:
                answer = client.post("/api/v1/feedback", json={"events": batch})
            except httpx.TransportError as error:
                if not isinstance(error, httpx.ConnectError) and self.rng.random() < 0.2:
                    self.given_up.append(batch)
                    return
                assert time.monotonic() < until, "no server for two minutes"
                time.sleep(0.02)
                continue
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                self.acknowledged |= {
                    receipt["event_id"]: receipt["seq"] for receipt in answer.json()["receipts"]
                }
                return
            time.sleep(0.05)


def stored(server: Server) -> list[dict]:
    events, after = [], 0
    while after is not None:
        page = server.get("feedback", after=after, limit=1000)
        events, after = events + page["events"], page["next"]
    return [event for event in events if event["customer"].startswith("crash-")]


def test_killed_ten_times_while_clients_post(shop, record_property):
    rng = random.Random(0)
    shop.start()
    clients = [Client(shop.url, number, shop.items(10)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    done = lambda: sum(len(client.acknowledged) + sum(map(len, client.given_up)) for client in clients)  # noqa: E731
    for kill in range(KILLS):
        goal = int((kill + rng.random()) * 0.9 * EVENTS / KILLS)
        while done() < goal and any(client.is_alive() for client in clients):
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        assert any(client.is_alive() for client in clients), (
            f"all was done before kill {kill + 1}: it proves nothing"
        )
        shop.kill()
        shop.start()
    for client in clients:
        client.join(120)
        assert not client.is_alive() and client.failure is None, client.failure

    events = stored(shop)
    there = Counter(event["event_id"] for event in events)
    assert set(there.values()) == {1}, "an event is there twice"
    acknowledged = {event_id: seq for client in clients for event_id, seq in client.acknowledged.items()}
    given_up = [batch for client in clients for batch in client.given_up]
    assert {
        event["event_id"]: event["seq"] for event in events if event["event_id"] in acknowledged
    } == acknowledged
    posted = {event["event_id"]: event for client in clients for batch in client.batches for event in batch}
    assert all(event[name] == value for event in events for name, value in posted[event["event_id"]].items())
    assert len(acknowledged) + sum(map(len, given_up)) == EVENTS
    for batch in given_up:
        assert len({event["event_id"] in there for event in batch}) == 1, "a batch is there in part"
    record_property(
        f"{KILLS} kills, events acknowledged / given up", f"{len(acknowledged)} / {sum(map(len, given_up))}"
    )


def test_without_a_sync_there_is_no_acknowledgement(small):
    "The same server, on a disk that refuses to sync: if it said yes all the same, a power cut could take the event back"
    server = small().start()
    event = {"customer": "crash-1", "item": server.items(1)[0], "event": "click"}
    server.give(event | {"event_id": "synced"})
    server.stop()
    server.around = (sys.executable, str(HERE.parent / "nosync.py"))
    server.start()
    answer = server.client.post("/api/v1/feedback", json={"events": [event | {"event_id": "refused"}]})
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert server.get("customers/crash-1/recommendations", model="knn")["items"], "reading goes on"
    server.kill()
    server.around = ()
    server.start()
    assert "synced" in [event["event_id"] for event in stored(server)]


if shutil.which("strace"):

    def test_a_trace_shows_the_sync_before_the_answer(small):
        server = small(C360_MODELS="popularity").start()
        event = {"customer": "crash-1", "item": server.items(1)[0], "event": "click"}
        server.stop()
        trace = server.home / "trace"
        calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg"
        server.around = ("strace", "-f", "-qq", "-s", "400", "-e", calls, "-o", str(trace))
        server.start()
        for number in range(5):
            server.give(event | {"event_id": f"traced-{number}"})
        server.stop()
        seen = ""
        for line in trace.read_text(errors="replace").splitlines():
            if re.search(r"\b(fsync|fdatasync)\(", line):
                seen += "s"
            elif "HTTP/1.1 200 OK" in line:
                seen += "2" if '"receipts' in line or "receipts" in line else "."
            elif "receipts" in line:
                seen += "2"
        assert seen.count("2") >= 5 and re.search(r"(s[s.]*2[2.]*){5}$", seen.rstrip("s.")), seen


def test_postgresql_syncs_before_it_answers(cluster, small):
    import psycopg

    with (
        small(C360_MODELS="popularity", C360_DATABASE_URL=cluster.create("synced")) as server,
        psycopg.connect(cluster.url(), autocommit=True) as connection,
    ):
        event = {"customer": "crash-1", "item": server.items(1)[0], "event": "click"}

        def position() -> str:
            return connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]

        for _ in range(5):
            written = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
            server.give(event)
            flushed = position()
            assert connection.execute("SELECT %s::pg_lsn > %s::pg_lsn", (flushed, written)).fetchone()[0], (
                "answered before the log was on the disk"
            )


def test_the_database_is_down(cluster, small, record_property):
    "Recommendations go on, writes are refused with a time to come back, nothing that was acknowledged is lost, and it mends by itself"
    with small(C360_DATABASE_URL=cluster.create("down")) as server:
        customer, items = server.customers(1)[0], server.items(8)
        acknowledged = [
            server.give({"customer": customer, "item": item, "event": "view"})["receipts"][0]["event_id"]
            for item in items
        ]
        cluster.kill()
        try:
            began = time.monotonic()
            for _ in range(5):
                assert len(server.get(f"customers/{customer}/recommendations", n=5)["items"]) == 5
            record_property(
                "a recommendation while the database is down, ms", round((time.monotonic() - began) * 200, 1)
            )
            assert server.send("POST", "recommendations", {"requests": [{"history": [{"item": items[0]}]}]})[
                "answers"
            ][0]["items"]
            for method, path, body in (
                (
                    "POST",
                    "feedback",
                    {
                        "events": [
                            {
                                "customer": customer,
                                "item": items[0],
                                "event": "cart",
                                "event_id": "while-down",
                            }
                        ]
                    },
                ),
                ("PUT", f"customers/{customer}", {"attributes": {}}),
                ("PUT", f"items/{items[0]}", {"title": "x"}),
                ("PUT", "rules", {}),
                ("DELETE", f"customers/{customer}", None),
                ("DELETE", f"items/{items[0]}", None),
                ("POST", f"customers/{customer}/merge", {"into": "somebody-else"}),
            ):
                answer = server.client.request(method, f"/api/v1/{path}", json=body)
                assert answer.status_code in ((503, 404) if path.endswith("merge") else (503,)), (
                    f"{method} {path}: {answer.text}"
                )
                assert answer.status_code == 404 or int(answer.headers["Retry-After"]) > 0
            told = server.client.get("/health/ready")
            assert told.status_code == 503 and told.json()["recommends"] and not told.json()["writes"]
            assert server.client.get("/health/ready?of=recommendations").status_code == 200, "a model answers"
            until = time.monotonic() + 20
            while "c360_store_readable 0.0" not in (numbers := server.client.get("/metrics").text):
                assert time.monotonic() < until, "the server looks at the store every few seconds"
                time.sleep(0.1)
            assert "c360_store_writable 0.0" in numbers and "c360_ready 1.0" in numbers
            reasons = re.findall(r"the store cannot be written: [^\"]*", server.said())
            assert 0 < len(reasons) == len(set(reasons)) <= 3, (
                "one line for each reason, not for each request"
            )
        finally:
            cluster.start()
        until = time.monotonic() + 30
        while (
            answer := server.client.post(
                "/api/v1/feedback",
                json={"events": [{"customer": customer, "item": items[0], "event": "cart"}]},
            )
        ).status_code == 503:
            assert time.monotonic() < until, answer.text
            time.sleep(0.1)
        there = [event["event_id"] for event in server.get("feedback", customer=customer)["events"]]
        assert [
            event_id for event_id in there if event_id in acknowledged
        ] == acknowledged and "while-down" not in there
        told = server.get(f"customers/{customer}/recommendations")
        assert server.get(f"recommendations/{told['recommendation_id']}")["items"]

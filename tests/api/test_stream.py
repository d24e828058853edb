"Feedback as it comes in: to everybody who listens, once, in order, without a gap, and with an end when the server stops"

import asyncio
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise

import fastapi.routing
import httpx
import pytest
from postgres import Postgres, postgres
from server import Server
from starlette.exceptions import HTTPException

from api.main import create_app
from api.settings import APISettings
from api.stream import BATCH, NEWEST, PAGE, POLL_SECONDS, STREAMS_PER_CLIENT, Stream
from customer360.data.store.connection import StoreDown
from customer360.data.store.new_events import StoredEvent

SOON = 2.0  # seconds within which an event is to arrive


class Listener(threading.Thread):
    "Somebody who listens; `events` is what came, `ended` whether the server has said goodbye"

    def __init__(self, server: Server, last: int | None = None, **query: object):
        super().__init__(daemon=True)
        self.events: list[dict] = []
        self.came: list[float] = []
        self.opened, self.ended, self.failure = threading.Event(), threading.Event(), None
        self._leave = threading.Event()
        self._ask = {
            "url": f"{server.url}/api/v1/feedback/stream",
            "params": query,
            "headers": {} if last is None else {"Last-Event-ID": str(last)},
        }
        self.start()
        assert self.opened.wait(20), "the stream did not open"

    def run(self) -> None:
        try:
            with (
                httpx.Client(timeout=60, trust_env=False) as client,
                client.stream("GET", **self._ask) as self.response,
            ):
                self.opened.set()
                fields: dict[str, str] = {}
                for line in self.response.iter_lines() if self.response.status_code == 200 else ():
                    if self._leave.is_set():
                        return
                    if line:
                        name, _, value = line.partition(": ")
                        fields[name] = value
                    elif fields:
                        self._take(fields)
                        fields = {}
            self.ended.set()
        except Exception as error:
            self.failure = error

    def _take(self, fields: dict[str, str]) -> None:
        if "data" in fields:
            event = json.loads(fields["data"])
            assert fields["event"] == "feedback" and fields["id"] == str(event["seq"])
            self.came.append(time.monotonic())
            self.events.append(event)

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def until(self, last: int, seconds: float = 10) -> "Listener":
        "Wait for an event"
        end = time.monotonic() + seconds
        while last not in self.seqs[-1:]:
            assert time.monotonic() < end, (
                f"event {last} did not come in {seconds} s: {self.seqs[-5:]}, {self.failure}"
            )
            time.sleep(0.005)
        return self

    def hear(self, n: int, seconds: float = 60) -> None:
        "Wait for a number of events, whichever they are"
        end = time.monotonic() + seconds
        while len(self.events) < n:
            assert time.monotonic() < end, f"{len(self.events)} of {n} events in {seconds} s: {self.failure}"
            time.sleep(0.005)

    def leave(self, server: Server, item: str) -> None:
        "Hang up, which a client notices when the next line comes"
        self._leave.set()
        given(server, item)
        self.join(10)
        assert not self.is_alive()


def given(server: Server, item: str, n: int = 1, **changes: object) -> list[int]:
    events = [{"customer": "listened-to", "item": item, "event": "click", **changes} for _ in range(n)]
    return [receipt["seq"] for receipt in server.give(*events)["receipts"]]


@pytest.fixture
def shop(small) -> Iterator[Server]:
    with small(C360_MODELS="popularity") as server:
        yield server


def test_events_arrive_at_all_who_listen(shop, record_property):
    item, late = shop.items(1)[0], []
    listeners = [Listener(shop) for _ in range(4)]
    for kind in ("view", "cart", "purchase"):
        began = time.monotonic()
        (seq,) = given(shop, item, event=kind)
        late += [one.until(seq).came[-1] - began for one in listeners]
    stored = shop.get("feedback")["events"]
    assert all(one.events == stored for one in listeners) and [event["event"] for event in stored] == [
        "view",
        "cart",
        "purchase",
    ]
    assert max(late) < SOON, late
    headers = listeners[0].response.headers
    assert (
        headers["content-type"].startswith("text/event-stream")
        and headers["cache-control"] == "no-cache"
        and headers["x-accel-buffering"] == "no"
    )
    assert "content-encoding" not in headers and headers["x-request-id"]
    record_property("an event arrives after at most, s", round(max(late), 2))


def test_it_begins_with_the_newest_and_goes_on_where_it_is_told(shop):
    item = shop.items(1)[0]
    empty = Listener(shop)
    seqs = given(shop, item, NEWEST + 5)
    assert empty.until(seqs[-1]).seqs == seqs
    assert Listener(shop).until(seqs[-1]).seqs == seqs[-NEWEST:]
    assert Listener(shop, after=seqs[1]).until(seqs[-1]).seqs == seqs[2:]
    assert Listener(shop, after=0).until(seqs[-1]).seqs == seqs
    both, ahead = Listener(shop, last=seqs[-3], after=seqs[1]), Listener(shop, after=10**9)
    assert both.until(seqs[-1]).seqs == seqs[-2:], (
        "a browser that comes back says both, and means what it heard last"
    )
    (new,) = given(shop, item)
    assert ahead.until(new).seqs == [new], "of a store that was begun anew"
    refused = httpx.get(
        f"{shop.url}/api/v1/feedback/stream", headers={"Last-Event-ID": "yesterday"}, trust_env=False
    )
    assert refused.status_code == 422 and refused.json()["field"] == "Last-Event-ID"


def test_nothing_is_lost_or_told_twice_by_coming_back(shop):
    item, heard, stop = shop.items(1)[0], [], threading.Event()
    first = given(shop, item)[0]

    def write() -> None:
        with httpx.Client(base_url=shop.url, trust_env=False) as client:
            while not stop.is_set():
                body = {"events": [{"customer": "listened-to", "item": item, "event": "click"}] * 3}
                client.post("/api/v1/feedback", json=body).raise_for_status()
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        whole = Listener(shop, after=first)
        for _ in range(5):
            part = Listener(shop, last=heard[-1] if heard else first)
            part.hear(10)
            part._leave.set()
            part.join(10)
            heard += part.seqs
    finally:
        stop.set()
        writer.join()
    (last,) = given(shop, item)
    assert whole.until(last).seqs == list(range(first + 1, last + 1))
    assert heard == list(range(first + 1, heard[-1] + 1)) and len(heard) > 20


def test_whoever_is_far_behind_catches_up(shop):
    item = shop.items(1)[0]
    now, seqs = Listener(shop), [seq for _ in range(3) for seq in given(shop, item, PAGE - 10)]
    now.until(seqs[-1], 20)
    late = Listener(shop, after=0)
    seqs += given(shop, item, 5)
    assert late.until(seqs[-1], 20).seqs == seqs == list(range(1, len(seqs) + 1)) and len(seqs) > 2 * PAGE
    assert now.until(seqs[-1], 20).seqs == seqs


def test_an_erased_customer_is_not_told_of(shop):
    item = shop.items(1)[0]
    before = Listener(shop)
    (kept,), (gone,) = given(shop, item), given(shop, item, customer="to-be-forgotten")
    before.until(gone)
    shop.send("DELETE", "customers/to-be-forgotten")
    (last,) = given(shop, item)
    assert Listener(shop, after=kept - 1).until(last).seqs == [kept, last] and Listener(shop).until(
        last
    ).seqs == [kept, last]


def test_no_more_than_so_many(small):
    with small(C360_MODELS="popularity", C360_STREAMS=2) as shop:
        item = shop.items(1)[0]
        two = [Listener(shop), Listener(shop)]
        for _ in range(3):
            refused = httpx.get(f"{shop.url}/api/v1/feedback/stream", trust_env=False)
            assert (
                refused.status_code == 503
                and int(refused.headers["Retry-After"]) > 0
                and "C360_STREAMS" in refused.json()["detail"]
            )
        (seq,) = given(shop, item)
        assert [one.until(seq).seqs for one in two] == [[seq]] * 2, "those who are there go on"
        two[0].leave(shop, item)
        until = time.monotonic() + 30
        while (third := Listener(shop)).response.status_code == 503:
            assert time.monotonic() < until, "the place did not become free"
            time.sleep(0.1)
        (seq,) = given(shop, item)
        assert third.until(seq) and two[1].until(seq)


def test_a_stranger_has_a_few_and_leaves_room_for_others(small):
    with small(C360_MODELS="popularity", C360_PUBLIC_DEMO=1) as shop:
        mine = [Listener(shop) for _ in range(STREAMS_PER_CLIENT)]
        refused = httpx.get(f"{shop.url}/api/v1/feedback/stream", trust_env=False)
        assert (
            refused.status_code == 429
            and f"at most {STREAMS_PER_CLIENT} per client" in refused.json()["detail"]
            and int(refused.headers["Retry-After"]) > 0
        )
        shop.kill()
        assert all(one.response.status_code == 200 for one in mine)


def test_a_stranger_who_leaves_may_come_back_and_who_is_known_has_no_share():
    stream = Stream(2 * STREAMS_PER_CLIENT)
    with ExitStack() as others:
        for _ in range(STREAMS_PER_CLIENT):
            others.enter_context(stream.slot("one"))
        with pytest.raises(HTTPException, match="429"), stream.slot("one"):
            pass
        with stream.slot("another"), stream.slot():
            assert stream.listeners == STREAMS_PER_CLIENT + 2
    assert stream.listeners == 0 and not stream.strangers
    with stream.slot("one"):
        assert stream.strangers == {"one": 1}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_the_server_stops_though_somebody_listens(shop, how, record_property):
    item = shop.items(1)[0]
    listeners = [Listener(shop) for _ in range(3)]
    (seq,) = given(shop, item)
    for one in listeners:
        one.until(seq)
    began = time.monotonic()
    shop._end(how)  # which waits 20 s, and then kills and raises
    took = time.monotonic() - began
    assert took < 5 and all(one.ended.wait(5) and one.failure is None for one in listeners), (
        "each stream ended as an answer should"
    )
    assert '"request failed"' not in shop.said() and "Application shutdown complete" in shop.said()
    record_property(f"a server with three listeners ends after {how.name}, s", round(took, 2))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


@pytest.mark.slow
def test_the_database_is_away_for_a_while(cluster, small):
    with small(C360_MODELS="popularity", C360_DATABASE_URL=cluster.create("stream")) as shop:
        item = shop.items(1)[0]
        listener, (first,) = Listener(shop), given(shop, item)
        listener.until(first)
        cluster.kill()
        time.sleep(2)
        meanwhile = Listener(shop, last=first)
        assert meanwhile.response.status_code == 200, "it waits with them"
        cluster.start()
        until = time.monotonic() + 30
        while (
            answer := shop.client.post(
                "/api/v1/feedback", json={"events": [{"customer": "c", "item": item, "event": "cart"}]}
            )
        ).status_code == 503:
            assert time.monotonic() < until, answer.text
            time.sleep(0.1)
        last = answer.json()["receipts"][0]["seq"]
        assert listener.until(last, 20).seqs == [first, last] and meanwhile.until(last, 20).seqs == [last]


# ---- inside one process, where the store can be watched


class Watched:
    "In the Service's place: counts what it is asked, and is away when told"

    def __init__(self, n: int = 0):
        self.stored = [self._event(seq) for seq in range(1, n + 1)]
        self.asked: list[tuple[float, str]] = []
        self.away = False

    @staticmethod
    def _event(seq: int) -> StoredEvent:
        return StoredEvent(seq, f"e{seq}", "ada", "tea", "view", None, 0.1, 5, "", 7)

    def add(self, n: int = 1) -> None:
        self.stored += [self._event(len(self.stored) + 1 + k) for k in range(n)]

    def _told(self, what: str) -> None:
        self.asked.append((time.monotonic(), what))
        if self.away:
            raise StoreDown("away")

    def events(self, after: int = 0, limit: int = 100, user: str = "") -> list[StoredEvent]:
        self._told("events")
        return [event for event in self.stored if event.seq > after][:limit]

    def newest_events(self, n: int) -> list[StoredEvent]:
        self._told("newest")
        return self.stored[-n:]

    def last_event(self) -> int:
        self._told("last")
        return max((event.seq for event in self.stored), default=0)


async def listen(
    stream: Stream,
    service: Watched,
    heard: list[int],
    after: int | None = None,
    gate: asyncio.Event | None = None,  # closed: the listener is busy with the first event it heard
) -> None:
    with stream.slot():
        async for event in stream.events(service, after):
            heard.append(event.seq)
            if gate is not None:
                await gate.wait()


async def by(what: Callable[[], bool], seconds: float = 20) -> None:
    "Wait until something is so"
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "that did not happen"
        await asyncio.sleep(0.01)


async def quiet(service: Watched, seconds: float = 20) -> None:
    "Wait until the store is no longer asked, for as long as five looks apart would take"
    until = time.monotonic() + seconds
    while True:
        service.asked.clear()
        await asyncio.sleep(2.5 * POLL_SECONDS)
        if not service.asked:
            return
        assert time.monotonic() < until, "the store is still asked"


def test_one_reader_for_all_and_none_for_nobody():
    async def story() -> None:
        stream, service = Stream(50), Watched(3)
        await asyncio.sleep(POLL_SECONDS)
        assert not service.asked
        heard: list[list[int]] = [[] for _ in range(10)]
        tasks = [asyncio.create_task(listen(stream, service, mine)) for mine in heard]
        await by(lambda: all(len(mine) == 3 for mine in heard))
        service.asked.clear()
        for _ in range(4):
            service.add()
            await by(lambda: all(mine[-1] == len(service.stored) for mine in heard))
        assert all(mine == [1, 2, 3, 4, 5, 6, 7] for mine in heard)
        times = [when for when, what in service.asked if what == "events"]
        assert len(times) >= 4 and min(b - a for a, b in pairwise(times)) > 0.9 * POLL_SECONDS, (
            "ten listeners, one question at a time"
        )
        assert {what for _, what in service.asked} <= {"events", "last"}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert stream.listeners == 0
        await quiet(service)  # nobody listens
        again: list[int] = []
        task = asyncio.create_task(listen(stream, service, again, after=6))
        await by(lambda: again == [7])
        service.add()
        await by(lambda: again == [7, 8])
        task.cancel()

    asyncio.run(story())


def test_a_slow_listener_misses_nothing_and_keeps_nobody_waiting():
    async def story() -> None:
        stream, service, slow, quick, gate = Stream(2), Watched(), [], [], asyncio.Event()
        tasks = [
            asyncio.create_task(listen(stream, service, slow, gate=gate)),
            asyncio.create_task(listen(stream, service, quick)),
        ]
        await by(lambda: stream.listeners == 2)
        for _ in range(3):
            service.add(5)
            await by(lambda: quick[-1:] == [service.stored[-1].seq])
        assert len(slow) == 1
        gate.set()
        await by(lambda: slow == quick == list(range(1, 16)))
        service.add(BATCH + 10)  # more than one look can bring
        await by(lambda: slow == quick == list(range(1, BATCH + 26)))
        stream.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 1)

    asyncio.run(story())


def test_what_was_erased_a_moment_ago_is_not_told_to_who_comes_now():
    async def story() -> None:
        stream, service, heard, late = Stream(5), Watched(1), [], []
        tasks = [asyncio.create_task(listen(stream, service, heard))]
        await by(lambda: heard == [1])
        service.add()
        await by(lambda: heard == [1, 2])
        service.stored = service.stored[:1]  # before the next look
        tasks.append(asyncio.create_task(listen(stream, service, late, after=1)))
        await asyncio.sleep(1.5 * POLL_SECONDS)
        service.stored.append(service._event(3))
        await by(lambda: late == [3] and heard == [1, 2, 3])
        stream.close()
        await asyncio.gather(*tasks)

    asyncio.run(story())


def test_a_store_that_is_away_is_waited_for():
    async def story() -> None:
        stream, service, heard, late = Stream(5), Watched(2), [], []
        tasks = [asyncio.create_task(listen(stream, service, heard))]
        await by(lambda: heard == [1, 2] and stream.head == 2)  # the poller has begun
        service.away = True
        service.asked.clear()
        tasks.append(asyncio.create_task(listen(stream, service, late, after=1)))
        await by(
            lambda: {what for _, what in service.asked} == {"events", "last"}
        )  # both listeners were refused
        service.add()
        assert heard == [1, 2] and late == []
        service.away = False
        await by(lambda: heard == [1, 2, 3] and late == [2, 3])
        service.away = True
        service.asked.clear()
        await by(lambda: bool(service.asked))
        stream.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 1)

    asyncio.run(story())


def test_a_store_that_hangs_does_not_keep_the_server_from_stopping():
    class Hangs(Watched):
        def events(self, after: int = 0, limit: int = 100, user: str = "") -> list[StoredEvent]:
            self._told("events")
            time.sleep(3)
            return []

    async def story() -> float:
        stream, service = Stream(5), Hangs(2)
        tasks = [
            asyncio.create_task(listen(stream, service, [])),
            asyncio.create_task(listen(stream, service, [], after=0)),
        ]
        await by(lambda: [what for _, what in service.asked].count("events") == 2)  # both hang
        began = time.monotonic()
        stream.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 1)
        return time.monotonic() - began

    assert asyncio.run(story()) < 0.5


def test_it_passes_through_the_app_unbuffered_and_beats_while_nothing_happens(monkeypatch):
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.2)  # 15 s
    sent: list[dict] = []

    async def story() -> None:
        app, service, gone = create_app(APISettings()), Watched(1), asyncio.Event()
        app.state.manager.service = service

        async def receive() -> dict:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http", "query_string": b"",
            "path": "/api/v1/feedback/stream", "raw_path": b"/api/v1/feedback/stream", "root_path": "", "client": ("127.0.0.1", 5), "server": ("localhost", 80),
            "headers": [(b"host", b"localhost"), (b"accept-encoding", b"gzip"), (b"accept", b"text/event-stream")],
        }  # fmt: skip
        answer = asyncio.create_task(app(scope, receive, send))
        bodies = lambda: b"".join(message.get("body", b"") for message in sent)  # noqa: E731
        await by(lambda: b"id: 1\n\n" in bodies())
        await by(lambda: bodies().endswith(b": ping\n\n"))
        service.add()
        await by(lambda: b"id: 2\n\n" in bodies(), SOON)
        assert all(message["more_body"] for message in sent[1:]), "each event is on its way when it is there"
        gone.set()
        await asyncio.wait_for(answer, 1)
        assert app.state.stream.listeners == 0

    asyncio.run(story())
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert (
        sent[0]["status"] == 200
        and headers["cache-control"] == "no-cache"
        and headers["x-accel-buffering"] == "no"
        and "content-encoding" not in headers
    )

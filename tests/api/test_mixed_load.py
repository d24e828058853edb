"""An hour of everything at once: no answer but those that are documented, and nothing acknowledged is lost

`MIXED_LOAD_MINUTES` sets another length.
"""

import itertools
import os
import random
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from command import once
from server import SPEC, Server

from customer360.config import settings

pytestmark = pytest.mark.long
MINUTES = float(os.environ.get("MIXED_LOAD_MINUTES", 60))
CARD = '[facts]\nname = "shop"\n[simulate]\nseed = 0\nn_customers = 100\nn_items = 60\ndays = 120\n'
PATIENCE = 120.0  # seconds that a client repeats a request before it complains


def make_shop(folder: Path) -> None:
    from customer360.serving.retrain import retrain

    (folder / "shop.toml").write_text(CARD)
    before, settings().home = settings().home, folder
    try:
        retrain(str(folder / "shop.toml"), models=["popularity", "knn", "tfidf"], measure=False)
    finally:
        settings().home = before


@pytest.fixture
def shop(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Server:
    "A server of two processes, of a shop whose models are trained in seconds; not started yet"
    shutil.copytree(once(tmp_path_factory, "mixed-shop", make_shop), tmp_path, dirs_exist_ok=True)
    server = Server(tmp_path, workers=2, C360_DATASET="shop", C360_RETRAIN_CARD=tmp_path / "shop.toml")
    yield server
    server.__exit__()


class Load:
    "What all clients share: whom they ask, what came back, and what must not have come back"

    def __init__(self, server: Server, customers: list[str], items: list[str]):
        self.url, self.customers, self.items = server.url, customers, items
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.acknowledged: dict[str, str] = {}  # event id -> customer, of customers who stay
        self.erased: list[str] = []
        self.added: list[str] = []
        self.number = itertools.count()

    def note(self, kind: str) -> None:
        with self.lock:
            self.counts[kind] += 1

    def miss(self, what: str, error: Exception) -> None:
        "Count what a server that is down or going down has not answered, and leave it a moment"
        self.note(f"{what}: {type(error).__name__}")
        self.over.wait(0.1)

    def complain(self, text: str) -> None:
        with self.lock:
            self.problems.append(text[:600])

    def ask(
        self,
        client: httpx.Client,
        method: str,
        route: str,  # as the description has it
        expected: tuple[int, ...] = (200,),
        body: object = None,
        query: dict | None = None,
        **names: str,
    ) -> httpx.Response | None:  # None: not answered while the server was down, or while it said 503
        "Ask once; whatever is not expected or documented is a problem"
        try:
            path = f"/api/v1{route.format(**names)}"
            answer = client.request(method, path, json=body, params=query)
        except httpx.TransportError as error:
            self.miss("no answer", error)
            time.sleep(0.05)
            return None
        status = answer.status_code
        self.note(f"{method} {route} {status}")
        documented = SPEC["paths"][f"/api/v1{route}"][method.lower()]["responses"]
        if status == 503 and "503" in documented and "retry-after" in answer.headers:
            time.sleep(0.2)
            return None
        if status not in expected:
            self.complain(f"{method} {route} {names} {query} {body}: {status} {answer.text}")
        return answer

    def insist(
        self, client: httpx.Client, method: str, route: str, expected: tuple[int, ...], **more: object
    ):
        "Ask until there is an answer"
        until = time.monotonic() + PATIENCE
        while (answer := self.ask(client, method, route, expected, **more)) is None:
            if time.monotonic() > until:
                self.complain(f"{method} {route} was not answered in {PATIENCE:g} s")
                return None
        return answer


def reads(load: Load, client: httpx.Client, rng: random.Random) -> None:
    customer, item = rng.choice(load.customers), rng.choice(load.items)
    for route, query in (
        ("/customers/{customer}/recommendations", {"n": 5}),
        ("/customers/{customer}/recommendations", {"n": 5, "model": "tfidf", "explain": False}),
        ("/customers/{customer}", None),
        ("/items/{item}/similar", None),
        ("/items/{item}/customers", None),
        ("/items", {"search": "new", "limit": 20}),
        ("/customers", {"search": "c", "limit": 20}),
        ("/popular", None),
        ("/latest", None),
        ("/feedback", {"limit": 50}),
        ("/overview", None),
        ("/models", None),
        ("/experiments", None),
        ("/retrain", None),
    ):
        load.ask(client, "GET", route, query=query, customer=customer, item=item)
    requests = [{"customer": one, "n": 3} for one in rng.sample(load.customers, 10)]
    load.ask(client, "POST", "/recommendations", body={"requests": requests})


def feeds(load: Load, client: httpx.Client, rng: random.Random) -> None:
    events = []
    for _ in range(rng.choice((1, 1, 5, 50))):
        number = next(load.number)
        event = {"customer": rng.choice(load.customers), "item": rng.choice(load.items)}
        events.append(
            event | {"event": rng.choice(("view", "click", "purchase")), "event_id": f"mixed-{number}"}
        )
    if load.insist(client, "POST", "/feedback", (200,), body={"events": events}) is not None:
        with load.lock:
            load.acknowledged |= {event["event_id"]: event["customer"] for event in events}


def changes(load: Load, client: httpx.Client, rng: random.Random) -> None:
    number = next(load.number)
    item = f"new-{number}"
    fields = {"title": f"New thing {number}", "text": "A thing that is new and quiet.", "price": 3.5}
    if load.insist(client, "PUT", "/items/{item}", (200, 201), body=fields, item=item) is not None:
        load.added.append(item)
    load.insist(client, "PATCH", "/items/{item}", (200,), body={"price": 4.0}, item=item)
    load.insist(
        client,
        "PUT",
        "/customers/{customer}",
        (200, 201),
        body={"attributes": {"n": number}},
        customer=f"x-{number}",
    )
    event = {"customer": f"x-{number}", "item": item, "event": "click"}
    load.insist(client, "POST", "/feedback", (200,), body={"events": [event]})
    target = rng.choice(load.customers)
    # a merge whose answer was lost has happened: repeating it is no mistake
    load.insist(
        client, "POST", "/customers/{customer}/merge", (200,), body={"into": target}, customer=f"x-{number}"
    )
    load.insist(client, "DELETE", "/customers/{customer}/merge", (200, 404, 409), customer=f"x-{number}")
    gone = f"gone-{number}"
    events = [
        {"customer": gone, "item": rng.choice(load.items), "event": "view", "event_id": f"gone-{number}-{k}"}
        for k in range(3)
    ]
    load.insist(client, "POST", "/feedback", (200,), body={"events": events})
    load.insist(client, "DELETE", "/feedback/{event_id}", (200,), event_id=f"gone-{number}-0")
    if number % 3 == 0:
        load.insist(client, "DELETE", "/customers/{customer}", (200, 410), customer=gone)
        load.erased.append(gone)
        load.insist(client, "GET", "/customers/{customer}", (410,), customer=gone)
    if number % 5 == 0:
        load.insist(client, "DELETE", "/items/{item}", (204,), item=item)


def dawdles(load: Load, client: httpx.Client, rng: random.Random) -> None:
    "A request that comes byte by byte and is never finished, an answer that is never read, a stream that is left"
    host, port = load.url.removeprefix("http://").split(":")
    for sent in (
        b"POST /api/v1/feedback HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{",
        b"GET /api/v1/items?limit=100 HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        try:
            with socket.create_connection((host, int(port)), timeout=5) as slow:
                for byte in sent:
                    slow.send(bytes([byte]))
                    time.sleep(0.002)
                load.over.wait(rng.random())
        except OSError as error:
            load.miss("slow client", error)
    try:
        with client.stream("GET", "/api/v1/feedback/stream") as stream:
            for _ in zip(range(5), stream.iter_lines(), strict=False):
                pass
    except httpx.TransportError as error:
        load.miss("stream", error)


def client_of(load: Load, work: Callable, seed: int) -> threading.Thread:
    def run() -> None:
        rng = random.Random(seed)
        with httpx.Client(base_url=load.url, timeout=60, trust_env=False) as client:
            while not load.over.is_set():
                try:
                    work(load, client, rng)
                except Exception as error:  # a client that ended would let the test pass
                    load.complain(f"{work.__name__}: {error!r}")
                    return

    return threading.Thread(target=run, daemon=True)


def is_retraining(server: Server) -> bool:
    "Ask whether a training goes on, again where a connection that was kept open has been closed meanwhile"
    for _ in range(3):
        try:
            return bool(server.client.get("/api/v1/retrain", timeout=60).json()["running"])
        except httpx.RemoteProtocolError:
            continue
    raise AssertionError("the server closed three connections in a row without an answer")


def disturb(server: Server, load: Load, seconds: float) -> None:
    "Kill and stop the server by turns, retrain once in the middle, and let the clients end"
    began, retrained = time.monotonic(), False
    for turn in itertools.count():
        pause = min(max(15.0, seconds / 30), 120.0)
        time.sleep(min(pause, max(1.0, began + seconds - time.monotonic())))
        if time.monotonic() > began + seconds:
            break
        if not retrained and time.monotonic() > began + seconds / 2:
            run = server.client.post("/api/v1/retrain", json={}, timeout=60)
            assert run.status_code == 202, run.text
            retrained = True
            continue  # it is not disturbed: its own tests do that
        if retrained and is_retraining(server):
            continue
        (server.kill if turn % 2 else server.stop)()
        load.note("restarts")
        server.start()
    assert retrained


@pytest.mark.timeout(int(MINUTES * 60 * 1.5 + 900))
def test_everything_at_once(shop: Server, record_property):
    with shop as server:
        load = Load(server, server.customers(100), server.items(60))
        works = (reads, reads, feeds, feeds, changes, dawdles)
        clients = [client_of(load, work, seed) for seed, work in enumerate(works)]
        for each in clients:
            each.start()
        try:
            disturb(server, load, MINUTES * 60)
        finally:
            load.over.set()
            for each in clients:
                each.join(PATIENCE)
        record_property("answers", dict(sorted(load.counts.items())))
        asked = {each.rpartition(" ")[0] for each in load.counts if each[-4:].strip().isdigit()}
        done = {each.rpartition(" ")[0] for each in load.counts if each[-4:-2] == " 2"}
        assert asked == done, f"never answered: {asked - done}"
        assert not load.problems, f"{len(load.problems)} problems: " + "\n".join(load.problems[:20])
        assert not any(each.is_alive() for each in clients)
        assert "Traceback" not in server.said()
        check_what_is_there(server, load)


def check_what_is_there(server: Server, load: Load) -> None:
    "What was acknowledged is there, once, and what was erased is not"
    stored: Counter[str] = Counter()
    customers, after = set(), 0
    while after is not None:
        page = server.get("feedback", after=after, limit=1000)
        stored.update(event["event_id"] for event in page["events"])
        customers |= {event["customer"] for event in page["events"]}
        after = page["next"]
    assert load.acknowledged, "nothing was acknowledged"
    lost = [each for each in load.acknowledged if stored[each] != 1]
    assert not lost, (
        f"{len(lost)} of {len(load.acknowledged)} acknowledged events are not there once: {lost[:5]}"
    )
    assert not customers & set(load.erased)
    assert server.get("models")["models"]

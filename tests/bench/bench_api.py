"""How fast the API answers: one worker, one machine, load from a second process on loopback.

    python tests/bench/bench_api.py                      # the demo's models
    C360_DATASET=ml-1m python tests/bench/bench_api.py   # models trained before with `c360 train --model all --dataset ml-1m`

Requests come at fixed times (open loop), so that a slow answer does not slow the load down and hide itself. Every figure
stands beside the same figure of an empty route of the same app, measured in the same run, and storing beside a bare insert.
"""

import argparse
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).parents[2]


class Server:
    "The API as a user starts it, on a free port, with an empty store"

    def __init__(self, home: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = os.environ | {
            "C360_DATABASE_URL": f"sqlite:///{home / 'store.sqlite'}",
            "C360_RATE": "0",
            "C360_TRUST_LOOPBACK": "1",
            "C360_LOG_REQUESTS": "0",
        }
        command = [
            sys.executable,
            "-m",
            "api",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
        ]
        start = time.perf_counter()
        with open(home / "server.log", "wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        while self.status("/health/ready") != 200:
            if self.process.poll() is not None or time.perf_counter() - start > 120:
                sys.exit("the server did not get ready")
            time.sleep(0.05)
        self.start_seconds = time.perf_counter() - start

    def status(self, path: str) -> int:
        try:
            return call(self.connect(), "GET", path)[0]
        except OSError:
            return 0

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @property
    def memory(self) -> float:  # MiB
        return psutil.Process(self.process.pid).memory_info().rss / 2**20


def call(
    connection: http.client.HTTPConnection, method: str, path: str, body: dict | None = None
) -> tuple[int, bytes]:
    connection.request(
        method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"}
    )
    answer = connection.getresponse()
    return answer.status, answer.read()


def open_loop(
    server: Server, requests: list[tuple], rate: float, n_threads: int = 8
) -> np.ndarray:  # seconds from when each was due
    "Send requests at a fixed rate; the clock of each starts when it was due, not when a connection was free"
    took, turn, lock = np.zeros(len(requests)), iter(range(len(requests))), threading.Lock()
    begin = time.perf_counter() + 0.1

    def work() -> None:
        connection = server.connect()
        while True:
            with lock:
                j = next(turn, None)
            if j is None:
                return
            due = begin + j / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            status, text = call(connection, *requests[j])
            took[j] = time.perf_counter() - due
            if status not in (200, 201, 202):
                raise SystemExit(f"{requests[j][:2]} answered {status}: {text[:300]!r}")

    threads = [threading.Thread(target=work) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def closed_loop(
    server: Server, requests: list[tuple], seconds: float = 4.0, n_threads: int = 4
) -> float:  # requests per second
    "As many as it can take"
    done, end = [0] * n_threads, time.perf_counter() + seconds

    def work(k: int) -> None:
        connection = server.connect()
        while time.perf_counter() < end:
            call(connection, *requests[(done[k] * n_threads + k) % len(requests)])
            done[k] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def told(
    name: str, took: np.ndarray, empty: float | None = None
) -> dict:  # empty: p50 of the empty route, ms
    "A line of the table"
    p50, p99 = np.quantile(took, [0.5, 0.99]) * 1e3
    ratio = f"{p50 / empty:5.1f} x an empty route" if empty else ""
    print(f"{name:<38} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   {ratio}", flush=True)
    return {
        "name": name,
        "p50_ms": round(p50, 3),
        "p99_ms": round(p99, 3),
        "ratio": round(p50 / empty, 2) if empty else None,
    }


def bare_insert(folder: Path, rows: list[tuple], batch: int) -> float:  # seconds a row
    "The same rows into a table of their own, as durable as the store"
    with sqlite3.connect(folder / "bare.sqlite", isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS e (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, user TEXT, item TEXT, event TEXT, time INTEGER)"
        )
        begin = time.perf_counter()
        for start in range(0, len(rows), batch):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO e (id, user, item, event, time) VALUES (?, ?, ?, ?, ?)",
                rows[start : start + batch],
            )
            connection.execute("COMMIT")
        return (time.perf_counter() - begin) / len(rows)


@contextmanager
def running(folder: Path):
    folder.mkdir(exist_ok=True)
    server = Server(folder)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait()


def recommending(server: Server, users: list[str], longest: list[str], keys: list[str], n: int) -> list[dict]:
    "Every model without and with reasons"
    out = []
    empty = open_loop(server, [("GET", "/health/live")] * n, 100)
    out.append(told("an empty route, 100 a second", empty))
    base = float(np.median(empty)) * 1e3
    for key in keys:
        paths = [
            ("GET", f"/api/v1/customers/{user}/recommendations?model={key}&n=10&explain=false")
            for user in users
        ]
        closed_loop(server, paths[:20], 0.3)
        for rate in (
            100,
            25,
        ):  # where it cannot keep up, the figure tells of the queue alone; so again, a quarter as often
            out.append(
                told(
                    f"{key}, {rate} a second",
                    open_loop(server, (paths * (n // len(paths) + 1))[: n * rate // 100], rate),
                    base,
                )
            )
            if out[-1]["p50_ms"] < 100:
                break
    for key in keys:
        paths = [
            ("GET", f"/api/v1/customers/{user}/recommendations?model={key}&n=10")
            for user in [*longest, *users][:50]
        ]
        out.append(told(f"{key} with reasons, 5 a second", open_loop(server, paths, 5), base))
    return out


N_NEW_ITEMS = (0, 100, 10_000)
N_SAMPLES = 60  # customers per model and number of new items


def new_item(number: int, texts: list[str]) -> dict:
    "An item with a text that no other one has"
    words = f"{texts[number % len(texts)]} {texts[(7 * number + 1) % len(texts)]}"
    return {"title": f"New {number}", "text": f"Model {number}. {words}"}


def wait_until_steady(server: Server, user: str, key: str) -> None:
    "Wait until the same question gets the same answer for two seconds: all texts have been read then"
    connection, since, last = server.connect(), time.perf_counter(), None
    path = f"/api/v1/customers/{user}/recommendations?model={key}&n=100&explain=false&surface=sandbox"
    while time.perf_counter() - since < 2:
        items = json.loads(call(connection, "GET", path)[1])["items"]
        if items != last:
            since, last = time.perf_counter(), items
        time.sleep(0.2)


def with_new_items(server: Server, plain: Server, users: list[str], keys: list[str]) -> list[dict]:
    "Every model with more and more new items beside a server without any, asked in turn; and what a PUT costs"
    out, put = [], 0
    first = json.loads(call(server.connect(), "GET", "/api/v1/items?limit=100")[1])["items"]
    texts = [item["text"] or item["title"] for item in first]
    for n in N_NEW_ITEMS:
        requests = [
            ("PUT", f"/api/v1/items/bench-{number}", new_item(number, texts)) for number in range(put, n)
        ]
        if requests:
            open_loop(server, requests, 1e6, 4)
            put = n
        for key in keys:  # until what they read is read
            wait_until_steady(server, users[0], key)
        changes = [
            ("PUT", "/api/v1/items/changed", new_item(-1, texts) | {"price": k + 1.0}) for k in range(40)
        ]
        out += in_turn(f"put one item, {n} new items", server, plain, changes)
        for key in keys:
            paths = (
                f"customers/{u}/recommendations?model={key}&n=10&explain=false" for u in users[:N_SAMPLES]
            )
            asked = [("GET", f"/api/v1/{path}", None) for path in paths]
            out += in_turn(f"{key}, {n} new items", server, plain, asked)
    return out


def in_turn(name: str, server: Server, plain: Server, requests: list[tuple]) -> list[dict]:
    "Send each request to both servers, so that whatever else the machine does slows both down"
    took: list[list[float]] = [[], []]
    connections = [one.connect() for one in (server, plain)]
    for request in requests:
        for connection, own in zip(connections, took, strict=True):
            begin = time.perf_counter()
            status, text = call(connection, *request)
            own.append(time.perf_counter() - begin)
            assert status in (200, 201), text[:300]
    with_new, without = map(np.array, took)
    ratio = float(np.median(with_new) / np.median(without))
    line = told(name, with_new) | {"ratio": round(ratio, 2)}
    print(f"{'':<38} p50 {np.median(without) * 1e3:7.2f} ms without: {ratio:.2f} x", flush=True)
    return [line]


def storing(server: Server, folder: Path, users: list[str], items: list[str], n: int) -> list[dict]:
    "Feedback, one by one and in batches"

    def event(number: int, kind: str) -> dict:
        return {
            "event_id": f"{kind}-{number}",
            "customer": users[number % len(users)],
            "item": items[number % len(items)],
            "event": "click",
        }

    took = open_loop(
        server, [("POST", "/api/v1/feedback", {"events": [event(j, "single")]}) for j in range(n)], 50
    )
    out = [told("feedback, 50 a second", took)]
    begin, connection = time.perf_counter(), server.connect()
    for start in range(0, 5000, 500):
        status, text = call(
            connection,
            "POST",
            "/api/v1/feedback",
            {"events": [event(start + j, "batch") for j in range(500)]},
        )
        assert status in (200, 201), text[:300]
    rate = 5000 / (time.perf_counter() - begin)
    one_by_one = bare_insert(folder, [(f"a{j}", users[0], items[0], "click", j) for j in range(n)], 1)
    print(
        f"feedback in batches of 500: {rate:.0f} events a second; one by one {np.median(took) / one_by_one:.1f} x a bare insert ({one_by_one * 1e3:.2f} ms)"
    )
    return [
        *out,
        {"name": "events a second in batches", "value": round(rate)},
        {"name": "feedback / bare insert", "value": round(float(np.median(took)) / one_by_one, 2)},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=1000, help="per model, without reasons")
    parser.add_argument("--only-new-items", action="store_true", help="measure what new items cost, alone")
    parser.add_argument("--json", type=Path, help="leave the figures here too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        connection = server.connect()
        ask = lambda path: json.loads(call(connection, "GET", f"/api/v1{path}")[1])  # noqa: E731
        first = ask("/customers?limit=100")
        people = first["customers"] + ask(f"/customers?limit=100&cursor={first['next']}")["customers"]
        longest = [person["id"] for person in sorted(people, key=lambda person: -person["n_events"])]
        keys = [model["key"] for model in ask("/models")["models"]]
        items = [item["id"] for item in ask("/items?limit=100")["items"]]
        print(
            f"start to ready {server.start_seconds:.1f} s, {server.memory:.0f} MiB, {os.cpu_count()} cores, longest history {people and max(p['n_events'] for p in people)} events"
        )
        if options.only_new_items:
            with running(Path(folder) / "plain") as plain:
                with_new_items(server, plain, [person["id"] for person in people], keys)
            return
        figures = recommending(
            server, [person["id"] for person in people], longest[:25], keys, options.requests
        )
        fastest = min(
            (f for f in figures if "100 a second" in f["name"] and f["ratio"]), key=lambda f: f["p50_ms"]
        )["name"].split(",")[0]
        most = closed_loop(
            server,
            [
                (
                    "GET",
                    f"/api/v1/customers/{person['id']}/recommendations?model={fastest}&n=10&explain=false",
                )
                for person in people
            ],
        )
        print(f"{fastest}: {most:.0f} requests a second")
        figures += storing(server, Path(folder), longest, items, options.requests // 2)
        with running(Path(folder) / "plain") as plain:
            figures += with_new_items(server, plain, [person["id"] for person in people], keys)
        print(f"{server.memory:.0f} MiB at the end")
        figures += [
            {"name": "start_seconds", "value": server.start_seconds},
            {"name": f"{fastest}, requests a second", "value": round(most)},
            {"name": "memory_mib", "value": round(server.memory)},
        ]
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()

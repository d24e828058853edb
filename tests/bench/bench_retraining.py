"""How fast the API answers while its models are retrained beside it: one worker, one machine.

    python tests/bench/bench_retraining.py                        # the demo's models that train in seconds
    python tests/bench/bench_retraining.py --models knn,svd,ncf   # others

Recommendations are asked at a steady rate (open loop). During a forced retraining its process is halted and let go in
turns, every two seconds, so that whatever else the machine does is in both of what is compared. The figures are the
ratios of the two.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from bench_api import Server, call, open_loop, running

WINDOW = 2.0  # seconds; the lease of a retraining outlasts it
SLOWEST = 3.0  # times as slow at the 95th percentile: more is a fault


def ask(server: Server, method: str, path: str, body: dict | None = None) -> dict:
    status, text = call(server.connect(), method, f"/api/v1/{path}", body)
    if status not in (200, 202):
        sys.exit(f"{method} {path} answered {status}: {text[:300]!r}")
    return json.loads(text)


def trainer(server: Server) -> psutil.Process:
    "Return the process that retrains, as soon as there is one"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for child in psutil.Process(server.process.pid).children():
            if "--run" in child.cmdline():
                return child
        time.sleep(0.05)
    sys.exit("no process retrains")


def measure(server: Server, requests: list[tuple], rate: float, models: list[str]) -> tuple[list, list]:
    "Return the seconds of requests while a retraining is halted, and while it runs, in turns until it has ended"
    ask(server, "POST", "retrain", {"models": models, "force": True})
    process, halted, going = trainer(server), [], []
    part, place = round(WINDOW * rate), 0
    while ask(server, "GET", "retrain")["running"]:
        with suppress(psutil.NoSuchProcess):
            for into, act in ((halted, process.suspend), (going, process.resume)):
                act()
                time.sleep(0.2)
                some = [requests[(place + j) % len(requests)] for j in range(part)]
                into.append(open_loop(server, some, rate))
            place += part
    run = ask(server, "GET", "retrain")["runs"][0]
    print(f"retraining {run['number']}, {run['finished'] - run['started']} s: {run['summary']}", flush=True)
    if run["state"] not in ("done", "unchanged"):
        sys.exit(run["error"])
    return halted, going


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="knn,svd,tfidf,popularity", help="that are retrained")
    parser.add_argument("--asked", default="knn", help="the model that answers meanwhile")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--rounds", type=int, default=1, help="retrainings")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["C360_HOME"] = home
        with running(Path(home)) as server:
            users = [found["id"] for found in ask(server, "GET", "customers?limit=100")["customers"]]
            paths = [f"customers/{user}/recommendations?model={given.asked}&n=10" for user in users]
            requests = [("GET", f"/api/v1/{path}&explain=false") for path in paths]
            open_loop(server, requests, given.rate)
            found = [
                measure(server, requests, given.rate, given.models.split(",")) for _ in range(given.rounds)
            ]
    before, meanwhile = ([took for pair in found for took in pair[side]] for side in (0, 1))
    was, now = (np.quantile(np.concatenate(parts), [0.5, 0.95]) * 1e3 for parts in (before, meanwhile))
    n = [sum(map(len, parts)) for parts in (before, meanwhile)]
    print(f"halted     p50 {was[0]:6.1f} ms   p95 {was[1]:6.1f} ms   of {n[0]} requests")
    print(f"running    p50 {now[0]:6.1f} ms   p95 {now[1]:6.1f} ms   of {n[1]} requests")
    print(f"ratio      p50 {now[0] / was[0]:6.2f}      p95 {now[1] / was[1]:6.2f}")
    if now[1] / was[1] > SLOWEST:
        sys.exit(f"at the 95th percentile it is more than {SLOWEST:g} times as slow")


if __name__ == "__main__":
    main()

"""How fast the API answers while its models are retrained beside it: one worker, one machine.

    python tests/bench/bench_retraining.py                        # the demo's models that train in seconds
    python tests/bench/bench_retraining.py --models knn,svd,ncf   # others

Recommendations are asked at a steady rate (open loop) by a model that answers from histories, first while nothing else
happens, then from the start of a forced retraining to its end. The figures are the ratios of the two.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from bench_api import Server, call, open_loop, running

SLOWEST = 3.0  # times as slow at the 95th percentile: more is a fault


def ask(server: Server, method: str, path: str, body: dict | None = None) -> dict:
    status, text = call(server.connect(), method, f"/api/v1/{path}", body)
    if status not in (200, 202):
        sys.exit(f"{method} {path} answered {status}: {text[:300]!r}")
    return json.loads(text)


def during(server: Server, requests: list[tuple], rate: float, models: list[str]) -> np.ndarray:  # seconds
    "Ask until a retraining has ended, which is started here"
    ask(server, "POST", "retrain", {"models": models, "force": True})
    took = []
    while ask(server, "GET", "retrain")["running"]:
        took.append(open_loop(server, requests[: round(2 * rate)], rate))
        requests = requests[len(took[-1]) :] + requests[: len(took[-1])]
    run = ask(server, "GET", "retrain")["runs"][0]
    print(f"retraining {run['number']}, {run['finished'] - run['started']} s: {run['summary']}", flush=True)
    if run["state"] not in ("done", "unchanged"):
        sys.exit(run["error"])
    return np.concatenate(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="knn,svd,tfidf,popularity", help="that are retrained")
    parser.add_argument("--asked", default="knn", help="the model that answers meanwhile")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the measurement before")
    parser.add_argument("--rounds", type=int, default=2, help="of before and during, taken together")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["C360_HOME"] = home
        with running(Path(home)) as server:
            users = [found["id"] for found in ask(server, "GET", "customers?limit=100")["customers"]]
            paths = [f"customers/{user}/recommendations?model={given.asked}&n=10" for user in users]
            requests = [("GET", f"/api/v1/{path}&explain=false") for path in paths]
            many = requests * (round(given.rate * given.seconds) // len(requests) + 1)
            open_loop(server, requests, given.rate)
            before, meanwhile = [], []
            for _ in range(given.rounds):
                before.append(open_loop(server, many[: round(given.rate * given.seconds)], given.rate))
                meanwhile.append(during(server, requests, given.rate, given.models.split(",")))
    was, now = (np.quantile(np.concatenate(parts), [0.5, 0.95]) * 1e3 for parts in (before, meanwhile))
    n = [sum(map(len, parts)) for parts in (before, meanwhile)]
    print(f"before     p50 {was[0]:6.1f} ms   p95 {was[1]:6.1f} ms   of {n[0]} requests")
    print(f"meanwhile  p50 {now[0]:6.1f} ms   p95 {now[1]:6.1f} ms   of {n[1]} requests")
    print(f"ratio      p50 {now[0] / was[0]:6.2f}      p95 {now[1] / was[1]:6.2f}")
    if now[1] / was[1] > SLOWEST:
        sys.exit(f"at the 95th percentile it is more than {SLOWEST:g} times as slow")


if __name__ == "__main__":
    main()

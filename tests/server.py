"The API as a process of its own, started as a user would start it, on a free port of this machine"

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from command import environment, once

from customer360.serving.loop_server import free_port

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # `api` is no part of the installed package
SPEC = (
    json.loads((ROOT / "api/openapi.json").read_text(encoding="utf-8"))
    if (ROOT / "api/openapi.json").exists()
    else {"paths": {}}
)


class Server:
    "A server; it may be killed and started again on its port, with its data"

    def __init__(self, home: Path, host: str = "127.0.0.1", workers: int = 1, **settings: str | Path | int):
        self.home, self.host, self.port, self.workers = Path(home), host, free_port(), workers
        self.log = self.home / "server.log"
        self.settings, self.around = settings, ()  # a program that runs the server, such as strace
        self.module: tuple[str, ...] = ("api",)
        self.options: tuple[str, ...] = ()  # more options of the command
        self.process: subprocess.Popen | None = None
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait: str = "/health/ready", seconds: float = 240) -> "Server":
        "Start it, and wait until it answers"
        command = [
            *self.around,
            sys.executable,
            "-m",
            *self.module,
            "--host",
            self.host,
            "--port",
            str(self.port),
        ]
        command += self.options
        command += ["--workers", str(self.workers)] if self.workers > 1 else []
        changes = {"OMP_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1, "C360_TRUST_LOOPBACK": 1, **self.settings}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(self.home, **changes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait(wait, seconds)
        return self

    def wait(self, path: str = "/health/ready", seconds: float = 240) -> None:
        until = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, (
                f"the server ended with {self.process.returncode}: {self.said()[-3000:]}"
            )
            assert time.monotonic() < until, f"{path} did not answer in {seconds} s: {self.said()[-3000:]}"
            try:
                if self.client.get(path, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        "SIGKILL, to it and all that it started"
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        "As Ctrl-C does"
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(timeout=20)
                raise

    def __enter__(self) -> "Server":
        return self.start() if self.process is None else self

    def __exit__(self, *failure: object) -> None:
        self.kill()
        self.client.close()
        shutil.rmtree(
            self.home / "data/models", ignore_errors=True
        )  # so that the temporary folders of some runs stay small

    # what tests ask for most

    def get(self, path: str, status: int = 200, **query: object) -> dict:
        return self.answer(self.client.get(f"/api/v1/{path}", params=query), status)

    def send(self, method: str, path: str, body: object = None, status: int = 200, **headers: str) -> dict:
        return self.answer(self.client.request(method, f"/api/v1/{path}", json=body, headers=headers), status)

    def answer(self, response: httpx.Response, status: int = 200) -> dict:
        assert response.status_code == status, (
            f"{response.request.method} {response.url}: {response.status_code} {response.text[:2000]}"
        )
        return response.json() if response.content else {}

    def give(self, *events: dict, status: int = 200) -> dict:
        return self.send("POST", "feedback", {"events": list(events)}, status)

    def customers(self, n: int = 20) -> list[str]:
        return [one["id"] for one in self.get("customers", limit=n)["customers"]]

    def items(self, n: int = 20) -> list[str]:
        return [one["id"] for one in self.get("items", limit=n)["items"]]


def operations() -> Iterator[tuple[str, str, dict]]:
    "Method, path and description of every route of the committed description"
    for path, methods in SPEC["paths"].items():
        for method, described in methods.items():
            yield method.upper(), path, described


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    "What somebody has after the install: nothing set, the models that come along, an empty store"
    with Server(tmp_path_factory.mktemp("demo")) as server:
        yield server


def make_small_shop(folder: Path) -> None:
    from customer360.data.simulate import simulate
    from customer360.models.catalogue import make_model
    from customer360.models.registry import Registry

    registry = Registry(folder / "data/models/small")
    snapshot = registry.snapshots.add(simulate(n_customers=100, n_items=60, days=200).tables)
    for key in ("knn", "popularity"):
        model = make_model(key).fit(registry.snapshots.read(snapshot).data)
        registry.promotions.promote(key, registry.releases.publish(model, snapshot).version)


COMPARED = ("knn", "ease", "popularity")  # the models of the trained shop


def make_trained_shop(folder: Path) -> None:
    "Train models as `c360 train` does, kNN twice, and write the report of the same results to `report/`"
    from dataclasses import replace
    from unittest.mock import patch

    import pandas as pd

    from customer360.config import settings
    from customer360.data.ingest import IngestResult
    from customer360.data.interim import save_snapshot
    from customer360.data.simulate import simulate
    from customer360.evaluation.pipeline import load_results
    from customer360.evaluation.provenance import data_record
    from customer360.evaluation.publish import evaluate_on_part, train_and_publish
    from customer360.evaluation.report import write_report
    from customer360.models.catalogue import model_class

    tables = simulate(seed=0, n_customers=200, n_items=120, days=200).tables
    tables = replace(tables, facts=replace(tables.facts, name="trained"))
    rejects = pd.DataFrame(columns=["file", "line", "reason", "text"])
    with patch.object(settings(), "home", folder):
        snapshot = save_snapshot(IngestResult(tables, rejects, {}, {}, [], {}))
        train_and_publish(snapshot, "knn", {"n_neighbours": 3})
        for key in COMPARED:
            train_and_publish(snapshot, key)
        results = load_results([evaluate_on_part(snapshot, key) for key in COMPARED])
        labels = {key: model_class(key).label for key in COMPARED}
        (folder / "report").mkdir()
        write_report(folder / "report", results, data_record(snapshot), labels)


@pytest.fixture
def trained(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    "Makes a server of a shop whose models were compared, with the report of the same results; not started yet"
    shutil.copytree(once(tmp_path_factory, "trained-shop", make_trained_shop), tmp_path, dirs_exist_ok=True)
    made: list[Server] = []

    def make(**settings: str | Path | int) -> Server:
        made.append(Server(tmp_path, C360_DATASET="trained", **settings))
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


@pytest.fixture
def small_service(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Service"]:  # noqa: F821
    "The service of that small shop in this process, with an empty store"
    from customer360.data.store.facade import Store
    from customer360.models.registry import Registry
    from customer360.serving.service import Service

    shutil.copytree(once(tmp_path_factory, "small-shop", make_small_shop), tmp_path, dirs_exist_ok=True)
    registry = Registry(tmp_path / "data/models/small")
    made = Service(registry, Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}"), default="popularity")
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    "Makes a server that starts quickly: a shop of 100 customers and two models, which `C360_DATASET=small` names; not started yet"
    shutil.copytree(once(tmp_path_factory, "small-shop", make_small_shop), tmp_path, dirs_exist_ok=True)
    made: list[Server] = []

    def make(**settings: str | Path | int) -> Server:
        made.append(Server(tmp_path, C360_DATASET="small", **settings))
        return made[-1]

    yield make
    for one in made:
        one.__exit__()

"Versions of a model: put to use, rolled back and forward again, swapped under load, and which model is the default"

import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx
import pytest
from server import Server

from customer360.evaluation.challenge import Decision
from customer360.models.catalogue import make_model
from customer360.models.registry import Registry

FIGURE = {"split": "ratio75_item", "metric": "ndcg", "k": 10, "low": 0.1, "high": 0.5, "n_customers": 80}
IN_USE_WITHIN = 5.0  # seconds until every worker answers from a version that was put to use


@pytest.fixture
def shop(tmp_path: Path, small) -> tuple[Registry, str, str]:
    "The small shop with two measured versions of kNN, the newer one in use, and a decision between them"
    small()
    registry = Registry(tmp_path / "data/models/small")
    (night,) = registry.snapshots.names()
    data, made = registry.snapshots.read(night).data, []
    for value, neighbours in ((0.2, 100), (0.3, 5)):
        model = make_model("knn", params={"n_neighbours": neighbours}).fit(data)
        made.append(registry.releases.publish(model, night, figures=[FIGURE | {"value": value}]).version)
    decision = Decision("knn", "promoted", made[0], made[1], difference=0.1, low=0.05, high=0.15)
    registry.promotions.promote("knn", made[0])
    registry.promotions.promote("knn", made[1], decision.to_dict())
    return registry, *made


def version_of(server: Server) -> str:
    return server.get("models/knn")["version"]


def asked(server: Server) -> dict:
    "The answer to a request that names no model"
    return server.send("POST", "recommendations", {"requests": [{"n": 3}]})["answers"][0]


@pytest.mark.slow
def test_back_and_forward_again(shop, small):
    registry, old, new = shop
    with small() as server:
        model = server.get("models/knn")
        kept = {version["version"]: version for version in model["versions"]}
        assert kept[new]["current"] and not kept[old]["current"]
        assert [kept[one]["figures"][0]["value"] for one in (old, new)] == [0.2, 0.3]
        assert kept[old]["params"]["n_neighbours"] == 100, "what a version is made of is said with it"
        (decision,) = model["decisions"]
        assert (decision["champion"], decision["challenger"], decision["low"]) == (old, new, 0.05)
        assert server.send("POST", "models/knn/activate", {"version": old})["version"] == old
        assert server.send("POST", "models/knn/activate", {"version": new})["version"] == new
        assert server.send("POST", "models/knn/rollback")["version"] == old
        assert server.send("POST", "models/knn/activate", {"version": new})["version"] == new
        assert len(server.get("models/knn")["decisions"]) == 1, "what was decided stays on record"
        told = server.send("POST", "models/knn/activate", {"version": "0"}, 404)
        assert told["field"] == "version" and "has no release '0' of knn" in told["detail"]
        assert server.send("POST", "models/svd/activate", {"version": old}, 404)["field"] == "model"
        assert server.send("POST", "models/knn/activate", {}, 422)["field"] == "version"
        next((registry.root / "knn" / old).glob("*.npz")).write_bytes(b"damaged")
        assert (
            "differs from its manifest"
            in server.send("POST", "models/knn/activate", {"version": old}, 409)["detail"]
        )
        assert version_of(server) == new


@pytest.mark.slow
def test_the_default_model_is_the_best_by_measurement(shop, small):
    registry = shop[0]
    (night,) = registry.snapshots.names()
    data = registry.snapshots.read(night).data
    for key, value in (("svd", 0.25), ("ease", 0.482), ("popularity", 0.9)):
        release = registry.releases.publish(
            make_model(key).fit(data), night, figures=[FIGURE | {"value": value}]
        )
        registry.promotions.promote(key, release.version)
    with small() as server:
        told = server.get("models")
        default = told["default_by"]
        assert (default["key"], default["by"], default["value"]) == ("ease", "measurement", 0.482)
        assert (default["runner_up"], default["runner_up_value"], default["better"]) == ("knn", 0.3, None)
        assert default["snapshot"] == night and "3 of 3 personalised models" in default["basis"]
        assert [model["key"] for model in told["models"] if model["default"]] == ["ease"]
        assert asked(server)["model"] == "ease"


class Asking(threading.Thread):
    "Asks for recommendations until it is told to stop, and keeps when, for whom and what was answered"

    def __init__(self, url: str, customers: list[str], stop: threading.Event):
        super().__init__(daemon=True)
        self.url, self.customers, self.stop = url, customers, stop
        self.answers: list[tuple[float, str, dict]] = []  # when it was asked, for whom, the answer
        self.failures: list[str] = []

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            asked, customer = time.monotonic(), self.customers[number % len(self.customers)]
            number += 1
            path = f"{self.url}/api/v1/customers/{customer}/recommendations"
            wanted = {"model": "knn", "n": 5}
            try:  # a connection each, so that both workers are asked
                got = httpx.get(path, params=wanted, timeout=30, trust_env=False)
            except httpx.TransportError as error:
                self.failures.append(repr(error))
                continue
            if got.status_code != 200:
                self.failures.append(got.text)
            else:
                self.answers.append((asked, customer, got.json()))


@pytest.mark.long
def test_no_answer_fails_or_mixes_versions_while_they_are_swapped(shop, small):
    "Two workers under constant requests, a trainer that promotes back and forth beside them"
    registry, old, new = shop
    server = small()
    server.workers = 2
    with server.start():
        stop, customers = threading.Event(), server.customers(8)
        asking = [Asking(server.url, customers, stop) for _ in range(3)]
        for one in asking:
            one.start()
        promoted = [(0.0, new)]
        try:
            for version in (old, new, old):
                registry.promotions.promote("knn", version)
                promoted.append((time.monotonic(), version))
                time.sleep(IN_USE_WITHIN + 1)  # as long as the old version may still answer, and some
        finally:
            stop.set()
            for one in asking:
                one.join()
        assert [failure for one in asking for failure in one.failures] == []
        answers = [answer for one in asking for answer in one.answers]
        check_times(answers, promoted)
        check_items(answers, registry, (old, new))


def check_times(answers: list[tuple[float, str, dict]], promoted: list[tuple[float, str]]) -> None:
    "Each answer is of the version in use, or within some seconds of a swap of the one before"
    late = 0
    for asked, _, answer in answers:
        until = [(at, version) for at, version in promoted if at <= asked]
        if asked - until[-1][0] > IN_USE_WITHIN:
            late += 1
            assert answer["version"] == until[-1][1], f"{asked - until[-1][0]:.1f} s after the swap"
    assert late > 20, "the test asked next to nothing after the swaps"


def check_items(
    answers: list[tuple[float, str, dict]], registry: Registry, versions: tuple[str, str]
) -> None:
    "The items and scores of each answer are those of the version that it names"
    (night,) = registry.snapshots.names()
    users, items = (getattr(registry.snapshots.read(night).data, name) for name in ("users", "items"))
    said: dict[tuple[str, str], set] = defaultdict(set)
    for _, customer, answer in answers:
        said[answer["version"], customer].add(
            tuple((item["item"], item["score"]) for item in answer["items"])
        )
    assert {version for version, _ in said} == {*versions}
    for (version, customer), lists in said.items():
        (shown,) = lists
        best = registry.load("knn", version)[0].recommend(users.encode([customer]), 5)
        assert [item for item, _ in shown] == items.decode(best.codes[0]).tolist()
        assert [score for _, score in shown] == pytest.approx(best.scores[0].tolist(), rel=1e-4)

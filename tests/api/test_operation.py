"Start, health, metrics and logs, as whoever runs it sees them"

import json
import re
import subprocess
import sys
import threading
import time

import httpx
from command import environment
from server import ROOT, Server, operations

from customer360.models.catalogue import make_model
from customer360.models.registry import Registry
from customer360.models.snapshots import read_sealed, write_sealed


def test_live_and_ready(demo):
    assert demo.client.get("/health/live").json() == {"status": "alive"}
    told = demo.client.get("/health/ready").json()
    assert told["ready"] and told["models"] and told["do"] == "" and told["problems"] == [], (
        "what is only a part of the hybrid is not missed"
    )


def test_nothing_is_loaded_with_no_model_at_all(tmp_path):
    empty = Server(tmp_path, C360_DATASET="no-such-shop")
    with empty.start("/health/live"):
        answer = empty.client.get("/health/ready")
        assert answer.status_code == 503 and not answer.json()["ready"] and "train.py" in answer.json()["do"]
        for path in ("customers/x/recommendations", "popular", "customers", "search?q=x"):
            refused = empty.client.get(f"/api/v1/{path}")
            assert (
                refused.status_code == 503
                and "train.py" in refused.json()["detail"]
                and int(refused.headers["Retry-After"]) > 0
            ), path
        assert "c360_ready 0.0" in empty.client.get("/metrics").text


def test_a_damaged_model_is_named_and_the_others_answer(small, tmp_path):
    with small() as server:
        assert set(server.client.get("/health/ready").json()["models"]) == {"knn", "popularity"}
        server.stop()
        (damaged,) = [
            path for path in (tmp_path / "data/models/small/knn").glob("*/*") if path.suffix == ".npz"
        ][:1]
        damaged.write_bytes(damaged.read_bytes()[:-7] + b"garbage")
        server.start()
        told = server.client.get("/health/ready").json()
        assert set(told["models"]) == {"popularity"} and damaged.name in str(told["problems"]), told
        assert (
            server.get("popular")["items"]
            and server.get("customers/x/recommendations", 404, model="knn")["field"] == "model"
        )


def test_a_database_that_cannot_be_opened_at_start(small, tmp_path):
    "It starts, says why, and is ready by itself once the database is there"
    blocked = tmp_path / "not-yet"
    blocked.write_text("a file where a folder should be")
    server = small(C360_MODELS="popularity", C360_DATABASE_URL=f"sqlite:///{blocked}/store.sqlite")
    with server.start("/health/live"):
        answer = server.client.get("/health/ready")
        assert answer.status_code == 503 and answer.json()["problems"]
        assert server.client.get("/api/v1/popular").status_code == 503
        blocked.unlink()
        blocked.mkdir()
        server.wait("/health/ready", 30)
        assert server.get("popular")["items"]


def train_anew(home, key: str, **params) -> str:  # its version
    registry = Registry(home / "data/models/small")
    release = registry.releases.publish(
        make_model(key, params=params).fit(registry.snapshots.read(registry.snapshots.names()[0]).data),
        registry.snapshots.names()[0],
    )
    return registry.promotions.promote(key, release.version).version


def wait_for(server: Server, key: str, version: str, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while server.client.get("/health/ready").json()["models"].get(key) != version:
        assert time.monotonic() < until, server.said()[-2000:]
        time.sleep(0.1)


def wait_until_answers(server, customer: str, key: str, version: str) -> dict:
    "The first answer of a version that is ready: a request that began before may still be answered by the one before"
    until = time.monotonic() + 30
    while True:
        told = server.get(f"customers/{customer}/recommendations", model=key)
        if told["version"] == version or time.monotonic() > until:
            return told
        time.sleep(0.1)


def test_what_is_trained_while_it_runs_is_served_without_a_start(small):
    "Both what was there and what is new; what answers meanwhile are the models before"
    with small() as server:
        customer, before = server.customers(1)[0], server.client.get("/health/ready").json()["models"]
        scores = [
            item["score"]
            for item in server.get(f"customers/{customer}/recommendations", model="knn")["items"]
        ]
        version = train_anew(server.home, "knn", n_neighbours=3)
        wait_for(server, "knn", version)
        told = wait_until_answers(server, customer, "knn", version)
        assert (told["version"], version != before["knn"]) == (version, True) and [
            item["score"] for item in told["items"]
        ] != scores
        assert server.client.get("/health/ready").json()["models"]["popularity"] == before["popularity"], (
            "untouched"
        )
        ease = train_anew(server.home, "ease")
        wait_for(server, "ease", ease)
        assert wait_until_answers(server, customer, "ease", ease)["version"] == ease
        assert server.send("POST", "models/knn/rollback")["version"] == before["knn"]
        assert server.get(f"customers/{customer}/recommendations", model="knn")["version"] == before["knn"]


def test_a_damaged_training_leaves_the_models_before(small):
    with small() as server:
        before, version = (
            server.client.get("/health/ready").json()["models"]["knn"],
            train_anew(server.home, "knn", n_neighbours=3),
        )
        wait_for(server, "knn", version)
        server.send("POST", "models/knn/rollback")
        (weights,) = (server.home / "data/models/small/knn" / version).glob("*.npz")
        weights.write_bytes(weights.read_bytes()[:-7] + b"garbage")
        promoted = server.home / "data/models/small/knn/promoted.json"
        write_sealed(promoted, {"versions": [*read_sealed(promoted)["versions"], version]})
        until = time.monotonic() + 30
        while not (problems := server.client.get("/health/ready").json()["problems"]):
            assert time.monotonic() < until, server.said()[-2000:]
            time.sleep(0.1)
        assert (
            version in str(problems) and server.client.get("/health/ready").json()["models"]["knn"] == before
        )


def test_a_damaged_model_made_anew_is_served(small, tmp_path):
    "What the message advises helps: the same training again has the same version, and is taken over"
    server = small()
    (weights,) = (tmp_path / "data/models/small/knn").glob("*/weights.npz")
    weights.write_bytes(weights.read_bytes()[:-7] + b"garbage")
    with server.start():
        assert set(server.client.get("/health/ready").json()["models"]) == {"popularity"}
        version, until = train_anew(server.home, "knn"), time.monotonic() + 60
        while (told := server.client.get("/health/ready").json())["models"].get("knn") != version or told[
            "problems"
        ]:
            assert time.monotonic() < until, (told, server.said()[-2000:])
            time.sleep(0.1)


def test_who_was_erased_while_a_training_ran_does_not_come_back(small):
    with small() as server:
        registry, (customer, other) = Registry(server.home / "data/models/small"), server.customers(2)
        tables = registry.snapshots.read(registry.snapshots.names()[0]).tables
        server.send("DELETE", f"customers/{customer}")
        night = registry.snapshots.add(tables, watermark=1)  # read before somebody asked to be forgotten
        release = registry.releases.publish(make_model("knn").fit(registry.snapshots.read(night).data), night)
        registry.promotions.promote("knn", release.version)
        until = time.monotonic() + 30
        while server.get("models/knn")["snapshot"] != night:
            assert time.monotonic() < until, server.said()[-2000:]
            time.sleep(0.1)
        server.get(f"customers/{customer}/recommendations", 410, model="knn")
        assert server.get(f"customers/{other}/recommendations", model="knn")["items"]
        assert customer not in set(Registry(registry.root).snapshots.read(night).tables.customers["user"])


def test_models_answer_on_while_their_folder_is_gone(small):
    with small() as server:
        before, folder = (
            server.client.get("/health/ready").json()["models"],
            server.home / "data/models/small",
        )
        folder.rename(folder.with_name("away"))
        time.sleep(7)  # the next look is 5 s away at most
        assert server.client.get("/health/ready").json()["models"] == before
        folder.with_name("away").rename(folder)


def test_metrics_count_requests_by_route(demo):
    def count() -> float:
        text = demo.client.get("/metrics").text
        found = re.search(
            r'^c360_requests_total\{method="GET",route="/api/v1/items/\{item\}",status="404"\} (\S+)$',
            text,
            re.MULTILINE,
        )
        return float(found[1]) if found else 0

    before = count()
    demo.get("items/none-such", status=404)
    assert count() == before + 1
    text = demo.client.get("/metrics").text
    assert "none-such" not in text and "c360_request_seconds_bucket" in text and "c360_ready 1.0" in text
    assert re.search(r"^c360_recommendations_recorded(_total)? ", text, re.MULTILINE) and re.search(
        r"^c360_recommendations_lost(_total)? ", text, re.MULTILINE
    )
    routes = set(re.findall(r'route="([^"]+)"', text))
    assert routes <= {path for _, path, _ in operations()} | {
        "unmatched",
        "/docs",
        "/openapi.json",
        "/",
        "page",
    }, "a route's name is never a path with ids in it"


def test_logs_are_json_with_ids_of_requests_and_nothing_personal(small):
    server = small(C360_MODELS="popularity").start()
    customer, item = "Ann.Person@example.org", server.items(1)[0]
    server.give({"customer": customer, "item": item, "event": "cart", "event_id": "secret-event"})
    asked = [
        server.client.get(f"/api/v1/customers/{customer}/recommendations?category=secret-category"),
        server.client.get(f"/api/v1/customers/{customer}", headers={"X-Request-ID": "from-the-client-1"}),
        server.client.get("/api/v1/search?q=secret-words", headers={"Authorization": "Bearer secret-key"}),
        server.client.get("/api/v1/customers/stranger-77%2Fx"),
        server.client.get("/secret-path/77"),
        server.client.post(
            "/api/v1/feedback",
            json={"events": [{"customer": customer, "item": "secret-item", "event": "cart"}]},
        ),
        server.client.put(f"/api/v1/customers/{customer}", json={"attributes": {"street": "secret-street"}}),
        server.client.delete(f"/api/v1/customers/{customer}"),
    ]
    server.stop()
    said = server.said()
    assert (
        "person@example" not in said.lower()
        and "secret" not in said
        and "stranger" not in said
        and "127.0.0.1:" not in re.sub(r"http://127.0.0.1:\d+", "", said)
    )
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    requests = {line["request_id"]: line for line in lines if line["message"] == "request"}
    assert asked[1].headers["X-Request-ID"] == "from-the-client-1"
    for response in asked:
        line = requests[response.headers["X-Request-ID"]]
        assert (
            line["status"] == response.status_code
            and line["ms"] >= 0
            and line["route"].startswith(("/api/v1/", "unmatched"))
        )
    others = [line for line in said.splitlines() if not line.startswith("{")]
    assert all(line.startswith("INFO:") for line in others), others


def test_several_processes_share_their_numbers(small, tmp_path):
    folder = tmp_path / "numbers"
    folder.mkdir()
    server = small(C360_MODELS="popularity", PROMETHEUS_MULTIPROC_DIR=folder)
    server.workers = 2
    with server.start():
        customer = server.customers(1)[0]
        for _ in range(6):
            server.get(f"customers/{customer}/recommendations")
        wanted = (
            r"^c360_recommendations_recorded_total 6\.0$",
            r"^c360_recommendations_queue(\{.*\})? 0\.0$",  # which each process tells a moment after it has recorded
            r"^c360_ready(\{.*\})? 1\.0$",
        )
        until = time.monotonic() + 60
        while (told := server.client.get("/metrics").text) and not all(
            re.search(line, told, re.M) for line in wanted
        ):
            assert time.monotonic() < until, told
            time.sleep(0.5)


KILLED = """
import os, signal, threading
from api.metrics import Metrics

if (child := os.fork()) == 0:
    Metrics(lambda: {"recommendations_lost": 1}, lambda: False).publish()
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
told, counting = {"recommendations_recorded": 0}, threading.Lock()
metrics = Metrics(lambda: told, lambda: True)


def ask() -> None:
    for _ in range(500):
        with counting:
            told["recommendations_recorded"] += 1
        metrics.publish()


threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(metrics.text().decode())
print("recorded in truth", float(told["recommendations_recorded"]))
"""


def test_a_killed_process_and_threads_that_tell_at_once_do_not_distort_the_numbers(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        env=environment(tmp_path, PROMETHEUS_MULTIPROC_DIR=tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (truth,) = re.findall(r"recorded in truth (\S+)", done.stdout)
    assert (
        f"c360_recommendations_recorded_total {truth}" in done.stdout
        and "c360_recommendations_lost_total 1.0" in done.stdout
    ), done.stdout
    assert re.search(r"^c360_ready(\{.*\})? 1\.0$", done.stdout, re.M), done.stdout


def test_a_request_id_cannot_write_into_the_log(demo):
    for forged in ("short", "x" * 100, 'a"b\\c{d}e', "two words"):
        given = demo.client.get("/health/live", headers={"X-Request-ID": forged}).headers["X-Request-ID"]
        assert re.fullmatch(r"[0-9a-f]{16}", given)


def test_a_failure_says_nothing_to_the_client_and_where_to_the_log(caplog):
    "A bug in the code, put there on purpose: the only test that changes what runs"
    import asyncio

    from api.main import create_app
    from api.settings import APISettings

    class Broken:
        def item(self, item: str) -> dict:
            raise ZeroDivisionError(f"the secret of {item}")

    app = create_app(APISettings())
    app.state.manager.service = Broken()

    async def once() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url="http://localhost"
        ) as client:
            return await client.get("/api/v1/items/p1")

    answer = asyncio.run(once())
    assert answer.status_code == 500 and answer.headers["X-Request-ID"] in answer.json()["detail"]
    assert (
        "secret" not in answer.text and "ZeroDivision" not in answer.text and "Traceback" not in answer.text
    )
    from api.logs import JsonFormatter

    (record,) = [record for record in caplog.records if record.name == "c360.api"]
    line = json.loads(JsonFormatter().format(record))
    assert (
        line["error"] == "ZeroDivisionError"
        and any("items.py" in frame for frame in line["at"])
        and "secret" not in json.dumps(line)
    )


def test_every_process_knows_what_one_was_told(small):
    "Two processes on one store: feedback, a new item, a withdrawal and a rule count from the next request on, whoever answers"
    with small(C360_MODELS="knn") as one, small(C360_MODELS="knn") as other:
        customer, bought = one.customers(1)[0], []
        for told_to, asked in [(one, other), (other, one)] * 3:
            told = [pick["item"] for pick in asked.get(f"customers/{customer}/recommendations", n=5)["items"]]
            assert not set(told) & set(bought)
            told_to.give({"customer": customer, "item": told[0], "event": "purchase"})
            bought.append(told[0])
        one.send("PUT", "items/fresh", {"title": "Fresh"}, 201)
        assert other.get("items/fresh")["title"] == "Fresh"
        best = one.get(f"customers/{customer}/recommendations", n=3)["items"]
        other.send("DELETE", f"items/{best[0]['item']}", status=204)
        other.send("PUT", "rules", {"buried": [best[1]["item"]]})
        left = [pick["item"] for pick in one.get(f"customers/{customer}/recommendations", n=10)["items"]]
        assert best[0]["item"] not in left and best[1]["item"] not in left[:-1]
        one.send("DELETE", f"customers/{customer}")
        assert other.client.get(f"/api/v1/customers/{customer}").status_code == 410


def test_several_processes_behind_one_port(small):
    "`uvicorn --workers 2`: what one of them acknowledged, whichever answers next knows"
    server = small(C360_MODELS="popularity")
    server.workers = 2
    with server:
        item = server.items(1)[0]
        for number in range(10):
            httpx.post(
                f"{server.url}/api/v1/feedback",
                json={"events": [{"customer": "w", "item": item, "event": "view"}]},
                trust_env=False,
            ).raise_for_status()
            events = httpx.get(
                f"{server.url}/api/v1/feedback", params={"customer": "w"}, trust_env=False
            ).json()["events"]
            assert len(events) == number + 1


def test_many_at_once_wait_for_one_another_and_all_are_answered(demo):
    customers, found = demo.customers(10), []

    def ask(customer: str) -> None:
        with httpx.Client(base_url=demo.url, timeout=60, trust_env=False) as client:
            found.extend(
                client.get(f"/api/v1/customers/{customer}/recommendations", params={"n": 3}).status_code
                for _ in range(5)
            )

    threads = [threading.Thread(target=ask, args=(customer,)) for customer in customers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 50

"Retraining over HTTP: started, watched, refused while one runs, taken up by the server, and done by one of several"

import os
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
from command import once
from server import Server

from customer360.config import settings
from customer360.data.store.facade import Store

CARD = '[facts]\nname = "shop"\n[simulate]\nseed = 0\nn_customers = 100\nn_items = 60\ndays = 120\n'


def _make(folder: Path) -> None:
    from customer360.serving.retrain import retrain

    (folder / "shop.toml").write_text(CARD)
    before, settings().home = settings().home, folder
    try:
        retrain(str(folder / "shop.toml"), models=["popularity", "knn"], measure=False)
    finally:
        settings().home = before


@pytest.fixture
def shop(tmp_path, tmp_path_factory):
    "Return what makes a server of a shop whose models can be trained in seconds; not started yet"
    import shutil

    shutil.copytree(once(tmp_path_factory, "retrained-shop", _make), tmp_path, dirs_exist_ok=True)
    made = []

    def make(**more) -> Server:
        card = tmp_path / "shop.toml"
        made.append(Server(tmp_path, C360_DATASET="shop", C360_RETRAIN_CARD=card, **more))
        return made[-1]

    yield make
    for server in made:
        end_of(server)
        server.__exit__()


def end_of(server: Server, seconds: float = 120) -> dict:
    "Wait until no retraining runs, and return the newest"
    with Store.open(f"sqlite:///{server.home}/data/store/shop.sqlite") as store:
        return until(lambda: (run := store.retrainings.latest()) and run.state != "running" and run, seconds)


def until(found, seconds: float = 60):
    "Return the first true value"
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
    return value


def buy(server: Server, n: int) -> None:
    customers, items = server.customers(50), server.items(50)
    events = [
        {"customer": customers[k % 50], "item": items[k * 7 % len(items)], "event": "purchase"}
        for k in range(n)
    ]
    server.give(*events)


@pytest.mark.slow
def test_a_retraining_is_started_watched_and_taken_up(shop):
    with shop() as server:
        before = {model["key"]: model["version"] for model in server.get("models")["models"]}
        assert server.get("retrain")["running"] is None
        buy(server, 300)
        refused = server.send("POST", "retrain", {"params": {"knn": {"n_neighbours": "many"}}}, 422)
        assert (
            "n_neighbours of knn has to be a whole number, at least 1, such as 100: got 'many'"
            in refused["detail"]
        )
        assert refused["field"] == "params.knn.n_neighbours"
        begun = server.send("POST", "retrain", {"params": {"knn": {"n_neighbours": 7}}, "force": False}, 202)
        assert (begun["state"], begun["number"], begun["models"]) == ("running", 2, [])
        told = server.send("POST", "retrain", {}, 409)
        assert told["detail"].startswith("retraining 2 is running")
        stages = set()
        while (found := server.get("retrain"))["running"]:
            stages.add(found["running"]["stage"])
            time.sleep(0.02)
        run = found["runs"][0]
        assert run["state"] == "done" and run["done"] == run["total"] == 6 and len(stages) > 2, run
        assert [one["key"] for one in run["decisions"]] == ["knn"]  # those that are named are retrained
        assert run["decisions"][0]["params"]["n_neighbours"] == 7 and run["events"] > 300
        assert "knn" in (Path(server.home) / "data/models/shop/retrain.log").read_text()

        begun = server.send("POST", "retrain", {"models": ["popularity"]}, 202)
        run = end_of(server)
        assert (run.number, run.state, run.decisions[0]["outcome"]) == (begun["number"], "done", "promoted")
        new = run.decisions[0]["challenger"]
        assert new != before["popularity"]
        until(
            lambda: server.get("models/popularity")["version"] == new, 30
        )  # within 5 s on a machine that is not busy: see test_versions

        server.send("POST", "retrain", {"models": ["popularity"]}, 202)
        assert end_of(server).state == "unchanged"
        assert server.get("models/popularity")["version"] == new
        assert "popularity not trained, since data and hyper" in server.get("retrain")["runs"][0]["summary"]

        begun = server.client.post("/api/v1/retrain")  # without a body: every model in use
        assert (begun.status_code, begun.json()["models"], begun.json()["params"]) == (202, [], {}), (
            begun.text
        )
        assert {one["key"] for one in end_of(server).decisions} == {"knn", "popularity"}
        server.send("POST", "retrain", {"models": ["popularity"], "force": True}, 202)
        end_of(server)
        log = (Path(server.home) / "data/models/shop/retrain.log").read_text().rstrip().splitlines()
        assert log[-1].endswith(
            "popularity trained again, and what was learnt is equal to the version in use, which stays"
        ), log[-1]


@pytest.mark.long
def test_a_killed_trainer_is_told_at_once_and_does_not_stop_the_next(shop):
    with shop() as server, Store.open(f"sqlite:///{server.home}/data/store/shop.sqlite") as store:
        server.send("POST", "retrain", {"models": ["knn"], "force": True}, 202)
        process = until(lambda: store.retrainings.latest().process)
        os.kill(process["pid"], signal.SIGKILL)
        until(lambda: "killed by signal 9" in server.get("retrain")["runs"][0]["error"])
        run = server.get("retrain")["runs"][0]
        assert (run["number"], run["state"]) == (2, "died")
        assert server.get("models/knn/training")["version"]
        server.send("POST", "retrain", {"models": ["knn"]}, 202)
        assert end_of(server).state == "unchanged"


@pytest.mark.long
def test_of_several_servers_one_retrains_when_it_is_due(shop):
    "And a server that was killed meanwhile leaves the retraining alone"
    limits = {
        "C360_RETRAIN_MIN_EVENTS": 50,
        "C360_RETRAIN_MIN_SHARE": 0.001,
        "C360_RETRAIN_MIN_HOURS": 0,
        "C360_RETRAIN_POPULARITY_DRIFT": 0,
    }
    auto = {**limits, "C360_RETRAIN_AUTO": 1}
    server = shop(**limits).start()  # not `with`, which removes the models at its end
    buy(server, 60)
    assert [reason["kind"] for reason in server.get("retrain")["due"]] == ["events"]
    server.kill()
    with Store.open(f"sqlite:///{server.home}/data/store/shop.sqlite") as store:
        one = shop(workers=2, **auto).start()
        until(lambda: store.retrainings.latest().number == 2)
        assert "60 events since the training of" in store.retrainings.latest().reasons[0]
        one.kill()
        done = end_of(one)
        assert (done.number, done.state) == (2, "done"), done
        again = shop(workers=2, **auto).start()
        assert again.get("retrain")["due"] == []
        time.sleep(1)  # long enough to ask whether it is due
        assert store.retrainings.latest().number == 2


@pytest.mark.long
def test_a_retracted_event_is_left_out_of_what_was_trained_and_of_the_next_training(shop):
    "Of the snapshot in use from the next request on; of its files with the next training"

    def retrained(server: Server) -> None:
        before = server.get("models/popularity")["version"]
        server.send("POST", "retrain", {"models": ["popularity"], "force": True}, 202)
        assert end_of(server).state == "done"
        until(lambda: server.get("models/popularity")["version"] != before, 20)

    def says(server: Server) -> list:
        page = server.get(f"customers/{customer}")
        listed = server.get("customers", search=customer)["customers"][0]
        popular = server.get("popular", n=100)["items"]
        told = server.get("overview")
        return [
            page["n_events"], page["history"], listed["n_events"], told["events"], told["months"],
            server.get(f"items/{item}/customers"), [(one["item"], one["score"]) for one in popular],
            [one["item"] for one in server.get(f"customers/{customer}/recommendations", n=60)["items"]],
        ]  # fmt: skip

    with shop(C360_DEFAULT_MODEL="popularity") as server:
        customer = server.customers(4)[3]
        item = server.get(f"customers/{customer}/recommendations", n=1)["items"][0]["item"]
        never = says(server)
        server.give({"customer": customer, "item": item, "event": "purchase", "event_id": "by mistake"})
        retrained(server)
        bought = says(server)
        assert all(one != two for one, two in zip(never, bought, strict=True))
        server.send("DELETE", "feedback/by%20mistake")
        assert says(server) == never
        retrained(server)
        assert says(server) == never
        folder = Path(server.home) / "data/models/shop"
        newest = max(
            (folder / "snapshots").glob("*/interactions.parquet"), key=lambda path: path.stat().st_mtime
        )
        rows = pd.read_parquet(newest)
        own = rows[(rows["user"] == customer) & (rows["item"] == item)]
        assert "purchase" not in set(own["event"][own["timestamp"] > time.time() - 600])

"What models learn from events between two trainings, in a running server"

import time

import pytest

SECONDS = 60  # patience, on a machine that does other things too


def until(condition, what: str):
    "Return what a condition returns once it is true"
    end = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, f"not in {SECONDS} s: {what}"
        time.sleep(0.2)
    return found


def first_item(server, seen: str, model: str) -> str:
    body = {"requests": [{"history": [{"item": seen, "event": "purchase"}], "model": model, "n": 1}]}
    return server.send("POST", "recommendations", body)["answers"][0]["items"][0]["item"]


def absorbed(server, model: str) -> int:
    return server.get(f"models/{model}")["events_absorbed"]


@pytest.mark.slow
def test_what_others_bought_counts_without_a_training(small):
    with small(C360_ABSORB_SECONDS=1) as server:
        seen, other = "p0050", "p0055"
        version = server.get("models/knn")["version"]
        assert first_item(server, seen, "knn") != other
        buyers = [f"new{n}" for n in range(40)]
        events = [
            {"customer": buyer, "item": item, "event": "purchase"}
            for buyer in buyers
            for item in (seen, other)
        ]
        server.send("POST", "feedback", {"events": events})
        until(lambda: absorbed(server, "knn") == 80, "80 events learnt")
        assert first_item(server, seen, "knn") == other
        assert server.get("models/knn")["version"] == version, "it was not trained again"
        told = server.get("customers/new0/recommendations", model="knn", n=3)
        assert not {item["item"] for item in told["items"]} & {seen, other}
        for buyer in buyers:
            server.send("DELETE", f"customers/{buyer}")
        assert absorbed(server, "knn") == 0, "nothing of an erased customer stays in a model"
        assert first_item(server, seen, "knn") != other

"Off-policy estimates and the comparison of offline and online figures, over HTTP"

import pytest
from server import Server

HALVES = {"name": "halves", "arms": {"popularity": 0.5, "knn": 0.5}, "exploration": 0.3, "temperature": 2.0}


def visits(server: Server, customers: list[str], n: int = 4) -> dict[str, int]:
    "Let customers see their lists; everybody clicks the best item below the pinned one. Count impressions by model"
    shown: dict[str, int] = {}
    for customer in customers:
        given = server.get(f"customers/{customer}/recommendations", n=n, explain=False)
        chosen = [item["item"] for item in given["items"] if item["by"] != "pinned"]
        about = {"customer": customer, "recommendation_id": given["recommendation_id"]}
        seen = [{"item": item["item"], "event": "impression"} | about for item in given["items"]]
        server.give(*seen, {"item": chosen[0], "event": "click"} | about)
        shown[given["model"]] = shown.get(given["model"], 0) + len(chosen)
    return shown


def estimates(server: Server, **query: object) -> dict:
    "Ask until nothing is being computed any more"
    for _ in range(60):
        found = server.get("experiments/offpolicy", **query)
        if not found["computing"]:
            return found
    raise AssertionError("still computing after a minute")


@pytest.mark.slow
def test_estimates_of_all_models_from_what_was_recorded(small):
    with small() as server:
        assert estimates(server)["lists"] == 0
        server.send("PUT", "rules", {"pinned": server.items(1)})
        server.send("PUT", "experiments", HALVES)
        customers = server.customers(60)
        shown = visits(server, customers)
        server.get(
            f"customers/{customers[0]}/recommendations", n=4, model="knn"
        )  # names a model: no experiment
        found = estimates(server, days=1)
        assert (found["lists"], found["customers"], found["problems"]) == (len(customers), len(customers), {})
        assert found["impressions"] == sum(shown.values()), "the pinned item says nothing about a model"
        assert sum(shown.values()) < 4 * len(customers)
        assert found["computed"] and found["seconds"] < 10

        served = {model["key"] for model in server.get("models")["models"]}
        assert {row["model"] for row in found["models"]} == served
        whole = {(row["model"], row["policy"]): row for row in found["models"] if row["places"] is None}
        for key in HALVES["arms"]:
            row = whole[key, "explored"]
            assert row["reproduced"] > 0.9 and 0.8 < row["weight"] < 1.25
            clicked = len(customers) / sum(shown.values())
            assert abs(row["observed"] - clicked) < 0.01, (
                "everybody clicked the first of three or four places"
            )
            assert row["snips_low"] <= clicked <= row["snips_high"]
            assert abs(row["snips"] - clicked) < 0.05
        first = [row for row in found["models"] if row["places"] == 1 and row["policy"] == "explored"]
        assert {round(row["snips"], 9) for row in first} == {1.0}, "whatever stands there is clicked"
        bought = estimates(server, days=1, reward="converted")["models"]
        assert {row["snips"] for row in bought} <= {0.0, None}, "nobody bought anything"

        told = server.get("models/online-agreement")
        online = {row["model"]: row for row in told["versions"] if row["online"] is not None}
        assert {row["impressions"] for row in online.values()} == {
            4 * row["customers"] for row in online.values()
        }
        assert all(row["online"] == 0.25 for row in online.values()), (
            "of all four places, the pinned one included"
        )
        assert told["agreement"]["correlation"] is None and told["text"]

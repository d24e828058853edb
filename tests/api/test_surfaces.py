"What staff try is no customer's behaviour, and where something was shown is kept; over HTTP"

import pytest
from server import Server


@pytest.fixture
def trial(demo: Server) -> Server:
    "The server, with a check that a test of the sandbox leaves no event and counts nowhere"
    before = last_event(demo), impressions(demo)
    yield demo
    assert (last_event(demo), impressions(demo)) == before


def last_event(server: Server) -> int:
    found, after = [None], 0
    while found:
        found = server.get("feedback", after=after, limit=1000)["events"]
        after = found[-1]["seq"] if found else after
    return after


def results(server: Server, **query: str) -> dict:
    return server.get("experiments", **query)["results"]


def impressions(server: Server) -> int:
    return sum(row["impressions"] for row in results(server)["by_model"])


def ask(server: Server, customer: str, *tried: tuple[str, str], status: int = 200, **more: object) -> dict:
    "Return the list of a customer who had done this too"
    history = [{"item": item, "event": event} for item, event in tried]
    asked = {"customer": customer, "history": history, "model": "knn", "n": 20, "surface": "sandbox", **more}
    told = server.send("POST", "recommendations", {"requests": [asked]}, status)
    return told["answers"][0] if status == 200 else told


def items(answer: dict) -> list[str]:
    return [pick["item"] for pick in answer["items"]]


def show(server: Server, customer: str, n: int = 4, **query: object) -> dict:
    "Ask for a list and report that it was seen"
    told = server.get(f"customers/{customer}/recommendations", n=n, **query)
    seen = {"customer": customer, "event": "impression", "recommendation_id": told["recommendation_id"]}
    server.give(*(seen | {"item": item} for item in items(told)))
    return told


def test_the_sandbox_answers_as_if_and_records_nothing(trial):
    customer = trial.customers(20)[12]
    real = trial.get(f"customers/{customer}/recommendations", model="knn", n=20)
    as_it_is = ask(trial, customer)
    assert items(as_it_is) == items(real) and as_it_is["recommendation_id"] == ""
    had = ask(trial, customer, (items(real)[0], "purchase"), (items(real)[1], "click"))
    assert items(real)[0] not in items(had) and items(real)[1] in items(had)
    assert had["n_history"] > as_it_is["n_history"]
    scores = [{pick["item"]: pick["score"] for pick in told["items"]} for told in (as_it_is, had)]
    assert any(scores[1][item] != scores[0][item] for item in scores[1] if item in scores[0])
    assert items(trial.get(f"customers/{customer}/recommendations", model="knn", n=20)) == items(real)
    assert ask(trial, "", (items(real)[0], "click"))["recommendation_id"] == ""  # a new visitor


def test_the_sandbox_takes_only_what_can_happen(trial):
    customer = trial.customers(1)[0]
    assert "nothing" in ask(trial, customer, ("nothing", "click"), status=422)["detail"]
    ask(trial, "nobody", status=404)
    ask(trial, customer, surface="x" * 65, status=422)
    sent = {"customer": customer, "item": trial.items(1)[0], "event": "purchase"}
    refused = trial.give(sent | {"surface": "sandbox"}, status=422)
    assert refused["field"] == "events.0.surface" and "history of a request" in refused["detail"]
    assert trial.give(sent, sent | {"surface": "a\nb"}, status=422)["field"] == "events.1.surface"


def test_a_trial_is_no_member_of_an_experiment(demo):
    "The variant that a customer would get is shown, and counts as nothing"
    demo.send("PUT", "experiments", {"name": "trial", "arms": {"knn": 1.0}})
    try:
        customer = demo.customers(20)[13]
        told = ask(demo, customer, model="")
        assert (told["experiment"], told["arm"], told["recommendation_id"]) == ("trial", "knn", "")
        assert results(demo)["sizes"] == []
        show(demo, customer)
        assert [size["customers"] for size in results(demo)["sizes"]] == [1]
    finally:
        demo.send("DELETE", "experiments")


def test_surfaces_are_kept_and_split_the_figures(demo):
    first, second = demo.customers(20)[14:16]
    told = show(demo, first, surface="surfaces-home", model="knn")
    assert demo.get(f"recommendations/{told['recommendation_id']}")["surface"] == "surfaces-home"
    show(demo, second, surface="surfaces-home", model="svd")
    shown = {"customer": first, "item": items(told)[0], "recommendation_id": told["recommendation_id"]}
    (_, receipt) = demo.give(
        shown | {"event": "impression", "surface": "surfaces-email"},
        shown | {"event": "click", "surface": "surfaces-email"},
    )["receipts"]
    assert demo.get("feedback", after=receipt["seq"] - 1)["events"][0]["surface"] == "surfaces-email"
    split = {
        (row["surface"], row["model"]): (row["impressions"], row["click_through"])
        for row in results(demo)["by_surface"]
        if row["surface"].startswith("surfaces-")
    }
    assert split == {
        ("surfaces-home", "knn"): (3, 0.0),
        ("surfaces-home", "svd"): (4, 0.0),
        ("surfaces-email", "knn"): (1, 1.0),
    }
    only = results(demo, surface="surfaces-home")
    assert {row["model"]: row["impressions"] for row in only["by_model"]} == {"knn": 3, "svd": 4}
    assert results(demo, surface="nowhere")["by_model"] == []
    everywhere = {row["surface"] for row in results(demo, surface="")["by_surface"]}
    assert everywhere <= {""}
    demo.get("experiments", surface="x" * 65, status=422)


def test_what_staff_record_is_in_the_history_and_in_no_figure(demo):
    customer = demo.customers(20)[16]
    told = show(demo, customer, model="knn", surface="staff-test")
    sent = {"customer": customer, "item": items(told)[0], "event": "purchase", "surface": "staff"}
    demo.give(sent, sent | {"recommendation_id": told["recommendation_id"]})
    (row,) = results(demo, surface="staff-test")["by_model"]
    assert (row["impressions"], row["conversion"]) == (4, 0.0)
    assert demo.get(f"customers/{customer}")["history"][0]["event"] == "purchase"
    assert items(told)[0] not in items(ask(demo, customer))


def test_figures_say_whether_they_can_be_compared(demo):
    "Only where chance decided which model a customer got"
    halves = {"name": "comparable", "arms": {"knn": 0.5, "popularity": 0.5}}
    demo.send("PUT", "experiments", halves)
    try:
        for customer in demo.customers(12):
            show(demo, customer, surface="compared")
        found = results(demo, surface="compared")
        assert {row["comparable"] for row in found["by_model"]} == {True}
        variants = {row["model"]: row for row in found["by_arm"]}
        assert set(variants) == {"knn", "popularity"} and sum(v["customers"] for v in variants.values()) == 12
        show(demo, demo.customers(1)[0], surface="compared", model="popularity")  # at the top of some page
        found = results(demo, surface="compared")
        assert {row["model"]: row["comparable"] for row in found["by_model"]} == {
            "knn": True,
            "popularity": False,
        }
        assert {row["model"]: row for row in found["by_arm"]} == variants
    finally:
        demo.send("DELETE", "experiments")
    found = results(demo, surface="compared")
    assert "by_arm" not in {name for name in found if found[name]}
    assert {row["comparable"] for row in found["by_model"]} == {False}


def test_a_conversion_that_names_no_list_is_credited(demo):
    customer = demo.customers(20)[17]
    told = [show(demo, customer, model=model, surface="credit") for model in ("knn", "svd")]
    both = set(items(told[0])) & set(items(told[1]))
    only = next(item for item in items(told[0]) if item not in both)
    demo.give({"customer": customer, "item": only, "event": "purchase"})
    rates = {row["model"]: row["conversion"] for row in results(demo, surface="credit")["by_model"]}
    assert rates == {"knn": 0.25, "svd": 0.0}


@pytest.mark.parametrize("name", ["Staff", " staff ", "Sandbox", "SANDBOX"])
def test_other_spellings_of_the_names_with_a_meaning_are_refused(trial, name):
    "As surfaces like any other they would be stored, and counted"
    customer, item = (
        trial.customers(1)[0],
        items(trial.get(f"customers/{trial.customers(1)[0]}/recommendations"))[0],
    )
    event = {"customer": customer, "item": item, "event": "click", "surface": name}
    told = trial.send("POST", "feedback", {"events": [event]}, 422)
    assert told["field"].endswith("surface") and f"write it as {name.strip().lower()!r}" in told["detail"]
    assert "write it as" in ask(trial, customer, status=422, surface=name)["detail"]

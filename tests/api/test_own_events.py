"A shop's own words for events, and quantities: files, requests and streams are read alike"

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from command import once
from server import Server

from customer360.data.cards import read_card
from customer360.data.collect import StreamMessage, record_messages
from customer360.data.ingest import ingest
from customer360.data.store.facade import Store
from customer360.models.catalogue import make_model
from customer360.models.registry import Registry

CARD = """
[facts]
name = "till"
relevant = { purchase = true }
events = { wish = "like" }

[interactions]
file = "log.csv"
columns = { user = "who", item = "sku", event = "what", weight = "pieces", timestamp = "at" }
events = { addtocart = "cart", transaction = "purchase" }

[items]
columns = { item = "sku" }

[customers]
columns = { user = "who" }
"""
ROWS = [  # what happened, how many pieces: as a file and a request may say it
    ("transaction", 3.0),
    ("transaction", 0.5),
    ("transaction", None),
    ("addtocart", 2.0),
    ("wish", None),
    ("view", None),
    ("purchase", 24.0),
]
MEANT = [
    ("purchase", 3.0),
    ("purchase", 0.5),
    ("purchase", 1.0),
    ("cart", 2.0),
    ("like", 1.0),
    ("view", pytest.approx(0.1)),
    ("purchase", 24.0),
]
AT = 1_760_000_000


def make_till(folder: Path) -> None:
    lines = ["who,sku,what,pieces,at"]
    for n in range(210):
        what, pieces = ROWS[n % len(ROWS)]
        lines.append(f"c{n // 7:02d},i{n % 11},{what},{'' if pieces is None else pieces},{AT + n}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    (folder / "till.toml").write_text(CARD)
    registry = Registry(folder / "data/models/till")
    snapshot = registry.snapshots.add(ingest(read_card(folder / "till.toml")).tables)
    model = make_model("popularity").fit(registry.snapshots.read(snapshot).data)
    registry.promotions.promote("popularity", registry.releases.publish(model, snapshot).version)


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("till")
    shutil.copytree(once(tmp_path_factory, "till-shop", make_till), home, dirs_exist_ok=True)
    with Server(home, C360_DATASET="till") as server:
        yield server


def event(what: str, pieces: float | None = None, **more: object) -> dict:
    plain = {"customer": "c07", "item": "i3", "event": what}
    return plain | ({} if pieces is None else {"quantity": pieces}) | more


def exported(server: Server, after: int) -> list[tuple[str, float]]:
    "Return kind and weight of what was stored behind a number"
    lines = server.client.get("/api/v1/bulk/events", params={"after": after}).text.splitlines()
    return [(one["event"], one["weight"]) for one in map(json.loads, lines)]


def last(server: Server) -> int:
    events = server.get("feedback", limit=1000)["events"]
    return events[-1]["seq"] if events else 0


def test_a_file_a_request_and_a_stream_are_read_alike(till):
    card = read_card(till.home / "till.toml")
    table = ingest(card).tables.interactions.head(len(ROWS))
    assert list(zip(table["event"], table["weight"], strict=True)) == MEANT

    before = last(till)
    receipts = till.give(*(event(*row) for row in ROWS))["receipts"]
    assert [one["event"] for one in receipts] == [kind for kind, _ in MEANT]
    assert exported(till, before) == MEANT
    listed = till.get("feedback", after=before)["events"]
    assert [one["event"] for one in listed] == [kind for kind, _ in MEANT]

    before = last(till)
    messages = [StreamMessage(event(*row), f"topic-0-{n}", AT + n) for n, row in enumerate(ROWS)]
    with Store.open(f"sqlite:///{till.home}/data/store/till.sqlite") as store:
        outcome = record_messages(store, card.facts, messages)
    assert (outcome.stored, outcome.rejected) == (len(ROWS), [])
    assert exported(till, before) == MEANT


def test_a_retry_is_recognised_by_what_it_means(till):
    sale = event("transaction", 2.0, event_id="sale-1", timestamp=AT)
    (first,) = till.give(sale)["receipts"]
    assert till.give(sale)["receipts"] == [first | {"duplicate": True}]
    assert till.give(sale | {"event": "purchase"})["receipts"] == [first | {"duplicate": True}]
    told = till.give(sale | {"quantity": 5.0}, status=409)
    assert told["field"] == "events.0.quantity"


def test_an_unknown_kind_is_told_the_kinds_and_the_own_words(till):
    known = (
        "impression, view, click, cart, purchase, rating, like, dismiss, "
        "or of the data set's own wish (like), addtocart (cart), transaction (purchase)"
    )
    told = till.give(event("view"), event("stare"), status=422)
    assert told["field"] == "events.1.event" and f"'stare': use one of {known}" in told["detail"]
    asked = {"requests": [{"history": [{"item": "i3", "event": "stare"}]}]}
    told = till.send("POST", "recommendations", asked, 422)
    assert told["field"] == "requests.0.history.0.event" and known in told["detail"]
    for wrong in ("", "x" * 65, 3, None, "a\nb"):
        assert till.give(event(wrong), status=422)["field"] == "events.0.event"
    told = till.send("POST", "feedback?partial=true", {"events": [event("wish"), event("stare")]}, 207)
    assert [one["status"] for one in told["results"]] == [200, 422]
    assert told["results"][0]["receipt"]["event"] == "like"


@pytest.mark.parametrize("quantity", [-1.0, 1e10, "3", True])
def test_a_quantity_that_is_none_is_refused(till, quantity):
    assert till.give(event("transaction", quantity), status=422)["field"] == "events.0.quantity"


def test_the_history_of_a_request_has_own_words_and_a_next_page(till):
    history = [{"item": "i1", "event": "transaction", "quantity": 2.0}, {"item": "i2", "event": "addtocart"}]
    asked = {"requests": [{"history": history, "n": 4}]}
    (answer,) = till.send("POST", "recommendations", asked)["answers"]
    shown = {one["item"] for one in answer["items"]}
    assert len(shown) == 4 and not shown & {"i1", "i2"}  # bought, and in the cart

    def why() -> dict | None:
        found: httpx.Response = till.client.get(f"/api/v1/recommendations/{answer['recommendation_id']}")
        return found.json() if found.status_code == 200 else None

    told = why()
    assert told and {one["item"]: one["event"] for one in told["history"]} == {"i1": "purchase", "i2": "cart"}
    following = till.get(f"recommendations/{answer['recommendation_id']}/next")
    assert not {one["item"] for one in following["items"]} & (shown | {"i1", "i2"})


def test_data_without_quantities_and_own_words_says_so(demo):
    customer, item = demo.customers(1)[0], demo.items(1)[0]
    plain = {"customer": customer, "item": item}
    told = demo.give(plain | {"event": "purchase", "quantity": 3.0}, status=422)
    assert told["field"] == "events.0.quantity" and "quantities = true under [facts]" in told["detail"]
    told = demo.give(plain | {"event": "addtocart"}, status=422)
    assert told["detail"].endswith("rating, like, dismiss")

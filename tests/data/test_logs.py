"Logs: sessions by hand, lines left out and why, and a card that ingests one"

import json

import numpy as np
import pytest

from customer360.data.cards import IngestError, Layout, LogRules, SourceError, parse_card
from customer360.data.ingest import ingest
from customer360.data.logs import Sessions
from customer360.data.readers import read_blocks, read_table

CARD = """
[facts]
name = "weblog"
relevant = {view = true, click = true}
[interactions]
file = "access.log"
format = "access-log"
events = {view = "view", click = "click"}
columns = {user = "customer", item = "item", event = "event", timestamp = "timestamp"}
[interactions.log]
view = "/product/(?P<item>[^/?]+)"
click = "/go/(?P<item>[^/?]+)"
customer = "sid=(?P<customer>[a-z]+)"
"""


def line(second: int, who: str, request: str, status: int = 200, agent: str = "Firefox") -> str:
    clock = f"{10 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return (
        f'10.0.0.1 - - [29/Nov/2026:{clock} +0000] "{request} HTTP/1.1" {status} 12 "-" "{agent}" "sid={who}"'
    )


LINES = [
    line(0, "ada", "GET /product/tea"),
    line(5, "ben", "GET /product/tea"),
    line(60, "ada", "GET /product/tea?ref=mail"),  # again
    line(61, "ada", "GET /style.css"),
    line(62, "ada", "POST /go/tea"),
    "what a line",
    line(70, "ada", "GET /product/mug", status=500),
    line(80, "bot", "GET /product/mug", agent="bingbot"),
    line(90, "ada", "HEAD /product/pot"),
    line(62 + 1801, "ada", "GET /product/tea"),  # a new session
    line(62 + 1700, "ben", "GET /product/a%20b"),
]


def test_an_access_log_becomes_interactions(tmp_path):
    (tmp_path / "access.log").write_text(
        "\n".join([*LINES, *[line(9000, "cem", "GET /style.css")] * 20]) + "\n"
    )
    (tmp_path / "card.toml").write_text(CARD)
    got = ingest(parse_card(CARD, tmp_path))
    table = got.tables.interactions
    assert table[["user", "item", "event"]].values.tolist() == [
        ["ada", "tea", "view"],
        ["ben", "tea", "view"],
        ["ada", "tea", "click"],
        ["ada", "tea", "view"],
        ["ben", "a b", "view"],
    ]
    assert got.filtered == {
        "robot": 1,
        "failed request": 1,
        "not an item's page": 21,
        "not a GET request": 1,
        "repeated view in a session": 1,
    }
    assert got.rejects[["line", "reason"]].values.tolist() == [[6, "not a line of an access log"]]
    assert np.diff(table["timestamp"])[0] == 5


def test_blocks_do_not_cut_sessions(tmp_path):
    (tmp_path / "access.log").write_text("\n".join(LINES))
    spec = parse_card(CARD, tmp_path).interactions
    whole = read_table(tmp_path / "access.log", spec).frame
    parts = [
        row
        for block in read_blocks(tmp_path / "access.log", spec, size=2)
        for row in block.frame.values.tolist()
    ]
    assert parts == whole.values.tolist()


def test_without_a_cookie_the_device_counts(tmp_path):
    (tmp_path / "a.log").write_text("\n".join(LINES[:2]).replace(' "sid=ada"', "").replace(' "sid=ben"', ""))
    rules = LogRules(view="/product/(?P<item>[^/?]+)")
    frame = read_table(tmp_path / "a.log", Layout(format="access-log", log=rules)).frame
    assert frame["customer"].str.fullmatch("device-[0-9a-f]{16}").all() and frame["customer"].nunique() == 1


def test_rules_that_cannot_work(tmp_path):
    (tmp_path / "a.log").write_text(LINES[0])
    with pytest.raises(IngestError, match="no pattern of an item's page"):
        read_table(tmp_path / "a.log", Layout(format="access-log"))
    for wrong, said in (("/product/(", "not a regular expression"), ("/product/(.*)", "lacks the group")):
        with pytest.raises(SourceError, match=said):
            parse_card(CARD.replace("/product/(?P<item>[^/?]+)", wrong), tmp_path)


def test_an_event_log_of_nested_names(tmp_path):
    events = [
        {"user": {"id": f"u{i % 3}"}, "sku": f"i{i % 4}", "at": 1_700_000_000 + 60 * i, "kind": "view"}
        for i in range(24)
    ]
    text = "".join(f"{json.dumps(event)}\n" for event in events) + "{half\n"
    (tmp_path / "events.jsonl").write_text(text)
    card = CARD.replace("access.log", "events.jsonl").replace('"access-log"', '"event-log"')
    card = card[: card.index("columns")] + (
        'columns = {user = "user.id", item = "sku", event = "kind", timestamp = "at"}\n'
    )
    got = ingest(parse_card(card, tmp_path))
    assert got.counts["kept"] == 12 and got.filtered == {"repeated view in a session": 12}
    assert got.rejects["line"].tolist() == [25]


def test_sessions_are_forgotten():
    sessions = Sessions(gap=10)
    for time in range(30_000):
        sessions.visit(f"u{time}", time, "tea", True)
    assert len(sessions.open) <= 10_000

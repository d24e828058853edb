"The pages, the API and the report say the same about the same results"

import html
from collections.abc import Callable

import pytest
from browsing import AXE, expect
from server import COMPARED, Server

MARKS = {"best": "best", "level": "cannot be told apart", "behind": "significantly worse"}
SERIOUS = """axe.run({ resultTypes: ['violations'] }).then(found => found.violations
    .filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id))"""


@pytest.fixture
def shop_and_report(built, trained: Callable[..., Server]) -> tuple[Server, str]:
    "Run a server whose models were compared, and read the report of the same results"
    server = trained().start()
    return server, html.unescape((server.home / "report/index.html").read_text(encoding="utf-8"))


def mark_of(ranking: dict, place: dict) -> str:
    "Return the words for a place"
    if place["model"] == ranking["places"][0]["model"]:
        return MARKS["best"]
    return MARKS["level" if place["level"] else "behind"]


def names(stated: dict) -> dict[str, str]:
    return {model["key"]: model["name"] for model in stated["models"]}


def test_the_overview_says_what_the_findings_and_the_report_say(shop_and_report, tab: Callable):
    server, report = shop_and_report
    stated, one = server.get("findings")["stated"], tab(server)
    for metric, ranking in stated["rankings"].items():
        page = one.open(f"/?by={metric.replace('@', '%40')}")
        board = page.get_by_role("region", name="Leaderboard")
        verdict = board.get_by_role("group", name="Verdict")
        for said in ("verdict", "certainty", *(["ratings"] if metric == "rmse" else [])):
            assert stated["sentences"][said] in report, said
            expect(verdict.get_by_text(stated["sentences"][said], exact=True)).to_be_visible()
        rows = board.get_by_role("table").get_by_role("row")
        for at, place in enumerate(ranking["places"], 1):
            cells = rows.nth(at).get_by_role("cell")
            expect(rows.nth(at).get_by_role("rowheader")).to_have_text(names(stated)[place["model"]])
            expect(cells.nth(0)).to_contain_text(f"{place['value']:.3f}")
            expect(cells.nth(1)).to_have_text(mark_of(ranking, place))
        expect(rows).to_have_count(1 + len(COMPARED))
    for card in stated["cards"].values():
        item = board.get_by_role("listitem").filter(has_text=card["title"])
        expect(item).to_contain_text(card["said"])
        assert card["said"] in report


def test_the_models_page_shows_the_place_and_the_cost_of_each_model(shop_and_report, tab: Callable):
    server, _ = shop_and_report
    stated = server.get("findings")["stated"]
    page = tab(server).open("/models")
    panel = page.get_by_role("region", name="Which model to use")
    expect(panel.get_by_role("group", name="Verdict")).to_contain_text(stated["sentences"]["verdict"])
    ranking, costs = stated["rankings"]["ndcg@10"], {cost["model"]: cost for cost in stated["costs"]}
    table = panel.get_by_role("region", name="Places and costs of the models").get_by_role("table")
    for at, place in enumerate(ranking["places"], 1):
        row, seconds = table.get_by_role("row").nth(at), costs[place["model"]]["fit_seconds"]
        expect(row.get_by_role("rowheader")).to_have_text(names(stated)[place["model"]])
        expect(row.get_by_role("cell").nth(0)).to_contain_text(
            f"{at}. {place['value']:.3f}{mark_of(ranking, place)}"
        )
        expect(row).to_contain_text("< 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s")
    panel.get_by_text("By attributes of customers").click()
    for choice in stated["choices"]:
        by_attribute = choice["situation"]["who"] == "attribute"
        name = "Which model, by attribute" if by_attribute else "Which model when"
        whom = page.get_by_role("rowheader", name=choice["whom"], exact=True)
        row = panel.get_by_role("region", name=name).get_by_role("row").filter(has=whom)
        expect(row).to_contain_text(choice["said"])
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SERIOUS) == []


def test_after_a_roll_back_the_pages_show_figures_and_say_why_there_is_no_verdict(
    shop_and_report, tab: Callable
):
    server, _ = shop_and_report
    server.send("POST", "models/knn/rollback")
    one = tab(server)
    board = one.open("/").get_by_role("region", name="Leaderboard")
    expect(board.get_by_role("table").get_by_role("row")).to_have_count(1 + len(COMPARED))
    expect(board.get_by_role("group", name="Verdict")).to_have_count(0)
    for mark in MARKS.values():
        expect(board.get_by_text(mark, exact=True)).to_have_count(0)
    panel = one.open("/models").get_by_role("region", name="Which model to use")
    expect(panel).to_contain_text("The last comparison was of other versions than those in use of knn")

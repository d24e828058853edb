"The report in a real browser: each interactive part used as a reader would, its figures held against the files beside it"

import csv
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from browsing import AXE, NODE, PATIENCE
from server import ROOT

from customer360.data.prepare import dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.evaluation.evidence import planted_results
from customer360.evaluation.leaderboard import read_leaderboard
from customer360.evaluation.report import write_report
from customer360.evaluation.report_visitor import VisitorModel, visitor_model
from customer360.models.baselines import EASE

SKILL = {"hybrid": 0.40, "near": 0.395, "ease": 0.36, "knn": 0.30, "popularity": 0.20, "random": 0.03}
ERROR = {"hybrid": 0.90, "knn": 0.96, "ease": 1.1, "random": 1.3}
LABELS = {
    "hybrid": "Hybrid (of <many> parts & more)", "near": "EASE + sequence + text", "ease": "EASE",
    "knn": "User kNN", "popularity": "Popularity", "random": "Random order",
}  # fmt: skip
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 360, "height": 800}}


@pytest.fixture(scope="module")
def ease() -> tuple[EASE, VisitorModel]:
    "A model, and what a page needs to recommend as it does"
    tables = simulate(seed=0, n_customers=300, n_items=120).tables
    data = dataset(tables)
    model = EASE(regularisation=100).fit(data)
    return model, visitor_model(model, tables, data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ease) -> Path:
    "A report on invented results"
    results = planted_results(SKILL, ERROR, n=120, better_for={("1–5", "knn"): 0.2})
    results += planted_results(SKILL | {"knn": 0.5}, split="global_time", seeds=[""], n=120)
    results += planted_results(
        dict.fromkeys(SKILL, 0.1) | {"hybrid": 0.3}, split="cold_items", seeds=["101"], n=120
    )
    made = tmp_path_factory.mktemp("report")
    run = {"title": "An invented shop", "scale": [1, 5]}
    write_report(made, results, run, LABELS, visitor=ease[1])
    return made


def opened(chromium, folder: Path, size: str = "desktop", **look: object) -> "Page":  # noqa: F821
    "Open the report from disk; a script that fails, or anything that is fetched, is an error"
    page = chromium.new_page(viewport=SIZES[size], **look)
    page.troubles, page.fetched = [], []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("console", lambda said: page.troubles.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: page.fetched.append(asked.url))
    page.goto((folder / "index.html").as_uri())
    return page


@pytest.fixture
def page(chromium, folder):
    page = opened(chromium, folder)
    yield page
    assert not page.troubles
    assert {url.partition(":")[0] for url in page.fetched} <= {"file", "data"}, "the page fetches nothing"
    page.close()


def unfold(page, *anchors: str) -> None:
    "Open questions, as a click does"
    for anchor in anchors:
        page.locator(f"#{anchor} > summary").click()


def pick(page, part: str, label: str):
    return page.locator(f"[data-part={part}]").get_by_label(label, exact=True)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def significance(folder: Path, split: str, metric: str) -> dict[frozenset, dict]:
    rows = csv.DictReader((folder / "significance.csv").open(encoding="utf-8"))
    return {
        frozenset((r["model"], r["other"])): r for r in rows if (r["split"], r["metric"]) == (split, metric)
    }


def shown(page) -> dict[str, list[str]]:
    "Return the leaderboard as it stands: name -> figure, interval and comparison"
    rows = page.locator("[data-part=leaderboard] tbody tr").all()
    return {
        row.locator("th").inner_text(): [cell.inner_text() for cell in row.locator("td").all()[1:]]
        for row in rows
    }


@pytest.mark.parametrize(
    ("metric", "split", "segment"),
    [
        ("ndcg@10", "ratio75_item", "all"),
        ("rmse", "ratio75_item", "all"),
        ("recall@10", "global_time", "all"),
        ("ndcg@10", "ratio75_item", "activity=1–5"),
    ],
)
def test_the_leaderboard_shows_what_its_switches_say(page, folder, metric, split, segment):
    unfold(page, "leaderboard")
    pick(page, "leaderboard", "Split").select_option(split)
    pick(page, "leaderboard", "Customers").select_option(segment)
    stem, _, k = metric.partition("@")
    pick(page, "leaderboard", "Metric").select_option(stem)
    board = read_leaderboard(folder / "leaderboard.csv")
    chosen = (board["split"] == split) & (board["segment"] == segment) & (board["metric"] == stem)
    own = board[
        chosen & (board["split_seed"] == "mean") & (board["k"].isna() if not k else board["k"] == int(k))
    ]
    own = own[own["value"].notna()].set_index("model")
    found = shown(page)
    names = {key: label.split(" (")[0] for key, label in LABELS.items()}
    for key, row in own.iterrows():
        value, low, high = (number(text) for text in re.findall(r"[−\d.]+", found[names[key]][0]))
        assert (value, low, high) == pytest.approx((row["value"], row["low"], row["high"]), abs=6e-4)
    best = own["value"].idxmin() if metric == "rmse" else own["value"].idxmax()
    assert next(iter(found)) == names[best] and found[names[best]][1] == "best"
    pairs = significance(folder, split, metric) if segment == "all" else {}
    for key in own.index.drop(best):
        pair = pairs.get(frozenset((best, key)))
        if pair:
            assert found[names[key]][1].startswith("≈") == (float(pair["p_holm"]) >= 0.05), key


def test_the_leaderboard_is_sorted_and_models_are_left_out(page):
    unfold(page, "leaderboard")
    page.get_by_role("button", name="model").first.click()
    names = list(shown(page))
    assert names == sorted(names, key=str.lower)
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("model")
    page.locator("details.models > summary").click()
    page.get_by_role("checkbox", name="Random order").uncheck()
    assert "Random order" not in shown(page) and len(shown(page)) == 5
    assert "Models (5 of 6)" in page.locator("details.models").inner_text()


def visitor_list(page) -> list[list[str]]:
    "Return the rows that a visitor is shown: title, category and reasons"
    rows = page.locator("[data-part=visitor] tbody tr").all()
    return [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]


def test_a_visitor_is_shown_what_the_model_recommends(page, ease):
    model, own = ease
    part = page.locator("[data-part=visitor]")
    picks = list(own.picks)
    for code in (7, 31):
        part.get_by_role("combobox").fill(own.titles[code])
        picks = [*picks, code]
    part.get_by_role("button", name=f"Remove {own.titles[picks[0]]}", exact=True).click()
    picks = picks[1:]
    withdrawn = np.flatnonzero(~own.shown).astype(np.int32)
    past = histories_from_items([picks], len(own.titles), seen=True)
    top = model.recommend(np.array([-1]), 10, histories=past, exclude=withdrawn)
    rows = visitor_list(page)
    assert [row[0] for row in rows] == [own.titles[code] for code in top.codes[0]]
    assert [row[1] for row in rows] == [own.categories[code] for code in top.codes[0]]
    shares = own.recommend(picks)[0].shares
    strongest = int(np.argmax(shares))
    assert rows[0][2].startswith(f"{own.titles[picks[strongest]]} ({shares[strongest]:.0%}".rstrip("%"))


def test_a_visitor_without_picks_is_asked_for_one(page, ease):
    part = page.locator("[data-part=visitor]")
    for _ in ease[1].picks:
        part.get_by_role("button").first.click()
    assert visitor_list(page) == [] and "Pick a product" in part.inner_text()
    part.get_by_role("combobox").fill("no such product")
    part.get_by_role("combobox").press("Enter")
    part.get_by_text("No product is called that").wait_for()
    assert visitor_list(page) == []


@pytest.mark.parametrize(
    ("a", "b", "metric", "split"),
    [
        ("knn", "hybrid", "ndcg@10", "ratio75_item"),
        ("hybrid", "knn", "ndcg@10", "global_time"),
        ("near", "hybrid", "ndcg@10", "ratio75_item"),
        ("knn", "hybrid", "rmse", "ratio75_item"),
    ],
)
def test_two_models_differ_as_the_tests_say(page, folder, a, b, metric, split):
    unfold(page, "differences")
    part = page.locator("[data-part=pair]")
    names = {key: label.split(" (")[0] for key, label in LABELS.items()}
    for label, option in (("Instead of", names[a]), ("use", names[b])):
        part.get_by_label(label, exact=True).select_option(label=option)
    part.get_by_label("by", exact=True).select_option(metric)
    part.get_by_label("on", exact=True).select_option(split)
    row = significance(folder, split, metric)[frozenset((a, b))]
    sign = 1 if row["model"] == b else -1
    said = part.locator(".answer").inner_text()
    difference, low, high = (
        number(t) for t in re.search(r"by ([−\d.]+) \[([−\d.]+), ([−\d.]+)\]", said).groups()
    )
    ends = sorted((sign * float(row["low"]), sign * float(row["high"])))
    assert (difference, low, high) == pytest.approx((sign * float(row["difference"]), *ends), abs=6e-4)
    p = float(row["p_holm"])
    assert ("p < .001" if p < 0.001 else f"p = {p:.3f}") in said
    better = sign * float(row["difference"]) * (-1 if metric == "rmse" else 1) > 0
    words = "cannot be told apart" if p >= 0.05 else "better" if better else "worse"
    assert words in said


def test_the_slider_says_what_more_customers_would_show(page, folder):
    unfold(page, "differences")
    part, row = page.locator("[data-part=pair]"), None
    part.get_by_label("Instead of", exact=True).select_option(label="User kNN")
    part.get_by_label("use", exact=True).select_option(label="Hybrid")
    row = significance(folder, "ratio75_item", "ndcg@10")[frozenset(("knn", "hybrid"))]
    detectable = float(row["detectable"])

    def told() -> tuple[float, float]:
        said = part.locator("output").inner_text()
        return tuple(number(t) for t in re.search(r"With ([\d,]+) customers .* ≥ ([\d.]+)", said).groups())

    assert told() == pytest.approx((120, detectable), abs=6e-4)
    slider = part.get_by_role("slider")
    slider.focus()
    slider.press("End")
    n, seen = told()
    assert n == 100_000 and seen == pytest.approx(detectable * (120 / n) ** 0.5, abs=6e-4)
    slider.press("Home")
    n, seen = told()
    assert n == 20 and seen == pytest.approx(detectable * (120 / n) ** 0.5, abs=6e-4)


def test_who_loses_most_is_who_was_planted_to(page):
    unfold(page, "differences")
    part = page.locator("[data-part=pair]")
    part.get_by_label("Instead of", exact=True).select_option(label="User kNN")
    part.get_by_label("use", exact=True).select_option(label="EASE")
    first = part.locator("table tbody tr").first
    assert first.locator("th").inner_text() == "customers with 1–5 items in their past"
    assert number(first.locator("td").all()[1].inner_text()) < 0
    part.get_by_label("Instead of", exact=True).select_option(label="EASE")
    part.get_by_label("use", exact=True).select_option(label="User kNN")
    last = part.locator("table tbody tr").last
    assert last.locator("th").inner_text() == "customers with 1–5 items in their past"


def test_a_table_of_another_split_is_found_in_the_leaderboard(page):
    unfold(page, "unseen")
    page.get_by_role("button", name="Show in the leaderboard: new items").first.click()
    assert "new items, all customers" in page.locator("[data-part=leaderboard] caption").inner_text()
    assert next(iter(shown(page))) == "Hybrid"


def test_without_scripts_every_table_is_there(chromium, folder):
    context = chromium.new_context(java_script_enabled=False, viewport=SIZES["desktop"])
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    captions = [text.strip() for text in page.locator("caption").all_text_contents()]
    assert {"Accuracy", "Ranked among the unseen items alone", "Which model when"} <= set(captions)
    assert (
        page.locator("#figure-differences-ndcg-10 img").count() == 1 and page.locator("select").count() == 0
    )
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_is_accessible_and_fits(built, chromium, folder, size, scheme):
    page = opened(chromium, folder, size, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SIZES[size]["width"], "something stands beside the screen without a hint"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run({ resultTypes: ['violations'] }).then(found => found.violations.map(one => "
        "`${one.id}: ${one.nodes.slice(0, 3).map(node => node.target + ' ' + node.failureSummary).join('; ')}`))"
    )
    page.close()
    assert not found, "\n".join(found)


def test_the_script_has_the_types_that_it_states(built):
    "Checked by the page's own compiler, which needs no more than the comments"
    tools = ROOT / "frontend/node_modules/.bin"
    strict = [
        "--noEmit",
        "--allowJs",
        "--checkJs",
        "--strict",
        "--target",
        "es2022",
        "--lib",
        "dom,dom.iterable,es2022",
    ]
    script = ROOT / "customer360/evaluation/templates/interactive.js"
    done = subprocess.run(
        [tools / "tsc", *strict, script], capture_output=True, text=True, env=NODE, timeout=120
    )
    assert done.returncode == 0, done.stdout


PAPER = 703  # pixels of CSS between the margins of A4
BESIDE = """[...document.querySelectorAll('table, img, svg, pre')]
    .filter(one => one.getClientRects().length && one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => `${one.tagName} ${one.textContent.slice(0, 60)}`)"""


def sheets(pdf: bytes) -> int:
    "Count the pages of a PDF that Chromium made"
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_printed_it_is_short_and_whole(chromium, folder):
    page = opened(chromium, folder)
    page.set_default_timeout(PATIENCE * 1000)
    whole = sheets(page.pdf(prefer_css_page_size=True))
    page.add_style_tag(content="#appendix { display: none }")
    assert 1 <= sheets(page.pdf(prefer_css_page_size=True)) <= 4, "at most four pages before the appendix"
    assert whole <= 6
    page.close()


def test_on_paper_no_column_is_cut(chromium, folder):
    page = opened(chromium, folder)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate(BESIDE) == []
    page.close()

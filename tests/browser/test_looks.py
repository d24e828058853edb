"How each page looks and reads: pictures for people to look at, what a screen reader meets, the keyboard, narrow screens, speed"

import re
import time
from collections.abc import Callable

import pytest
from browsing import AXE, ROOT, SHOTS, until
from server import Server

from customer360.models.catalogue import MODELS, variant_of

PAGES = {
    "overview": "/", "customers": "/customers", "customer": "/customers/c0017", "visitor": "/visitor?pick=p0001~p0042~p0100", "products": "/products",
    "product": "/products/p0042", "search": "/search?q=a+quiet+gift+for+someone+who+cooks", "models": "/models", "models-ncf": "/models?model=ncf", "words": "/words", "nothing-close": "/search?q=qwertyuiop+zzz",
}  # fmt: skip
SERIOUS = "axe.run({ resultTypes: ['violations'] }).then(found => found.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${v.id}: ${v.nodes.map(n => n.html).slice(0, 3).join(' | ')}`))"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_fits_reads_well_and_is_pictured(shop: Server, tab: Callable, scheme: str, width: int):
    one = tab(shop, color_scheme=scheme, viewport={"width": width, "height": 900})
    SHOTS.mkdir(exist_ok=True)
    found = {}
    for name, path in PAGES.items():
        page = one.open(path)
        page.wait_for_timeout(300)  # charts measure themselves once more
        page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than the screen"
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found |= {name: said} if (said := page.evaluate(SERIOUS)) else {}
    assert found == {}


def test_a_dialog_a_drawer_and_an_open_menu_read_well(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/customers/c0017")
    page.get_by_role("combobox", name="Left").click()
    page.get_by_role("option", name="SVD").wait_for()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SERIOUS) == []
    page.keyboard.press("Escape")
    page.get_by_role("list", name="Recommendations of knn").get_by_role("button").first.click()
    page.get_by_role("dialog").get_by_text("counts as a click").wait_for()
    one.settle()
    page.wait_for_timeout(300)
    assert page.evaluate(SERIOUS) == []


def test_by_keyboard_alone(shop: Server, tab: Callable):
    page = tab(shop).open("/customers")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('placeholder')")  # the search for a customer
    page.keyboard.type("c0070")
    page.get_by_role("option").first.wait_for()
    page.wait_for_timeout(400)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/customers/c0070"))
    buy = page.get_by_role("button", name=re.compile("^Buy: ")).first
    buy.wait_for()
    name = buy.get_attribute("aria-label").removeprefix("Buy: ")
    for _ in range(80):
        page.keyboard.press("Tab")
        if (page.evaluate("document.activeElement.getAttribute('aria-label')") or "").startswith("Buy: "):
            break
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Buy: {name}"
    outline = page.evaluate(
        "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth })()"
    )
    assert outline != "none0px"  # one sees where one is
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text=f"bought {name}").first.wait_for()
    until(
        page, "document.activeElement !== document.body"
    )  # whoever cannot see where the list went does not start from the top
    page.get_by_role("button", name=re.compile("^Rate ")).first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="1 of 5").wait_for(state="attached")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "Rate "
    )  # the focus is back where it was


def test_the_menu_on_a_narrow_screen(shop: Server, tab: Callable):
    page = tab(shop, viewport={"width": 360, "height": 740}).open("/")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Search")
    page.get_by_role("button", name="Open the menu").click()
    link.click()
    page.get_by_role("heading", level=1, name="Search").wait_for()
    page.get_by_role("button", name="Open the menu").wait_for()


def test_colours_stay_as_they_were_chosen(shop: Server, tab: Callable):
    one = tab(shop, color_scheme="light")
    page = one.open("/")
    page.get_by_role("button", name="Switch to dark colours").click()
    page.reload()
    one.settle()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"


def test_numbers_and_dates_are_the_reader_s(shop: Server, tab: Callable):
    page = tab(shop, locale="de-DE").open("/")
    cell = page.get_by_role("region", name="Leaderboard").get_by_role("table").get_by_role("row").nth(1)
    assert re.search(r"0,\d{3}", cell.inner_text())
    events = sum(shop.get("overview")["events"].values())
    assert f"{events:,}".replace(",", ".") in page.locator("main").inner_html()
    page = tab(shop, locale="en-US").open("/")
    assert re.search(
        r"0\.\d{3}",
        page.get_by_role("region", name="Leaderboard")
        .get_by_role("table")
        .get_by_role("row")
        .nth(1)
        .inner_text(),
    )


def test_the_leaderboard_says_what_the_api_measured(shop: Server, tab: Callable):
    models = {m["key"]: m for m in shop.get("models")["models"]}
    value = {
        key: next((f["value"] for f in m["figures"] if f["metric"] == "ndcg" and f["k"] == 10), None)
        for key, m in models.items()
    }
    best = max((key for key in value if value[key] is not None), key=value.get)
    page = tab(shop).open("/")
    board = page.get_by_role("region", name="Leaderboard").get_by_role("table")
    first = board.get_by_role("row").nth(1).inner_text()
    assert models[best]["label"].split(" (")[0] in first and f"{value[best]:.3f}" in first and "best" in first
    pairs = [
        p
        for p in shop.get("comparisons")["pairs"]
        if p["metric"] == "ndcg" and p["k"] == 10 and best in (p["model"], p["other"])
    ]
    assert len(pairs) == len([v for v in value.values() if v is not None]) - 1
    worse = sum(p["p_holm"] < 0.05 for p in pairs)
    assert board.get_by_text("significantly worse", exact=True).count() == worse
    assert board.get_by_text("not significantly worse", exact=True).count() == len(pairs) - worse


def test_a_model_has_the_colour_of_the_report_s_figures():
    said = (ROOT / "frontend/src/lib/palette.ts").read_text(encoding="utf-8")
    own = dict(re.findall(r'^  (\w+): "(#[0-9A-F]{6})",$', said.split("};")[0], re.M))
    assert own == {key: model.colour for key, model in MODELS.items() if not variant_of(key)}


def test_every_segment_is_explained():
    from itertools import product

    from customer360.serving.profile import segment

    said = (
        (ROOT / "frontend/src/lib/words.ts")
        .read_text(encoding="utf-8")
        .partition("SEGMENTS = [")[2]
        .partition("];")[0]
    )
    assert set(re.findall(r'word\("([^"]+)"', said)) == {
        segment({"recency": recent, "frequency": often}) for recent, often in product(range(1, 6), repeat=2)
    }


def test_how_fast(shop: Server, tab: Callable, record_property: Callable):
    one = tab(shop)
    one.page.goto("about:blank")
    one.page.goto("/")
    one.page.get_by_role("region", name="Leaderboard").get_by_role("row").nth(1).wait_for()
    first = one.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    record_property("page: first content, ms", round(first))
    took = []
    page = one.open("/customers/c0021")
    for customer in ("c0022", "c0023", "c0024", "c0025", "c0026"):
        page.get_by_label("Find a customer").fill(customer)
        page.get_by_role("option").filter(has_text=customer).first.wait_for()
        page.wait_for_timeout(300)
        began = time.perf_counter()
        page.get_by_role("option").filter(has_text=customer).first.click()
        until(
            page,
            f"document.querySelector('h1').innerText.includes('{customer}') && document.querySelectorAll('[data-item]').length === 12",
        )
        took.append(1000 * (time.perf_counter() - began))
    record_property("page: a customer switch with both lists, ms, median of five", round(sorted(took)[2]))

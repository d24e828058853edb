"Layout, accessibility, keyboard, narrow screens and speed of every page; screenshots for people to look at"

import re
import time
from collections.abc import Callable

import pytest
from browsing import AXE, ROOT, SHOTS, expect, until
from server import Server

PAGES = {
    "overview": "/",
    "customers": "/customers",
    "customer": "/customers/c0017",
    "visitor": "/visitor?pick=p0001~p0042~p0100",
    "products": "/products",
    "product": "/products/p0042",
    "search": "/search?q=a+quiet+gift+for+someone+who+cooks",
    "models": "/models",
    "models-ncf": "/models?model=ncf",
    "glossary": "/glossary",
    "no-match": "/search?q=blorf+snagrat",
}
SERIOUS = """axe.run({ resultTypes: ['violations'] }).then(found => found.violations
    .filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => `${v.id}: ${v.nodes.map(n => n.html).slice(0, 3).join(' | ')}`))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_fits_the_screen_and_is_accessible(shop: Server, tab: Callable, scheme: str, width: int):
    one = tab(shop, color_scheme=scheme, viewport={"width": width, "height": 900})
    SHOTS.mkdir(exist_ok=True)
    found = {}
    for name, path in PAGES.items():
        page = one.open(path)
        one.still()
        page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than the screen"
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found |= {name: violations} if (violations := page.evaluate(SERIOUS)) else {}
    assert found == {}


def test_a_dialog_a_drawer_and_an_open_menu_are_accessible(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/customers/c0017?right=knn")
    page.get_by_role("combobox", name="Left").click()
    page.get_by_role("option", name="SVD").wait_for()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SERIOUS) == []
    page.keyboard.press("Escape")
    page.get_by_role("list", name="Recommendations of knn").get_by_role("button").first.click()
    page.get_by_role("dialog").get_by_text("counts as a click").wait_for()
    one.settle()
    one.still()
    assert page.evaluate(SERIOUS) == []
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("region", name="Sandbox").get_by_role("listitem").wait_for()
    one.still()
    assert page.evaluate(SERIOUS) == []


def test_by_keyboard_alone(shop: Server, tab: Callable):
    page = tab(shop).open("/customers")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('placeholder')")  # the search for a customer
    page.keyboard.type("c0070")
    expect(page.get_by_role("option")).to_have_count(1)  # the only match, which is then preselected
    expect(page.locator("[role=option][data-combobox-selected]")).to_contain_text("c0070")
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
        "(style => style.outlineStyle + style.outlineWidth)(getComputedStyle(document.activeElement))"
    )
    assert outline != "none0px"  # the focus is visible
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text=f"bought {name}").first.wait_for()
    until(
        page, "document.activeElement !== document.body"
    )  # the focus does not go back to the top of the page
    page.get_by_role("button", name=re.compile("^Rate ")).first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="1 of 5").wait_for(state="attached")
    page.keyboard.press("Escape")
    until(page, "document.activeElement.ariaLabel?.startsWith('Rate ')")  # the focus is back on the button


def test_the_menu_on_a_narrow_screen(shop: Server, tab: Callable):
    page = tab(shop, viewport={"width": 360, "height": 740}).open("/")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Search")
    page.get_by_role("button", name="Open the menu").click()
    link.click()
    page.get_by_role("heading", level=1, name="Search").wait_for()
    page.get_by_role("button", name="Open the menu").wait_for()


def test_the_colour_scheme_is_remembered(shop: Server, tab: Callable):
    one = tab(shop, color_scheme="light")
    page = one.open("/")
    page.get_by_role("button", name="Switch to dark mode").click()
    page.reload()
    one.settle()
    until(page, "document.documentElement.dataset.mantineColorScheme === 'dark'")


def test_numbers_are_written_in_the_reader_s_locale(shop: Server, tab: Callable):
    for locale, decimal, thousands in (("de-DE", ",", "."), ("en-US", ".", ",")):
        one = tab(shop, locale=locale)
        with one.page.expect_response("**/api/v1/overview") as answered:  # the counts that this page shows
            page = one.open("/")
        events = sum(answered.value.json()["events"].values())
        row = page.get_by_role("region", name="Leaderboard").get_by_role("table").get_by_role("row").nth(1)
        expect(row).to_contain_text(re.compile(rf"0{re.escape(decimal)}\d{{3}}"))
        assert f"{events:,}".replace(",", thousands) in page.locator("main").inner_html()


def test_the_leaderboard_shows_the_api_s_figures(shop: Server, tab: Callable):
    models = shop.get("models")["models"]
    page = tab(shop).open("/")
    board = page.get_by_role("region", name="Leaderboard")
    for model in models:
        (figure,) = (f for f in model["figures"] if f["metric"] == "ndcg" and f["k"] == 10)
        name = page.get_by_role("rowheader", name=model["label"].split(" (")[0], exact=True)
        row = board.get_by_role("row").filter(has=name)
        for part in ("value", "low", "high"):
            expect(row).to_contain_text(f"{figure[part]:.3f}")
    chart = board.get_by_role("img")
    expect(chart.locator(".recharts-errorBar")).to_have_count(len(models))  # an interval for each model


def test_a_model_has_the_colour_and_the_description_that_the_api_tells(shop: Server, tab: Callable):
    models = shop.get("models")["models"]
    assert len({model["colour"] for model in models}) == len(models)  # so that a mix-up would show
    page = tab(shop, color_scheme="light").open("/models")
    versions = page.get_by_role("region", name="Versions")
    for model in models:
        rgb = ", ".join(str(int(model["colour"][at : at + 2], 16)) for at in (1, 3, 5))
        expect(versions.locator(f"[data-model={model['key']}]")).to_have_css(
            "background-color", f"rgb({rgb})"
        )
    page = tab(shop).open("/glossary")
    for model in models:
        expect(page.get_by_role("region", name="Models").locator(f"#{model['key']}")).to_contain_text(
            model["description"]
        )


def test_every_segment_is_explained():
    from itertools import product

    from customer360.serving.profile import segment

    glossary = (ROOT / "frontend/src/lib/glossary.ts").read_text(encoding="utf-8")
    segments = glossary.partition("SEGMENTS = [")[2].partition("];")[0]
    assert set(re.findall(r'entry\("([^"]+)"', segments)) == {
        segment({"recency": recent, "frequency": often}) for recent, often in product(range(1, 6), repeat=2)
    }


def test_no_model_is_named_in_the_page_s_sources():
    "A model describes itself to the page: adding one does not touch the page"
    from customer360.models.catalogue import MODELS

    files = [
        path
        for path in (ROOT / "frontend/src").rglob("*.ts*")
        if ".test." not in path.name and path.name != "schema.d.ts"
    ]
    named = {
        (path.name, key)
        for path in files
        for key in MODELS
        if re.search(rf"[\"'`]{key}[\"'`]|^\s*{key}:", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(files) > 40 and named == {("Reasons.tsx", "popularity")}  # the kind of a reason


def test_speed_of_the_first_content_and_of_a_customer_switch(
    shop: Server, tab: Callable, record_property: Callable
):
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
        expect(page.get_by_role("option")).to_have_count(1)
        expect(page.get_by_role("option")).to_contain_text(customer)
        began = time.perf_counter()
        page.get_by_role("option").filter(has_text=customer).first.click()
        until(
            page,
            f"document.querySelector('h1').innerText.includes('{customer}')"
            " && document.querySelectorAll('[data-item]').length === 12",
        )
        took.append(1000 * (time.perf_counter() - began))
    record_property("page: a customer switch with both lists, ms, median of five", round(sorted(took)[2]))

"What people do on the page, in a real browser against the real API with the pre-trained models"

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from browsing import SHOTS, expect, until
from server import Server


def listed(page, model: str):
    return page.get_by_role("list", name=f"Recommendations of {model}", exact=True)


def titles(part, n: int = 6) -> list[str]:
    "Return the titles in a list of n items, as soon as it has them"
    expect(part.locator("li")).to_have_count(n)
    return part.locator("li .title").all_inner_texts()


def entry(part, title: str):
    return part.locator("li .title").filter(has_text=re.compile(f"^{re.escape(title)}$"))


def status_with(page, text: str):
    return page.get_by_role("status").filter(has_text=text).first


def stored(shop: Server, customer: str) -> list[dict]:
    return shop.get("feedback", customer=customer, limit=1000)["events"]


def sandbox(page):
    return page.get_by_role("region", name="Sandbox")


def tried(page) -> list[tuple[str, str]]:
    "Return item and kind of what was tried, as the tab keeps it"
    kept = page.evaluate("JSON.parse(sessionStorage.getItem('c360-sandbox') ?? '{}')")
    return [(event["item"], event["event"]) for events in kept.values() for event in events]


def test_trying_to_buy_updates_both_lists_and_stores_nothing(shop: Server, tab: Callable):
    "Neither a look at the lists nor an action is the customer's, until somebody says so"
    one = tab(shop)
    page = one.open("/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Customers").click()
    page.get_by_label("Find a customer").fill("mende")
    page.get_by_role("option").filter(has_text="Mende").first.click()
    page.wait_for_url(re.compile(r"/customers/c\d+"))
    customer = page.url.split("/customers/")[1].split("?")[0]
    page.get_by_role("heading", level=1).filter(has_text="Mende").wait_for()
    n_events, results = shop.get("overview")["events"], shop.get("experiments")["results"]
    lists = page.get_by_role("list", name=re.compile("^Recommendations of "))
    expect(lists).to_have_count(2)
    before = titles(listed(page, "hybrid"))
    expect(lists.locator("li")).to_have_count(12)
    expect(listed(page, "hybrid").get_by_text("Because of").first).to_be_visible()
    first = listed(page, "hybrid").locator("[data-item]").first.get_attribute("data-item")

    page.get_by_role("button", name=f"Buy: {before[0]}").first.click()
    expect(status_with(page, f"bought {before[0]}")).to_contain_text("no longer be recommended")
    expect(entry(lists, before[0])).to_have_count(0)
    expect(sandbox(page).get_by_role("listitem")).to_have_count(1)
    as_if = titles(listed(page, "hybrid"))
    page.reload()  # the tab keeps it
    expect(sandbox(page).get_by_role("listitem")).to_have_count(1)
    assert titles(listed(page, "hybrid")) == as_if and tried(page) == [(first, "purchase")]
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "sandbox.png", full_page=True)
    assert (shop.get("overview")["events"], stored(shop, customer)) == (n_events, [])
    assert shop.get("experiments")["results"] == results
    sandbox(page).get_by_role("button", name="Clear sandbox").click()
    expect(sandbox(page)).to_have_count(0)
    expect(entry(listed(page, "hybrid"), before[0])).to_have_count(1)
    assert titles(listed(page, "hybrid")) == before


def test_recording_is_a_choice_of_its_own(shop: Server, tab: Callable):
    "It stores one event, which names its surface, is in the history, and is in no online figure"
    page = tab(shop).open("/customers/c0086")
    n_events, results = shop.get("overview")["events"], shop.get("experiments")["results"]
    first, second = titles(listed(page, "hybrid"))[:2]
    page.get_by_role("button", name=f"Buy: {first}").first.click()
    status_with(page, f"bought {first}").wait_for()
    page.get_by_role("button", name=f"Like: {second}").first.click()
    status_with(page, f"liked {second}").wait_for()
    sandbox(page).get_by_role("button", name=f"own feedback: bought {first}").click()
    expect(sandbox(page).get_by_role("listitem")).to_have_count(1)  # the other one is still tried only
    (event,) = stored(shop, "c0086")
    assert (event["title"], event["event"], event["surface"]) == (first, "purchase", "staff")
    assert shop.get("overview")["events"] == n_events | {"purchase": n_events["purchase"] + 1}
    assert shop.get("experiments")["results"] == results
    history = page.get_by_role("region", name="History")
    history.get_by_role("row").filter(has_text="bought").filter(has_text=first).first.wait_for()
    sandbox(page).get_by_role("button", name="Remove from the sandbox").click()
    expect(sandbox(page)).to_have_count(0)
    expect(entry(listed(page, "hybrid"), second)).to_have_count(1)
    expect(entry(listed(page, "hybrid"), first)).to_have_count(0)  # recorded for good


def test_the_choice_of_model_and_length_is_in_the_address(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0040")
    page.get_by_role("combobox", name="Right").click()
    page.get_by_role("option", name="SVD").click()
    listed(page, "svd").locator("li").first.wait_for()
    page.get_by_label("Items per list").fill("3")
    chosen = titles(listed(page, "svd"), 3)
    page.wait_for_url(lambda url: "right=svd" in url and "n=3" in url)
    page.reload()
    assert titles(listed(page, "svd"), 3) == chosen
    page.goto("/customers/c0040?left=nobody&n=-4&right=svd")  # a mistyped address
    for model in ("hybrid", "svd"):
        expect(listed(page, model).locator("li")).to_have_count(1)


def test_every_action_removes_the_item_from_the_list(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0051")
    actions = {"Like": "like", "Add to cart": "cart", "Dismiss": "dismiss"}
    for button in actions:
        first = titles(listed(page, "hybrid"))[0]
        page.get_by_role("button", name=f"{button}: {first}").first.click()
        status_with(page, first).wait_for()
        expect(entry(listed(page, "hybrid"), first)).to_have_count(0)
    assert [event for _, event in tried(page)] == list(actions.values())


def test_a_double_click_is_one_action(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0055")
    first = titles(listed(page, "hybrid"))[0]
    page.get_by_role("button", name=f"Buy: {first}").first.dblclick()
    status_with(page, f"bought {first}").wait_for()
    second = titles(listed(page, "hybrid"))[0]
    page.get_by_role("button", name=f"Like: {second}").first.click()
    status_with(page, f"liked {second}").wait_for()  # by now a second purchase would be there, too
    assert [event for _, event in tried(page)] == ["purchase", "like"]


def test_quick_actions_on_different_items_all_count(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0083")
    names = titles(listed(page, "hybrid"))[:3]
    hearts = "[...document.querySelectorAll('[aria-label=\"Recommendations of hybrid\"] [aria-label^=Like]')]"
    page.evaluate(f"{hearts}.slice(0, 3).forEach(heart => heart.click())")
    expect(sandbox(page).get_by_role("listitem")).to_have_count(3)
    for name in names:
        expect(sandbox(page).get_by_role("listitem").filter(has_text=f"liked {name}")).to_have_count(1)
        expect(entry(listed(page, "hybrid"), name)).to_have_count(0)


def test_what_an_action_changed_is_in_view_on_a_narrow_screen(shop: Server, tab: Callable):
    page = tab(shop, viewport={"width": 360, "height": 740}).open("/customers/c0084")
    button = listed(page, "hybrid").get_by_role("button", name="Buy: ").last
    button.scroll_into_view_if_needed()
    button.click()
    status_with(page, "bought").wait_for()
    until(
        page,
        "(box => box.top >= 0 && box.bottom <= innerHeight)"
        "(document.querySelector('.changed').getBoundingClientRect())",
    )


def test_back_closes_the_drawer(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0085")
    listed(page, "hybrid").locator("li .title").first.click()
    page.get_by_role("dialog").wait_for()
    page.go_back()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert "/customers/c0085" in page.url and "open=" not in page.url


def test_a_very_long_word_does_not_widen_the_page(shop: Server, tab: Callable):
    page = tab(shop, viewport={"width": 360, "height": 740}).open(f"/search?q={'x' * 400}")
    page.get_by_role("heading", level=2).filter(has_text="xxx").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_api_s_documentation_needs_no_other_host(shop: Server, tab: Callable):
    page = tab(shop).page  # a tab fails where anything is asked of another host
    page.goto("/docs")
    page.locator("[data-path='/api/v1/customers/{customer}/recommendations']").first.wait_for()


def test_items_per_list_is_clamped_to_its_bounds(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0056?n=3")
    for typed, shown in (("100000", 30), ("0", 1), ("7", 7)):
        page.get_by_label("Items per list").fill(typed)
        expect(listed(page, "hybrid").locator("li")).to_have_count(shown)


def test_rating_and_opening(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0060")
    first = titles(listed(page, "hybrid"))[0]
    page.get_by_role("button", name=f"Rate {first}").first.click()
    radio = page.get_by_role("radio", name="4 of 5")
    page.locator(f"label[for='{radio.get_attribute('id')}']").click()
    status_with(page, f"gave {first} 4 of 5 stars").wait_for()
    expect(sandbox(page)).to_contain_text(f"gave {first} 4 of 5 stars")
    second = titles(listed(page, "hybrid"))[1]
    listed(page, "hybrid").get_by_role("button", name=second, exact=True).click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("in the sandbox, this counts as a click").wait_for()
    drawer.get_by_role("heading", name=second).wait_for()
    assert "open=" in page.url
    with_item = drawer.get_by_role("region", name="Recommended with this product")
    expect(with_item.locator("[data-item]")).to_have_count(4)
    drawer.get_by_role("button", name="Close").click()
    drawer.wait_for(state="hidden")
    status_with(page, f"clicked {second}").wait_for()
    assert [event for _, event in tried(page)] == ["rating", "click"] and stored(shop, "c0060") == []


def test_a_new_visitor_picks_three_products_and_each_model_answers(shop: Server, tab: Callable):
    one = tab(shop)
    sent: list[str] = []
    one.page.on("request", lambda request: sent.append(f"{request.method} {request.url.split('?')[0]}"))
    page = one.open("/visitor")
    before = shop.get("overview")["events"]
    for n in range(1, 4):
        page.locator("[data-pick]").first.click()
        page.get_by_role("button", name=re.compile("^Remove ")).nth(n - 1).wait_for()
    one.settle()
    picked = unquote(re.search(r"pick=([^&]+)", page.url)[1]).split("~")
    assert len(picked) == 3
    lists = page.get_by_role("region", name="Recommendations by model")
    models = [model["key"] for model in shop.get("models")["models"]]
    expect(lists.locator("ol")).to_have_count(len(models))
    expect(lists.locator("[data-item]")).to_have_count(5 * len(models))
    shown = lists.locator("[data-item]").evaluate_all("rows => rows.map(row => row.dataset.item)")
    assert not set(shown) & set(picked)
    assert lists.get_by_text("Because of").count() > 10
    expect(page.locator("[data-pick]").first).to_be_disabled()
    assert {request for request in sent if request.startswith("POST")} == {
        f"POST {shop.url}/api/v1/recommendations"
    }
    assert shop.get("overview")["events"] == before
    page.reload()
    expect(lists.locator("[data-item]")).to_have_count(5 * len(models))
    assert lists.locator("[data-item]").evaluate_all("rows => rows.map(row => row.dataset.item)") == shown


def test_search_by_meaning_and_for_a_customer(shop: Server, tab: Callable):
    page = tab(shop).open("/search")
    page.get_by_label("In your own words").fill("light for walking in the dark")
    page.get_by_role("button", name="Search", exact=True).click()
    found = page.get_by_role("region", name="“light for walking in the dark”")
    found.locator("[data-item]").first.wait_for(timeout=60_000)  # the first search loads BERT
    expect(found.locator("details")).to_contain_text("7 more")
    found.locator("summary").click()
    plain = titles(found, 12)
    expected = shop.get("search", q="light for walking in the dark", n=12)["items"]
    assert plain == [item["title"] for item in expected]
    page.goto(page.url + "&customer=c0017")
    name = shop.get("customers/c0017")["attributes"]["name"]
    page.get_by_text(f"those that suit {name} best").wait_for()
    expect(page.get_by_label("For a customer")).to_have_value(name)
    found.locator("summary").click()
    assert titles(found, 12) != plain
    page.goto("/search?q=" + quote("🙂 ' \" <script>alert(1)</script>"))
    page.get_by_text("No product matches this well").wait_for()
    expect(page.locator("[data-item]").first).to_be_hidden()
    page.get_by_text("Show the nearest anyway").click()
    page.locator("[data-item]").first.wait_for()


def test_a_product_with_related_products_and_customers(shop: Server, tab: Callable):
    page = tab(shop).open("/products")
    page.get_by_label("Title, category, brand or ID").fill("sketch")
    until(
        page,
        "(tiles => tiles.length > 0 && tiles.every(tile => /sketch/i.test(tile.innerText)))"
        "([...document.querySelectorAll('a.tile')])",
    )
    page.locator("a.tile").first.click()
    page.get_by_role("heading", level=1).filter(has_text="ketch").wait_for()
    item = page.url.split("/products/")[1]
    for name, by in (("Recommended with this product", "behaviour"), ("Similar descriptions", "text")):
        expected = shop.get(f"items/{item}/similar", by=by, n=8)["items"]
        assert titles(page.get_by_role("region", name=name), 8) == [one["title"] for one in expected]
    default = next(model for model in shop.get("models")["models"] if model["default"])
    panel = page.get_by_role("region", name="Recommended with this product")
    expect(panel).to_contain_text(f"What {default['label'].split(' (')[0]} recommends")
    activity = page.get_by_role("region", name="Customer activity")
    newest = shop.get(f"items/{item}/customers")["newest"][0]
    expect(activity.get_by_role("link").first).to_have_text(f"{newest['name']} {newest['id']}")
    activity.get_by_role("link").first.click()
    page.wait_for_url(re.compile("/customers/"))


def test_going_back_keeps_the_settings(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0041?right=bert&n=4")
    page.get_by_role("region", name="History").get_by_role("link").first.click()
    page.wait_for_url(re.compile("/products/"))
    page.go_back()
    expect(listed(page, "bert").locator("li")).to_have_count(4)


def test_a_customer_is_found_by_words_in_any_order_and_shown_by_name(shop: Server, tab: Callable):
    shop.send("PUT", "customers/c0071", {"attributes": {"name": "José Ñandú"}}, 200)
    page = tab(shop).open("/customers")
    page.get_by_label("Find a customer").fill("nandu jose")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.locator("[role=option][data-combobox-selected]")).to_contain_text("José Ñandú")
    page.keyboard.press("Enter")  # picks the only match
    page.wait_for_url(re.compile("/customers/c0071"))
    until(page, "document.title.startsWith('José Ñandú')")
    expect(page.get_by_label("Find a customer")).to_have_value("José Ñandú")
    nearest = shop.get("customers/c0071")["nearest"]
    similar = page.get_by_role("region", name="Similar customers").get_by_role("link")
    expect(similar).to_have_text([f"{one['name']} {one['id']}" for one in nearest])
    page.get_by_role("region", name="Profile").get_by_role("link", name=re.compile("mean")).click()
    page.get_by_role("heading", level=1, name="Glossary").wait_for()
    until(page, f"document.activeElement.id === {page.url.split('#')[1]!r}")


def test_the_former_address_of_the_glossary_still_works(shop: Server, tab: Callable):
    page = tab(shop).open("/words#at-risk")
    page.get_by_role("heading", level=1, name="Glossary").wait_for()
    until(page, "location.pathname === '/glossary' && document.activeElement.id === 'at-risk'")


def test_ids_that_need_care_in_an_address(shop: Server, tab: Callable):
    for strange in ("a/b", "50% off?", "ümlaut & co"):
        shop.send("PUT", f"customers/{quote(strange, safe='')}", {"attributes": {"name": strange}}, 201)
        page = tab(shop).open(f"/customers/{quote(strange, safe='')}")
        page.get_by_role("heading", level=1).filter(has_text=strange).wait_for()


def test_what_does_not_exist(shop: Server, tab: Callable):
    for path, said in (
        ("/customers/nobody", "No customer with this ID"),
        ("/products/nothing", "No product with this ID"),
        ("/no/such/page", "Page not found"),
    ):
        one = tab(shop)
        one.page.goto(path)
        one.page.get_by_text(said).first.wait_for()
        one.errors.clear()  # the browser logs every 404


def test_live_events_and_an_experiment(shop: Server, tab: Callable):
    page = tab(shop).open("/models")
    live = page.get_by_role("region", name="Live events")
    live.get_by_text("live", exact=True).wait_for()
    shop.give({"customer": "c0099", "item": shop.items(1)[0], "event": "purchase"})
    live.get_by_role("row").filter(has_text="c0099").filter(has_text="bought").first.wait_for()
    form = page.get_by_role("form", name="Split traffic")
    form.get_by_label("Name").fill("two models")
    form.get_by_role("button", name="Start experiment").click()
    page.get_by_text("is running since").wait_for()
    running = shop.get("experiments")["experiment"]
    assert running["name"] == "two models" and sum(running["arms"].values()) == pytest.approx(1)
    arm = shop.get("customers/c0099")["experiment"]["arm"]
    assert arm in running["arms"]
    other = tab(shop).open("/customers/c0099")
    other.get_by_text("In the experiment two models, this customer is in the variant").wait_for()
    page.get_by_role("button", name="End experiment").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert shop.get("experiments")["experiment"] == running
    page.get_by_role("button", name="End experiment").click()
    page.get_by_role("dialog").get_by_role("button", name="End experiment").click()
    page.get_by_text("No experiment is running").wait_for()
    assert shop.get("experiments")["experiment"] is None
    models = shop.get("models")["models"]
    alone = [model for model in models if not model["previous"]]
    assert 0 < len(alone) < len(models), "some of the models that come along have an earlier version"
    expect(page.get_by_text("no earlier version")).to_have_count(len(alone))
    expect(page.get_by_role("button", name="Roll back SVD")).to_be_disabled()
    page.get_by_role("combobox", name="Model", exact=True).first.click()
    page.get_by_role("option", name="NCF").click()
    expect(page.get_by_role("img", name=re.compile("Learning curves"))).to_have_count(2)


def test_roll_back_asks_first(built, small: Callable[..., Server], tab: Callable):
    from customer360.models.catalogue import make_model
    from customer360.models.registry import Registry

    server = small()
    registry = Registry(server.home / "data/models/small")
    snapshot = registry.promotions.current("knn").snapshot
    older = registry.promotions.current("knn").version
    newer = registry.releases.publish(
        make_model("knn", params={"n_neighbours": 7}).fit(registry.snapshots.read(snapshot).data), snapshot
    ).version
    registry.promotions.promote("knn", newer)
    server.start()
    page = tab(server).open("/models")
    button = page.get_by_role("button", name="Roll back User kNN")
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert server.get("models/knn")["version"] == newer
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back", exact=True).click()
    page.get_by_text(f"rolled back to {older}").wait_for()
    assert server.get("models/knn")["version"] == older


def test_back_and_forward_with_what_it_changes_shown_first(
    built, tmp_path_factory: pytest.TempPathFactory, tab: Callable
):
    "kNN of the demo comes in two versions: roll back, look at the versions, and forward again"
    with Server(tmp_path_factory.mktemp("versions"), C360_MODELS="knn,popularity") as server:
        model = server.get("models/knn")
        old, new = (version["version"] for version in model["versions"])
        figures = [
            next(row["value"] for row in version["figures"] if (row["metric"], row["k"]) == ("ndcg", 10))
            for version in model["versions"]
        ]
        page = tab(server).open("/models")
        page.get_by_text("User kNN is the default model because its nDCG@10 is the highest").wait_for()
        page.get_by_role("button", name="Roll back User kNN").click()
        dialog = page.get_by_role("dialog")
        row = dialog.get_by_role("row").filter(has_text="nDCG@10")
        expect(row).to_contain_text(f"{figures[1]:.3f}")  # in use
        expect(row).to_contain_text(f"{figures[0]:.3f}")  # instead
        expect(dialog).to_contain_text("the version to be used is worse")  # tested on the same customers
        dialog.get_by_role("button", name="Roll back", exact=True).click()
        page.get_by_text(f"rolled back to {old}").wait_for()
        assert server.get("models/knn")["version"] == old

        page.get_by_role("button", name="2 versions of User kNN").click()
        expect(dialog.get_by_role("row").filter(has_text=old)).to_contain_text("in use")
        expect(dialog).to_contain_text("promoted")
        dialog.get_by_role("button", name=f"Use this version: {new}").click()
        expect(dialog).to_contain_text("the version to be used is better")
        assert server.get("models/knn")["version"] == old, "nothing happens before it is confirmed"
        dialog.get_by_role("button", name="Use this version", exact=True).click()
        page.get_by_text(f"now uses version {new}").wait_for()
        assert server.get("models/knn")["version"] == new
        page.goto("about:blank")  # before the server ends


def test_the_page_recovers_when_the_server_comes_back(built, small: Callable[..., Server], tab: Callable):
    server = small().start()
    one = tab(server)
    customer = server.customers(1)[0]
    page = one.open(f"/customers/{customer}?left=knn&right=popularity")
    server.kill()
    page.get_by_role("button", name=re.compile("^Buy: ")).first.click()
    page.get_by_text("Nothing was changed").wait_for()  # what is displayed stays, and is not called saved
    page.get_by_text("The server cannot be reached", exact=True).wait_for()
    assert listed(page, "knn").locator("li").count() > 0
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
    page.get_by_text("no connection, retrying").wait_for()
    page.get_by_role("region", name="A/B test").get_by_text("No connection").wait_for()
    server.start()
    expect(page.get_by_text("The server cannot be reached")).to_have_count(0)
    expect(page.get_by_text("No connection")).to_have_count(0)
    page.get_by_role("region", name="Versions").get_by_role("row").filter(has_text="User kNN").wait_for()
    page.get_by_role("region", name="Live events").get_by_text("live", exact=True).wait_for()
    one.errors.clear()  # the browser logs every failed connection


def test_the_page_asks_for_an_api_key_and_shows_what_its_role_allows(
    built, small: Callable[..., Server], tab: Callable
):
    from hashlib import sha256

    server = small(
        C360_API_KEYS=f"read:one:{sha256(b'reads').hexdigest()},admin:two:{sha256(b'rules').hexdigest()}"
    ).start()
    one = tab(server)
    one.page.goto("/models")
    one.page.get_by_text("This server requires an API key").wait_for()
    for key, says in (("reads", True), ("rules", False)):
        one.page.get_by_role("button", name=re.compile("API key")).first.click()
        one.page.get_by_label("Key", exact=True).fill(key)
        one.page.get_by_role("button", name="Use key").click()
        one.page.get_by_role("region", name="Versions").get_by_role("row").filter(
            has_text="User kNN"
        ).wait_for()
        one.page.get_by_role("region", name="Live events").get_by_text("live", exact=True).wait_for()
        one.page.get_by_text("Read-only access").wait_for(state="visible" if says else "detached")
    one.errors.clear()  # the browser logs the 401s at the beginning


def test_the_page_takes_the_token_of_its_address_and_keeps_it(
    built, small: Callable[..., Server], tab: Callable
):
    server = small(C360_TRUST_LOOPBACK=0).start()
    printed = re.search(r"The page, with the right to change things: (\S+)", server.said())[1]
    one = tab(server)
    one.open("/models").get_by_text("Read-only access").wait_for()
    page = one.open(printed.removeprefix(server.url))
    assert "token" not in page.url
    for _ in range(2):  # the second time after a reload
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
        page.get_by_role("region", name="A/B test").get_by_role("button").first.wait_for()
        expect(page.get_by_text("Read-only access")).to_have_count(0)
        page.reload()
        one.settle()


def test_an_error_of_the_server_is_not_called_a_lost_connection(
    built, small: Callable[..., Server], tab: Callable
):
    server = small().start()
    one = tab(server)
    for path in ("overview", "whoami"):
        one.page.route(
            f"**/api/v1/{path}",
            lambda route: route.fulfill(status=500, json={"detail": "the store is locked", "field": None}),
        )
    one.page.goto("/")
    one.page.get_by_text("The server reports an error", exact=True).wait_for()
    one.page.get_by_text("Server error", exact=True).first.wait_for()
    expect(one.page.get_by_text("The store is locked.").first).to_be_visible()
    expect(one.page.get_by_text(re.compile("cannot be reached|No connection|does not answer"))).to_have_count(
        0
    )
    one.errors.clear()  # the browser logs every 500

"What a visitor does, in a real browser against the real API with the models that come along"

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from browsing import until
from server import Server

PAGES = {
    "overview": "/",
    "customers": "/customers",
    "visitor": "/visitor",
    "products": "/products",
    "search": "/search?q=a+quiet+gift+for+someone+who+cooks",
    "models": "/models",
}


def titles(part) -> list[str]:
    return part.locator("li .title").all_inner_texts()


def listed(page, model: str):
    return page.get_by_role("list", name=f"Recommendations of {model}", exact=True)


def test_find_a_customer_buy_something_and_see_the_list_answer(shop: Server, tab: Callable):
    page = tab(shop).open("/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Customers").click()
    page.get_by_label("Find a customer").fill("mende")
    page.get_by_role("option").filter(has_text="Mende").first.click()
    page.wait_for_url(re.compile(r"/customers/c\d+"))
    customer = page.url.split("/customers/")[1].split("?")[0]
    page.get_by_role("heading", level=1).filter(has_text="Mende").wait_for()
    before = (
        titles(listed(page, "hybrid"))
        or listed(page, "hybrid").locator("li").first.wait_for()
        or titles(listed(page, "hybrid"))
    )
    assert len(before) == 6 and listed(page, "knn").locator("li").count() == 6
    assert listed(page, "hybrid").get_by_text("Because of").count() > 0
    asked = shop.get("feedback", customer=customer)["events"]
    assert {event["event"] for event in asked} == {
        "impression"
    }  # what was shown is known, and nothing else was done

    page.get_by_role("button", name=f"Buy: {before[0]}").first.click()
    said = page.get_by_role("status").filter(has_text=f"bought {before[0]}")
    said.first.wait_for()
    assert "no longer suggested" in said.first.inner_text()
    for model in ("hybrid", "knn"):
        assert before[0] not in titles(listed(page, model))
    bought = [
        event
        for event in shop.get("feedback", customer=customer, limit=1000)["events"]
        if event["event"] == "purchase"
    ]
    assert len(bought) == 1 and bought[0]["recommendation_id"]
    why = shop.get(f"recommendations/{bought[0]['recommendation_id']}")
    assert why["model"] == "hybrid" and bought[0]["item"] in [item["item"] for item in why["items"]]
    history = page.get_by_role("region", name="History")
    history.get_by_role("row").filter(has_text="bought").filter(has_text=before[0]).first.wait_for()


def test_another_model_is_a_choice_away_and_the_choice_is_in_the_address(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/customers/c0040")
    page.get_by_role("combobox", name="Right").click()
    page.get_by_role("option", name="SVD").click()
    listed(page, "svd").locator("li").first.wait_for()
    page.get_by_label("How many").fill("3")
    until(page, "document.querySelectorAll('[aria-label=\"Recommendations of svd\"] li').length === 3")
    assert "right=svd" in page.url and "n=3" in page.url
    seen = titles(listed(page, "svd"))
    page.reload()
    one.settle()
    assert titles(listed(page, "svd")) == seen
    page.goto("/customers/c0040?left=nobody&n=-4&right=svd")  # an address that somebody mistyped
    listed(page, "hybrid").locator("li").first.wait_for()
    one.settle()
    assert listed(page, "svd").locator("li").count() == listed(page, "hybrid").locator("li").count() == 1


@pytest.mark.parametrize(
    ("button", "event"), [("Like", "like"), ("Add to cart", "cart"), ("Dismiss", "dismiss")]
)
def test_every_deed_is_stored_and_takes_the_item_from_the_list(
    shop: Server, tab: Callable, button: str, event: str
):
    customer = {"Like": "c0051", "Add to cart": "c0052", "Dismiss": "c0053"}[button]
    page = tab(shop).open(f"/customers/{customer}")
    first = titles(listed(page, "hybrid"))[0]
    page.get_by_role("button", name=f"{button}: {first}").first.click()
    page.get_by_role("status").filter(has_text=first).first.wait_for()
    assert first not in titles(listed(page, "hybrid"))
    assert event in [e["event"] for e in shop.get("feedback", customer=customer, limit=1000)["events"]]


def test_a_double_click_is_one_deed(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0055")
    first = titles(listed(page, "hybrid"))[0]
    page.get_by_role("button", name=f"Buy: {first}").first.dblclick()
    page.get_by_role("status").filter(has_text=f"bought {first}").first.wait_for()
    assert [
        e["event"]
        for e in shop.get("feedback", customer="c0055", limit=1000)["events"]
        if e["event"] != "impression"
    ] == ["purchase"]


def test_quick_deeds_on_different_items_are_all_stored(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0083")
    listed(page, "hybrid").locator("li").nth(2).wait_for()
    names = titles(listed(page, "hybrid"))[:3]
    hearts = "[...document.querySelectorAll('[aria-label=\"Recommendations of hybrid\"] [aria-label^=Like]')]"
    page.evaluate(f"{hearts}.slice(0, 3).forEach(heart => heart.click())")
    page.get_by_role("status").filter(has_text="liked").first.wait_for()
    until(page, f"!{hearts}.some(heart => {names!r}.some(name => heart.ariaLabel.endsWith(name)))")
    liked = [
        event["title"]
        for event in shop.get("feedback", customer="c0083", limit=1000)["events"]
        if event["event"] == "like"
    ]
    assert sorted(liked) == sorted(names)


def test_what_a_deed_changed_is_in_view_on_a_narrow_screen(shop: Server, tab: Callable):
    page = tab(shop, viewport={"width": 360, "height": 740}).open("/customers/c0084")
    button = listed(page, "hybrid").get_by_role("button", name="Buy: ").last
    button.scroll_into_view_if_needed()
    button.click()
    said = page.get_by_role("status").filter(has_text="bought").first
    said.wait_for()
    until(
        page,
        "(box => box.top >= 0 && box.bottom <= innerHeight)(document.querySelector('.changed').getBoundingClientRect())",
    )


def test_back_closes_what_was_opened(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0085")
    listed(page, "hybrid").locator("li .title").first.click()
    page.get_by_role("dialog").wait_for()
    page.go_back()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert "/customers/c0085" in page.url and "open=" not in page.url


def test_words_without_end_widen_nothing(shop: Server, tab: Callable):
    page = tab(shop, viewport={"width": 360, "height": 740}).open(f"/search?q={'x' * 400}")
    page.get_by_role("heading", level=2).filter(has_text="xxx").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_api_s_documentation_needs_no_other_host(shop: Server, tab: Callable):
    page = tab(shop).page  # a tab fails where anything is asked of another host
    page.goto("/docs")
    page.locator("[data-path='/api/v1/customers/{customer}/recommendations']").first.wait_for()


def test_how_many_is_kept_between_its_bounds(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0056?n=3")
    for typed, shown in (("100000", 30), ("0", 1), ("7", 7)):
        page.get_by_label("How many").fill(typed)
        until(
            page,
            f"document.querySelectorAll('[aria-label=\"Recommendations of knn\"] li').length === {shown}",
        )


def test_rating_and_opening(shop: Server, tab: Callable):
    page = tab(shop).open("/customers/c0060")
    first = titles(listed(page, "hybrid"))[0]
    page.get_by_role("button", name=f"Rate {first}").first.click()
    radio = page.get_by_role("radio", name="4 of 5")
    page.locator(f"label[for='{radio.get_attribute('id')}']").click()
    page.get_by_role("status").filter(has_text=f"rated {first}").first.wait_for()
    given = [
        e for e in shop.get("feedback", customer="c0060", limit=1000)["events"] if e["event"] == "rating"
    ]
    assert [e["rating"] for e in given] == [4.0]
    second = titles(listed(page, "hybrid"))[1]
    listed(page, "hybrid").get_by_role("button", name=second, exact=True).click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("it counts as a click").wait_for()
    drawer.get_by_role("heading", name=second).wait_for()
    assert "open=" in page.url
    drawer.get_by_role("button", name="Close").click()
    drawer.wait_for(state="hidden")
    page.get_by_role("status").filter(has_text=f"opened {second}").first.wait_for()
    assert "click" in [e["event"] for e in shop.get("feedback", customer="c0060", limit=1000)["events"]]


def test_a_new_visitor_picks_three_and_each_model_answers(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/visitor")
    before = shop.get("overview")["live_events"]
    for n in range(1, 4):
        page.locator("[data-pick]").first.click()
        page.get_by_role("button", name=re.compile("^Remove ")).nth(n - 1).wait_for()
    one.settle()
    picked = unquote(re.search(r"pick=([^&]+)", page.url)[1]).split("~")
    assert len(picked) == 3
    lists = page.get_by_role("region", name="What each model would show")
    models = [model["key"] for model in shop.get("models")["models"]]
    lists.locator("ol").nth(len(models) - 1).wait_for()
    assert lists.locator("ol").count() == len(models)
    shown = lists.locator("[data-item]").evaluate_all("rows => rows.map(row => row.dataset.item)")
    assert len(shown) == 5 * len(models) and not set(shown) & set(picked)
    assert lists.get_by_text("Because of").count() > 10
    assert page.locator("[data-pick]").first.is_disabled()
    assert shop.get("overview")["live_events"] == before  # nothing of it is stored
    page.reload()
    lists.locator("ol").nth(len(models) - 1).wait_for()
    assert lists.locator("[data-item]").evaluate_all("rows => rows.map(row => row.dataset.item)") == shown


def test_search_by_what_is_meant_and_for_somebody(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/search")
    page.get_by_label("In words").fill("a quiet gift for someone who cooks")
    page.get_by_role("button", name="Search", exact=True).click()
    found = page.get_by_role("region", name="“a quiet gift for someone who cooks”")
    found.locator("[data-item]").first.wait_for(timeout=60_000)  # the first search wakes BERT
    plain = titles(found)
    assert len(plain) == 12
    expected = shop.get("search", q="a quiet gift for someone who cooks", n=12)["items"]
    assert plain == [item["title"] for item in expected]
    page.goto(page.url + "&customer=c0017")
    one.settle()
    name = shop.get("customers/c0017")["attributes"]["name"]
    page.get_by_text(f"those that suit {name} best").wait_for()
    assert page.get_by_label("For a customer").input_value() == name
    assert titles(found) != plain
    page.goto("/search?q=" + quote("🙂 ' \" <script>alert(1)</script>"))
    one.settle()
    page.get_by_text("Nothing is close to this").wait_for()
    assert not page.locator("[data-item]").first.is_visible()
    page.get_by_text("The nearest anyway").click()
    page.locator("[data-item]").first.wait_for()


def test_a_product_by_behaviour_by_text_and_by_whom(shop: Server, tab: Callable):
    page = tab(shop).open("/products")
    page.get_by_label("Words of a title, category or brand, or an id").fill("sketch")
    until(page, "[...document.querySelectorAll('a.tile')].every(tile => /sketch/i.test(tile.innerText))")
    page.locator("a.tile").first.click()
    page.get_by_role("heading", level=1).filter(has_text="ketch").wait_for()
    for name in ("Alike by behaviour", "Alike by text"):
        page.get_by_role("region", name=name).locator("[data-item]").nth(7).wait_for()
    buyers = page.get_by_role("region", name="What customers did with it")
    newest = shop.get(f"items/{page.url.split('/products/')[1]}/customers")["newest"][0]
    assert buyers.get_by_role("link").first.inner_text().split() == [*newest["name"].split(), newest["id"]]
    buyers.get_by_role("link").first.click()
    page.wait_for_url(re.compile("/customers/"))


def test_going_back_keeps_what_was_looked_for(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/customers/c0041?right=bert&n=4")
    page.get_by_role("region", name="History").get_by_role("link").first.click()
    page.wait_for_url(re.compile("/products/"))
    page.go_back()
    listed(page, "bert").locator("li").nth(3).wait_for()
    assert listed(page, "bert").locator("li").count() == 4


def test_a_customer_is_found_by_words_in_any_order_and_called_by_name(shop: Server, tab: Callable):
    shop.send("PUT", "customers/c0071", {"attributes": {"name": "José Ñandú"}}, 200)
    page = tab(shop).open("/customers")
    page.get_by_label("Find a customer").fill("nandu jose")
    page.get_by_role("option").filter(has_text="José Ñandú").wait_for()
    until(page, "document.querySelectorAll('[role=option]').length === 1")
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")  # takes the only one there is
    page.wait_for_url(re.compile("/customers/c0071"))
    until(page, "document.title.startsWith('José Ñandú')")
    assert page.get_by_label("Find a customer").input_value() == "José Ñandú"
    nearest = shop.get("customers/c0071")["nearest"]
    alike = page.get_by_role("region", name="Most alike").get_by_role("link").all_inner_texts()
    assert [text.split() for text in alike] == [[*one["name"].split(), one["id"]] for one in nearest]
    page.get_by_role("region", name="Who").get_by_role("link", name=re.compile("mean")).click()
    page.get_by_role("heading", level=1, name="What do these words mean?").wait_for()
    assert page.evaluate("document.activeElement.id") == page.url.split("#")[1]


def test_ids_that_need_care_in_an_address(shop: Server, tab: Callable):
    for strange in ("a/b", "50% off?", "ümlaut & co"):
        shop.send("PUT", f"customers/{quote(strange, safe='')}", {"attributes": {"name": strange}}, 201)
        page = tab(shop).open(f"/customers/{quote(strange, safe='')}")
        page.get_by_role("heading", level=1).filter(has_text=strange).wait_for()


def test_what_is_not_there(shop: Server, tab: Callable):
    for path, said in (
        ("/customers/nobody", "Nobody has this id"),
        ("/products/nothing", "No product has this id"),
        ("/no/such/page", "There is no such page"),
    ):
        one = tab(shop)
        one.page.goto(path)
        one.page.get_by_text(said).first.wait_for()
        one.errors.clear()  # a browser notes every 404 on its console


def test_live_events_an_experiment_and_the_way_back(shop: Server, tab: Callable):
    one = tab(shop)
    page = one.open("/models")
    live = page.get_by_role("region", name="What happens right now")
    live.get_by_text("live", exact=True).wait_for()
    shop.give({"customer": "c0099", "item": shop.items(1)[0], "event": "purchase"})
    live.get_by_role("row").filter(has_text="c0099").filter(has_text="bought").first.wait_for(timeout=15_000)
    form = page.get_by_role("form", name="Split the traffic")
    form.get_by_label("Name").fill("two models")
    form.get_by_role("button", name="Start it").click()
    page.get_by_text("runs since").wait_for()
    running = shop.get("experiments")["experiment"]
    assert running["name"] == "two models" and sum(running["arms"].values()) == pytest.approx(1)
    arm = shop.get("customers/c0099")["experiment"]["arm"]
    assert arm in running["arms"]
    other = tab(shop).open("/customers/c0099")
    other.get_by_text("In the experiment two models they are in the arm").wait_for()
    page.get_by_role("button", name="End it").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert shop.get("experiments")["experiment"] == running
    page.get_by_role("button", name="End it").click()
    page.get_by_role("dialog").get_by_role("button", name="End it").click()
    page.get_by_text("No experiment runs").wait_for()
    assert shop.get("experiments")["experiment"] is None
    assert page.get_by_role("button", name=re.compile("^Roll back ")).first.is_disabled()
    assert page.get_by_text("no older version").count() == len(shop.get("models")["models"])
    page.get_by_role("combobox", name="Model", exact=True).first.click()
    page.get_by_role("option", name="NCF").click()
    page.get_by_role("img", name=re.compile("Learning curves")).nth(1).wait_for()


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
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert server.get("models/knn")["version"] == newer
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back", exact=True).click()
    page.get_by_text(f"is back at {older}").wait_for()
    assert server.get("models/knn")["version"] == older


def test_the_server_dies_and_comes_back(built, small: Callable[..., Server], tab: Callable):
    server = small().start()
    one = tab(server)
    customer = server.customers(1)[0]
    page = one.open(f"/customers/{customer}?left=knn&right=popularity")
    server.kill()
    page.get_by_role("button", name=re.compile("^Buy: ")).first.click()
    page.get_by_text(
        "Nothing was changed"
    ).wait_for()  # what is on the screen stays there, and nobody is told that it was stored
    page.get_by_text("The server does not answer", exact=True).wait_for()
    assert listed(page, "knn").locator("li").count() > 0
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
    page.get_by_text("no connection, trying again").wait_for()
    page.get_by_role("region", name="Traffic").get_by_text("No connection").wait_for()
    server.start()
    page.get_by_text("The server does not answer", exact=True).wait_for(state="detached")
    page.get_by_text("No connection").wait_for(state="detached")
    page.get_by_role("region", name="Versions").get_by_role("row").filter(has_text="User kNN").wait_for()
    page.get_by_role("region", name="What happens right now").get_by_text("live", exact=True).wait_for()
    one.errors.clear()  # a browser notes every connection that failed


def test_with_keys_it_asks_for_one_and_a_role_decides(built, small: Callable[..., Server], tab: Callable):
    from hashlib import sha256

    server = small(
        C360_API_KEYS=f"write:{sha256(b'reads').hexdigest()},admin:{sha256(b'rules').hexdigest()}"
    ).start()
    one = tab(server)
    one.page.goto("/models")
    one.page.get_by_text("This server asks for a key").wait_for()
    for key, says in (("reads", True), ("rules", False)):
        one.page.get_by_role("button", name=re.compile("a key|the key")).first.click()
        one.page.get_by_label("Key", exact=True).fill(key)
        one.page.get_by_role("button", name="Use it").click()
        one.page.get_by_role("region", name="Versions").get_by_role("row").filter(
            has_text="User kNN"
        ).wait_for()
        one.page.get_by_role("region", name="What happens right now").get_by_text(
            "live", exact=True
        ).wait_for()
        one.page.get_by_text("You can look, not change").wait_for(state="visible" if says else "detached")
    one.errors.clear()  # the 401s of the beginning

"""The widget in a real browser, on a real server with the real agent; the model says what a test lets it say."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.context import Services
from agent.models.scripted import ScriptedModel
from profiles.privacy.purposes import Purpose
from tests.agent_shop import change, noting, open_demo_services
from tests.widget_site import HOST, Shop, at, launcher, open_panel, panel, say, settled, shop_of, violations
from ui.widget.texts import widget_labels

CUSTOMER = "C1002"
JACKETS = ("search_products", {"query": "rain jacket", "category": "jackets"})
HOSTILE = "<img src=x onerror='window.broken=1'><script>window.broken=2</script> a jacket"
SHIFTS = """() => new Promise(done => new PerformanceObserver(list =>
  done(list.getEntries().reduce((sum, one) => sum + one.value, 0))).observe({type: 'layout-shift', buffered: true})
  || setTimeout(() => done(0), 300))"""


@pytest.fixture(scope="module")
def state(demo_state: Callable[[], Path]) -> Path:
    return demo_state()


@pytest.fixture(scope="module")
def shop_services(state: Path) -> Services:
    return open_demo_services(state)


@pytest.fixture(scope="module")
def shop(shop_services: Services, state: Path) -> Iterator[Shop]:
    with shop_of(shop_services, state, ScriptedModel()) as served:
        yield served


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """The page of a shop with the widget, in English, for a visitor."""
    with at(browser, shop) as opened:
        yield opened


def held_up(*calls: Any) -> tuple[threading.Event, Callable[..., Any]]:
    """An answer that comes once the event is set."""
    may_answer = threading.Event()

    def answer(*_: Any) -> Any:
        assert may_answer.wait(30)
        return list(calls)

    return may_answer, answer


def signed_in(page: Page, shop: Shop, customer: str = CUSTOMER) -> None:
    page.evaluate("token => ShopkeeperWidget.identify(token)", shop.token(customer))


def test_before_it_is_opened_nothing_is_loaded_but_its_script(page: Page, shop: Shop) -> None:
    page.wait_for_timeout(300)
    assert shop.asked == [f"{shop.address}{HOST}", f"{shop.address}/widget.js"]
    assert page.evaluate(SHIFTS) == 0
    assert page.evaluate("Object.keys(localStorage)") == []
    open_panel(page)
    loaded = [url.removeprefix(shop.address) for url in shop.asked[2:]]
    assert loaded == ["/widget/panel.js", "/widget/texts/en.json", "/v1/visitors", "/v1/consultations"]
    assert page.evaluate(SHIFTS) == 0


def test_the_header_and_the_greeting_say_that_it_is_an_ai(page: Page) -> None:
    opened = open_panel(page)
    expect(opened.locator("header")).to_contain_text("AI assistant")
    expect(opened.locator(".bubble").first).to_contain_text("AI")


def test_a_product_is_chosen_by_colour_and_size_and_put_into_the_cart(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([JACKETS])
    reply = say(page, "a rain jacket")
    card = panel(page).locator(".card").first
    title = card.locator(".title").inner_text()
    assert title in reply and card.locator(".price").inner_text() in reply
    assert panel(page).locator(".log > .quiet").inner_text() == "Searched the products"
    expect(card.locator("img")).to_have_js_property("naturalWidth", 480)
    other = card.get_by_label("Colour").locator("option:not([disabled])").last
    color = other.get_attribute("value")
    card.get_by_label("Colour").select_option(color)
    card.get_by_role("button", name="Add to cart").click()
    expect(card.get_by_role("status")).to_contain_text("in your cart")
    expect(card.get_by_role("link", name="Go to checkout")).to_have_attribute("href", re.compile("^https://"))
    customer = page.evaluate("JSON.parse(Object.values(localStorage)[0]).talks[0].customer")
    (line,) = shop.shopkeeper.services.carts.get(customer).lines
    product = shop.shopkeeper.services.retriever.catalog.find(line.sku)
    assert product.title == title and {v.color for v in product.variants if v.sku == line.sku} == {color}


def test_a_proposal_is_answered_with_a_button_and_done_once(page: Page, shop: Shop) -> None:
    services = shop.shopkeeper.services
    customer, order = next(
        (name, found[0].id) for name in services.profiles.customers() if (found := services.orders.list(name, "paid"))
    )
    signed_in(page, shop, customer)
    open_panel(page)
    shop.model.expect([("cancel_order", {"order_id": order})])
    say(page, f"please cancel order {order}")
    assert services.orders.get(customer, order).status == "paid"
    expect(panel(page).locator(".quick")).to_contain_text("Nothing is done until you say yes.")
    page.reload()
    signed_in(page, shop, customer)
    panel(page).get_by_role("button", name="Yes, do it").click()
    expect(panel(page).locator(".bubble.assistant").last).to_contain_text("cancelled")
    settled(page)
    assert services.orders.get(customer, order).status == "cancelled"
    expect(panel(page).locator(".quick button")).to_have_count(0)


def test_the_talk_is_there_after_a_reload_and_on_another_page_of_the_shop(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([JACKETS])
    reply = say(page, "a rain jacket")
    cards = panel(page).locator(".card .title").all_inner_texts()
    page.goto(f"{shop.address}{HOST}?page=2")
    expect(panel(page).locator(".bubble.customer .text")).to_have_text("a rain jacket")  # open, as it was in this tab
    assert panel(page).locator(".bubble.assistant .text").last.inner_text() == reply
    expect(panel(page).locator(".card .title")).to_have_text(cards)
    panel(page).get_by_role("button", name="Close").click()
    page.reload()
    expect(panel(page)).to_have_count(0)


def test_what_is_said_offline_is_kept_and_sent_once(page: Page, shop: Shop) -> None:
    open_panel(page)
    page.context.set_offline(True)
    box = panel(page).get_by_role("textbox")
    box.fill("what do you know about me?")
    box.press("Enter")
    expect(panel(page).locator(".talk .banner")).to_contain_text("offline")
    expect(panel(page).locator(".customer.waits")).to_contain_text("Not sent yet")
    shop.model.expect([("get_profile", {})])
    page.context.set_offline(False)
    settled(page)
    expect(panel(page).locator(".bubble.customer")).to_have_count(1)
    expect(panel(page).locator(".bubble.assistant")).to_have_count(2)
    expect(panel(page).locator(".talk .banner")).to_be_hidden()


def test_an_answer_that_broke_off_comes_once_and_is_asked_for_once(page: Page, shop: Shop) -> None:
    open_panel(page)
    may_answer, answer = held_up(JACKETS)
    shop.model.expect(answer)
    box = panel(page).get_by_role("textbox")
    box.fill("a rain jacket")
    box.press("Enter")
    expect(panel(page).get_by_role("button", name="Stop")).to_be_visible()
    page.reload()
    panel(page).locator(".customer.waits").wait_for()
    may_answer.set()
    expect(panel(page).locator(".bubble.assistant")).to_have_count(2, timeout=15_000)
    settled(page)
    expect(panel(page).locator(".bubble.customer")).to_have_count(1)
    assert shop.model.asked == 1


def test_an_answer_is_stopped_and_the_talk_goes_on(page: Page, shop: Shop) -> None:
    open_panel(page)
    may_answer, answer = held_up(JACKETS)
    shop.model.expect(answer)
    box = panel(page).get_by_role("textbox")
    box.fill("a rain jacket")
    box.press("Enter")
    panel(page).get_by_role("button", name="Stop").click()
    expect(panel(page).locator(".quiet").last).to_contain_text("Stopped")
    may_answer.set()
    shop.model.expect([("get_profile", {})])
    assert say(page, "what do you know about me?")


def test_the_last_message_is_corrected(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([JACKETS])
    say(page, "a rain jacket")
    panel(page).get_by_role("button", name="Correct this message").click()
    expect(panel(page).get_by_role("textbox")).to_have_value("a rain jacket")
    shop.model.expect([JACKETS])
    say(page, "a rain coat")
    expect(panel(page).locator(".bubble.customer .text").last).to_have_text("I meant: a rain coat")


def test_everything_can_be_done_with_the_keyboard(page: Page, shop: Shop) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    panel(page).locator(".bubble.assistant").wait_for()
    box = panel(page).get_by_role("textbox")
    expect(box).to_be_focused()
    names = []
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-label')"))
    assert {"Send", "What we know about you", "New conversation", "Close", "Conversation"} <= set(names)
    assert None not in names and len(set(names[:6])) == 6  # never outside, and each once around
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "launcher"
    assert launcher(page).get_attribute("aria-expanded") == "false"


def test_each_target_is_large_enough_and_has_a_name(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([JACKETS])
    say(page, "a rain jacket")
    for button in panel(page).locator("button:visible, select:visible").all():
        size = button.bounding_box()
        assert size and min(size["width"], size["height"]) >= 24
    expect(panel(page).get_by_role("log")).to_have_attribute("aria-live", "polite")


def test_what_we_know_says_why_and_is_corrected_forgotten_and_paused(page: Page, shop: Shop) -> None:
    open_panel(page)
    noted = noting(change("I wear size L", "size", "L"), change("I hate wool", "material", "wool", "dislike"))
    shop.model.expect([noted, JACKETS])
    say(page, "I wear size L and I hate wool. Show me a rain jacket")
    panel(page).get_by_role("button", name="What we know about you").click()
    rows = panel(page).locator(".traits > li")
    size, wool = rows.filter(has_text="Clothing size"), rows.filter(has_text="wool")
    expect(size).to_contain_text("you said so")
    size.get_by_role("button", name="Why?").click()
    expect(size.locator("blockquote")).to_contain_text("I wear size L")
    size.get_by_role("button", name="Correct").click()
    size.get_by_role("textbox", name="Clothing size").fill("M")
    page.keyboard.press("Enter")
    expect(rows.filter(has_text="Clothing size").locator("strong")).to_have_text("M")
    wool.get_by_role("button", name="Forget").click()
    expect(wool).to_have_count(0)
    customer = page.evaluate("JSON.parse(Object.values(localStorage)[0]).talks[0].customer")
    store = shop.shopkeeper.services.profiles
    assert [str(trait.value) for trait in store.read(customer).traits] == ["M"]
    remember = panel(page).get_by_role("switch", name="Remember what I say")
    expect(remember).to_be_checked()
    with page.expect_response("**/consents"):
        remember.click()
    assert not store.allows(customer, Purpose.SERVICE)
    page.keyboard.press("Escape")
    expect(panel(page).get_by_role("log")).to_be_visible()


def test_a_value_that_cannot_be_is_refused_in_words(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([noting(change("I wear size L", "size", "L")), JACKETS])
    say(page, "I wear size L. Show me a rain jacket")
    panel(page).get_by_role("button", name="What we know about you").click()
    size = panel(page).locator(".traits > li")
    size.get_by_role("button", name="Correct").click()
    size.get_by_role("textbox").fill("enormous")
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("status").filter(has_text="cannot be kept")).to_be_visible()
    expect(size.locator("strong")).to_have_text("L")


def test_all_of_it_is_downloaded_and_erased_with_a_receipt(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([noting(change("I wear size L", "size", "L")), JACKETS])
    say(page, "I wear size L. Show me a rain jacket")
    customer = page.evaluate("JSON.parse(Object.values(localStorage)[0]).talks[0].customer")
    panel(page).get_by_role("button", name="What we know about you").click()
    with page.expect_download() as download:
        panel(page).get_by_role("button", name="Download all of it").click()
    held = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert held["customer"] == customer and held["profile"]["traits"]
    panel(page).get_by_role("button", name="Erase all of it").click()
    panel(page).get_by_role("button", name="Cancel").click()
    panel(page).get_by_role("button", name="Erase all of it").click()
    panel(page).get_by_role("button", name="Yes, erase everything").click()
    expect(panel(page)).to_contain_text("Your receipt:")
    assert shop.shopkeeper.services.profiles.erased_among([customer])
    panel(page).locator(".known").get_by_role("button", name="New conversation").click()
    expect(panel(page).locator(".bubble")).to_have_count(1)
    assert page.evaluate("JSON.parse(Object.values(localStorage)[0]).talks[0].customer") != customer


def test_who_is_signed_in_talks_as_themselves_and_who_signs_out_does_not(page: Page, shop: Shop) -> None:
    open_panel(page)
    signed_in(page, shop)
    page.wait_for_function("id => JSON.parse(Object.values(localStorage)[0]).talks[0].customer === id", arg=CUSTOMER)
    expect(panel(page).locator(".bubble")).to_have_count(1)
    assert shop.token(CUSTOMER).rpartition(".")[0] not in page.evaluate("JSON.stringify(localStorage)")
    shop.model.expect([JACKETS])
    say(page, "a rain jacket")
    page.evaluate("ShopkeeperWidget.identify(null)")
    page.wait_for_function("() => JSON.parse(Object.values(localStorage)[0]).talks[0].customer.startsWith('visitor-')")
    expect(panel(page).locator(".bubble")).to_have_count(1)
    signed_in(page, shop)
    expect(panel(page).locator(".bubble.customer .text")).to_have_text("a rain jacket")


def test_a_problem_is_told_in_a_plain_sentence(page: Page) -> None:
    page.evaluate("ShopkeeperWidget.identify('nobody')")
    launcher(page).click()
    expect(panel(page)).to_contain_text("You are no longer signed in. Please sign in again.")
    expect(panel(page).get_by_role("button", name="Try again")).to_be_visible()


def test_nothing_that_comes_from_outside_is_markup(page: Page, shop: Shop) -> None:
    open_panel(page)
    shop.model.expect([JACKETS])
    say(page, HOSTILE)
    expect(panel(page).locator(".bubble.customer .text")).to_have_text(HOSTILE)
    assert page.evaluate("window.broken") is None
    assert panel(page).locator(".bubble img, .bubble script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(browser: Browser, shop: Shop, scheme: str) -> None:
    with at(browser, shop, color_scheme=scheme, bypass_csp=True) as page:
        open_panel(page)
        assert violations(page) == []
        shop.model.expect([noting(change("I wear size L", "size", "L")), JACKETS])
        say(page, "I wear size L. Show me a rain jacket")
        assert violations(page) == []
        panel(page).get_by_role("button", name="What we know about you").click()
        panel(page).get_by_role("button", name="Why?").click()
        panel(page).locator("blockquote").wait_for()
        assert violations(page) == []


def test_it_is_dark_where_the_reader_wants_it_and_light_where_the_shop_says_so(browser: Browser, shop: Shop) -> None:
    ground = "element => getComputedStyle(element).backgroundColor"
    with at(browser, shop, color_scheme="dark") as page:
        open_panel(page)
        assert panel(page).evaluate(ground) == "rgb(25, 28, 27)"
        page.evaluate("document.querySelector('shopkeeper-widget').style.colorScheme = 'light'")
        assert panel(page).evaluate(ground) == "rgb(255, 255, 255)"


def test_a_shop_gives_it_its_own_colours(page: Page) -> None:
    page.evaluate("document.documentElement.style.setProperty('--shopkeeper-accent', 'rgb(120, 20, 90)')")
    open_panel(page)
    accent = "element => getComputedStyle(element).backgroundColor"
    assert launcher(page).evaluate(accent) == panel(page).locator(".send").first.evaluate(accent) == "rgb(120, 20, 90)"


def test_what_is_read_from_right_to_left_stands_so(browser: Browser, shop: Shop) -> None:
    with at(browser, shop, attributes='data-shop-language="ar"', language="ar", direction="rtl") as page:
        assert launcher(page).get_attribute("aria-label") == widget_labels("ar")["launcher"]
        opened = open_panel(page)
        assert opened.get_attribute("dir") == "rtl"
        button, box = launcher(page).bounding_box(), opened.bounding_box()
        assert button and button["x"] < 100 and box and box["x"] < 100
        send = opened.locator(".send").first.bounding_box()
        assert send and send["x"] < box["x"] + 80


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
def test_it_fills_a_phone_and_stands_in_the_corner_of_a_desktop(
    browser: Browser, shop: Shop, width: int, height: int
) -> None:
    with at(browser, shop, viewport={"width": width, "height": height}) as page:
        open_panel(page)
        panel(page).evaluate("element => Promise.all(element.getAnimations().map(each => each.finished))")
        box = panel(page).bounding_box()
        assert box
        if width < 600:
            assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, width, height)
            expect(launcher(page)).to_be_hidden()
        else:
            assert box["x"] > width / 2 and box["height"] < height
            expect(launcher(page)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_wants_no_motion_gets_none(browser: Browser, shop: Shop) -> None:
    with at(browser, shop, reduced_motion="reduce") as page:
        open_panel(page)
        assert page.evaluate("document.getAnimations().length") == 0
        assert panel(page).evaluate("element => getComputedStyle(element).animationName") == "none"

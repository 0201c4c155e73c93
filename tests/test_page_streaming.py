"""What somebody does while words stream, in a real browser: nothing they wrote vanishes, and no reply goes astray."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page_browser import opened, pick, ready, served
from tests.slow_server import slow_server

WHOLE = 30_000  # milliseconds that a slow reply may take


@pytest.fixture(scope="module")
def address(demo_state: Callable[[], Path]) -> Iterator[str]:
    with slow_server() as model, served(demo_state(), "--model", model, "--replies", "free") as url:
        yield url


def begin(page: Page, words: str) -> None:
    """Send words, and wait until the reply to them streams."""
    box = page.get_by_label("Your message")
    box.fill(words)
    box.press("Enter")
    expect(page.locator("#chat .message.bot").last).to_contain_text("goes on", timeout=WHOLE)


def whole(page: Page, name: str) -> None:
    expect(page.locator("#chat .message.bot").last).to_contain_text(f"{name} ends", timeout=WHOLE)
    page.locator("#send").wait_for(state="visible", timeout=WHOLE)


def test_what_is_written_while_words_stream_stays_and_is_sent_next(page: Page) -> None:
    begin(page, "hello apple")
    box = page.get_by_label("Your message")
    box.fill("hello pear")
    whole(page, "HelloApple")
    expect(box).to_have_value("hello pear")
    box.fill("hello plum")
    begin(page, "hello plum")
    expect(page.locator("#chat .message.user")).to_have_text(["hello apple", "hello plum"])
    whole(page, "HelloPlum")


def test_stop_stops_a_first_reply_and_one_that_was_asked_for_again(page: Page) -> None:
    begin(page, "hello apple")
    page.locator("#stop").click()
    page.locator("#send").wait_for(state="visible", timeout=5_000)
    expect(page.locator("#chat .message.user")).to_have_text(["hello apple"])
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#chat .message.user")).to_have_count(2, timeout=WHOLE)
    page.wait_for_function(
        "() => [...document.querySelectorAll('#chat .message.bot')].pop().innerText.includes('goes on')", timeout=WHOLE
    )
    page.locator("#stop").click()
    page.locator("#send").wait_for(state="visible", timeout=5_000)
    expect(page.locator("#chat .message.user")).to_have_text(["hello apple", "hello apple"])
    stopped = page.locator("#chat").inner_text()
    page.wait_for_timeout(1_000)
    assert page.locator("#chat").inner_text() == stopped and "ends" not in stopped


def test_a_stop_in_one_window_of_a_consultation_leaves_the_other_windows_reply_alone(page: Page) -> None:
    begin(page, "hello apple")
    whole(page, "HelloApple")
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    expect(other.locator("#chat .message.user")).to_have_text(["hello apple"])
    begin(page, "hello pear")
    other.get_by_label("Your message").fill("hello plum")
    other.get_by_label("Your message").press("Enter")
    other.locator("#stop").click()
    other.locator("#send").wait_for(state="visible", timeout=5_000)
    whole(page, "HelloPear")
    assert "HelloPlum" not in page.locator("#chat").inner_text()


def test_a_reply_lands_in_its_own_consultation_only(page: Page) -> None:
    pick(page, "C1001")
    begin(page, "hello apple")
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    pick(other, "C1003")
    begin(other, "hello pear")
    whole(page, "HelloApple")
    whole(other, "HelloPear")
    for window, mine, foreign in ((page, "HelloApple", "HelloPear"), (other, "HelloPear", "HelloApple")):
        said = window.locator("#chat").inner_text()
        assert mine in said and foreign not in said
    other.reload()
    ready(other)
    assert "HelloApple" not in other.locator("#chat").inner_text()


def test_a_new_conversation_while_words_stream_shows_nothing_of_the_old_one(page: Page) -> None:
    begin(page, "hello apple")
    page.locator("#new").evaluate("button => { button.disabled = false; button.click(); }")  # as a race would have it
    expect(page.locator("#chat .message.user")).to_have_count(0, timeout=5_000)
    page.wait_for_timeout(1_500)
    assert "HelloApple" not in page.locator("#chat").inner_text()
    begin(page, "hello pear")
    whole(page, "HelloPear")
    assert "HelloApple" not in page.locator("#chat").inner_text()


def test_a_phone_opens_the_page_at_its_top(browser: Browser, address: str) -> None:
    with opened(browser, address, width=390, height=844) as phone:
        phone.wait_for_timeout(1_000)
        assert phone.evaluate("window.scrollY") == 0
        box = phone.locator("#header").bounding_box()
        assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 844
        assert phone.evaluate("document.activeElement.tagName") not in ("TEXTAREA", "INPUT")  # no keyboard unasked

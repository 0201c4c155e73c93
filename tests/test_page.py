"""The page in a real browser, served by `python -m ui` with the real agent and model."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page_browser import ROOT, START_SECONDS, Scheme, opened, pick, ready, say, served, sign_in

WISH = "I'm after a warm waterproof jacket, nothing over $150"
SAFE = "hello <script>window.broken = 1</script><img src=x onerror='window.broken = 2'> ${1+1} {{value}}"
# The contrast of an element's words with what is behind them, as WCAG 2 defines it.
CONTRAST = """element => {
  const rgba = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const opaque = color => color.length < 4 || color[3] > 0.5;
  const light = color => color.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = element, ground = rgba(getComputedStyle(element).backgroundColor);
  while (!opaque(ground) && behind.parentElement) {
    behind = behind.parentElement;
    ground = rgba(getComputedStyle(behind).backgroundColor);
  }
  const [high, low] = [light(rgba(getComputedStyle(element).color)), light(ground)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.fixture(scope="module")
def address(demo_state: Callable[[], Path]) -> Iterator[str]:
    with served(demo_state()) as url:
        yield url


def test_the_greeting_and_the_header_say_that_it_is_an_ai(page: Page) -> None:
    expect(page.locator("#header")).to_contain_text("AI assistant")
    expect(page.locator("#chat .message.bot").first).to_contain_text("AI")


def test_a_message_fills_profile_products_steps_and_usage(page: Page) -> None:
    pick(page, "C1001")
    reply = say(page, WISH)
    assert "$" in reply
    expect(page.locator("#profile")).to_contain_text("$150.00")
    expect(page.locator("#profile .fresh").first).to_be_visible()
    assert page.locator("#products .card").count() >= 1
    expect(page.locator("#products .card .price").first).to_have_text(re.compile(r"^\$\d+\.\d\d$"))
    expect(page.locator("#steps")).to_contain_text("search_products")
    expect(page.locator("#usage")).to_contain_text("model calls")


def test_evidence_is_shown_on_demand_with_the_customers_words(page: Page) -> None:
    pick(page, "C1002")
    say(page, WISH)
    budget = page.locator(".trait:not(.intent)").filter(has_text="$150.00").first
    expect(budget.locator("blockquote").first).to_be_hidden()
    budget.locator("summary").press("Enter")
    expect(budget.locator("blockquote").first).to_contain_text("150")
    expect(budget).to_contain_text("May be changed by")


def test_the_history_opens_to_the_journal_with_the_newest_words_first(page: Page) -> None:
    pick(page, "C1002")
    say(page, WISH)
    history = page.locator("#profile .history")
    expect(history.locator("li").first).to_be_hidden()
    history.locator("summary").press("Enter")
    expect(history.locator("li").first).to_be_visible()
    expect(history.locator("li").filter(has_text="$150.00").first).to_contain_text("stated")


def test_the_conversation_outlives_a_refresh(page: Page) -> None:
    pick(page, "C1001")
    say(page, WISH)
    page.reload()
    ready(page)
    expect(page.locator("#chat .message.user")).to_have_text(WISH)
    expect(page.locator("#customer input")).to_have_value(re.compile("C1001"))
    assert page.locator("#products .card").count() >= 1


def test_labels_change_to_chinese_and_stay_so_over_a_refresh(page: Page) -> None:
    say(page, WISH)
    page.get_by_text("中文", exact=True).click()
    expect(page.locator("#title-profile")).to_contain_text("我们了解的信息")
    expect(page.locator("#send")).to_have_text("发送")
    expect(page.locator("#chat .message.user")).to_have_text(WISH)
    page.reload()
    ready(page)
    expect(page.locator("#title-products")).to_contain_text("商品")


def test_another_customer_sees_nothing_of_the_first(page: Page) -> None:
    pick(page, "C1001")
    say(page, "I'm after a warm waterproof jacket, nothing over $150, I am called Quillfeather")
    pick(page, "C1003")
    assert page.locator("#chat .message.user").count() == 0
    assert page.locator("#products .card").count() == 0
    assert page.locator("#steps .step").count() == 0
    assert "Quillfeather" not in page.locator("body").inner_text()
    page.reload()
    ready(page)
    assert page.locator("#chat .message.user").count() == 0


def test_a_visitors_words_and_id_stay_in_their_own_browser(browser: Browser, address: str) -> None:
    with opened(browser, address) as first:
        say(first, "I'm after a warm waterproof jacket, nothing over $150, I am called Quillfeather")
    with opened(browser, address) as second:
        assert second.locator("#chat .message.user").count() == 0
        assert "$150.00" not in second.locator("#profile").inner_text()
        field = second.get_by_role("combobox", name="Customer")
        field.click()
        field.fill("visitor-")
        assert second.get_by_role("option").filter(has_text="visitor-").count() == 0


def test_a_visitor_who_signs_in_goes_on_as_the_customer_and_leaves_nothing_behind(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    say(page, WISH)
    sign_in(page, "C1004")
    expect(page.locator("#chat .message.user")).to_have_text(WISH)
    expect(page.locator("#chat .message.bot").last).to_contain_text("You are signed in")
    expect(page.locator("#profile")).to_contain_text("$150.00")
    expect(page.locator("#profile .badge.shop").first).to_be_visible()
    say(page, "where is my last order?")
    expect(page.locator("#steps")).to_contain_text("find_orders")
    page.reload()
    ready(page)
    expect(page.locator("#chat .message.user")).to_have_count(2)
    say(other, "hello")  # a window from before is somebody new
    expect(other.locator("#chat .message.user")).to_have_text("hello")
    assert "$150.00" not in other.locator("#profile").inner_text()
    for whoever in ("Visitor", "C1005"):
        pick(page, whoever)
        assert page.locator("#chat .message.user").count() == 0
        assert "$150.00" not in page.locator("#profile").inner_text()


def test_what_a_customer_types_is_text_and_never_markup(page: Page) -> None:
    say(page, SAFE)
    expect(page.locator("#chat .message.user").last).to_contain_text(SAFE)
    assert page.evaluate("window.broken") is None
    assert page.locator("#desk img").count() == 0


def test_a_new_conversation_starts_with_the_greeting_only(page: Page) -> None:
    say(page, WISH)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#chat .message.user")).to_have_count(0)
    expect(page.locator("#chat .message.bot")).to_have_count(1)


def test_a_question_can_be_asked_again(page: Page) -> None:
    say(page, WISH)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#chat .message.user")).to_have_count(2, timeout=60_000)
    page.locator("#send").wait_for(state="visible", timeout=60_000)
    expect(page.locator("#chat .message.user").last).to_have_text(WISH)


def test_a_proposal_is_a_card_and_its_buttons_send_the_answer(page: Page) -> None:
    pick(page, "C1001")
    say(page, "please cancel my last order")
    if page.locator("#proposal .proposal").count() == 0:
        pytest.fail(f"no proposal, but: {page.locator('#chat .message.bot').last.inner_text()}")
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#chat .message.user").last).to_have_text("No")
    page.locator("#send").wait_for(state="visible", timeout=60_000)
    expect(page.locator("#proposal .proposal")).to_have_count(0)


def test_a_handed_off_customer_is_told_that_a_person_takes_over(page: Page) -> None:
    say(page, "this is useless, get me a human")
    expect(page.locator("#banner")).to_contain_text("A person will take over")


def test_screen_readers_get_each_reply_once_and_every_field_has_a_name(page: Page) -> None:
    reply = say(page, WISH)
    live = page.locator("#live [aria-live=polite]")
    assert live.inner_text().split()[:5] == reply.replace("• ", "- ").split()[:5]
    assert page.locator("#chat [role=log]").get_attribute("aria-live") == "off"
    assert page.get_by_role("combobox", name="Customer").count() == 1
    assert page.get_by_role("textbox", name="Your message").count() == 1
    assert page.locator("button:visible").evaluate_all("all => all.every(b => b.innerText || b.ariaLabel)")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, address: str, width: int) -> None:
    with opened(browser, address, width=width) as page:
        say(page, WISH)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.locator("#top, #talk, #known, #found, #compose").evaluate_all(
            "all => all.map(e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right])"
        )
        assert all(left >= 0 and right <= width for left, right in boxes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_whatever_the_system_prefers(browser: Browser, address: str, scheme: Scheme) -> None:
    with opened(browser, address, scheme=scheme) as page:
        say(page, WISH)
        for words in (
            ".message.bot .message-content",
            ".trait .value",
            ".card h3",
            ".badge",
            ".meta",
            ".empty",
        ):
            for element in page.locator(words).all()[:3]:
                ratio = element.evaluate(CONTRAST)
                assert ratio >= 4.5, f"{words}: contrast {ratio:.1f}"


def test_the_command_refuses_a_port_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    from ui.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["--port", "99999"])
    assert ended.value.code == 2
    assert "99999" in capsys.readouterr().err


def test_the_command_names_a_directory_that_is_no_shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ui.__main__ import main

    assert main(["--shop", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_the_command_says_when_its_port_is_taken(address: str, demo_state: Callable[[], Path]) -> None:
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "ui", "--shop", "shop", "--state", str(demo_state()), "--port", port]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr and "--port" in ended.stderr

"""The demo shop on a real server, for tests of the widget and the storefront: what its model says is up to the test.

In: opened services and a state directory. Out: an address, the model, and pages of a browser that note what they ask
for. The pages here stand for a shop's own, under a policy that lets in no style and no script but the widget's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Request, Route

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from profiles.events.keys import Keys
from profiles.shop.imports import open_intake
from tests.agent_shop import SHOP, keeper
from tests.http_server import running
from tests.page_browser import TURN_MILLISECONDS
from ui.access.access import Access, open_access
from ui.access.limits import MEMORY, Limits, Rates
from ui.api.turns import Turns
from ui.server import Site, application

HOST = "/host.html"  # a page of a shop
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'"
_MANY = Rates(person=10_000, visitors=10_000)  # tests are many visitors from one address
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
_PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><title>A shop</title><main><h1>A shop</h1>
<p>What it sells.</p></main><script src="/widget.js" {attributes} async></script></html>"""


@dataclass
class Shop:
    """A served one."""

    address: str
    shopkeeper: Shopkeeper
    model: ScriptedModel
    access: Access
    asked: list[str] = field(default_factory=list)

    def token(self, customer: str) -> str:
        """As the shop's own sign-in would give it."""
        return self.access.sessions.customer(customer).token


@contextmanager
def shop_of(services: Services, state: Path, model: ScriptedModel) -> Iterator[Shop]:
    """The demo shop, served."""
    access = replace(open_access(SHOP, state, services.profiles, {}), limits=Limits(_MANY, MEMORY))
    with keeper(services, model) as shopkeeper:
        site = Site(shopkeeper, open_intake(SHOP, services.profiles), Keys(), access, Turns(shopkeeper))
        with running(application(site)) as address:
            yield Shop(address, shopkeeper, model, access)


@contextmanager
def at(
    browser: Browser,
    shop: Shop,
    path: str = HOST,
    *,
    attributes: str = 'data-shop-language="en"',
    language: str = "en",
    direction: str = "ltr",
    **settings: Any,
) -> Iterator[Page]:
    """A page in a fresh browser profile; nothing fails in its console, and nothing is asked of another host."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | settings))
    html = _PAGE.format(attributes=attributes, language=language, direction=direction)
    shop.asked, failures = [], list[str]()

    def host(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html", headers={"content-security-policy": POLICY})

    def note(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            shop.asked.append(request.url)

    context.route(f"{shop.address}{HOST}*", host)
    context.on("request", note)
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda said: failures.append(said.text) if "Content Security Policy" in said.text else None)
    try:
        page.goto(shop.address + path)
        launcher(page).wait_for()
        yield page
        assert failures == [], failures
        assert [url for url in shop.asked if not url.startswith(shop.address)] == []
    finally:
        context.close()


def launcher(page: Page) -> Locator:
    """The button that is there from the beginning."""
    return page.locator("shopkeeper-widget .launcher")


def panel(page: Page) -> Locator:
    """What the button opens."""
    return page.locator("shopkeeper-widget .panel")


def open_panel(page: Page) -> Locator:
    """Press the button, and wait for the greeting."""
    launcher(page).click()
    panel(page).locator(".bubble.assistant").first.wait_for()
    return panel(page)


def say(page: Page, text: str) -> str:
    """Send a message with the keyboard, and wait for the whole reply; returns it."""
    replies = panel(page).locator(".bubble.assistant")
    before = replies.count()
    box = panel(page).get_by_role("textbox")
    box.fill(text)
    box.press("Enter")
    replies.nth(before).wait_for(timeout=TURN_MILLISECONDS)
    settled(page)
    return str(replies.last.locator(".text").inner_text())


def settled(page: Page) -> None:
    """Wait until nothing is being answered, and nothing waits to be sent."""
    panel(page).locator(".log[aria-busy=false]").wait_for(timeout=TURN_MILLISECONDS)
    panel(page).locator(".customer.waits").wait_for(state="detached", timeout=TURN_MILLISECONDS)


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the whole page, the widget in it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger: no policy of the page is in its way
    found: Any = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

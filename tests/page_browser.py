"""A served page and a real browser for the page's tests: `python -m ui` in its own process, and Chromium.

In: a state directory. Out: the page's address, and browsers that note every request they make. Nothing is
skipped: without Chromium or without an agent that answers, the tests fail and say why.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 240  # the first start builds the index
TURN_MILLISECONDS = 60_000
Scheme = Literal["light", "dark"]
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@contextmanager
def served(state: Path, *options: str, **settings: str) -> Iterator[str]:
    """The address of the demo shop's page, served from the real agent with this state; `settings`: environment."""
    port = free_port()
    command = [sys.executable, "-m", "ui", "--shop", "shop", "--state", str(state), "--port", str(port), *options]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"} | settings
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(iter(process.stdout.readline, "")), daemon=True)  # type: ignore[union-attr]
    reader.start()
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, said, address)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("the page's tests need a browser: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, address: str, width: int = 1280, height: int = 800, scheme: Scheme = "light"
) -> Iterator[Page]:
    """The page in a fresh browser profile; at the end, checks that nothing was asked of another host."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", color_scheme=scheme)
    strangers: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            strangers.append(request.url)

    context.on("request", note)
    page = context.new_page()
    try:
        page.goto(address)
        ready(page)
        yield page
        assert strangers == []
    finally:
        context.close()


def ready(page: Page) -> None:
    """Wait until the page has opened its consultation: the greeting is there."""
    page.locator("#chat .bot").first.wait_for(timeout=30_000)
    page.wait_for_function("document.querySelector('#profile .panel') !== null")


def pick(page: Page, customer: str) -> None:
    """Choose a customer in the list by typing the id; the page begins a new conversation."""
    sign_in(page, customer)
    page.wait_for_function("() => document.querySelectorAll('#chat .user').length === 0")


def sign_in(page: Page, customer: str) -> None:
    """The same of a visitor, whose conversation stays if they have said something."""
    field = page.get_by_role("combobox", name="Customer")
    field.click()
    field.fill(customer)
    page.get_by_role("option").filter(has_text=customer).first.click()
    page.wait_for_function("id => document.querySelector('#customer input').value.includes(id)", arg=customer)
    page.locator(f"#live [data-customer='{customer}' i]").wait_for(state="attached", timeout=TURN_MILLISECONDS)
    page.wait_for_timeout(300)


def say(page: Page, text: str) -> str:
    """Send a message with the keyboard and wait for the whole reply; returns it."""
    before = page.locator("#chat .message.user").count()
    box = page.get_by_label("Your message")
    box.fill(text)
    box.press("Enter")
    page.wait_for_function(
        "n => document.querySelectorAll('#chat .message.user').length > n",
        arg=before,
        timeout=TURN_MILLISECONDS,
    )
    page.locator("#send").wait_for(state="visible", timeout=TURN_MILLISECONDS)
    page.wait_for_timeout(300)
    return str(page.locator("#chat .message.bot").last.inner_text())


def _wait_until_ready(process: subprocess.Popen[str], said: list[str], address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while not any(address in line for line in said):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            time.sleep(0.2)
            pytest.fail(f"python -m ui did not serve the page:\n{''.join(said)[-4000:]}")
        time.sleep(0.1)

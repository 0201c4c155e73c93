"""A turn as the page shows it, on the real agent: stopping, going on, opening again."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.shopkeeper import Shopkeeper, open_shopkeeper
from ui.page.consultation import Line, View, asked
from ui.page.consultation import opened as open_view
from ui.page.frame import changes, frame, people
from ui.session import as_customer, new_session

SHOP = Path(__file__).resolve().parent.parent / "shop"
WISH = "I'm after a warm waterproof jacket, nothing over $150"


@pytest.fixture(scope="module")
def shopkeeper(demo_state: Callable[[], Path]) -> Iterator[Shopkeeper]:
    with open_shopkeeper(SHOP, demo_state()) as opened:
        yield opened


@pytest.fixture
def view(shopkeeper: Shopkeeper) -> View:
    return open_view(shopkeeper, as_customer(new_session("en"), "C1001", lambda _: True))


def whole_turn(shopkeeper: Shopkeeper, view: View, text: str) -> list[View]:
    return list(asked(shopkeeper, view, text, threading.Event()))


def test_a_turn_is_busy_until_its_last_view_and_ends_with_the_reply(shopkeeper: Shopkeeper, view: View) -> None:
    views = whole_turn(shopkeeper, view, WISH)
    assert all(one.is_busy for one in views[:-1])
    assert not views[-1].is_busy
    assert views[0].lines[-2:] == (Line("customer", WISH), Line("page", "thinking"))
    assert views[-1].lines[-1].by == "agent"
    assert views[-1].turn is not None and views[-1].turn.reply == views[-1].lines[-1].text


def test_the_profile_is_read_again_while_the_turn_runs(shopkeeper: Shopkeeper, view: View) -> None:
    last = whole_turn(shopkeeper, view, WISH)[-1]
    assert any(trait.attribute == "budget" and trait.value == 150.0 for trait in last.profile.traits)


def test_a_stopped_turn_says_so_and_the_consultation_goes_on(shopkeeper: Shopkeeper, view: View) -> None:
    stop = threading.Event()
    stop.set()
    stopped = list(asked(shopkeeper, view, WISH, stop))[-1]
    assert stopped.lines[-1] == Line("page", "stopped")
    assert not stopped.is_busy
    after = whole_turn(shopkeeper, stopped, "how long do I have to send things back?")[-1]
    assert after.lines[-1].by == "agent"


def test_after_an_erasure_no_product_says_why_it_fits(shopkeeper: Shopkeeper) -> None:
    view = open_view(shopkeeper, as_customer(new_session("en"), "C1022", lambda _: True))
    found = whole_turn(shopkeeper, view, WISH)[-1]
    asked_for = whole_turn(shopkeeper, found, "delete everything you know about me")[-1]
    assert found.products and asked_for.products
    erased = whole_turn(shopkeeper, asked_for, "yes, delete everything")[-1]
    assert not erased.profile.everyone and erased.products == ()


def test_a_consultation_opens_as_it_was_left(shopkeeper: Shopkeeper, view: View) -> None:
    last = whole_turn(shopkeeper, view, WISH)[-1]
    again = open_view(shopkeeper, last.session)
    assert again.lines == last.lines
    assert again.products == last.products
    assert again.steps == last.steps


def test_visitors_are_not_among_the_people_to_pick(shopkeeper: Shopkeeper) -> None:
    visitor = open_view(shopkeeper, new_session("en"))
    whole_turn(shopkeeper, visitor, WISH)
    ids = {one for _, one in people(shopkeeper.services)}
    assert visitor.session.visitor not in ids
    assert "C1001" in ids


def test_an_unchanged_view_sends_nothing_and_a_language_switch_sends_the_labels(
    shopkeeper: Shopkeeper, view: View
) -> None:
    view = replace(view, people=people(shopkeeper.services))
    english = frame(view, shopkeeper.services)
    assert changes(english, frame(view, shopkeeper.services)) == {}
    chinese = replace(view, session=replace(view.session, language="zh"))
    changed = changes(english, frame(chinese, shopkeeper.services))
    assert changed["send"]["value"] == "发送"
    assert changed["customer"]["label"] == "顾客"

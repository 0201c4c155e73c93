"""Orders are found by what customers say of them, told in full, and never guessed where two fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.order_talk import JACKET, NOW, SOCKS, TENT, Talk, order

Start = Callable[..., Talk]


@pytest.fixture
def start(agent: Shopkeeper, model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setenv("SHOPKEEPER_NOW", NOW)
    return lambda *orders: Talk(agent, model, tmp_path, orders)


@pytest.fixture
def talk(start: Start) -> Talk:
    return start(
        order(1, "delivered", TENT),
        order(2, "shipped", JACKET, eta="2026-11-24"),
        order(3, "processing", JACKET, SOCKS),
    )


def found(talk: Talk, text: str = "hm", **arguments: Any) -> list[str]:
    """The kind of order ids without what tells the test's customers apart."""
    result = talk.say(text, ("find_orders", arguments)).tools[-1].result
    ids = [result["order"]["id"]] if result["kind"] == "order" else [one["id"] for one in result["orders"]]
    return [one[:4] for one in ids] if result.get("why") != "none" else []


@pytest.mark.parametrize(
    "words", ["the tent", "tnet", "帐篷", "那个黄色的帐篷", "the yellow one", "harbour", "1 person tent"]
)
def test_an_order_is_found_by_what_was_in_it(talk: Talk, words: str) -> None:
    assert found(talk, words=words) == ["ID-1"]


def test_of_several_that_fit_the_reply_names_what_was_in_each_and_asks_which(talk: Talk) -> None:
    turn = talk.say("where is my jacket", ("find_orders", {"words": "jacket"}))
    assert turn.reply.startswith("Which of these orders do you mean?")
    assert turn.reply.index("ID-3") < turn.reply.index("ID-2") and turn.reply.count("Badger") == 2
    assert found(talk, "the second one", order_id="2") == ["ID-2"]


def test_more_words_tell_orders_apart(talk: Talk) -> None:
    assert found(talk, words="the jacket and the socks") == ["ID-3"]
    assert found(talk, words="jacket", order_id="last") == ["ID-3"]
    assert found(talk, words="jacket", status="on its way") == ["ID-2"]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ({"since": "2026-11-02"}, ["ID-3", "ID-2"]),
        ({"until": "2026-11-01"}, ["ID-1"]),
        ({"since": "2026-11"}, ["ID-3", "ID-2", "ID-1"]),
        ({"since": "whenever"}, ["ID-3", "ID-2", "ID-1"]),
        ({"status": "Processing"}, ["ID-3"]),
        ({"since": "2026-12-01"}, []),
        ({"words": "a kayak"}, []),
    ],
)
def test_status_and_time_limit_what_is_found(talk: Talk, arguments: dict[str, str], ids: list[str]) -> None:
    assert found(talk, **arguments) == ids


def test_none_says_so_and_names_the_newest(talk: Talk) -> None:
    reply = talk.say("my kayak", ("find_orders", {"words": "kayak"})).reply
    assert reply.startswith("I can't find such an order") and "ID-3" in reply


def test_a_parcel_that_is_overdue_is_regretted_and_looked_into(talk: Talk) -> None:
    reply = talk.say("where is it", ("find_orders", {"status": "shipped"})).reply
    assert "Cedar Post" in reply and "sorry" in reply and reply.endswith("Shall I have it looked into?")
    assert "sorry" not in talk.say("and the other", ("find_orders", {"words": "socks"})).reply


def test_each_state_tells_what_its_customer_wants_next(start: Start) -> None:
    talk = start(order(1, "delivered", TENT), order(2, "return_requested", JACKET, SOCKS), order(3, "paid", SOCKS))
    said = {status: talk.say("hm", ("find_orders", {"status": status})).reply for status in ("delivered", "paid")}
    assert "delivered on 2026-11-25 by Cedar Post" in said["delivered"]
    assert "can still be changed" in said["paid"]
    refund = talk.say("my refund?", ("find_orders", {"words": "jacket"})).reply
    assert "$73.90" in refund and f"{talk.services.shop.facts['refund_days']} days" in refund


def test_the_refund_told_is_what_was_asked_back(start: Start) -> None:
    talk = start(order(1, "delivered", JACKET, SOCKS))
    talk.say("return the socks", ("return_items", {"items": ["socks"]}))
    talk.say("yes")
    reply = talk.say("what do i get back", ("find_orders", {"order_id": "last"})).reply
    assert "Going back: 1 x Redpoll" in reply and "$14.90" in reply


def test_a_visitor_and_a_stranger_see_nothing(talk: Talk, agent: Shopkeeper, model: ScriptedModel) -> None:
    model.script[:] = [[("find_orders", {"words": "tent"})]]
    assert "sign" in agent.reply("visitor-find", "visitor-find", "my tent").reply
    foreign = talk.services.orders.list("C1002")[0]
    assert foreign.items[0].title not in talk.say("hm", ("find_orders", {"order_id": foreign.id})).reply

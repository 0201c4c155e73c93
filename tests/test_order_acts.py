"""Changes of orders as customers ask for them: which order and items are meant, what is proposed, what a yes does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from tests.order_talk import JACKET, NOW, SOCKS, TENT, Talk, order

Start = Callable[..., Talk]
CANCEL, BACK, MOVE, SWAP, REPORT = "cancel_order", "return_items", "change_address", "exchange_item", "report_problem"
LANE = "14 Rosewood Lane, Salem"


@pytest.fixture
def start(agent: Shopkeeper, model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setenv("SHOPKEEPER_NOW", NOW)
    return lambda *orders: Talk(agent, model, tmp_path, orders)


@pytest.fixture
def both(start: Start) -> Talk:
    """One order that arrived."""
    return start(order(1, "delivered", JACKET, SOCKS))


def meant(turn: Turn) -> str | None:
    """Which order is proposed to be changed, without what tells the test's customers apart."""
    return str(turn.proposal["summary"]["order_id"])[:4] if turn.proposal else None


def titles(turn: Turn, name: str = "items") -> list[str]:
    assert turn.proposal is not None, turn.reply
    return [item["title"] for item in turn.proposal["summary"].get(name, [])]


# ---- which order is meant


def test_the_order_follows_from_what_was_in_it(start: Start) -> None:
    talk = start(order(1, "delivered", TENT), order(2, "delivered", JACKET), order(3, "paid", JACKET))
    assert meant(talk.say("return the tent", (BACK, {"items": ["the tent"]}))) == "ID-1"
    assert meant(talk.say("退掉夹克", (BACK, {"items": ["夹克"]}))) == "ID-2"  # ID-3 has one that cannot go back yet
    assert meant(talk.say("cancel the jacket", (CANCEL, {"items": ["jacket"]}))) == "ID-3"


def test_two_orders_that_fit_are_asked_about_and_the_answer_is_understood(start: Start) -> None:
    talk = start(order(1, "delivered", JACKET), order(2, "delivered", JACKET, SOCKS))
    asked = talk.say("return the jacket", (BACK, {"items": ["jacket"]}))
    assert asked.proposal is None and asked.reply.startswith("Which of these orders")
    assert asked.reply.count("Badger") == 2
    assert meant(talk.say("the older one", (BACK, {"order_id": talk.held()[0].id}))) == "ID-1"


def test_the_order_last_spoken_of_is_meant_else_the_only_one_that_allows_it(start: Start) -> None:
    talk = start(order(1, "paid", TENT), order(2, "paid", JACKET), order(3, "delivered", SOCKS))
    assert talk.say("cancel", (CANCEL, {})).reply.startswith("Which of these orders")
    talk.say("where is the tent", ("find_orders", {"words": "tent"}))
    assert meant(talk.say("cancel it", (CANCEL, {}))) == "ID-1"
    assert meant(talk.say("the socks went wrong", (BACK, {"items": ["socks"]}))) == "ID-3"
    alone = start(order(1, "delivered", TENT), order(2, "paid", JACKET), order(3, "lost", SOCKS))
    assert meant(alone.say("cancel my order", (CANCEL, {}))) == "ID-2"


def test_an_order_that_was_spoken_of_and_forbids_it_is_not_replaced_by_another(start: Start) -> None:
    talk = start(order(1, "paid", TENT), order(2, "shipped", JACKET))
    talk.say("where is the jacket", ("find_orders", {"words": "jacket"}))
    turn = talk.say("cancel it", (CANCEL, {}))
    assert turn.proposal is None and "can no longer be cancelled" in turn.reply


def test_an_id_in_the_message_counts_where_the_call_has_none(start: Start) -> None:
    talk = start(order(1, "paid", TENT), order(2, "paid", JACKET))
    assert meant(talk.say(f"cancel {talk.held()[0].id}", (CANCEL, {}))) == "ID-1"


def test_items_that_no_order_has_are_not_taken_for_others(both: Talk) -> None:
    turn = both.say("return the kayak", (BACK, {"items": ["kayak"]}))
    assert turn.proposal is None and "kayak" in turn.reply and "ID-1" in turn.reply


# ---- a part of an order


def test_what_stays_is_said_and_stays(both: Talk) -> None:
    turn = both.say("return the socks", (BACK, {"items": ["socks"]}))
    assert titles(turn, "kept") == [JACKET[1]] and "You keep: jackets." in turn.reply
    both.say("yes")
    turn = both.say("the jacket too", (BACK, {"items": ["jacket"]}))
    assert titles(turn) == [JACKET[1]] and "keep" not in turn.reply
    both.say("yes")
    assert [item.returned for item in both.held()[0].items] == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "return it but I keep the socks", "not the socks, the rest goes back", "everything except the socks",
        "the jacket goes back. the socks stay", "don't return the socks", "夹克退掉，袜子留着", "除了袜子都退",
    ],
)  # fmt: skip
def test_what_the_message_only_names_to_keep_is_never_in_it(both: Talk, text: str) -> None:
    for items in ([], ["everything"], ["jacket", "socks"]):
        assert titles(both.say(text, (BACK, {"items": items}))) == [JACKET[1]]
    asked = both.say(text, (BACK, {"items": ["socks"]}))
    assert asked.proposal is None


def test_a_reason_to_send_it_back_is_no_wish_to_keep_it(both: Talk) -> None:
    turn = both.say("I don't like the socks and the jacket does not fit", (BACK, {"items": ["socks", "jacket"]}))
    assert sorted(titles(turn)) == sorted([JACKET[1], SOCKS[1]])


def test_items_of_an_order_are_cancelled_and_the_cap_counts_them_all(start: Start) -> None:
    talk = start(order(1, "paid", JACKET, SOCKS))
    turn = talk.say("cancel the socks", (CANCEL, {"items": ["socks"]}))
    assert "The rest stays in the order: jackets." in turn.reply and "$14.90" in turn.reply
    done = talk.say("yes")
    held = talk.held()[0]
    assert (held.status, [item.left for item in held.items]) == ("paid", [1, 0]) and "$14.90" in done.reply
    told = talk.say("what is left", ("find_orders", {"order_id": "last"})).reply
    assert SOCKS[1] not in told and "$14.90" in told and "comes to $59.00" in told
    assert talk.say("cancel the rest", (CANCEL, {})).reply.count("$59.00") == 1
    talk.say("yes")
    assert talk.held()[0].status == "cancelled"
    assert "$73.90" in talk.say("and my money?", ("find_orders", {"order_id": "last"})).reply


# ---- exchange


def test_another_size_is_proposed_done_and_in_the_order_book(both: Talk) -> None:
    turn = both.say("the jacket in L please", (SWAP, {"items": ["jacket"], "size": "large"}))
    assert turn.proposal is not None and turn.proposal["kind"] == "exchange_items"
    assert "navy, M → navy, L" in turn.reply and "socks" in turn.reply
    assert "navy, M → navy, L" in both.say("yes please, swap it").reply
    jacket = both.held()[0].items[0]
    assert (jacket.sku, jacket.size, jacket.instead_of) == ("JKT-1001-NVY-L", "L", "navy, M")
    assert "navy, L in place of navy, M" in both.say("and?", ("find_orders", {"order_id": "last"})).reply


@pytest.mark.parametrize(
    ("wish", "says", "offers"),
    [
        ({"size": "XL"}, "in XL is out of stock", ["navy: L, XXL", "orange: XL"]),
        ({"color": "orange"}, "in orange is out of stock", ["orange: S, XL, XXL", "dark green: M"]),
        ({"size": "XXXXL"}, "does not come in XXXXL", ["navy: L, XXL"]),
        ({}, "You have Badger Men's Rain Jacket in navy, M", ["navy: L, XXL", "orange: S"]),
        ({"size": "m"}, "That is the one you have", []),
    ],
)
def test_what_is_not_there_is_not_proposed_and_what_is_there_is_said(
    both: Talk, wish: dict[str, str], says: str, offers: list[str]
) -> None:
    turn = both.say("swap the jacket", (SWAP, {"items": ["jacket"], **wish}))
    assert turn.proposal is None and says in turn.reply
    assert all(each in turn.reply for each in offers)


def test_of_several_items_an_exchange_asks_which(both: Talk) -> None:
    turn = both.say("one size up", (SWAP, {"size": "L"}))
    assert turn.proposal is None and "Which item" in turn.reply


def test_the_days_for_an_exchange_are_the_shops(start: Start) -> None:
    days = start(order(1, "delivered", JACKET, delivered="2026-10-20")).services.shop.facts
    assert (days["return_days"], days["exchange_days"]) == ("30", "45")
    talk = start(order(1, "delivered", JACKET, delivered="2026-10-20"))
    assert talk.say("return it", (BACK, {})).proposal is None
    assert talk.say("swap for L", (SWAP, {"size": "L"})).proposal is not None
    late = start(order(1, "delivered", JACKET, delivered="2026-09-20")).say("swap", (SWAP, {"size": "L"}))
    assert late.proposal is None and "45 days" in late.reply


# ---- problems


def test_damage_is_regretted_and_a_case_is_opened_once_by_the_yes(both: Talk) -> None:
    asked = both.say("my order came broken", (REPORT, {"problem": "damaged"}))
    assert asked.proposal is None and "Which item" in asked.reply
    turn = both.say("the jacket is torn", (REPORT, {"problem": "damaged", "items": ["jacket"]}))
    assert turn.reply.startswith("I'm sorry") and both.services.shop.facts["support_email"] in turn.reply
    assert not both.services.cases.of_order(both.customer, both.held()[0].id)
    turn = both.say("a new one please", (REPORT, {"problem": "damaged", "items": ["jacket"], "wish": "a new one"}))
    assert "a replacement" in turn.reply
    done = both.say("yes")
    (case,) = both.services.cases.of_order(both.customer, both.held()[0].id)
    assert (case.problem, case.wish, case.status) == ("damaged", "replacement", "open") and case.id in done.reply
    assert "the jacket is torn" in case.words and [item["title"] for item in case.items] == [JACKET[1]]
    again = both.say("the jacket is torn!", (REPORT, {"problem": "damaged", "items": ["jacket"]}))
    assert again.proposal is None and "2026-11-29" in again.reply
    assert "damaged" in both.say("how far is it", ("find_orders", {"order_id": "last"})).reply


def test_a_parcel_that_is_there_on_paper_is_looked_for_first(both: Talk) -> None:
    turn = both.say("it never came", (REPORT, {"problem": "not received"}))
    assert "delivered on 2026-11-25 by Cedar Post" in turn.reply and "neighbours" in turn.reply
    assert turn.proposal is not None and turn.reply.endswith("Shall I open the case?")


def test_a_parcel_that_is_late_is_traced_and_one_that_is_not_is_told(start: Start) -> None:
    talk = start(order(1, "shipped", TENT, eta="2026-12-05"), order(2, "shipped", JACKET))
    early = talk.say("the tent is late", (REPORT, {"problem": "late", "items": ["tent"]}))
    assert early.proposal is None and "expected 2026-12-05" in early.reply
    late = talk.say("the jacket is late", (REPORT, {"problem": "late", "items": ["jacket"]}))
    assert late.proposal is not None and "tracking CP0042" in late.reply and "traced" in late.reply


def test_a_problem_is_told_in_chinese_too(both: Talk) -> None:
    turn = both.say("夹克破了", (REPORT, {"problem": "damaged", "items": ["夹克"], "wish": "refund"}))
    assert "非常抱歉" in turn.reply and "退款" in turn.reply
    assert "编号" in both.say("好的").reply


# ---- amending and lapsing


def test_an_address_is_amended_before_the_yes(start: Start) -> None:
    talk = start(order(1, "paid", TENT))
    talk.say("send it to 12 Rosewood Lane, Salem", (MOVE, {"address": "12 Rosewood Lane, Salem"}))
    turn = talk.say("no, it's number 14", (MOVE, {"address": LANE}))
    assert turn.reply.startswith("All right, order ID-1") and LANE in turn.reply
    talk.say("yes")
    assert talk.held()[0].address == LANE


@pytest.mark.parametrize(
    "text", ["yes, M", "yes but to my office", "yes and the socks too", "no, XL", "no, the blue one"]
)
def test_a_yes_or_no_with_something_else_decides_nothing(both: Talk, text: str) -> None:
    both.say("swap the jacket", (SWAP, {"items": ["jacket"], "size": "L"}))
    turn = both.say(text, ("find_answer", {"question": "sizes"}))
    assert turn.tools and both.held()[0].items[0].size == "M"
    proposal = both.services.proposals.last(both.consultation)
    assert proposal is not None and proposal.status in ("pending", "lapsed")


def test_a_proposal_waits_while_it_is_asked_about(both: Talk) -> None:
    both.say("return the socks", (BACK, {"items": ["socks"]}))
    between = both.say("how long do returns take?", ("find_answer", {"question": "how long can I return things"}))
    assert between.proposal is not None
    both.say("yes")
    assert both.held()[0].status == "return_requested"


def test_it_waits_for_two_messages_and_no_longer(both: Talk) -> None:
    both.say("return the socks", (BACK, {"items": ["socks"]}))
    for _ in range(2):
        turn = both.say("and when?", ("find_answer", {"question": "how long can I return things"}))
    assert turn.proposal is None
    both.say("yes", ("find_orders", {"order_id": "last"}))
    lapsed = both.services.proposals.last(both.consultation)
    assert lapsed is not None and lapsed.status == "lapsed" and both.held()[0].status == "delivered"


def test_whoever_turns_to_something_else_confirms_nothing_by_a_later_yes(both: Talk) -> None:
    both.say("return the socks", (BACK, {"items": ["socks"]}))
    turn = both.say("show me boots", ("search_products", {"query": "boots"}))
    assert turn.proposal is None
    both.say("ok great", ("search_products", {"query": "boots"}))
    assert both.held()[0].status == "delivered"

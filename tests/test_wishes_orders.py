"""What is wanted of things that were ordered, over several messages: exchanges, returns, addresses, and their yes."""

import pytest

from agent.models.profile import TUNED
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from tests.order_talk import NOW
from tests.told_wishes import Told, called, say

BOOTS = "C1057"  # has olive Gannet boots in 39, and two red Voe cook sets
POTS = "one of the two red voe cook sets goes back"


@pytest.fixture
def model(told: Told) -> ScriptedModel:
    return ScriptedModel(guidance=TUNED)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_NOW", NOW)


def swapped(turn: Turn) -> tuple[str, str]:
    """The color and size that are proposed."""
    assert turn.proposal is not None and turn.proposal["kind"] == "exchange_items", turn.reply
    (to,) = turn.proposal["summary"]["to"]
    return to["color"], to["size"]


def test_an_exchange_that_is_amended_keeps_what_was_asked_for_before(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " amends"
    assert swapped(say(agent, told, "the gannet boots in 40 please", "exchange", customer=BOOTS)) == ("olive", "40")
    assert swapped(say(agent, told, "and in grey", "exchange", customer=BOOTS)) == ("grey", "40")
    brown = say(agent, told, "no, brown. my cousin wears the grey", "exchange", "no", customer=BOOTS)
    assert swapped(brown) == ("brown", "40")
    larger = say(agent, told, "one size larger after all", "exchange", customer=BOOTS)
    assert swapped(larger) == ("brown", "40")
    assert swapped(say(agent, told, "颜色就不换了", "exchange", customer=BOOTS)) == ("olive", "40")


def test_which_colors_there_are_is_told_and_the_size_holds_on(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " colors"
    asked = say(agent, told, "which colours do the gannet boots come in one size up?", "exchange", customer=BOOTS)
    assert asked.proposal is None and "grey: 40" in asked.reply and "41" not in asked.reply
    assert swapped(say(agent, told, "swap them for grey then", "exchange", customer=BOOTS)) == ("grey", "40")


def test_a_color_that_does_not_exist_is_not_held_on_to(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " black"
    assert say(agent, told, "gannet boots in black, 40", "exchange", customer=BOOTS).proposal is None
    assert swapped(say(agent, told, "41 then", "exchange", customer=BOOTS)) == ("olive", "41")


def test_what_does_not_fit_is_named_and_not_denied(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " unfit"
    turn = say(agent, told, "the boots from november are too small. in 40?", "exchange", customer=BOOTS)
    assert swapped(turn) == ("olive", "40") and called(turn)[0][1]["items"] == ["boots"]


def returned(turn: Turn) -> int:
    """How many pieces are proposed to be sent back."""
    assert turn.proposal is not None and turn.proposal["kind"] == "return_items", turn.reply
    return sum(item["quantity"] for item in turn.proposal["summary"]["items"])


@pytest.mark.parametrize("fewer", ["never mind, only send back one of them", "算了 退一件就够了"])
def test_fewer_pieces_than_were_proposed_are_no_decline(agent: Shopkeeper, told: Told, fewer: str) -> None:
    told.consultation = f" fewer {fewer}"
    assert returned(say(agent, told, "the voe cook sets, return both", "return", customer=BOOTS)) == 2
    turn = say(agent, told, fewer, "no", customer=BOOTS)
    assert returned(turn) == 1 and turn.proposal["summary"]["amount"] == 190  # type: ignore[index]


def test_a_yes_that_comes_late_is_asked_for_again(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " late"
    assert returned(say(agent, told, POTS, "return", customer=BOOTS)) == 1
    say(agent, told, "a headlamp up to 40", "search", customer=BOOTS)
    again = say(agent, told, "right, do that", "yes", customer=BOOTS)
    assert returned(again) == 1 and again.reply.endswith("?")
    assert called(again)[0][1]["reason"] == POTS
    say(agent, told, "no thanks", "no", customer=BOOTS)
    assert say(agent, told, "right, do that", "yes", customer=BOOTS).proposal is None  # it was declined


def test_no_with_another_color_amends_and_with_the_own_one_declines(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " other color"
    say(agent, told, "the gannet boots in grey please", "exchange", customer=BOOTS)
    assert swapped(say(agent, told, "nope, in brown", "no", customer=BOOTS)) == ("brown", "39")
    assert say(agent, told, "no, i keep my olive ones", "no", customer=BOOTS).proposal is None


def test_a_question_about_the_very_item_leaves_it_waiting(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " weight"
    say(agent, told, POTS, "return", customer=BOOTS)
    assert returned(say(agent, told, "how heavy is it?", "product", customer=BOOTS)) == 1
    other = say(agent, told, "how heavy is the Gannet Women's Leather Trekking Boot?", "product", customer=BOOTS)
    assert other.proposal is None


def test_talk_before_a_yes_that_names_the_act_takes_nothing_from_it(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " talk"
    customer = "C1060"
    say(agent, told, "send the family tent back", "return", customer=customer)
    unclear = say(agent, told, "i might need two of those. yes return it", "return", customer=customer)
    assert unclear.proposal is not None
    done = say(agent, told, "i am never going to carry that. yes return it", "talk", customer=customer)
    assert done.proposal is None and "set up" in done.reply


def test_an_address_is_for_the_order_that_the_message_tells_by_an_item(
    agent: Shopkeeper, model: ScriptedModel, told: Told
) -> None:
    told.consultation, customer = " parents", "C1275"
    say(agent, told, "which order had the alpine pack 35?", "orders", customer=customer)
    place = "3 Hill Street, Bend, OR 97701"
    model.script[:] = [[("change_address", {"address": place})]]
    turn = say(
        agent, told, f"has the order with the family tent left? send it to {place}", "address", customer=customer
    )
    assert turn.proposal is not None and turn.proposal["summary"]["order_id"] == "AP-10788"
    talk = say(agent, told, "oh no, number 5, I always mix them up", "talk", customer=customer)
    assert talk.proposal is not None and talk.proposal["summary"]["address"] == "5 Hill Street, Bend, OR 97701"
    other = say(agent, told, "is number 2 of the tents heavy?", "product", customer=customer)
    assert "change_address" not in dict(called(other))


def test_after_a_cancellation_the_money_is_that_of_what_was_cancelled(agent: Shopkeeper, told: Told) -> None:
    told.consultation, customer, asked = " money", "C1203", "how many days until I have the money?"
    assert say(agent, told, asked, "answer", customer=customer).template == "refund-time"
    say(agent, told, "取消最近那单的裤子", "cancel", customer=customer)
    assert say(agent, told, asked, "answer", customer=customer).template == "refund-cancelled"
    assert say(agent, told, "do you wrap gifts?", "answer", customer=customer).template == "gift-wrap"


def test_whether_a_later_day_is_in_time_changes_nothing(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " in time"
    asked = "if i want the gannet boots in another size on december 20th, would that be in time?"
    turn = say(agent, told, asked, "exchange", customer=BOOTS)
    assert turn.proposal is None and [name for name, _ in called(turn)] == ["find_answer"]
    asked = "if i send the gannet boots back on december 5th, am i still in time?"
    assert [name for name, _ in called(say(agent, told, asked, "return", customer=BOOTS))] == ["find_orders"]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("hm right. ok go ahead w the grey", "yes"),
        ("Yes, please do. How long does the new pair take?", "answer"),
        ("no, leave it like that. please go ahead", "no"),
    ],
)
def test_a_yes_with_more_that_changes_nothing_carries_out_what_waits(
    agent: Shopkeeper, told: Told, text: str, wish: str
) -> None:
    told.consultation = f" more {wish}"
    asked = {
        "yes": ("exchange", "the gannet boots in grey please"),
        "answer": ("exchange", "the gannet boots in brown"),
    }
    kind, first = asked.get(wish, ("return", POTS))
    assert say(agent, told, first, kind, customer=BOOTS).proposal is not None
    turn = say(agent, told, text, wish, customer=BOOTS)
    assert turn.proposal is None and " is set up: 1 x " in turn.reply


@pytest.mark.parametrize(
    "text", ["yes and the boots too", "ok but both cook sets", "is it ok to go ahead with the cook set?"]
)
def test_a_yes_with_more_that_may_change_it_carries_nothing_out(agent: Shopkeeper, told: Told, text: str) -> None:
    told.consultation = f" changes {text}"
    say(agent, told, POTS, "return", customer=BOOTS)
    assert "set up" not in say(agent, told, text, "return", customer=BOOTS).reply

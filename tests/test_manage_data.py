"""What customers decide about their data in a consultation: stop, resume, a copy, erasure by their yes, gifts."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agent.models.scripted import Answer, ScriptedModel
from agent.orders.confirm import read_answer
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import NotFound
from profiles.events.left_out import left_out
from profiles.privacy.audit import Act, Audit
from profiles.privacy.keys import customer_key
from profiles.privacy.purposes import Purpose
from profiles.storage.database import reading
from tests.agent_shop import change, noting, opened, small_shop
from ui.page.consultation import opened as opened_view
from ui.page.frame import frame
from ui.session import new_session

ANNA, BEN, CARL, DORA = "C1002", "C1003", "C1005", "C1006"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shopkeeper]:
    """Of a shop of its own: customers are erased from it."""
    folder = tmp_path_factory.mktemp("data")
    shop = small_shop(folder, (ANNA, BEN, CARL, DORA))
    with opened(shop, folder / "state", f"sqlite:///{folder / 'profiles.db'}") as agent:
        yield agent


class Talk:
    """A consultation of its own."""

    def __init__(self, agent: Shopkeeper, customer: str = ANNA) -> None:
        self.agent, self.customer, self.consultation = agent, customer, f"data-{next(_numbers)}"

    def say(self, text: str, *answers: Answer) -> Turn:
        model = self.agent._model
        assert isinstance(model, ScriptedModel)
        model.script[:] = answers
        return self.agent.reply(self.customer, self.consultation, text)

    def manage(self, text: str, **arguments: object) -> Turn:
        return self.say(text, [("manage_data", arguments)])


def allowed(agent: Shopkeeper, customer: str, purpose: Purpose) -> bool:
    return agent.services.profiles.allows(customer, purpose)


@pytest.mark.parametrize("customer", [ANNA, "visitor-stop"])
def test_after_stop_nothing_is_noted_until_they_resume(agent: Shopkeeper, customer: str) -> None:
    talk = Talk(agent, customer)
    before = {purpose: allowed(agent, customer, purpose) for purpose in Purpose}
    stopped = talk.manage("stop remembering things about me", action="stop")
    assert "note nothing about you" in stopped.reply and not stopped.gate["blocked"]
    assert not allowed(agent, customer, Purpose.SERVICE) and not allowed(agent, customer, Purpose.PROFILING)
    noted = talk.say("I wear M", [noting(change("I wear M", "size", "M"))])
    assert not noted.profile["added"] and "does not agree" in noted.tools[0].result["refused"][0]["reason"]
    resumed = talk.manage("ok you may remember again", action="Resume")
    assert "remember again" in resumed.reply
    assert {purpose: allowed(agent, customer, purpose) for purpose in Purpose} == before
    assert talk.say("I wear M", [noting(change("I wear M", "size", "M"))]).profile["added"]


def test_a_copy_is_told_where_and_not_dumped(agent: Shopkeeper) -> None:
    told = Talk(agent).manage("send me all the data you have on me", action="export")
    assert "support" in told.reply and told.tools[0].result == {"kind": "data", "action": "export"}
    assert told.reply != Talk(agent).manage("把你们有的我的资料给我一份", action="export").reply


@pytest.mark.parametrize("customer", [CARL, "visitor-gone"])
def test_everything_goes_by_their_yes_and_the_reply_is_still_given(agent: Shopkeeper, customer: str) -> None:
    earlier = Talk(agent, customer)
    earlier.say("I wear M", [noting(change("I wear M", "size", "M"))])
    talk = Talk(agent, customer)
    proposed = talk.manage("delete everything you know about me", action="erase")
    assert proposed.proposal and proposed.proposal["kind"] == "erase_data"
    assert "cannot be undone" in proposed.reply and "Shall I go ahead?" in proposed.reply
    assert ("Your orders" in proposed.reply) is (customer == CARL) and not proposed.gate["blocked"]
    assert agent.services.profiles.read(customer).of("size")  # nothing yet
    done = talk.say("yes, delete everything")
    number = done.reply.partition("receipt is ")[2].partition(".")[0]
    assert "everything we knew about you is deleted" in done.reply and number
    assert agent.services.profiles.erased_among([customer]) == {customer}
    assert not agent.services.profiles.history(customer)
    assert agent.messages(talk.consultation) == agent.messages(earlier.consultation) == []
    assert not agent.services.orders.list(customer)
    key = customer_key(customer, agent.services.profiles.salt or b"")
    assert key.startswith(number) and Audit(agent.services.profiles.engine).of([key])[-1].act is Act.ERASED
    with pytest.raises(NotFound):
        talk.say("hello?")


def test_a_no_or_another_act_leaves_everything(agent: Shopkeeper) -> None:
    talk = Talk(agent, BEN)
    talk.manage("delete all my data", action="erase")
    assert talk.say("no, keep it").reply == "All right, I've left everything as it was."
    talk.manage("delete all my data", action="erase")
    assert read_answer("cancel it", "en", kind="erase_data") == "unclear"
    assert not agent.services.profiles.erased_among([BEN])


@pytest.mark.parametrize(
    ("words", "language"),
    [("yes delete it all", "en"), ("好的，都删掉", "zh"), ("sí, bórralo todo", "es"), ("ja, alles löschen", "de")],
)
def test_a_yes_may_name_the_deed(words: str, language: str) -> None:
    assert read_answer(words, language, kind="erase_data") == "yes"


def test_a_gift_is_left_out_by_what_was_in_it(agent: Shopkeeper) -> None:
    services, talk = agent.services, Talk(agent)
    order = services.orders.list(ANNA)[0]
    title = order.items[0].title
    told = talk.manage(f"the {title} was a gift, don't go by it", action="exclude_order", words=title)
    if told.tools[0].ok:
        assert told.tools[0].result["order_id"] in told.reply and not told.gate["blocked"]
    by_id = talk.manage(f"{order.id} was a gift", action="exclude_order", order_id=order.id.lower())
    assert by_id.tools[0].ok and order.id in by_id.reply
    with reading(services.profiles.engine) as connection:
        assert order.id in left_out(connection, [ANNA])[ANNA]
    assert [line.act for line in Audit(services.profiles.engine).of([ANNA])][-1] is Act.CHANGED


def test_which_gift_is_asked_where_it_is_not_clear(agent: Shopkeeper) -> None:
    talk = Talk(agent)
    unclear = talk.manage("that was a present", action="exclude_order")
    assert (
        unclear.reply.startswith("Which order shall I leave out of what I know of you: AP-") and not unclear.tools[0].ok
    )
    other = agent.services.orders.list(BEN)[0].id
    foreign = talk.manage(f"{other} was a gift", action="exclude_order", order_id=other)
    assert not foreign.tools[0].ok and "can't find" in foreign.reply
    visitor = Talk(agent, "visitor-gift").manage("that was a gift", action="exclude_order", words="boots")
    assert "signed in" in visitor.reply


def test_the_page_shows_what_would_go(agent: Shopkeeper) -> None:
    talk = Talk(agent, "visitor-page")
    talk.say("I wear M", [noting(change("I wear M", "size", "M"))])
    proposed = talk.manage("delete my data", action="erase")
    view = replace(opened_view(agent, new_session("en")), proposal=proposed.proposal)
    shown = frame(view, agent.services)["proposal"]["value"]
    assert "Delete everything" in shown and "Noted things that go" in shown

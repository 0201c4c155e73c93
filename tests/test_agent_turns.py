"""What the agent promises in a turn, whatever the model asks for: profile, search, orders, gate, handoff."""

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.messages.tool import invalid_tool_call
from pydantic import TypeAdapter, ValidationError

from agent.cli import RedactingFormatter
from agent.context import Services
from agent.models.scripted import Answer, ScriptedModel
from agent.replies.phrases import Phrases
from agent.shopkeeper import Shopkeeper
from agent.turn import Delta, Turn
from errors import ModelError, NotFound, StorageError
from retrieval.search import Retriever
from tests.agent_shop import StreamingModel, change, keeper, noting, words_of

ANNA, BEN = "C1002", "C1003"  # their newest orders can still be cancelled
_numbers = itertools.count()


def _validation_error() -> ValidationError:
    try:
        TypeAdapter(int).validate_python("x")
    except ValidationError as error:
        return error
    raise AssertionError


class Talk:
    """A consultation of its own: each message with what the model answers to it."""

    def __init__(self, agent: Shopkeeper, model: ScriptedModel, customer: str) -> None:
        self.agent, self.model, self.customer = agent, model, customer
        self.consultation = f"talk-{next(_numbers)}"

    def say(self, text: str, *answers: Answer) -> Turn:
        self.model.script[:] = answers
        turn = self.agent.reply(self.customer, self.consultation, text)
        assert not self.model.script, "the model was asked less often than the test thought"
        return turn


def _held(talk: Talk) -> list[tuple[str, object]]:
    return [(t.attribute, t.value) for t in talk.agent.services.profiles.read(talk.customer).traits]


@pytest.fixture
def anna(agent: Shopkeeper, model: ScriptedModel) -> Talk:
    return Talk(agent, model, ANNA)


@pytest.fixture
def visitor(agent: Shopkeeper, model: ScriptedModel) -> Talk:
    return Talk(agent, model, f"visitor-{next(_numbers)}")


def test_a_wish_is_noted_with_quotes_and_a_dislike_stays_out_of_the_results(visitor: Talk) -> None:
    turn = visitor.say(
        "a warm jacket for at most $150, no wool please",
        [
            noting(change("at most $150", "budget", 150), change("no wool", "material", "wool", "dislike")),
            ("search_products", {"query": "warm jacket", "category": "jackets", "max_price": 150}),
        ],
    )
    quotes = {trait["attribute"]: trait["evidence"][0]["quote"] for trait in turn.profile["added"]}
    assert quotes == {"budget": "at most $150", "material": "no wool"}
    assert turn.products
    for product in turn.products:
        assert product["price"] <= 150
        assert not any("wool" in material for material in product["facets"]["material"])


def test_what_is_disliked_by_another_name_than_the_catalogues_stays_out_too(visitor: Talk) -> None:
    assert visitor.agent.services.schema.attributes["need"].facet == "features"
    search = ("search_products", {"query": "jacket", "category": "jackets"})
    disliked = visitor.say("a jacket", [search]).products[0]["facets"]["features"][0]
    turn = visitor.say(f"not {disliked}", [noting(change(f"not {disliked}", "need", disliked, "dislike")), search])
    assert turn.products
    assert not any(disliked in product["facets"]["features"] for product in turn.products)


def test_what_a_message_rules_out_stays_out_even_if_the_model_forgets_to_note_it(visitor: Talk) -> None:
    turn = visitor.say("a jacket, no wool please", [("search_products", {"query": "jacket", "category": "jackets"})])
    assert turn.products
    assert not any("wool" in material for product in turn.products for material in product["facets"]["material"])


def test_a_new_budget_supersedes_the_old_one_and_holds_for_later_searches(visitor: Talk) -> None:
    visitor.say("boots up to $90", [noting(change("up to $90", "budget", 90))])
    turn = visitor.say("make it 120", [noting(change("120", "budget", 120)), ("search_products", {"query": "boots"})])
    assert [trait["value"] for trait in turn.profile["superseded"]] == [90.0]
    assert _held(visitor) == [("budget", 120.0)]
    assert turn.tools[-1].result["filters"]["max_price"] == 120


def test_words_the_customer_never_said_are_not_noted(visitor: Talk) -> None:
    turn = visitor.say("hello", [noting(change("I love red", "color", "red", "like"))])
    assert not turn.profile["added"]
    assert "did not say" in turn.tools[0].result["refused"][0]["reason"]


def test_membership_cannot_be_talked_into_the_profile(anna: Talk) -> None:
    before = _held(anna)
    turn = anna.say("set my tier to vip", [noting(change("tier to vip", "member_tier", "vip"))])
    assert not turn.profile["added"]
    assert turn.reply
    assert _held(anna) == before


def test_filters_that_leave_nothing_are_dropped_and_named(visitor: Talk) -> None:
    search = {"query": "tent", "category": "tents", "brand": "no such brand", "color": "pink", "max_price": 5000}
    turn = visitor.say("a pink tent by nobody", [("search_products", search)])
    dropped = turn.tools[0].result["dropped"]
    assert "brand no such brand" in dropped
    assert not turn.products or all(name.split()[1] in turn.reply for name in dropped)


def test_an_answer_fills_its_slots_in_the_customers_language(visitor: Talk, services: Services) -> None:
    turn = visitor.say("你们支持退货吗？", [("find_answer", {"question": "你们支持退货吗？"})])
    assert turn.language == "zh"
    assert services.shop.facts["return_days"] in turn.reply
    assert "{" not in turn.reply


def test_a_cancellation_is_proposed_and_done_once_after_the_yes(anna: Talk) -> None:
    orders = anna.agent.services.orders
    order = orders.get(ANNA, "last")
    proposed = anna.say("cancel my last order", [("cancel_order", {"order_id": "last"})])
    assert proposed.proposal is not None
    assert order.id in proposed.reply
    assert orders.get(ANNA, order.id).status == order.status
    done = anna.say("yes please")
    assert orders.get(ANNA, order.id).status == "cancelled"
    assert done.proposal is None
    again = anna.say("yes please")
    assert "already" in again.reply
    assert done.usage["model_calls"] == again.usage["model_calls"] == 0


def test_a_no_leaves_the_order_alone(agent: Shopkeeper, model: ScriptedModel) -> None:
    ben = Talk(agent, model, BEN)
    order = agent.services.orders.get(BEN, "last")
    ben.say("cancel it", [("cancel_order", {"order_id": "last"})])
    turn = ben.say("no, leave it")
    assert turn.proposal is None
    assert agent.services.orders.get(BEN, "last") == order


def test_another_customers_order_is_not_found_like_one_that_does_not_exist(anna: Talk, services: Services) -> None:
    foreign = services.orders.get(BEN, "last")
    replies = [
        anna.say(f"where is {order_id}?", [("get_order", {"order_id": order_id})]).reply.replace(order_id, "ID")
        for order_id in (foreign.id, "AP-99999")
    ]
    assert replies[0] == replies[1]
    assert foreign.items[0].title not in replies[0]


def test_an_order_number_that_nobody_said_is_read_from_the_message(anna: Talk, services: Services) -> None:
    own = services.orders.list(ANNA)[1]
    turn = anna.say(f"what about {own.id}", [("get_order", {"order_id": "AP-12345"})])
    assert own.id in turn.reply


def test_a_visitor_is_asked_to_sign_in_before_orders_are_read(visitor: Talk) -> None:
    turn = visitor.say("my orders", [("list_orders", {})])
    assert not turn.tools[0].ok
    assert "sign" in turn.reply


def test_forgetting_retracts_and_stays_retracted(visitor: Talk) -> None:
    visitor.say("I hate wool", [noting(change("hate wool", "material", "wool", "dislike"))])
    turn = visitor.say("forget the wool", [noting(change("wool", "material", "wool", "forget"))])
    assert [trait["value"] for trait in turn.profile["retracted"]] == ["wool"]
    assert not _held(visitor)


def test_forgetting_what_is_not_known_says_so(visitor: Talk) -> None:
    assert "nothing" in visitor.say("forget the wool", [noting(change("wool", "material", "wool", "forget"))]).reply


def test_after_a_handoff_the_agent_keeps_quiet_and_a_person_finds_a_summary(visitor: Talk) -> None:
    visitor.say("I hate wool", [noting(change("hate wool", "material", "wool", "dislike"))])
    turn = visitor.say("a human, please", [("hand_off", {"reason": "asked for a person"})])
    assert turn.handoff
    assert visitor.say("hello?").reply == ""
    summary = next(h for h in visitor.agent.services.handoffs.waiting() if h.consultation == visitor.consultation)
    assert "I hate wool" in summary.summary
    assert "dislikes material wool" in summary.summary


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_an_empty_message_gets_a_question_and_costs_no_model_call(visitor: Talk, text: str) -> None:
    turn = visitor.say(text)
    assert turn.reply
    assert turn.usage["model_calls"] == 0


def test_an_endless_message_is_refused_and_not_kept(visitor: Talk, services: Services) -> None:
    turn = visitor.say("word " * 4000)
    assert str(services.shop.limits.message_chars) in turn.reply
    assert len(str(visitor.agent.messages(visitor.consultation)[0].content)) < 1000


def test_arguments_that_fit_no_tool_are_told_and_change_nothing(visitor: Talk) -> None:
    turn = visitor.say("hm", [("search_products", {"sort": "sideways"}), ("update_profile", {"changes": "x"})])
    assert [step.ok for step in turn.tools] == [False, False]
    assert turn.reply


@pytest.mark.parametrize(
    "arguments",
    [{"order": "last"}, {}, {"order_id": "last", "colour": "red"}],
)
def test_arguments_that_a_tool_does_not_have_are_the_models_mistake_and_no_errors_of_ours(
    anna: Talk, arguments: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    turn = anna.say("hm", [("get_order", arguments)])
    assert [step.ok for step in turn.tools] == [False] and turn.tools[0].result["kind"] == "failed"
    assert turn.reply and not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_arguments_that_say_nothing_are_as_if_left_out(visitor: Talk) -> None:
    left_open: dict[str, Any] = {"query": "tent", "color": "", "brand": None, "where": {"gender": ""}, "not": {}}
    turn = visitor.say("a tent", [("search_products", left_open)])
    assert turn.tools[-1].ok and turn.tools[-1].result["hits"]
    assert not turn.tools[-1].result.get("dropped")


@pytest.mark.parametrize(
    "error",
    [StorageError("disk full"), TypeError("unsupported operand"), _validation_error(), KeyError("x"), ModelError("no")],
)
def test_an_error_of_ours_in_a_tool_is_logged_with_its_place_and_told_as_a_failure(
    visitor: Talk, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Retriever, "search", broken)
    turn = visitor.say("a jacket", [("search_products", {"query": "jacket"})])
    assert turn.reply == visitor.agent.services.phrases.say("failed", "en")
    assert turn.tools[0].result["kind"] == "failed"
    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    line = RedactingFormatter().format(record)
    assert "search_products" in line and "in broken" in line and type(error).__name__ in line
    assert "disk full" not in line


def test_a_call_that_was_cut_off_is_answered_with_words_and_leaves_nothing_behind(visitor: Talk) -> None:
    search = ("search_products", {"query": "jacket"})
    visitor.say("a jacket", [search])
    cut = invalid_tool_call(name=None, args='{"name": "update_pro', id="cut", error=None)
    turn = visitor.say("and another", AIMessage("", invalid_tool_calls=[cut]))
    assert turn.reply and not turn.tools
    turn = visitor.say("a jacket again", [search])
    assert [step.name for step in turn.tools] == ["search_products"]
    assert turn.products


def test_without_a_model_search_and_answers_still_work_and_say_so(visitor: Talk) -> None:
    turn = visitor.say("a two person tent", ModelError("the server is gone"))
    assert turn.products
    assert "language model" in turn.reply
    turn = visitor.say("how long can I return things?", ModelError("the server is gone"))
    assert turn.template


def test_an_unknown_customer_is_an_error_that_names_some(agent: Shopkeeper) -> None:
    with pytest.raises(NotFound, match="no customer 'nobody'"):
        agent.reply("nobody", "x", "hi")


def test_no_message_reads_the_ids_of_all_customers(anna: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(type(anna.agent.services.profiles), "customers")
    assert anna.say("hi", "Hello!").reply == "Hello!"


def test_a_consultation_is_its_customers_own(agent: Shopkeeper, anna: Talk) -> None:
    anna.say("hi", "Hello!")
    with pytest.raises(NotFound, match="has no consultation"):
        agent.reply(BEN, anna.consultation, "what did I say?")


def test_the_model_sees_the_profile_as_it_was_when_the_consultation_began(visitor: Talk) -> None:
    visitor.say("hi", "Hello! How can I help?")
    visitor.say("I hate wool", [noting(change("hate wool", "material", "wool", "dislike"))])
    visitor.say("ok", "Anything else?")
    first, *_, last = visitor.model.seen
    assert [m.content for m in last][: len(first)] == [m.content for m in first]  # a prefix: the cache holds


class TestFreeReplies:
    """A shop whose model writes its own replies: the gate stands before each."""

    @pytest.fixture
    def talk(self, services: Services, model: ScriptedModel) -> Iterator[Talk]:
        free = replace(services, shop=replace(services.shop, replies="free"))
        with keeper(free, model) as agent:
            yield Talk(agent, model, f"visitor-{next(_numbers)}")

    def test_a_reply_with_evidence_leaves_as_it_is(self, talk: Talk) -> None:
        search = [("search_products", {"query": "tent", "category": "tents"})]
        turn = talk.say("a tent", search, "Here are some tents for you.")
        assert turn.reply == "Here are some tents for you."

    def test_an_invented_price_is_written_once_more_and_then_replaced(self, talk: Talk) -> None:
        search = [("search_products", {"query": "tent", "category": "tents"})]
        turn = talk.say("a tent", search, "It costs $3.33 only!", "As I said, $3.33.")
        assert "3.33" not in turn.reply
        assert turn.gate["blocked"] >= 2
        assert turn.products[0]["title"] in turn.reply

    def test_a_model_that_only_calls_tools_is_answered_for(self, talk: Talk) -> None:
        search = [("search_products", {"query": "tent", "category": "tents"})]
        turn = talk.say("a tent", search, search, search)
        assert turn.products[0]["title"] in turn.reply

    def test_blocked_words_are_never_streamed(self, talk: Talk) -> None:
        talk.model.script[:] = ["You get 77 % off today.", "Really, 77 %!"]
        events = list(talk.agent.stream(talk.customer, talk.consultation, "any deals?"))
        shown = "".join(event.text for event in events if isinstance(event, Delta))
        assert "77" not in shown
        kept = [str(message.text) for message in talk.agent.messages(talk.consultation)[1:]]
        assert not any("77" in words for words in kept)


class TestStreams:
    """Whoever reads the stream has at its end what the turn says."""

    @pytest.fixture(params=["strict", "free"])
    def talk(self, request: pytest.FixtureRequest, services: Services) -> Iterator[Talk]:
        shop = replace(services.shop, replies=request.param)
        model = StreamingModel()
        with keeper(replace(services, shop=shop), model) as agent:
            yield Talk(agent, model, f"visitor-{next(_numbers)}")

    @pytest.mark.parametrize(
        "answers",
        [
            ["Hello there. How can I help?"],
            [("Let me look. One moment.", [("search_products", {"query": "tent"})]), "Here it is. See below."],
            ["We are open. You get 77 % off today. Really.", "It is 77 % off!"],
            [("A moment.", [("search_products", {"query": "tent"})]), "Good news. It costs $3.33!", "Yes. $3.33."],
            [("", [("hand_off", {"reason": "asked"})]), "A person takes over. It costs $3.33."],
        ],
        ids=["words", "words before a call", "a sentence blocked", "a call, then a sentence blocked", "a handoff"],
    )
    def test_the_words_add_up_to_the_reply(self, talk: Talk, answers: Sequence[Answer]) -> None:
        talk.model.script[:] = answers
        events = list(talk.agent.stream(talk.customer, talk.consultation, "a tent?"))
        turn = events[-1]
        assert isinstance(turn, Turn) and turn.reply
        assert words_of(events) == turn.reply
        assert "77" not in words_of(events) and "3.33" not in words_of(events)


class TestComposedReplies:
    """What code writes is held to the same evidence as what the model writes."""

    def speaking(self, services: Services, **phrases: str) -> Services:
        told = services.phrases.texts
        wrong = {**told["en"], **{key: (text,) for key, text in phrases.items()}}
        return replace(services, phrases=Phrases({**told, "en": wrong}))

    def test_a_paragraph_without_evidence_is_logged_and_left_out(
        self, services: Services, model: ScriptedModel, caplog: pytest.LogCaptureFixture
    ) -> None:
        wrong = self.speaking(services, found_many="Each costs $3.33.")
        calls = [
            noting(change("red", "color", "red", "like")),
            ("get_profile", {}),
            ("search_products", {"query": "tent"}),
        ]
        with keeper(wrong, model) as agent:
            turn = Talk(agent, model, f"visitor-{next(_numbers)}").say("a red tent", calls)
        assert "3.33" not in turn.reply and "red" in turn.reply
        assert turn.reply.endswith(services.phrases.say("unsupported", "en"))
        assert turn.gate["blocked"] == 1
        (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
        assert "products" in record.getMessage() and "1 of" in record.getMessage()

    def test_where_nothing_is_left_the_reply_says_so(self, services: Services, model: ScriptedModel) -> None:
        wrong = self.speaking(services, found_many="Each costs $3.33.", small_talk="It arrives on Friday, $5 off.")
        with keeper(wrong, model) as agent:
            talk = Talk(agent, model, f"visitor-{next(_numbers)}")
            for answers in ([[("search_products", {"query": "tent"})]], ["It costs $9.99."]):
                assert talk.say("a tent", *answers).reply == services.phrases.say("unsupported", "en")

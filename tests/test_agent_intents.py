"""What the agent does about intents and questions in a conversation, on the demo shop with a scripted model."""

import itertools

import pytest
from langchain_core.messages import SystemMessage

from agent.context import Services
from agent.models.scripted import Answer, ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from profiles.intents.intent import Intent, State
from profiles.intents.reads import read_intents
from tests.agent_shop import change, keeper, noting

_numbers = itertools.count()


@pytest.fixture
def talk(agent: Shopkeeper, model: ScriptedModel) -> "Talk":
    return Talk(agent, model)


class Talk:
    """One customer's consultations; `again` begins the next."""

    def __init__(self, agent: Shopkeeper, model: ScriptedModel) -> None:
        self.agent, self.model = agent, model
        self.customer = f"visitor-i{next(_numbers)}"
        self.again()

    def again(self) -> None:
        self.consultation = f"intents-{next(_numbers)}"

    def say(self, text: str, *answers: Answer) -> Turn:
        self.model.script[:] = answers
        return self.agent.reply(self.customer, self.consultation, text)

    @property
    def intents(self) -> tuple[Intent, ...]:
        return read_intents(self.agent.services.profiles, self.customer)

    @property
    def card(self) -> str:
        first = next(m for m in self.model.seen[-1] if isinstance(m, SystemMessage) and "Customer: " in str(m.content))
        return str(first.content)


def search(query: str, **asked: str | float) -> list[tuple[str, dict[str, str | float]]]:
    return [("search_products", {"query": query, **asked})]


JACKET = search("warm jacket", category="jackets", color="dark green", max_price=200)


def test_a_search_opens_an_intent_and_the_next_one_refines_it_slot_by_slot(talk: Talk) -> None:
    talk.say("a warm dark green jacket up to $200", JACKET)
    (intent,) = talk.intents
    assert intent.state is State.OPEN
    assert intent.values == {"product": "jackets", "color": "dark green", "max_price": "200", "query": "warm jacket"}
    assert {slot.name: slot.evidence[-1].quote for slot in intent.slots}["color"] == "dark green"
    talk.say("any colour, but size M", search("warm jacket", category="jackets", size="M", max_price=200))
    (intent,) = talk.intents
    assert intent.values == {"product": "jackets", "size": "M", "max_price": "200", "query": "warm jacket"}
    talk.say("and a tent", search("tent", category="tents"))
    assert [one.values["product"] for one in talk.intents] == ["tents", "jackets"]


def test_a_later_consultation_goes_on_where_it_was_left(talk: Talk) -> None:
    note = noting(change("my son", "recipient", "son"))
    talk.say("a warm dark green jacket for my son, up to $200", [note, *JACKET])
    assert talk.intents[0].values["recipient"] == "son"
    talk.again()
    turn = talk.say("is the jacket for my son still in stock?", search("jacket", category="jackets"))
    filters = turn.tools[0].result["filters"]
    assert (filters["color"], filters["max_price"]) == ("dark green", 200.0)
    assert "open: jackets, dark green, son, max 200" in talk.card
    assert "dark green" in turn.reply and turn.gate["blocked"] == 0
    assert len(talk.intents) == 1
    turn = talk.say("and in size M?", search("jacket", category="jackets", size="M"))
    assert (turn.tools[0].result["filters"]["color"], turn.tools[0].result["filters"]["size"]) == ("dark green", "M")
    talk.again()
    turn = talk.say("I need a jacket", search("jacket", category="jackets"))
    assert "color" not in turn.tools[0].result["filters"]  # nothing in it speaks of before


def test_the_card_says_nothing_of_this_consultations_own_intent(talk: Talk) -> None:
    talk.say("a jacket", JACKET)
    talk.say("thanks", "You are welcome.")
    assert "open:" not in talk.card


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("thanks, I've bought one", State.DONE),
        ("已经买好了", State.DONE),
        ("never mind", State.DROPPED),
        ("算了，不要了", State.DROPPED),
        ("thank you", State.OPEN),
    ],
)
def test_the_customers_own_words_end_an_intent(talk: Talk, text: str, state: State) -> None:
    talk.say("a jacket", JACKET)
    talk.say(text, "All right.")
    assert talk.intents[0].state is state


def test_a_cancellation_is_open_until_it_is_confirmed(services: Services) -> None:
    model = ScriptedModel()
    with keeper(services, model) as agent:
        talk = Talk(agent, model)
        talk.customer = "C1002"
        talk.say("cancel my last order", [("cancel_order", {"order_id": "last"})])
        assert [(one.kind, one.state) for one in talk.intents] == [("cancel", State.OPEN)]
        talk.say("yes please")
        assert [(one.kind, one.state) for one in talk.intents] == [("cancel", State.DONE)]


def test_another_customers_intents_are_never_inherited(talk: Talk) -> None:
    talk.say("a dark green jacket", JACKET)
    talk.customer = f"visitor-i{next(_numbers)}"
    talk.again()
    turn = talk.say("is the jacket still in stock?", search("jacket", category="jackets"))
    assert "resumed" not in turn.tools[0].result and "color" not in turn.tools[0].result["filters"]


def test_a_long_list_ends_in_one_question_which_is_never_asked_twice(talk: Talk) -> None:
    asked = []
    for _ in range(12):
        question = talk.say("show me jackets", search("jacket", category="jackets")).tools[0].result.get("question")
        asked.append(question["facet"] if question else None)
    named = [facet for facet in asked if facet]
    assert named and len(named) == len(set(named))
    assert asked[-1] is None


def test_the_answer_to_the_question_narrows_the_search_even_if_the_model_misses_it(talk: Talk) -> None:
    question = talk.say("show me jackets", search("jacket", category="jackets")).tools[0].result["question"]
    turn = talk.say(f"{question['values'][0]}, please", search("jacket", category="jackets"))
    assert turn.tools[0].result["filters"][question["facet"]] == question["values"][0]


def test_who_answers_a_question_is_shown_what_they_have_not_passed_over(talk: Talk) -> None:
    first = talk.say("show me jackets", search("jacket", category="jackets")).tools[0].result
    answer = first["question"]["values"][0]
    second = talk.say(f"{answer}, please", search("jacket", category="jackets")).tools[0].result
    assert second["hits"] and not {hit["variant"] for hit in first["hits"]} & {hit["variant"] for hit in second["hits"]}


def test_a_taste_is_no_answer_in_a_later_consultation(talk: Talk) -> None:
    """Who has liked navy may want these in black; who has just said navy is not asked which colour."""
    shirts = search("shirts", category="shirts", gender="women")
    talk.say("I like navy", [noting(change("navy", "color", "navy", "like"))])
    now = talk.say("show me shirts", *[shirts]).tools[0].result.get("question")
    talk.again()
    later = talk.say("show me shirts", *[shirts]).tools[0].result["question"]
    assert later["facet"] == "color" and (now is None or now["facet"] != "color")


def test_a_question_is_asked_in_the_customers_language_and_passes_the_gate(talk: Talk) -> None:
    turn = talk.say("有什么外套", search("外套", category="jackets"))
    question = turn.tools[0].result["question"]
    facet = talk.agent.services.retriever.facets.facet(question["facet"])
    assert facet.label["zh"] in turn.reply.splitlines()[-1]
    assert turn.gate["blocked"] == 0


def test_what_is_known_and_who_was_precise_is_not_asked(talk: Talk) -> None:
    narrow = talk.say("a dark green jacket up to $200", JACKET)
    assert "question" not in narrow.tools[0].result
    first = talk.say("show me jackets", search("jacket", category="jackets")).tools[0].result["question"]["facet"]
    other = Talk(talk.agent, talk.model)
    attribute = next(one for one in other.agent.services.schema.attributes.values() if (one.facet or one.name) == first)
    value = other.agent.services.retriever.facets.values(first)[0]
    other.say(
        f"{value} is mine", [noting(change(value, attribute.name, value, "like" if attribute.polarity else "fact"))]
    )
    question = other.say("show me jackets", search("jacket", category="jackets")).tools[0].result.get("question")
    assert question is None or question["facet"] != first

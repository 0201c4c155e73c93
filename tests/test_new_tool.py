"""A tool that the shop adds: its one record is all that offering, calling, saying, gating and showing it takes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.messages.tool import ToolCall
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.context import Services
from agent.intents import Telling
from agent.models.scripted import ScriptedModel
from agent.models.template import render
from agent.replies.card import Card, Row
from agent.replies.composer import Artifact, Composer
from agent.replies.gate import Evidence, check
from agent.replies.gate.keys import Keys
from agent.replies.phrases import Phrases
from agent.shopkeeper import Shopkeeper
from agent.tools import build_tools, evidence_keys
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome
from agent.tools.schemas import arguments, choice
from agent.tools.tool import Source, Tool
from agent.turn import Turn
from errors import ConfigError
from profiles.intents.intent import Kind, State
from profiles.intents.reads import read_intents
from tests.agent_shop import keeper
from tests.guided import supported
from tests.panels import Tags
from ui.page.consultation import opened
from ui.page.frame import frame
from ui.session import new_session

HOURS = {"Portland": "9:00-18:00", "Bend": "10:00-16:00"}
PHRASES = {
    "en": {
        "store_hours": ("Our store in {city} is open {hours}.",),
        "store_unknown": ("We have no store there.",),
        "card_store": ("Store",),
        "card_open": ("Open",),
    },
    "zh": {
        "store_hours": ("{city} 门店 {hours} 营业。",),
        "store_unknown": ("那里没有我们的门店。",),
        "card_store": ("门店",),
        "card_open": ("营业时间",),
    },
}


def store_hours(city: str, runtime: Runtime) -> Outcome:
    """When a store is open."""
    if city not in HOURS:
        raise RefusedWrite(f"no store in {city}", "store_unknown")
    artifact = {"kind": "store_hours", "city": city, "open": HOURS[city], "walk": 12, "guess": "open until 23:00"}
    return outcome(runtime.context, artifact, f"open {HOURS[city]}")


def say(composer: Composer, artifact: Artifact) -> str:
    return composer.say("store_hours", city=artifact["city"], hours=artifact["open"])


def cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    rows = (Row(composer.say("card_open"), (artifact["open"],)),)
    return (Card(key=artifact["city"], title=f"{composer.say('card_store')} {artifact['city']}", rows=rows),)


def intent(telling: Telling, call: ToolCall, artifact: Artifact) -> None:
    telling.tell(telling.new(), Kind.QUESTION, State.DONE, {"city": artifact["city"]}, call)


STORE_HOURS = Tool(
    name="store_hours",
    brief="when a store is open",
    when="Look up when one of our stores is open. Use it for opening hours; for anything else use find_answer.",
    parameters=lambda services: arguments({"city": choice(sorted(HOURS), "The city of the store.")}),
    function=store_hours,
    kind="store_hours",
    say=say,
    cards=cards,
    keys=Keys(units={"walk": "minute"}, ignored=frozenset(("guess",))),
    sources={"city": Source.WORDS},
    intent=intent,
)


@pytest.fixture(scope="module")
def stores(services: Services) -> Services:
    texts = {language: {**told, **PHRASES.get(language, {})} for language, told in services.phrases.texts.items()}
    return replace(services, phrases=Phrases(texts), tools=(*services.tools, STORE_HOURS))


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def agent(stores: Services, model: ScriptedModel) -> Iterator[Shopkeeper]:
    with keeper(stores, model) as shopkeeper:
        yield shopkeeper


def asked(agent: Shopkeeper, model: ScriptedModel, text: str, city: str = "Portland", talk: str = "t1") -> Turn:
    model.script[:] = [[("store_hours", {"city": city})]]
    return agent.reply("visitor-stores", talk, text)


def test_it_is_offered_to_the_model_in_its_place(stores: Services) -> None:
    prompt = render([{"role": "system", "content": "Be kind."}], [*map(convert_to_openai_tool, build_tools(stores))])
    assert "store_hours" not in prompt  # a tuned model was trained without it
    bound: Any = next(tool for tool in build_tools(stores, "full") if tool.name == STORE_HOURS.name)
    assert bound.description == STORE_HOURS.when
    assert bound.args_schema["properties"]["city"]["description"] == "The city of the store."


def test_a_small_model_may_only_copy_its_argument(stores: Services) -> None:
    tools = [convert_to_openai_tool(STORE_HOURS.bind(stores))]
    allowed = supported([HumanMessage("when does Bend open?")], tools, None, records=stores.tools)
    assert allowed == {"store_hours.city": {"spanOf": ["when does Bend open?"]}}


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("When is the store in Portland open?", "Our store in Portland is open 9:00-18:00."),
        ("波特兰的门店几点营业？", "Portland 门店 9:00-18:00 营业。"),
    ],
)
def test_it_is_called_and_said_in_the_customers_language(
    agent: Shopkeeper, model: ScriptedModel, text: str, reply: str
) -> None:
    turn = asked(agent, model, text, talk=reply)
    assert (turn.reply, turn.tools[0].name, turn.tools[0].ok) == (reply, "store_hours", True)
    assert turn.gate["checked"] > 0 and turn.gate["blocked"] == 0


def test_what_it_refuses_is_said(agent: Shopkeeper, model: ScriptedModel) -> None:
    assert asked(agent, model, "and in Salem?", city="Salem", talk="t2").reply == "We have no store there."


def test_the_gate_reads_its_result_as_the_record_says(stores: Services) -> None:
    result = '{"kind": "store_hours", "open": "9:00-18:00", "walk": 12, "guess": "open until 23:00"}'
    evidence = Evidence((result,), (), evidence_keys(stores.tools))
    assert check("We are open from 9:00 to 18:00, 12 minutes from here.", evidence).blocked == 0
    assert check("We are open until 23:00.", evidence).unsupported == ("23:00",)
    assert check("It costs $12.", evidence).blocked == 1


def test_two_records_cannot_read_one_key_in_two_ways(stores: Services) -> None:
    other = replace(STORE_HOURS, name="walk", keys=Keys(units={"walk": "day"}))
    with pytest.raises(ConfigError, match=r"'walk'.*'minute' and 'day'"):
        evidence_keys((*stores.tools, other))


def test_the_page_shows_its_card_in_the_pages_language(agent: Shopkeeper, model: ScriptedModel) -> None:
    asked(agent, model, "When is the store in Portland open?", talk="t3")
    session = replace(new_session("zh"), customer="visitor-stores", consultation="t3")
    view = opened(agent, session)
    words = Tags(frame(view, agent.services)["steps"]["value"]).words
    assert "门店 Portland" in words and "营业时间9:00-18:00" in words


def test_the_customers_intent_is_told(agent: Shopkeeper, model: ScriptedModel) -> None:
    asked(agent, model, "When is the store in Portland open?", talk="t4")
    newest = next(one for one in read_intents(agent.services.profiles, "visitor-stores") if one.is_of("t4"))
    assert (newest.kind, newest.state, newest.values) == (Kind.QUESTION, State.DONE, {"city": "Portland"})

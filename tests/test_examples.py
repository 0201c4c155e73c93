"""Worked examples: what the model is shown before a conversation, and that nobody is taken to have said it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import Field

from agent.context import Services
from agent.examples import AFTER, BEFORE, read_examples, worked_examples
from agent.models.calls import parse
from agent.models.engine_model import to_openai
from agent.models.profile import GGUF, LARGE
from agent.models.scripted import ScriptedModel
from agent.models.template import own_template
from agent.prompt import CARD
from agent.tools import TOOLS, build_tools
from errors import DataError
from language.text import HAN
from tests.agent_shop import keeper

SHOWN = replace(GGUF, examples=True)


def test_the_projects_own_fit_the_demo_shop_and_are_few(services: Services) -> None:
    talks = read_examples()
    shown = worked_examples(build_tools(services, "full"))
    asked = [each.say for talk in talks for each in talk]
    assert [message.content for message in shown if isinstance(message, HumanMessage)] == asked
    assert len(asked) <= 16 and sum(map(len, asked)) < 600
    assert {bool(re.search(f"[{HAN}]", text)) for text in asked} == {True, False}  # English and Chinese
    assert [shown[0].content, shown[-1].content] == [BEFORE, AFTER]
    for call in (call for talk in talks for each in talk for call in each.calls):
        record = next(tool for tool in TOOLS if tool.name == call.tool)
        needed = record.parameters(services)["required"]
        assert {*needed} <= {*call.arguments}


def test_a_quote_of_an_example_stands_in_its_message() -> None:
    for each in (each for talk in read_examples() for each in talk):
        for call in each.calls:
            for change in call.arguments.get("changes", ()):
                assert change["quote"] in each.say


def test_what_a_shop_does_not_sell_is_no_example_for_it(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "examples.yaml"
    search = "- - {say: a lamp, calls: [{tool: search_products, arguments: {query: lamp, %s}, result: found}]}\n"
    for extra, is_shown in (
        ("category: headlamps", True),
        ("category: cars", False),
        ("engine: big", False),
        ("where: {gender: men}", True),
        ("where: {gender: robots}", False),
        ("not: {material: [wool]}", True),
    ):
        file.write_text(search % extra, encoding="utf-8")
        assert bool(worked_examples(build_tools(services, "full"), file)) == is_shown
    file.write_text(search.replace("search_products", "fly") % "category: headlamps", encoding="utf-8")
    assert worked_examples(build_tools(services, "full"), file) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [("- - {say: hi, answer: x}", "answer"), ("- [", "cannot be read"), ("say: hi", "examples.yaml")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "examples.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message) as raised:
        read_examples(file)
    assert str(file) in str(raised.value)


def test_the_model_reads_them_before_the_card_and_nothing_of_them_is_the_customers(services: Services) -> None:
    model = ScriptedModel(
        script=[[("search_products", {"query": "socks"})], "Bye."], guidance=replace(SHOWN, repair=True)
    )
    with keeper(services, model) as agent:
        turn = agent.reply("visitor-examples", "examples", "do you sell socks")
        agent.reply("visitor-examples", "examples", "thanks")
        kept = agent.messages("examples")
    assert "max_price" not in turn.tools[-1].arguments and "not" not in turn.tools[-1].arguments
    first, second = model.seen
    examples = worked_examples(build_tools(services, "full"))
    assert _words(first[1 : 1 + len(examples)]) == _words(examples)
    assert str(first[1 + len(examples)].content).startswith(CARD)
    assert _words(second[: len(first)]) == _words(first)
    assert not any(message.content == AFTER for message in kept)


def test_a_profile_without_them_shows_none(services: Services) -> None:
    model = ScriptedModel(script=["Hello."], guidance=GGUF)
    with keeper(services, model) as agent:
        agent.reply("visitor-examples", "none", "what do you think of the weather")
    assert not any(message.content in (BEFORE, AFTER) for message in model.seen[0])


class Reader(ScriptedModel):
    """Keeps what it is warmed with."""

    read: list[Any] = Field(default_factory=list)

    def warm(self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> float:
        self.read[:] = [*messages]
        return 1.0


def test_they_are_read_once_before_anybody_waits(services: Services) -> None:
    model = Reader(script=["Hello."], guidance=SHOWN)
    with keeper(services, model) as agent:
        assert agent.warm() == 1.0
        agent.reply("visitor-examples", "warm", "what do you think of the weather")
    assert isinstance(model.read[0], SystemMessage) and model.read[-1].content == AFTER
    assert _words(model.seen[0][: len(model.read)]) == _words(model.read)


def test_their_calls_are_written_as_the_model_is_to_write_them(services: Services) -> None:
    examples = worked_examples(build_tools(services, "full"))
    shown = own_template(None, LARGE.marker).render([to_openai(message) for message in examples])
    written = parse(shown, LARGE.marker)
    assert not written.invalid
    called = [call["name"] for message in examples if isinstance(message, AIMessage) for call in message.tool_calls]
    assert [call.name for call in written.calls] == called
    assert len([message for message in examples if isinstance(message, ToolMessage)]) == len(called)


def _words(messages: Sequence[BaseMessage]) -> list[str]:
    return [str(message.content) for message in messages]

"""The records of the tools: what a tuned model reads does not change, and what others read says enough."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.context import Services
from agent.models.template import render
from agent.prompt import instructions
from agent.tools import TOOLS, build_tools
from agent.tools.schemas import plain
from agent.tools.tool import Tool

# The prompt that the default model is tuned on: instructions, names, order, descriptions and arguments.
PROMPT = "ce2842f5cd2faaae2855aa15f259837dc701754c3d96196153d18969c73242a3"


def test_the_prompt_of_the_demo_shop_stays_as_the_model_was_tuned_on_it(services: Services) -> None:
    system = {"role": "system", "content": instructions(services)}
    text = render([system], [*map(convert_to_openai_tool, build_tools(services))], add_generation_prompt=False)
    assert hashlib.sha256(text.encode()).hexdigest() == PROMPT


def descriptions(schema: Any) -> Iterator[str | None]:
    """Of all arguments, those within lists too; None for one without."""
    for field in schema.get("properties", {}).values():
        yield field.get("description")
        yield from descriptions(field)
        yield from descriptions(field.get("items", {}))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_larger_model_reads_when_to_use_a_tool_and_what_each_argument_is(tool: Tool, services: Services) -> None:
    function = convert_to_openai_tool(tool.bind(services, "full"))["function"]
    assert 2 <= function["description"].count(". ") + 1 <= 5
    assert all(words and words.endswith(".") for words in descriptions(function["parameters"]))
    assert not any(descriptions(tool.schema(services)))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_record_names_only_arguments_that_its_schema_has(tool: Tool, services: Services) -> None:
    assert set(tool.sources) <= set(tool.schema(services)["properties"])


def test_names_are_used_once_and_one_kind_is_said_in_one_way() -> None:
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    said = {(tool.kind, tool.say, tool.say_beside, tool.ask, tool.cards) for tool in TOOLS}
    assert len({kind for kind, *_ in said}) == len(said)


def test_an_argument_that_is_called_description_keeps_its_place() -> None:
    schema = {"properties": {"description": {"type": "string", "description": "Words."}}, "description": "Of a thing."}
    assert plain(schema) == {"properties": {"description": {"type": "string"}}}

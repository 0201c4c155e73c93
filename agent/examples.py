"""Worked examples for a model that was not trained on the tools: messages of customers with the calls that they take.

In: `examples.yaml` and the tools that the model is offered. Out: messages, the same for everyone, to stand between the
instructions and the conversation. A consultation with a call that this shop's tools do not take (a kind of product that
it does not sell) is left out. Errors: `DataError` for a file that cannot be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from errors import DataError, first_mistake

FILE = Path(__file__).with_name("examples.yaml")
BEFORE = "Examples of other customers:"
AFTER = "The examples end here. Now a new customer writes."


class Call(BaseModel):
    """One call: the tool, its arguments, and in a few words what it gave."""

    model_config = ConfigDict(extra="forbid")

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: str


class Example(BaseModel):
    """What a customer says, and the calls for it; without calls, what is said in reply."""

    model_config = ConfigDict(extra="forbid")

    say: str
    calls: list[Call] = Field(default_factory=list)
    reply: str = ""


_FILE = TypeAdapter(list[list[Example]])


def worked_examples(tools: Sequence[BaseTool], file: Path = FILE) -> list[BaseMessage]:
    """The examples that fit these tools, as messages; none if none fits."""
    schemas = {tool.name: convert_to_openai_tool(tool)["function"]["parameters"] for tool in tools}
    kept = [talk for talk in read_examples(file) if all(_fits(call, schemas) for each in talk for call in each.calls)]
    shown = [message for talk in kept for each in talk for message in _messages(each)]
    return [SystemMessage(BEFORE), *shown, SystemMessage(AFTER)] if shown else []


def read_examples(file: Path = FILE) -> list[list[Example]]:
    """The consultations of the file, each a list of messages with their calls."""
    try:
        return _FILE.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        raise DataError(f"{file}: {first_mistake(error)}") from error


def _fits(call: Call, schemas: Mapping[str, Any]) -> bool:
    return call.tool in schemas and _is_of(call.arguments, schemas[call.tool])


def _is_of(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether the arguments are among those of the schema, and their values among those that it lists."""
    if isinstance(value, dict) and "properties" in schema:
        fields = schema["properties"]
        return all(name in fields and _is_of(part, fields[name]) for name, part in value.items())
    if isinstance(value, list) and "items" in schema:
        return all(_is_of(part, schema["items"]) for part in value)
    return "enum" not in schema or value in schema["enum"]


def _messages(example: Example) -> Iterator[BaseMessage]:
    yield HumanMessage(example.say)
    if not example.calls:
        yield AIMessage(example.reply)
        return
    calls = [tool_call(name=each.tool, args=each.arguments, id=f"example-{n}") for n, each in enumerate(example.calls)]
    yield AIMessage("", tool_calls=calls)
    for each, call in zip(example.calls, calls, strict=True):
        yield ToolMessage(each.result, name=each.tool, tool_call_id=str(call["id"]))

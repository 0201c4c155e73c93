"""When a predicted tool call equals the gold one: the same name and the same arguments.

In: calls as OpenAI, LangChain or a samples file write them. Out: `Call`s, and whether they agree. Strings agree letter
for letter, numbers by value (``160 == 160.0``); the order of arguments, of calls in one message and of objects in a
list (profile changes) means nothing, the order of plain values in a list does. Errors: `DataError` for what is no call.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage

from agent.models.calls import Call
from errors import DataError


def to_call(value: Mapping[str, Any]) -> Call:
    """A call out of ``{"function": {"name", "arguments"}}`` or ``{"name", "arguments" or "args"}``.

    Arguments may be an object or its JSON text. Raises DataError.
    """
    inner = value.get("function", value)
    name, arguments = inner.get("name"), inner.get("arguments", inner.get("args", {}))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError as error:
            raise DataError(f"the arguments of call {name!r} are not JSON: {arguments[:80]!r}") from error
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise DataError(f"no tool call with a name and an object of arguments: {str(value)[:120]}")
    return Call(name, arguments)


def calls_of(message: AIMessage) -> list[Call]:
    """The calls of a model's answer; one that could not be read counts as a call of no tool."""
    read = [Call(call["name"], call["args"]) for call in message.tool_calls]
    return read + [Call(str(call["name"] or ""), {"unreadable": call["args"]}) for call in message.invalid_tool_calls]


def same_call(made: Call, gold: Call, but: Collection[str] = ()) -> bool:
    """Name and arguments agree; arguments named in `but` are left out, at any depth."""
    return _plain(made, but) == _plain(gold, but)


def same_calls(made: Sequence[Call], gold: Sequence[Call], but: Collection[str] = ()) -> bool:
    """All calls of one message agree, in any order."""
    return sorted(_plain(call, but) for call in made) == sorted(_plain(call, but) for call in gold)


def same_names(made: Sequence[Call], gold: Sequence[Call]) -> bool:
    """The same tools were called, whatever the arguments."""
    return sorted(call.name for call in made) == sorted(call.name for call in gold)


def _plain(call: Call, but: Collection[str]) -> str:
    return json.dumps([call.name, _value(call.arguments, but)], ensure_ascii=False, sort_keys=True)


def _value(value: Any, but: Collection[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _value(inner, but) for name, inner in value.items() if name not in but}
    if isinstance(value, list | tuple):
        inner = [_value(one, but) for one in value]
        objects = all(isinstance(one, Mapping) for one in value)
        return sorted(inner, key=lambda one: json.dumps(one, sort_keys=True)) if objects else inner
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value

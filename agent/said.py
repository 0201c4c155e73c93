"""What a tool call may copy from a conversation: values that somebody said, never made-up ones.

In: the messages that the model reads, the tools, and the shop's `Vocabulary`. Out: ``{"tool.argument": values}`` as the
model's `allowed` takes it. The grammar then offers no price, order id, filter or profile change that the tools and the
write firewall would refuse for want of a source; a small model would rather write what it saw in training than nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.models.grammar import SPAN_OF, Allowed
from agent.prompt import CARD
from agent.tools.orders import NEWEST, ids_in
from agent.tools.schemas import UPDATE_PROFILE
from agent.vocabulary import Vocabulary
from agent.wording import asks_to_forget, prices_in, sorts_in
from profiles.dates import dates_in
from profiles.numbers import numbers_in
from profiles.observation import EVERYTHING
from profiles.schema import Attribute
from profiles.words import has_cjk, mentions

ORDER_ID, SORT = "order_id", "sort"
MIN_PRICE, MAX_PRICE = "min_price", "max_price"
_SPACED_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4} \d{3,}")  # "ap 10482", which may be "10482" or all of it
_QUANTITY = ("number", "integer")
_TELLING = 4  # letters of a word that tells which attribute is meant


def supported(
    messages: Sequence[BaseMessage],
    tools: Sequence[Mapping[str, Any]],
    words: Vocabulary | None,
    *,
    asked: str = "",
) -> Allowed:
    """By argument, what stands in these messages. `tools` are OpenAI-style dictionaries.

    Numbers and filters are the customer's own (or those of earlier calls, which were): a result's price is no wish.
    What is noted is in the newest message, or in `asked`, the question that it answers. Without `words`, only prices,
    numbers, order ids and the order of results are bound.
    """
    wishes = list(_wishes(messages))
    own = "\n".join(wishes)
    numbers, bounds = _plain(numbers_in(own)), _bounds(messages)
    shown = "\n".join(str(message.text) for message in messages if not isinstance(message, SystemMessage))
    ids = list(dict.fromkeys([NEWEST, *ids_in(shown), *ids_in(own), *_SPACED_ID.findall(own)]))
    newest = next((str(m.text) for m in reversed(messages) if isinstance(m, HumanMessage)), "")
    allowed: dict[str, Any] = {}
    for function, name, field in _arguments(tools):
        key = f"{function}.{name}"
        if name == ORDER_ID:
            allowed[key] = ids
        elif name in bounds:
            allowed[key] = bounds[name]
        elif field.get("type") in _QUANTITY:
            allowed[key] = numbers
        elif name == SORT:
            allowed[key] = [value for value in field.get("enum", ()) if value in sorts_in(newest)]
        elif words and words.is_kind(name) and "enum" in field:
            kinds = {*words.kinds_named(name, newest, own), *_held(name, messages)}
            allowed[key] = [value for value in field["enum"] if value in kinds]
        elif words and words.is_filter(name):
            said = words.facet_values(name, own)
            if not said or "enum" in field:
                allowed[key] = [value for value in field.get("enum", ()) if value in said]
        elif words and (function, name) == (UPDATE_PROFILE, "changes"):
            allowed[key] = _changes(field, messages, newest, asked, words)
    return allowed


def _arguments(tools: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for tool in tools:
        function = tool["function"]
        for name, field in ((function.get("parameters") or {}).get("properties") or {}).items():
            yield function["name"], name, field


def _changes(
    field: Mapping[str, Any], messages: Sequence[BaseMessage], newest: str, asked: str, words: Vocabulary
) -> dict[str, Any]:
    """The schema of the changes: by attribute what the newest message can bear out, or forgetting what is held."""
    told = f"{asked}\n{newest}".strip()
    change = field["items"]
    change = {**change, "properties": {**change["properties"], "quote": {SPAN_OF: newest}}}
    forget = ("forget",) if asks_to_forget(newest) else ()

    def kind(name: str, value: Mapping[str, Any], *polarities: str) -> dict[str, Any]:
        bound = {"attribute": {"const": name}, "value": value, "polarity": {"enum": [*polarities]}}
        return {**change, "properties": {**change["properties"], **bound}}

    kinds = []
    for name in change["properties"]["attribute"]["enum"]:
        attribute = words.schema.attributes[name]
        value, named = _value(attribute, told, words), _is_named(attribute, told)
        if value.get("enum", True) and (named or attribute.type != "boolean"):
            taste = attribute.polarity and not attribute.sensitive
            kinds.append(kind(name, value, *(("like", "dislike") if taste else ("fact",)), *forget))
        if forget and "enum" in value and (named or _is_held(name, messages)):
            kinds.append(kind(name, {"const": EVERYTHING}, "forget"))
    return {**field, "items": {"anyOf": kinds}} if kinds else {}


def _is_held(attribute: str, messages: Sequence[BaseMessage]) -> bool:
    """Whether the profile card names it, or it was noted in these messages."""
    notes = (str(call["args"]) for m in messages if isinstance(m, AIMessage) for call in m.tool_calls)
    cards = (str(m.text) for m in messages if isinstance(m, SystemMessage) and str(m.text).startswith(CARD))
    return any(re.search(rf"\b{attribute}\b", text) for text in (*notes, *cards))


def _is_named(attribute: Attribute, text: str) -> bool:
    """ "Delete my ring size", "never wrap my things": a word of its name or its label."""
    return any(
        mentions(text, part)
        for label in (attribute.name.replace("_", " "), *attribute.label.values())
        for part in ([label] if has_cjk(label) else label.split())
        if len(part) >= _TELLING or has_cjk(part)
    )


def _value(attribute: Attribute, told: str, words: Vocabulary) -> dict[str, Any]:
    """What the customer told can say of an attribute."""
    if attribute.range or attribute.per:
        return {"type": ["number", "string"]} if numbers_in(told) else {"enum": []}
    if attribute.type == "money":
        prices = prices_in([told])
        return {"enum": _plain(prices.least if attribute.bound == MIN_PRICE else prices.most)}
    if attribute.type == "number":
        return {"enum": _plain(attribute.numbers(told))}
    if attribute.type == "boolean":
        return {"enum": ["yes", "no"]}
    if attribute.type == "date" and not dates_in(told, date.today()):
        return {"enum": []}
    if words.is_closed(attribute):
        return {"enum": words.attribute_values(attribute, told)}
    return {"type": "string"}


def _bounds(messages: Sequence[BaseMessage]) -> dict[str, list[float | int]]:
    """What the prices of a search may be: said as such by the customer, or of an earlier search."""
    said = prices_in(str(message.text) for message in messages if isinstance(message, HumanMessage))

    def before(name: str) -> set[float]:
        return {float(value) for value in _held(name, messages) if isinstance(value, int | float)}

    return {MIN_PRICE: _plain(said.least | before(MIN_PRICE)), MAX_PRICE: _plain(said.most | before(MAX_PRICE))}


def _held(name: str, messages: Sequence[BaseMessage]) -> Iterator[Any]:
    """What earlier calls gave for an argument."""
    calls = (call["args"] for m in messages if isinstance(m, AIMessage) for call in m.tool_calls)
    return (args[name] for args in calls if name in args)


def _wishes(messages: Sequence[BaseMessage]) -> Iterator[str]:
    """The customer's words, and what calls were made with."""
    for message in messages:
        if isinstance(message, HumanMessage):
            yield str(message.text)
        elif isinstance(message, AIMessage):
            yield from (str(value) for call in message.tool_calls for value in call["args"].values())


def _plain(numbers: Iterable[float]) -> list[float | int]:
    """As calls write them: 160 and not 160.0."""
    return [int(number) if number.is_integer() else number for number in sorted(numbers)]

"""What a tool call may copy from a conversation: values that somebody said, never made-up ones.

In: a `Conversation` and the tools. Out: ``{"tool.argument": values}`` as the model's `allowed` takes it. The grammar
then offers no price, order id, filter or profile change that the tools and the write validator would refuse for want of
a source; a small model would rather write what it saw in training than nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from agent.guided.conversation import Conversation
from agent.models.grammar import SPAN_OF, Allowed
from agent.shop_reading import ShopReading
from agent.tools import TOOLS
from agent.tools.tool import Source, Tool
from language.numbers import as_written
from profiles.attribute import KEY_MARK
from profiles.observation import EVERYTHING, Value

Bound = Sequence[str | float] | Mapping[str, Any] | None  # what one argument may be; None: anything
_Rule = Callable[[Conversation, str, Mapping[str, Any]], Bound]


def allowed_values(talk: Conversation, tools: Sequence[Mapping[str, Any]], records: Sequence[Tool] = TOOLS) -> Allowed:
    """By argument, what stands in the conversation. `tools` are OpenAI-style dictionaries, `records` say more of them.

    Numbers and filters are the customer's own (or those of earlier calls, which were): a result's price is no wish.
    What is noted is in the newest message, or in the question that it answers. Without a lexicon, facets and the
    profile are not bound.
    """
    sources = {(tool.name, argument): source for tool in records for argument, source in tool.sources.items()}
    found: dict[str, Sequence[str | float] | Mapping[str, Any]] = {}
    for function in (tool["function"] for tool in tools):
        for name, field in ((function.get("parameters") or {}).get("properties") or {}).items():
            source = sources.get((function["name"], name), str(field.get("type")))
            bound = _RULES.get(source, _of_facet)(talk, name, field)
            if bound is not None:
                found[f"{function['name']}.{name}"] = bound
    return found


def _numbers(talk: Conversation, name: str, said: Iterable[Iterable[float]]) -> list[float | int]:
    """Those that were said, and those of earlier calls."""
    given = {float(call[name]) for call in talk.calls if isinstance(call.get(name), int | float)}
    return [as_written(number) for number in sorted(given.union(*said))]


def _of_facet(talk: Conversation, name: str, field: Mapping[str, Any]) -> Bound:
    """Values of a facet that were named, or that earlier calls have.

    Of kinds of product those that the newest message names whole; else all that may be meant.
    """
    listed, given = field.get("enum", ()), [call[name] for call in talk.calls if name in call]
    if talk.lexicon is None or name not in talk.lexicon.facets:
        return None
    if name in talk.lexicon.kinds:
        likely = (value for reading in talk.readings for value in reading.facets[name].likely)
        kinds = {*given, *(talk.newest.facets[name].wanted or likely)}
        return [value for value in listed if value in kinds] if listed else None
    readings = (*talk.readings, *(talk.read(str(value)) for value in given))
    named = {value for reading in readings for value in reading.facets[name].may}
    return [value for value in listed if value in named] if listed or not named else None


def _changes(talk: Conversation, field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the changes: by attribute what the newest message can bear out, or forgetting what is held."""
    if not (isinstance(talk.newest, ShopReading) and isinstance(talk.told, ShopReading)):
        return None
    change = field["items"]
    said = {**change["properties"], "quote": {SPAN_OF: [talk.newest.text]}}
    kinds = [
        {**change, "properties": {**said, "attribute": {"const": name}, "value": value, "polarity": polarity}}
        for name in change["properties"]["attribute"]["enum"]
        if name in talk.newest.reader.schema.attributes  # and not "everything"
        for value, polarity in _offers(talk, name, talk.newest, talk.told)
    ]
    return {**field, "items": {"anyOf": kinds}} if kinds else {}


def _offers(
    talk: Conversation, name: str, newest: ShopReading, told: ShopReading
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """What may be noted or forgotten of one attribute, as schemas of the value and the polarity."""
    attribute, here, note = newest.reader.schema.attributes[name], newest.notes[name], told.notes[name]
    values: Sequence[Value] | None = here.values if attribute.range else note.values
    if attribute.per:
        values = newest.reader.under_keys(name, here, note)
    forget = ["forget"] if "forget" in newest.cues | newest.asked else []
    if (values is None or values) and (note.is_named or note.may_be_told):
        taste = attribute.polarity and not attribute.sensitive
        value = {"type": "string"} if values is None else {"enum": [*values]}
        yield value, {"enum": [*(("like", "dislike") if taste else ("fact",)), *forget]}
    if forget and values is not None and (note.is_named or talk.has_trait(name)):
        everything = [f"{key}{KEY_MARK}{EVERYTHING}" for key in here.keys]
        yield {"enum": everything} if everything else {"const": EVERYTHING}, {"enum": forget}


_RULES: Mapping[Source | str, _Rule] = {
    Source.ORDER_ID: lambda talk, name, field: talk.order_ids,
    Source.LEAST_PRICE: lambda talk, name, field: _numbers(talk, name, (each.prices.least for each in talk.readings)),
    Source.MOST_PRICE: lambda talk, name, field: _numbers(talk, name, (each.prices.most for each in talk.readings)),
    Source.SORT: lambda talk, name, field: [v for v in field.get("enum", ()) if f"sort_{v}" in talk.newest.asked],
    Source.STATUS: lambda talk, name, field: [v for v in field.get("enum", ()) if f"status_{v}" in talk.newest.asked],
    Source.NEWEST_WORDS: lambda talk, name, field: {SPAN_OF: [talk.newest.text]} if talk.readings else None,
    Source.WORDS: lambda talk, name, field: {SPAN_OF: [each.text for each in talk.readings]} if talk.readings else None,
    Source.CHANGES: lambda talk, name, field: _changes(talk, field),
    "number": lambda talk, name, field: _numbers(talk, name, (each.numbers for each in talk.readings)),
    "integer": lambda talk, name, field: _numbers(talk, name, (each.numbers for each in talk.readings)),
}

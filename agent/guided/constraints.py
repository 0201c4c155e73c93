"""What a tool call may copy from a conversation: values that somebody said, never made-up ones.

In: the messages that the model reads, the tools, and the shop's `Vocabulary`. Out: ``{"tool.argument": values}`` as the
model's `allowed` takes it. The grammar then offers no price, order id, filter or profile change that the tools and the
write firewall would refuse for want of a source; a small model would rather write what it saw in training than nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

import clock
from agent.guided.cues import asks_to_forget, sorts_in, statuses_in
from agent.guided.per_key import kept_under, pairs_in, without_plain
from agent.models.grammar import SPAN_OF, Allowed
from agent.orders.ids import NEWEST, ids_in, order_references
from agent.prompt import CARD
from agent.tools import TOOLS
from agent.tools.tool import Source, Tool
from agent.vocabulary import Vocabulary
from language.dates import dates_in
from language.matching import is_named
from language.numbers import as_written, numbers_in
from language.quantities import PricesNamed, prices_named
from language.text import has_han
from language.words import mentions
from profiles.attribute import KEY_MARK, Attribute
from profiles.observation import EVERYTHING, Authority

MIN_PRICE, MAX_PRICE = "min_price", "max_price"
_CHOSEN = {Source.SORT: sorts_in, Source.STATUS: statuses_in}  # what the newest message chooses
_SPACED_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4} \d{3,}")  # "ap 10482", which may be "10482" or all of it
_QUANTITY = ("number", "integer")
_TELLING = 4  # letters of a word that tells which attribute is meant


def supported(
    messages: Sequence[BaseMessage],
    tools: Sequence[Mapping[str, Any]],
    words: Vocabulary | None,
    *,
    today: date | None = None,
    asked: str = "",
    records: Sequence[Tool] = TOOLS,
    orders: Sequence[str] | None = None,
) -> Allowed:
    """By argument, what stands in these messages. `tools` are OpenAI-style dictionaries, `records` say more of them.

    `orders` are the ids of the customer's own orders; where they are not known, whatever may be an id is one.

    Numbers and filters are the customer's own (or those of earlier calls, which were): a result's price is no wish.
    What is noted is in the newest message, or in `asked`, the question that it answers; its days are counted from
    `today` (the clock's, unless given). Without `words`, facets and the profile are not bound.
    """
    talk = _Talk(messages, asked, words, orders, today or clock.today())
    sources = {(tool.name, argument): source for tool in records for argument, source in tool.sources.items()}
    bounds = {
        f"{function}.{name}": _bound(talk, sources.get((function, name)), name, field, words)
        for function, name, field in _arguments(tools)
    }
    return {argument: bound for argument, bound in bounds.items() if bound is not None}


@dataclass(frozen=True)
class _Talk:
    """The messages as a call may quote them."""

    messages: Sequence[BaseMessage]
    asked: str
    words: Vocabulary | None
    orders: Sequence[str] | None
    today: date

    @cached_property
    def heard(self) -> list[str]:
        return [str(message.text) for message in self.messages if isinstance(message, HumanMessage)]

    @property
    def newest(self) -> str:
        return self.heard[-1] if self.heard else ""

    @property
    def told(self) -> str:
        """What is noted from: the newest message, behind the question that it answers."""
        return f"{self.asked}\n{self.newest}".strip()

    @cached_property
    def own(self) -> str:
        """The customer's words, and what calls were made with."""
        given = [str(value) for call in self._calls() for value in call.values()]
        return "\n".join([*self.heard, *given])

    @cached_property
    def order_ids(self) -> list[str]:
        shown = "\n".join(str(message.text) for message in self.messages if not isinstance(message, SystemMessage))
        if self.orders is None:
            return list(dict.fromkeys([NEWEST, *ids_in(shown), *ids_in(self.own), *_SPACED_ID.findall(self.own)]))
        named = [reference.text for text in (shown, self.own) for reference in order_references(text, self.orders)]
        return list(dict.fromkeys([NEWEST, *named]))

    @cached_property
    def prices(self) -> PricesNamed:
        """What the customer has named, but for what is said of one kind and is no price."""
        return prices_named([_without_keyed(text, self.words) for text in self.heard] if self.words else self.heard)

    def given(self, name: str) -> list[Any]:
        """What earlier calls gave for an argument."""
        return [arguments[name] for arguments in self._calls() if name in arguments]

    def holds(self, attribute: str) -> bool:
        """Whether the profile card names it, or it was noted in these messages."""
        cards = (str(m.text) for m in self.messages if isinstance(m, SystemMessage) and str(m.text).startswith(CARD))
        return any(re.search(rf"\b{attribute}\b", text) for text in (*map(str, self._calls()), *cards))

    def _calls(self) -> list[Mapping[str, Any]]:
        return [call["args"] for m in self.messages if isinstance(m, AIMessage) for call in m.tool_calls]


def _bound(
    talk: _Talk, source: Source | None, name: str, field: Mapping[str, Any], words: Vocabulary | None
) -> Sequence[str | float] | Mapping[str, Any] | None:
    """What one argument may be; None: anything."""
    listed = field.get("enum", ())
    if source is Source.ORDER_ID:
        return talk.order_ids
    if source in (Source.LEAST_PRICE, Source.MOST_PRICE):
        said = talk.prices.least if source is Source.LEAST_PRICE else talk.prices.most
        return _plain(said | {float(value) for value in talk.given(name) if isinstance(value, int | float)})
    if field.get("type") in _QUANTITY:
        return _plain(numbers_in(talk.own))
    if source is not None and (choose := _CHOSEN.get(source)):
        chosen = choose(talk.newest)
        return [value for value in listed if value in chosen]
    if source in (Source.NEWEST_WORDS, Source.WORDS) and talk.heard:
        return {SPAN_OF: [talk.newest] if source is Source.NEWEST_WORDS else talk.heard}
    if words is None:
        return None
    if words.is_kind(name) and listed:
        kinds = {*words.kinds_named(name, talk.newest, talk.own), *talk.given(name)}
        return [value for value in listed if value in kinds]
    if words.is_filter(name):
        named = words.facet_values(name, talk.own)
        return [value for value in listed if value in named] if listed or not named else None
    return _changes(field, talk, words) if source is Source.CHANGES else None


def _arguments(tools: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for tool in tools:
        function = tool["function"]
        for name, field in ((function.get("parameters") or {}).get("properties") or {}).items():
            yield function["name"], name, field


def _changes(field: Mapping[str, Any], talk: _Talk, words: Vocabulary) -> dict[str, Any]:
    """The schema of the changes: by attribute what the newest message can bear out, or forgetting what is held."""
    change = field["items"]
    forget = ("forget",) if asks_to_forget(talk.newest) else ()

    def kind(name: str, value: Mapping[str, Any], *polarities: str) -> dict[str, Any]:
        bound = {"attribute": {"const": name}, "value": value, "polarity": {"enum": [*polarities]}}
        return {**change, "properties": {**change["properties"], "quote": {SPAN_OF: [talk.newest]}, **bound}}

    kinds = []
    for name in change["properties"]["attribute"]["enum"]:
        attribute = words.schema.attributes[name]
        value, named = _value(attribute, talk, words), _is_named(attribute, talk.told)
        if value.get("enum", True) and (named or _may_tell(talk.told, attribute)):
            taste = attribute.polarity and not attribute.sensitive
            kinds.append(kind(name, value, *(("like", "dislike") if taste else ("fact",)), *forget))
        if forget and "enum" in value and (named or talk.holds(name)):
            kinds.append(kind(name, _forgettable(attribute, talk, words), "forget"))
    return {**field, "items": {"anyOf": kinds}} if kinds else {}


def _is_named(attribute: Attribute, text: str) -> bool:
    """ "Delete my ring size", "never wrap my things": a word of its name or its label."""
    return any(
        mentions(text, part)
        for label in (attribute.name.replace("_", " "), *attribute.label.values())
        for part in ([label] if has_han(label) else label.split())
        if len(part) >= _TELLING or has_han(part)
    )


def _may_tell(text: str, attribute: Attribute) -> bool:
    """Whether the text may tell this attribute without a word for it."""
    if attribute.cues:
        return is_named(text, attribute.cues)
    return attribute.type != "boolean"


def _value(attribute: Attribute, talk: _Talk, words: Vocabulary) -> dict[str, Any]:
    """What the customer told can say of an attribute."""
    if attribute.per:
        return {"enum": _kept_per_key(attribute, attribute.per, talk, words)}
    told = apart(attribute, talk.told, words)
    if attribute.range:
        return {"enum": _ranges_and_numbers(attribute, _without_keyed(apart(attribute, talk.newest, words), words))}
    if attribute.type == "money":
        prices = prices_named([_without_keyed(told, words)])
        return {"enum": _plain(prices.least if attribute.bound == MIN_PRICE else prices.most)}
    if attribute.type == "number":
        return {"enum": _plain(attribute.numbers(told))}
    if attribute.type == "boolean":
        return {"enum": ["yes", "no"]}
    if attribute.type == "date" and not dates_in(told, talk.today):
        return {"enum": []}
    if words.is_closed(attribute):
        return {"enum": words.attribute_values(attribute, told)}
    return {"type": "string"}


def _ranges_and_numbers(attribute: Attribute, text: str) -> list[str | float | int]:
    """The ranges in the text; its numbers, where there is none."""
    ranges = attribute.ranges(text)
    numbers = prices_named([text]).most if attribute.type == "money" else attribute.numbers(text)
    return list(dict.fromkeys(one.value for one in ranges)) or [*_plain(numbers)]


def _kept_per_key(attribute: Attribute, per: Attribute, talk: _Talk, words: Vocabulary) -> list[str | float | int]:
    """Values under the keys that they are said for; where that is open, under each key named, or under none."""
    pairs = pairs_in(attribute, talk.newest, words)
    keys = [] if pairs else dict.fromkeys(key for _, key in words.standing(per, talk.told))
    alone = replace(attribute, per=None)
    rest = without_plain(attribute, talk.newest, words)
    loose: list[str | float | int] = [value for _, value in words.standing(alone, rest)]
    if attribute.type != "choice":
        loose = _ranges_and_numbers(alone, rest)
    under = [kept_under(attribute, key, value, words) for key in keys for value in loose]
    general = [] if _is_general(attribute, words) else loose
    return list(dict.fromkeys([*(pair.text for pair in pairs), *filter(None, under), *general]))


def _is_general(keyed: Attribute, words: Vocabulary) -> bool:
    """Whether the customer may state the same of everything, in an attribute of its own."""
    stated = words.schema.writable_by(Authority.STATED)
    return any(not other.per and not other.polarity and _alike(keyed, other, words) for other in stated)


def _without_keyed(text: str, words: Vocabulary) -> str:
    """The text without what it says of one kind and is no price: "43 in boots"."""
    for attribute in words.schema.attributes.values():
        if attribute.per and attribute.type != "money":
            text = without_plain(attribute, text, words)
    return text


def apart(attribute: Attribute, text: str, words: Vocabulary) -> str:
    """The text without what it says of the same under a key: "M in jackets" is no size of everything."""
    for other in words.schema.attributes.values():
        if other.per and not attribute.per and _alike(other, attribute, words):
            text = without_plain(other, text, words)
    return text


def _alike(one: Attribute, other: Attribute, words: Vocabulary) -> bool:
    """Whether a value of the one may be one of the other."""
    if one.type != "choice" or other.type != "choice":
        return one.type == other.type
    return not set(one.valid_values(words.facets)).isdisjoint(other.valid_values(words.facets))


def _forgettable(attribute: Attribute, talk: _Talk, words: Vocabulary) -> dict[str, Any]:
    """All of an attribute, or of the keys that are named."""
    keys = dict.fromkeys(key for _, key in words.standing(attribute.per, talk.newest)) if attribute.per else {}
    return {"enum": [f"{key}{KEY_MARK}{EVERYTHING}" for key in keys]} if keys else {"const": EVERYTHING}


def _plain(numbers: Iterable[float]) -> list[float | int]:
    return [as_written(number) for number in sorted(numbers)]

"""What a tool call may copy from a conversation: values that somebody said, never made-up ones.

In: a `Conversation` (the messages that the model reads, each read once with the shop's lexicon) and the tools. Out:
``{"tool.argument": values}`` as the model's `allowed` takes it. The grammar then offers no price, order id, filter or
profile change that the tools and the write validator would refuse for want of a source; a small model would rather
write what it saw in training than nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.guided.per_key import kept_under, pairs_in, without_plain
from agent.lexicon import ShopLexicon
from agent.models.grammar import SPAN_OF, Allowed
from agent.orders.order import NEWEST
from agent.prompt import CARD
from agent.tools import TOOLS
from agent.tools.tool import Source, Tool
from language.dates import dates_in
from language.ids import possible_ids
from language.matching import is_named
from language.numbers import as_written
from language.quantities import find_quantities, prices_named
from language.reading import Reading, read
from language.text import has_han
from language.words import mentions
from profiles.attribute import KEY_MARK, Attribute, Bound
from profiles.observation import EVERYTHING, Authority

MIN_PRICE: Bound = "min_price"
MAX_PRICE: Bound = "max_price"
_SPACED_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4} \d{3,}")  # "ap 10482", which may be "10482" or all of it
_Rule = Callable[["Conversation", str, Mapping[str, Any]], Sequence[str | float] | Mapping[str, Any] | None]
_QUANTITY = ("number", "integer")
_TELLING = 4  # letters of a word that tells which attribute is meant


def allowed_values(
    talk: "Conversation", tools: Sequence[Mapping[str, Any]], records: Sequence[Tool] = TOOLS
) -> Allowed:
    """By argument, what stands in the conversation. `tools` are OpenAI-style dictionaries, `records` say more of them.

    Numbers and filters are the customer's own (or those of earlier calls, which were): a result's price is no wish.
    What is noted is in the newest message, or in the question that it answers. Without a lexicon, facets and the
    profile are not bound.
    """
    sources = {(tool.name, argument): source for tool in records for argument, source in tool.sources.items()}
    bounds = {
        f"{function}.{name}": _bound(talk, sources.get((function, name)), name, field)
        for function, name, field in _arguments(tools)
    }
    return {argument: bound for argument, bound in bounds.items() if bound is not None}


@dataclass(frozen=True)
class Conversation:
    """The messages as a call may quote them, each read once.

    `asked`: the shop's question that the newest message answers, if no message has it. `orders` are the ids of the
    customer's own orders; where they are not known, whatever may be an id is one. Days are counted from `today`;
    `language` is that of the conversation so far.
    """

    messages: Sequence[BaseMessage]
    today: date
    lexicon: ShopLexicon | None = None
    asked: str = ""
    orders: Sequence[str] | None = None
    language: str | None = None

    def read(self, text: str) -> Reading:
        """A message of this conversation, or part of one."""
        if self.lexicon is None:
            return read(text, today=self.today, previous=self.language, own_orders=self.orders or ())
        return self.lexicon.read(text, self.today, language=self.language, orders=self.orders or ())

    @cached_property
    def readings(self) -> list[Reading]:
        """The customer's messages, the newest last."""
        return [self.read(str(message.text)) for message in self.messages if isinstance(message, HumanMessage)]

    @property
    def newest(self) -> Reading:
        return self.readings[-1] if self.readings else self.read("")

    @cached_property
    def told(self) -> Reading:
        """What is noted from: the newest message, behind the question that it answers."""
        return self.read(f"{self.asked}\n{self.newest.text}".strip()) if self.asked else self.newest

    @cached_property
    def order_ids(self) -> list[str]:
        """The newest order, and ids that somebody wrote or that were shown."""
        texts = [str(message.text) for message in self.messages if not isinstance(message, SystemMessage)]
        given = [str(value) for call in self._calls() for value in call.values()]
        if self.orders is None:
            return list(dict.fromkeys([NEWEST, *(each for text in (*texts, *given) for each in _any_ids(text))]))
        ids = (each.written for text in (*texts, *given) for each in self.read(text).order_ids)
        return list(dict.fromkeys([NEWEST, *ids]))

    def given(self, name: str) -> list[Any]:
        """What earlier calls gave for an argument."""
        return [arguments[name] for arguments in self._calls() if name in arguments]

    def has_trait(self, attribute: str) -> bool:
        """Whether the profile card names it, or it was noted in these messages."""
        cards = (str(m.text) for m in self.messages if isinstance(m, SystemMessage) and str(m.text).startswith(CARD))
        return any(re.search(rf"\b{attribute}\b", text) for text in (*map(str, self._calls()), *cards))

    def _calls(self) -> list[Mapping[str, Any]]:
        return [call["args"] for m in self.messages if isinstance(m, AIMessage) for call in m.tool_calls]


def _bound(
    talk: Conversation, source: Source | None, name: str, field: Mapping[str, Any]
) -> Sequence[str | float] | Mapping[str, Any] | None:
    """What one argument may be; None: anything."""
    listed = field.get("enum", ())
    if source is not None and (rule := _RULES.get(source)):
        return rule(talk, name, field)
    if field.get("type") in _QUANTITY:
        given = {float(value) for value in talk.given(name) if isinstance(value, int | float)}
        return _plain(given.union(*(reading.numbers for reading in talk.readings)))
    if (lexicon := talk.lexicon) is None:
        return None
    if lexicon.is_kind(name) and listed:
        kinds = {*lexicon.kinds_named(name, talk.readings), *talk.given(name)}
        return [value for value in listed if value in kinds]
    if lexicon.is_filter(name):
        named = {value for reading in talk.readings for value in lexicon.facet_values(name, reading)}
        named |= {value for given in talk.given(name) for value in lexicon.facet_values(name, talk.read(str(given)))}
        values = [value for value in (listed or lexicon.facets[name]) if value in named]
        return values if listed or not named else None
    return None


def _price(side: Literal["least", "most"]) -> "_Rule":
    """The prices that the customer has named, but for what is said of one kind and is no price."""

    def named(talk: Conversation, name: str, field: Mapping[str, Any]) -> Sequence[float]:
        prices = (talk.read(_without_keyed(each.text, talk.lexicon)).prices for each in talk.readings)
        given = {float(value) for value in talk.given(name) if isinstance(value, int | float)}
        return _plain(given.union(*(each.least if side == "least" else each.most for each in prices)))

    return named


def _choice(cue: str) -> "_Rule":
    """Of what the schema lists, that for which the newest message has a word: "sort_price_low" for "price_low"."""

    def chosen(talk: Conversation, name: str, field: Mapping[str, Any]) -> Sequence[str]:
        return [value for value in field.get("enum", ()) if talk.newest.may_ask(f"{cue}_{value}")]

    return chosen


def _newest_words(talk: Conversation, name: str, field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {SPAN_OF: [talk.newest.text]} if talk.readings else None


def _words(talk: Conversation, name: str, field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {SPAN_OF: [reading.text for reading in talk.readings]} if talk.readings else None


def _changes(talk: Conversation, name: str, field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the changes: by attribute what the newest message can bear out, or forgetting what is held."""
    if (lexicon := talk.lexicon) is None:
        return None
    change = field["items"]
    forget = ("forget",) if talk.newest.has_cue("forget") or talk.newest.may_ask("forget") else ()

    def kind(name: str, value: Mapping[str, Any], *polarities: str) -> dict[str, Any]:
        bound = {"attribute": {"const": name}, "value": value, "polarity": {"enum": [*polarities]}}
        return {**change, "properties": {**change["properties"], "quote": {SPAN_OF: [talk.newest.text]}, **bound}}

    kinds = []
    for name in change["properties"]["attribute"]["enum"]:
        attribute = lexicon.schema.attributes[name]
        value, named = _value(attribute, talk, lexicon), _is_named(attribute, talk.told.text)
        if value.get("enum", True) and (named or _may_tell(talk.told.text, attribute)):
            taste = attribute.polarity and not attribute.sensitive
            kinds.append(kind(name, value, *(("like", "dislike") if taste else ("fact",)), *forget))
        if forget and "enum" in value and (named or talk.has_trait(name)):
            kinds.append(kind(name, _forgettable(attribute, talk, lexicon), "forget"))
    return {**field, "items": {"anyOf": kinds}} if kinds else {}


def _arguments(tools: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for tool in tools:
        function = tool["function"]
        for name, field in ((function.get("parameters") or {}).get("properties") or {}).items():
            yield function["name"], name, field


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


def _value(attribute: Attribute, talk: Conversation, words: ShopLexicon) -> dict[str, Any]:
    """What the customer told can say of an attribute."""
    if attribute.per:
        return {"enum": _kept_per_key(attribute, attribute.per, talk, words)}
    told = apart(attribute, talk.told.text, words)
    if attribute.range:
        newest = _without_keyed(apart(attribute, talk.newest.text, words), words)
        return {"enum": _ranges_and_numbers(attribute, newest)}
    if attribute.type == "money":
        prices = talk.read(_without_keyed(told, words)).prices
        return {"enum": _plain(prices.least if attribute.bound == MIN_PRICE else prices.most)}
    if attribute.type == "number":
        return {"enum": _plain(attribute.numbers(told))}
    if attribute.type == "boolean":
        return {"enum": ["yes", "no"]}
    if attribute.type == "date" and not dates_in(told, talk.today):
        return {"enum": []}
    if words.is_closed(attribute):
        return {"enum": words.attribute_values(attribute, talk.read(told))}
    return {"type": "string"}


def _ranges_and_numbers(attribute: Attribute, text: str) -> list[str | float | int]:
    """The ranges in the text; its numbers, where there is none."""
    ranges = attribute.ranges(text)
    named = find_quantities(text)
    numbers = prices_named(named).most if attribute.type == "money" else attribute.numbers(text)
    return list(dict.fromkeys(one.value for one in ranges)) or [*_plain(numbers)]


def _kept_per_key(
    attribute: Attribute, per: Attribute, talk: Conversation, words: ShopLexicon
) -> list[str | float | int]:
    """Values under the keys that they are said for; where that is open, under each key named, or under none."""
    pairs = pairs_in(attribute, talk.newest.text, words)
    keys = [] if pairs else dict.fromkeys(key for _, key in words.standing(per, talk.told.text))
    alone = replace(attribute, per=None)
    rest = without_plain(attribute, talk.newest.text, words)
    loose: list[str | float | int] = [value for _, value in words.standing(alone, rest)]
    if attribute.type != "choice":
        loose = _ranges_and_numbers(alone, rest)
    under = [kept_under(attribute, key, value, words) for key in keys for value in loose]
    general = [] if _is_general(attribute, words) else loose
    return list(dict.fromkeys([*(pair.text for pair in pairs), *filter(None, under), *general]))


def _is_general(keyed: Attribute, words: ShopLexicon) -> bool:
    """Whether the customer may state the same of everything, in an attribute of its own."""
    stated = words.schema.writable_by(Authority.STATED)
    return any(not other.per and not other.polarity and _alike(keyed, other, words) for other in stated)


def _without_keyed(text: str, words: ShopLexicon | None) -> str:
    """The text without what it says of one kind and is no price: "43 in boots"."""
    for attribute in words.schema.attributes.values() if words else ():
        if words and attribute.per and attribute.type != "money":
            text = without_plain(attribute, text, words)
    return text


def apart(attribute: Attribute, text: str, words: ShopLexicon) -> str:
    """The text without what it says of the same under a key: "M in jackets" is no size of everything."""
    for other in words.schema.attributes.values():
        if other.per and not attribute.per and _alike(other, attribute, words):
            text = without_plain(other, text, words)
    return text


def _alike(one: Attribute, other: Attribute, words: ShopLexicon) -> bool:
    """Whether a value of the one may be one of the other."""
    if one.type != "choice" or other.type != "choice":
        return one.type == other.type
    return not set(one.valid_values(words.facets)).isdisjoint(other.valid_values(words.facets))


def _forgettable(attribute: Attribute, talk: Conversation, words: ShopLexicon) -> dict[str, Any]:
    """All of an attribute, or of the keys that are named."""
    keys = dict.fromkeys(key for _, key in words.standing(attribute.per, talk.newest.text)) if attribute.per else {}
    return {"enum": [f"{key}{KEY_MARK}{EVERYTHING}" for key in keys]} if keys else {"const": EVERYTHING}


def _plain(numbers: Iterable[float]) -> list[float | int]:
    return [as_written(number) for number in sorted(numbers)]


def _any_ids(text: str) -> list[str]:
    return [*possible_ids(text), *_SPACED_ID.findall(text)]


_RULES: Mapping[Source, _Rule] = {
    Source.ORDER_ID: lambda talk, name, field: talk.order_ids,
    Source.LEAST_PRICE: _price("least"),
    Source.MOST_PRICE: _price("most"),
    Source.SORT: _choice("sort"),
    Source.STATUS: _choice("status"),
    Source.NEWEST_WORDS: _newest_words,
    Source.WORDS: _words,
    Source.CHANGES: _changes,
}

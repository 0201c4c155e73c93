"""What a tool call may copy from a conversation: values that somebody said, never made-up ones.

In: the messages that the model reads, the tools, and the shop's `Vocabulary`. Out: ``{"tool.argument": values}`` as the
model's `allowed` takes it. The grammar then offers no price, order id, filter or profile change that the tools and the
write firewall would refuse for want of a source; a small model would rather write what it saw in training than nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.models.grammar import SPAN_OF, Allowed
from agent.naming import is_named
from agent.prompt import CARD
from agent.tools.orders import NEWEST, ids_in
from agent.tools.schemas import SEARCH_PRODUCTS, UPDATE_PROFILE
from agent.vocabulary import Vocabulary
from agent.wording import Prices, as_written, asks_to_forget, prices_in, sorts_in, statuses_in
from profiles.attribute import Attribute
from profiles.dates import dates_in
from profiles.numbers import numbers_in
from profiles.observation import EVERYTHING
from profiles.words import has_cjk, mentions

ORDER_ID, QUESTION = "order_id", "question"
MIN_PRICE, MAX_PRICE = "min_price", "max_price"
# By tool and argument: what the newest message chooses, and what is said in the customer's own words.
_CHOSEN = {(SEARCH_PRODUCTS, "sort"): sorts_in, ("list_orders", "status"): statuses_in}
_COPIED = {("find_answer", QUESTION), ("change_address", "address"), ("return_items", "reason")}
_SPACED_ID = re.compile(
    r"(?<![A-Za-z0-9])(?!(?:abt|and|any|for|from|i[ds]|in|its|my|n[or]|o[fnr]|ord|over|the|to|was|with) )"
    r"[A-Za-z]{1,4} \d{3,}",
    re.IGNORECASE,
)  # "ap 10482", which may be "10482" or all of it
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
    What is noted is in the newest message, or in `asked`, the question that it answers. Without `words`, facets and the
    profile are not bound.
    """
    talk = _Talk(messages, asked)
    bounds = {
        f"{function}.{name}": _bound(talk, function, name, field, words) for function, name, field in _arguments(tools)
    }
    return {argument: bound for argument, bound in bounds.items() if bound is not None}


@dataclass(frozen=True)
class _Talk:
    """The messages as a call may quote them."""

    messages: Sequence[BaseMessage]
    asked: str

    @cached_property
    def heard(self) -> list[str]:
        return [str(message.text) for message in self.messages if isinstance(message, HumanMessage)]

    @property
    def newest(self) -> str:
        return self.heard[-1] if self.heard else ""

    @cached_property
    def own(self) -> str:
        """The customer's words, and what calls were made with."""
        given = [str(value) for call in self._calls() for value in call.values()]
        return "\n".join([*self.heard, *given])

    @cached_property
    def order_ids(self) -> list[str]:
        shown = "\n".join(str(message.text) for message in self.messages if not isinstance(message, SystemMessage))
        return list(dict.fromkeys([NEWEST, *ids_in(shown), *ids_in(self.own), *_SPACED_ID.findall(self.own)]))

    @cached_property
    def prices(self) -> Prices:
        return prices_in(self.heard)

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
    talk: _Talk, function: str, name: str, field: Mapping[str, Any], words: Vocabulary | None
) -> Sequence[str | float] | Mapping[str, Any] | None:
    """What one argument may be; None: anything."""
    listed = field.get("enum", ())
    if name == ORDER_ID:
        return talk.order_ids
    if name in (MIN_PRICE, MAX_PRICE):
        said = talk.prices.least if name == MIN_PRICE else talk.prices.most
        return _plain(said | {float(value) for value in talk.given(name) if isinstance(value, int | float)})
    if field.get("type") in _QUANTITY:
        return _plain(numbers_in(talk.own))
    if choose := _CHOSEN.get((function, name)):
        chosen = choose(talk.newest)
        return [value for value in listed if value in chosen]
    if (function, name) in _COPIED and talk.heard:
        return {SPAN_OF: [talk.newest] if name == QUESTION else talk.heard}
    if words is None:
        return None
    if words.is_kind(name) and listed:
        kinds = {*words.kinds_named(name, talk.newest, talk.own), *talk.given(name)}
        return [value for value in listed if value in kinds]
    if words.is_filter(name):
        named = words.facet_values(name, talk.own)
        return [value for value in listed if value in named] if listed or not named else None
    return _changes(field, talk, words) if (function, name) == (UPDATE_PROFILE, "changes") else None


def _arguments(tools: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for tool in tools:
        function = tool["function"]
        for name, field in ((function.get("parameters") or {}).get("properties") or {}).items():
            yield function["name"], name, field


def _changes(field: Mapping[str, Any], talk: _Talk, words: Vocabulary) -> dict[str, Any]:
    """The schema of the changes: by attribute what the newest message can bear out, or forgetting what is held."""
    told = f"{talk.asked}\n{talk.newest}".strip()
    change = field["items"]
    forget = ("forget",) if asks_to_forget(talk.newest) else ()

    def kind(name: str, value: Mapping[str, Any], *polarities: str) -> dict[str, Any]:
        bound = {"attribute": {"const": name}, "value": value, "polarity": {"enum": [*polarities]}}
        return {**change, "properties": {**change["properties"], "quote": {SPAN_OF: [talk.newest]}, **bound}}

    kinds = []
    for name in change["properties"]["attribute"]["enum"]:
        attribute = words.schema.attributes[name]
        value, named = _value(attribute, told, words), _is_named(attribute, told)
        if value.get("enum", True) and (named or _may_tell(told, attribute)):
            taste = attribute.polarity and not attribute.sensitive
            kinds.append(kind(name, value, *(("like", "dislike") if taste else ("fact",)), *forget))
        if forget and "enum" in value and (named or talk.holds(name)):
            kinds.append(kind(name, {"const": EVERYTHING}, "forget"))
    return {**field, "items": {"anyOf": kinds}} if kinds else {}


def _is_named(attribute: Attribute, text: str) -> bool:
    """ "Delete my ring size", "never wrap my things": a word of its name or its label."""
    return any(
        mentions(text, part)
        for label in (attribute.name.replace("_", " "), *attribute.label.values())
        for part in ([label] if has_cjk(label) else label.split())
        if len(part) >= _TELLING or has_cjk(part)
    )


def _may_tell(text: str, attribute: Attribute) -> bool:
    """Whether the text may tell this attribute without a word for it."""
    if attribute.cues:
        return is_named(text, attribute.cues)
    return attribute.type != "boolean"


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


def _plain(numbers: Iterable[float]) -> list[float | int]:
    return [as_written(number) for number in sorted(numbers)]

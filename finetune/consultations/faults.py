"""What is wrong with a consultation, by what its shop has.

In: a `Consultation` and the `ShopFacts` of its shop. Out: `Fault`s, each with the place and the valid values.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from errors import choices
from finetune.consultations.consultation import VISITOR, Call, Consultation, Message
from finetune.consultations.labels import FORGET, NOTE, SILENT, TALK, tools, unknown
from finetune.consultations.shops import ShopFacts
from profiles.observation import Authority

FACT = "fact"
_TASTES = ("like", "dislike")
_CHANGE = frozenset(("quote", "attribute", "value", "polarity", "about"))
_ENDS = frozenset(("min", "max"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong; `message` counts from one, 0 is the consultation as a whole."""

    id: str
    message: int
    text: str

    def __str__(self) -> str:
        return f"{self.id}.{self.message}: {self.text}" if self.message else f"{self.id}: {self.text}"


def bare(text: object) -> str:
    """Only words: ``bare("Red, please!") == "red please"``."""
    return re.sub(r"[^\w]+", " ", str(text).casefold()).strip()


def faults(consultation: Consultation, shop: ShopFacts) -> Iterator[Fault]:
    """Everything that is wrong, in order."""
    customer = consultation.customer
    if customer != VISITOR and customer not in shop.customers:
        yield Fault(consultation.id, 0, unknown("customer", customer, shop.customers))
    for number, message in enumerate(consultation.messages, 1):
        said = " ".join(bare(earlier.say) for earlier in consultation.messages[:number])
        for text in (*_of_labels(message), *_of_calls(message, said, shop), *_of_not_noted(message, shop)):
            yield Fault(consultation.id, number, text)


def _of_labels(message: Message) -> Iterator[str]:
    """A label once, "talk" alone, and the calls and the labels are of each other's kinds."""
    if len(set(message.wants)) != len(message.wants):
        yield f"a label twice: {', '.join(message.wants)}"
    if TALK in message.wants and len(message.wants) > 1:
        yield f"{TALK!r} beside other labels: {', '.join(message.wants)}"
    made = {label for call in message.calls for label in labels_of(call)}
    for label in sorted(made - set(message.wants)):
        yield f"a call that means {label!r}, and the labels are {', '.join(message.wants)}"
    corrects = NOTE in made and FORGET in message.wants  # a new value replaces the old one
    for label in message.wants:
        if label not in made and label not in SILENT and not (label == FORGET and corrects):
            yield f"label {label!r} without its call"


def labels_of(call: Call) -> frozenset[str]:
    """The labels that a message with this call has."""
    if call.tool != "update_profile":
        return frozenset((tools()[call.tool],))
    return frozenset(FORGET if change.get("polarity") == FORGET else NOTE for change in changes_of(call))


def changes_of(call: Call) -> list[Mapping[str, Any]]:
    """What a call notes or forgets; what is no change at all is left to the check of the labels."""
    return [change for change in _each(call.arguments.get("changes", [])) if isinstance(change, dict)]


def _of_calls(message: Message, said: str, shop: ShopFacts) -> Iterator[str]:
    newest = bare(message.say)
    for call in message.calls:
        known = shop.arguments[call.tool]
        for name, value in call.arguments.items():
            if name not in known:
                yield f"{call.tool}: {unknown('argument', name, known)}"
                continue
            values = known[name]
            if values is not None and name not in shop.facets.names:  # those are matched as the search matches them
                yield from (f"{call.tool}: {unknown(name, v, values)}" for v in _each(value) if str(v) not in values)
        match call.tool:
            case "search_products":
                yield from _of_search(call.arguments, shop)
            case "find_answer" if bare(call.arguments.get("question", "")) not in newest:
                yield f"the question is not in the message: {call.arguments.get('question')!r}"
            case "change_address" if bare(call.arguments.get("address", "")) not in said:
                yield f"the address is not in the messages: {call.arguments.get('address')!r}"
            case "update_profile":
                for change in changes_of(call):
                    yield from _of_change(change, newest, shop)


def _of_search(arguments: Mapping[str, Any], shop: ShopFacts) -> Iterator[str]:
    """Conditions are facets of the shop, with values that its catalogue knows."""
    if not arguments.get("query"):
        yield "search_products: no query"
    ruled_out, where = arguments.get("not") or {}, arguments.get("where") or {}
    asked = [(name, value) for name, value in arguments.items() if name in shop.facets.names]
    for name, value in (*asked, *where.items(), *ruled_out.items()):
        if name not in shop.facets.names:
            yield unknown("facet", name, shop.facets.names)
            continue
        yield from (text for one in _each(value) for text in _of_facet(name, one, shop))


def _of_facet(name: str, value: Any, shop: ShopFacts) -> Iterator[str]:
    if isinstance(value, dict):
        if shop.facets.facet(name).type != "number" or not value or set(value) - _ENDS:
            yield f"{name}: {value!r}; only a number has the ends min and max"
    elif shop.facets.match(name, str(value)) is None:
        yield f"{name}: {unknown('value', value, shop.facets.values(name))}"


def _of_change(change: Mapping[str, Any], newest: str, shop: ShopFacts) -> Iterator[str]:
    """The quote stands in the message, and the attribute may have this value and polarity from a customer."""
    yield from (f"a change: {unknown('key', key, _CHANGE)}" for key in sorted(set(change) - _CHANGE))
    quote = bare(change.get("quote", ""))
    if not quote or quote not in newest:
        yield f"the quote is not in the message: {change.get('quote')!r}"
    writable = {attribute.name: attribute for attribute in shop.schema.writable_by(Authority.STATED)}
    attribute = writable.get(str(change.get("attribute")))
    if attribute is None:
        yield unknown("attribute that a customer may state", change.get("attribute"), writable)
        return
    polarity = change.get("polarity")
    allowed = (*(_TASTES if attribute.polarity else (FACT,)), FORGET)
    if polarity not in allowed:
        yield f"{attribute.name}: {unknown('polarity', polarity, allowed)}"
    if "value" not in change:
        yield f"{attribute.name}: no value"
    elif attribute.values and not attribute.per and polarity != FORGET and str(change["value"]) not in attribute.values:
        yield f"{attribute.name}: {unknown('value', change['value'], attribute.values)}"


def _of_not_noted(message: Message, shop: ShopFacts) -> Iterator[str]:
    known = shop.schema.attributes
    for one in message.not_noted:
        if one.attribute not in known:
            yield f"not noted: no attribute {one.attribute!r}; there are {choices(known, 40)}"


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]

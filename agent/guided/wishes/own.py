"""What customers say of themselves, or of whom they buy for, in passing: "women's please", "I take an L", "for my gf".

In: the wishes of the message, the turn's context. Out: changes as the tool `update_profile` takes them, of what the
words leave no doubt of. A question states nothing, nor does what is said while something is looked for another.
"""

from collections.abc import Collection, Iterator
from typing import Any

from agent.context import TurnContext
from agent.shop_reading import ShopReading
from language.clauses import clause_span
from language.company import company_in
from language.cues import cued_piece
from language.negation import denied
from language.own_size import is_own_size
from language.people import GROUPS
from language.recipients import people_in
from language.tense import is_not_now
from profiles.attribute import Attribute
from profiles.observation import Value

Json = dict[str, Any]
_SIZE = "size"
_RECIPIENT = "recipient"
_NEAR = 16  # characters between "needs" and what is needed: "needs some new boots"


def said_in_passing(wishes: Collection[str], context: TurnContext) -> Iterator[Json]:
    """The notes of which the words leave no doubt."""
    for attribute in context.reading.reader.stated:
        if "search" in wishes and attribute.name == _RECIPIENT:
            yield from _for_whom(attribute, context)
        if attribute.type != "choice" or attribute.many or attribute.per or not _is_for_oneself(context):
            continue
        if attribute.name.endswith(_SIZE):
            yield from _own_size(attribute, context)
        elif "search" in wishes:
            yield from _own_range(attribute, context)


def _is_for_oneself(context: TurnContext) -> bool:
    """Whether the last who was spoken of is the customer."""
    last = next((reading.about for reading in reversed(context.readings) if reading.about), None)
    return last == "self"


def _own_size(attribute: Attribute, context: TurnContext) -> Iterator[Json]:
    reading = context.reading
    others = [(each.start, each.end) for each in reading.quantities if each.counts not in (None, "size")]
    found: dict[Value, Json] = {}
    for item in reading.reader.choices.named(attribute.name, reading.text, "exact"):
        start, end = clause_span(reading.text, *item.span)
        part = reading.text[start:end].strip()
        is_other = any(start < item.end and item.start < end for start, end in others)
        if is_other or denied(reading.text, item.span, reading.languages) or is_not_now(reading.text, item.span):
            continue
        if is_own_size(part, item.text) and not context.read(reading.text[start : end + 1].strip()).is_question:
            found[item.value] = _note(part, attribute, item.value)
    if len(found) == 1:  # "M in jackets, L in shirts" is no one size
        yield from found.values()


def _own_range(attribute: Attribute, context: TurnContext) -> Iterator[Json]:
    """Whose range they look in for themselves: the men's, or the women's."""
    reading, facets = context.reading, context.services.retriever.facets
    people = facets.facet(attribute.facet).people if attribute.facet in facets.names else {}
    said = [value for value in reading.values if value.facet == attribute.facet and not value.denied]
    if not people or reading.is_question or len({value.value for value in said}) != 1:
        return
    grown = {str(value) for group, value in people.items() if group in GROUPS and group != "child"}
    if said[0].value in grown:
        yield _note(
            reading.text[slice(*clause_span(reading.text, said[0].start, said[0].end))].strip(),
            attribute,
            said[0].value,
        )


def gets_something(reading: ShopReading) -> bool:
    """Whether somebody needs or gets a kind of product: "my nephew turns 7 and gets a headlamp"."""
    kinds = [value.start for value in reading.values if value.facet in reading.kinds and not value.denied]
    for one in people_in(reading.text, reading.languages):
        needs = cued_piece("needs_it", reading.text[one.end :]) or ""
        if needs and any(0 < start - one.end - len(needs) <= _NEAR for start in kinds):
            return True
    return False


def _for_whom(attribute: Attribute, context: TurnContext) -> Iterator[Json]:
    """Whom something is looked for: one person, "for my gf", or one who needs or gets it; none of "me and my gf"."""
    reading = context.reading
    ends = {end for _, end in reading.others}
    together = [each for each in company_in(reading.text) if each.has_self]
    people = [
        one
        for one in people_in(reading.text, reading.languages)
        if not any(each.start <= one.start < each.end for each in together)
    ]
    meant = {one.name: one for one in people if one.end in ends or cued_piece("needs_it", reading.text[one.end :])}
    if len(meant) == 1:
        (one,) = meant.values()
        yield _note(reading.text[slice(*clause_span(reading.text, one.start, one.end))].strip(), attribute, one.name)


def _note(quote: str, attribute: Attribute, value: Value) -> Json:
    return {"quote": quote, "attribute": attribute.name, "value": value, "polarity": "fact"}

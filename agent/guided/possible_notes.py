"""Every note that the words of a message allow: a recogniser chooses of these, so that no model has to write any.

In: the message as the shop reads it. Out: changes as the tool that notes takes them, each with the clause that it
stands in as its quote. Most of them are wrong, as what is asked or is said of others is among them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.notes import MIN_PRICE
from agent.shop_reading import ShopReading
from language.clauses import clause_at
from language.company import company_in
from language.dates import find_dates
from language.negation import denied
from language.numbers import as_written, find_numbers
from language.packs import languages
from language.people import spoken_in
from language.quantities import centimetres_in, prices_named
from language.recipients import are_of_people, people_in
from language.tense import is_not_now
from language.text import fold, has_han
from language.words import mentions
from profiles.attribute import Attribute
from profiles.observation import Value
from retrieval.facets import VARIANT_FACETS

MOST = 24  # of one message
_LEAST = 3  # letters of a word that may be a value itself; in Chinese one character less
_ONE_THING = re.compile(r"(?:\s+[\w'-]+)?\s+")  # between a number and the kind of goods that it counts
_AGE = "age"  # the attribute of that name, in years
TASTES = ("like", "dislike")


@dataclass(frozen=True, slots=True)
class PossibleNote:
    """What might be noted. `polarity` is "fact" where the attribute has no likes; `words`: where the message has it."""

    attribute: str
    value: Value
    polarity: str
    quote: str
    words: str

    def change(self) -> dict[str, Value]:
        """As an entry of the tool's list of changes."""
        return {"quote": self.quote, "attribute": self.attribute, "value": self.value, "polarity": self.polarity}


def possible_notes(reading: ShopReading) -> list[PossibleNote]:
    """Once each, at most `MOST`; what has a like may have a dislike too."""
    found: dict[tuple[str, str, str], PossibleNote] = {}
    ruled_out = {value.value for value in reading.values if value.denied}
    for attribute in reading.reader.stated:
        if (attribute.facet or attribute.name) in reading.kinds:  # what they look for, is no taste
            continue
        for value, words in _values(attribute, reading):
            if _is_not_now(reading.text, words):
                continue
            tastes = TASTES[1:] if value in ruled_out else TASTES
            for polarity in tastes if attribute.polarity and not attribute.sensitive else ("fact",):
                note = PossibleNote(attribute.name, value, polarity, _clause(reading.text, words), words)
                found.setdefault((attribute.name, str(value).casefold(), polarity), note)
    return [*found.values()][:MOST]


def words_of(attribute: str, value: object, possible: Sequence[PossibleNote]) -> str:
    """The words of a message that a note stands in, of all that it allows; of none of those, the value itself."""
    same = (note for note in possible if (note.attribute, str(note.value)) == (attribute, str(value)))
    return next((note.words for note in same), str(value))


def _values(attribute: Attribute, reading: ShopReading) -> Iterator[tuple[Value, str]]:
    """What the message may say of an attribute, and in which words."""
    note = reading.notes[attribute.name]
    for kept, pair in note.pairs.items():
        yield kept, pair.words
    if attribute.per or attribute.range:
        yield from ((value, _written(value, reading)) for value in note.values or ())
    elif attribute.type == "choice":
        for item in reading.reader.choices.named(attribute.name, reading.text, "exact"):
            if attribute.polarity or not denied(reading.text, item.span, reading.languages):
                yield item.value, item.text
    elif attribute.type == "date":
        found = find_dates(reading.text, reading.today)
        yield from ((day.isoformat(), each.text) for each in found for day in each.days)
    elif attribute.type == "boolean":
        yield from ((value, "") for value in (("yes", "no") if note.may_be_told else ()))
    elif attribute.type == "money":
        of_search = prices_named(reading.quantities)
        ends = of_search.least if attribute.bound == MIN_PRICE else of_search.most  # "nothing over 150" is no least
        named = (*ends, *(note.values or ()))
        prices = (as_written(float(price)) for price in dict.fromkeys(named) if not isinstance(price, str))
        yield from ((price, _written(price, reading)) for price in prices)
    elif attribute.type == "number":
        yield from ((value, _written(value, reading)) for value in _numbers(attribute, reading))
    elif note.may_be_told:
        yield from _words(attribute, reading)


def _written(value: Value, reading: ShopReading) -> str:
    """The words of the message for a number: "four" for 4, "1.75m" for 175 centimetres."""
    found = [(each.text, each.values) for each in find_numbers(reading.text, reading.languages)]
    found += [(each.text, each.values) for each in reading.quantities]
    lengths = [each.text for each in reading.quantities if each.counts == "length"]
    return next((text for text, values in found if value in values), (*lengths, str(value))[0])


def _numbers(attribute: Attribute, reading: ShopReading) -> Iterator[float]:
    """Those that may be of this attribute: "under 160" is nobody's height, and "one" no number where it stands for a
    thing."""
    is_length = attribute.name.endswith("_cm")
    counted = [each for each in reading.quantities if not is_length or each.counts in (None, "length")]
    said = {float(value) for each in counted for value in each.values}
    said |= centimetres_in(reading.text) if is_length else {float(one.count) for one in company_in(reading.text)}
    said -= {float(limit.price) for limit in reading.limits} | _pieces(reading)
    said -= set() if attribute.name == _AGE else _ages(reading)
    values = (as_written(float(value)) for value in reading.notes[attribute.name].values or ())
    yield from (value for value in values if value in said and attribute.least <= value <= attribute.most)


def _pieces(reading: ShopReading) -> set[float]:
    """The numbers that count what is bought, and say nothing of anybody: "2 of them", "4 warm jackets"."""
    kinds = [value.start for value in reading.values if value.facet in reading.kinds]
    behind = [(each, reading.text[each.end : start]) for each in reading.quantities for start in kinds]
    goods = [each for each, words in behind if each.counts is None and _ONE_THING.fullmatch(words)]
    counted = [each for each in reading.quantities if each.counts in ("pieces", "pairs")]
    return {float(value) for each in (*goods, *counted) for value in each.values}


def _ages(reading: ShopReading) -> set[float]:
    """The ages of those who are spoken of: a daughter of 14 is no group of 14."""
    return {one.age for one in spoken_in(reading) if one.age is not None}


def _words(attribute: Attribute, reading: ShopReading) -> Iterator[tuple[str, str]]:
    """Of what may be anything: the people named, the words that tell of it, and the values of the shop's facets; and
    by which words."""
    if not attribute.cues or are_of_people(attribute.cues):
        yield from ((one.name, reading.text[one.start : one.end]) for one in people_in(reading.text, languages()))
    text = fold(reading.text).text
    for cue in attribute.cues:
        if len(cue) >= _LEAST - has_han(cue) and (cue in text if has_han(cue) else mentions(text, cue)):
            yield cue, cue
    if not attribute.purchase:  # for whom something is bought, and why, is no value of a product
        others = {*reading.kinds, *VARIANT_FACETS}  # a color or a size is nobody's allergy
        yield from ((value.value, value.text) for value in reading.values if value.facet not in others)


def _is_not_now(text: str, words: str) -> bool:
    """Whether all that is said in these words was so, or might be: "I used to ski" says no taste of now."""
    places = [found.span() for found in re.finditer(re.escape(words), text)] if words else []
    return bool(places) and all(is_not_now(text, place) for place in places)


def _clause(text: str, words: str) -> str:
    """The clause that has the words; the whole message where they are not one piece of it."""
    at = text.find(words) if words else -1
    return text if at < 0 else clause_at(text, at, at + len(words))

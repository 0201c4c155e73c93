"""Of whom a consultation speaks besides the customer: men, women or children, as far as that is certain.

In: messages as they were read, the newest last, and the name of a person. Out: the `Group` of that person; "" where
the words leave it open, as they do of a son whose age nobody told. Only whom a message speaks of as a person counts
("for my baby", and not "baby blue"), and of their ages only what is said right beside them or of a "he" or "she".
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from language.negation import denied
from language.packs import section
from language.quantities import Quantity
from language.reading import Reading
from language.recipients import AgeWords, Kind, Person, RecipientWords, bare_noun, kinds_of, people_in, recipients_in
from language.text import Span, fold, has_han
from language.words import mentions

Group = Literal["man", "woman", "child"]
GROUPS: tuple[Group, ...] = get_args(Group)
GROWN = 16  # years from which on nobody wears what is made for children
_YOUNG: frozenset[Kind] = frozenset(("boy", "girl", "child"))
_BY_AGE: frozenset[Kind] = frozenset(("boy", "girl"))  # who say nothing until their age is told
_GROWN_UP: dict[Kind, Group] = {"man": "man", "woman": "woman", "boy": "man", "girl": "woman"}
_OF_PRONOUN: dict[str, frozenset[Kind]] = {"man": frozenset(("man", "boy")), "woman": frozenset(("woman", "girl"))}
_MONTHS = 12  # of a year
_ENDS = ("", *".,;:!?()。；：！？、")  # of a clause
_MARKS = " ,;:()-'"
_APPOSED = re.compile(r"(?:\s+\w+)?\s*[,，(（]\s*")  # between a person and a bare age: "my daughter Ella, 8, wants"
_CLOSES = ("", *",)，）")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Somebody of whom a message speaks; `name` is "" for whom it calls he or she, `age` in years where it tells it."""

    name: str
    kinds: frozenset[Kind] = frozenset()
    age: float | None = None


def group_of(name: str, readings: Sequence[Reading], age: float | None = None) -> Group | None:
    """The group of the person of this name by all that was said of them; `age`: what is known of it beside that.

    The last age told counts. A name that no message has is the word of whoever gives it.
    """
    kinds, last = set[Kind](), ""
    for spoken in (one for reading in readings for one in spoken_in(reading)):
        last = spoken.name or last
        if last == name:
            kinds |= spoken.kinds
            age = age if spoken.age is None else spoken.age
    if not any(name in recipients_in(reading.text) for reading in readings):
        kinds |= kinds_of(name)
    return _group(kinds, age)


def spoken_in(reading: Reading) -> tuple[Spoken, ...]:
    """Of whom a message speaks, in its order: ``"boots for my son, he's 9"`` has the son, and then a "he" of 9."""
    text = reading.text
    people = [one for one in people_in(text, reading.languages) if not denied(text, (one.start, one.end))]
    found: list[tuple[int, Spoken]] = []
    for one in people:
        age = next(_ages_beside(reading, one), None)
        is_meant = age is not None or _is_spoken_of(reading, one)
        found.append((one.start, Spoken(one.name, one.kinds if is_meant else one.kinds & _BY_AGE, age)))
    found += [(each.start, Spoken("", age=_years(each))) for each in _of_nobody_named(reading, people)]
    return tuple(spoken for _, spoken in sorted(found, key=lambda item: item[0]))


def called_in(reading: Reading) -> frozenset[Kind]:
    """Whom a message calls by a pronoun alone: a man or boy ("he needs socks"), a woman or girl; none, or both."""
    found = set[Kind]()
    for start, end in reading.others:
        said = fold(reading.text[start:end]).text
        for pack in _words(reading.languages):
            for kind, forms in pack.pronouns.items():
                if any(form in said if has_han(form) else mentions(said, form) for form in forms):
                    found |= _OF_PRONOUN[kind]
    return frozenset(found)


def _group(kinds: Collection[Kind], age: float | None) -> Group | None:
    is_young = age < GROWN if age is not None else "child" in kinds
    if is_young and not _YOUNG.isdisjoint(kinds):
        return "child"
    grown = {_GROWN_UP[kind] for kind in kinds if kind in ("man", "woman") or (age is not None and kind in _GROWN_UP)}
    return grown.pop() if len(grown) == 1 else None


def _is_spoken_of(reading: Reading, person: Person) -> bool:
    """Whether the word means a person here: words around it say so, or it is all that is said."""
    if any(start <= person.start and person.end <= end for start, end in reading.others):
        return True
    return bare_noun(reading.text) == fold(reading.text[person.start : person.end]).text


def _ages_beside(reading: Reading, person: Person) -> Iterator[float]:
    """ "My son is 9", "nephew, 7 years old", 8岁的孙子."""
    text, words = reading.text, [pack.aged for pack in _words(reading.languages)]
    for each in reading.quantities:
        years = _years(each)
        if each.start >= person.end:
            if _leads_to(text, (person.end, each.start), each, words):
                yield float(each.low or 0) if years is None else years
        elif years is not None and (person.end <= each.end or _joins(text[each.end : person.start], words)):
            yield years


def _joins(between: str, words: Sequence[AgeWords]) -> bool:
    """Whether an age and a person behind it belong together."""
    joint = _bare(between)
    return not joint or any(joint == fold(join).text for pack in words for join in pack.joins)


def _leads_to(text: str, between: Span, quantity: Quantity, words: Sequence[AgeWords]) -> bool:
    """Whether a person and an age behind them belong together; a number that counts nothing is one behind "is"."""
    said = _bare(text[slice(*between)])
    is_led = any(said == fold(word).text for pack in words for word in pack.before)
    if quantity.counts == "age":
        return is_led or not said
    is_small = quantity.counts is None and quantity.role == "exact" and 0 < (quantity.low or 0) < GROWN
    behind = fold(text[quantity.end :]).text.strip()
    if is_small and _APPOSED.fullmatch(text[slice(*between)]) and behind[:1] in _CLOSES:
        return True
    follows = not behind[:1].isalnum() or any(behind.split()[0] == word for pack in words for word in pack.then)
    return is_led and is_small and follows


def _of_nobody_named(reading: Reading, people: Sequence[Person]) -> Iterator[Quantity]:
    """The ages that are said of a "he" or a "she", or of nobody at all: "10 years old"."""
    unnamed = [(start, end) for start, end in reading.others if not any(start <= one.start < end for one in people)]
    for each in reading.quantities:
        if _years(each) is not None:
            is_called = any(start < each.end and each.start < end for start, end in unnamed)
            if is_called or _stands_alone(reading.text, each):
                yield each


def _stands_alone(text: str, quantity: Quantity) -> bool:
    before, behind = fold(text[: quantity.start]).text.rstrip(), fold(text[quantity.end :]).text.lstrip()
    return before[-1:] in _ENDS and behind[:1] in _ENDS


def _years(quantity: Quantity) -> float | None:
    """The age that it tells, of several the highest; None for what is no age."""
    if quantity.counts != "age" or quantity.high is None:
        return None
    return float(quantity.high) / (_MONTHS if quantity.unit == "month" else 1)


def _bare(text: str) -> str:
    return fold(text).text.strip(_MARKS)


@cache
def _words(of: tuple[str, ...]) -> tuple[RecipientWords, ...]:
    return tuple(words for code in of if (words := section(code, "recipients", RecipientWords)))

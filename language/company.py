"""How many people a text lists: "me, the wife and 3 kids" are five, 就我俩 two.

In: a text and the languages it may be in. Out: `Company`s, each with its place and its number; none where one of those
that are listed may be any number ("me and my friends"). Words are the packs' section `company`. Errors: `ConfigError`
for a broken pack.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from language.negation import any_of
from language.numbers import find_numbers
from language.packs import Section, languages, section
from language.quantities import Quantity, find_quantities
from language.recipients import RecipientWords, people_in
from language.text import Folded, fold

_MOST = 20  # people of one company
_TWO = 2


class CompanyWords(Section):
    """What a language's pack says of people who are listed; regular expressions, but for the words of `counts`."""

    self: tuple[str, ...] = ()  # whoever writes: "me"
    us: tuple[str, ...] = ()  # behind a number, whoever writes is one of them: "of us"
    joins: tuple[str, ...] = ()  # between two of them: "and"
    several: tuple[str, ...] = ()  # without a number, these are any number: "kids"
    counts: Mapping[int, tuple[str, ...]] = {}  # words for all of them: "us two"
    counted: tuple[str, ...] = ()  # with a number in each group; all of these are added up: "family of (four)"


@dataclass(frozen=True, slots=True)
class Company:
    """People from `start` to `end` of a text; `has_self`: whoever writes is one of them."""

    start: int
    end: int
    count: int
    has_self: bool


@dataclass(frozen=True, slots=True)
class _Member:
    """One or several people; a `count` of 0 is not known."""

    start: int
    end: int
    count: int
    is_self: bool = False


@lru_cache(maxsize=512)
def company_in(text: str, of: tuple[str, ...] = ()) -> tuple[Company, ...]:
    """Those that are listed or counted together, in the order of the text."""
    folded, words = fold(text), _words(of or languages())
    counted = [Company(one.start, one.end, one.count, True) for one in _counted(folded, words)]
    rows = list[list[_Member]]()
    for member in _members(text, folded, of or languages(), words):
        if rows and words.joint.fullmatch(text[rows[-1][-1].end : member.start].casefold()):
            rows[-1].append(member)
        else:
            rows.append([member])
    listed = [found for row in rows if (found := _listed(text, row, words))]
    listed += [one for one in counted if not any(one.start < other.end and other.start < one.end for other in listed)]
    return tuple(sorted(listed, key=lambda one: one.start))


def with_company(text: str, quantities: Sequence[Quantity], of: tuple[str, ...]) -> tuple[Quantity, ...]:
    """The quantities, with one for all people that are listed together in place of those of some of them."""
    found = [one for one in company_in(text, of) if one.count <= _MOST]
    left = [each for each in quantities if not any(one.start < each.end and each.start < one.end for one in found)]
    made = (
        Quantity(
            one.start,
            one.end,
            text[one.start : one.end],
            Decimal(one.count),
            Decimal(one.count),
            None,
            "people",
            None,
            "exact",
        )
        for one in found
    )
    return tuple(sorted([*left, *made], key=lambda each: each.start)) if found else tuple(quantities)


def _listed(text: str, row: Sequence[_Member], words: "_Words") -> Company | None:
    """A list of at least two whose numbers are known, the last of which a word joins."""
    if len(row) < _TWO or not all(one.count for one in row):
        return None
    if not words.joins.search(text[row[-2].end : row[-1].start].casefold()):
        return None
    return Company(row[0].start, row[-1].end, sum(one.count for one in row), any(one.is_self for one in row))


def _members(text: str, folded: Folded, of: tuple[str, ...], words: "_Words") -> Iterator[_Member]:
    """People and numbers of people in the order of the text; "my" of "my wife" is none."""
    quantities = [each for each in find_quantities(text, of) if each.low is not None and each.low == each.high]
    quantities = [
        each for each in quantities if each.counts in (None, "people", "pieces") and 0 < int(each.low or 0) <= _MOST
    ]
    found = [
        _Member(each.start, each.end, int(each.low or 0), words.us.search(each.text) is not None)
        for each in quantities
        if each.counts == "people"
    ]
    for person in people_in(text, of):
        if any(one.start <= person.start and person.end <= one.end for one in found):
            continue
        number = next(
            (each for each in quantities if each.end <= person.start and not text[each.end : person.start].strip()),
            None,
        )
        is_several = words.several.fullmatch(text[person.start : person.end].casefold()) is not None
        count = int(number.low or 0) if number else 0 if is_several else 1
        found.append(_Member(number.start if number else person.start, person.end, count))
    starts = {one.start for one in found}
    for match in words.self.finditer(folded.text):
        start, end = folded.span(*match.span())
        if end not in starts and not any(one.start <= start < one.end for one in found):
            found.append(_Member(start, end, 1, True))
    return iter(sorted(found, key=lambda one: one.start))


def _counted(folded: Folded, words: "_Words") -> Iterator[_Member]:
    for count, pattern in words.counts:
        yield from (_Member(*folded.span(*found.span()), count, True) for found in pattern.finditer(folded.text))
    for pattern in words.counted:
        for found in pattern.finditer(folded.text):
            numbers = [number.values[0] for group in found.groups() for number in find_numbers(group)[:1]]
            if len(numbers) == len(found.groups()):
                yield _Member(*folded.span(*found.span()), int(sum(numbers)), True)


@dataclass(frozen=True, slots=True)
class _Words:
    """The expressions of some languages, compiled. `joint`: all that may stand between two of a list."""

    self: re.Pattern[str]
    us: re.Pattern[str]
    joins: re.Pattern[str]
    joint: re.Pattern[str]
    several: re.Pattern[str]
    counts: tuple[tuple[int, re.Pattern[str]], ...]
    counted: tuple[re.Pattern[str], ...]


@cache
def _words(of: tuple[str, ...]) -> _Words:
    packs = [pack for code in of if (pack := section(code, "company", CompanyWords))]
    people = [pack for code in of if (pack := section(code, "recipients", RecipientWords))]
    joins, before = (
        any_of(w for pack in packs for w in pack.joins),
        any_of(re.escape(w) for p in people for w in p.mine),
    )
    own = any_of(word for pack in packs for word in pack.self)
    us = any_of(word for pack in packs for word in (*pack.us, *pack.self))
    return _Words(
        re.compile(own),
        re.compile(us),
        re.compile(joins),
        re.compile(rf"\s*(?:(?:[,，、]\s*)?(?:{joins})\s*(?:{before})?|[,，、]\s*(?:{before})?|{before})\s*"),
        re.compile(any_of(word for pack in packs for word in pack.several)),
        tuple((n, re.compile(any_of(map(re.escape, said)))) for pack in packs for n, said in pack.counts.items()),
        tuple(re.compile(each) for pack in packs for each in pack.counted),
    )

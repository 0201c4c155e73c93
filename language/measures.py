"""What a number counts, told by the words beside it: money, people, litres, days, a size.

In: a folded text, the place of a number in it, and the languages it may be in. Out: a `Measure`. Symbols of units are
the same in every language; words for them are data of the packs. Pure functions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from pydantic import Field

from language.chinese import read_chinese
from language.money import currency_after, currency_before
from language.packs import Section, section
from language.patterns import LETTER, alternatives, spellings
from language.text import Span

Counts = Literal[
    "money", "people", "age", "temperature", "volume", "mass", "length", "area", "distance", "duration", "size",
    "pieces", "pairs", "percent", "rating", "stock", "other",
]  # fmt: skip
UnitWords = Mapping[Counts, Mapping[str, tuple[str, ...]]]  # by what is counted, by canonical unit ("-": none)
NO_UNIT = "-"
CENT = "cent"  # the hundredth of a currency
_SYMBOLS: UnitWords = {
    "volume": {"l": ("l", "ltr"), "ml": ("ml",), "cl": ("cl",), "dl": ("dl",)},
    "mass": {"kg": ("kg", "kgs"), "g": ("g", "gr"), "mg": ("mg",), "lb": ("lb", "lbs"), "oz": ("oz",)},
    "length": {"m": ("m",), "cm": ("cm",), "mm": ("mm",), "ft": ("ft",)},
    "distance": {"km": ("km",), "mi": ("mi",)},
    "area": {"m²": ("m2", "sqm", "qm"), "ft²": ("sqft",)},
    "temperature": {"°C": ("°c", "°", "º", "ºc"), "°F": ("°f",)},
    "duration": {"hour": ("h", "hr", "hrs"), "minute": ("min", "mins"), "day": ("d",)},
    "percent": {"%": ("%", "pct")},
    "rating": {"star": ("★", "⭐", "*")},
    "pieces": {NO_UNIT: ("pcs", "pc")},
    "other": {
        **{"W": ("w",), "kW": ("kw",), "lm": ("lm",), "GB": ("gb",), "TB": ("tb",), "MB": ("mb",), "mAh": ("mah",)},
        **{"V": ("v",), "Hz": ("hz",), "GHz": ("ghz",), "dpi": ("dpi",), "px": ("px",), "MP": ("mp",), "dB": ("db",)},
        **{"rpm": ("rpm",), "g/m²": ("gsm", "g/m2"), "mph": ("mph",), "km/h": ("km/h", "kmh")},
    },
}
_METRES = re.compile(
    r"(?<![\d.,])(?P<m>[12一两二])\s*(?:米|m)\s?(?P<cm>[\d零一二三四五六七八九]{1,2})(?![\d.,]*\d|\s*[a-z])"
)
_FEET = re.compile(
    r"(?<![\d.,])(?P<ft>\d)\s?(?:'|ft\.?|feet|foot)\s?(?P<in>\d{1,2})(?!\d)(?:\s?(?:\"|''|in(?:ch(?:es)?)?\b))?"
)
_PERSON_BEFORE = 48  # characters in which is told who is so old
_OVERRULES: Mapping[str, frozenset[str]] = {  # what stands before a number, over what stands behind it
    "age": frozenset(("duration",)),
    "stock": frozenset(("pieces", "pairs", "other")),
    "percent": frozenset(("money", "duration", "pieces", "other")),
    "size": frozenset(("length",)),  # "size 42 m" is one for men
}


class MeasureWords(Section):
    """Words beside a number that tell what it counts."""

    behind: UnitWords = Field(default_factory=dict)
    before: UnitWords = Field(default_factory=dict)
    qualifiers: tuple[str, ...] = ()  # between a number and its unit: "5 working days"
    before_bounds: UnitWords = Field(default_factory=dict)  # "kids under 10" are not ten kids
    left_behind: tuple[str, ...] = ()  # of stock, up to two words after the number: "2 pairs left"
    ages_before: tuple[str, ...] = ()  # regular expressions: who is so old, where no unit says so
    ages_behind: str = ""  # what may then follow; "9 sizes up" does not


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted; `start` and `end` hold the number with the words for it. None: nothing tells."""

    start: int
    end: int
    counts: Counts | None = None
    unit: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of some languages as patterns, and what each means."""

    meaning: Mapping[str, tuple[Counts, str | None]]
    meaning_before: Mapping[str, tuple[Counts, str | None]]
    meaning_of_bounded: Mapping[str, tuple[Counts, str | None]]
    behind: re.Pattern[str]
    before: re.Pattern[str]
    bounded: re.Pattern[str]
    left: re.Pattern[str]


def measure_of(text: str, number: Span, languages: tuple[str, ...]) -> Measure:
    """What the number at that place of a folded text counts."""
    start, end = number
    words = _words(languages)
    behind = _behind(text, end, languages, words)
    before = words.before.search(text, max(0, start - 32), start)
    if before:
        counts, unit = words.meaning_before[_plain(before[1])]
        if behind is None or behind.counts in _OVERRULES.get(counts, ()) or behind.counts == counts:
            unit = unit or (behind.unit if behind else None)
            return Measure(before.start(), behind.end if behind else end, counts, unit)
    if behind is not None and behind.counts in ("percent", "stock"):
        return Measure(start, behind.end, behind.counts, behind.unit)
    if sign := currency_before(text, start, languages):
        last = behind.end if behind and behind.counts == "money" else end
        named = behind.currency if behind and behind.counts == "money" else None
        return Measure(sign[0], last, "money", CENT if sign[2] else None, named or sign[1])
    return Measure(start, behind.end, behind.counts, behind.unit, behind.currency) if behind else Measure(start, end)


def is_age(text: str, number: Span, languages: tuple[str, ...], *, of_time: bool = False) -> bool:
    """Whether a number tells how old somebody is: "hes 6", "for my son (7)"; `of_time`: it counts years or months."""
    start, end = number
    return any(
        before.search(text, max(0, start - _PERSON_BEFORE), start) and (of_time or behind.match(text, end))
        for before, behind in _ages(languages)
    )


def counted_before(text: str, place: int, languages: tuple[str, ...]) -> tuple[Counts, str | None] | None:
    """What a bound that begins at the place is of: "size under 10", "kids under 10"."""
    words = _words(languages)
    start = max(0, place - 32)
    if bounded := words.bounded.search(text, start, place):
        return words.meaning_of_bounded[_plain(bounded[1])]
    before = words.before.search(text, start, place)
    return words.meaning_before[_plain(before[1])] if before else None


def composite_lengths(text: str) -> list[tuple[Span, Decimal]]:
    """Lengths that are told by two numbers, in centimetres: "一米七五" and "5'11" are one each."""
    found = []
    for match in _METRES.finditer(text):
        digits = (str(_digit(char)) for char in match["m"] + match["cm"].ljust(2, "0"))
        found.append((match.span(), Decimal("".join(digits))))
    for match in _FEET.finditer(text):
        inches = 12 * int(match["ft"]) + int(match["in"])
        found.append((match.span(), Decimal(round(inches * 2.54))))
    return found


def _digit(char: str) -> int:
    return int(char) if char.isdecimal() else int(read_chinese(char)[0])


def _behind(text: str, end: int, languages: tuple[str, ...], words: _Words) -> Measure | None:
    """The longer of a unit and a currency, then what is left of a stock."""
    unit, money = words.behind.match(text, end), currency_after(text, end, languages)
    if money and (unit is None or money[0] >= unit.end()):
        return Measure(end, money[0], "money", CENT if money[2] else None, money[1])
    left = words.left.match(text, end)
    if unit is None:
        return Measure(end, left.end(), "stock") if left else None
    counts, named = words.meaning[_plain(unit[1])]
    if left and counts in ("pieces", "pairs"):
        return Measure(end, left.end(), "stock")
    return Measure(end, unit.end(), counts, named)


@cache
def _ages(languages: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    packs = [words for language in languages if (words := section(language, "measures", MeasureWords))]
    return tuple(
        (re.compile(rf"(?:{'|'.join(pack.ages_before)})\s*$"), re.compile(pack.ages_behind))
        for pack in packs
        if pack.ages_before
    )


@cache
def _words(languages: tuple[str, ...]) -> _Words:
    packs = [words for language in languages if (words := section(language, "measures", MeasureWords))]
    behind = _meanings(_SYMBOLS, *(pack.behind for pack in packs))
    before = _meanings(*(pack.before for pack in packs))
    bounded = _meanings(*(pack.before_bounds for pack in packs))
    qualifiers = alternatives(word for pack in packs for word in pack.qualifiers)
    left = alternatives(word for pack in packs for word in pack.left_behind)
    return _Words(
        *(behind, before, bounded),
        behind=re.compile(rf"\s*-?\s*(?:(?:{qualifiers})[\s-]*)*({alternatives(behind)})"),
        before=re.compile(rf"({alternatives(before)})\s*[:=]?\s*$"),
        bounded=re.compile(rf"({alternatives(bounded)})[\s-]*$"),
        left=re.compile(rf"\s*(?:{LETTER}+\s+){{0,2}}(?:{left})"),
    )


def _meanings(*packs: UnitWords) -> dict[str, tuple[Counts, str | None]]:
    """By word as it is typed, with accents or without: what it counts."""
    meanings: dict[str, tuple[Counts, str | None]] = {}
    for pack in packs:
        for counts, units in pack.items():
            for unit, words in units.items():
                meaning = (counts, None if unit == NO_UNIT else unit)
                meanings |= {spelling: meaning for word in words for spelling in spellings(word)}
    return meanings


def _plain(words: str) -> str:
    return re.sub(r"\s+", " ", words)

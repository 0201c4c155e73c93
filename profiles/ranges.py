"""Ranges of numbers as customers say them, English and Chinese.

Text in, a `Range` out ("between 100 and 200", "at least fifty", "100到200", "两百以内"), and their canonical
text, which is what a profile holds: ``100..200``, ``50..``, ``..200``. What is counted tells ranges of money from
others: "30 to 40 litres" is no price.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from profiles.numbers import numbers_in, numerals

_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|grand|thousand|million"
)
_SCALES = {"hundred": 100, "grand": 1000, "thousand": 1000, "million": 1_000_000, "k": 1000, "百": 100} | {
    "千": 1000,
    "万": 10_000,
}
_NUMBER = re.compile(  # "and" joins "one hundred and fifty", and parts "one hundred and two hundred"
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?:k(?![a-z])|[百千万])?"
    r"|[零〇一二两俩三四五六七八九十百千万]+"
    rf"|\b(?:{_WORDS})\b(?:(?:[\s-]+|(?<=hundred) and (?!\w+[\s-](?:hundred|thousand)))(?:{_WORDS})\b)*"
)
_SCALE = re.compile(rf"(?:{'|'.join(_SCALES)})$")
Counted = Literal["money", "other", ""]  # what a number is said to count; "" where that is not said
_CURRENCIES = (
    "dollars?|bucks?|euros?|pounds?|quid|usd|eur|gbp|cad|aud|chf|rmb|yuan|[$€£¥]"
    "|元钱?|块钱?|英镑|镑|欧元?|美元|美金|刀"
)
_OTHERS = "cm|kg|people|个?人|岁|厘米"
_UNIT = rf"(?:\s*(?:{_CURRENCIES}|{_OTHERS}))?"
_MONEY = re.compile(_CURRENCIES)
_OTHER = re.compile(rf"(?:{_OTHERS})$")
_OTHER_BEHIND = re.compile(
    r"\s*-?(?:cm|mm|m|km|l|litres?|liters?|ml|g|kg|lbs?|oz|inch(?:es)?|feet|ft|years?|days?|weeks?|months?|hours?|minutes?"
    r"|people|persons?|pieces?|pairs?|items?|stars?|%|percent|degrees?|°|lumens?|watts?|kids|of (?:them|those)|orders?)"
    r"(?![a-z])|\s*(?:升|克|公斤|天|年|月|寸|瓦|流明|星|件|双|个|米)"
)
_A = r"(?:[$€£¥]\s*)?⟨(?P<a>\d+)⟩" + _UNIT
_B = _A.replace("<a>", "<b>")
_SAYINGS = (  # tried in this order: the side that the number bounds, or both, and how it is said
    ("both", rf"\b(?:between|from)\s+{_A}\s*(?:and|to|-|–|—|~)\s*{_B}"),
    ("both", rf"{_A}\s*(?:to|~|\.\.|到|至)\s*{_B}"),
    ("dash", rf"(?<![\w⟩/-]){_A}\s*[-–—]\s*{_B}(?!\s*[-/]\s*⟨)"),
    ("low", rf"\b(?:at least|min(?:imum)?(?: of)?\.?|(?:more|higher) than|over|above|exceed)\s*{_A}"),
    ("low", rf"\b(?:start(?:ing|s)? (?:at|from)|upwards? of)\s*{_A}"),
    ("low", rf"(?:至少|最少|起码|高于|超过|多于|大于)\s*{_A}"),
    ("low", rf"{_A}\s*(?:\+|(?:or (?:more|above|over)|and (?:up|above|over)|upwards?|at least)\b|及?以上|往上|起)"),
    ("low", rf"{_A}\s*(?:is (?:the|my) )?minimum\b"),
    ("low", rf"{_A}\s*\.\."),
    ("high", rf"\b(?:at (?:the )?most|max(?:imum)?(?: of)?\.?|up to|under|below|within)\s*{_A}"),
    ("high", rf"\b(?:less|lower|cheaper) than\s*{_A}"),
    ("high", rf"(?:最多|至多|顶多|低于|少于|小于|不到)\s*{_A}"),
    ("high", rf"{_A}\s*(?:(?:or less|(?:or|and) (?:under|below)|tops|max(?:imum)?|at most)\b|及?以[内下]|之内)"),
    ("high", rf"\.\.\s*{_A}"),
)
_VERBS = r"(?:\s+(?:want|like|wish|to|spend|pay|paying|go|have|cost|costing|really|anything|everything|it|an? cent))*"
_NOT = re.compile(rf"(?:(?:n't|\b(?:not|no|never|nothing|cannot|refuse|skip)){_VERBS}|[不别](?:能|要|会|想)?)\s*$")
_NOT_THEN = re.compile(  # "超过100就不要了", "above 80 forget it", "below 50 it's usually rubbish"
    r"\s*的?[就都]?(?:不要|不用|不看|不考虑|别|免)"
    r"|,?\s*(?:(?:is|would be) (?:too|out)\b|would hurt|forget it|it's usually|never lasts?\b)"
)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included; None: open on that side."""

    low: float | None
    high: float | None

    @property
    def text(self) -> str:
        """The canonical text, ``100..200``."""
        return f"{_plain(self.low)}..{_plain(self.high)}"

    @property
    def value(self) -> float | str:
        """What a profile holds: the text, or one number that is both ends."""
        return self.low if self.low is not None and self.low == self.high else self.text

    @property
    def bounds(self) -> tuple[float, ...]:
        return tuple(bound for bound in (self.low, self.high) if bound is not None)


@dataclass(frozen=True, slots=True)
class SaidRange:
    """A range and the words for it: "under $150", from `start` to `end` of the normalised text."""

    range: Range
    words: str
    start: int
    end: int
    counts: Counted


def said_ranges(text: str) -> list[SaidRange]:
    """Every range that the text names, in whatever order; "over 100 but under 200" are two, each open on one side."""
    marked = _Marked.of(numerals(text))
    return [marked.said(*found) for found in _read(marked.text, marked.spelled)]


def said_numbers(text: str) -> list[SaidRange]:
    """Every number that the text names alone, as a range of nothing else."""
    marked = _Marked.of(numerals(text))
    ranged = [(said.start, said.end) for said in said_ranges(text)]
    found = []
    for match in re.finditer(_A, marked.text):
        number = _numbers([marked.spelled[int(match["a"])]])
        if number:
            found.append(marked.said(Range(number[0], number[0]), match.start(), match.end()))
    return [one for one in found if not any(start <= one.start < end for start, end in ranged)]


def meant_ranges(text: str, of: Counted = "") -> list[SaidRange]:
    """The ranges that may be `of` that, each once; of two open on one side one is made: "at least 50, at most 80"."""
    said = {one.range: one for one in said_ranges(text) if not of or one.counts in ("", of)}
    lows = [one for one in said.values() if one.range.high is None]
    highs = [one for one in said.values() if one.range.low is None]
    both = _joined(lows[0], highs[0], numerals(text)) if len(lows) == len(highs) == 1 else None
    if both is None:
        return list(said.values())
    return [both, *(one for one in said.values() if one not in (lows[0], highs[0]))]


def ranges_in(text: str) -> list[Range]:
    """Every range that the text names, each once."""
    return list(dict.fromkeys(said.range for said in said_ranges(text)))


def range_in(text: str) -> Range | None:
    """The one range that the text names; a number alone is none, and "over 100 but under 200" is one."""
    found = meant_ranges(text)
    return found[0].range if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text with a mark in place of each number: "under ⟨0⟩ dollars". By letter of it: where that is in the text."""

    whole: str
    text: str
    spelled: list[str]
    begins: list[int]
    ends: list[int]

    @classmethod
    def of(cls, whole: str) -> "_Marked":
        spelled = list(_NUMBER.finditer(whole))
        marked, at, begins, ends = "", 0, list[int](), list[int]()
        for place, number in enumerate(spelled):
            mark = f"⟨{place}⟩"
            begins += [*range(at, number.start()), *[number.start()] * len(mark)]
            ends += [*range(at + 1, number.start() + 1), *[number.end()] * len(mark)]
            marked, at = f"{marked}{whole[at : number.start()]}{mark}", number.end()
        begins += range(at, len(whole))
        ends += range(at + 1, len(whole) + 1)
        return cls(whole, marked + whole[at:], [number[0] for number in spelled], begins, ends)

    def said(self, found: Range, start: int, end: int) -> SaidRange:
        """What stands there in the text."""
        first, last = self.begins[start], self.ends[end - 1]
        words = self.whole[first:last]
        other = _OTHER.search(words) or _OTHER_BEHIND.match(self.whole, last)
        counts: Counted = "other" if other else "money" if _MONEY.search(words) else ""
        return SaidRange(found, words, first, last, counts)


def _joined(low: SaidRange, high: SaidRange, text: str) -> SaidRange | None:
    """From the one to the other, where they may be of the same."""
    if (low.range.low or 0) >= (high.range.high or 0) or {low.counts, high.counts} == {"money", "other"}:
        return None
    start, end = min(low.start, high.start), max(low.end, high.end)
    return SaidRange(Range(low.range.low, high.range.high), text[start:end], start, end, low.counts or high.counts)


def _read(marked: str, spelled: list[str]) -> Iterator[tuple[Range, int, int]]:
    """Each range with where its words begin and end."""
    taken: set[str] = set()
    for side, saying in _SAYINGS:
        for match in re.finditer(saying, marked):
            places = [place for place in match.groupdict().values() if place not in taken]
            if len(places) < len(match.groupdict()):
                continue
            bounds = _numbers([spelled[int(place)] for place in places])
            if not bounds or (side == "dash" and bounds[0] > bounds[1]):  # a date or a telephone number
                continue
            taken.update(places)
            if len(bounds) == 2:
                yield Range(min(bounds), max(bounds)), match.start(), match.end()
            else:  # "not more than 150" bounds the other side
                before, after = _NOT.search(marked[: match.start()]), _NOT_THEN.match(marked[match.end() :])
                below = (side == "high") != bool(before or after)
                end = match.end() + (after.end() if after else 0)
                yield Range(None, bounds[0]) if below else Range(bounds[0], None), match.start(), end


def _numbers(spelled: list[str]) -> list[float]:
    """ "1-2k" is from 1000: a scale said once is meant for both."""
    read = [numbers_in(text) for text in spelled]
    if any(len(numbers) != 1 for numbers in read):
        return []
    values = [next(iter(numbers)) for numbers in read]
    scale = _SCALE.search(spelled[-1])
    if len(values) == 2 and scale and not _SCALE.search(spelled[0]) and values[0] * _SCALES[scale[0]] < values[1]:
        values[0] *= _SCALES[scale[0]]
    return values


def _plain(number: float | None) -> str:
    if number is None:
        return ""
    return str(int(number)) if float(number).is_integer() else f"{number:.2f}".rstrip("0")

"""Ranges of numbers as customers say them, English and Chinese.

Text in, a `Range` out ("between 100 and 200", "at least fifty", "100到200", "两百以内"), and their canonical
text, which is what a profile holds: ``100..200``, ``50..``, ``..200``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from profiles.numbers import normalise, numbers_in

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
_UNITS = (
    "dollars?|bucks?|euros?|pounds?|quid|usd|eur|gbp|cad|aud|chf|rmb|yuan|[$€£¥]|cm|kg|people"
    "|元钱?|块钱?|英镑|镑|欧元?|美元|美金|刀|个?人|岁|厘米"
)
_UNIT = rf"(?:\s*(?:{_UNITS}))?"
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
        """The canonical value of a profile."""
        return f"{_plain(self.low)}..{_plain(self.high)}"

    @property
    def bounds(self) -> tuple[float, ...]:
        return tuple(bound for bound in (self.low, self.high) if bound is not None)


@dataclass(frozen=True, slots=True)
class SaidRange:
    """A range and the words for it: "under $150"."""

    range: Range
    words: str


def said_ranges(text: str) -> list[SaidRange]:
    """Every range that the text names, in whatever order; "over 100 but under 200" are two, each open on one side."""
    text = normalise(text)
    spelled = list(_NUMBER.finditer(text))
    marked, at, begins, ends = "", 0, list[int](), list[int]()  # of each letter of `marked`: where it is in the text
    for place, number in enumerate(spelled):
        mark = f"⟨{place}⟩"
        begins += [*range(at, number.start()), *[number.start()] * len(mark)]
        ends += [*range(at + 1, number.start() + 1), *[number.end()] * len(mark)]
        marked, at = f"{marked}{text[at : number.start()]}{mark}", number.end()
    begins += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    marked += text[at:]
    return [
        SaidRange(said, text[begins[start] : ends[end - 1]])
        for said, start, end in _read(marked, [number[0] for number in spelled])
    ]


def ranges_in(text: str) -> list[Range]:
    """Every range that the text names, each once."""
    return list(dict.fromkeys(said.range for said in said_ranges(text)))


def range_in(text: str) -> Range | None:
    """The one range that the text names; a number alone is none, and "over 100 but under 200" is one."""
    found = ranges_in(text)
    lows = [item.low for item in found if item.high is None]
    highs = [item.high for item in found if item.low is None]
    if len(found) == 2 and len(lows) == len(highs) == 1 and (lows[0] or 0) < (highs[0] or 0):
        return Range(lows[0], highs[0])
    return found[0] if len(found) == 1 else None


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

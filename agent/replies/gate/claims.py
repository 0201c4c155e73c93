"""What a text claims: numbers with their units, dates, times, ids, links, weekdays.

In: any text, of a reply or of a tool result. Out: `Claim`s. The same reading is used for both, so that a value
that was copied from a result is found again. Pure functions.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from agent.replies.gate.words import is_of_an_act
from language.calendar import day_of
from language.dates import DateMention, find_dates, find_times, find_weekdays
from language.measures import Measure
from language.numbers import Number
from language.quantities import measured_numbers
from language.text import has_han

_ANY_DAY = date(2000, 1, 1)  # a claim is compared by what it says of a date, whatever day it is today


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is said. `swapped`: month and day may be meant the other way round (3/4/2026)."""

    year: int | None
    month: int | None
    day: int | None
    swapped: bool = False

    @classmethod
    def of(cls, mention: DateMention) -> "Day | None":
        """What a mention says of a date; None if it is no date ("friday"), or a month alone."""
        is_date = mention.day is not None or (mention.year is not None and mention.month is not None)
        return cls(mention.year, mention.month, mention.day, mention.is_ambiguous) if is_date else None

    def agrees(self, other: "Day") -> bool:
        """Whether `other` says the same, wherever both say something."""
        ways = (self, Day(self.year, self.day, self.month)) if self.swapped else (self,)
        pairs = [((way.year, other.year), (way.month, other.month), (way.day, other.day)) for way in ways]
        return any(all(None in pair or pair[0] == pair[1] for pair in way) for way in pairs)

    @property
    def weekday(self) -> int | None:
        """Monday is 0; None if the date is not whole, or none."""
        if self.year is None or self.month is None or self.day is None:
            return None
        day = day_of(self.year, self.month, self.day)
        return day.weekday() if day else None


Value = Decimal | Day | str | int


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `kind` is "number" (with a `unit`, or None), "date", "time", "weekday", "past weekday" (of what the
    customer did, which promises nothing), "id", "ref" or "link"."""

    kind: str
    text: str
    value: Value
    unit: str | None = None
    others: tuple[Decimal, ...] = ()  # what else an ambiguous number may be: "1.299" is 1.299 or 1299


_LINK = re.compile(r"https?://[!-~]+|(?:www\.)[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_PHONE = re.compile(r"(?<![\w.])\+?\d{1,4}(?:[- ]\d{2,4}){2,}(?![\w-])", re.ASCII)
_LIST_MARK = re.compile(r"(?m)^[ \t]*(?:[1-9]|1\d|20)[.)、](?!\d)")
_REF = re.compile(r"(?:#|\border (?:number |no\.? ?|id )?|订单号?[::]? ?)(\d{4,})(?![\w.,]*\d)", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?<!\d[.,])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?![A-Za-z0-9])")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)
_MEASURE = re.compile(
    r"x?\d+(?:ml|cl|l|g|kg|mm|cm|m|km|in|ft|h|hr|hrs|min|d|w|lm|lb|lbs|oz|x|k|pc|pcs|day|days|c|f|usd|eur|gbp|cny|rmb)?"
    r"|\d+(?:-[a-z]+)+|(?:usd|eur|gbp|cny|rmb|us|eu|uk)\d+",
    re.IGNORECASE,
)
_OF_FIVE = re.compile(r"(?<![\d.,/])([0-5](?:\.\d+)?) ?(?:/|out of) ?5(?![\d/])")

# A spelled number is one of the two things spoken of, or it counts something.
_POINTING = re.compile(
    r"(?:\b(?:these|those|the|both|other|any|either|all|your|of) |[这那哪第前后每几其])$", re.IGNORECASE
)
_HAN_COUNTED = re.compile(" ?[个件双条款种只顶把套张位人次单份米克升岁]")
_ONE = Decimal(1)
_UNIT_OF = {"money": "money", "rating": "star", "stock": "stock", "size": "size"}


def normalized(text: str) -> str:
    """One way to write each character; a Chinese comma never joins two numbers."""
    text = re.sub(r"[™®©]", " ", text).replace("，", ", ").replace("。", ". ").replace("、", "、 ")
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("\u20e3", ".").replace("\ufe0f", "")
    return re.sub(r"[^\S\n]+", " ", text)


@lru_cache(maxsize=2048)
def find_claims(text: str) -> tuple[Claim, ...]:
    """All claims of a text that `normalized` gave. Results of a conversation say much the same again and again."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[Claim]:
    """What one reading has taken, the next does not see."""
    page = _Page(text)
    for match in page.take(_LINK):
        yield Claim("link", match[0], match[0].casefold().rstrip(".,;:!?)>'\""))
    for mention in find_dates(page.text, _ANY_DAY):
        if day := Day.of(mention):
            yield Claim("date", page.cut(mention.start, mention.end), day)
    for time in find_times(page.text):
        yield Claim("time", page.cut(time.start, time.end), time.minute)
    for name in find_weekdays(page.text):
        kind = "past weekday" if _is_past(page.text, name.start, name.end) else "weekday"
        yield Claim(kind, page.cut(name.start, name.end), name.weekday)
    for match in page.take(_PHONE):
        yield Claim("id", match[0], id_key(match[0]))
    for _ in page.take(_LIST_MARK):
        pass
    for match in page.take(_REF):
        yield Claim("ref", match[0], match[1])
    for match in page.take(_OF_FIVE):
        yield Claim("number", match[0], Decimal(match[1]), "star")
    for match in list(_TOKEN.finditer(page.text)):
        token = match[0]
        if not (re.search(r"\d", token) and re.search(r"[A-Za-z]", token)) or _MEASURE.fullmatch(token):
            continue
        page.cut(*match.span())
        if not _ORDINAL.fullmatch(token):
            yield Claim("id", token, id_key(token))
    for number, measure in measured_numbers(page.text):
        unit = _unit(measure)
        if number.spelled and _is_no_claim(page.text, number, unit):
            continue
        if has_han(number.text):  # 两三 are two and three
            yield from (Claim("number", number.text, value, unit) for value in number.values)
        else:
            yield Claim("number", number.text, number.values[0], unit, number.values[1:])


def _is_past(text: str, start: int, end: int) -> bool:
    """ "You looked at it on Tuesday", "您周二看过"."""
    return is_of_an_act(text[max(0, start - 120) : start], text[end : end + 30])


def id_key(token: str) -> str:
    """An id as it is compared: case and dashes do not matter."""
    return re.sub(r"[^0-9a-z]", "", token.casefold())


class _Page:
    """A text from which readings are cut out; the places of the rest stay."""

    def __init__(self, text: str) -> None:
        self.text = text

    def cut(self, start: int, end: int) -> str:
        """Take a part out."""
        taken = self.text[start:end]
        self.text = f"{self.text[:start]}{chr(0) * (end - start)}{self.text[end:]}"
        return taken

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Take out all matches."""
        for match in list(pattern.finditer(self.text)):
            self.cut(*match.span())
            yield match


def _unit(measure: Measure) -> str | None:
    """How claims name what is counted; None for what has no rule of its own."""
    if measure.counts == "percent":
        return "zhe" if measure.unit == "折" else "percent"
    if measure.counts in ("duration", "age"):
        return measure.unit
    return _UNIT_OF.get(measure.counts or "other")


def _is_no_claim(text: str, number: Number, unit: str | None) -> bool:
    """Whether a spelled number only points ("these two", "一下", "one of them") instead of counting."""
    before, after = text[max(0, number.start - 8) : number.start], text[number.end : number.end + 3]
    if before.endswith("第"):
        return True
    if unit is not None:
        return number.values == (_ONE,) and _POINTING.search(before) is not None
    han = not number.text.isascii()
    return number.values == (_ONE,) or _POINTING.search(before) is not None or (han and not _HAN_COUNTED.match(after))

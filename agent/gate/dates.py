"""Dates, times and weekdays as people write them.

In: normalised text. Out: places in the text with a `Day` (year, month, day; None where it is not said), the
minute of the day, or the weekday (Monday is 0). "2026-11-25", "Nov 25th" and "11月25日" agree. Pure functions.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from language.chinese import read_chinese


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is said. `swapped`: month and day may be meant the other way round (3/4/2026)."""

    year: int | None
    month: int | None
    day: int | None
    swapped: bool = False

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
        try:
            return date(self.year, self.month, self.day).weekday()
        except ValueError:
            return None


_MONTHS = (
    "january|januar|janvier|enero|jan",
    "february|februar|février|febrero|feb",
    "march|märz|mars|marzo|mar",
    "april|avril|abril|apr",
    "may|mai|mayo",
    "june|juni|juin|junio|jun",
    "july|juli|juillet|julio|jul",
    "august|août|agosto|aug",
    "september|septembre|septiembre|sept|sep",
    "october|oktober|octobre|octubre|oct|okt",
    "november|novembre|noviembre|nov",
    "december|dezember|décembre|diciembre|dec|dez",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split("|")}
_ALSO_WORDS = ("may", "mar")  # "size 2 may fit"
_NAME = "|".join(sorted((name for names in _MONTHS for name in names.split("|")), key=len, reverse=True))
_CAPITAL = rf"(?=[A-Z])(?i:{_NAME})"
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
_BIG_ENDIAN = re.compile(r"(?<![\d./-])(\d{4})[./](\d{1,2})[./](\d{1,2})(?!\d)")
_HAN_NUMBER = "(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_HAN = re.compile(rf"(?:(\d{{4}})年 ?)?(?<!\d)({_HAN_NUMBER}) ?月 ?({_HAN_NUMBER}) ?[日号]")
_YEAR = r"(?:,? (?:de )?(\d{4})(?![\d.,]*\d))?"
_DAY_FIRST = re.compile(
    rf"(?<![\d.,-])(\d{{1,2}})(?:st|nd|rd|th|\.|er)? ?(?:of |de )?(?<![A-Za-z])((?i:{_NAME}))\b\.?{_YEAR}"
)
_MONTH_FIRST = re.compile(rf"\b({_CAPITAL})\b\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?![\d%])(?!,\d|\.\d){_YEAR}")
_MONTH_YEAR = re.compile(rf"\b({_CAPITAL})\b\.?,? (\d{{4}})(?!\d)")
_DAY_ONLY = re.compile(
    r"\b(?:by|on|before|until|till|since|from) (?:the )?(\d{1,2})(?:st|nd|rd|th)\b(?! (?:floor|option|one|item))",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<![\d:.,])(\d{1,2}):(\d\d)(?::\d\d)?(?![\d:])(?: ?([ap])\.?m\b\.?)?", re.IGNORECASE)
_HOUR = re.compile(r"(?<![\d:.,])(\d{1,2}) ?([ap])\.?m\b\.?", re.IGNORECASE)
_WEEKDAYS = (
    "mondays?|mon|montags?|lunes|lundi",
    "tuesdays?|tues?|dienstags?|martes|mardi",
    "wednesdays?|wed|mittwochs?|miércoles|mercredi",
    "thursdays?|thurs?|thu|donnerstags?|jueves|jeudi",
    "fridays?|fri|freitags?|viernes|vendredi",
    "saturdays?|samstags?|sonnabends?|sábados?|samedi",
    "sundays?|sonntags?|domingos?|dimanche",
)
_WEEKDAY = tuple(re.compile(rf"\b(?:{names})\b", re.IGNORECASE) for names in _WEEKDAYS)
_WEEKDAY_HAN = re.compile(r"(?:星期|礼拜|(?<![一二两三四五六七八九十\d每])周)([一二三四五六日天])(?![周个])")
_ABBREVIATED = frozenset(("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri"))


def find_days(text: str) -> Iterator[tuple[int, int, Day]]:
    """Dates in the text. What one form has taken is gone for the next, so none overlaps another."""
    for pattern, read in _FORMS:
        for match in list(pattern.finditer(text)):
            day = read(match)
            if day is not None:
                yield *match.span(), day
                text = f"{text[: match.start()]}{chr(0) * len(match[0])}{text[match.end() :]}"


def _iso(match: re.Match[str]) -> Day:
    return Day(int(match[1]), int(match[2]), int(match[3]))


def _numeric(match: re.Match[str]) -> Day:
    return Day(int(match[4]), int(match[3]), int(match[1]), swapped=match[2] != ".")


def _han(match: re.Match[str]) -> Day:
    return Day(_year(match[1]), _han_number(match[2]), _han_number(match[3]))


def _day_first(match: re.Match[str]) -> Day | None:
    possible = int(match[1]) <= 31 and match[2] not in _ALSO_WORDS
    return Day(_year(match[3]), _MONTH_OF[match[2].casefold()], int(match[1])) if possible else None


def _month_first(match: re.Match[str]) -> Day | None:
    possible = int(match[2]) <= 31
    return Day(_year(match[3]), _MONTH_OF[match[1].casefold()], int(match[2])) if possible else None


def _month_year(match: re.Match[str]) -> Day:
    return Day(int(match[2]), _MONTH_OF[match[1].casefold()], None)


def _day_only(match: re.Match[str]) -> Day:
    return Day(None, None, int(match[1]))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Day | None]], ...] = (
    (_ISO, _iso),
    (_NUMERIC, _numeric),
    (_BIG_ENDIAN, _iso),
    (_HAN, _han),
    (_DAY_FIRST, _day_first),
    (_MONTH_FIRST, _month_first),
    (_MONTH_YEAR, _month_year),
    (_DAY_ONLY, _day_only),
)


def find_times(text: str) -> Iterator[tuple[int, int, int]]:
    """Times of day, as minutes."""
    for match in _TIME.finditer(text):
        yield *match.span(), _minutes(int(match[1]), int(match[2]), match[3])
    for match in _HOUR.finditer(text):
        yield *match.span(), _minutes(int(match[1]), 0, match[2])


def find_weekdays(text: str) -> Iterator[tuple[int, int, int]]:
    """Weekdays by name; short names only with a capital ("wed" and "mon" are also words)."""
    for number, pattern in enumerate(_WEEKDAY):
        for match in pattern.finditer(text):
            if match[0].casefold() not in _ABBREVIATED or match[0][0].isupper():
                yield *match.span(), number
    for match in _WEEKDAY_HAN.finditer(text):
        yield *match.span(), min("一二三四五六日天".index(match[1]), 6)


def _minutes(hour: int, minute: int, half: str | None) -> int:
    if half:
        hour = hour % 12 + (12 if half.casefold() == "p" else 0)
    return hour * 60 + minute


def _year(written: str | None) -> int | None:
    return int(written) if written else None


def _han_number(written: str) -> int:
    return int(written) if written.isdigit() else int(next(iter(read_chinese(written)), 0))

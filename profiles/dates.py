"""Days as customers name them, English and Chinese.

Text and today's date in, dates out ("friday", "下周五", "May 3").
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from language.numbers import numbers_in
from language.text import fold

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in _MONTHS) + "|sept"
_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_EN_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b")
_EN_MONTH_DAY = re.compile(rf"\b({_MONTH})\.?\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b")
_ZH_MONTH_DAY = re.compile(r"(?<![年\d])(\d{1,2})月(\d{1,2})[日号]?")
_EN_WEEKDAY = re.compile(
    r"\b(next\s+)?(monday|tues(?:day)?|wednesday|thurs?(?:day)?|fri(?:day)?|saturday|sunday)\b", re.ASCII
)
_ZH_WEEKDAY = re.compile(r"(下+)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_SPAN = re.compile(r"(?:in|within)\s+([a-z]+|\d+)\s+(day|week|month)s?\b")
_SPAN_FROM = re.compile(r"\b([a-z]+|\d+)\s+(day|week|month)s?\s+(?:from (?:now|today)|later)\b")
_ZH_SPAN = re.compile(r"([\d一二两三四五六七八九十]+)\s*个?(天|周|星期|礼拜|月)(?:之?内|以?后|之后)")
_DAYS = {"day": 1, "天": 1, "week": 7, "周": 7, "星期": 7, "礼拜": 7, "month": 30, "月": 30}
_OFFSETS = (
    (r"\b(?:today|tonight)\b|今天|今晚", 0),
    (r"(?<!day after )\btomorrow\b|明天|明晚", 1),
    (r"\bday after tomorrow\b|(?<!大)后天", 2),
    (r"大后天", 3),
    (r"\bnext week\b|下周(?![一二三四五六日天末])|下个?(?:星期|礼拜)(?![一二三四五六日天])", 7),
    (r"\bnext month\b|下个月", 30),
)


def dates_in(text: str, today: date) -> frozenset[date]:
    """Every day the text names.

    "friday" is the coming one, "next week" a week from today, "next month" 30 days.
    """
    text = fold(text).text
    return frozenset((*_absolute(text, today), *_weekdays(text, today), *_relative(text, today)))


def _absolute(text: str, today: date) -> Iterator[date]:
    for match in _ISO.finditer(text):
        yield from _day(int(match[1]), int(match[2]), int(match[3]))
    for match in _EN_DAY_MONTH.finditer(text):
        yield from _coming(today, _month(match[2]), int(match[1]))
    for match in _EN_MONTH_DAY.finditer(text):
        yield from _coming(today, _month(match[1]), int(match[2]))
    for match in _ZH_MONTH_DAY.finditer(text):
        yield from _coming(today, int(match[1]), int(match[2]))
    if re.search(r"\bchristmas\b|\bxmas\b|圣诞", text):
        yield from _coming(today, 12, 25)
    if re.search(r"\bend of (?:the |this )?month\b|月底|月末", text):
        yield (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _weekdays(text: str, today: date) -> Iterator[date]:
    for match in _EN_WEEKDAY.finditer(text):
        number = next(i for i, name in enumerate(_WEEKDAYS) if name.startswith(match[2][:3]))
        yield _next_weekday(today, number, 1 if match[1] else 0)
    for match in _ZH_WEEKDAY.finditer(text):
        yield _next_weekday(today, "一二三四五六日".find(match[2].replace("天", "日")), len(match[1] or ""))
    if re.search(r"\bweekend\b|周末", text):
        weeks = 1 if re.search(r"\bnext weekend\b|下周末", text) else 0
        yield _next_weekday(today, 5, weeks)


def _relative(text: str, today: date) -> Iterator[date]:
    for pattern, days in _OFFSETS:
        if re.search(pattern, text):
            yield today + timedelta(days=days)
    for match in (m for pattern in (_SPAN, _SPAN_FROM, _ZH_SPAN) for m in pattern.finditer(text)):
        count = 1.0 if match[1] in ("a", "an") else next(iter(numbers_in(match[1])), 0.0)
        if 0 < count < 1000:
            yield today + timedelta(days=int(count) * _DAYS[match[2]])


def _next_weekday(today: date, weekday: int, weeks: int) -> date:
    """`weeks` 0: the coming one, today included. 1: that day of the calendar week after this one."""
    if weeks == 0:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return today - timedelta(days=today.weekday()) + timedelta(days=7 * weeks + weekday)


def _coming(today: date, month: int, day: int) -> Iterator[date]:
    for found in _day(today.year, month, day):
        yield from [found] if found >= today else _day(today.year + 1, month, day)


def _day(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:  # "31 June" names no day
        return []


def _month(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, start=1) if month.startswith(name[:3]))

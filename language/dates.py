"""Days, weekdays and times of day as people write them, with their places, and days as they are written to people.

In: a text, today's date, languages. Out: `DateMention`s ("last Monday", "13/04/2026", "by 03/04", "下周五"),
`WeekdayMention`s and `TimeMention`s in the places of the text; `format_day` writes a day. A day without a year or a
month is the nearest to come, unless the words around it say that it is over ("it arrived on the 18th"). Pure functions.

Names of months and weekdays, and the forms of days, are Babel's. Finding and value are our own: of the 268 cases in
tests/language/dates.yaml dateparser's `search_dates` reads 122 (26 of the 66 that are no dates), at 2 ms a text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from babel.dates import format_date

from language.calendar import (
    Days,
    day_of,
    month_of,
    nearest_date,
    nearest_month,
    nearest_month_day,
    nearest_weekday,
    period_of,
    shifted,
    weekday_of_week,
)
from language.date_words import Vocabulary, date_words, dated_languages, vocabulary_of
from language.numbers import numbers_in
from language.text import Folded, fold

RECENT_DAYS = 6  # a weekday says which day it was
_BEHIND = 40  # characters in which the words before a place are looked for
_MOST = 1000  # days, weeks or months that may be counted from today


@dataclass(frozen=True, slots=True)
class DateMention:
    """A day, or a span of days, that a text names.

    `days`: the day meant; several where it can be read in more than one way ("03/04"), none where there is no such day
    ("31 June") or only a span is meant ("in March"). `first` and `last` bound what is meant: the same day, the span,
    or None. `year`, `month` and `day` are what the text says of the date, in figures or by name.
    """

    start: int
    end: int
    text: str
    days: tuple[date, ...] = ()
    first: date | None = None
    last: date | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def is_ambiguous(self) -> bool:
        """Whether one must ask which day is meant."""
        return len(self.days) > 1


@dataclass(frozen=True, slots=True)
class WeekdayMention:
    """The name of a weekday in a text; Monday is 0."""

    start: int
    end: int
    text: str
    weekday: int


@dataclass(frozen=True, slots=True)
class TimeMention:
    """A time of day in a text, as minutes since midnight."""

    start: int
    end: int
    text: str
    minute: int


class _Meaning(NamedTuple):
    """What a phrase means; see `DateMention`."""

    days: tuple[date, ...] = ()
    span: Days | None = None
    parts: tuple[int | None, int | None, int | None] = (None, None, None)


class _Find(NamedTuple):
    """A phrase in the folded text, before its meaning is known: that takes the words around all phrases."""

    start: int
    end: int
    mean: Callable[["_Page", "_Find"], _Meaning]
    slots: Mapping[str, str | None]


_ISO = re.compile(
    r"(?<![\w-])(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])"
    r"(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:\d\d)?)?"
)
_YEAR_FIRST = re.compile(
    r"(?<![\w./-])(?P<year>\d{4})(?P<mark>[./])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\d/-])"
)
_FIGURES = re.compile(
    r"(?<![\w./-])(?<![$€£¥])(?P<day>\d{1,2})(?P<mark>[./-])(?P<month>\d{1,2})(?:(?P=mark)(?P<year>\d{4}|\d\d))?"
    r"(?P<dot>\.)?(?![\w/%-])(?!\.\d)"
)


@lru_cache(maxsize=1024)
def find_dates(text: str, today: date, languages: Sequence[str] = ()) -> tuple[DateMention, ...]:
    """All days that the text names, in its order; `languages`: none means all that have words for days."""
    page = _Page(text, today, vocabulary_of(tuple(languages) or dated_languages()))
    finds = sorted(_finds(page))
    meanings = [find.mean(page, find) for find in finds]
    return tuple(
        _mention(page, find, meaning)
        for find, meaning in zip(finds, meanings, strict=True)
        if not _says_weekday_of(page, find, finds)
    )


def dates_in(text: str, today: date, languages: Sequence[str] = ()) -> frozenset[date]:
    """Every day that the text names beyond doubt: "by 03/04" and "in March" name none."""
    return frozenset(day for m in find_dates(text, today, tuple(languages)) if not m.is_ambiguous for day in m.days)


def find_weekdays(text: str, languages: Sequence[str] = ()) -> tuple[WeekdayMention, ...]:
    """All weekdays by name, habits too ("on Mondays"), in the order of the text."""
    page = _Page(text, date.min, vocabulary_of(tuple(languages) or dated_languages()))
    return tuple(
        WeekdayMention(*(place := page.folded.span(*match.span("name"))), text[slice(*place)], weekday)
        for match in _weekday_matches(page)
        for weekday in (page.words.weekdays[match["name"]],)
    )


def find_times(text: str, languages: Sequence[str] = ()) -> tuple[TimeMention, ...]:
    """All times of day: "18:00", "6 pm", "9 a.m.", "18 Uhr"."""
    words, folded = vocabulary_of(tuple(languages) or dated_languages()), fold(text)
    found = []
    for match in words.time.finditer(folded.text):
        hour, half = int(match["hour"]), match["half"] or match["only"]
        if half:
            hour = hour % 12 + (12 if half in words.pm else 0)
        start, end = folded.span(*match.span())
        found.append(TimeMention(start, end, text[start:end], hour * 60 + int(match["minute"] or 0)))
    return tuple(found)


def format_day(day: date, language: str, today: date) -> str:
    """A day as the customer reads it: "on Tuesday" if it was one of the last days, else "on 3 May 2026"."""
    words = date_words(language)
    recent = 0 <= (today - day).days <= RECENT_DAYS
    if words is None or words.formats is None:
        return format_date(day, "EEEE" if recent else "long", locale=language)
    return format_date(day, words.formats.weekday if recent else words.formats.day, locale=language)


class _Page:
    """A text that is being read; what one reading has taken, the next does not see."""

    def __init__(self, text: str, today: date, words: Vocabulary) -> None:
        self.original = text
        self.folded: Folded = fold(text)
        self.text = self.folded.text
        self.today = today
        self.words = words
        self._cues: list[tuple[int, int, bool]] | None = None

    def take(self, start: int, end: int) -> None:
        self.text = f"{self.text[:start]}{chr(0) * (end - start)}{self.text[end:]}"

    def has(self, words: Iterable[str]) -> bool:
        """Whether any of the words is there, also inside of others: a quick look before a slow one."""
        return any(word in self.text for word in words)

    def stands_behind(self, words: re.Pattern[str], at: int) -> bool:
        """Whether one of the words, whose pattern ends in `\\Z`, is right before that place."""
        return words.search(self.text, max(0, at - _BEHIND), at) is not None

    def is_capital(self, at: int) -> bool:
        return self.original[self.folded.starts[at]].isupper()

    def is_over(self, start: int, end: int) -> bool:
        """Whether the nearest word of its clause that tells says that this day is in the past."""
        if self._cues is None:
            kinds = ((self.words.past, True), (self.words.coming, False))
            self._cues = [(*match.span(), over) for pattern, over in kinds for match in pattern.finditer(self.text)]
        clause = _clause(self.text, start, end)
        near = [
            (max(start - cue[1], cue[0] - end, 0), cue[0] - cue[1], cue[2])
            for cue in self._cues
            if clause[0] <= cue[0] and cue[1] <= clause[1]
        ]
        return min(near)[2] if near else False


_PAUSE = re.compile(r"[!?;\n、]|[.,:](?=\s|\Z)|\s[-–—]\s")


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    pauses = [match.start() for match in _PAUSE.finditer(text)]
    first = max((at for at in pauses if at < start), default=0)
    return first, min((at for at in pauses if at >= end), default=len(text))


def _finds(page: _Page) -> Iterator[_Find]:
    """Readings from the surest to the least sure."""
    for match in page.words.not_days.finditer(page.text):
        page.take(*match.span())
    for read in _READINGS:
        for find in list(read(page)):
            if "\0" not in page.text[find.start : find.end]:
                page.take(find.start, find.end)
                yield find


def _mention(page: _Page, find: _Find, meaning: _Meaning) -> DateMention:
    start, end = page.folded.span(find.start, find.end)
    days = meaning.days
    first, last = meaning.span or ((days[0], days[0]) if len(days) == 1 else (None, None))
    return DateMention(start, end, page.original[start:end], days, first, last, *meaning.parts)


def _says_weekday_of(page: _Page, find: _Find, finds: Sequence[_Find]) -> bool:
    """Whether a weekday stands beside a date, and names no day of its own: "Wednesday, 25 November"."""
    if find.mean is not _mean_weekday:
        return False
    dates = (other for other in finds if other.mean in (_mean_date, _mean_figures))
    between = (page.text[min(find.end, other.end) : max(find.start, other.start)] for other in dates)
    return any(re.fullmatch(r"[\s,.(]{0,3}", page.words.before.sub("", piece)) for piece in between)


# ---- dates in figures


def _iso(page: _Page) -> Iterator[_Find]:
    for pattern in (_ISO, _YEAR_FIRST):
        for match in pattern.finditer(page.text):
            yield _Find(*match.span(), _mean_date, match.groupdict())


def _figures(page: _Page) -> Iterator[_Find]:
    """ "13/04/2026", "by 03/04", "am 3.5."; a size, a fraction or a price is none."""
    for match in _FIGURES.finditer(page.text):
        day, month, year, mark = match.group("day", "month", "year", "mark")
        dotted = mark == "." and not year
        if dotted:
            sure = bool(match["dot"]) and page.stands_behind(page.words.dotted, match.start())
        else:
            sure = len(year or "") == 4 or (mark != "-" and _is_led(page, match))
        if sure and _orders(int(day), int(month)):
            end = match.end() if dotted else match.end("year" if year else "month")
            yield _Find(match.start(), end, _mean_figures, match.groupdict())


def _is_led(page: _Page, match: re.Match[str]) -> bool:
    """Whether two figures are a day and a month: a word before says so, or a nought, and they count nothing."""
    padded = "0" in (match["day"][0], match["month"][0])
    led = padded or page.stands_behind(page.words.before, match.start())
    return led and _follows(page, match.end("year" if match["year"] else "month"))


def _orders(first: int, second: int) -> list[tuple[int, int]]:
    """The day and month that two figures may be, as they stand first."""
    return [(d, m) for d, m in dict.fromkeys(((first, second), (second, first))) if 1 <= d <= 31 and 1 <= m <= 12]


def _mean_figures(page: _Page, find: _Find) -> _Meaning:
    first, second, written = int(find.slots["day"] or 0), int(find.slots["month"] or 0), find.slots["year"]
    year = int(written) if written and len(written) == 4 else 2000 + int(written) if written else None
    orders = _orders(first, second)
    if find.slots["mark"] == ".":
        orders = orders[:1]
    days = [_dated(page, find, year, month, day) for day, month in orders]
    return _Meaning(tuple(sorted({day for day in days if day})), None, (year, orders[0][1], orders[0][0]))


def _dated(page: _Page, find: _Find, year: int | None, month: int, day: int) -> date | None:
    if year is not None:
        return day_of(year, month, day)
    return nearest_date(page.today, month, day, past=page.is_over(find.start, find.end))


# ---- dates by their parts


def _written(page: _Page) -> Iterator[_Find]:
    for _, slots, start, end in page.words.written.finds(page.text):
        month = slots.get("month", "").rstrip(".")
        if "holiday" in slots or _is_month(page, month, start, end, alone="day" not in slots and "year" not in slots):
            yield _Find(start, end, _mean_date, slots)


def _is_month(page: _Page, name: str, start: int, end: int, *, alone: bool = False) -> bool:
    """Whether a name that also means something else, or an abbreviation, is a month here."""
    if name in page.words.also_words:
        at = page.text.index(name, start)
        opens = _opens_sentence(page.text, start)
        if page.is_capital(at):
            return not opens or at > start or not _asks(page.text, end)
        return page.stands_behind(page.words.month_after, start) if alone else _follows(page, end)
    return True


def _opens_sentence(text: str, at: int) -> bool:
    return re.search(r"(?:\A|[.!?\n])\s*\Z", text[:at]) is not None


def _asks(text: str, at: int) -> bool:
    ending = re.search(r"[.!?\n]", text[at:])
    return ending is not None and ending[0] == "?"


def _follows(page: _Page, end: int) -> bool:
    """Whether what comes next leaves a number uncounted: "by 03/04 please", but not "10/12 of them"."""
    return page.words.follows.match(page.text, end) is not None


def _mean_date(page: _Page, find: _Find) -> _Meaning:
    """A date by its parts, as far as they are said."""
    words, slots = page.words, find.slots
    unit, shift = words.periods.get(slots.get("period") or "", ("", 0))
    year = int(slots["year"] or 0) if slots.get("year") else page.today.year + int(shift) if unit == "year" else None
    if slots.get("holiday"):
        month, day = (int(part) for part in words.holidays[slots["holiday"] or ""].split("-"))
        return _Meaning(_only(_dated(page, find, year, month, day)))
    name = (slots.get("month") or "").rstrip(".")
    month = int(name) if name.isdecimal() else words.months.get(_unspaced(name), 0)
    number = _number(page, re.sub(r"[^\d\u3400-\u9fff]", "", slots["day"] or "")) if slots.get("day") else None
    if unit == "month" and number:
        first, _ = month_of(page.today, int(shift))
        return _Meaning(_only(day_of(first.year, first.month, number)))
    if number is None:
        span = month_of(date(year or page.today.year, month, 1)) if month else None
        return _Meaning((), span, (year, month, None))
    return _Meaning(_only(_dated(page, find, year, month, number)), None, (year, month, number))


def _unspaced(name: str) -> str:
    return re.sub(r"\s", "", name)


def _only(day: date | None) -> tuple[date, ...]:
    return (day,) if day else ()


def _alone(page: _Page) -> Iterator[_Find]:
    """ "On the 18th", "18号": a day without its month, behind a word and before none that it counts."""
    for pattern, before in page.words.days_alone:
        for match in pattern.finditer(page.text):
            if page.stands_behind(before, match.start()) and _follows(page, match.end()):
                yield _Find(*match.span(), _mean_day_alone, match.groupdict())


def _mean_day_alone(page: _Page, find: _Find) -> _Meaning:
    day = _number(page, find.slots["day"] or "") or 0
    meant = nearest_month_day(page.today, day, past=page.is_over(find.start, find.end))
    return _Meaning(_only(meant), None, (None, None, day))


def _months(page: _Page) -> Iterator[_Find]:
    if not page.has(page.words.months):
        return
    for match in page.words.month.finditer(page.text):
        if _is_month(page, match["name"], match.start(), match.end(), alone=True):
            yield _Find(*match.span(), _mean_month, match.groupdict())


def _mean_month(page: _Page, find: _Find) -> _Meaning:
    number = page.words.months[_unspaced(find.slots["name"] or "")]
    modifier = page.words.modifiers.get(find.slots["before"] or find.slots["after"] or "")
    past = modifier == "last" or (modifier is None and page.is_over(find.start, find.end))
    base = month_of(page.today, -1)[1] if modifier == "last" else page.today
    return _Meaning((), nearest_month(base, number, past=past), (None, number, None))


# ---- weekdays


def _weekday_matches(page: _Page) -> Iterator[re.Match[str]]:
    words = page.words
    if not page.has(words.weekdays):
        return
    blocked = [match.span() for match in words.not_days.finditer(page.text)]
    for match in words.weekday.finditer(page.text):
        start, end = match.span("name")
        if any(first <= start < last for first, last in blocked) or "\0" in match[0]:
            continue
        name, led = match["name"], bool(match["before"] or match["after"] or page.stands_behind(words.before, start))
        if name in words.also_words and not (led and _follows(page, end)):
            continue
        if name not in words.short or led or page.is_capital(start):
            yield match


def _weekdays(page: _Page) -> Iterator[_Find]:
    for match in _weekday_matches(page):
        if not (match["every"] or match["habit"] or match["name"] in page.words.habits):
            kind = _mean_modified if match["before"] or match["after"] else _mean_weekday
            yield _Find(*match.span(), kind, match.groupdict())


def _mean_weekday(page: _Page, find: _Find) -> _Meaning:
    weekday = page.words.weekdays[find.slots["name"] or ""]
    return _Meaning((nearest_weekday(page.today, weekday, past=page.is_over(find.start, find.end)),))


def _mean_modified(page: _Page, find: _Find) -> _Meaning:
    """ "Last Monday", "next Tuesday", "el lunes que viene"."""
    words, slots, today = page.words, find.slots, page.today
    weekday = words.weekdays[slots["name"] or ""]
    match words.modifiers[slots["after"] or slots["before"] or ""]:
        case "last":
            return _Meaning((nearest_weekday(today, weekday, past=True),))
        case "coming":
            return _Meaning((nearest_weekday(today + timedelta(days=1), weekday, past=False),))
        case "this":
            return _mean_weekday(page, find)
        case (_, weeks):
            return _Meaning((weekday_of_week(today, weekday, weeks),))


# ---- days beside today


def _named_days(page: _Page) -> Iterator[_Find]:
    if not page.has(page.words.days) and not page.has(page.words.holidays):
        return
    for match in page.words.day.finditer(page.text):
        named = {"days": match[0]} if match[0] in page.words.days else {"holiday": match[0]}
        yield _Find(*match.span(), _mean_named if "days" in named else _mean_date, named)


def _mean_named(page: _Page, find: _Find) -> _Meaning:
    return _Meaning((page.today + timedelta(days=page.words.days[find.slots["days"] or ""]),))


def _counted(page: _Page) -> Iterator[_Find]:
    """ "In two weeks", "vor drei Tagen"; "within 30 days of delivery" counts from another day."""
    for kind, slots, start, end in page.words.counted.finds(page.text):
        words, count = page.words, _number(page, slots["n"])
        anchored = words.counted_after.match(page.text, end) or page.stands_behind(words.counted_before, start)
        if not anchored and count and count < _MOST:
            yield _Find(start, end, _mean_counted, {**slots, "kind": kind})


def _mean_counted(page: _Page, find: _Find) -> _Meaning:
    count, unit = _number(page, find.slots["n"] or "") or 0, page.words.units[find.slots["unit"] or ""]
    kind = find.slots["kind"]
    day = shifted(page.today, -count if kind == "ago" else count, unit)
    return _Meaning((day,), (page.today, day) if kind == "within" else None)


def _number(page: _Page, text: str) -> int | None:
    """The number that a word or figures name."""
    if text in page.words.articles:
        return page.words.articles[text]
    numbers = [number for number in numbers_in(text) if number == int(number)]
    return int(numbers[0]) if len(numbers) == 1 else None


# ---- weeks, months, and their ends


def _periods(page: _Page) -> Iterator[_Find]:
    if not page.has(page.words.periods):
        return
    for match in page.words.period.finditer(page.text):
        yield _Find(*match.span(), _mean_period, {"period": match[0]})


def _mean_period(page: _Page, find: _Find) -> _Meaning:
    """ "Next week" is also a day, a week from today, for whoever needs one."""
    unit, shift = page.words.periods[find.slots["period"] or ""]
    days = (shifted(page.today, shift, unit),) if shift > 0 and unit != "year" else ()
    return _Meaning(days, period_of(page.today, unit, shift))


def _ends(page: _Page) -> Iterator[_Find]:
    if not page.has(page.words.ends):
        return
    for match in page.words.end_of.finditer(page.text):
        yield _Find(*match.span(), _mean_end, {"of": match["of"] or match["whose"]})


def _mean_end(page: _Page, find: _Find) -> _Meaning:
    words, name = page.words, find.slots["of"] or ""
    if month := words.months.get(_unspaced(name)):
        return _Meaning((nearest_month(page.today, month, past=page.is_over(find.start, find.end))[1],))
    unit, shift = words.periods[name] if name in words.periods else (words.whole[name], 0)
    return _Meaning((period_of(page.today, unit, shift)[1],))


def _weekends(page: _Page) -> Iterator[_Find]:
    for match in page.words.weekend.finditer(page.text):
        yield _Find(*match.span(), _mean_weekend, match.groupdict())


def _mean_weekend(page: _Page, find: _Find) -> _Meaning:
    modifier = page.words.modifiers.get(find.slots["before"] or find.slots["after"] or "", "this")
    past = modifier == "last" or (modifier == "this" and page.is_over(find.start, find.end))
    weeks = modifier[1] if isinstance(modifier, tuple) else -1 if past else 0
    first, last = weekday_of_week(page.today, 5, weeks), weekday_of_week(page.today, 6, weeks)
    return _Meaning((max(first, page.today),) if last >= page.today else (), (first, last))


_READINGS = (
    _iso,
    _figures,
    _written,
    _counted,
    _weekends,
    _ends,
    _weekdays,
    _named_days,
    _periods,
    _alone,
    _months,
)

"""How each kind of phrase that names a day is found, and what it means.

In: a `Page`, a text that is being read. Out: `Find`s, phrases in their places, from the surest kind to the least sure;
what each means is asked for when all are found, as the words around them say whether a day is over. Pure functions.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from language.calendar import (
    Days,
    Unit,
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
from language.date_words import DateVocabulary
from language.numbers import numbers_in
from language.text import HAN, Folded, fold

_BEHIND = 40  # characters in which the words before a place are looked for
_ARTICLE = 5  # characters between "two days before" and a day: "the"
_MOST = 1000  # days, weeks or months that may be counted from today


class Meaning(NamedTuple):
    """What a phrase means; see `DateMention`."""

    days: tuple[date, ...] = ()
    span: Days | None = None
    parts: tuple[int | None, int | None, int | None] = (None, None, None)


class Find(NamedTuple):
    """A phrase in the folded text, before its meaning is known: that takes the words around all phrases."""

    start: int
    end: int
    mean: Callable[["Page", "Find"], Meaning]
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


class Page:
    """A text that is being read; what one reading has taken, the next does not see."""

    def __init__(self, text: str, today: date, words: DateVocabulary) -> None:
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

    def joins(self, end: int, start: int) -> bool:
        """Whether nothing but an article stands between two phrases."""
        return len(self.text[end:start].split()) <= 1 and start - end <= _ARTICLE

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


def all_finds(page: Page) -> Iterator[Find]:
    """Readings from the surest to the least sure; words of one phrase are looked up with one space between them."""
    for match in page.words.not_days.finditer(page.text):
        page.take(*match.span())
    for read in _READINGS:
        for find in list(read(page)):
            if "\0" not in page.text[find.start : find.end]:
                page.take(find.start, find.end)
                yield find._replace(slots={name: said and " ".join(said.split()) for name, said in find.slots.items()})


def says_weekday_of(page: Page, find: Find, finds: Sequence[Find]) -> bool:
    """Whether a weekday stands beside a date, and names no day of its own: "Wednesday, 25 November"."""
    if find.mean is not _mean_weekday:
        return False
    dates = (other for other in finds if other.mean in (_mean_date, _mean_figures, _mean_day_alone))
    between = (page.text[min(find.end, other.end) : max(find.start, other.start)] for other in dates)
    return any(re.fullmatch(r"[\s,.(]{0,3}", page.words.between.sub("", piece)) for piece in between)


# ---- dates in figures


def _iso(page: Page) -> Iterator[Find]:
    for pattern in (_ISO, _YEAR_FIRST):
        for match in pattern.finditer(page.text):
            yield Find(*match.span(), _mean_date, match.groupdict())


def _figures(page: Page) -> Iterator[Find]:
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
            yield Find(match.start(), end, _mean_figures, match.groupdict())


def _is_led(page: Page, match: re.Match[str]) -> bool:
    """Whether two figures are a day and a month: a word before says so, or a nought, and they count nothing."""
    padded = "0" in (match["day"][0], match["month"][0])
    led = padded or any(page.stands_behind(words, match.start()) for words in (page.words.before, page.words.told))
    return led and _follows(page, match.end("year" if match["year"] else "month"))


def _orders(first: int, second: int) -> list[tuple[int, int]]:
    """The day and month that two figures may be, as they stand first."""
    return [(d, m) for d, m in dict.fromkeys(((first, second), (second, first))) if 1 <= d <= 31 and 1 <= m <= 12]


def _mean_figures(page: Page, find: Find) -> Meaning:
    first, second, written = int(find.slots["day"] or 0), int(find.slots["month"] or 0), find.slots["year"]
    year = int(written) if written and len(written) == 4 else 2000 + int(written) if written else None
    orders = _orders(first, second)
    if find.slots["mark"] == ".":
        orders = orders[:1]
    days = [_dated(page, find, year, month, day) for day, month in orders]
    return Meaning(tuple(sorted({day for day in days if day})), None, (year, orders[0][1], orders[0][0]))


def _dated(page: Page, find: Find, year: int | None, month: int, day: int) -> date | None:
    if year is not None:
        return day_of(year, month, day)
    return nearest_date(page.today, month, day, past=page.is_over(find.start, find.end))


# ---- dates by their parts


def _written(page: Page) -> Iterator[Find]:
    for _, slots, start, end in page.words.written.finds(page.text):
        month = slots.get("month", "").rstrip(".")
        if "holiday" in slots or _is_month(page, month, start, end, alone="day" not in slots and "year" not in slots):
            yield Find(start, end, _mean_date, slots)


def _is_month(page: Page, name: str, start: int, end: int, *, alone: bool = False) -> bool:
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


def _follows(page: Page, end: int) -> bool:
    """Whether what comes next leaves a number uncounted: "by 03/04 please", but not "10/12 of them"."""
    return page.words.follows.match(page.text, end) is not None


def _mean_date(page: Page, find: Find) -> Meaning:
    """A date by its parts, as far as they are said."""
    words, slots = page.words, find.slots
    period = words.periods.get(slots.get("period") or "")
    year = int(slots["year"] or 0) if slots.get("year") else _year_of(page, period)
    if slots.get("holiday"):
        month, day = (int(part) for part in words.holidays[slots["holiday"] or ""].split("-"))
        return Meaning(_only(_dated(page, find, year, month, day)))
    name = (slots.get("month") or "").rstrip(".")
    month = int(name) if name.isdecimal() else words.months.get(_unspaced(name), 0)
    number = _number(page, _digits(slots["day"] or "")) if slots.get("day") else None
    if period and period[0] == "month" and number:
        first, _ = month_of(page.today, period[1])
        return Meaning(_only(day_of(first.year, first.month, number)))
    if number is None:
        span = month_of(date(year or page.today.year, month, 1)) if month else None
        return Meaning((), span, (year, month, None))
    return Meaning(_only(_dated(page, find, year, month, number)), None, (year, month, number))


def _year_of(page: Page, period: tuple[Unit, int] | None) -> int | None:
    """The year of "last year"; a week or a month is none."""
    return page.today.year + period[1] if period and period[0] == "year" else None


def _unspaced(name: str) -> str:
    return re.sub(r"\s", "", name)


def _digits(text: str) -> str:
    """A day's number without its mark: "3" of "3rd"."""
    return re.sub(rf"[^\d{HAN}]", "", text)


def _only(day: date | None) -> tuple[date, ...]:
    return (day,) if day else ()


def _alone(page: Page) -> Iterator[Find]:
    """ "On the 18th", "18号": a day without its month, behind a word and before none that it counts."""
    for pattern, before in page.words.days_alone:
        for match in pattern.finditer(page.text):
            led = any(page.stands_behind(words, match.start()) for words in (before, page.words.weekday_before_day))
            if led and _follows(page, match.end()):
                yield Find(*match.span(), _mean_day_alone, match.groupdict())


def _mean_day_alone(page: Page, find: Find) -> Meaning:
    day = _number(page, find.slots["day"] or "") or 0
    meant = nearest_month_day(page.today, day, past=page.is_over(find.start, find.end))
    return Meaning(_only(meant), None, (None, None, day))


def _months(page: Page) -> Iterator[Find]:
    if not page.has(page.words.months):
        return
    for match in page.words.month.finditer(page.text):
        if _is_month_alone(page, match):
            yield Find(*match.span(), _mean_month, match.groupdict())


def _is_month_alone(page: Page, match: re.Match[str]) -> bool:
    """Whether a month stands for itself: an abbreviation needs a word before it, a name like "may" too."""
    words, name = page.words, match["name"]
    if match["before"] or page.stands_behind(words.month_after, match.start()):
        return (name in words.full_months or name not in words.also_words) and (
            not match["before"] or name not in words.also_words or _follows(page, match.end())
        )
    return name in words.full_months and _is_month(page, name, match.start(), match.end(), alone=True)


def _mean_month(page: Page, find: Find) -> Meaning:
    number = page.words.months[_unspaced(find.slots["name"] or "")]
    modifier = page.words.modifiers.get(find.slots["before"] or find.slots["after"] or "")
    past = modifier == "last" or (modifier is None and page.is_over(find.start, find.end))
    base = month_of(page.today, -1)[1] if modifier == "last" else page.today
    return Meaning((), nearest_month(base, number, past=past), (None, number, None))


# ---- weekdays


def weekday_matches(page: Page) -> Iterator[re.Match[str]]:
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


def _weekdays(page: Page) -> Iterator[Find]:
    for match in weekday_matches(page):
        if not (match["every"] or match["habit"] or match["name"] in page.words.habits):
            kind = _mean_modified if match["before"] or match["after"] else _mean_weekday
            yield Find(*match.span(), kind, match.groupdict())


def _mean_weekday(page: Page, find: Find) -> Meaning:
    weekday = page.words.weekdays[find.slots["name"] or ""]
    return Meaning((nearest_weekday(page.today, weekday, past=page.is_over(find.start, find.end)),))


def _mean_modified(page: Page, find: Find) -> Meaning:
    """ "Last Monday", "next Tuesday", "el lunes que viene"."""
    words, slots, today = page.words, find.slots, page.today
    weekday = words.weekdays[slots["name"] or ""]
    match words.modifiers[slots["after"] or slots["before"] or ""]:
        case "last":
            return Meaning((nearest_weekday(today, weekday, past=True),))
        case "coming":
            return Meaning((nearest_weekday(today + timedelta(days=1), weekday, past=False),))
        case "this":
            return _mean_weekday(page, find)
        case (_, weeks):
            return Meaning((weekday_of_week(today, weekday, weeks),))


# ---- days beside today


def _named_days(page: Page) -> Iterator[Find]:
    if not page.has(page.words.days) and not page.has(page.words.holidays):
        return
    for match in page.words.day.finditer(page.text):
        is_day = " ".join(match[0].split()) in page.words.days
        slots = {"days" if is_day else "holiday": match[0]}
        yield Find(*match.span(), _mean_named if is_day else _mean_date, slots)


def _mean_named(page: Page, find: Find) -> Meaning:
    return Meaning((page.today + timedelta(days=page.words.days[find.slots["days"] or ""]),))


def _counted(page: Page) -> Iterator[Find]:
    """ "In two weeks", "vor drei Tagen"; "within 30 days of delivery" counts from another day."""
    words = page.words
    for kind, slots, start, end in words.counted.finds(page.text):
        count = _number(page, slots["n"])
        if not count or count >= _MOST:
            continue
        if kind in ("after", "before"):
            yield Find(start, end, mean_offset, {**slots, "kind": kind})
        elif not (words.counted_after.match(page.text, end) or page.stands_behind(words.counted_before, start)):
            yield Find(start, end, _mean_counted, {**slots, "kind": kind})


def _mean_counted(page: Page, find: Find) -> Meaning:
    count, unit = _number(page, find.slots["n"] or "") or 0, page.words.units[find.slots["unit"] or ""]
    kind = find.slots["kind"]
    day = shifted(page.today, -count if kind == "ago" else count, unit)
    return Meaning((day,), (page.today, day) if kind == "within" else None)


def mean_offset(page: Page, find: Find) -> Meaning:
    """ "Two days after" names no day by itself; see `moved`."""
    return Meaning()


def moved(page: Page, offset: Find, day: date) -> date:
    """The day that "two days after" names, if this is the day it is counted from."""
    count = _number(page, offset.slots["n"] or "") or 0
    unit = page.words.units[offset.slots["unit"] or ""]
    return shifted(day, -count if offset.slots["kind"] == "before" else count, unit)


def _number(page: Page, text: str) -> int | None:
    """The number that a word or figures name."""
    if text in page.words.articles:
        return page.words.articles[text]
    numbers = [number for number in numbers_in(text) if number == int(number)]
    return int(numbers[0]) if len(numbers) == 1 else None


# ---- weeks, months, and their ends


def _periods(page: Page) -> Iterator[Find]:
    if not page.has(page.words.periods):
        return
    for match in page.words.period.finditer(page.text):
        yield Find(*match.span(), _mean_period, {"period": match[0]})


def _mean_period(page: Page, find: Find) -> Meaning:
    """ "Next week" is also a day, a week from today, for whoever needs one."""
    unit, shift = page.words.periods[find.slots["period"] or ""]
    days = (shifted(page.today, shift, unit),) if shift > 0 and unit != "year" else ()
    return Meaning(days, period_of(page.today, unit, shift))


def _ends(page: Page) -> Iterator[Find]:
    if not page.has(page.words.ends):
        return
    for match in page.words.end_of.finditer(page.text):
        yield Find(*match.span(), _mean_end, {"of": match["of"] or match["whose"]})


def _mean_end(page: Page, find: Find) -> Meaning:
    words, name = page.words, find.slots["of"] or ""
    if month := words.months.get(_unspaced(name)):
        return Meaning((nearest_month(page.today, month, past=page.is_over(find.start, find.end))[1],))
    unit, shift = words.periods[name] if name in words.periods else (words.whole[name], 0)
    return Meaning((period_of(page.today, unit, shift)[1],))


def _weekends(page: Page) -> Iterator[Find]:
    for match in page.words.weekend.finditer(page.text):
        yield Find(*match.span(), _mean_weekend, match.groupdict())


def _mean_weekend(page: Page, find: Find) -> Meaning:
    modifier = page.words.modifiers.get(find.slots["before"] or find.slots["after"] or "", "this")
    past = modifier == "last" or (modifier == "this" and page.is_over(find.start, find.end))
    weeks = modifier[1] if isinstance(modifier, tuple) else -1 if past else 0
    first, last = weekday_of_week(page.today, 5, weeks), weekday_of_week(page.today, 6, weeks)
    return Meaning((max(first, page.today),) if last >= page.today else (), (first, last))


_READINGS = (
    _iso,
    _figures,
    _written,
    _counted,
    _weekends,
    _ends,
    _alone,
    _weekdays,
    _named_days,
    _periods,
    _months,
)

"""Days, weekdays and times of day as people write them, with their places, and days as they are written to people.

In: a text, today's date, languages. Out: `DateMention`s ("last Monday", "13/04/2026", "by 03/04", "下周五"),
`WeekdayMention`s and `TimeMention`s in the places of the text; `format_day` writes a day. A day without a year or a
month is the nearest to come, unless the words around it say that it is over ("it arrived on the 18th"). Pure functions.

Names of months and weekdays, and the forms of days, are Babel's. Finding and values are our own: of the 287 cases in
tests/language/dates.yaml dateparser's `search_dates` reads 126 (28 of the 72 without a day) at 2 ms a text, and its
`parse` gives the day of 107 of 186 phrases that were found for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel.dates import format_date

from language.date_readings import (
    Find,
    Meaning,
    Page,
    all_finds,
    mean_offset,
    moved,
    says_weekday_of,
    weekday_matches,
)
from language.date_words import date_words, dated_languages, vocabulary_of
from language.text import fold

RECENT_DAYS = 6  # a weekday says which day it was


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


@lru_cache(maxsize=1024)
def find_dates(text: str, today: date, languages: Sequence[str] = ()) -> tuple[DateMention, ...]:
    """All days that the text names, in its order; `languages`: none means all that have words for days."""
    page = Page(text, today, vocabulary_of(tuple(languages) or dated_languages()))
    finds = sorted(all_finds(page))
    named = [find for find in finds if not says_weekday_of(page, find, finds)]
    mentions, offset = list[DateMention](), None
    for find in named:
        mention = _mention(page, find, find.mean(page, find))
        if offset is not None and page.joins(offset.end, find.start):
            mention = _counted_from(mention, page, offset)
        offset = find if find.mean is mean_offset else None
        mentions += [mention] if offset is None else []
    return tuple(mentions)


def dates_in(text: str, today: date, languages: Sequence[str] = ()) -> frozenset[date]:
    """Every day that the text names beyond doubt: "by 03/04" and "in March" name none."""
    return frozenset(day for m in find_dates(text, today, tuple(languages)) if not m.is_ambiguous for day in m.days)


def find_weekdays(text: str, languages: Sequence[str] = ()) -> tuple[WeekdayMention, ...]:
    """All weekdays by name, habits too ("on Mondays"), in the order of the text."""
    page = Page(text, date.min, vocabulary_of(tuple(languages) or dated_languages()))
    return tuple(
        WeekdayMention(*(place := page.folded.span(*match.span("name"))), text[slice(*place)], weekday)
        for match in weekday_matches(page)
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


def _mention(page: Page, find: Find, meaning: Meaning) -> DateMention:
    start, end = page.folded.span(find.start, find.end)
    days = meaning.days
    first, last = meaning.span or ((days[0], days[0]) if len(days) == 1 else (None, None))
    return DateMention(start, end, page.original[start:end], days, first, last, *meaning.parts)


def _counted_from(mention: DateMention, page: Page, offset: Find) -> DateMention:
    """ "Two days after Christmas" in place of "Christmas"."""
    start, _ = page.folded.span(offset.start, offset.end)
    days = tuple(moved(page, offset, day) for day in mention.days)
    first = days[0] if len(days) == 1 else None
    return DateMention(start, mention.end, page.original[start : mention.end], days, first, first)

"""The words that `language.dates` looks for, of some languages at once: packs in, compiled patterns out.

Names of months and weekdays are CLDR's (Babel); all else is the section `dates` of the packs. A phrase there may hold
`{slots}`, `[parts that may be missing|or another]`, `*` for an ending and ` ... ` for a few words between.
Errors: `ConfigError` for a section that cannot be read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

from babel import Locale
from pydantic import Field

from errors import ConfigError
from language.calendar import Unit
from language.packs import Section, languages, section
from language.text import HAN, fold

# A word begins and ends where no letter or digit stands beside it; Chinese has no such places.
LEFT = rf"(?:(?=[{HAN}])|(?<![^\W{HAN}]))"
RIGHT = rf"(?:(?<=[{HAN}])|(?![^\W{HAN}]))"
_YEAR = r"(?:19|20)\d\d(?!\d|[.,]\d)"
_REACH = 32  # characters of a phrase before the word that it is looked for by, and twice as many from there
_GAP = r"\b[^.;!?]{0,40}?\b"
_TOKEN = re.compile(r"\{(\w+)\}| \.\.\. |([\[\]|*])|( +)|([^{}\[\]|* ]+)")
_T = TypeVar("_T")
_PERIOD = re.compile(r"(week|month|year)([+-]\d)")
_UNITS: Mapping[str, Unit] = {"week": "week", "month": "month", "year": "year"}
_WORDS: Mapping[str, Literal["last", "this", "coming"]] = {"last": "last", "this": "this", "coming": "coming"}
Shift = Literal["last", "this", "coming"] | tuple[Unit, int]


class Clock(Section):
    """Words behind an hour: of the first half of the day, of the second, of neither."""

    am: tuple[str, ...] = ()
    pm: tuple[str, ...] = ()
    hour: tuple[str, ...] = ()


class Formats(Section):
    """How a day is written, as CLDR patterns."""

    weekday: str
    day: str


class DateWords(Section):
    """The section `dates` of a pack. Weekdays are numbered from Monday, 0; shifts are like "week+1"."""

    month_names: dict[str, int] = Field(default_factory=dict)  # beyond CLDR's
    weekday_names: dict[str, int] = Field(default_factory=dict)
    also_words: tuple[str, ...] = ()  # names that mean something else too
    month_ends: tuple[str, ...] = ()  # may stand right behind a month's name
    weekday_ends: tuple[str, ...] = ()
    not_after_weekday: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()  # endings, or whole names, that mean every such weekday
    every: tuple[str, ...] = ()
    before: tuple[str, ...] = ()  # make a date of what may be none
    months_after: tuple[str, ...] = ()  # make a month of what may be none
    written: tuple[str, ...] = ()  # dates by their parts
    numerals: tuple[str, ...] = ()  # characters of numbers that stand without spaces
    ordinals: tuple[str, ...] = ()
    ordinal_needed: bool = False  # of a day without its month
    dotted: tuple[str, ...] = ()  # before "3.5.", which is then 3 May
    day_alone: tuple[str, ...] = ()  # before a day without its month
    weekday_joins: tuple[str, ...] = ()  # between a weekday and its day: "Friday the 4th"
    not_before_day: tuple[str, ...] = ()  # where nothing need stand before it: what may not
    day_follows: tuple[str, ...] = ()  # words that may follow such a day: it counts nothing
    days: dict[str, int] = Field(default_factory=dict)
    not_days: tuple[str, ...] = ()
    holidays: dict[str, str] = Field(default_factory=dict)  # month-day
    units: dict[Unit, tuple[str, ...]] = Field(default_factory=dict)
    articles: dict[str, int] = Field(default_factory=dict)
    ahead: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    ago: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # counted from the day that follows
    before_day: tuple[str, ...] = ()
    counted_before: tuple[str, ...] = ()  # the days are counted from something else than today
    counted_after: tuple[str, ...] = ()
    weekday_before: dict[str, str] = Field(default_factory=dict)
    weekday_after: dict[str, str] = Field(default_factory=dict)
    periods: dict[str, str] = Field(default_factory=dict)
    whole: dict[str, Unit] = Field(default_factory=dict)  # a period that only its end is said of
    ends_before: tuple[str, ...] = ()
    ends_after: tuple[str, ...] = ()
    weekend: tuple[str, ...] = ()
    past: tuple[str, ...] = ()  # words by which a day is over, or still to come
    coming: tuple[str, ...] = ()
    clock: Clock = Clock()
    formats: Formats | None = None


@cache
def date_words(language: str) -> DateWords | None:
    """The section of one language, if it has a pack, and the pack has it."""
    return section(language, "dates", DateWords) if language in languages() else None


@cache
def dated_languages() -> tuple[str, ...]:
    """The languages whose dates can be read."""
    return tuple(code for code in languages() if date_words(code) is not None)


@dataclass(frozen=True, slots=True)
class Finder:
    """Phrases of many kinds as one pattern, looked for only around `anchors`: each phrase holds one of these words."""

    pattern: re.Pattern[str]
    kinds: Mapping[str, str]
    anchors: tuple[str, ...]

    def finds(self, text: str) -> Iterator[tuple[str, Mapping[str, str], int, int]]:
        """The kind, the slots, and the place of each phrase in the text."""
        done = 0
        for at in places_of(self.anchors, text):
            match = self.pattern.search(text, max(done, at - _REACH), at + 2 * _REACH) if at >= done else None
            if match is None:
                continue
            done = match.end()
            group = match.lastgroup or ""
            slots = {
                name.removesuffix(group): value
                for name, value in match.groupdict().items()
                if value and name.endswith(group) and name != group
            }
            yield self.kinds[group], slots, *match.span()


def places_of(words: Iterable[str], text: str) -> list[int]:
    """Where words of the text begin with any of these: a quick look before a slow one."""
    there = (word for word in words if word in text)
    return sorted({match.start() for word in there for match in re.finditer(LEFT + re.escape(word), text)})


def find_words(words: Iterable[str], *, before: str = "", after: str = "") -> re.Pattern[str]:
    """Any of the phrases as whole words."""
    return re.compile(f"{before}{LEFT}(?:{any_of(words)}){RIGHT}{after}")


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the phrases, the longest first; none: one that is nowhere."""
    return "|".join(phrase(word) for word in sorted({*words}, key=lambda w: (-len(w), w))) or r"(?!)"


def phrase(text: str, slots: Mapping[str, str] | None = None) -> str:
    """A phrase of a pack as a pattern."""
    made = []
    for match in _TOKEN.finditer(text):
        slot, mark, space, plain = match.groups()
        if slot:
            made.append((slots or {})[slot])
        elif mark:
            made.append({"[": "(?:", "]": ")?", "|": "|", "*": r"\w*"}[mark])
        else:
            made.append(re.escape(fold(plain).text) if plain else r"\s+" if space else _GAP)
    return "".join(made)


class DateVocabulary:
    """All that is looked for in texts of these languages. Slow to make; ask `vocabulary_of` for one."""

    def __init__(self, codes: Sequence[str]) -> None:
        sections = {code: words for code in codes if (words := date_words(code))}
        self._all = all_words = tuple(sections.values())
        self.months: dict[str, int] = {}
        self.weekdays: dict[str, int] = {}
        self.wide: set[str] = set()  # months in full
        self.short: set[str] = set()  # abbreviations: they need a capital, or a word before them
        month_names = {code: self._months(code, words) for code, words in sections.items()}
        for code, words in sections.items():
            self._name_weekdays(code, words)
        self.full_months = self.wide | set(self.months) - self.short
        self.also_words = {fold(name).text for words in all_words for name in words.also_words}
        self.days = _merged(words.days for words in all_words)
        self.holidays = _merged(words.holidays for words in all_words)
        self.articles = _merged(words.articles for words in all_words)
        self.periods = {name: _period(text) for name, text in _merged(w.periods for w in all_words).items()}
        self.whole = _merged(words.whole for words in all_words)
        self.units = {fold(n).text: unit for words in all_words for unit, ns in words.units.items() for n in ns}
        self.modifiers = {
            name: _shift(text)
            for words in all_words
            for name, text in _merged((words.weekday_before, words.weekday_after)).items()
        }
        self.written = self._written(sections, month_names)
        self.counted = self._counted(all_words)
        self._find_days(all_words)
        self._find_periods(all_words)
        self._find_surroundings(all_words)

    def _months(self, code: str, words: DateWords) -> tuple[str, ...]:
        given = Locale.parse(code).months
        own: dict[str, int] = {}
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in given[context][width].items():
                    own |= dict.fromkeys(_spellings(name), number)
                    self.short |= _spellings(name) if width == "abbreviated" and _is_latin(name) else set()
        self.wide |= {way for name in given["format"]["wide"].values() for way in _spellings(name)}
        own |= {fold(name).text: number for name, number in words.month_names.items()}
        self.months |= own
        return tuple(own)

    def _name_weekdays(self, code: str, words: DateWords) -> None:
        days = Locale.parse(code).days["format"]
        for width in ("wide", "abbreviated"):
            for number, name in days[width].items():
                spellings = {way for way in _spellings(name) if len(way) > 2 or not _is_latin(way)}
                self.weekdays |= dict.fromkeys(spellings, number)
                self.short |= spellings if width == "abbreviated" and _is_latin(name) else set()
        self.weekdays |= {fold(name).text: number for name, number in words.weekday_names.items()}

    def _written(self, sections: Mapping[str, DateWords], months: Mapping[str, Sequence[str]]) -> Finder:
        phrases = []
        for code, words in sections.items():
            marks = f"(?:{'|'.join(rf'{re.escape(mark)}' for mark in words.ordinals)})?" if words.ordinals else ""
            marks = marks if _is_latin("".join(words.ordinals)) else ""
            spelled = f"|[{''.join(words.numerals)}]{{1,3}}" if words.numerals else ""
            slots = {
                "day": rf"(?<!\d[.,/:-])(?:(?<!\d)\d{{1,2}}{marks}(?!\d|[.,:/]\d|%){spelled})",
                "month": rf"(?:{_names(months[code])})\.?",
                "year": _YEAR,
                "period": any_of(name for name, text in words.periods.items() if not text.startswith("week")),
                "holiday": any_of(words.holidays),
            }
            phrases += [("written", text, slots) for text in words.written]
        return _finder(phrases, [*self.months, *self.periods, *self.holidays])

    @staticmethod
    def _counted(all_words: Sequence[DateWords]) -> Finder:
        phrases = []
        for words in all_words:
            spelled = f"|[{''.join(words.numerals)}]{{1,3}}" if words.numerals else rf"|[^\W\d_{HAN}]+(?:-[^\W\d_]+)?"
            slots = {
                "n": rf"(?<!\d[.,/-])(?:\d{{1,3}}|{any_of(words.articles)}{spelled})",
                "unit": any_of(name for names in words.units.values() for name in names),
            }
            for kind in ("ahead", "within", "ago", "after"):
                phrases += [(kind, text, slots) for text in getattr(words, kind)]
            phrases += [("before", text, slots) for text in words.before_day]
        return _finder(phrases, [name for w in all_words for names in w.units.values() for name in names])

    def _find_days(self, all_words: Sequence[DateWords]) -> None:
        before, after = (_joined(all_words, name) for name in ("weekday_before", "weekday_after"))
        habits = [mark for words in all_words for mark in words.habits]
        numerals = "".join(mark for words in all_words for mark in words.numerals)
        self.every = [fold(word).text for words in all_words for word in words.every]
        self.habits = {fold(mark).text for mark in habits}
        self.weekday = re.compile(
            rf"{LEFT}(?<![\d{numerals}])(?:(?P<every>{any_of(self.every)})\s*|(?P<before>{any_of(before)})\s*)?"
            rf"{LEFT}(?P<name>{_names(self.weekdays)})(?P<habit>{any_of(habits)})?"
            rf"(?:{any_of(_joined(all_words, 'weekday_ends'))})?{RIGHT}"
            rf"(?!\s*(?:{any_of(_joined(all_words, 'not_after_weekday'))}))"
            rf"(?:[\s,]*(?P<after>{any_of(after)}){RIGHT})?"
        )
        self.day = find_words([*self.days, *self.holidays])
        self.not_days = find_words(_joined(all_words, "not_days"))
        self.days_alone = [_day_alone(words) for words in all_words if words.ordinal_needed or words.day_alone]
        modifier = any_of({*before, *after})
        self.month = re.compile(
            rf"{LEFT}(?:(?P<before>{modifier})\s+)?(?<!\d)(?P<name>{_names(self.months)})"
            rf"(?:{any_of(_joined(all_words, 'month_ends'))})?{RIGHT}(?:\s+(?P<after>{any_of(after)}){RIGHT})?"
        )

    def _find_periods(self, all_words: Sequence[DateWords]) -> None:
        self.ends = {fold(word).text for name in ("ends_before", "ends_after") for word in _joined(all_words, name)}
        first, last = (any_of(_joined(all_words, name)) for name in ("ends_before", "ends_after"))
        ending = rf"{any_of(self.periods)}|{any_of(self.whole)}|{_names(self.full_months)}"
        self.end_of = re.compile(rf"{LEFT}(?:(?:{first})\s+(?P<of>{ending})|(?P<whose>{ending})\s*(?:{last})){RIGHT}")
        modifier = any_of(_joined(all_words, "weekday_before"))
        after = any_of(_joined(all_words, "weekday_after"))
        self.weekend = re.compile(
            rf"{LEFT}(?:(?P<before>{modifier})\s*)?(?:{any_of(_joined(all_words, 'weekend'))}){RIGHT}"
            rf"(?:\s+(?P<after>{after}){RIGHT})?"
        )
        self.period = find_words(self.periods)

    def _find_surroundings(self, all_words: Sequence[DateWords]) -> None:
        """What stands beside a date, and says whether it is one and whether it is over."""
        follows = any_of(_joined(all_words, "day_follows"))
        self.before = find_words(_joined(all_words, "before"), after=r"\s*\Z")
        joins = [*_joined(all_words, "before"), *_joined(all_words, "weekday_joins")]
        self.between = find_words(joins, after=r"\s*\Z")
        self.dotted = find_words(_joined(all_words, "dotted"), after=r"\s*\Z")
        self.month_after = find_words(_joined(all_words, "months_after"), after=r"\s*\Z")
        self.follows = re.compile(rf"\s*(?:\Z|[.,;:!?)\n\0-]|(?:{follows}){RIGHT})")
        self.counted_before = find_words(_joined(all_words, "counted_before"), after=r"\s*\Z")
        self.counted_after = find_words(_joined(all_words, "counted_after"), before=r"\s*")
        told = [word for name in ("past", "coming") for word in _joined(all_words, name) if "..." not in word]
        self.told = find_words(told, after=r"\s*\Z")
        leading = any_of(_joined(all_words, "weekday_joins"))
        self.weekday_before_day = re.compile(rf"{LEFT}(?:{_names(self.weekdays)}),?(?:\s+(?:{leading}))?\s+\Z")
        self.past = find_words(_joined(all_words, "past"))
        self.coming = find_words(_joined(all_words, "coming"))
        clocks = [words.clock for words in all_words]
        self.pm = {fold(word).text for clock in clocks for word in clock.pm}
        halves = any_of(word for clock in clocks for word in (*clock.am, *clock.pm))
        hours = any_of(word for clock in clocks for word in clock.hour)
        self.time = re.compile(
            rf"(?<![\d.,])(?<!\d:)(?P<hour>\d{{1,2}})(?::(?P<minute>\d\d)(?::\d\d)?(?![\d:])(?:\s?(?P<half>{halves})(?!\w))?"
            rf"|\s?(?P<only>{halves})(?!\w)|\s(?:{hours})(?!\w))"
        )


@cache
def vocabulary_of(codes: tuple[str, ...]) -> DateVocabulary:
    """The vocabulary of these languages, made once."""
    return DateVocabulary(codes)


def _finder(phrases: Iterable[tuple[str, str, Mapping[str, str]]], triggers: Iterable[str]) -> Finder:
    made, kinds = [], dict[str, str]()
    fullest_first = sorted(phrases, key=lambda entry: (-_slots_needed(entry[1]), -len(entry[1])))
    for number, (kind, text, slots) in enumerate(fullest_first):
        group = f"_{number}_"
        kinds[group] = kind
        named = {name: f"(?P<{name}{group}>{pattern})" for name, pattern in slots.items()}
        made.append(f"(?P<{group}>{phrase(text, named)})")
    return Finder(re.compile(f"{LEFT}(?:{'|'.join(made) or '(?!)'}){RIGHT}"), kinds, tuple({*triggers}))


def _slots_needed(text: str) -> int:
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", text)) != text:
        text = shorter
    return text.count("{")


def _day_alone(words: DateWords) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A day without its month as one language writes it, and what stands before it ("on the"; in Chinese nothing)."""
    marks = "|".join(re.escape(mark) for mark in words.ordinals) or "(?!)"
    spelled = f"|[{''.join(words.numerals)}]{{1,3}}" if words.numerals else ""
    needed = "" if words.ordinal_needed else "?"
    unspaced = "".join(f"(?<!{word})" for word in words.not_before_day)
    before = find_words(words.day_alone, after=r"\s*\Z") if words.day_alone else re.compile(rf"{unspaced}\Z")
    day = re.compile(rf"(?<![\d.,/:])(?P<day>(?<!\d)\d{{1,2}}(?!\d){spelled})(?:{marks}){needed}{RIGHT}")
    return day, before


def _merged(tables: Iterable[Mapping[str, _T]]) -> dict[str, _T]:
    return {fold(name).text: value for table in tables for name, value in table.items()}


def _joined(all_words: Sequence[DateWords], name: str) -> list[str]:
    return [word for words in all_words for word in getattr(words, name)]


def _names(names: Iterable[str]) -> str:
    """Names as a pattern; between the characters of "11月" there may be a space."""
    ordered = sorted({*names}, key=lambda name: (-len(name), name))
    return "|".join(re.escape(n) if _is_latin(n) else re.sub(r"(?<=\d)(?!\d)", r"\\s?", n) for n in ordered) or "(?!)"


def _spellings(name: str) -> set[str]:
    """A name as it is compared, and as it is typed without accents; abbreviations end in no dot."""
    plain = fold(name).text.removesuffix(".")
    return {plain, plain.translate(_UNACCENTED)}


def _is_latin(text: str) -> bool:
    return re.search(f"[{HAN}]", text) is None


def _period(text: str) -> tuple[Unit, int]:
    """ "week+1" as ("week", 1)."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ConfigError(f"language packs, dates: {text!r} is no period like week+1, month-1 or year+0")
    return _UNITS[match[1]], int(match[2])


def _shift(text: str) -> Shift:
    """ "week+1" as ("week", 1); "last", "this" and "coming" as they are."""
    return _WORDS[text] if text in _WORDS else _period(text)


_UNACCENTED = str.maketrans("áéíóúüñäöûé", "aeiouunaoue")

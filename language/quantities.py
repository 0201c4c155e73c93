"""Quantities of a message: numbers and ranges with what they count, and the prices that it asks for.

In: a text, the languages that it may be in, and places to leave alone. Out: `Quantity`s in the order of the text,
`Range`s (whose canonical text, ``100..200``, a profile holds) and `PriceLimits`. Order ids, dates, times, phone numbers
and links are no quantities. The words of floors, ceilings and units are data of the packs.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

from language.identifiers import identifier_spans
from language.measures import CENT, Counts, Measure, composite_lengths, counted_before, is_age, measure_of
from language.numbers import (
    Number,
    find_numbers,
    folded_numerals,
    likely_languages,
    scale_of,
    without_article,
)
from language.packs import Section, section
from language.patterns import alternatives
from language.text import HAN, Folded, Span, has_han

Role = Literal["exact", "about", "floor", "ceiling", "between"]
Of = Literal["money", "other", ""]  # what a quantity may be asked to count; "": anything
_YOUNG = 17  # years at most that are an age without a word for years: more may be a size or a price
_TO_CENTIMETRES = {"m": Decimal(100), "cm": Decimal(1), "mm": Decimal("0.1")} | {
    **{"ft": Decimal("30.48"), "in": Decimal("2.54")},
}


class QuantityWords(Section):
    """How a language bounds a number, and words before numbers that are none."""

    leads: tuple[str, ...] = ()  # "between", and the words that then join
    lead_joins: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()  # which join two numbers alone
    contrasts: tuple[str, ...] = ()  # "at least 20 litres but under 40" are both of litres
    floors_before: tuple[str, ...] = ()
    floors_behind: tuple[str, ...] = ()
    ceilings_before: tuple[str, ...] = ()
    ceilings_behind: tuple[str, ...] = ()
    about_before: tuple[str, ...] = ()
    about_behind: tuple[str, ...] = ()
    turned_before: tuple[str, ...] = ()  # "not more than": the other side is bounded
    turned_fillers: tuple[str, ...] = ()
    turned_behind: tuple[str, ...] = ()  # "above 80 forget it"
    turned_last: tuple[str, ...] = ()  # these only where the clause ends: 80以上不要, but not 80以内不要羊毛
    turned_tails: tuple[str, ...] = ()  # may stand between them and that end
    budgets_before: tuple[str, ...] = ()  # whose number is the most
    budgets_behind: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()  # between such words and their number
    people_before: tuple[str, ...] = ()  # whose bare number may count people: "a tent for two"
    facts_before: tuple[str, ...] = ()  # "I paid": no wish
    thresholds_before: tuple[str, ...] = ()  # "free delivery over 50": no wish either


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
class Quantity:
    """A number, or a range of numbers, from `start` to `end` of the text with the words that bound it.

    `low` and `high` are the same where it is no range. `counts`: what is counted, `unit` in which unit, None where that
    is not said. `others`: what else an ambiguous number may be: "1.299" is 1.299 or 1299.
    """

    start: int
    end: int
    text: str
    low: Decimal | None
    high: Decimal | None
    unit: str | None
    counts: Counts | None
    currency: str | None
    role: Role
    others: tuple[Decimal, ...] = ()

    @property
    def range(self) -> Range:
        """As a profile holds it."""
        low, high = (None if end is None else float(end) for end in (self.low, self.high))
        return Range(low, high)

    @property
    def is_bound(self) -> bool:
        """Whether it is more than one number."""
        return self.role in ("floor", "ceiling", "between")

    def may_be(self, of: Of) -> bool:
        """Whether it may count money, or what is no money."""
        return not of or (self.counts in (None, "money") if of == "money" else self.counts != "money")

    @property
    def prices(self) -> tuple[Decimal | None, Decimal | None]:
        """Both ends as a price: 99 cents are 0.99."""
        part = Decimal("0.01") if self.unit == CENT else Decimal(1)
        low, high = (None if end is None else end * part for end in (self.low, self.high))
        return low, high

    @property
    def values(self) -> tuple[Decimal, ...]:
        """Every number in it, once each."""
        ends = (end for end in (self.low, self.high) if end is not None)
        return tuple(dict.fromkeys((*ends, *self.others)))


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """The least and the greatest price that a text asks for; None where it asks for none."""

    min: Decimal | None
    max: Decimal | None


@dataclass(frozen=True, slots=True)
class PricesNamed:
    """The prices that texts name: those that may be a least one, and those that may be a greatest one."""

    least: frozenset[float]
    most: frozenset[float]


# ---- what a text says


def find_quantities(text: str, languages: Sequence[str] = (), taken: Sequence[Span] = ()) -> tuple[Quantity, ...]:
    """Every number or range of the text; those that touch a `taken` place are left alone."""
    return _find(text, tuple(languages), tuple(taken))


def price_of(said: str | Sequence[Quantity], languages: Sequence[str] = ()) -> PriceLimits:
    """The floor and the ceiling of a price: ``price_of("under 50 euros").max == 50``; of several the last counts."""
    low = high = None
    for quantity in find_quantities(said, languages) if isinstance(said, str) else said:
        if quantity.is_bound and quantity.may_be("money"):
            least, most = quantity.prices
            low, high = (low if least is None else least), (high if most is None else most)
    return PriceLimits(low, high)


def prices_named(found: Iterable[Quantity]) -> PricesNamed:
    """A number that is only said as a floor is no ceiling; a least price is one said as such ("at least 50")."""
    quantities = [one for one in found if one.may_be("money")]
    least = {float(low) for one in quantities for low in one.prices[:1] if one.is_bound and low is not None}
    rest = (price for one in quantities if one.role != "floor" for price in (*one.prices, *one.others))
    most = {float(price) for price in rest if price is not None}
    return PricesNamed(frozenset(least), frozenset(most))


def find_ranges(text: str, of: Of = "", languages: Sequence[str] = ()) -> list[Quantity]:
    """The ranges that may be `of` that, each once; of two open on one side one is made: "at least 50, at most 80"."""
    bounds = [one for one in find_quantities(text, languages) if one.is_bound and one.may_be(of)]
    said = {one.range: one for one in bounds}
    lows = [one for one in said.values() if one.high is None]
    highs = [one for one in said.values() if one.low is None]
    both = _both_ends(lows[0], highs[0], text) if len(lows) == len(highs) == 1 else None
    if both is None:
        return list(said.values())
    return [both, *(one for one in said.values() if one not in (lows[0], highs[0]))]


def range_in(text: str, languages: Sequence[str] = ()) -> Range | None:
    """The one range that the text names; a number alone is none, and "over 100 but under 200" is one."""
    found = find_ranges(text, languages=languages)
    return found[0].range if len(found) == 1 else None


def centimetres_in(text: str, languages: Sequence[str] = ()) -> frozenset[float]:
    """Lengths as centimetres: "1.75 m", "一米七五", "5'11", "6 ft"; a bare "1.75" is of metres."""
    found = set[float]()
    for one in find_quantities(text, languages):
        for value in one.values if one.counts in (None, "length") else ():
            in_metres = 1 <= value < 3 and value % 1 and one.unit in (None, "cm")
            factor = Decimal(100) if in_metres else _TO_CENTIMETRES.get(one.unit or ("cm" if one.counts else ""))
            if factor is not None:
                found.add(float(round(value * factor, 0 if one.unit in ("ft", "in") else 1)))
    return frozenset(found)


def leading_count(text: str, languages: Sequence[str] = ()) -> tuple[int | None, str]:
    """How many of something, and of what: ``leading_count("two socks") == (2, "socks")``, and "a sock" is one."""
    number, measure = next(iter(measured_numbers(text, tuple(languages))), (None, None))
    if number is None or measure is None or number.start:
        rest = without_article(text, tuple(languages))
        return (None, text) if rest is None else (1, rest)
    counted = measure.end if measure.counts in ("pieces", "pairs") and text[measure.end :].strip() else number.end
    rest = re.sub(r"^\s*[x×]?\s+|^\s+", "", text[counted:])
    whole = len(number.values) == 1 and number.values[0] % 1 == 0 and 0 < number.values[0] < 100
    return (int(number.values[0]), rest) if whole and rest else (None, text)


def _both_ends(floor: Quantity, ceiling: Quantity, text: str) -> Quantity | None:
    """From the one to the other, where they may be of the same."""
    low, high = floor.low or Decimal(0), ceiling.high or Decimal(0)
    if low >= high or (floor.counts and ceiling.counts and floor.counts != ceiling.counts):
        return None
    start, end = min(floor.start, ceiling.start), max(floor.end, ceiling.end)
    known = ceiling if floor.counts is None else floor
    return replace(known, start=start, end=end, text=text[start:end], low=floor.low, high=ceiling.high, role="between")


def _plain(number: float | None) -> str:
    if number is None:
        return ""
    return str(int(number)) if float(number).is_integer() else f"{number:.2f}".rstrip("0")


# ---- how it is read


@lru_cache(maxsize=2048)
def measured_numbers(text: str, languages: tuple[str, ...] = ()) -> tuple[tuple[Number, Measure], ...]:
    """Every number of the text, ids and dates too, with what it counts; in "3-5 days" both count days."""
    chosen, folded = likely_languages(text, languages), folded_numerals(text)
    found: list[tuple[Number, Measure]] = []
    for number in reversed(find_numbers(text, languages)):
        span = _folded_span(number, folded.starts, folded.ends)
        measure = _measured(folded.text, number, span, chosen)
        if found and measure.counts is None and _words(chosen).join.fullmatch(folded.text, span[1], found[-1][1].start):
            measure = replace(found[-1][1], start=measure.start)
        found.append((number, measure))
    return tuple(reversed(found))


def _measured(text: str, number: Number, span: Span, languages: tuple[str, ...]) -> Measure:
    """What a number counts; one that stands alone for a child's years is their age."""
    measure, value = measure_of(text, span, languages), number.values[0]
    if measure.counts == "duration" and measure.unit in ("year", "month"):
        return replace(measure, counts="age") if is_age(text, span, languages, of_time=True) else measure
    if measure.counts is None and len(number.values) == 1 and _is_young(value) and is_age(text, span, languages):
        return replace(measure, counts="age", unit="year")
    return measure


def _is_young(years: Decimal) -> bool:
    return 1 <= years <= _YOUNG and years % 1 == 0


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of some languages as patterns."""

    lead: re.Pattern[str]
    led: re.Pattern[str]
    join: re.Pattern[str]
    before: re.Pattern[str]
    behind: re.Pattern[str]
    turned_before: re.Pattern[str]
    turned_behind: re.Pattern[str]
    no_wish: re.Pattern[str]
    contrast: re.Pattern[str]


_SIGNS_BEFORE = {"floor": r">=?|≥", "ceiling": r"<=?|≤|\.\.", "about": r"~|≈|±"}
_SIGNS_BEHIND = {"floor": r"\+(?!\d)|\.\.(?!\d)"}
_ENDS = rf"(?:(?<=[{HAN}])(?!\w)|(?!\s*\w))"  # the clause; a space ends a Chinese one
_DASH = r"\s*[-–—~]\s*"


@cache
def _words(languages: tuple[str, ...]) -> _Words:
    packs = [words for language in languages if (words := section(language, "quantities", QuantityWords))]

    def any_of(field: str) -> str:
        return alternatives(word for pack in packs for word in getattr(pack, field))

    joins = rf"(?:\s*(?:{any_of('joins')})\s*|\s*\.\.\s*|{_DASH})"
    before = {role: any_of(f"{role}_before") for role in ("floors", "ceilings", "about", "budgets")}
    behind = {role: any_of(f"{role}_behind") for role in ("floors", "ceilings", "about", "budgets")}
    fillers = rf"(?:\s*(?:{any_of('fillers')}))*"
    return _Words(
        lead=re.compile(rf"(?:{any_of('leads')})\s*$"),
        led=re.compile(rf"\s*(?:{any_of('lead_joins')})\s*|{joins}"),
        join=re.compile(joins),
        before=re.compile(
            rf"(?:(?P<floor>{before['floors']}|{_SIGNS_BEFORE['floor']})|(?P<about>{before['about']}|{_SIGNS_BEFORE['about']})"
            rf"|(?P<ceiling>{before['ceilings']}|{_SIGNS_BEFORE['ceiling']})|(?P<budget>{before['budgets']})){fillers}[\s:-]*$"
        ),
        behind=re.compile(
            rf"\s*-?(?:(?P<floor>{behind['floors']}|{_SIGNS_BEHIND['floor']})|(?P<about>{behind['about']})"
            rf"|(?P<ceiling>{behind['ceilings']})|(?P<budget>{behind['budgets']}))"
        ),
        turned_before=re.compile(rf"(?:{any_of('turned_before')})(?:\s*(?:{any_of('turned_fillers')}))*\s*$"),
        turned_behind=re.compile(
            rf",?\s*(?:{any_of('turned_behind')}|(?:{any_of('turned_last')})(?:\s*(?:{any_of('turned_tails')}))*{_ENDS})"
        ),
        contrast=re.compile(rf"\s*,?\s*(?:{any_of('contrasts')})\s*(?:{any_of('turned_before')})?\s*"),
        no_wish=re.compile(rf"(?:{any_of('facts_before')}|{any_of('thresholds_before')})[^\d.,;!?]{{0,16}}$"),
    )


@dataclass(frozen=True, slots=True)
class _Item:
    """One number with what it counts, or two that make a range; places are of the folded text."""

    start: int
    end: int
    low: Decimal
    high: Decimal
    measure: Measure
    others: tuple[Decimal, ...] = ()
    written: str = ""
    is_pair: bool = False
    digits: int = 0  # where the number itself begins


@lru_cache(maxsize=2048)
def _find(text: str, languages: tuple[str, ...], taken: tuple[Span, ...]) -> tuple[Quantity, ...]:
    chosen = likely_languages(text, languages)
    numbers, folded = find_numbers(text, languages), folded_numerals(text)
    spans = [_folded_span(number, folded.starts, folded.ends) for number in numbers]
    lengths = [_length(*length) for length in composite_lengths(folded.text)]
    if not numbers and not lengths:
        return ()
    blocked = (*identifier_spans(folded.text, chosen), *((length.start, length.end) for length in lengths))
    free = [
        (number, span)
        for number, span in zip(numbers, spans, strict=True)
        if not _touches((number.start, number.end), taken) and not _touches(span, blocked)
    ]
    reader = _Reader(folded.text, chosen, _words(chosen))
    items = [*(reader.item(number, span) for number, span in free), *lengths]
    found = reader.read(_apart(sorted(items, key=lambda item: item.digits)))
    return tuple(_in_original(one, text, folded) for one in found)


def _length(span: Span, centimetres: Decimal) -> _Item:
    return _Item(*span, centimetres, centimetres, Measure(*span, "length", "cm"), digits=span[0])


def _apart(items: Iterable[_Item]) -> list[_Item]:
    """Without numbers that are part of a unit ("4.5 out of 5"); a sign between two amounts is the first one's."""
    apart: list[_Item] = []
    for item in items:
        end = apart[-1].end if apart else 0
        if item.digits >= end:
            apart.append(replace(item, start=max(item.start, end)))
    return apart


def _in_original(quantity: Quantity, text: str, folded: Folded) -> Quantity:
    start, end = folded.span(quantity.start, quantity.end)
    return replace(quantity, start=start, end=end, text=text[start:end])


def _folded_span(number: Number, starts: tuple[int, ...], ends: tuple[int, ...]) -> Span:
    return bisect_left(starts, number.start), bisect_right(ends, number.end)


def _touches(span: Span, places: Iterable[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in places)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a folded text: items first, ranges of them, and then how each is bounded."""

    text: str
    languages: tuple[str, ...]
    words: _Words

    def read(self, items: Sequence[_Item]) -> list[Quantity]:
        found: list[Quantity] = []
        left = list(items)
        while left:
            first, since = left.pop(0), found[-1].end if found else 0
            if left and (pair := self._pair(first, left[0], since)):
                first = pair
                left.pop(0)
            bounded = self._bounded(first, since, left[0].start if left else len(self.text))
            found.append(self._contrasted(found[-1], bounded) if found else bounded)
        return found

    def _contrasted(self, last: Quantity, bounded: Quantity) -> Quantity:
        """With the unit of the bound that it stands against: "at least 20 litres but no more than 40"."""
        between = self.text[last.end : bounded.start]
        against = {last.role, bounded.role} == {"floor", "ceiling"} and self.words.contrast.fullmatch(between)
        low, high = (last.low, bounded.high) if last.role == "floor" else (bounded.low, last.high)
        if not against or bounded.counts is not None or low is None or high is None or low > high:
            return bounded
        return bounded if last.counts == "rating" else replace(bounded, counts=last.counts, unit=last.unit)

    def item(self, number: Number, span: Span) -> _Item:
        measure = _measured(self.text, number, span, self.languages)
        low, high, others = number.values[0], number.values[0], number.values[1:]
        if others and has_han(number.text):  # 两三: from the one to the other
            high, others = number.values[-1], ()
        elif others and not number.spelled and (measure.counts == "money" or self._is_bound(measure, span)):
            low, high, others = number.values[-1], number.values[-1], ()  # a price has no thousandths
        return _Item(measure.start, measure.end, low, high, measure, others, number.text, low != high, span[0])

    def _is_bound(self, measure: Measure, span: Span) -> bool:
        near = self.words.before.search(self.text, max(0, span[0] - 32), span[0])
        return measure.counts is None and bool(near or self.words.behind.match(self.text, span[1]))

    def _pair(self, first: _Item, second: _Item, since: int) -> _Item | None:
        """The two as one range: "between 50 and 80 euros", "100-200"."""
        between = self.text[first.end : second.start]
        lead = self.words.lead.search(self.text, max(since, first.start - 16), first.start)
        joined = (self.words.led if lead else self.words.join).fullmatch(between)
        one, other = first.measure.counts, second.measure.counts
        if joined is None or first.is_pair or second.is_pair or (one and other and one != other):
            return None
        low, high = _shared_scale(first, second, self.languages)
        if re.fullmatch(_DASH, between) and (low > high or self._is_row(first.start, second.end)):
            return None
        known = second.measure if other else first.measure
        currency = first.measure.currency or second.measure.currency
        measure = replace(known, currency=currency if known.counts == "money" else None)
        start = lead.start() if lead else first.start
        return _Item(start, second.end, min(low, high), max(low, high), measure, is_pair=True, digits=first.digits)

    def _is_row(self, start: int, end: int) -> bool:
        """Whether more numbers are joined by dashes: a telephone number, an id."""
        before, behind = self.text[max(0, start - 1) : start], self.text[end : end + 4]
        return bool(re.match(r"[a-z\d_/-]", before) or re.match(r"\s*[-/]\s*\d", behind))

    def _bounded(self, item: _Item, since: int, until: int) -> Quantity:
        start, before = self._roles_before(item.start, since)
        end, behind = self._roles_behind(item.end, until)
        roles = {**behind, **before}
        side: Role | None = "floor" if "floor" in roles else "ceiling" if "ceiling" in roles else None
        measure = item.measure
        if measure.counts is None and end > item.end:  # "4+ stars"
            measure = measure_of(self.text, (item.start, end), self.languages)
            end = max(end, measure.end)
        counts, unit = measure.counts, measure.unit
        if counts is None and "budget" not in roles and (said := counted_before(self.text, start, self.languages)):
            counts, unit = said if roles or item.is_pair or said[0] != "age" or _is_young(item.low) else (None, None)
        if side and (turned := self._turned(start, end, since, until)) is not None:
            side, end = ("ceiling" if side == "floor" else "floor"), turned
        if "budget" in roles and counts in (None, "money"):
            counts, side = "money", side or (None if item.is_pair else "ceiling")
        if not item.is_pair and self.words.no_wish.search(self.text, max(since, start - 40), start):
            counts, side = counts or "money", None
        role: Role = "between" if item.is_pair and side is None else side or ("about" if "about" in roles else "exact")
        low, high = (None if role == "ceiling" else item.low), (None if role == "floor" else item.high)
        return Quantity(start, end, "", low, high, unit, counts, measure.currency, role, item.others)

    def _roles_before(self, place: int, since: int) -> tuple[int, dict[str, bool]]:
        """Where the words that bound it begin, and what they say."""
        roles: dict[str, bool] = {}
        while found := self.words.before.search(self.text, max(since, place - 48), place):
            roles.setdefault(str(found.lastgroup), True)
            place = found.start()
        return place, roles

    def _roles_behind(self, place: int, until: int) -> tuple[int, dict[str, bool]]:
        roles: dict[str, bool] = {}
        while found := self.words.behind.match(self.text, place, until):
            if found.end() < len(self.text) and not self.text[found.end() : until].strip():
                break  # it bounds the number that follows: "20 watts, at least 800 lumens"
            roles.setdefault(str(found.lastgroup), True)
            place = found.end()
        return place, roles

    def _turned(self, start: int, end: int, since: int, until: int) -> int | None:
        """Where words end that turn the bound round, if they do: "not more than 150", "over 100 is too much"."""
        before = self.words.turned_before.search(self.text, max(since, start - 48), start)
        behind = self.words.turned_behind.match(self.text, end, until)
        if bool(before) == bool(behind):
            return None
        return behind.end() if behind else end


def _shared_scale(first: _Item, second: _Item, languages: tuple[str, ...]) -> tuple[Decimal, Decimal]:
    """ "1-2k" is from 1000: a scale said once is meant for both."""
    scale = scale_of(second.written, languages)
    shared = scale is not None and scale_of(first.written, languages) is None and first.low * scale < second.low
    return (first.low * scale if shared and scale else first.low), second.low

"""A message, read once: everything that the rest of the project asks of a customer's words.

In: the text, the words of the shop (`Lexicon`), the day it was written, and the languages of the shop. Out: a `Reading`
whose spans stand in the text as it was written: prices as floor and ceiling, other quantities with what they count,
dates, ids of orders, values of the shop with those that are ruled out, whether it asks, of whom it speaks, and what it
refers back to. Constraints, repair, intents, the write validator, the clarifying question and the gate use it; none of
them reads the text again. Errors: `ConfigError` for a language that has no pack.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Literal

from language.dates import DateMention, find_dates
from language.detection import detect
from language.ids import OrderId, find_order_ids
from language.matching import Lexicon, Mention
from language.negation import denied
from language.packs import Section, section
from language.packs import languages as packed_languages
from language.quantities import PriceLimits, Quantity, find_quantities, price_of
from language.text import Folded, Span, fold, has_han

About = Literal["self", "other"]
_ASKS = re.compile(r"[?？¿;؟]\s*(?:$|\s|\W)")  # a question mark, in whatever script, that ends something
_LATIN = re.compile(r"[a-zà-öø-ÿ]{2}")
_NEAR = 3  # words at most between "that" and the kind of product: "that blue rain jacket"


class ReadingWords(Section):
    """The section `reading` of a pack: regular expressions on folded text. `{people}` in one stands for `people`."""

    question: tuple[str, ...]
    people: str
    other: tuple[str, ...]
    self: tuple[str, ...]
    demonstratives: str
    back: tuple[str, ...]
    not_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShopValue:
    """A value of the shop's lexicon that the text names; `denied`: it is ruled out ("no wool")."""

    start: int
    end: int
    text: str
    facet: str
    value: str
    how: str
    denied: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """Words that refer to what was shown or said before: "the second one", "it"."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Reading:
    """What a message says. `languages`: those whose words it was read by, its own first."""

    text: str
    language: str
    languages: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    price: PriceLimits
    dates: tuple[DateMention, ...]
    values: tuple[ShopValue, ...]
    order_ids: tuple[OrderId, ...]
    is_question: bool
    about: About | None
    references: tuple[Reference, ...]

    @cached_property
    def amounts(self) -> tuple[Quantity, ...]:
        """The quantities of money."""
        return tuple(each for each in self.quantities if each.counts == "money")

    def to_json(self) -> dict[str, Any]:
        """One object, as `python -m language --json` prints it."""
        return {
            "text": self.text,
            "language": self.language,
            "price": {"min": _plain(self.price.min), "max": _plain(self.price.max)},
            "quantities": [_quantity_json(each) for each in self.quantities],
            "dates": [_date_json(each) for each in self.dates],
            "values": [
                {"text": v.text, "facet": v.facet, "value": v.value, "denied": v.denied, "how": v.how}
                for v in self.values
            ],
            "order_ids": [each.id for each in self.order_ids],
            "question": self.is_question,
            "about": self.about,
            "refers_back": [each.text for each in self.references],
        }


def read(
    text: str,
    *,
    today: date,
    lexicon: Lexicon | None = None,
    served: Sequence[str] = ("en",),
    previous: str | None = None,
    id_shapes: Collection[str] = (),
) -> Reading:
    """Read a message once. `previous`: the language of the conversation so far; `id_shapes`: of the shop's order ids.

    ``read("boots under $100", today=today).price.max == 100``
    """
    language = detect(text, served, previous)
    languages = languages_for(text, language, served)
    page = fold(text)
    dates = find_dates(text, today, languages)
    of_dates = [(each.start, each.end) for each in dates]
    order_ids = find_order_ids(text, languages, id_shapes, of_dates)
    taken = [*of_dates, *((each.start, each.end) for each in order_ids)]
    quantities = find_quantities(text, languages, taken)
    values = tuple(_values(text, lexicon, languages, quantities, taken)) if lexicon else ()
    words = [(words, _patterns(code)) for code in languages if (words := section(code, "reading", ReadingWords))]
    patterns = [each for _, each in words]
    return Reading(
        text,
        language,
        languages,
        quantities,
        price_of(quantities),
        dates,
        values,
        order_ids,
        _ASKS.search(text) is not None or any(p.search(page.text) for each in patterns for p in each.question),
        _about(page, patterns),
        tuple(_references(text, page, patterns, values, taken)),
    )


def languages_for(text: str, language: str, served: Sequence[str]) -> tuple[str, ...]:
    """The languages whose words a text is read by: its own, those of its scripts, the shop's where it has no pack."""
    packed = packed_languages()
    known = [code for code in (language, *served, "en") if code in packed and section(code, "reading", ReadingWords)]
    chosen = [language] if language in known else known
    if has_han(text) and "zh" in packed:
        chosen.append("zh")
    if _LATIN.search(fold(text).text):
        chosen += [code for code in known if code != "zh"][:1]
    return tuple(dict.fromkeys(chosen))


@dataclass(frozen=True, slots=True)
class _Patterns:
    """A pack's expressions, compiled."""

    question: tuple[re.Pattern[str], ...]
    other: tuple[re.Pattern[str], ...]
    self: tuple[re.Pattern[str], ...]
    demonstrative: re.Pattern[str]
    back: tuple[re.Pattern[str], ...]
    not_back: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=64)
def _patterns(language: str) -> _Patterns:
    words = section(language, "reading", ReadingWords)
    if words is None:
        return _Patterns((), (), (), re.compile(r"(?!)"), (), ())

    def compiled(expressions: Sequence[str]) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(each.replace("{people}", words.people)) for each in expressions)

    apart = "" if has_han(words.demonstratives) else r"\b"
    return _Patterns(
        compiled(words.question),
        compiled(words.other),
        compiled(words.self),
        re.compile(rf"{apart}(?:{words.demonstratives}){apart}"),
        compiled(words.back),
        compiled(words.not_back),
    )


def _values(
    text: str, lexicon: Lexicon, languages: Sequence[str], quantities: Sequence[Quantity], taken: Sequence[Span]
) -> Iterator[ShopValue]:
    """The values that the text names; a number alone names a size only where it counts nothing else."""
    others = [(q.start, q.end) for q in quantities if q.counts not in (None, "size")]
    for mention in lexicon.find(text):
        numeric = not re.search(r"[^\W\d]", mention.text)
        blocked = [*taken, *others] if numeric else taken
        if not any(mention.start < end and start < mention.end for start, end in blocked):
            yield _value(text, mention, languages)


def _value(text: str, mention: Mention, languages: Sequence[str]) -> ShopValue:
    is_denied = denied(text, (mention.start, mention.end), languages) is not None
    return ShopValue(
        mention.start, mention.end, mention.text, mention.facet, mention.value, mention.how, is_denied
    )


def _about(page: Folded, patterns: Sequence[_Patterns]) -> About | None:
    """Of whom a message speaks: somebody else who is named goes before the one who names them."""
    if any(pattern.search(page.text) for each in patterns for pattern in each.other):
        return "other"
    return "self" if any(pattern.search(page.text) for each in patterns for pattern in each.self) else None


def _references(
    text: str, page: Folded, patterns: Sequence[_Patterns], values: Sequence[ShopValue], taken: Sequence[Span]
) -> Iterator[Reference]:
    """What refers back, in the order of the text; of two that meet, the longer one."""
    idle = [match.span() for each in patterns for pattern in each.not_back for match in pattern.finditer(page.text)]
    spans = {match.span() for each in patterns for pattern in each.back for match in pattern.finditer(page.text)}
    spans = {span for span in spans if not any(start <= span[0] and span[1] <= end for start, end in idle)}
    places = {page.span(*span) for span in spans if span[0] < span[1]}
    places |= set(_pointed(page, patterns, values))
    longest = [
        span
        for span in places
        if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for other in places)
    ]
    for start, end in sorted(longest):
        if not any(start < end_ and start_ < end for start_, end_ in taken) or end - start > 12:
            yield Reference(start, end, text[start:end].strip())


def _pointed(page: Folded, patterns: Sequence[_Patterns], values: Sequence[ShopValue]) -> Iterator[Span]:
    """ "That blue jacket": a word that points, and a value of the shop close behind it."""
    for each in patterns:
        for match in each.demonstrative.finditer(page.text):
            start, end = page.span(*match.span())
            for value in values:
                between = page.text[match.end() :][: max(0, value.start - end)]
                near = value.start >= end and not re.search(r"[,.;!?，。；！？]", between)
                if near and len(between.split()) <= _NEAR and value.facet != "size":
                    yield start, value.end


def _plain(number: Decimal | None) -> float | int | None:
    if number is None:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def _quantity_json(quantity: Quantity) -> dict[str, Any]:
    low, high = _plain(quantity.low), _plain(quantity.high)
    value = low if low == high else f"{'' if low is None else low}..{'' if high is None else high}"
    return {
        "text": quantity.text,
        "value": value,
        "min": low,
        "max": high,
        "unit": quantity.unit or quantity.currency,
        "counts": quantity.counts,
        "role": quantity.role,
    }


def _date_json(mention: DateMention) -> dict[str, Any]:
    days = [day.isoformat() for day in mention.days]
    return {"text": mention.text, "date": days[0] if len(days) == 1 else None, "days": days}

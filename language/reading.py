"""A message, read once: everything that the rest of the project asks of a customer's words.

In: the text, the words of the shop (`Lexicon`), the day it was written, and the languages of the shop. Out: a `Reading`
whose spans stand in the text as it was written: prices as floor and ceiling, other quantities with what they count,
dates, ids of orders, values of the shop with those that are ruled out, whether it asks, of whom it speaks, and what it
refers back to; by facet, what is asked for and ruled out (`language.named`). Constraints, repair, intents and the
clarifying question use it and read no text again; the write validator and the gate, which check single quotes and
replies, use the same readers of numbers, dates and denials.
Errors: `ConfigError` for a language that has no pack.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Literal

from language.company import with_company
from language.cues import asked_in, cues_in
from language.dates import DateMention, find_dates
from language.detection import detect
from language.ids import OrderId, find_order_ids
from language.matching import Lexicon, Mention
from language.named import Named, named_in
from language.negation import denied
from language.numbers import as_written
from language.packs import Section, section
from language.packs import languages as packed_languages
from language.quantities import PriceLimits, PricesNamed, Quantity, find_quantities, price_of, prices_named
from language.text import Folded, Span, fold, has_han

About = Literal["self", "other"]
_ASKS = re.compile(r"[?？¿;؟]\s*(?:$|\s|\W)")  # a question mark, in whatever script, that ends something
_LATIN = re.compile(r"[a-zà-öø-ÿ]{2}")
_NEVER = re.compile(r"(?!)")
_LONG = 6  # letters of a misspelt word: "back" is not black
_PERSON_BEFORE = 24  # characters in which a person is named before their age
_NEAR = 3  # words at most between "that" and the kind of product: "that blue rain jacket"


class ReadingWords(Section):
    """The section `reading` of a pack: regular expressions on folded text. `{people}` in one stands for `people`."""

    question: tuple[str, ...]
    people: str
    other: tuple[str, ...]
    theirs: tuple[str, ...] = ()  # of `other`, those whose words say something of that person
    self: tuple[str, ...]
    demonstratives: str
    back: tuple[str, ...]
    not_back: tuple[str, ...] = ()
    head: Literal["first", "last"] = "last"  # where the noun stands among its adjectives
    head_joint: str = ""  # between the two


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
    """What a message says. `languages`: those whose words it was read by, its own first.

    `mentions` are all values that its words may name, by parts and slips too; `traits` those of the second lexicon.
    `values` are the surely named ones. `lexicon` has the words of the shop; `kinds` are its facets that tell kinds of
    product apart.
    """

    text: str
    language: str
    languages: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    price: PriceLimits
    dates: tuple[DateMention, ...]
    mentions: tuple[Mention, ...]
    traits: tuple[Mention, ...]
    values: tuple[ShopValue, ...]
    order_ids: tuple[OrderId, ...]
    is_question: bool
    about: About | None
    references: tuple[Reference, ...]
    lexicon: Lexicon | None = field(default=None, repr=False, compare=False)
    kinds: frozenset[str] = frozenset()

    @cached_property
    def prices(self) -> PricesNamed:
        """The prices that it names: those that may be a least one, and those that may be a greatest one."""
        return prices_named(self.quantities)

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number of its quantities."""
        return frozenset(float(value) for each in self.quantities for value in each.values)

    @cached_property
    def cues(self) -> frozenset[str]:
        """The cues of the packs that it has: "stock", "later"."""
        return cues_in(self.text)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The cues that it has a word of, also begun or misspelt: "cheepest" of "sort_price_low"."""
        return asked_in(self.text)

    @cached_property
    def facets(self) -> Mapping[str, Named]:
        """By facet of the shop, the values that it names, asks for or rules out."""
        return named_in(self.text, self.mentions, self.lexicon, self.kinds) if self.lexicon else {}

    @cached_property
    def others(self) -> tuple[Span, ...]:
        """Where it speaks of somebody else: "for my dad", "she wears an S"."""
        page = fold(self.text)
        patterns = (pattern for code in self.languages for pattern in _patterns(code).other)
        return tuple(page.span(*match.span()) for pattern in patterns for match in pattern.finditer(page.text))

    def to_json(self) -> dict[str, Any]:
        """One object, as `python -m language --json` prints it; the prices that limit stand in `price` alone."""
        others = (each for each in self.quantities if not (each.is_bound and each.may_be("money")))
        return {
            "text": self.text,
            "language": self.language,
            "price": {"min": _plain(self.price.min), "max": _plain(self.price.max)},
            "quantities": [_quantity_json(each) for each in others],
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
    traits: Lexicon | None = None,
    served: Sequence[str] = ("en",),
    previous: str | None = None,
    id_shapes: Collection[str] = (),
    own_orders: Collection[str] = (),
    kinds: frozenset[str] = frozenset(),
) -> Reading:
    """Read a message once. `previous`: the language of the conversation so far; `id_shapes`: of the shop's order ids;
    `own_orders`: the customer's; `kinds`: facets that tell kinds of product apart.

    ``read("boots under $100", today=today).price.max == 100``
    """
    language = detect(text, served, previous)
    languages = languages_for(text, language, served)
    page = fold(text)
    dates = find_dates(text, today, languages)
    of_dates = [(each.start, each.end) for each in dates]
    order_ids = find_order_ids(text, languages, id_shapes, of_dates, own_orders)
    taken = [*of_dates, *((each.start, each.end) for each in order_ids)]
    patterns = [_patterns(code) for code in languages]
    counted = (_aged(page, each, patterns) for each in find_quantities(text, languages, taken))
    quantities = with_company(text, [each for each in counted if not _is_pronoun(each)], languages)
    mentions = _beside_limits(lexicon.find(text), quantities) if lexicon else ()
    values = tuple(_values(text, mentions, languages, quantities, taken))
    return Reading(
        text,
        language,
        languages,
        quantities,
        price_of(quantities),
        dates,
        mentions,
        traits.find(text) if traits else (),
        values,
        order_ids,
        _ASKS.search(text) is not None or any(p.search(page.text) for each in patterns for p in each.question),
        _about(page, patterns),
        tuple(_references(text, page, patterns, values, taken)),
        lexicon,
        kinds,
    )


def said_of(text: str, served: Sequence[str] = ()) -> About | None:
    """Of whom the last thing is said that a text says: "my dad takes an L, I'm an M" is of oneself."""
    page, patterns = fold(text), [_patterns(code) for code in languages_for(text, "", served or packed_languages())]
    theirs, own = (
        _last(page, (one for each in patterns for one in getattr(each, name))) for name in ("theirs", "self")
    )
    return None if theirs == own else "other" if theirs > own else "self"


def _last(page: Folded, patterns: Iterable[re.Pattern[str]]) -> int:
    """Where the last match begins; -1 without one."""
    return max((match.start() for pattern in patterns for match in pattern.finditer(page.text)), default=-1)


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
    people: re.Pattern[str]
    other: tuple[re.Pattern[str], ...]
    theirs: tuple[re.Pattern[str], ...]
    self: tuple[re.Pattern[str], ...]
    demonstrative: re.Pattern[str]
    back: tuple[re.Pattern[str], ...]
    not_back: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=64)
def _patterns(language: str) -> _Patterns:
    words = section(language, "reading", ReadingWords)
    if words is None:
        return _Patterns((), _NEVER, (), (), (), _NEVER, (), ())

    def compiled(expressions: Sequence[str]) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(each.replace("{people}", words.people)) for each in expressions)

    apart = "" if has_han(words.demonstratives) else r"\b"
    return _Patterns(
        compiled(words.question),
        re.compile(rf"{apart}(?:{words.people}){apart}"),
        compiled((*words.other, *words.theirs)),
        compiled(words.theirs),
        compiled(words.self),
        re.compile(rf"{apart}(?:{words.demonstratives}){apart}"),
        compiled(words.back),
        compiled(words.not_back),
    )


def _is_pronoun(quantity: Quantity) -> bool:
    """ "The red one", "una mochila", 小一号: a one in words that counts nothing."""
    is_bare = quantity.counts is None and quantity.role == "exact" and quantity.low == 1
    return is_bare and not any(char.isdigit() for char in quantity.text)


def _aged(page: Folded, quantity: Quantity, patterns: Sequence[_Patterns]) -> Quantity:
    """ "My daughter of 8 years": time that is said of a person is their age."""
    if quantity.counts != "duration" or quantity.unit not in ("year", "month"):
        return quantity
    at = bisect_left(page.starts, quantity.start)
    clause = re.split(r"[.,;!?]", page.text[max(0, at - _PERSON_BEFORE) : at])[-1]
    is_age = any(each.people.search(clause) for each in patterns)
    return replace(quantity, counts="age") if is_age else quantity


def _beside_limits(found: Iterable[Mention], quantities: Sequence[Quantity]) -> tuple[Mention, ...]:
    """Without words of a limit: "40 tops" names no shirts."""
    limits = [(q.start, q.end) for q in quantities if q.is_bound]
    return tuple(
        one
        for one in found
        if one.text[:1].isdigit() or not any(start < one.start and one.end <= end for start, end in limits)
    )


def _values(
    text: str, found: Sequence[Mention], languages: Sequence[str], quantities: Sequence[Quantity], taken: Sequence[Span]
) -> Iterator[ShopValue]:
    """The values that the text names; a number alone names a size only where it counts nothing else."""
    others = [(q.start, q.end) for q in quantities if q.counts not in (None, "size")]
    mentions = []
    for mention in filter(_is_sure, found):
        numeric = not re.search(r"[^\W\d]", mention.text)
        blocked = [*taken, *others] if numeric else taken
        if not any(mention.start < end and start < mention.end for start, end in blocked):
            mentions.append(mention)
    ruled_out = {mention for mention in mentions if denied(text, mention.span, languages)}
    heads = {mention for mention in ruled_out if _is_head(text, mention, ruled_out, languages[0])}
    for mention in mentions:
        is_denied = mention in ruled_out and mention not in heads
        yield ShopValue(mention.start, mention.end, mention.text, mention.facet, mention.value, mention.how, is_denied)


def _is_sure(mention: Mention) -> bool:
    """Whether the value is named whole, or with a slip in a word that is long enough to tell: "jakket"."""
    return mention.how == "exact" or (mention.how == "slip" and len(mention.text) >= _LONG)


def _is_head(text: str, mention: Mention, ruled_out: Collection[Mention], language: str) -> bool:
    """Whether it is the noun of "no red jackets": only what is said of it is ruled out."""
    words = section(language, "reading", ReadingWords)
    joint = re.compile(rf"\s*{words.head_joint if words else ''}\s*")
    for other in ruled_out:
        first, second = (mention, other) if words and words.head == "first" else (other, mention)
        is_close = first.end <= second.start and joint.fullmatch(text, first.end, second.start) is not None
        if is_close and other.facet != mention.facet:
            return True
    return False


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
    idle_places = [page.span(*span) for span in idle]
    places |= {
        span
        for span in _pointed(page, patterns, values)
        if not any(start <= span[0] < end for start, end in idle_places)
    }
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
    return None if number is None else as_written(number)


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
    first, last = (day.isoformat() if day else None for day in (mention.first, mention.last))
    return {
        "text": mention.text,
        "date": days[0] if len(days) == 1 else None,
        "days": days,
        "first": first,
        "last": last,
    }

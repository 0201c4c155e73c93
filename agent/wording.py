"""What a message asks for besides values: an order of results, prices, the status of orders, to forget something.

In: the customer's words. Out: which of these they can mean, by the cues of the packs. As generous as `agent.naming`:
what is not found here cannot be asked for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.naming import is_named, named
from agent.orders.order import STATUSES
from agent.tools.orders import ids_in
from agent.tools.schemas import SORTS
from language.cues import cue, cue_words
from profiles.attribute import Bound
from profiles.numbers import numbers_in
from profiles.ranges import ranges_in, said_ranges

_NO_PRICE = re.compile(
    r"\d+\s*[年月日号点]|\d+(?:st|nd|rd|th)\b|(?<![十百千万])[一两](?![十百千万元块刀美欧镑])|#\s*\d+|\d{7,}"
)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices that texts name: those that may be a least one, and those that may be a greatest one."""

    least: frozenset[float]
    most: frozenset[float]


def prices_in(texts: Iterable[str]) -> Prices:
    """A number that is only said as a floor is no ceiling; a least price is one said as such ("at least 50")."""
    named_prices, lows, highs = set[float](), set[float](), set[float]()
    for text in map(_without_ids, texts):
        ranges = ranges_in(text)
        named_prices |= numbers_in(text)
        lows |= {one.low for one in ranges if one.low is not None}
        highs |= {one.high for one in ranges if one.high is not None}
    return Prices(frozenset(lows & named_prices), frozenset(named_prices - (lows - highs)))


@dataclass(frozen=True, slots=True)
class Limit:
    """A price limit as it was said: "under $150" is a `max_price` of 150."""

    bound: Bound
    price: float | int
    words: str


def limits_in(text: str) -> list[Limit]:
    """The price limits that the text names as such; not lengths, ages, days or order ids."""
    prices, found = prices_in([text]), []
    for said in said_ranges(text):
        bounds: tuple[tuple[Bound, float | None, frozenset[float]], ...] = (
            ("min_price", said.range.low, prices.least),
            ("max_price", said.range.high, prices.most),
        )
        found += [
            Limit(name, as_written(price), said.words)
            for name, price, known in bounds
            if price is not None and price in known and said.counts != "other"
        ]
    return found


def as_written(number: float) -> float | int:
    """As calls write it: 160 and not 160.0."""
    return int(number) if number.is_integer() else number


def sorts_in(text: str) -> list[str]:
    """The orders of results that the text may ask for: ``sorts_in("the cheapest") == ["price_low"]``."""
    return list(named(text, _forms(SORTS, "sort")))


def statuses_in(text: str) -> list[str]:
    """The statuses of orders that the text may name: ``statuses_in("what has arrived?") == ["delivered"]``."""
    return list(named(text, _forms(STATUSES, "status")))


def asks_for_stock(text: str) -> bool:
    """Whether the text asks if the shop has something, and speaks of no order: "is the jacket still in stock?"."""
    return cue("stock", text) and not (cue("ordering", text) or ids_in(text))


def asks_when(text: str) -> bool:
    """Whether the text asks for a later time, or for word of it: "when are they back in stock?"."""
    return cue("later", text)


def asks_to_forget(text: str) -> bool:
    """Whether the text may take something back that was noted."""
    return cue("forget", text) or is_named(text, cue_words("forget"))


def _forms(values: Iterable[str], kind: str) -> Mapping[str, Sequence[str]]:
    """The words for each value: those of the cue ``"sort_price_low"`` for "price_low"."""
    return {value: cue_words(f"{kind}_{value}") for value in values}


def _without_ids(text: str) -> str:
    """Without order ids, dates and Chinese "one" as an article."""
    for known in ids_in(text):
        if not known.isdigit():
            text = text.replace(known, " ")
    return _NO_PRICE.sub(" ", text)

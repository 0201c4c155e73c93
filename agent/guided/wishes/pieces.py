"""How many of which product, in which color and size: "two of the Weald in green, and the boots in 37".

In: a message, the products that it may mean, and how a part of it is read. Out: `Piece`s. A message that speaks of
several products, or of one in several colors or sizes, is read part by part: what stands beside one is said of it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from agent.guided.wishes.references import Products, called_by_name, referred, says
from agent.orders.naming import item_words
from agent.shop_reading import ShopReading
from language.clauses import clauses
from language.negation import any_of
from language.quantities import Quantity
from language.size_steps import step_words
from language.text import fold
from retrieval.catalog import ONE_SIZE
from retrieval.facets import VARIANT_FACETS

IT = "it"  # the product that was spoken of last
_MOST = 99
_TWO = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A SKU, or `IT`; how many, if the message says it; `variant`: the color and the size that it names."""

    product: str
    quantity: int | None
    variant: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """Reads a message part by part. `is_searched`: it looks for something too, so that a kind alone is no product that
    was shown; `may_ask`: a question names products as well ("what are two of these, and the tent?"); `may_vary`: one
    may be wanted in several colors."""

    products: Products
    read: Callable[[str], ShopReading]
    is_searched: bool = False
    may_ask: bool = False
    may_vary: bool = True

    def pieces(self, reading: ShopReading, meant: Sequence[str]) -> list[Piece]:
        """Of each product of its own part, else of those that the whole message means."""
        apart = [*self._apart(reading)]
        if len({sku for sku, _ in apart}) >= _TWO:
            return [Piece(sku, _count(part), variant_of(part)) for sku, part in apart]
        if self.may_vary and len(meant) < _TWO and (variants := self._variants(reading)):
            return [Piece(next(iter(meant), IT), count, variant) for count, variant in variants]
        variant, counts = variant_of(reading), counts_in(reading)
        return [
            Piece(sku, self._count_of(sku, reading, counts) if len(meant) >= _TWO else _count(reading), variant)
            for sku in meant or (IT,)
        ]

    def _apart(self, reading: ShopReading) -> Iterator[tuple[str, ShopReading]]:
        """Each product with the words that speak of it: from those that name it up to those that name the next one."""
        text, begins = reading.text, list[tuple[int, str]]()
        for start, part in split(text):
            sku = self._named(self.read(part))
            if sku and (not begins or begins[-1][1] != sku):
                begins.append((start if begins else 0, sku))
        ends = [*(start for start, _ in begins), len(text)][1:]
        for (start, sku), end in zip(begins, ends, strict=True):
            yield sku, self.read(text[start:end])

    def _variants(self, reading: ShopReading) -> list[tuple[int | None, dict[str, Any]]]:
        """How many in which color or size, of a product that is wanted in several: "2 brown and 1 yellow", "red and
        blue, one each". What only one of them says is said of all; "red or blue" is one of both."""
        if says(reading, "either"):
            return []
        parts = [self.read(part) for _, part in split(reading.text)]
        told = [(_count(part), variant) for part in parts if (variant := variant_of(part))]
        differing = {name for name in VARIANT_FACETS if len({variant.get(name) for _, variant in told}) > 1}
        apart = [name for name in differing if len({v[name] for _, v in told if name in v}) == len(told) >= _TWO]
        counts = [count for count, _ in told]
        each = _count(reading) if says(reading, "each") else None
        if not apart or not (says(reading, "each") or all(counts)):
            return []
        shared = {name: value for _, variant in reversed(told) for name, value in variant.items() if name not in apart}
        return [(each or count, {**shared, **variant}) for count, variant in told]

    def _named(self, part: ShopReading) -> str:
        """The one product that a part names."""
        is_sure = called_by_name(part, self.products)
        if (part.is_question and not self.may_ask) or (self.is_searched and not is_sure):
            return ""
        found = referred(part, self.products)
        return found[0] if len(found) == 1 else ""

    def _count_of(self, sku: str, reading: ShopReading, counts: Sequence[Quantity]) -> int | None:
        """The number before a product's kind, one where another kind stands between."""
        product = self.products.catalog.by_sku.get(sku)
        places = [value.start for value in reading.values if product and value.value == product.category]
        before = [each for each in counts if places and each.end <= places[0]]
        kinds = [value.start for value in reading.values if value.facet in reading.kinds]
        near = [each for each in before if not any(each.end <= start < places[0] for start in kinds)]
        return int(near[-1].low or 1) if near else (1 if counts else None)


def variant_of(reading: ShopReading) -> dict[str, Any]:
    """The color and size that the message names, a size also as a step ("one up")."""
    named = {name: reading.facets[name].wanted for name in VARIANT_FACETS if name in reading.facets}
    sure = {(value.facet, value.value) for value in reading.values if not value.denied}
    variant = {name: values[-1] for name, values in named.items() if values and (name, values[-1]) in sure}
    step = step_words(reading.text) if variant.get("size", ONE_SIZE) == ONE_SIZE else ""
    return variant | ({"size": step} if step else {})


def counts_in(reading: ShopReading) -> list[Quantity]:
    """Numbers of pieces; the number of a size counts none."""
    sizes = [(value.start, value.end) for value in reading.values if value.facet in VARIANT_FACETS]
    return [
        each
        for each in reading.quantities
        if each.low is not None and each.low == each.high and each.low == int(each.low)
        if each.counts in (None, "pieces", "pairs") and 0 < int(each.low) <= _MOST
        if not any(start <= each.start < end for start, end in sizes)
    ]


def _count(reading: ShopReading) -> int | None:
    counts = counts_in(reading)
    return int(counts[-1].low or 1) if counts else None


def split(text: str) -> Iterator[tuple[int, str]]:
    """The clauses of a message and what words join in them, each with its place."""
    place = 0
    for clause in clauses(text, is_spaced=True):
        for part in (each.strip() for each in joint().split(clause)):
            if part:
                place = text.index(part, place)
                yield place, part


@cache
def joint() -> re.Pattern[str]:
    """Words that join what is asked for: "and", "plus"."""
    return re.compile(any_of(item_words().joins), re.IGNORECASE)


def says_also(text: str) -> bool:
    """Whether something is wanted beside what was spoken of: "also", 另外."""
    return re.search(any_of(map(re.escape, item_words().also)), fold(text).text) is not None

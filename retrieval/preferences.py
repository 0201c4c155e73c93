"""Tastes: what somebody likes comes in; which of it a product has, with reasons, goes out.

A taste moves products and never filters. What has it goes up; what has a number outside a range that is liked goes
down; what has no such number stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.catalog import Product, Variant
from retrieval.facets import FacetSpace, facet_values
from retrieval.filters import Scope
from retrieval.spans import Span, span_of

PRICE = "price"  # in place of a facet's name


@dataclass(frozen=True, slots=True)
class Taste:
    """Values of a facet that somebody likes; of a facet of numbers and of the `PRICE` also spans, "100..200".

    Only products of all `scopes` are meant. `words`: the reason; without them it is "color: green".
    """

    facet: str
    values: frozenset[str]
    scopes: tuple[Scope, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """Which tastes a variant has, in the profile card's words ("likes color: green"), and how many ranges it misses."""

    reasons: tuple[str, ...]
    missed: int


@dataclass(frozen=True, slots=True)
class Palate:
    """Tastes made ready for one catalogue; facets that it does not have are passed over."""

    tastes: tuple["_Ready", ...]

    @classmethod
    def of(cls, tastes: Sequence[Taste], space: FacetSpace) -> "Palate":
        known = (taste for taste in tastes if taste.facet == PRICE or taste.facet in space.facets)
        return cls(tuple(_ready(taste, space) for taste in known))

    def fit(self, product: Product, variant: Variant) -> Fit:
        """One value that two tastes like counts once, with the first one's words."""
        held: dict[tuple[str, str], str] = {}
        missed = 0
        for one in self.tastes:
            if all(scope.has(product) for scope in one.taste.scopes):
                stated = list(one.held(product, variant))
                missed += not stated and one.measures(product, variant)
                for value in stated:
                    name = one.taste.facet
                    held.setdefault((name, value), f"likes {one.taste.words or f'{name}: {value}'}")
        return Fit(tuple(held.values()), missed)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A taste with the catalogue's values that it covers, each with the word it was stated in, and its spans."""

    taste: Taste
    wanted: Mapping[str, str]
    spans: Mapping[str, Span]

    def held(self, product: Product, variant: Variant) -> Iterator[str]:
        """The liked values that the variant has, as they were stated."""
        if self.taste.facet == PRICE:
            yield from (stated for stated, span in self.spans.items() if span.holds(variant.price))
        else:
            values = facet_values(product, variant, self.taste.facet)
            yield from (self.wanted[value] for value in values if value in self.wanted)

    def measures(self, product: Product, variant: Variant) -> bool:
        """Whether a range is liked, and the variant has a number that could be in it."""
        return bool(self.spans) and (
            self.taste.facet == PRICE or bool(facet_values(product, variant, self.taste.facet))
        )


def _ready(taste: Taste, space: FacetSpace) -> _Ready:
    spans = {}
    if taste.facet == PRICE or space.facet(taste.facet).type == "number":
        spans = {stated: span for stated in sorted(taste.values) if (span := span_of(stated))}
    wanted = {} if taste.facet == PRICE else _wanted(taste, space)
    return _Ready(taste, wanted, spans)


def _wanted(taste: Taste, space: FacetSpace) -> dict[str, str]:
    matched = {stated: space.match(taste.facet, stated) for stated in sorted(taste.values)}
    return {
        member: stated
        for stated, value in matched.items()
        if value is not None
        for member in space.members(taste.facet, value)
    }

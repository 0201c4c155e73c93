"""Filters: what a customer asks for comes in, a test that a product's variants pass or fail goes out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from errors import ConfigError, choices
from language.decimals import exact
from language.matching import covers
from retrieval.catalog import Product, Variant
from retrieval.facets import VARIANT_FACETS, FacetSpace, facet_values


@dataclass(frozen=True, slots=True)
class Scope:
    """Products that have one of a facet's catalogue `values`, or, if it is `beyond` them, none."""

    facet: str
    values: frozenset[str]
    beyond: bool = False

    def has(self, product: Product) -> bool:
        return self.values.isdisjoint(facet_values(product, None, self.facet)) == self.beyond


@dataclass(frozen=True, slots=True)
class Filters:
    """Hard conditions of a search; one variant must meet all of them.

    ``Filters(equals={"color": "green", "size": "M"}, without={"material": frozenset({"wool"})},
    max_price=150.0)`` Prices are in the shop's currency and inclusive. `without_in`: what only products of a scope
    must not have. `any_of`: one of these values will do; `all_of`: a product has
    all of them. `only`: SKUs of the products that count, None for all.
    """

    equals: Mapping[str, str] = field(default_factory=dict)
    without: Mapping[str, frozenset[str]] = field(default_factory=dict)
    min_price: float | None = None
    max_price: float | None = None
    in_stock: bool = True
    without_in: Mapping[Scope, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    any_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class VariantTest:
    """Filters made ready for one catalogue: `wanted` and `banned` catalogue values by facet name."""

    wanted: Mapping[str, frozenset[str]]
    banned: Mapping[str, frozenset[str]]
    banned_in: Mapping[Scope, Mapping[str, frozenset[str]]]
    low: Decimal
    high: Decimal
    in_stock: bool
    only: frozenset[str] | None = None
    together: tuple[tuple[str, frozenset[str]], ...] = ()

    def passing(self, product: Product) -> tuple[Variant, ...]:
        """The variants of `product` that meet every condition, cheapest first."""
        if self.only is not None and product.sku not in self.only:
            return ()
        if not self._facets_hold(product, None):
            return ()
        if any(values.isdisjoint(facet_values(product, None, name)) for name, values in self.together):
            return ()
        kept = [variant for variant in product.variants if self._variant_holds(product, variant)]
        return tuple(sorted(kept, key=lambda variant: variant.price))

    def _variant_holds(self, product: Product, variant: Variant) -> bool:
        return (
            self.low <= variant.price <= self.high
            and (variant.stock > 0 or not self.in_stock)
            and self._facets_hold(product, variant)
        )

    def _facets_hold(self, product: Product, variant: Variant | None) -> bool:
        """The product's own facets when `variant` is None, else the variant's."""
        return all(
            not values.isdisjoint(facet_values(product, variant, name))
            for name, values in self.wanted.items()
            if (name in VARIANT_FACETS) == (variant is not None)
        ) and all(
            values.isdisjoint(facet_values(product, variant, name))
            for banned in self._banned(product)
            for name, values in banned.items()
            if (name in VARIANT_FACETS) == (variant is not None)
        )

    def _banned(self, product: Product) -> Iterator[Mapping[str, frozenset[str]]]:
        yield self.banned
        yield from (banned for scope, banned in self.banned_in.items() if scope.has(product))


def prepare(filters: Filters, space: FacetSpace) -> VariantTest:
    """Check `filters` against the shop.

    Raises ConfigError for an unknown facet or value or an impossible price.

    A value in `without` that the catalogue does not have excludes nothing; that is what was asked for.
    """
    wanted = {name: _members(space, name, value) for name, value in filters.equals.items()}
    for name, values in filters.any_of.items():
        wanted[name] = frozenset[str]().union(*(_members(space, name, value) for value in values))
    return VariantTest(
        wanted=wanted,
        banned=_all_banned(space, filters.without),
        banned_in={scope: _all_banned(space, without) for scope, without in filters.without_in.items()},
        low=_price("min_price", filters.min_price, Decimal()),
        high=_price("max_price", filters.max_price, Decimal("Infinity")),
        in_stock=filters.in_stock,
        only=filters.only,
        together=tuple((name, _members(space, name, value)) for name, row in filters.all_of.items() for value in row),
    )


def _members(space: FacetSpace, name: str, raw: str) -> frozenset[str]:
    value = space.match(name, raw)
    members = space.members(name, value) if value is not None else frozenset()
    if not members:
        raise ConfigError(f"no {name} is called '{raw}'; values: {choices(space.values(name))}")
    return members | ({suits_all} if (suits_all := space.facet(name).suits_all) else set())


def _all_banned(space: FacetSpace, without: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {name: _banned(space, name, values) for name, values in without.items()}


def _banned(space: FacetSpace, name: str, raws: frozenset[str]) -> frozenset[str]:
    banned: set[str] = set()
    for raw in raws:
        banned |= space.members(name, space.match(name, raw) or raw)
        banned |= {known for known in space.values(name) if covers(raw, known)}
    return frozenset(banned)


def _price(name: str, price: float | Decimal | None, default: Decimal) -> Decimal:
    if price is None:
        return default
    if not math.isfinite(price) or price < 0:
        raise ConfigError(f"{name} must be a price of 0 or more, not {price}")
    return exact(price)

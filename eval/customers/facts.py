"""What a goal may be made of: a shop's customers with their orders, what it sells, what it may know, what it answers.

In: a shop directory. Out: `ShopFacts`. Errors: those of the parts that read the files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import clock
from agent.orders.order import BEFORE_SHIPPING
from agent.shop import Shop, load_shop
from language.decimals import exact
from profiles.attribute import Attribute, Facets
from profiles.observation import Authority
from profiles.schema import Schema
from profiles.shop.files import load_facets, load_schema, read_lines
from retrieval.answers import Template, load_answers
from retrieval.catalog import Product, Variant, load_catalog
from retrieval.facets import FacetSpace, facet_values

Trait = tuple[str, str | float, str]  # attribute, value, polarity


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order of a customer. `fate`: "cancel", "return", "fixed" (neither is possible by rule)."""

    id: str
    newest: bool
    items: tuple[Mapping[str, Any], ...]
    status: str
    address: str
    fate: str


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """One customer, with what the shop was told before."""

    id: str
    language: str
    orders: tuple[OrderFacts, ...]
    traits: tuple[Trait, ...]


@dataclass(frozen=True)
class ShopFacts:
    """Everything, read once."""

    root: Path
    shop: Shop
    schema: Schema
    facets: FacetSpace
    words: Facets
    answers: Sequence[Template]
    products: Sequence[Product]
    customers: Sequence[CustomerFacts]

    @classmethod
    def load(cls, root: Path) -> "ShopFacts":
        """Read a shop directory."""
        shop, catalog = load_shop(root), load_catalog(root / "catalog.jsonl")
        return cls(
            root,
            shop,
            load_schema(root),
            FacetSpace.from_shop(shop.facets, catalog),
            load_facets(root),
            load_answers(root / "answers.yaml"),
            catalog.products,
            tuple(_customers(root, shop)),
        )

    @cached_property
    def statable(self) -> Sequence[Attribute]:
        """What a customer may say about themselves, nobody else writes, and code can put into words."""
        return [
            item
            for item in self.schema.attributes.values()
            if Authority.STATED in item.writers and Authority.SHOP not in item.writers and not item.sensitive
        ]

    def values(self, attribute: Attribute) -> Sequence[str]:
        """The closed list of an attribute's values; none where anything goes."""
        return attribute.valid_values(self.words)

    def ways(self, attribute: Attribute, value: str, language: str) -> Sequence[str]:
        """How a value may be said in a language; nothing if the shop has no word for it there."""
        said = tuple(attribute.ways_to_say(self.words).get(value, ()))
        return _spoken(value, said, language)

    def facet_ways(self, facet: str, value: str, language: str) -> Sequence[str]:
        """The same for a facet's value."""
        aliases = self.facets.facet(facet).aliases
        return _spoken(value, [alias for alias, meant in aliases.items() if meant == value], language)

    @cached_property
    def kind_facet(self) -> str | None:
        """What this shop calls the facet that says what kind of product it is."""
        return self._same_as({product.sku: product.category for product in self.products})

    @cached_property
    def brand_facet(self) -> str | None:
        """What this shop calls the brand."""
        return self._same_as({product.sku: product.brand for product in self.products})

    def _same_as(self, held: Mapping[str, str]) -> str | None:
        for name in self.facets.names:
            if all(facet_values(product, None, name) == (held[product.sku],) for product in self.products):
                return name
        return None

    @cached_property
    def stocked(self) -> Sequence[tuple[Product, Variant]]:
        """What can be bought."""
        return [(product, variant) for product in self.products for variant in product.variants if variant.stock > 0]


def _spoken(value: str, others: Sequence[str], language: str) -> Sequence[str]:
    """The words of one language among all there are; a name (of a brand, a size) is the same in every language."""
    every = [value, *(other for other in others if len(other) > 1)]
    if language == "zh":
        return [word for word in every if _is_chinese(word)] or ([value] if not value.islower() else [])
    return [word for word in every if not _is_chinese(word)]


def _is_chinese(word: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in word)


def _customers(root: Path, shop: Shop) -> Sequence[CustomerFacts]:
    today = clock.today(shop.zone)
    orders: dict[str, list[dict[str, Any]]] = {}
    for line in read_lines(root / "orders.jsonl"):
        orders.setdefault(line["customer"], []).append(line)
    return [
        CustomerFacts(
            line["id"],
            line.get("language", shop.languages[0]),
            _orders(
                sorted(orders.get(line["id"], ()), key=lambda order: str(order["placed"]), reverse=True), shop, today
            ),
            tuple((trait["attribute"], trait["value"], trait["polarity"]) for trait in line.get("traits", ())),
        )
        for line in read_lines(root / "customers.jsonl")
    ]


def _orders(lines: list[dict[str, Any]], shop: Shop, today: date) -> tuple[OrderFacts, ...]:
    """Newest first, as the agent's order book has them."""
    lines = sorted(lines, key=lambda order: str(order["placed"]), reverse=True)
    return tuple(
        OrderFacts(
            line["id"], place == 0, tuple(line["items"]), line["status"], line["address"], _fate(line, shop, today)
        )
        for place, line in enumerate(lines)
    )  # fmt: skip


def _fate(line: Mapping[str, Any], shop: Shop, today: date) -> str:
    """What the shop's rules leave open, with a day to spare on either side."""
    cheap, days = exact(line["total"]) <= shop.limits.refund_cap, shop.facts.get("return_days")
    if line["status"] in BEFORE_SHIPPING and cheap:
        return "cancel"
    if line["status"] == "delivered" and line.get("delivered"):
        age = (today - date.fromisoformat(line["delivered"])).days
        fresh = any(item.get("returned") for item in line["items"])
        if cheap and not fresh and (not days or age < int(days) - 1):
            return "return"
        return "late" if days and age > int(days) + 1 else "unclear"
    return "fixed" if line["status"] in ("shipped", "cancelled") else "unclear"

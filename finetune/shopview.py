"""What a simulated customer may know of a shop: its products, who they are, and which changes of a profile would hold.

In: a shop directory (catalogue, orders, customers, profile schema, approved answers). Out: `ShopView` and
`CustomerView`s. Errors: `ConfigError` and `DataError` of the parts that read the files.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.shop import load_shop
from agent.template import Call
from errors import DataError
from profiles.firewall import Firewall, ProposedChange
from profiles.observation import Profile
from profiles.schema import Schema
from retrieval.answers import Template, load_answers
from retrieval.catalog import Catalog, Product, Variant, load_catalog
from retrieval.facets import FacetSpace, covers, facet_values

_NOW = datetime(2026, 1, 5, tzinfo=UTC)  # only for reading relative days while planning


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its customer knows it: id, status, and what was in it (titles by language, category)."""

    id: str
    status: str
    titles: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Who is speaking. `orders` newest first, `traits` (attribute, value, polarity) from earlier consultations."""

    id: str
    language: str
    orders: tuple[OrderView, ...] = ()
    traits: tuple[tuple[str, str | float, str], ...] = ()


@dataclass(frozen=True)
class ShopView:
    """The shop for simulated customers. Raises nothing after it was opened."""

    catalog: Catalog
    facets: FacetSpace
    schema: Schema
    answers: tuple[Template, ...]
    customers: tuple[CustomerView, ...]
    order_ids: tuple[str, ...]

    @classmethod
    def open(cls, directory: Path) -> "ShopView":
        """Read everything of the shop directory."""
        catalog = load_catalog(directory / "catalog.jsonl")
        customers, order_ids = _customers(directory, catalog)
        return cls(
            catalog,
            FacetSpace.from_shop(load_shop(directory).facets, catalog),
            Schema.load(directory / "profile.yaml"),
            load_answers(directory / "answers.yaml"),
            customers,
            order_ids,
        )

    @cached_property
    def firewall(self) -> Firewall:
        return Firewall(self.schema, {name: self.facets.values(name) for name in self.facets.names})

    @cached_property
    def stocked(self) -> tuple[tuple[Product, Variant], ...]:
        """Every variant that can be bought."""
        return tuple((p, v) for p in self.catalog.products for v in p.variants if v.stock > 0)

    def pick(self, rng: random.Random, category: str | None = None) -> tuple[Product, Variant]:
        """A variant in stock, of any category unless one is named; every category is as likely as the others."""
        wanted = category or rng.choice(sorted({product.category for product, _ in self.stocked}))
        return rng.choice([pair for pair in self.stocked if pair[0].category == wanted])

    def found(self, arguments: Mapping[str, Any]) -> Iterator[tuple[Product, Variant]]:
        """The variants in stock that meet the filters of a search."""
        low, high = arguments.get("min_price", 0), arguments.get("max_price", float("inf"))
        names = [name for name in ("category", "brand", "material", "color", "size") if name in arguments]
        for product, variant in self.stocked:
            if low <= variant.price <= high and all(
                any(covers(arguments[name], value) for value in facet_values(product, variant, name)) for name in names
            ):
                yield product, variant

    def admits(self, call: Call, text: str) -> str | None:
        """Why the profile would refuse a call's changes, or None. Forgetting is for the runner to check."""
        wishes = [ProposedChange(**item) for item in call.arguments["changes"] if item["polarity"] != "forget"]
        admitted = self.firewall.admit(wishes, {"turn": text}, "", _NOW, "", Profile("", (), ()), consent=True)
        return admitted.refused[0][1] if admitted.refused else None


def as_spoken_by(customer: CustomerView, language: str) -> CustomerView:
    """The same customer, writing another language today."""
    return replace(customer, language=language)


def _customers(directory: Path, catalog: Catalog) -> tuple[tuple[CustomerView, ...], tuple[str, ...]]:
    category = {v.sku: product.category for product in catalog.products for v in product.variants}
    orders: dict[str, list[tuple[str, OrderView]]] = {}
    for line in _lines(directory / "orders.jsonl"):
        items = line["items"]
        view = OrderView(
            line["id"],
            line["status"],
            tuple(item["title"] for item in items),
            tuple(category.get(item["sku"], "") for item in items),
        )
        orders.setdefault(line["customer"], []).append((line["placed"], view))
    customers = [
        CustomerView(
            line["id"],
            line["language"],
            tuple(view for _, view in sorted(orders.get(line["id"], ()), key=lambda pair: pair[0], reverse=True)),
            tuple((trait["attribute"], trait["value"], trait["polarity"]) for trait in line.get("traits", ())),
        )
        for line in _lines(directory / "customers.jsonl")
    ]
    return tuple(customers), tuple(view.id for views in orders.values() for _, view in views)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if text.strip():
                yield json.loads(text)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}") from error
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {error}") from error

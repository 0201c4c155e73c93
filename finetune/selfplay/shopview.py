"""What a simulated customer may know of a shop: its products, who they are, and which changes of a profile would hold.

In: a shop directory (catalogue, orders, customers, profile schema, approved answers). Out: `ShopView` and
`CustomerView`s. Errors: `ConfigError` and `DataError` of the parts that read the files.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.models.template import Call
from agent.shop import load_shop
from profiles.firewall import Firewall, ProposedChange
from profiles.observation import Profile
from profiles.schema import Schema
from profiles.shop_files import load_facets, read_lines
from retrieval.answers import Template, load_answers
from retrieval.catalog import Catalog, Product, Variant, load_catalog
from retrieval.facets import FacetSpace, covers, facet_values

_NOW = datetime(2026, 1, 5, tzinfo=UTC)  # only for reading relative days while planning


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its customer knows it: id, status, titles of its items, total, the most that can be refunded.

    `returnable`: the shop would take it back today.
    """

    id: str
    status: str
    titles: tuple[str, ...]
    total: float
    cap: float
    returnable: bool

    @property
    def changeable(self) -> bool:
        """Whether it could be cancelled or sent back today."""
        return self.returnable or (self.status in ("processing", "paid") and self.total <= self.cap)


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Who is speaking. `orders` newest first, `traits` (attribute, value, polarity) from earlier consultations.

    `consents`: sensitive facts may be kept.
    """

    id: str
    language: str
    orders: tuple[OrderView, ...] = ()
    traits: tuple[tuple[str, str | float, str], ...] = ()
    consents: bool = True
    avoids: tuple[str, ...] = ()

    @property
    def disliked(self) -> tuple[str, ...]:
        """Values that no search for this customer finds: said to be disliked, or (`avoids`) seen to be."""
        return (*self.avoids, *(str(value) for _, value, polarity in self.traits if polarity == "dislike"))


@dataclass(frozen=True)
class ShopView:
    """The shop for simulated customers. Raises nothing after it was opened."""

    catalog: Catalog
    facets: FacetSpace
    schema: Schema
    answers: tuple[Template, ...]
    customers: tuple[CustomerView, ...]
    order_ids: tuple[str, ...]
    firewall: Firewall

    @classmethod
    def open(cls, directory: Path) -> "ShopView":
        """Read everything of the shop directory."""
        catalog = load_catalog(directory / "catalog.jsonl")
        settings = load_shop(directory)
        days = settings.facts.get("return_days")
        customers, order_ids = _customers(directory, settings.limits.refund_cap, int(days) if days else None)
        schema = Schema.load(directory / "profile.yaml")
        return cls(
            catalog,
            FacetSpace.from_shop(settings.facets, catalog),
            schema,
            load_answers(directory / "answers.yaml"),
            customers,
            order_ids,
            Firewall(schema, load_facets(directory)),
        )

    @cached_property
    def stocked(self) -> tuple[tuple[Product, Variant], ...]:
        """Every variant that can be bought."""
        return tuple((p, v) for p in self.catalog.products for v in p.variants if v.stock > 0)

    def pick(self, rng: random.Random, category: str | None = None) -> tuple[Product, Variant]:
        """A variant in stock, of any category unless one is named; every category is as likely as the others."""
        wanted = category or rng.choice(sorted({product.category for product, _ in self.stocked}))
        return rng.choice([pair for pair in self.stocked if pair[0].category == wanted])

    @cached_property
    def titles(self) -> frozenset[str]:
        """By which a product may be asked for."""
        return frozenset(product.title for product in self.catalog.products)

    def found(self, arguments: Mapping[str, Any]) -> Iterator[tuple[Product, Variant]]:
        """The variants in stock that meet the filters of a search, of one product if its title is the query."""
        title = arguments["query"] if arguments.get("query") in self.titles else None
        low, high = arguments.get("min_price", 0), arguments.get("max_price", float("inf"))
        names = [name for name in ("category", "brand", "material", "color", "size") if name in arguments]
        for product, variant in self.stocked:
            if (
                title in (None, product.title)
                and low <= variant.price <= high
                and all(
                    any(covers(arguments[name], value) for value in facet_values(product, variant, name))
                    for name in names
                )
            ):
                yield product, variant

    def admits(self, call: Call, text: str) -> str | None:
        """Why the profile would refuse a call's changes, or None. Forgetting is for the runner to check."""
        wishes = [ProposedChange(**item) for item in call.arguments["changes"] if item["polarity"] != "forget"]
        nobody = Profile("")
        admitted = self.firewall.admit(wishes, {"turn": text}, "", _NOW, "", nobody, sensitive_allowed=True)
        return admitted.refused[0][1] if admitted.refused else None


def as_spoken_by(customer: CustomerView, language: str) -> CustomerView:
    """The same customer, writing another language today."""
    return replace(customer, language=language)


def _customers(directory: Path, cap: float, days: int | None) -> tuple[tuple[CustomerView, ...], tuple[str, ...]]:
    orders: dict[str, list[tuple[str, OrderView]]] = {}
    today = datetime.now(UTC).date()
    for line in read_lines(directory / "orders.jsonl"):
        delivered = line.get("delivered")
        late = bool(days and delivered and (today - date.fromisoformat(delivered)).days > days)
        view = OrderView(
            line["id"],
            line["status"],
            tuple(item["title"] for item in line["items"]),
            line["total"],
            cap,
            line["status"] == "delivered" and not late and line["total"] <= cap,
        )
        orders.setdefault(line["customer"], []).append((line["placed"], view))
    customers = [
        CustomerView(
            line["id"],
            line["language"],
            tuple(view for _, view in sorted(orders.get(line["id"], ()), key=lambda pair: pair[0], reverse=True)),
            tuple((trait["attribute"], trait["value"], trait["polarity"]) for trait in line.get("traits", ())),
            bool(line.get("consent", {}).get("profiling")),
        )
        for line in read_lines(directory / "customers.jsonl")
    ]
    return tuple(customers), tuple(view.id for views in orders.values() for _, view in views)

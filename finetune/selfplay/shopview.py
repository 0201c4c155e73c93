"""What a simulated customer may know of a shop: its products, who they are, and which changes of a profile would hold.

In: a shop directory (catalogue, orders, customers, profile schema, approved answers). Out: `ShopView` and
`CustomerView`s. Errors: `Refused` for a shop with customers who do not agree to training (`shops.peopled` invents
others); `ConfigError` and `DataError` of the parts that read the files.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import clock
from agent.models.calls import Call
from agent.shop import load_shop
from errors import Refused
from finetune.selfplay.shops.bank import Noun, aspects, verticals, words_of
from finetune.selfplay.topics import Topics
from language.decimals import exact, plain
from language.matching import covers
from profiles.observation import Profile
from profiles.privacy.purposes import Purpose
from profiles.schema import Schema
from profiles.shop.files import load_facets, read_lines
from profiles.validator import Firewall, ProposedChange
from retrieval.answers import Template, load_answers
from retrieval.catalog import Catalog, Product, Variant, load_catalog
from retrieval.facets import FacetSpace, facet_values

if TYPE_CHECKING:
    from finetune.selfplay.search_acts import Search

_NOW = datetime(2026, 1, 5, tzinfo=UTC)  # only for reading relative days while planning


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its customer knows it: id, status, titles of its items, total, the most that can be refunded.

    `returnable`: the shop would take it back today.
    """

    id: str
    status: str
    titles: tuple[str, ...]
    total: Decimal
    cap: Decimal
    returnable: bool

    @property
    def changeable(self) -> bool:
        """Whether it could be cancelled or sent back today."""
        return self.returnable or (self.status in ("processing", "paid") and self.total <= self.cap)


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Who is speaking. `orders` newest first, `traits` (attribute, value, polarity) from earlier consultations.

    `consents`: sensitive facts may be kept. `avoids`: (attribute, value) seen to be disliked.
    """

    id: str
    language: str
    orders: tuple[OrderView, ...] = ()
    traits: tuple[tuple[str, str | float, str], ...] = ()
    consents: bool = True
    avoids: tuple[tuple[str, str], ...] = ()


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
    topics: Topics
    languages: tuple[str, ...]
    currency: str

    @classmethod
    def open(cls, directory: Path) -> "ShopView":
        """Read everything of the shop directory."""
        catalog = load_catalog(directory / "catalog.jsonl")
        settings = load_shop(directory)
        days, cap = settings.facts.get("return_days"), settings.limits.refund_cap
        customers, order_ids = _customers(directory, cap, int(days) if days else None, settings.zone)
        schema = Schema.load(directory / "profile.yaml")
        facets = FacetSpace.from_shop(settings.facets, catalog)
        categories = sorted({product.category for product in catalog.products})
        return cls(
            catalog,
            facets,
            schema,
            load_answers(directory / "answers.yaml"),
            customers,
            order_ids,
            Firewall(schema, load_facets(directory), settings.zone),
            Topics.of(schema, facets, settings.tool_facets, categories),
            settings.languages,
            settings.currency,
        )

    @cached_property
    def stocked(self) -> tuple[tuple[Product, Variant], ...]:
        """Every variant that can be bought."""
        return tuple((p, v) for p in self.catalog.products for v in p.variants if v.stock > 0)

    @cached_property
    def by_category(self) -> dict[str, list[tuple[Product, Variant]]]:
        """What can be bought, by category."""
        found: dict[str, list[tuple[Product, Variant]]] = {}
        for product, variant in self.stocked:
            found.setdefault(product.category, []).append((product, variant))
        return dict(sorted(found.items()))

    @cached_property
    def wears(self) -> bool:
        """Whether people wear what is sold here."""
        return any(variant.size not in ("", "one size") for _, variant in self.stocked)

    @cached_property
    def usual_prices(self) -> tuple[float, float]:
        """What people would set themselves as a limit: from cheap to dear for this shop."""
        prices = sorted(plain(variant.price) for _, variant in self.stocked)
        return prices[len(prices) // 5], prices[len(prices) * 9 // 10] + 5

    @cached_property
    def ranged_budget(self) -> bool:
        """Whether the shop keeps a budget as a range: "from 100 to 200"."""
        name = self.topics.named("budget")
        return bool(name and self.schema.attributes[name].range)

    def as_budget(self, text: str, price: float) -> float | str:
        """A price limit as the budget attribute keeps it: where that is a range, the one that the text names."""
        ranges = self.schema.attributes[str(self.topics.named("budget"))].ranges(text) if self.ranged_budget else ()
        return ranges[0].value if len(ranges) == 1 else price

    def pick(self, rng: random.Random, category: str | None = None) -> tuple[Product, Variant]:
        """A variant in stock, of any category unless one is named; every category is as likely as the others."""
        return rng.choice(self.by_category[category or rng.choice(list(self.by_category))])

    def strange_nouns(self, language: str) -> list[Noun]:
        """Nouns for what this shop does not sell."""
        own = self.topics.vertical
        return [
            noun
            for vertical in verticals("train")
            if own is None or vertical.name != own.name
            for kindred in vertical.categories
            for noun in kindred.nouns[language]
        ]

    def people(self, language: str) -> list[str]:
        """For whom a gift may be."""
        return words_of(aspects()["recipient"].values, language)

    def occasions(self, language: str) -> list[str]:
        """What a gift may be for."""
        return words_of(aspects()["occasion"].values, language)

    def speaks(self, language: str) -> bool:
        """Whether it serves people in a language, and its products have names in it."""
        return bool(self.topics.nouns[language]) and language in self.languages

    def found(self, search: "Search") -> Iterator[tuple[Product, Variant]]:
        """The variants in stock that meet the filters of a search, of one product if its title is the query."""
        low, high = exact(search.low or 0), exact(float("inf") if search.high is None else search.high)
        wanted = [(facet, word.value) for facet, (_, word) in search.filters.items()]
        pairs = self.by_category.get(search.category, []) if search.category and not search.title else self.stocked
        for product, variant in pairs:
            if (
                search.title in (None, product.title)
                and low <= variant.price <= high
                and all(
                    any(covers(value, own) for own in facet_values(product, variant, name)) for name, value in wanted
                )
            ):
                yield product, variant

    def possible(self, search: "Search") -> bool:
        """Whether anything in stock meets the search and nothing about it is disliked."""
        return any(
            not any(
                covers(bad, value)
                for facet, bad in search.disliked
                if facet
                for value in facet_values(product, variant, facet)
            )
            for product, variant in self.found(search)
        )

    def admits(self, call: Call, text: str) -> str | None:
        """Why the profile would refuse a call's changes, or None. Forgetting is for the runner to check."""
        wishes = [ProposedChange(**item) for item in call.arguments["changes"] if item["polarity"] != "forget"]
        nobody = Profile("")
        admitted = self.firewall.admit(wishes, {"turn": text}, "", _NOW, "", nobody, sensitive_allowed=True)
        return admitted.refused[0][1] if admitted.refused else None

    def understands(self, search: "Search") -> bool:
        """Whether the search tool takes every filter as it was meant."""
        return all(
            self.facets.match(name, topic.filter(word)) == word.value for name, (topic, word) in search.filters.items()
        )


def _customers(
    directory: Path, cap: Decimal, days: int | None, zone: tzinfo
) -> tuple[tuple[CustomerView, ...], tuple[str, ...]]:
    orders: dict[str, list[tuple[str, OrderView]]] = {}
    today = clock.today(zone)
    for line in read_lines(directory / "orders.jsonl"):
        delivered = line.get("delivered")
        late = bool(days and delivered and (today - date.fromisoformat(delivered)).days > days)
        view = OrderView(
            line["id"],
            line["status"],
            tuple(item["title"] for item in line["items"]),
            exact(line["total"]),
            cap,
            line["status"] == "delivered" and not late and exact(line["total"]) <= cap,
        )
        orders.setdefault(line["customer"], []).append((line["placed"], view))
    lines = list(read_lines(directory / "customers.jsonl"))
    for line in lines:
        if not _agrees(line):
            raise Refused(
                f"customer {line['id']!r} of {directory} does not agree to training: self-play takes invented customers"
            )
    customers = [
        CustomerView(
            line["id"],
            line["language"],
            tuple(view for _, view in sorted(orders.get(line["id"], ()), key=lambda pair: pair[0], reverse=True)),
            tuple((trait["attribute"], trait["value"], trait["polarity"]) for trait in line.get("traits", ())),
            bool(line.get("consent", {}).get("profiling")),
        )
        for line in lines
    ]
    return tuple(customers), tuple(view.id for views in orders.values() for _, view in views)


def _agrees(line: Mapping[str, Any]) -> bool:
    return line.get("consent", {}).get(Purpose.TRAINING) is True

"""Orders: people, products and the shop's fees come in, eight hundred orders with honest totals go out."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from shop.generator.people import NOW, Person
from shop.generator.products import Article, Product

CARRIERS = ("Cedar Post", "Northline Parcel", "Swiftlet Express")
CANCELLABLE = 10  # the first customers' newest order can still be cancelled
WELL_KNOWN = 20  # the first customers have at least three orders each
DAYS = 360
SETTLED = ("delivered", "returned", "return_requested", "cancelled", "lost")
SEVERAL = ("socks", "bottles", "baselayers", "cookware", "shirts")


@dataclass(frozen=True, slots=True)
class Fees:
    """What sending costs, in dollars. `free_from` is the goods' value that makes standard delivery free."""

    standard: float
    express: float
    international: float
    free_from: float

    @classmethod
    def of_shop(cls, path: Path) -> "Fees":
        """From the [facts] of a shop.toml."""
        facts = tomllib.loads(path.read_text(encoding="utf-8"))["facts"]
        return cls(
            facts["standard_fee"],
            facts["express_fee"],
            facts["international_fee"],
            facts["free_shipping_from"],
        )

    def fee(self, goods: float, abroad: bool, express: bool) -> float:
        """What sending goods of this value costs."""
        if abroad:
            return self.international
        return self.express if express else 0.0 if goods >= self.free_from else self.standard


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order."""

    product: Product
    article: Article
    quantity: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order and what lies behind it."""

    id: str
    person: Person
    placed: datetime
    status: str
    lines: tuple[Line, ...]
    fee: float
    express: bool
    carrier: str
    tracking: str

    @property
    def total(self) -> float:
        return round(sum(line.article.price * line.quantity for line in self.lines) + self.fee, 2)

    @property
    def eta(self) -> datetime:
        return self.placed + timedelta(days=12 if self.person.abroad else 2 if self.express else 5)

    @property
    def arrived(self) -> datetime | None:
        """When it was delivered; None when it never was."""
        if self.status not in ("delivered", "returned", "return_requested"):
            return None
        return self.eta - timedelta(days=int(self.tracking[-1]) % 2)

    def to_json(self) -> dict[str, Any]:
        """One line of orders.jsonl."""
        items = [
            {"sku": x.article.sku, "title": x.product.title, "quantity": x.quantity, "price": x.article.price}
            | {"color": x.article.color, "size": x.article.size}
            for x in self.lines
        ]
        sent = self.status not in ("processing", "paid", "cancelled")
        return {
            "id": self.id, "customer": self.person.id, "placed": f"{self.placed:%Y-%m-%dT%H:%M:%SZ}",
            "status": self.status, "items": items, "total": self.total, "shipping_fee": self.fee,
            "address": self.person.address,
            "carrier": self.carrier if sent else None, "tracking": self.tracking if sent else None,
            "eta": None if self.status == "cancelled" else f"{self.eta:%Y-%m-%d}",
            "delivered": f"{self.arrived:%Y-%m-%d}" if self.arrived else None,
        }  # fmt: skip


class Shelf:
    """The products as one person sees them: how likely each is to be looked at."""

    def __init__(self, person: Person, products: Sequence[Product]) -> None:
        self.person = person
        liked = [(product, person.taste.weight(product)) for product in products]
        self._products = [product for product, weight in liked if weight > 0]
        weights = [weight for _, weight in liked if weight > 0]
        self._cumulated = list(accumulate(weights))
        self._by_category: dict[str, tuple[list[Product], list[float]]] = {}
        for product, weight in zip(self._products, weights, strict=True):
            there, sums = self._by_category.setdefault(product.category, ([], []))
            there.append(product)
            sums.append(weight)

    def pick(self, rng: random.Random) -> Product:
        return rng.choices(self._products, cum_weights=self._cumulated)[0]

    def pick_near(self, product: Product, rng: random.Random) -> Product:
        """Another look in the same category."""
        return rng.choices(*self._by_category[product.category])[0]

    def article(self, product: Product, rng: random.Random) -> Article:
        """The variant this person takes: own size, a liked colour if there is one."""
        taste = self.person.taste
        worn = [a for a in product.articles if taste.wears(a.size)] or list(product.articles)
        weights = [9.0 if a.color in taste.colors else 0.05 if a.color == taste.no_color else 1.0 for a in worn]
        return rng.choices(worn, weights)[0]


def make_purchases(shelves: Sequence[Shelf], fees: Fees, count: int, seed: int) -> tuple[Purchase, ...]:
    """`count` orders, AP-10001 upward in the order of time."""
    rng = random.Random(f"{seed}/orders")
    owners = [shelf for shelf in shelves[:WELL_KNOWN] for _ in range(rng.randint(3, 5))]
    eager = [rng.lognormvariate(0, 0.8) for _ in shelves]
    owners += rng.choices(shelves, eager, k=count - len(owners))
    newest = {shelf.person.id for shelf in shelves[:CANCELLABLE]}
    dated = []
    for shelf in owners:
        if shelf.person.id in newest:
            newest.remove(shelf.person.id)
            dated.append((NOW - timedelta(minutes=rng.randint(20, 1200)), shelf))
        else:
            known = shelf.person.id < f"C{1001 + CANCELLABLE}"
            dated.append((_moment(rng, 2 if known else 0), shelf))
    dated.sort(key=lambda pair: (pair[0], pair[1].person.id))
    return tuple(_make_purchase(10001 + n, shelf, placed, fees, rng) for n, (placed, shelf) in enumerate(dated))


def _moment(rng: random.Random, least_days: int) -> datetime:
    """A moment of the past year, more often lately, in the waking hours of the west coast."""
    days = least_days + int((DAYS - least_days) * rng.random() ** 1.5)
    at = NOW.replace(hour=0) - timedelta(days=days) + timedelta(minutes=rng.randint(15 * 60, 29 * 60))
    at = at.replace(second=rng.randint(0, 59))
    return at if at < NOW else at - timedelta(days=1)


def _make_purchase(number: int, shelf: Shelf, placed: datetime, fees: Fees, rng: random.Random) -> Purchase:
    lines: dict[str, Line] = {}
    for _ in range(rng.choices((1, 2, 3, 4), (50, 30, 14, 6))[0]):
        product = shelf.pick(rng)
        article = shelf.article(product, rng)
        quantity = rng.choice((1, 1, 2, 3)) if product.category in SEVERAL else 1
        lines[product.sku] = Line(product, article, quantity)
    goods = sum(line.article.price * line.quantity for line in lines.values())
    express = not shelf.person.abroad and rng.random() < (0.6 if shelf.person.taste.hurried else 0.1)
    return Purchase(
        id=f"AP-{number}",
        person=shelf.person,
        placed=placed,
        status=_status(NOW - placed, shelf.person.abroad, express, rng),
        lines=tuple(lines.values()),
        fee=fees.fee(goods, shelf.person.abroad, express),
        express=express,
        carrier=CARRIERS[2] if express else rng.choice(CARRIERS[:2]),
        tracking=f"{rng.choice(('CP', 'NL', 'SX'))}{rng.randint(10**9, 10**10 - 1)}",
    )


def _status(age: timedelta, abroad: bool, express: bool, rng: random.Random) -> str:
    """What became of an order of this age."""
    if age < timedelta(days=2):
        return rng.choice(("processing", "paid"))
    if age < timedelta(days=13 if abroad else 3 if express else 6):
        return rng.choices(("shipped", "cancelled"), (92, 8))[0]
    weights = (76, 9, 7, 6, 2) if age < timedelta(days=50) else (85, 9, 0, 5, 1)
    return rng.choices(SETTLED, weights)[0]

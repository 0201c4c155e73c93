"""Behaviour: shop events in, decayed affinities and *observed* observations out.

An event is a dict like Segment's: event, userId, messageId, timestamp, properties. `products` maps a
product's or variant's sku to its attribute values, ``{"JKT-1001": {"color": ("navy",), "category":
("jackets",)}}``. Each event costs O(1) per value of its product: the affinity so far is decayed to the
event's time and the event's weight added.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import exp, exp2
from typing import Any

from errors import DataError
from profiles.observation import Authority, Evidence, Observation, Polarity
from profiles.schema import Attribute, Schema

Products = Mapping[str, Mapping[str, tuple[str, ...]]]

# What an act says about a taste, in views; and how the evidence counts it.
ACTS: Mapping[str, tuple[float, str]] = {
    "Product Viewed": (1.0, "viewed"),
    "Product Clicked": (1.0, "clicked"),
    "Product Added": (3.0, "added"),
    "Product Reviewed": (2.0, "reviewed"),
    "Order Completed": (6.0, "bought"),
}
HALF_LIFE_DAYS = 60.0  # of an affinity whose attribute has none
FEWEST_ACTS = 3  # one visit is no taste
LEAST_AFFINITY = 3.0
LEAST_SHARE = 0.2  # of all affinity within the attribute
LEAST_SHARE_ALONE = 0.55  # where the attribute holds one value: a view of all sizes says nothing of a size
MOST_VALUES = 3
HIGHEST_CONFIDENCE = 0.9
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Act:
    """One event as far as tastes go: when, what, on which products (skus)."""

    id: str
    customer: str
    name: str
    at: datetime
    skus: tuple[str, ...]


@dataclass(slots=True)
class Affinity:
    """How much one customer's acts speak for one value, as of `at`; halves every `half_life_days`."""

    half_life_days: float
    score: float = 0.0
    at: datetime | None = None
    newest: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, act: Act, weight: float) -> None:
        """O(1). An act older than the newest one counts with what is left of it."""
        self.at = self.at or act.at
        days = (act.at - self.at).total_seconds() / DAY
        if days >= 0:
            self.score = self.score * exp2(-days / self.half_life_days) + weight
            self.at, self.newest = act.at, act.id
        else:
            self.score += weight * exp2(days / self.half_life_days)
        self.counts[ACTS[act.name][1]] += 1

    def score_at(self, at: datetime) -> float:
        days = (at - self.at).total_seconds() / DAY if self.at else 0.0
        return self.score * exp2(-max(0.0, days) / self.half_life_days)

    def quote(self) -> str:
        """The evidence in words: ``viewed 14, bought 2``."""
        words = (word for _, word in ACTS.values() if self.counts[word])
        return ", ".join(f"{word} {self.counts[word]}" for word in words)


def read_act(event: Mapping[str, Any]) -> Act | None:
    """The act of an event, or None for one that says nothing about a product.

    Errors: `DataError` names what is missing.
    """
    name = str(event.get("event"))
    if name not in ACTS:
        return None
    try:
        properties = event.get("properties") or {}
        items = properties.get("products") or [properties]
        skus = tuple(str(item.get("sku") or item["product_id"]) for item in items)
        at = datetime.fromisoformat(event["timestamp"])
        if at.tzinfo is None:
            raise ValueError(f"timestamp {event['timestamp']!r} has no zone")
        return Act(str(event["messageId"]), str(event["userId"]), name, at, skus)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"event {event.get('messageId')!r} ({name}) cannot be read: {error}") from error


class Tastes:
    """One customer's affinities by attribute and value."""

    def __init__(self, schema: Schema) -> None:
        self._attributes = schema.writable_by(Authority.OBSERVED)
        self._affinities: dict[str, dict[str, Affinity]] = {item.name: {} for item in self._attributes}

    def add(self, act: Act, products: Products) -> None:
        """Take one act in. A view of a jacket that comes in five colours says a fifth about each."""
        weight, _ = ACTS[act.name]
        for sku in act.skus:
            held = products.get(sku, {})
            for attribute in self._attributes:
                values = held.get(attribute.name, ())
                for value in values:
                    fresh = Affinity(attribute.half_life_days or HALF_LIFE_DAYS)
                    self._affinities[attribute.name].setdefault(value, fresh).add(act, weight / len(values))

    def affinities(self, attribute: str, at: datetime) -> dict[str, float]:
        """Affinity in views by value, as of `at`."""
        held = self._affinities.get(attribute, {})
        return {value: affinity.score_at(at) for value, affinity in held.items()}

    def observations(self, customer: str) -> Iterator[Observation]:
        """What stands out, with ids that depend on the events alone: the same events say the same again."""
        for attribute in self._attributes:
            held = self._affinities[attribute.name]
            times = [affinity.at for affinity in held.values() if affinity.at]
            if not times:
                continue
            scores = self.affinities(attribute.name, max(times))
            total = sum(scores.values())
            best = sorted(scores, key=lambda value: (-scores[value], value))
            least = LEAST_SHARE if attribute.many else LEAST_SHARE_ALONE
            for value in best[: MOST_VALUES if attribute.many else 1]:
                share = scores[value] / total
                if sum(held[value].counts.values()) >= FEWEST_ACTS and (
                    scores[value] >= LEAST_AFFINITY and share >= least
                ):
                    yield _observe(customer, attribute, value, held[value], share)


def observe(acts: Iterable[Act], products: Products, schema: Schema) -> list[Observation]:
    """Observed-authority observations of any number of customers' acts."""
    by_customer: dict[str, Tastes] = {}
    for act in sorted(acts, key=lambda act: (act.at, act.id)):
        if act.customer not in by_customer:
            by_customer[act.customer] = Tastes(schema)
        by_customer[act.customer].add(act, products)
    return [seen for customer, tastes in by_customer.items() for seen in tastes.observations(customer)]


def _observe(
    customer: str, attribute: Attribute, value: str, affinity: Affinity, share: float
) -> Observation:
    assert affinity.at is not None  # only affinities of at least FEWEST_ACTS acts come here
    sureness = (1.0 - exp(-affinity.score / 10.0)) * (0.5 + share / 2.0)
    polarity: Polarity = "like" if attribute.polarity else "fact"
    return Observation(
        f"seen:{customer}:{attribute.name}:{value}:{affinity.newest}",
        customer,
        attribute.name,
        value,
        polarity,
        Authority.OBSERVED,
        Evidence("event", affinity.newest, affinity.quote()),
        affinity.at,
        confidence=round(min(HIGHEST_CONFIDENCE, sureness), 4),
    )

"""What customers did: events in, each customer's recent acts and bought items out. Shared by all models."""

from collections.abc import Collection, Iterable, Mapping
from math import exp2
from typing import Any, NamedTuple

from profiles.preference.products import Products

WINDOW = 50  # acts of a customer that are remembered
DAY = 86_400.0


class Seen(NamedTuple):
    """An act of one customer, by the item's number."""

    item: int
    at: float
    weight: float
    event: str


class Histories:
    """Recent acts and bought items by customer. `consumables`: items that are bought again."""

    def __init__(self, consumables: Collection[str] = ()) -> None:
        self.consumables = frozenset(consumables)
        self._recent: dict[str, list[Seen]] = {}
        self._owned: dict[str, set[int]] = {}

    def recent(self, customer: str) -> list[Seen]:
        """Oldest first; the list itself, not to be changed."""
        return self._recent.get(customer, [])

    def add(self, customer: str, seen: Seen, bought: bool) -> None:
        """O(1)."""
        recent = self._recent.setdefault(customer, [])
        recent.append(seen)
        if len(recent) > WINDOW:
            del recent[0]
        if bought:
            self._owned.setdefault(customer, set()).add(seen.item)

    def put(self, customer: str, acts: list[Seen]) -> None:
        """In place of what is remembered: the customer's acts as they are kept elsewhere, oldest first."""
        self._recent[customer] = acts

    def customers(self) -> set[str]:
        """Everybody of whom there is an act."""
        return self._recent.keys() | self._owned.keys()

    def forget(self, customer: str) -> list[Seen]:
        """Nothing of this customer is held any more; the acts that were."""
        self._owned.pop(customer, None)
        return self._recent.pop(customer, [])

    def banned(self, customer: str, products: Products, exclude: Iterable[str]) -> set[int]:
        """Numbers of what must not be recommended: `exclude`, and durables that the customer has bought."""
        owned = self._owned.get(customer, set())
        named = {number for item in exclude if (number := products.number(item)) is not None}
        return named | {number for number in owned if products.items[number] not in self.consumables}

    def to_json(self) -> dict[str, Any]:
        return {
            "consumables": sorted(self.consumables),
            "recent": self._recent,
            "owned": {customer: sorted(items) for customer, items in self._owned.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Histories":
        histories = cls(value["consumables"])
        histories._recent = {customer: [Seen(*one) for one in acts] for customer, acts in value["recent"].items()}
        histories._owned = {customer: set(items) for customer, items in value["owned"].items()}
        return histories


def freshness(recent: list[Seen], recency: float, half_life_days: float | None) -> list[float]:
    """What each act still counts, newest last: by its place from the end, its age at the newest act, its weight."""
    newest = max((seen.at for seen in recent), default=0.0)
    last = len(recent) - 1
    weights = [recency ** (last - place) * seen.weight for place, seen in enumerate(recent)]
    if half_life_days is None:
        return weights
    rate = -1.0 / (half_life_days * DAY)
    return [weight * exp2(rate * (newest - seen.at)) for weight, seen in zip(weights, recent, strict=True)]

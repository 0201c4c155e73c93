"""A customer's orders and refunds as events in; how many orders, how much money and when last, out.

A pure function of the events: an order that is reported twice is one order, as its newest report has it; a refund
without a sum is for all of it; an order that went back whole is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from profiles.events.event import Event


@dataclass(frozen=True, slots=True)
class Purchases:
    """`spent` is in the shop's currency, refunds taken off."""

    orders: int = 0
    spent: float = 0.0
    last: datetime | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Purchases":
        kept, refunds = kept_orders(events)
        spent = sum(max(0.0, (event.amount or 0.0) - _sum(refunds[name])) for name, event in kept.items())
        return cls(len(kept), round(spent, 2), max((event.at for event in kept.values()), default=None))


def kept_orders(events: Iterable[Event]) -> tuple[dict[str, Event], Mapping[str, list[float | None]]]:
    """Orders that did not go back whole, by their id, and all refunds."""
    placed: dict[str, Event] = {}
    refunds: dict[str, list[float | None]] = defaultdict(list)
    for event in sorted(events, key=lambda item: (item.at, item.id)):
        if event.kind == "bought":
            placed[event.order or event.id] = event
        elif event.kind == "refunded":
            refunds[event.order].append(event.amount)
    return {name: event for name, event in placed.items() if not _all_back(event, refunds[name])}, refunds


def _all_back(order: Event, refunds: list[float | None]) -> bool:
    if not refunds:
        return False
    return None in refunds or (order.amount is not None and round(order.amount - _sum(refunds), 2) <= 0.0)


def _sum(refunds: list[float | None]) -> float:
    return sum(amount or 0.0 for amount in refunds)

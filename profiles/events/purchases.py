"""A customer's orders and refunds as events in; how many orders, how much money and when last, out.

A pure function of the events: an order that is reported again, however much later, is one order, as its oldest report
has it; a refund without a sum is for all of it; an order that went back whole is none; what has no order id is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from profiles.events.event import Event


@dataclass(frozen=True, slots=True)
class Purchases:
    """`spent` is in the shop's currency, refunds taken off."""

    orders: int = 0
    spent: Decimal = Decimal()
    last: datetime | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Purchases":
        kept, refunds = kept_orders(events)
        paid = ((event.amount or Decimal()) - _sum(refunds[name]) for name, event in kept.items())
        spent = sum((max(Decimal(), amount) for amount in paid), Decimal())
        return cls(len(kept), round(spent, 2), max((event.at for event in kept.values()), default=None))


def first_reports(events: Iterable[Event]) -> dict[str, Event]:
    """Of each order id the oldest purchase: the others are reports of the same one."""
    found: dict[str, Event] = {}
    for event in sorted(events, key=lambda item: (item.at, item.id)):
        if event.kind == "bought" and event.order:
            found.setdefault(event.order, event)
    return found


def kept_orders(events: Iterable[Event]) -> tuple[dict[str, Event], Mapping[str, list[Decimal | None]]]:
    """Orders that did not go back whole, by their id, and all refunds."""
    events = list(events)
    refunds: dict[str, list[Decimal | None]] = defaultdict(list)
    for event in events:
        if event.kind == "refunded":
            refunds[event.order].append(event.amount)
    placed = first_reports(events)
    return {name: event for name, event in placed.items() if not _all_back(event, refunds[name])}, refunds


def _all_back(order: Event, refunds: list[Decimal | None]) -> bool:
    if not refunds:
        return False
    return None in refunds or (order.amount is not None and order.amount <= _sum(refunds))


def _sum(refunds: list[Decimal | None]) -> Decimal:
    return sum((amount for amount in refunds if amount is not None), Decimal())

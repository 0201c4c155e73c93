"""A reading as a line of JSON that can be written down or sent to another machine, and back.

The first letter says what it is: "e" an event, "a" one that is kept aside, "c" a customer's record, "n" how many events
said nothing.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from language.decimals import exact, plain
from profiles.customer import Customer
from profiles.events.event import Aside, Event, Reason


@dataclass(slots=True)
class Rows:
    """Lines, read: each kind in an order that does not depend on how they came."""

    events: list[Event] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    passed_over: int = 0


def event_line(event: Event) -> str:
    at = event.at.isoformat()
    amount = plain(event.amount)
    row = ["e", event.id, event.customer, event.visitor, event.kind, at, event.skus, event.order, amount]
    return to_json(row).decode()


def aside_line(item: Aside) -> str:
    return to_json(["a", item.reason, item.detail, item.body, item.customer]).decode()


def customer_line(record: Customer) -> str:
    return to_json(["c", asdict(record)]).decode()


def passed_line(count: int) -> str:
    return to_json(["n", count]).decode()


def read_lines(lines: Iterable[str | bytes]) -> Rows:
    """Events in the order of time and id, asides in that of their texts, of records of one id the last."""
    found, records = Rows(), dict[str, Customer]()
    for line in lines:
        kind, *rest = from_json(line)
        if kind == "e":
            found.events.append(_event(*rest))
        elif kind == "a":
            found.asides.append(Aside(Reason(rest[0]), *rest[1:]))
        elif kind == "c":
            records[rest[0]["id"]] = Customer(**rest[0])
        else:
            found.passed_over += rest[0]
    found.events.sort(key=lambda item: (item.at, item.id, item.customer, item.visitor, item.kind, item.skus))
    found.asides.sort(key=lambda item: (item.reason, item.detail, item.body, item.customer))
    found.customers = [records[name] for name in sorted(records)]
    return found


def _event(
    id_: str, customer: str, visitor: str, kind: Any, at: str, skus: list[str], order: str, amount: float | None
) -> Event:
    moment = datetime.fromisoformat(at)
    return Event(id_, customer, visitor, kind, moment, tuple(skus), order, exact(amount))

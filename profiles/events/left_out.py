"""Orders that say nothing of a customer's tastes, because they say so: "that was a gift".

In: a connection of `profiles.storage.database`, owners. Out: the ids of such orders. A line each time somebody says so
or takes it back, never changed; the last one of an order holds. Orders of visitors who turned out to be customers are
the customer's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from profiles.journal import batched
from profiles.storage.tables import left_out_orders, time_text


@dataclass(frozen=True, slots=True)
class OrderMark:
    """One line. `left_out` False: the order counts again. `source`: where it was said."""

    customer: str
    order: str
    left_out: bool
    at: datetime
    source: str


def add_marks(connection: Connection, marks: Sequence[OrderMark]) -> None:
    """Append."""
    rows = [
        {
            "customer": mark.customer,
            "order_id": mark.order,
            "left_out": mark.left_out,
            "at": time_text(mark.at),
            "source": mark.source[:200],
        }
        for mark in marks
    ]
    if rows:
        connection.execute(left_out_orders.insert(), rows)


def marks_of(connection: Connection, owners: Collection[str] | None = None) -> list[OrderMark]:
    """All lines, of these owners or of everybody, in the order they were written."""
    every = select(left_out_orders)
    statements = (
        [every] if owners is None else [every.where(left_out_orders.c.customer.in_(p)) for p in batched(owners)]
    )
    rows = [row for statement in statements for row in connection.execute(statement)]
    return [
        OrderMark(row.customer, row.order_id, row.left_out, datetime.fromisoformat(row.at), row.source)
        for row in sorted(rows, key=lambda row: int(row.seq))
    ]


def left_out(connection: Connection, owners: Collection[str]) -> dict[str, frozenset[str]]:
    """By owner, the orders that do not count now; those are left out who have none."""
    last = {(mark.customer, mark.order): mark.left_out for mark in marks_of(connection, owners)}
    found: dict[str, set[str]] = {}
    for (customer, order), is_out in last.items():
        if is_out:
            found.setdefault(customer, set()).add(order)
    return {customer: frozenset(orders) for customer, orders in found.items()}

"""A visitor turns out to be a customer: what is theirs becomes the customer's, as far as the customer agrees to it.

In: a connection within a write transaction that holds the locks of both, and their names. Out: nothing; the caller
replays the customer's projection. The journal stays as it is and says which lines were the visitor's; only what the
customer does not consent to goes, whatever the visitor agreed to.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from profiles.journal import batched, read_journal
from profiles.privacy.guard import Guard
from profiles.privacy.purposes import Purpose
from profiles.privacy.withdrawal import forget_profiling
from profiles.projection import remove
from profiles.schema import Schema
from profiles.storage.tables import (
    activities,
    affinities,
    events,
    insert_missing,
    insert_or_replace,
    left_out_orders,
    merged,
    observations,
    time_text,
    waiting_events,
)


def bring_over(connection: Connection, guard: Guard, schema: Schema, visitor: str, owner: str, at: datetime) -> None:
    """The visitor and whoever they were before are the owner from now on; their events wait for the owner."""
    _drop_unwanted(connection, guard, visitor, owner)
    insert_missing(connection, merged, [{"visitor": visitor, "customer": owner, "at": time_text(at)}])
    connection.execute(merged.update().where(merged.c.customer == visitor).values(customer=owner))
    theirs = left_out_orders.c.customer == visitor
    connection.execute(left_out_orders.update().where(theirs).values(customer=owner))
    remove(connection, [visitor])
    _hand_over(connection, visitor, owner, schema)
    if not guard.allowed(connection, [owner], Purpose.PROFILING):
        forget_profiling(connection, [owner], schema)


def _drop_unwanted(connection: Connection, guard: Guard, visitor: str, owner: str) -> None:
    brought = read_journal(connection, visitor)
    owners = {item.customer: owner for item in brought}
    wanted = {item.id for item in guard.permitted(connection, owners, brought)}
    for part in batched(item.id for item in brought if item.id not in wanted):
        connection.execute(delete(observations).where(observations.c.id.in_(part)))


def _hand_over(connection: Connection, visitor: str, owner: str, schema: Schema) -> None:
    """A visitor's events wait for the customer they turned out to be; the customer is as told as their journals are."""
    acts = connection.execute(select(events).where(events.c.customer == visitor).order_by(events.c.id)).all()
    for part in batched(row.id for row in acts):
        connection.execute(delete(waiting_events).where(waiting_events.c.id.in_(part)))
    insert_missing(connection, waiting_events, [row._asdict() | {"customer": owner} for row in acts])
    rows = connection.execute(select(affinities).where(affinities.c.customer.in_((visitor, owner)))).all()
    for table in (events, affinities, activities):
        connection.execute(delete(table).where(table.c.customer == visitor))
    insert_or_replace(connection, affinities, _told_together(rows, owner, schema))


def _told_together(rows: Collection[Row[Any]], owner: str, schema: Schema) -> list[dict[str, Any]]:
    """The owner's rows with what either was told last; of values that contest one slot, the one told last holds it."""
    kept = {(row.attribute, row.value): row._asdict() for row in rows if row.customer == owner}
    ever = [row for row in rows if row.told_at is not None]
    ordered = sorted(ever, key=lambda row: (row.told_at, row.told is not None, row.value))
    holders: dict[tuple[object, ...], tuple[str, str]] = {}
    for row in ordered:
        key = (row.attribute, row.value)
        blank = {"score": 0.0, "at": None, "newest": "", "counts": "{}", "confidence": None}
        kept.setdefault(key, row._asdict() | blank | {"customer": owner})
        kept[key] |= {"told": row.told, "told_at": row.told_at}
        if row.told is not None and row.attribute in schema.attributes:
            slot = (row.attribute, schema.attribute(row.attribute).slot(row.value))
            if (before := holders.get(slot, key)) != key:
                kept[before]["told"] = None
            holders[slot] = key
    return list(kept.values())

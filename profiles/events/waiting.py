"""Whose events they are: browsers that belong to customers, people who are not known yet, visitors who were merged.

Names in; owners, and events that have waited for them, out. `merged` has a browser under its `visitor_name`; a visitor
who was merged into a customer brings the browser of the same id along.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, literal, select

from profiles.events import ledger
from profiles.events.batch import browser_of, is_visitor, visitor_name
from profiles.events.event import Event
from profiles.journal import batched, lock_owners
from profiles.schema import Schema
from profiles.tables import (
    activities,
    affinities,
    customers,
    events,
    insert_missing,
    insert_or_replace,
    merged,
    time_text,
    waiting_events,
)


def lock_event_owners(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """By name of customer or browser, whose the events are; the owners are locked, as in `lock_owners`."""
    browsers = {name: browser_of(name) for name in names if is_visitor(name)}
    owners = lock_owners(connection, {*names, *browsers.values()})
    for name, browser in browsers.items():
        if owners[name] == name and owners[browser] != browser:
            owners[name] = owners[browser]
    return {name: owners[name] for name in names}


def link_visitors(connection: Connection, links: Mapping[str, str], owners: Mapping[str, str], at: datetime) -> None:
    """From browser to customer, both in `owners`; a browser's first link stays."""
    new = sorted((name, owners[customer]) for name, customer in links.items() if owners[name] == name)
    rows = [{"visitor": name, "customer": owner, "at": time_text(at)} for name, owner in new]
    insert_missing(connection, merged, rows)


def take_waiting(connection: Connection, names: Collection[str]) -> dict[str, list[Event]]:
    """The events that have waited for those customers, under whatever name; they wait no longer."""
    owners = {name: name for name in names}
    for part in batched(names):
        for row in connection.execute(select(merged).where(merged.c.customer.in_(part))):
            owners |= {row.visitor: row.customer, visitor_name(row.visitor): row.customer}
    waited = ledger.load_events(connection, waiting_events, owners)
    for part in batched(waited):
        connection.execute(delete(waiting_events).where(waiting_events.c.customer.in_(part)))
    found: dict[str, list[Event]] = {}
    for name, items in waited.items():
        found.setdefault(owners[name], []).extend(items)
    return found


def waiting_and_known(connection: Connection) -> set[str]:
    """Customers whose events wait although they may be known by now."""
    name = waiting_events.c.customer
    known = (
        select(customers.c.id).where(customers.c.id.in_(select(name))),
        select(merged.c.customer).where(merged.c.visitor.in_(select(name))),
        select(merged.c.customer).where((literal(visitor_name("")) + merged.c.visitor).in_(select(name))),
    )
    return {owner for statement in known for owner in connection.execute(statement).scalars()}


def hand_over(connection: Connection, visitor: str, owner: str, schema: Schema) -> None:
    """A visitor's events wait for the customer they turned out to be; the customer is as told as their journals are."""
    acts = ledger.load_events(connection, events, [visitor]).get(visitor, [])
    for part in batched(item.id for item in acts):
        connection.execute(delete(waiting_events).where(waiting_events.c.id.in_(part)))
    ledger.insert_events(connection, waiting_events, {owner: acts})
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

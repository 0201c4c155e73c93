"""Whose events they are: browsers that belong to customers, people who are not known yet, visitors who were merged.

Names in; owners, and events that have waited for them, out. `merged` has a browser under its `visitor_name`; a visitor
who was merged into a customer brings the browser of the same id along.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, literal, select

from profiles.events import ledger
from profiles.events.event import Event
from profiles.journal import batched, lock_owners
from profiles.storage.tables import (
    customers,
    insert_missing,
    merged,
    time_text,
    waiting_events,
)
from profiles.visitors import browser_of, is_visitor, visitor_name


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

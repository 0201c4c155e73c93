"""The tables of events, affinities and activity: rows in and out, many customers a query.

All within a transaction of the caller. Nothing is decided here: `intake` and `counting` decide.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Row, Table, delete, func, select

from language.decimals import exact, plain
from profiles.customer import Customer
from profiles.events.affinity import Affinity, Tastes
from profiles.events.event import Aside, Event, Reason
from profiles.events.machines import MOST_ACTS
from profiles.events.purchases import Purchases
from profiles.journal import batched
from profiles.storage.tables import (
    activities,
    affinities,
    asides,
    customers,
    events,
    insert_missing,
    insert_or_replace,
    time_text,
)

EXAMPLES_PER_REASON = 100


@dataclass(frozen=True, slots=True)
class Activity:
    """One customer's acts and orders in numbers: recency, frequency, money."""

    acts: int = 0
    last_at: datetime | None = None
    purchases: Purchases = field(default_factory=Purchases)


def lock_customers(connection: Connection, names: Collection[str]) -> dict[str, Customer]:
    """Those whom the shop knows, until the transaction ends nobody else's to write.

    Somebody of whom there is an observation and no record is not known.
    """
    found = {}
    for part in batched(names):
        statement = select(customers).where(customers.c.id.in_(part)).order_by(customers.c.id).with_for_update()
        for row in connection.execute(statement):
            record = Customer(**json.loads(row.record))
            if record != Customer(row.id):
                found[row.id] = record
    return found


def known_ids(connection: Connection, table: Table, ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in batched(ids):
        found.update(connection.execute(select(table.c.id).where(table.c.id.in_(part))).scalars())
    return found


def kinds_of_messages(connection: Connection, table: Table, messages: Collection[str]) -> dict[str, str]:
    """Of events that were taken in when a message's id alone was an event's id, what they are, by that id."""
    found: dict[str, str] = {}
    for part in batched(messages):
        rows = connection.execute(select(table.c.id, table.c.kind).where(table.c.id.in_(part)))
        found |= {row.id: row.kind for row in rows}
    return found


def insert_events(connection: Connection, table: Table, owned: Mapping[str, Sequence[Event]]) -> None:
    """By customer, or by visitor."""
    rows = [
        {
            "id": event.id,
            "customer": owner,
            "at": time_text(event.at),
            "kind": event.kind,
            "skus": _json(event.skus),
            "order_id": event.order or None,
            "amount": plain(event.amount),
        }
        for owner, items in owned.items()
        for event in items
    ]
    rows.sort(key=itemgetter("id"))  # two writers of the same events wait for each other, in one order
    insert_missing(connection, table, rows)


def drop_events(connection: Connection, ids: Collection[str]) -> None:
    for part in batched(ids):
        connection.execute(delete(events).where(events.c.id.in_(part)))


def load_events(connection: Connection, table: Table, names: Collection[str], *kinds: str) -> dict[str, list[Event]]:
    """All events of the customers, or those of some kinds."""
    found: dict[str, list[Event]] = {}
    for part in batched(names):
        statement = select(table).where(table.c.customer.in_(part))
        for row in connection.execute(statement.where(table.c.kind.in_(kinds)) if kinds else statement):
            found.setdefault(row.customer, []).append(event_of(row))
    return found


def busy_windows(connection: Connection, names: Collection[str], first: str, last: str) -> dict[str, dict[str, int]]:
    """By customer: windows between two days that hold more acts than a person can do, and how many."""
    found: dict[str, dict[str, int]] = {}
    for length, most in MOST_ACTS.items():
        window = func.substr(events.c.at, 1, length).label("start")
        counted = select(events.c.customer, window, func.count().label("acts")).where(
            events.c.at >= first, events.c.at < f"{last}~"
        )
        grouped = counted.group_by(events.c.customer, window).having(func.count() > most)
        for part in batched(names):
            for row in connection.execute(grouped.where(events.c.customer.in_(part))):
                found.setdefault(row.customer, {})[row.start] = row.acts
    return found


def load_tastes(connection: Connection, names: Collection[str], fresh: Callable[[], Tastes]) -> dict[str, Tastes]:
    found = {name: fresh() for name in names}
    for part in batched(names):
        for name, attribute, value, *rest in connection.execute(
            select(affinities).where(affinities.c.customer.in_(part))
        ):
            found[name].held.setdefault(attribute, {})[value] = _affinity_of(*rest)
    return found


def clear_affinities(connection: Connection, customer: str) -> None:
    connection.execute(delete(affinities).where(affinities.c.customer == customer))


def save_tastes(connection: Connection, tastes: Mapping[str, Tastes]) -> None:
    """Only what has changed."""
    rows = [
        {
            "customer": name,
            "attribute": attribute,
            "value": value,
            "score": item.score,
            "at": _text(item.at),
            "newest": item.newest,
            "counts": _json(item.counts),
            "confidence": item.confidence,
            "told": item.told,
            "told_at": _text(item.told_at),
        }
        for name, taste in tastes.items()
        for attribute, held in taste.held.items()
        for value, item in held.items()
        if item.changed
    ]
    insert_or_replace(connection, affinities, rows)


def load_activities(connection: Connection, names: Collection[str]) -> dict[str, Activity]:
    found = {}
    for part in batched(names):
        for row in connection.execute(select(activities).where(activities.c.customer.in_(part))):
            purchases = Purchases(row.orders, exact(row.spent), _time(row.last_order))
            found[row.customer] = Activity(row.acts, _time(row.last_at), purchases)
    return found


def save_activities(connection: Connection, held: Mapping[str, Activity]) -> None:
    rows = [
        {
            "customer": name,
            "acts": item.acts,
            "last_at": _text(item.last_at),
            "orders": item.purchases.orders,
            "spent": plain(item.purchases.spent),
            "last_order": _text(item.purchases.last),
        }
        for name, item in held.items()
    ]
    insert_or_replace(connection, activities, rows)


def keep_asides(connection: Connection, items: Sequence[Aside], noted: datetime) -> None:
    """As examples, at most `EXAMPLES_PER_REASON` of each reason."""
    if not items:
        return
    counted = select(asides.c.reason, func.count().label("kept")).group_by(asides.c.reason)
    kept: dict[str, int] = {row.reason: row.kept for row in connection.execute(counted)}
    rows = []
    for item in items:
        kept[item.reason] = kept.get(item.reason, 0) + 1
        if kept[item.reason] <= EXAMPLES_PER_REASON:
            row = {"reason": item.reason.value, "detail": item.detail, "body": item.body}
            rows.append(row | {"customer": item.customer, "noted": time_text(noted)})
    insert_missing(connection, asides, rows)


def load_asides(connection: Connection) -> list[Aside]:
    """The examples, by reason."""
    statement = select(asides).order_by(asides.c.reason, asides.c.seq)
    return [Aside(Reason(row.reason), row.detail, row.body, row.customer) for row in connection.execute(statement)]


def event_of(row: Row[Any]) -> Event:
    at, skus = datetime.fromisoformat(row.at), tuple(from_json(row.skus))
    return Event(row.id, row.customer, "", row.kind, at, skus, row.order_id or "", exact(row.amount))


def _affinity_of(
    score: float,
    at: str | None,
    newest: str,
    counts: str,
    confidence: float | None,
    told: float | None,
    told_at: str | None,
) -> Affinity:
    return Affinity(score, _time(at), newest, from_json(counts), confidence, told, _time(told_at))


def _json(value: object) -> str:
    return to_json(value).decode()  # a few times as fast as the json module


def _text(at: datetime | None) -> str | None:
    return time_text(at) if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

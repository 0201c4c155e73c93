"""Acts in the order in which they came to count, for whoever learns from them as they come.

`event_counted` numbers the events that count, a machine's left out. A number is given before its transaction ends, so
on PostgreSQL a lower one may become visible after a higher one: readers ask for the gaps again. All within a
transaction of the caller.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select

from profiles.events.event import WEIGHTS, Event
from profiles.events.ledger import event_of
from profiles.journal import batched
from profiles.storage.tables import counted_events, events, insert_missing

_JOINED = events.join(counted_events, counted_events.c.id == events.c.id)
_COUNTED = select(counted_events.c.seq, *events.c).select_from(_JOINED)


@dataclass(frozen=True, slots=True)
class Act:
    """An event that counts, and its number."""

    seq: int
    event: Event


def note_counted(connection: Connection, items: Iterable[Event]) -> None:
    """They count from now on; those that did already keep their number, and those of one moment their order."""
    ordered = sorted(items, key=lambda item: item.at)
    insert_missing(connection, counted_events, [{"id": item.id} for item in ordered])


def withdraw_counted(connection: Connection, ids: Collection[str]) -> None:
    for part in batched(ids):
        connection.execute(delete(counted_events).where(counted_events.c.id.in_(part)))


def note_earlier(connection: Connection) -> None:
    """Number the events of a database that was made before they had numbers."""
    if connection.execute(select(counted_events.c.seq).limit(1)).first() is None:
        found = connection.execute(select(events.c.id).order_by(events.c.at, events.c.id)).scalars()
        insert_missing(connection, counted_events, [{"id": name} for name in found])


def newest_number(connection: Connection) -> int:
    return connection.execute(select(func.max(counted_events.c.seq))).scalar_one() or 0


def acts_after(connection: Connection, seq: int, missing: Collection[int], most: int) -> list[Act]:
    """What has come since number `seq`, and what was missing before, by number: events of all kinds."""
    new = counted_events.c.seq > seq
    wanted = or_(new, counted_events.c.seq.in_(list(missing))) if missing else new
    return _read(connection.execute(_COUNTED.where(wanted).order_by(counted_events.c.seq).limit(most)))


def recent_acts(
    connection: Connection, customers: Collection[str], most: int, before: int | None = None
) -> dict[str, list[Act]]:
    """Each customer's newest acts that say something of a taste, oldest first; `before`: with a lower number.

    A device's clock counts milliseconds, so acts of one moment stand in the order in which they came.
    """
    newest_first = (events.c.at.desc(), counted_events.c.seq.desc())
    place = func.row_number().over(partition_by=events.c.customer, order_by=newest_first).label("place")
    found: dict[str, list[Act]] = {}
    for part in batched(customers):
        chosen = _COUNTED.add_columns(place).where(events.c.customer.in_(part), events.c.kind.in_(list(WEIGHTS)))
        if before is not None:
            chosen = chosen.where(counted_events.c.seq < before)
        placed = chosen.subquery()
        for act in _read(connection.execute(select(placed).where(placed.c.place <= most))):
            found.setdefault(act.event.customer, []).append(act)
    return {name: sorted(acts, key=lambda act: (act.event.at, act.seq)) for name, acts in found.items()}


def bought_events(connection: Connection) -> list[Event]:
    """All orders of all customers."""
    return [act.event for act in _read(connection.execute(_COUNTED.where(events.c.kind == "bought")))]


def counted_since(
    connection: Connection, customers: Collection[str], kinds: Collection[str], since: str
) -> dict[str, list[Event]]:
    """By customer, the events of these kinds from a time on (as `time_text` has it)."""
    found: dict[str, list[Event]] = {}
    wanted = _COUNTED.where(events.c.kind.in_(list(kinds)), events.c.at >= since)
    for part in batched(customers):
        for act in _read(connection.execute(wanted.where(events.c.customer.in_(part)))):
            found.setdefault(act.event.customer, []).append(act.event)
    return found


def _read(rows: Iterable[Row[Any]]) -> list[Act]:
    return [Act(row.seq, event_of(row)) for row in rows]

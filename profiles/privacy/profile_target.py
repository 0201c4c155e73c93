"""The profile's own tables as a place of erasure: journal, projection, events, consents, and who looked.

In: a store and a subject. Out: how many rows were removed, by table. One transaction, which holds the customer's lock.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Column, Connection, Table, delete, or_, select, update

from profiles.customer import Customer
from profiles.journal import batched, customer_row, lock_owners, owners_of
from profiles.privacy.erasure_targets import Subject
from profiles.privacy.withdrawal import withdraw_where
from profiles.storage.database import reading, retried, writing
from profiles.storage.tables import (
    accesses,
    activities,
    affinities,
    asides,
    consents,
    customers,
    events,
    insert_missing,
    kept_answers,
    left_out_orders,
    merged,
    observations,
    projections,
    sign_in_codes,
    waiting_events,
)
from profiles.store import ProfileStore
from profiles.visitors import is_visitor, visitor_name

_ROWS: Mapping[str, Column[str]] = {
    "observations": observations.c.customer,
    "projections": projections.c.customer,
    "events": events.c.customer,
    "waiting events": waiting_events.c.customer,
    "affinities": affinities.c.customer,
    "activities": activities.c.customer,
    "consents": consents.c.customer,
    "left-out orders": left_out_orders.c.customer,
    "sign-in codes": sign_in_codes.c.customer,
    "kept answers": kept_answers.c.customer,
    "customers": customers.c.id,
}


def names_of(connection: Connection, customer: str) -> tuple[str, set[str]]:
    """Whose the id is, and all names that are theirs: visitors they were, and browsers by those names."""
    owner = owners_of(connection, [customer])[customer]
    found = connection.execute(select(merged.c.visitor).where(merged.c.customer == owner)).scalars()
    names = {owner, customer, *found}
    return owner, names | {visitor_name(name) for name in names if not is_visitor(name)}


class ProfilePlace:
    """Of one store."""

    def __init__(self, store: ProfileStore) -> None:
        self._store = store

    def held(self) -> Iterable[str]:
        """Everybody of whom any table has a row."""
        columns = [column for name, column in _ROWS.items() if name != "projections"]
        with reading(self._store.engine) as connection:
            found = [select(column).distinct() for column in (*columns, merged.c.visitor)]
            return {name for statement in found for name in connection.execute(statement).scalars()}

    @retried
    def erase(self, subject: Subject) -> Mapping[str, int]:
        removed: dict[str, int] = {}
        with writing(self._store.engine) as connection:
            # A row of one's own makes whoever writes about them at this moment wait, and then find the tombstone.
            mine = connection.execute(select(customers.c.id).where(customers.c.id == subject.id)).one_or_none()
            insert_missing(connection, customers, [customer_row(Customer(subject.id))])
            lock_owners(connection, [subject.id])
            counted = [withdraw_where(connection, events.c.customer.in_(part)) for part in batched(subject.names)]
            removed["numbers of events"] = sum(counted)
            for name, column in _ROWS.items():
                removed[name] = _delete(connection, column.table, column, subject.names)
            removed["customers"] -= mine is None
            removed["merged visitors"] = _delete(connection, merged, merged.c.visitor, subject.names)
            removed["merged visitors"] += _delete(connection, merged, merged.c.customer, subject.names)
            removed["events kept aside"] = _delete_asides(connection, subject.names)
            for name, key in subject.keys.items():
                known_by_key = update(accesses).where(accesses.c.customer == name).values(customer=key, detail="")
                connection.execute(known_by_key)
        if self._store.consent_file is not None:
            removed["withdrawals on file"] = self._store.consent_file.forget(set(subject.keys.values()))
        return removed


def _delete(connection: Connection, table: Table, column: Column[str], names: Collection[str]) -> int:
    return sum(connection.execute(delete(table).where(column.in_(part))).rowcount for part in batched(names))


def _delete_asides(connection: Connection, names: Collection[str]) -> int:
    """Those that are of them, and those whose text names them."""
    count = 0
    for name in names:
        quoted = f'"{name}"'
        told = or_(
            asides.c.customer == name,
            asides.c.body.contains(quoted, autoescape=True),
            asides.c.detail.contains(quoted, autoescape=True),
        )
        count += connection.execute(delete(asides).where(told)).rowcount
    return count

"""The journal's rows: whose they are, which are new, and a customer's observations and record.

In: a connection of `profiles.storage.database`. Out: observations, and owners: a merged visitor's owner is the
customer they turned out to be, anybody else's is themselves.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice

from sqlalchemy import BindParameter, Connection, bindparam, func, or_, select

from errors import NotFound
from profiles.customer import Customer, normalized_email
from profiles.observation import Observation
from profiles.storage.tables import customers, merged, observation_of, observations

IDS_PER_QUERY = 500
_OWNERS: BindParameter[str] = bindparam("owners", expanding=True)
_JOURNALS = (
    select(observations, func.coalesce(merged.c.customer, observations.c.customer).label("owner"))
    .select_from(observations.outerjoin(merged, merged.c.visitor == observations.c.customer))
    .where(
        or_(
            observations.c.customer.in_(_OWNERS),
            observations.c.customer.in_(select(merged.c.visitor).where(merged.c.customer.in_(_OWNERS))),
        )
    )
    .order_by(observations.c.at, observations.c.seq)
)
_SOME_OF_JOURNALS = _JOURNALS.where(observations.c.attribute.in_(bindparam("attributes", expanding=True)))


def batched(names: Iterable[str]) -> Iterator[list[str]]:
    """The names in order, as many at once as a query takes."""
    rest = iter(sorted(names))
    while part := list(islice(rest, IDS_PER_QUERY)):
        yield part


def owners_of(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """By name, whose the observations are."""
    owners = {name: name for name in names}
    for part in batched(owners):
        rows = connection.execute(select(merged.c.visitor, merged.c.customer).where(merged.c.visitor.in_(part)))
        owners |= {row.visitor: row.customer for row in rows}
    return owners


def lock_owners(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """`owners_of`, with one writer per customer from here on (PostgreSQL; SQLite has one writer anyway).

    Always in the order of names, and owners only: writers wait for each other instead of dying in a deadlock.
    """
    owners = owners_of(connection, names)
    if connection.dialect.name == "sqlite":
        return owners
    while True:
        for part in batched(set(owners.values())):
            held = select(customers.c.id).where(customers.c.id.in_(part)).order_by(customers.c.id)
            connection.execute(held.with_for_update()).all()
        now = owners_of(connection, names)
        if now == owners:  # else one was merged while we waited
            return owners
        owners = now


def load_customers(connection: Connection, names: Collection[str]) -> dict[str, Customer]:
    """The shop's records, of those that have one; their consent is what the record says."""
    found = {}
    for part in batched(names):
        for row in connection.execute(select(customers).where(customers.c.id.in_(part))):
            found[row.id] = Customer(**json.loads(row.record))
    return found


def customer_row(record: Customer) -> dict[str, str]:
    """`email` stands beside the record so that it can be looked up."""
    body = json.dumps(asdict(record), ensure_ascii=False)
    return {"id": record.id, "record": body, "email": normalized_email(record.email)}


def find_observation(connection: Connection, observation: str) -> tuple[str, Observation]:
    """An observation by its id, and whose it is. Errors: `NotFound`."""
    row = connection.execute(select(observations).where(observations.c.id == observation)).one_or_none()
    if row is None:
        raise NotFound(f"no observation {observation!r}; `history` shows the ids of a customer's")
    found = observation_of(row)
    return owners_of(connection, [found.customer])[found.customer], found


def read_journal(connection: Connection, owner: str, attributes: Collection[str] | None = None) -> list[Observation]:
    """An owner's observations, oldest first: theirs and their visitors', of these attributes or of all."""
    return read_journals(connection, [owner], attributes).get(owner, [])


def read_journals(
    connection: Connection, owners: Collection[str], attributes: Collection[str] | None = None
) -> dict[str, list[Observation]]:
    """`read_journal` of many, by owner, those left out who have none; all of it must fit memory."""
    found: dict[str, list[Observation]] = {}
    for part in batched(owners):
        statement = _JOURNALS if attributes is None else _SOME_OF_JOURNALS
        asked = {"owners": part} | ({} if attributes is None else {"attributes": sorted(attributes)})
        for row in connection.execute(statement, asked):
            found.setdefault(row.owner, []).append(observation_of(row))
    return found


def unknown(connection: Connection, items: Sequence[Observation]) -> list[Observation]:
    """Those whose id the journal does not have; of two with one id the first counts."""
    by_id: Mapping[str, Observation] = {item.id: item for item in reversed(items)}
    known: set[str] = set()
    for part in batched(by_id):
        known.update(connection.execute(select(observations.c.id).where(observations.c.id.in_(part))).scalars())
    return [item for item in dict.fromkeys(items) if item.id not in known and by_id[item.id] is item]

"""The profile store: observations in, profiles and history out, over any engine of `profiles.database`.

`append` writes journal and projection in one transaction; when it returns, the write survives a crash.
Errors: `Refused` for what the schema does not let the authority write, `DataError` for an unknown
attribute or a time without a zone, `StorageError` for a full or damaged database (nothing of that
append is written, all earlier ones remain).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, select

from errors import DataError, NotFound, Refused, choices
from profiles.claims import claim_from_json, claim_to_json
from profiles.customer import Customer
from profiles.database import reading, writing
from profiles.events.live import freshen
from profiles.fold import Settled, fold, settle, weigh_profile
from profiles.observation import Authority, Change, Observation, Profile, Trait
from profiles.schema import Schema
from profiles.tables import (
    customers,
    insert_missing,
    insert_or_replace,
    metadata,
    observation_of,
    observations,
    profiles,
    row_of,
    time_text,
)

IDS_PER_QUERY = 500
PROJECTION_FORMAT = 1  # raise it when claims, their JSON or the fold's rules change


class ProfileStore:
    """One journal and its projection.

    Holds nothing but the engine, so any number of processes may share a database.
    """

    def __init__(self, engine: Engine, schema: Schema) -> None:
        self.engine = engine
        self.schema = schema
        self._rules = _fingerprint(schema)
        with writing(engine) as connection:
            metadata.create_all(connection)

    def append(self, items: Sequence[Observation], at: datetime | None = None) -> Change:
        """Write the observations whose ids are new, of any number of customers.

        Returns what became of the traits, weighed as of `at` or else of the customer's newest observation.
        """
        with writing(self.engine) as connection:
            return self._change(self.append_within(connection, items), at)

    def append_within(self, connection: Connection, items: Sequence[Observation]) -> "list[Projected]":
        """`append` as part of a caller's write transaction; what it did to each customer's projection."""
        for item in items:
            self._check(item)
        touched = sorted({item.customer for item in items})
        strangers = sorted(set(touched) - _lock(connection, touched))
        insert_missing(connection, customers, [_customer_row(Customer(name)) for name in strangers])
        _lock(connection, strangers)
        new = _unknown(connection, items)
        insert_missing(connection, observations, [row_of(item) for item in new])
        return self._project(connection, new)

    def read(self, customer: str, at: datetime | None = None) -> Profile:
        """The profile now, or as it stood at `at`. An unknown customer has an empty one."""
        with reading(self.engine) as connection:
            row = connection.execute(select(profiles).where(profiles.c.customer == customer)).one_or_none()
            if row is None:
                return Profile(customer)
            newest = datetime.fromisoformat(row.newest)
            moment = at or max(datetime.now(UTC), newest)  # a clock behind the shop's records hides nothing
            if moment >= newest:
                current = row.rules == self._rules
                settled = _settled_from_text(row.body) if current else settle(self.history(customer), self.schema)
                live = freshen(connection, customer, settled, moment)
                return weigh_profile(customer, live, self.schema, moment)
        folded = fold(self.history(customer), self.schema, moment)
        return Profile(customer, folded.traits, folded.past)

    def history(self, customer: str) -> list[Observation]:
        """The customer's journal, oldest first."""
        statement = (
            select(observations)
            .where(observations.c.customer == customer)
            .order_by(observations.c.at, observations.c.seq)
        )
        with reading(self.engine) as connection:
            return [observation_of(row) for row in connection.execute(statement)]

    def customers(self) -> list[str]:
        """Ids of everyone the store has heard of, sorted."""
        with reading(self.engine) as connection:
            return list(connection.execute(select(customers.c.id).order_by(customers.c.id)).scalars())

    def customer(self, customer: str) -> Customer:
        """The shop's record of a customer; `NotFound` names some valid ids."""
        with reading(self.engine) as connection:
            found = connection.execute(
                select(customers.c.record).where(customers.c.id == customer)
            ).scalar_one_or_none()
        if found is None:
            raise NotFound(f"no customer {customer!r}; there are {choices(self.customers()) or 'none yet'}")
        return Customer(**json.loads(found))

    def consents(self, customer: str) -> Mapping[str, bool]:
        """What the customer agreed to, by purpose; a visitor to nothing."""
        with reading(self.engine) as connection:
            found = connection.execute(
                select(customers.c.record).where(customers.c.id == customer)
            ).scalar_one_or_none()
        return Customer(**json.loads(found)).consent if found else {}

    def put_customers(self, records: Sequence[Customer]) -> None:
        """Write the shop's records, in place of earlier ones."""
        with writing(self.engine) as connection:
            insert_or_replace(connection, customers, [_customer_row(record) for record in records])

    def is_empty(self) -> bool:
        with reading(self.engine) as connection:
            return connection.execute(select(observations.c.seq).limit(1)).first() is None

    def rebuild(self) -> int:
        """Replay the whole journal into the projection; returns the number of customers."""
        with writing(self.engine) as connection:
            connection.execute(select(customers.c.id).order_by(customers.c.id).with_for_update()).all()
            connection.execute(profiles.delete())
            everyone = list(connection.execute(select(observations.c.customer).distinct()).scalars())
            for name in sorted(everyone):
                rows = connection.execute(select(observations).where(observations.c.customer == name))
                self._project(connection, [observation_of(row) for row in rows])
        return len(everyone)

    def _check(self, item: Observation) -> None:
        attribute = self.schema.attribute(item.attribute)
        if item.at.tzinfo is None:
            raise DataError(f"observation {item.id!r}: its time {item.at} must have a zone")
        if not 0.0 <= item.confidence <= 1.0:
            raise DataError(f"observation {item.id!r}: confidence {item.confidence} must be between 0 and 1")
        if item.op == "assert" and item.authority not in attribute.writers:
            raise Refused(
                f"{item.authority.value} may not write {attribute.name!r}, only {choices(attribute.writers)}"
            )
        if (
            item.op == "retract"
            and item.authority is not Authority.SHOP
            and attribute.writers == {Authority.SHOP}
        ):
            raise Refused(f"{attribute.name!r} is the shop's own record; only shop may retract it")

    def _project(self, connection: Connection, new: Sequence[Observation]) -> "list[Projected]":
        """Fold again only the attributes that were touched, of the customers that were."""
        touched: dict[str, set[str]] = defaultdict(set)
        newest: dict[str, datetime] = {}
        for item in new:
            touched[item.customer].add(item.attribute)
            newest[item.customer] = max(item.at, newest.get(item.customer, item.at))
        names, done = list(touched), []
        for start in range(0, len(names), IDS_PER_QUERY):
            part = names[start : start + IDS_PER_QUERY]
            rows = connection.execute(select(profiles).where(profiles.c.customer.in_(part)))
            held = {row.customer: row for row in rows}
            whole = [name for name in part if name not in held or held[name].rules != self._rules]
            journal = _journal(connection, part, whole, {name: touched[name] for name in part})
            for name in part:
                before = {} if name in whole else _settled_from_text(held[name].body)
                after = before | settle(journal[name], self.schema)
                last = max(time_text(newest[name]), held[name].newest if name in held else "")
                done.append(Projected(name, before, after, last))
        bodies = [(item, _settled_to_text(item.after)) for item in done]
        insert_or_replace(
            connection,
            profiles,
            [
                {"customer": item.customer, "body": body, "newest": item.newest, "rules": self._rules}
                for item, body in bodies
            ],
        )
        return done

    def _change(self, done: Iterable["Projected"], at: datetime | None) -> Change:
        changes = []
        for item in done:
            moment = at or datetime.fromisoformat(item.newest)
            before = weigh_profile(item.customer, item.before, self.schema, moment)
            after = weigh_profile(item.customer, item.after, self.schema, moment)
            changes.append(_difference(before.traits, after.traits, self.schema))
        return Change(
            tuple(trait for change in changes for trait in change.added),
            tuple(trait for change in changes for trait in change.superseded),
            tuple(trait for change in changes for trait in change.retracted),
        )


@dataclass(frozen=True, slots=True)
class Projected:
    """A customer's settled claims before and after an append; `newest` is the time of their newest observation."""

    customer: str
    before: Mapping[str, Settled]
    after: Mapping[str, Settled]
    newest: str


def _journal(
    connection: Connection, names: Sequence[str], whole: Collection[str], touched: Mapping[str, Collection[str]]
) -> Mapping[str, list[Observation]]:
    """By customer: the observations of the attributes that were touched; all of those in `whole`."""
    attributes = set().union(*touched.values())
    concerns = observations.c.attribute.in_(attributes) | observations.c.customer.in_(whole)
    found: dict[str, list[Observation]] = {name: [] for name in names}
    for row in connection.execute(select(observations).where(observations.c.customer.in_(names), concerns)):
        if row.customer in whole or row.attribute in touched[row.customer]:
            found[row.customer].append(observation_of(row))
    return found


def _lock(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those who are there. PostgreSQL: one writer per customer; SQLite has one writer anyway."""
    found: set[str] = set()
    for start in range(0, len(names), IDS_PER_QUERY):
        part = customers.c.id.in_(names[start : start + IDS_PER_QUERY])
        statement = select(customers.c.id).where(part).order_by(customers.c.id).with_for_update()
        found.update(connection.execute(statement).scalars())
    return found


def _unknown(connection: Connection, items: Sequence[Observation]) -> list[Observation]:
    by_id = {item.id: item for item in reversed(items)}  # of two with one id the first counts
    ids = list(by_id)
    for start in range(0, len(ids), IDS_PER_QUERY):
        part = ids[start : start + IDS_PER_QUERY]
        known = connection.execute(select(observations.c.id).where(observations.c.id.in_(part))).scalars()
        for name in list(known):
            del by_id[name]
    return [item for item in dict.fromkeys(items) if by_id.get(item.id) is item]


def _difference(before: Iterable[Trait], after: Iterable[Trait], schema: Schema) -> Change:
    def identity(trait: Trait) -> tuple[object, ...]:
        return trait.attribute, trait.value, trait.polarity, trait.authority

    def slot(trait: Trait) -> tuple[object, ...]:
        return trait.attribute, trait.value if schema.attribute(trait.attribute).many else None

    old, new = {identity(t): t for t in before}, {identity(t): t for t in after}
    occupied = {slot(trait) for trait in new.values()}
    left = [trait for key, trait in old.items() if key not in new]
    return Change(
        tuple(trait for key, trait in new.items() if key not in old),
        tuple(trait for trait in left if slot(trait) in occupied),
        tuple(trait for trait in left if slot(trait) not in occupied),
    )


def _fingerprint(schema: Schema) -> str:
    """Of all that a projection depends on beside the journal."""
    shape = [(item.name, item.many) for item in schema.attributes.values()]
    return sha256(repr((PROJECTION_FORMAT, shape)).encode()).hexdigest()[:16]


def _customer_row(record: Customer) -> dict[str, str]:
    return {"id": record.id, "record": json.dumps(asdict(record), ensure_ascii=False)}


def _settled_to_text(settled: Mapping[str, Settled]) -> str:
    body = {
        name: [[claim_to_json(c) for c in item.current], [claim_to_json(c) for c in item.past]]
        for name, item in settled.items()
    }
    return to_json(body).decode()  # a few times as fast as the json module


def _settled_from_text(body: str) -> dict[str, Settled]:
    loaded: dict[str, Any] = from_json(body)
    return {
        name: Settled(tuple(map(claim_from_json, current)), tuple(map(claim_from_json, past)))
        for name, (current, past) in loaded.items()
    }

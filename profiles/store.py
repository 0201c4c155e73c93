"""The profile store: observations in, profiles and history out, over any engine of `profiles.storage.database`.

`append` writes journal and projection in one transaction; when it returns, the write survives a crash.
Errors: `Refused` for what the schema does not let the authority write, the customer does not agree to, or is of
somebody who was erased; `DataError` for an unknown attribute or a time without a zone, `StorageError` for a full or
damaged database (nothing of that append is written, all earlier ones remain).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select

import clock
from errors import NotFound, Refused, choices
from profiles.customer import Customer, normalized_email
from profiles.fold import FoldedState
from profiles.history.merge import bring_over
from profiles.history.undo import undo_of
from profiles.history.views import Views
from profiles.journal import (
    customer_row,
    find_observation,
    load_customers,
    lock_owners,
    owners_of,
    read_journal,
    unknown,
)
from profiles.observation import Change, Observation, Profile
from profiles.privacy.consent_file import ConsentFile, outliving
from profiles.privacy.consents import FROM_RECORD, Consent, add_consents, consent_lines
from profiles.privacy.guard import Guard, agrees
from profiles.privacy.purposes import Purpose
from profiles.privacy.settings import Privacy
from profiles.privacy.tombstones import check_salt
from profiles.privacy.withdrawal import forget_profiling
from profiles.projector import CUSTOMERS_AT_ONCE, Projected, Projector, change_of
from profiles.reserved import INTENTS
from profiles.schema import Schema
from profiles.storage.database import reading, retried, writing
from profiles.storage.migration import migrate
from profiles.storage.tables import (
    customers,
    insert_missing,
    insert_or_replace,
    merged,
    observations,
    projections,
    row_of,
)

_NAMED = 5  # customers, by an error


class ProfileStore:
    """One journal and its projection.

    Holds nothing but the engine, so any number of processes may share a database.
    """

    def __init__(
        self,
        engine: Engine,
        schema: Schema,
        privacy: Privacy | None = None,
        salt: bytes | None = None,
        consent_file: ConsentFile | None = None,
    ) -> None:
        """`privacy`: the shop's defaults. `salt`: by which the erased are known; a database that has some needs it.

        `consent_file`: what remembers withdrawals beyond the database; None for a database that is not put back.
        """
        self.engine = engine
        self.schema = schema
        self.privacy = privacy or Privacy()
        self.salt = salt
        self.consent_file = consent_file
        self._all = Schema({**schema.attributes, INTENTS.name: INTENTS})  # what the journal holds, intents included
        self.guard = Guard(self._all, self.privacy, salt)
        self._projecting = Projector(self._all)
        self._views = Views(schema, self._all, self.privacy, self._projecting)
        migrate(engine)
        with reading(engine) as connection:
            check_salt(connection, salt)

    @retried
    def append(self, items: Sequence[Observation], at: datetime | None = None) -> Change:
        """Write the observations whose ids are new, of any number of customers.

        Returns what became of the traits, weighed as of `at` or else of the customer's newest observation.
        """
        with writing(self.engine) as connection:
            return change_of(self.append_within(connection, items), self.schema, at)

    def append_within(self, connection: Connection, items: Sequence[Observation]) -> list[Projected]:
        """`append` as part of a caller's write transaction; what it did to each customer's claims."""
        for item in items:
            self._all.check(item)
        touched = sorted({item.customer for item in items})
        insert_missing(connection, customers, [customer_row(Customer(name)) for name in touched])
        owners = lock_owners(connection, touched)
        new = unknown(connection, items)
        self.guard.check(connection, owners, new)
        insert_missing(connection, observations, [row_of(item) for item in new])
        by_owner: dict[str, list[Observation]] = defaultdict(list)
        for item in new:
            by_owner[owners[item.customer]].append(item)
        return self._projecting.add(connection, by_owner)

    def permitted(self, items: Sequence[Observation]) -> list[Observation]:
        """Those of the observations whose customers agree to what they are for, and were not erased."""
        with reading(self.engine) as connection:
            owners = owners_of(connection, {item.customer for item in items})
            return self.guard.permitted(connection, owners, items)

    def undo(self, observation: str, reason: str = "undone", at: datetime | None = None) -> Change:
        """Append that the observation of this id counts as never made; an undo can be undone too.

        Undoing what is undone changes nothing. Errors: `NotFound` for an id that is not in the journal.
        """
        with reading(self.engine) as connection:
            owner, target = find_observation(connection, observation)
            items = read_journal(connection, owner, [target.attribute])
        taken_back = undo_of(target, items, reason, at or clock.now())
        return self.append([taken_back]) if taken_back else Change()

    def whose(self, observation: str) -> str:
        """The customer in whose journal it stands. Errors: `NotFound`."""
        with reading(self.engine) as connection:
            return find_observation(connection, observation)[0]

    @retried
    def merge(self, visitor: str, customer: str, at: datetime | None = None) -> Change:
        """Let the visitor's observations, past and future, count as the customer's: who they were is known now.

        The journal says which were the visitor's; what the customer does not agree to goes. Merging again changes
        nothing. Their events wait for the intake (`profiles.events.intake`), which counts them as the customer's when
        it next settles.
        Errors: `Refused` for a visitor who is another customer already, and for merging one into themselves.
        """
        with writing(self.engine) as connection:
            names = sorted({visitor, customer})
            insert_missing(connection, customers, [customer_row(Customer(name)) for name in names])
            owners = lock_owners(connection, names)
            self.guard.refuse_erased(connection, {visitor, customer})
            owner = owners[customer]
            if visitor == owner:
                raise Refused(f"{visitor!r} and {customer!r} are one customer; nobody is merged into themselves")
            if owners[visitor] == owner:
                return Change()
            if owners[visitor] != visitor:
                raise Refused(f"{visitor!r} is merged into {owners[visitor]!r} already, not into {customer!r}")
            bring_over(connection, self.guard, self.schema, visitor, owner, at or clock.now())
            return change_of(self._projecting.replay(connection, [owner]), self.schema)

    def owner(self, customer: str) -> str:
        """Who somebody is: of a merged visitor the customer that they turned out to be, of anybody else themselves."""
        with reading(self.engine) as connection:
            return owners_of(connection, [customer])[customer]

    def read(self, customer: str, at: datetime | None = None) -> Profile:
        """The profile now, or as it stood at `at`. An unknown customer has an empty one, a merged visitor
        the customer's."""
        with reading(self.engine) as connection:
            return self._views.profile(connection, customer, at)

    def settled(self, customer: str) -> Mapping[str, FoldedState]:
        """The claims that `read` weighs now, by attribute."""
        with reading(self.engine) as connection:
            return self._views.settled(connection, customer)

    def reserved(self, customer: str, at: datetime | None = None) -> tuple[FoldedState | None, datetime]:
        """The claims of the reserved attribute, which `profiles.intents` reads, and the moment as of which they are."""
        with reading(self.engine) as connection:
            return self._views.reserved(connection, customer, at)

    def reserved_within(
        self, connection: Connection, owners: Collection[str]
    ) -> dict[str, tuple[FoldedState, datetime]]:
        """`reserved` of many customers in a caller's transaction, those left out who never had any."""
        return self._views.reserved_of_many(connection, owners)

    def history(self, customer: str) -> list[Observation]:
        """The customer's journal, oldest first, with the lines of visitors who turned out to be them."""
        with reading(self.engine) as connection:
            return self._views.history(connection, customer)

    def customers(self) -> list[str]:
        """Ids of everyone the store has heard of, sorted; merged visitors are not their own."""
        known = select(customers.c.id).where(customers.c.id.not_in(select(merged.c.visitor)))
        with reading(self.engine) as connection:
            return list(connection.execute(known.order_by(customers.c.id)).scalars())

    def has(self, customer: str) -> bool:
        """Whether the store has heard of somebody by this id who is not a merged visitor: one look by key."""
        known = select(customers.c.id).where(customers.c.id == customer)
        with reading(self.engine) as connection:
            found = known.where(customers.c.id.not_in(select(merged.c.visitor).where(merged.c.visitor == customer)))
            return connection.execute(found).first() is not None

    def customer(self, customer: str) -> Customer:
        """The shop's record of a customer; `NotFound` names some valid ids."""
        found = self._record(customer)
        if found is None:
            raise self.not_found(customer)
        return found

    def customers_at(self, email: str) -> list[str]:
        """Ids of those whose records have this e-mail address, merged ones left out; it is compared normalised."""
        address = normalized_email(email)
        theirs = select(customers.c.id).where(customers.c.email == address, customers.c.email != "")
        with reading(self.engine) as connection:
            found = theirs.where(customers.c.id.not_in(select(merged.c.visitor)))
            return list(connection.execute(found.order_by(customers.c.id)).scalars())

    def not_found(self, customer: str, hidden: str = "") -> NotFound:
        """The error for an id that nobody has, with a few that there are; none that begins with `hidden`."""
        known = select(customers.c.id).where(customers.c.id.not_in(select(merged.c.visitor)))
        known = known.where(~customers.c.id.startswith(hidden, autoescape=True)) if hidden else known
        with reading(self.engine) as connection:
            some = connection.execute(known.order_by(customers.c.id).limit(_NAMED + 1)).scalars().all()
        more = " and more" if len(some) > _NAMED else ""
        return NotFound(f"no customer {customer!r}; there are {choices(some[:_NAMED]) or 'none yet'}{more}")

    def consents(self, customer: str) -> Mapping[str, bool]:
        """By purpose, what the customer said last, or else the shop's default; absent where nobody has said."""
        with reading(self.engine) as connection:
            owner = owners_of(connection, [customer])[customer]
            return self.guard.consents(connection, [owner])[owner]

    def allows(self, customer: str, purpose: Purpose) -> bool:
        """Whether the customer's data may be used for it."""
        return agrees(self.consents(customer), purpose)

    def consent_history(self, customer: str) -> list[Consent]:
        """Every yes and no, in the order they were written down; the last one of a purpose holds."""
        with reading(self.engine) as connection:
            return consent_lines(connection, [owners_of(connection, [customer])[customer]])

    @retried
    def record_consents(self, lines: Sequence[Consent]) -> None:
        """Write down who agreed to what. Where profiling is no longer agreed to, what was learnt by it goes at once."""
        names = sorted({line.customer for line in lines})
        if not names:
            return
        with writing(self.engine) as connection:
            insert_missing(connection, customers, [customer_row(Customer(name)) for name in names])
            owners = lock_owners(connection, names)
            self._consent(connection, [replace(line, customer=owners[line.customer]) for line in lines])

    @retried
    def put_customers(self, records: Sequence[Customer], at: datetime | None = None) -> None:
        """Write the shop's records, in place of earlier ones.

        A consent counts as said when the record says something else than the one before: what a customer has changed
        since is not changed back by reading the same record again.
        """
        with writing(self.engine) as connection:
            names = [record.id for record in records]
            insert_missing(connection, customers, [customer_row(Customer(name)) for name in sorted(names)])
            owners = lock_owners(connection, names)
            before = load_customers(connection, names)
            insert_or_replace(connection, customers, [customer_row(record) for record in records])
            moment = at or clock.now()
            lines = [
                Consent(owners[record.id], Purpose(purpose), granted, moment, FROM_RECORD, "shop")
                for record in records
                for purpose, granted in record.consent.items()
                if before[record.id].consent.get(purpose) is not granted
            ]
            self._consent(connection, lines, names)

    def erased_among(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names of whom nothing may be written any more."""
        with reading(self.engine) as connection:
            return self.guard.erased_among(connection, names)

    def is_empty(self) -> bool:
        with reading(self.engine) as connection:
            return connection.execute(select(observations.c.seq).limit(1)).first() is None

    @retried
    def rebuild(self) -> int:
        """Replay the whole journal into the projection; returns the number of customers."""
        with writing(self.engine) as connection:
            connection.execute(select(customers.c.id).order_by(customers.c.id).with_for_update()).all()
            connection.execute(projections.delete())
            written = list(connection.execute(select(observations.c.customer).distinct()).scalars())
            everyone = sorted(set(owners_of(connection, written).values()))
            for start in range(0, len(everyone), CUSTOMERS_AT_ONCE):
                self._projecting.replay(connection, everyone[start : start + CUSTOMERS_AT_ONCE])
        return len(everyone)

    def _record(self, customer: str) -> Customer | None:
        with reading(self.engine) as connection:
            owner = owners_of(connection, [customer])[customer]
            found = load_customers(connection, [owner]).get(owner)
            return found and replace(found, consent=self.guard.consents(connection, [owner])[owner])

    def _consent(self, connection: Connection, lines: Sequence[Consent], names: Collection[str] = ()) -> None:
        """Of owners who are locked."""
        self.guard.refuse_erased(connection, {*names, *(line.customer for line in lines)})
        if self.consent_file is not None:
            self.consent_file.note(outliving(connection, lines))  # first: then no crash can make it forget one
        add_consents(connection, lines)
        asked = {line.customer for line in lines if line.purpose is Purpose.PROFILING and not line.granted}
        withdrawn = sorted(asked - self.guard.allowed(connection, asked, Purpose.PROFILING))
        if withdrawn and forget_profiling(connection, withdrawn, self.schema):
            self.replay(connection, withdrawn)

    def replay(self, connection: Connection, owners: Collection[str]) -> None:
        """Build the projections of these owners, who are locked, from the journal."""
        self._projecting.replay(connection, owners)

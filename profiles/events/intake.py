"""The way in for events: JSON objects in; affinities, order numbers and observed traits of the shop's customers out.

    intake = EventIntake(store, load_products(shop_dir, store.schema))
    report = intake.take([{"event": "Product Viewed", "userId": "C1001", ...}])

What `take` has reported survives a crash: a batch is one transaction, journal and projection included. The law: the
same events in any order, any batches and any repetition, from any number of processes, give the same affinities (to
1e-9) and the same observed traits with their evidence and confidence. `since` and the past of a trait say when the
journal was told, and so depend on arrival. Errors: `StorageError`, `DataError` for a link to nobody; a bad event is no
error, but counted in the report.

Acts of people the shop does not know yet wait; they count once `take` meets them as customers, `link` says whose
browser it was, or `settle` is called. What a merged visitor did is the customer's; what counted before the merge waits
for the customer in the same way. Acts of customers without consent to profiling are not kept, nor any of the erased
or older than the shop keeps them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table

import clock
from errors import DataError
from language.placeholders import means_nobody
from profiles.events import identities, ledger
from profiles.events.affinity import Affinity, Products, Tastes
from profiles.events.batch import Batch, Owned
from profiles.events.counters import Counters
from profiles.events.event import Aside, Event, Reason
from profiles.events.ledger import Activity
from profiles.events.left_out import OrderMark, add_marks
from profiles.events.report import Report
from profiles.events.shapes import EventReader
from profiles.journal import owners_of
from profiles.privacy.purposes import Purpose
from profiles.storage.database import reading, retried, writing
from profiles.storage.tables import events, waiting_events
from profiles.store import ProfileStore
from profiles.visitors import visitor_name

Mark = Callable[[Connection], None]  # written in the transaction of a batch: how far a file has been read


class EventIntake:
    """Holds nothing that it could lose: the store, and the shop's products as they were when it was made."""

    def __init__(self, store: ProfileStore, products: Products, now: Callable[[], datetime] = clock.now) -> None:
        self.store, self.now = store, now
        self.reader = EventReader(products, now)
        self._counting = Counters(store, products)

    def refusal(self, raw: object) -> Aside | None:
        """Why an event would be kept aside, as far as it can be told from the event alone."""
        read = self.reader.read(raw)
        return read if isinstance(read, Aside) else None

    def take(self, raws: Iterable[object], mark: Mark | None = None) -> Report:
        """Take one batch in, of any size that fits memory."""
        return self.take_read(map(self.reader.read, raws), mark)

    def take_read(self, readings: Iterable[Event | Aside | None], mark: Mark | None = None) -> Report:
        """The same of what an `EventReader` has read already."""
        return self._taken(tuple(readings), mark=mark)

    def link(self, visitor: str, customer: str) -> Report:
        """A visitor has signed in: what this browser did before is the customer's. Its first link stays.

        Errors: `DataError` for an id that means nobody.
        """
        if nobody := next((name for name in (visitor, customer) if means_nobody(name)), None):
            raise DataError(f"the id {nobody!r} means nobody; a browser is linked to a customer of the shop")
        return self._taken(links={visitor_name(visitor): customer})

    def settle(self) -> Report:
        """Count what has waited for customers who are known by now."""
        return self._taken(others=identities.waiting_and_known)

    @retried
    def leave_out(self, mark: OrderMark) -> None:
        """An order was a gift, or is the customer's after all: what it says of their tastes is counted anew.

        Errors: `Refused` for a customer who was erased.
        """
        with writing(self.store.engine) as connection:
            owner = identities.lock_event_owners(connection, [mark.customer])[mark.customer]
            self.store.guard.refuse_erased(connection, {mark.customer, owner})
            add_marks(connection, [replace(mark, customer=owner)])
            self._counting.recount(connection, owner, Batch(()))

    def activity(self, customer: str) -> Activity:
        """Recency, frequency, money."""
        with reading(self.store.engine) as connection:
            owner = owners_of(connection, [customer])[customer]
            return ledger.load_activities(connection, [owner]).get(owner, Activity())

    def affinities(self, customer: str) -> Mapping[str, Mapping[str, Affinity]]:
        """By attribute and value."""
        with reading(self.store.engine) as connection:
            owner = owners_of(connection, [customer])[customer]
            return ledger.load_tastes(connection, [owner], self.tastes)[owner].held

    def tastes(self) -> Tastes:
        """Of somebody who has done nothing yet."""
        return self._counting.tastes()

    def asides(self) -> list[Aside]:
        """Examples of events that could not count, by reason."""
        with reading(self.store.engine) as connection:
            return ledger.load_asides(connection)

    @retried
    def _taken(
        self,
        readings: Sequence[Event | Aside | None] = (),
        links: Mapping[str, str] | None = None,
        others: Callable[[Connection], Collection[str]] = lambda connection: (),
        mark: Mark | None = None,
    ) -> Report:
        """In one transaction; each try begins with a batch of its own."""
        batch = Batch(readings)
        batch.links |= links or {}
        with writing(self.store.engine) as connection:
            self._take(connection, batch, others(connection))
            if mark:
                mark(connection)
        return batch.report()

    def _oldest(self) -> datetime | None:
        days = self.store.privacy.keep_events_days
        return self.now() - timedelta(days=days) if days else None

    def _take(self, connection: Connection, batch: Batch, others: Collection[str]) -> None:
        """Count the batch, and what has waited for its customers and for `others`."""
        names = {*batch.owned, *batch.links, *batch.links.values(), *others}
        owners = identities.lock_event_owners(connection, names)
        gone = self.store.guard.erased_among(connection, {*names, *owners.values(), *batch.named_aside()})
        batch.leave_out({name for name in owners if {name, owners[name]} & gone} | gone, Reason.ERASED)
        batch.drop_older(self._oldest())
        if batch.links:
            identities.link_visitors(connection, batch.links, owners, self.now())
            owners = identities.lock_event_owners(connection, names)
        batch.settle_owners(owners)
        known = ledger.lock_customers(connection, set(owners.values()))
        for name, items in identities.take_waiting(connection, known).items():
            batch.counts["returned"] += len(items)
            batch.owned.setdefault(name, []).extend(items)
        agreeing = self.store.guard.allowed(connection, known, Purpose.PROFILING)
        willing, unknown = {}, {}
        for name, items in batch.owned.items():
            if name not in known:
                unknown[name] = items
            elif name in agreeing:
                willing[name] = items
            else:
                batch.count_aside(Reason.NO_CONSENT, len(items))
        later = _new(connection, waiting_events, unknown, batch)
        batch.count_aside(Reason.UNKNOWN_CUSTOMER, sum(map(len, later.values())))
        ledger.insert_events(connection, waiting_events, later)
        fresh = _new(connection, events, willing, batch)
        batch.counts["taken"] += sum(map(len, fresh.values()))
        self._counting.add(connection, fresh, batch)
        ledger.keep_asides(connection, batch.asides, self.now())


def _new(connection: Connection, table: Table, owned: Owned, batch: Batch) -> Owned:
    """Those whose id is not in the table, each once; the others are duplicates."""
    everything = [item for items in owned.values() for item in items]
    seen = ledger.known_ids(connection, table, {item.id for item in everything})
    before = ledger.kinds_of_messages(connection, table, {item.message for item in everything} - {""})
    found: Owned = {}
    for name, items in owned.items():
        for item in items:
            if item.id in seen or before.get(item.message) == item.kind:
                batch.counts["duplicates"] += 1
            else:
                seen.add(item.id)
                found.setdefault(name, []).append(item)
    return found

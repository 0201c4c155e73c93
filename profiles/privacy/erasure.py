"""Erasure: a customer's id in; everything about them gone from every place that holds something, and a receipt out.

    receipt = Erasure(store, state).run("C1001", places, by="Ada")

Each folder that keeps something of customers contributes a `Place`; the profile's own comes last (`profile_place`),
because it knows which visitors the customer was: so an erasure that was cut short is run again, and completes. First of
all the tombstones are written, of the customer and of those visitors: from then on nothing is taken in under these ids.
Errors: `NotFound` for somebody of whom there is nothing, `StorageError`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from errors import NotFound, StorageError
from profiles.journal import lock_owners
from profiles.privacy.audit import Act, Audit
from profiles.privacy.erasure_targets import Place, Subject
from profiles.privacy.keys import customer_key
from profiles.privacy.overwrite import overwrite_freed
from profiles.privacy.profile_target import ProfilePlace, names_of
from profiles.privacy.tombstones import add_tombstones, buried, bury, erased
from profiles.storage.database import reading, retried, writing
from profiles.store import ProfileStore

EVERYBODY = "*"  # in place of a customer


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed, by place. `left`: what the shop must see to itself, in words."""

    customer: str  # the key, or `EVERYBODY`
    at: datetime
    by: str
    removed: Mapping[str, int]
    left: Sequence[str] = ()

    def with_left(self, more: Sequence[str]) -> "Receipt":
        return replace(self, left=[*self.left, *more])

    def to_json(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "at": self.at.isoformat(timespec="seconds"),
            "by": self.by,
            "removed": dict(self.removed),
            "records": sum(self.removed.values()),
            "left": list(self.left),
        }

    def lines(self) -> list[str]:
        """A table for a person."""
        rows = [f"{place:<40} {count:>8}" for place, count in self.removed.items()]
        total = f"{'all':<40} {sum(self.removed.values()):>8}"
        whose = "everybody" if self.customer == EVERYBODY else f"customer {self.customer}"
        return [f"removed of {whose}, {self.at:%Y-%m-%d %H:%M} UTC, by {self.by}", *rows, total, *self.left]


class Erasure:
    """For one shop: its store, opened with the salt of its state directory."""

    def __init__(self, store: ProfileStore, state: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        if store.salt is None:
            raise StorageError("this store was opened without the salt of its state directory: nobody can be erased")
        self._store, self._state, self._now, self._salt = store, state, now, store.salt
        self._own = ProfilePlace(store)

    def run(self, customer: str, places: Sequence[Place] = (), by: str = "", left: Sequence[str] = ()) -> Receipt:
        """Erase one customer everywhere; `left` goes into the receipt."""
        subject = self._subject(customer)
        if not self._is_known(subject, places):
            raise NotFound(f"no customer {customer!r}: nothing about them was found, and nobody of that id was erased")
        at = self._now()
        subject = self._bury(subject, at)
        for key in subject.keys.values():
            bury(self._state, key)
        removed: dict[str, int] = {}
        for place in (*places, self._own):
            for name, count in place.erase(subject).items():
                removed[name] = removed.get(name, 0) + count
        overwrite_freed(self._store.engine)
        Audit(self._store.engine).note(subject.key, Act.ERASED, by, at, f"{sum(removed.values())} records")
        return Receipt(subject.key, at, by, removed, left)

    def run_again(self, places: Sequence[Place] = (), by: str = "") -> list[Receipt]:
        """Erase whoever was erased before and is there again: an older database, checkpoint or sample was put back."""
        gone = self.all_keys()
        with writing(self._store.engine) as connection:
            add_tombstones(connection, gone, self._salt, self._now())
        for key in sorted(gone - erased(self._state)):
            bury(self._state, key)
        found = {name for place in (*places, self._own) for name in place.held()}
        back = sorted(name for name in found if name in gone or customer_key(name, self._salt) in gone)
        return [self.run(name, places, by) for name in back]

    def all_keys(self) -> frozenset[str]:
        """Of everybody who was erased, as the database or the file have it."""
        with reading(self._store.engine) as connection:
            return buried(connection) | erased(self._state)

    @retried
    def _bury(self, subject: Subject, at: datetime) -> Subject:
        """Tombstones in the database, and the subject with whoever was merged into them a moment ago.

        With the customer's lock: a merge that is under way ends first, one that comes later finds the tombstone.
        """
        with writing(self._store.engine) as connection:
            lock_owners(connection, [subject.id])
            if subject.id not in subject.keys.values():  # else it is a key, and nobody's name
                subject = self._named(connection, subject.id)
            add_tombstones(connection, subject.keys.values(), self._salt, at)
        return subject

    def _subject(self, customer: str) -> Subject:
        """By id; a key that stands in for an id which is gone is its own key."""
        if customer in self.all_keys():
            return Subject(customer, {customer: customer})
        with reading(self._store.engine) as connection:
            return self._named(connection, customer)

    def _named(self, connection: Connection, customer: str) -> Subject:
        owner, names = names_of(connection, customer)
        return Subject(owner, {name: customer_key(name, self._salt) for name in names})

    def _is_known(self, subject: Subject, places: Sequence[Place]) -> bool:
        if set(subject.keys.values()) & self.all_keys():
            return True
        known = {*subject.names, *subject.keys.values()}
        return any(name in known for place in (self._own, *places) for name in place.held())


def erase_returned(store: ProfileStore, state: Path) -> list[Receipt]:
    """When a database is opened that is older than its state's list of the erased: erase them from it again."""
    with reading(store.engine) as connection:
        known = buried(connection)
    return Erasure(store, state).run_again(by="opening the database") if erased(state) - known else []

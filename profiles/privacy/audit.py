"""Who looked at whom, exported or erased whom, and when: a line each time, never changed.

In: a customer, what was done, by whom. Out: the lines. A command that shows something of a customer is a line each
time; the agent and the page, which read with every turn, are a line each consultation. Once a customer is erased, their
lines bear the key in place of the id (`profiles.privacy.profile_target`), so that what was done can still be accounted
for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, select

from profiles.journal import batched, lock_owners
from profiles.storage.database import reading, retried, writing
from profiles.storage.tables import accesses, time_text
from profiles.store import ProfileStore


class Act(StrEnum):
    """What was done."""

    READ = "read"
    EXPORTED = "exported"
    ERASED = "erased"
    CHANGED = "changed"  # an observation undone, a visitor merged, a consent written down
    EXPIRED = "expired"  # what was too old was removed
    SIGNED_IN = "signed in"  # with a code that was sent to them


@dataclass(frozen=True, slots=True)
class Access:
    """One line. `customer`: the id, or the key of somebody who was erased."""

    customer: str
    act: Act
    by: str
    at: datetime
    detail: str

    def to_json(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "act": self.act.value,
            "by": self.by,
            "at": self.at.isoformat(timespec="seconds"),
            "detail": self.detail,
        }


class Audit:
    """Of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, customer: str, act: Act, by: str, at: datetime | None = None, detail: str = "") -> None:
        """`detail` says which command it was; never what was seen."""
        self.note_all([customer], act, by, at, detail)

    def note_all(
        self, customers: Collection[str], act: Act, by: str, at: datetime | None = None, detail: str = ""
    ) -> None:
        """A line for each of them."""
        row = {"act": act.value, "who": by[:100], "detail": detail, "at": time_text(at or datetime.now(UTC))}
        rows = [row | {"customer": customer} for customer in customers]
        with writing(self._engine) as connection:
            if rows:
                connection.execute(accesses.insert(), rows)

    def of(self, names: Collection[str]) -> list[Access]:
        """The lines of these ids or keys, oldest first."""
        with reading(self._engine) as connection:
            rows = [
                row
                for part in batched(names)
                for row in connection.execute(select(accesses).where(accesses.c.customer.in_(part)))
            ]
        return [
            Access(row.customer, Act(row.act), row.who, datetime.fromisoformat(row.at), row.detail)
            for row in sorted(rows, key=lambda row: int(row.seq))
        ]


@retried
def note_consultation(store: ProfileStore, customer: str, by: str, consultation: str) -> None:
    """That `by` reads the customer's profile in a consultation: once, however often; nothing of the erased."""
    with writing(store.engine) as connection:
        owner = lock_owners(connection, [customer])[customer]
        if store.guard.erased_among(connection, {customer, owner}):
            return
        row = {"customer": owner, "act": Act.READ, "who": by, "detail": f"consultation {consultation}"}
        same = [accesses.c[name] == value for name, value in row.items()]
        if connection.execute(select(accesses.c.seq).where(*same).limit(1)).first() is None:
            connection.execute(accesses.insert(), row | {"at": time_text(datetime.now(UTC))})

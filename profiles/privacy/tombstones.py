"""Who was erased, by key: in the database, where every write looks, and in a file beside it, which outlives a backup.

In: keys, a state directory, a connection. Out: keys. `erased.jsonl`, a line a customer (`{"customer": KEY, "at": T}`),
only ever grows and names nobody. When an older database is put back, the file still knows whom to erase again; keep it
apart from what is put back. Errors: `DataError` with file and line, `StorageError`.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, bindparam, select

from errors import StorageError
from profiles.journal import batched
from profiles.privacy.keys import SALT_FILE, fingerprint
from profiles.storage.files import append_line, whole_records
from profiles.storage.tables import insert_missing, time_text, tombstones

ERASED = "erased.jsonl"
_AMONG = select(tombstones.c.key).where(tombstones.c.key.in_(bindparam("keys", expanding=True)))


class Tombstone(BaseModel):
    """One erased customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: str
    at: datetime


def bury(state: Path, key: str) -> bool:
    """Note in the file that the customer with this key was erased; False if that was known."""
    if key in erased(state):
        return False
    append_line(state / ERASED, Tombstone(customer=key, at=datetime.now(UTC)).model_dump_json())
    return True


def erased(state: Path) -> frozenset[str]:
    """Keys of all erased customers of a shop's state directory."""
    return frozenset(stone.customer for stone in whole_records(state / ERASED, Tombstone))


def add_tombstones(connection: Connection, keys: Collection[str], salt: bytes, at: datetime) -> None:
    """In the database; those that are there stay."""
    rows = [{"key": key, "at": time_text(at), "salt": fingerprint(salt)} for key in sorted(keys)]
    insert_missing(connection, tombstones, rows)


def buried(connection: Connection, keys: Collection[str] | None = None) -> frozenset[str]:
    """Of the keys, or of all that the database has, those with a tombstone."""
    if keys is None:
        return frozenset(connection.execute(select(tombstones.c.key)).scalars())
    found: set[str] = set()
    for part in batched(keys):
        found.update(connection.execute(_AMONG, {"keys": part}).scalars())
    return frozenset(found)


def check_salt(connection: Connection, salt: bytes | None) -> None:
    """Raises `StorageError` where tombstones were made with another salt, or there is none to compare them with."""
    made_with = connection.execute(select(tombstones.c.salt).distinct()).scalars().all()
    if any(mark != (fingerprint(salt) if salt else None) for mark in made_with):
        raise StorageError(
            f"customers were erased from this database, and it is opened with {'another' if salt else 'no'} "
            f"{SALT_FILE}: put back the one of its state directory, or an erased customer could be written anew"
        )

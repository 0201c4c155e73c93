"""Erased customers: whose samples may not be trained on, and which versions already were.

In: the state's `erased.jsonl`, a line a customer (`{"customer": KEY, "at": TIME}`), which only ever grows and names
nobody: a key is a hash. Out: the keys, and for a version the samples that must go. A version is tainted while it, or
any version it was trained on from, has learnt from an erased customer; training again without those samples, and not
from a tainted version, makes one that is not. Errors: `DataError` with file and line, `StorageError`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from errors import DataError
from finetune.registry.storage import append_line, whole_lines
from finetune.registry.version import Record

ERASED = "erased.jsonl"


class Tombstone(Record):
    """One erased customer."""

    customer: str
    at: datetime


def erase(state: Path, customer: str) -> bool:
    """Note that the customer with this key was erased; False if that was known."""
    if customer in erased(state):
        return False
    append_line(state / ERASED, Tombstone(customer=customer, at=datetime.now(UTC)).model_dump_json())
    return True


def erased(state: Path) -> frozenset[str]:
    """Keys of all erased customers of a shop's state directory."""
    return frozenset(stone.customer for stone in _read(state / ERASED))


def _read(path: Path) -> Iterator[Tombstone]:
    for number, line in enumerate(whole_lines(path), 1):
        try:
            yield Tombstone.model_validate_json(line)
        except ValidationError as error:
            raise DataError(f"{path}, line {number}: {error.errors()[0]['msg']}: {line[:80]!r}") from error

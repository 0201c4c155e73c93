"""Upserts: a file of products comes in and goes into the shop's catalogue, as a whole or not at all.

A product that the catalogue has is changed in the fields that the line names (`{"sku": "AP-1", "price": 19.9}`), any
other is added. All lines that are not named stay byte for byte. The catalogue is written beside the old one and takes
its place in one step, so that whoever reads sees the one or the other. Errors: `DataError` with the lines that cannot
be read, `ConfigError`, `StorageError`; the catalogue then stays as it was.
"""

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from errors import DataError, StorageError
from retrieval.catalog import read_catalog, read_lines
from retrieval.search import CATALOG

_NAMED = 5  # broken lines, by an error
_WAIT = 60  # seconds for another upsert to end


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many products were new, how many were there and are changed."""

    added: int
    changed: int


def upsert_products(shop_dir: Path, file: Path) -> Upserted:
    """Merge the products of a JSON-lines file into the shop's catalogue."""
    news = _records(file)
    path = shop_dir / CATALOG
    lock = shop_dir / f".{CATALOG}.lock"
    try:
        with FileLock(lock, timeout=_WAIT):
            before = read_lines(path)
            after, done = _merged(before, news)
            _check(before, after, path)
            _write(path, b"\n".join(after))
            lock.unlink()
    except TimeoutError as error:
        raise StorageError(f"another upsert into {path} has not ended after {_WAIT} seconds") from error
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
    return done


def _records(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """By sku, each with the fields that its lines name; a later line of the same sku counts more."""
    found: dict[str, dict[str, Any]] = {}
    wrong = []
    for number, line in enumerate(read_lines(file), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict) or not isinstance(record.get("sku"), str) or not record["sku"]:
                raise ValueError("expected a JSON object with a sku")
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
            continue
        found[record["sku"]] = found.get(record["sku"], {}) | record
    if wrong:
        raise DataError(f"{file}, {'; '.join(wrong[:_NAMED])}; nothing was changed")
    return found


def _merged(lines: Sequence[bytes], news: Mapping[str, Mapping[str, Any]]) -> tuple[list[bytes], Upserted]:
    left = dict(news)
    after = []
    for line in lines:
        sku = _sku(line)
        if sku in left:
            line = _line(json.loads(line) | left.pop(sku))
        after.append(line)
    while after and not after[-1].strip():
        after.pop()
    after += [*map(_line, left.values()), b""]
    return after, Upserted(len(left), len(news) - len(left))


def _check(before: Sequence[bytes], after: Sequence[bytes], path: Path) -> None:
    """No line may be broken that was not."""
    known = {before[line.line_number - 1] for line in read_catalog(before).rejected}
    wrong = [line for line in read_catalog(after).rejected if after[line.line_number - 1] not in known]
    if wrong:
        named = "; ".join(f"{_sku(after[line.line_number - 1])}: {line.reason}" for line in wrong[:_NAMED])
        raise DataError(f"{named}; nothing was changed in {path}")


def _sku(line: bytes) -> str | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record.get("sku") if isinstance(record, dict) else None


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

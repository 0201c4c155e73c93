"""Samples and kept consultations as a place of erasure: folders and files of samples in, lines that are gone out.

Each line bears its customer's key (`meta.customer` of a sample or a pair, `customer` of a kept consultation), so it is
found by key, whatever the folder. A run of `finetune logs` that was not finished goes on as if the customer had never
been in the log. Adapters that have learnt from the lines are tainted by the tombstone alone (`finetune.registry`).
Errors: `DataError` for a line that is none, `StorageError`.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from errors import DataError, StorageError
from finetune.lineage import KEYS_FILE, read_keys, write_keys
from finetune.logs.intake import KEPT_FILE
from finetune.logs.work import SPOOL_FILE, WORK_FILE
from profiles.privacy.erasure_targets import Subject
from profiles.privacy.overwrite import overwrite_freed_in
from profiles.storage.files import write_whole


class SampleSets:
    """Files, and folders with all that is in them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        for path in paths:
            if not path.exists():
                raise DataError(f"no samples at {path}")
        self._paths = paths

    def held(self) -> Iterable[str]:
        """Keys of everybody in them."""
        return {key for path in self._files() for line in _lines(path) if (key := _key_of(line, path))}

    def erase(self, subject: Subject) -> Mapping[str, int]:
        keys = {*subject.keys.values()}
        removed = {"samples": 0, "kept consultations": 0}
        for path in self._files():
            work = _Work.beside(path)
            count = _rewrite(path, keys, work)
            removed["kept consultations" if path.name == KEPT_FILE else "samples"] += count
        for folder in {path.parent for path in self._files()} | {path for path in self._paths if path.is_dir()}:
            _forget_keys(folder, keys)
        return removed

    def _files(self) -> list[Path]:
        found = [part for path in self._paths for part in (path.rglob("*.jsonl") if path.is_dir() else [path])]
        return sorted(set(found))


class _Work:
    """The work file of the run that made a file, or none: its counts must fit what is left."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @classmethod
    def beside(cls, path: Path) -> "_Work":
        work = path.with_name(WORK_FILE)
        return cls(work if work.is_file() else None)

    def shrink(self, name: str, gone: Sequence[int], size: int) -> None:
        """Of the lines of a file, those numbers (from 0) are gone; so many bytes are left."""
        if self._path is None:
            return
        try:
            with closing(sqlite3.connect(self._path)) as database:
                numbers = dict(database.execute("SELECT name, value FROM number"))
                if f"bytes of {name}" in numbers:
                    numbers[f"bytes of {name}"] = size
                if name == KEPT_FILE:
                    labelled = numbers.get("labelled", 0)
                    numbers["labelled"] = labelled - sum(number < labelled for number in gone)
                    numbers["kept"] = numbers.get("kept", 0) - len(gone)
                else:
                    numbers["samples"] = numbers.get("samples", 0) - len(gone)
                database.executemany("INSERT OR REPLACE INTO number VALUES (?, ?)", numbers.items())
                database.commit()
        except sqlite3.Error as error:
            raise StorageError(f"cannot write {self._path}: {error}") from error


def _rewrite(path: Path, keys: Collection[str], work: _Work) -> int:
    """Without the lines of these keys; how many they were."""
    lines = list(_lines(path))
    gone = [number for number, line in enumerate(lines) if _key_of(line, path) in keys]
    if gone:
        kept = b"".join(line for number, line in enumerate(lines) if number not in set(gone))
        work.shrink(path.name, gone, len(kept))
        write_whole(path, kept)
    return len(gone)


def _forget_keys(folder: Path, keys: Collection[str]) -> None:
    """From the list of a data set's customers and the work file; what a run had gathered is gathered anew."""
    listed = folder / KEYS_FILE
    if listed.is_file():
        held = read_keys(listed)
        if any(found & set(keys) for found in held.values()):
            write_keys(listed, {split: found - set(keys) for split, found in held.items()})
    (folder / SPOOL_FILE).unlink(missing_ok=True)
    if (folder / WORK_FILE).is_file():
        try:
            with closing(sqlite3.connect(folder / WORK_FILE)) as database:
                database.executemany("DELETE FROM customer WHERE key = ?", [(key,) for key in keys])
                database.commit()
                overwrite_freed_in(database)
        except sqlite3.Error as error:
            raise StorageError(f"cannot write {folder / WORK_FILE}: {error}") from error


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error}") from error


def _key_of(line: bytes, path: Path) -> str | None:
    """Whose a line is; None for one that names nobody."""
    if not line.strip():
        return None
    try:
        found: Any = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}: a line is no JSON, and might be of anybody: {error}") from error
    if not isinstance(found, dict):
        return None
    meta = found.get("meta")
    customer = meta.get("customer") if isinstance(meta, dict) else found.get("customer")
    return str(customer) if customer is not None else None

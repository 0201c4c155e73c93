"""The work file of a run: how far it is, what was dropped and why, whose words are kept. It makes a run resumable.

In: what happens to each consultation. Out: counts and places for the report, and on the next run the state at the last
`save`, to which the output files are cut back. Errors: `ConfigError` if the folder holds the work of other settings,
`StorageError` if the disk cannot be written.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from errors import ConfigError, StorageError
from finetune.logs.duplicates import TABLES

WORK_FILE = "work.db"
SPOOL_FILE = "spool.db"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, value INTEGER)",
    "CREATE TABLE IF NOT EXISTS reason (stage TEXT, reason TEXT, count INTEGER, PRIMARY KEY (stage, reason))",
    "CREATE TABLE IF NOT EXISTS example (stage TEXT, reason TEXT, file TEXT, line INTEGER)",
    "CREATE TABLE IF NOT EXISTS customer (split TEXT, key TEXT, PRIMARY KEY (split, key)) WITHOUT ROWID",
    *TABLES,
)


class Work:
    """One open work file; ``with open_work(folder, settings) as work``."""

    def __init__(self, database: sqlite3.Connection, folder: Path, examples: int) -> None:
        self.database = database
        self.folder = folder
        self._examples = examples
        self._files: dict[str, BinaryIO] = {}

    def number(self, name: str) -> int:
        """A number as it was last set, or 0."""
        row = self.database.execute("SELECT value FROM number WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_number(self, name: str, value: int) -> None:
        self.database.execute("INSERT OR REPLACE INTO number VALUES (?, ?)", (name, value))

    def count(self, stage: str, reason: str, file: str = "", line: int = 0) -> None:
        """One more that ended for this reason; the first few places are kept as examples, without any words."""
        new = "INSERT INTO reason VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count"
        (count,) = self.database.execute(new, (stage, reason)).fetchone()
        if file and count <= self._examples:
            self.database.execute("INSERT INTO example VALUES (?, ?, ?, ?)", (stage, reason, file, line))

    def reasons(self, stage: str) -> dict[str, dict[str, Any]]:
        """``{reason: {"count": n, "examples": ["file:line"]}}``, the commonest first."""
        order = "SELECT reason, count FROM reason WHERE stage = ? ORDER BY count DESC, reason"
        place = "SELECT file, line FROM example WHERE stage = ? AND reason = ? ORDER BY rowid"
        return {
            reason: {
                "count": count,
                "examples": [f"{file}:{line}" for file, line in self.database.execute(place, (stage, reason))],
            }
            for reason, count in self.database.execute(order, (stage,)).fetchall()
        }

    def add_customer(self, split: str, key: str) -> None:
        self.database.execute("INSERT OR IGNORE INTO customer VALUES (?, ?)", (split, key))

    def customers(self, split: str) -> Iterator[str]:
        """Keys of those whose words are in a split, sorted."""
        rows = self.database.execute("SELECT key FROM customer WHERE split = ? ORDER BY key", (split,))
        return (key for (key,) in rows)

    def output(self, name: str) -> BinaryIO:
        """A file to append to, cut back to where the last `save` left it."""
        if name not in self._files:
            path = self.folder / name
            file = path.open("r+b" if path.exists() else "w+b")
            file.truncate(self.number(f"bytes of {name}"))
            file.seek(0, 2)
            self._files[name] = file
        return self._files[name]

    def save(self) -> None:
        """All or nothing: what was written and counted since the last time now stays."""
        for name, file in self._files.items():
            file.flush()
            self.set_number(f"bytes of {name}", file.tell())
        self.database.commit()

    def close(self) -> None:
        """Close everything; what was not saved is forgotten."""
        for file in self._files.values():
            file.close()
        self.database.close()


@contextmanager
def open_work(folder: Path, settings: Mapping[str, Any], examples: int) -> Iterator[Work]:
    """Begin in a folder, or go on with what was begun there with the same settings."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = Work(sqlite3.connect(folder / WORK_FILE), folder, examples)
        try:
            for statement in _TABLES:
                work.database.execute(statement)
            _check_settings(work.database, settings, folder)
            work.database.commit()
            yield work
        finally:
            work.close()
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"cannot write in {folder}: {error}") from error


def _check_settings(database: sqlite3.Connection, settings: Mapping[str, Any], folder: Path) -> None:
    before = dict(database.execute("SELECT name, value FROM setting"))
    now = {name: json.dumps(value, sort_keys=True, default=str) for name, value in settings.items()}
    if not before:
        database.executemany("INSERT INTO setting VALUES (?, ?)", now.items())
    elif before != now:
        other = next(name for name in now if before.get(name) != now[name])
        raise ConfigError(
            f"{folder} holds work that was begun with another {other} ({before.get(other, 'none')[:80]}, now "
            f"{now[other][:80]}): give another --out, or remove it"
        )


def file_facts(path: Path) -> list[Any]:
    """Name, size and the first bytes' digest: enough to see that it is not the same file any more."""
    try:
        with path.open("rb") as file:
            return [path.name, path.stat().st_size, hashlib.sha256(file.read(1 << 16)).hexdigest()[:16]]
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error

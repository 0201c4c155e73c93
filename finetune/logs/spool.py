"""What belongs together but does not stand together: rows by conversation, comments by ticket, grouped on disk.

In: items with the key of their conversation, in any order, as many as the disk holds. Out: the groups, in the order in
which each began. Errors: `StorageError`.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import StorageError

_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Filed:
    """An item and where it stood."""

    key: str
    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """All items of one conversation; `file` and `line` are the first one's."""

    file: str
    line: int
    values: tuple[Any, ...]


class Spool:
    """A file in the work folder. ``Spool(path).fill(items)`` once, then ``groups(skip)`` as often as needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, items: Iterable[Filed]) -> None:
        """Write all items; a spool that was filled before is begun anew."""
        try:
            self.path.unlink(missing_ok=True)
            with closing(sqlite3.connect(self.path)) as database:
                database.execute("PRAGMA synchronous=OFF")  # a spool that is not whole is made again
                database.execute(
                    "CREATE TABLE item (at INTEGER PRIMARY KEY, key TEXT, file TEXT, line INTEGER, text TEXT)"
                )
                rows: list[tuple[str, str, int, str]] = []
                for item in items:
                    rows.append((item.key, item.file, item.line, item.text))
                    if len(rows) == _ROWS:
                        _insert(database, rows)
                _insert(database, rows)
                database.execute("CREATE INDEX item_key ON item (key, at)")
                database.execute(
                    "CREATE TABLE begun AS SELECT key, min(at) AS at FROM item WHERE key != '' GROUP BY key ORDER BY 2"
                )
                database.commit()
        except sqlite3.Error as error:
            raise StorageError(f"cannot group the log in {self.path}: {error}") from error

    def shared(self) -> tuple[Any, ...]:
        """What belongs to every conversation: filed under the key ""."""
        try:
            with closing(sqlite3.connect(self.path)) as database:
                rows = database.execute("SELECT text FROM item WHERE key = '' ORDER BY at").fetchall()
        except sqlite3.Error as error:
            raise StorageError(f"cannot read the grouped log in {self.path}: {error}") from error
        return tuple(json.loads(text) for (text,) in rows)

    def groups(self, skip: int = 0) -> Iterator[Group]:
        """The groups from number `skip` on."""
        try:
            with closing(sqlite3.connect(self.path)) as database:
                keys = database.execute("SELECT key FROM begun WHERE rowid > ? ORDER BY rowid", (skip,))
                for (key,) in keys:
                    rows = database.execute(
                        "SELECT file, line, text FROM item WHERE key = ? ORDER BY at", (key,)
                    ).fetchall()
                    yield Group(rows[0][0], rows[0][1], tuple(json.loads(text) for _, _, text in rows))
        except sqlite3.Error as error:
            raise StorageError(f"cannot read the grouped log in {self.path}: {error}") from error


def _insert(database: sqlite3.Connection, rows: list[tuple[str, str, int, str]]) -> None:
    database.executemany("INSERT INTO item (key, file, line, text) VALUES (?, ?, ?, ?)", rows)
    rows.clear()

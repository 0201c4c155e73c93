"""Rows of one database into another: two connections and a table in; how many rows, and what they add up to, out.

SQLite and PostgreSQL hold the same values, so a row has the same hash in both, and a table's digest is the sum of its
rows' hashes: the order in which a database gives them does not matter. Rows go through memory a batch at a time, and
keep their numbers; the next number is the one that the source would have given. All within transactions of the caller.
Errors: `DataError` for a value that the other database cannot hold, and those of the database.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, String, Table, func, inspect, select, text

from errors import DataError
from profiles.storage.database import BUSY_SECONDS

ROWS_AT_ONCE = 1000
_MOST = 1 << 128

Progress = Callable[[int], None]  # rows so far


@dataclass(slots=True)
class Tally:
    """Of rows, as they come."""

    rows: int = 0
    total: int = 0

    def add(self, values: Sequence[Any]) -> None:
        """One row: plain values, in the order of the table's columns."""
        self.rows += 1
        self.total = (self.total + int.from_bytes(sha256(repr(tuple(values)).encode()).digest()[:16])) % _MOST

    @property
    def digest(self) -> str:
        return f"{self.total:032x}"


def copy_table(source: Connection, target: Connection, table: Table, progress: Progress) -> Tally:
    """All rows of the table, which is empty in the target; the tally is of what was read."""
    tally = Tally()
    for rows in _batches(source, table):
        for row in rows:
            tally.add(row)
            _check(table, row, target)
        target.execute(table.insert(), [dict(zip(table.c.keys(), row, strict=True)) for row in rows])
        progress(tally.rows)
    if "seq" in table.c:
        _continue_numbers(target, table, _highest_number(source, table))
    return tally


def tally_of(connection: Connection, table: Table) -> Tally:
    """Of what the table holds."""
    tally = Tally()
    for rows in _batches(connection, table):
        for row in rows:
            tally.add(row)
    return tally


def tables_there(connection: Connection, tables: Sequence[Table]) -> list[Table]:
    """Those that the database has."""
    names = set(inspect(connection).get_table_names())
    return [table for table in tables if table.name in names]


def filled(connection: Connection, tables: Sequence[Table]) -> list[str]:
    """Names of those that hold a row."""
    there = tables_there(connection, tables)
    return [table.name for table in there if connection.execute(select(table).limit(1)).first() is not None]


def keep_still(connection: Connection, tables: Sequence[Table]) -> None:
    """Nobody writes to the tables until the transaction ends; SQLite's `writing` has seen to that already."""
    if connection.dialect.name == "postgresql" and tables:
        connection.execute(text(f"SET LOCAL lock_timeout = '{int(BUSY_SECONDS)}s'"))
        connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN SHARE MODE"))


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    yield from connection.execute(select(table).execution_options(yield_per=ROWS_AT_ONCE)).partitions()


def _check(table: Table, row: Row[Any], target: Connection) -> None:
    """PostgreSQL holds to the declared lengths, and no text of it has a zero byte; SQLite takes both."""
    if target.dialect.name != "postgresql":
        return
    for column, value in zip(table.c, row, strict=True):
        if not isinstance(value, str):
            continue
        most = column.type.length if isinstance(column.type, String) else None
        wrong = f"{len(value)} characters, at most {most}" if most and len(value) > most else ""
        if wrong or "\x00" in value:
            key = ", ".join(f"{part.name} {row._mapping[part]!r:.80}" for part in table.primary_key)
            reason = f"{column.name} has {wrong or 'a zero byte'}"
            raise DataError(f"{table.name}, {key}: {reason}; PostgreSQL cannot hold it; nothing was moved")


def _highest_number(connection: Connection, table: Table) -> int:
    """The last one that was given, even if its row is gone since."""
    if connection.dialect.name == "postgresql":
        name = connection.execute(_SEQUENCE, {"table": table.name}).scalar_one()
        row = connection.execute(text(f"SELECT last_value, is_called FROM {name}")).one()
        return int(row.last_value) if row.is_called else 0
    highest = connection.execute(select(func.max(table.c.seq))).scalar_one() or 0
    if _never_repeats(table):
        given = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table.name})
        highest = max(highest, given.scalar_one_or_none() or 0)
    return int(highest)


def _continue_numbers(connection: Connection, table: Table, highest: int) -> None:
    values = {"table": table.name, "highest": highest}
    if not highest:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'seq'), :highest)"), values)
    elif _never_repeats(table):
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)"), values)


def _never_repeats(table: Table) -> bool:
    return bool(table.dialect_options["sqlite"]["autoincrement"])


_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, 'seq')")

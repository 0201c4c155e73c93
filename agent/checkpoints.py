"""Where consultations are checkpointed: in the shop's PostgreSQL database, or in an SQLite file beside its own.

In: the engine of the shop's database, and its state directory. Out: `Checkpoints`, whose `saver` LangGraph writes with
and which finds and removes whole consultations. Both savers keep their default serializer, which is the same. Errors:
`StorageError`, `ConfigError` where the packages for PostgreSQL are missing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import Engine

from errors import ConfigError, StorageError
from profiles.privacy.overwrite import overwrite_freed_in
from profiles.storage.database import BUSY_SECONDS

CHECKPOINTS_FILE = "checkpoints.db"
NO_POSTGRESQL = "checkpoints in PostgreSQL need langgraph-checkpoint-postgres"


class Checkpoints(Protocol):
    """All consultations of one shop; a thread is one of them."""

    @property
    def saver(self) -> BaseCheckpointSaver[str]: ...

    def threads(self) -> set[str]: ...

    def mentioning(self, name: str) -> set[str]:
        """Threads that may be of this customer: found without unpacking them, so also some of others."""
        ...

    def remove(self, threads: set[str]) -> int:
        """How many rows went."""
        ...


@contextmanager
def open_checkpoints(engine: Engine, state: Path, *, make: bool = True) -> Iterator[Checkpoints]:
    """Open for one block; the block's own database errors come out as they are.

    `make` False: where there is no SQLite file there are no consultations, and no file is made to say so.
    """
    if engine.dialect.name == "postgresql":
        try:
            from agent.checkpoints_postgresql import open_postgresql  # an optional package
        except ImportError as error:
            raise ConfigError(f"{NO_POSTGRESQL}: {error}") from error
        with open_postgresql(engine) as opened:
            yield opened
        return
    path = state / CHECKPOINTS_FILE
    place = path if make or path.is_file() else ":memory:"
    with closing(sqlite3.connect(place, check_same_thread=False, timeout=BUSY_SECONDS)) as connection:
        yield SqliteCheckpoints(connection)


@contextmanager
def checkpoint_errors(engine: Engine, what: str) -> Iterator[None]:
    """What the database's driver raises, as `StorageError`: "`what`: why"."""
    try:
        yield
    except engine.dialect.loaded_dbapi.Error as error:
        reason = str(error).partition("\n")[0]  # PostgreSQL tells the row below
        raise StorageError(f"{what}: {reason}") from error


class SqliteCheckpoints:
    """In a file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._database = connection
        self.saver: BaseCheckpointSaver[str] = SqliteSaver(connection)
        self.saver.setup()

    def threads(self) -> set[str]:
        return {row[0] for row in self._database.execute("SELECT DISTINCT thread_id FROM checkpoints")}

    def mentioning(self, name: str) -> set[str]:
        found: set[str] = set()
        for table, column in (("checkpoints", "checkpoint"), ("writes", "value")):
            query = f"SELECT DISTINCT thread_id FROM {table} WHERE instr({column}, ?) OR instr(thread_id, ?)"
            found.update(row[0] for row in self._database.execute(query, (name.encode(), name)))
        return found

    def remove(self, threads: set[str]) -> int:
        count = 0
        for thread in threads:
            for part in ("writes", "checkpoints"):
                count += self._database.execute(f"DELETE FROM {part} WHERE thread_id = ?", (thread,)).rowcount
        self._database.commit()
        overwrite_freed_in(self._database)
        return count

"""Checkpoints in the shop's PostgreSQL database: an engine in, `agent.checkpoints.Checkpoints` out.

LangGraph's saver works over connections of its own: they commit by themselves, which SQLAlchemy's do not. A connection
that was lost, as when the server starts anew, is replaced before the next turn. Errors: those of psycopg.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool
from sqlalchemy import Engine

from profiles.storage.database import BUSY_SECONDS

_TABLES = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")
_LOCK = 0x43484B50  # PostgreSQL's advisory lock of whoever makes the tables: any number that nobody else takes
_Pool = ConnectionPool[Connection[DictRow]]


@contextmanager
def open_postgresql(engine: Engine) -> Iterator["PostgresqlCheckpoints"]:
    """The tables are there, or are made."""
    with ConnectionPool(
        kwargs=_connecting(engine) | {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
        connection_class=Connection[DictRow],
        min_size=1,
        max_size=2,  # the saver lets one statement at a time through
        timeout=BUSY_SECONDS,
        check=ConnectionPool.check_connection,
    ) as pool:
        with pool.connection() as connection:
            _set_up(connection)
        yield PostgresqlCheckpoints(pool)


class PostgresqlCheckpoints:
    """In three tables of LangGraph's."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self.saver: BaseCheckpointSaver[str] = PostgresSaver(pool)

    def threads(self) -> set[str]:
        return self._threads("SELECT DISTINCT thread_id FROM checkpoints")

    def mentioning(self, name: str) -> set[str]:
        """Short values, such as whose it is, stand in the checkpoint itself; the others, packed, in the blobs."""
        return self._threads(
            """SELECT thread_id FROM checkpoints
                WHERE checkpoint -> 'channel_values' ->> 'customer' = %(name)s OR strpos(thread_id, %(name)s) > 0
            UNION SELECT thread_id FROM checkpoint_blobs WHERE position(%(packed)s IN blob) > 0
            UNION SELECT thread_id FROM checkpoint_writes WHERE position(%(packed)s IN blob) > 0""",
            {"name": name, "packed": name.encode()},
        )

    def remove(self, threads: set[str]) -> int:
        with self._pool.connection() as connection, connection.transaction():
            return sum(
                connection.execute(f"DELETE FROM {table} WHERE thread_id = ANY(%s)".encode(), (list(threads),)).rowcount
                for table in _TABLES
            )

    def _threads(self, query: str, values: dict[str, Any] | None = None) -> set[str]:
        with self._pool.connection() as connection:
            return {row["thread_id"] for row in connection.execute(query.encode(), values)}


def _set_up(connection: Connection[DictRow]) -> None:
    """One process at a time. It asks again instead of waiting inside a statement: an index that is made beside the
    running work (`CREATE INDEX CONCURRENTLY`) waits for all statements that began before it, so both would wait."""
    while connection.execute("SELECT 1 WHERE pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() is None:
        time.sleep(0.1)
    try:
        PostgresSaver(connection).setup()
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _connecting(engine: Engine) -> dict[str, Any]:
    """The engine's URL as psycopg takes it, without SQLAlchemy's own types."""
    _, options = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in options.items() if name != "context"}

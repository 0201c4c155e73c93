"""The shop's database: a URL or a file path in, a SQLAlchemy engine out.

SQLite by default, PostgreSQL by URL.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a crash and a power cut.
Writers take the write lock when they begin, so two of them wait for each other instead of losing a
write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from errors import ConfigError, StorageError

DATABASE_FILE = "shopkeeper.db"
BUSY_SECONDS = 30.0


def open_database(url: str | Path) -> Engine:
    """An engine for a SQLAlchemy URL, or for an SQLite file at a path (its folder is made).

    Errors: `ConfigError` for a URL that names no database, `StorageError` for a folder that cannot be
    written.
    """
    if isinstance(url, Path) or "://" not in url:
        try:
            Path(url).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make the folder of {url}: {error}") from error
        url = f"sqlite:///{url}"
    try:
        engine = create_engine(url, hide_parameters=True)  # neither errors nor logs quote what customers said
    except (ArgumentError, ImportError) as error:
        raise ConfigError(f"cannot open the database {url!r}: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reads. Database errors come out as `StorageError`."""
    with _storage_errors(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed as a whole when the block ends, or nothing of it (`StorageError`)."""
    with (
        _storage_errors(engine),
        engine.connect().execution_options(shopkeeper_writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _storage_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]  # PostgreSQL tells the row below
        raise StorageError(
            f"database {engine.url.render_as_string()}: {reason}; nothing was written"
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own: _begin_sqlite does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("shopkeeper_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

"""The shop's database: a URL or a file path in, a SQLAlchemy engine out.

SQLite by default, PostgreSQL by URL; which of the two a shop chose stands in the environment.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a crash and a power cut.
Writers take the write lock when they begin, so two of them wait for each other instead of losing a
write.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from errors import ConfigError, StorageError

DATABASE_FILE = "shopkeeper.db"
DATABASE = "SHOPKEEPER_DATABASE"
BUSY_SECONDS = 30.0
_DRIVER = "postgresql+psycopg"
_EXPECTED = f"expected {_DRIVER}://user@host/database"


def chosen_database(environment: Mapping[str, str]) -> str | None:
    """The URL of the PostgreSQL database that the shop chose; None: the SQLite file in its state directory.

    For the commands that open a shop's own database. What works on a state of its own (self-play, evals, builds)
    never asks. Errors: `ConfigError`, which does not quote the value: it may hold a password.
    """
    given = environment.get(DATABASE, "").strip()
    if not given:
        return None
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        raise ConfigError(f"{DATABASE} is no database URL; {_EXPECTED}") from None
    if url.drivername != _DRIVER:
        raise ConfigError(f"{DATABASE} begins with {url.drivername!r}; {_EXPECTED}")
    if not url.database:
        raise ConfigError(f"{DATABASE} names no database; {_EXPECTED}")
    if "password" in url.query:  # there, messages would show it
        raise ConfigError(f"{DATABASE} has the password behind the '?'; expected {_DRIVER}://user:password@host/database")
    return given


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
    except (ArgumentError, ImportError, ValueError) as error:
        known = f"expected a file or {_DRIVER}://user@host/database"
        raise ConfigError(f"cannot open the database {_without_password(url)!r}: {error}; {known}") from error
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


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string()
    except (ArgumentError, ValueError):
        return url.partition("://")[0] + "://..."


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

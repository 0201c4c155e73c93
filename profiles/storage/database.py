"""The shop's database: a URL or a file path in, a SQLAlchemy engine out.

SQLite by default, PostgreSQL by URL; which of the two a shop chose stands in the environment.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a crash and a power cut.
Writers take the write lock when they begin, so two of them wait for each other instead of losing a
write. PostgreSQL locks row by row: of two transactions that wait for each other it ends one, which is
`retried`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from errors import ConfigError, StorageError

DATABASE_FILE = "shopkeeper.db"
DATABASE = "SHOPKEEPER_DATABASE"
BUSY_SECONDS = 30.0
CACHE_KILOBYTES = 32_000  # of a connection, once it has touched so much; SQLite's 2 MB spill a batch of events
CHECKPOINT_PAGES = 4000  # of the write-ahead log, as many as one block of its index finds: fewer writers wait for one
DRIVER = "postgresql+psycopg"
_EXPECTED = f"expected {DRIVER}://user@host/database"
_LOCK = 0x53484F50  # PostgreSQL's advisory lock of whoever makes or fills tables: any number that nobody else takes
_TRIES = 5
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_COLLISIONS = ("40P01", "40001")  # PostgreSQL's codes: a deadlock, and transactions that cannot be put in an order


class Collision(StorageError):
    """PostgreSQL ended this transaction so that another one can go on. To do it again is enough."""


def chosen_database(environment: Mapping[str, str]) -> str | None:
    """The URL of the PostgreSQL database that the shop chose; None: the SQLite file in its state directory.

    For the commands that open a shop's own database. What works on a state of its own (self-play, evals, builds)
    never asks. Errors: `ConfigError`, which does not quote the value: it may hold a password.
    """
    given = environment.get(DATABASE, "").strip()
    return postgresql_url(given, DATABASE) if given else None


def postgresql_url(given: str, named: str) -> str:
    """The URL, if it is one of a PostgreSQL database. `named`: where it stands. Errors: `ConfigError`, without it."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        raise ConfigError(f"{named} is no database URL; {_EXPECTED}") from None
    if url.drivername != DRIVER:
        raise ConfigError(f"{named} begins with {url.drivername!r}; {_EXPECTED}")
    if not url.database:
        raise ConfigError(f"{named} names no database; {_EXPECTED}")
    if "password" in url.query:  # there, messages would show it
        raise ConfigError(f"{named} has the password behind the '?'; expected {DRIVER}://user:password@host/database")
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
        known = f"expected a file or {DRIVER}://user@host/database"
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


def retried(work: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """For a function whose writes are one transaction: called again when PostgreSQL has ended it for another one."""

    @wraps(work)
    def again(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        for attempt in range(1, _TRIES):
            try:
                return work(*args, **kwargs)
            except Collision:
                time.sleep(random.uniform(0.0, 0.05) * attempt)
        return work(*args, **kwargs)

    return again


def stay_alone(connection: Connection) -> None:
    """Until this write transaction ends, others that ask for the same wait here, as SQLite's writers do anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def make_tables(engine: Engine, declared: MetaData) -> None:
    """Make those of the declared tables that are missing; processes that start at once wait for each other."""
    with writing(engine) as connection:
        stay_alone(connection)
        declared.create_all(connection)


@contextmanager
def _storage_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        kind = Collision if getattr(cause, "sqlstate", None) in _COLLISIONS else StorageError
        reason = str(cause or error).partition("\n")[0]  # PostgreSQL tells the row below
        raise kind(f"database {engine.url.render_as_string()}: {reason}; nothing was written") from error


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
    cursor.execute(f"PRAGMA cache_size={-CACHE_KILOBYTES}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("shopkeeper_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

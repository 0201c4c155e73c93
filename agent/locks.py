"""One turn at a time in each consultation, whichever thread, process or replica answers it.

In: the engine of the shop's database, and a consultation's id. Out: a lock that is held for the length of a turn and
goes when its process dies. In PostgreSQL it is an advisory lock on a connection of its own, so that any number of turns
can wait without using up the pool; beside an SQLite file it is a file of the library filelock, which is removed after
the turn. Errors: `StorageError` when the turn before does not end in time, or there is no place for the lock.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from errors import StorageError

FOLDER = "turns"  # beside the SQLite file
_TIMED_OUT = "55P03"  # PostgreSQL's code for a lock that was not to be had in time
_LOOK_AGAIN = 0.02  # seconds between looks at a file


class ConsultationLocks(Protocol):
    """`hold` blocks until the consultation is free, and raises `StorageError` after `seconds`."""

    @contextmanager
    def hold(self, consultation: str, seconds: float) -> Iterator[None]: ...


def consultation_locks(engine: Engine) -> ConsultationLocks:
    """The locks that all processes on this database share."""
    return AdvisoryLocks(engine) if engine.dialect.name == "postgresql" else FileLocks(_folder(engine))


class AdvisoryLocks:
    """In PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        # Not the engine's pool: it is smaller than the number of turns that may run, and each of them needs it too.
        self._engine = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)

    @contextmanager
    def hold(self, consultation: str, seconds: float) -> Iterator[None]:
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise StorageError(f"consultation {consultation!r} cannot be locked: {_reason(error)}") from error
        with connection:  # the server lets go of the lock when the connection ends, however it ends
            try:
                connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": _wait(seconds)})
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(consultation)})
            except SQLAlchemyError as error:
                if getattr(getattr(error, "orig", None), "sqlstate", None) == _TIMED_OUT:
                    raise _busy(consultation, seconds) from None
                raise StorageError(f"consultation {consultation!r} cannot be locked: {_reason(error)}") from error
            yield


class FileLocks:
    """In a folder that the processes of one machine share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, consultation: str, seconds: float) -> Iterator[None]:
        path = self._folder / f"{_key(consultation):016x}.lock"
        # A reader of the stream may be closed by another thread than the one that began it.
        lock = FileLock(path, timeout=seconds, poll_interval=_LOOK_AGAIN, thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise _busy(consultation, seconds) from None
        except OSError as error:
            raise StorageError(f"cannot lock {path}: {error.strerror or error}") from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is held: whoever waits on it sees that, and makes another
            lock.release()


def _folder(engine: Engine) -> Path:
    file = engine.url.database
    if not file or file == ":memory:":  # this process's alone
        return Path(tempfile.mkdtemp(prefix="shopkeeper-"))
    return Path(file).absolute().parent / FOLDER


def _key(consultation: str) -> int:
    """64 bits, as PostgreSQL takes them; two consultations that share them would only wait for each other."""
    return int.from_bytes(hashlib.blake2b(consultation.encode(), digest_size=8, person=b"turn").digest()) >> 1


def _wait(seconds: float) -> str:
    return f"{max(1, int(seconds * 1000))}ms"


def _busy(consultation: str, seconds: float) -> StorageError:
    waited = f"after {seconds:g} seconds the message before was not answered"
    return StorageError(f"consultation {consultation!r} is busy: {waited}; send this one again")


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]

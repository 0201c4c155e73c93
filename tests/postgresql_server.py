"""A PostgreSQL server of the tests' own, from Debian's package, in a new directory: the fixture `server` runs it.

In: nothing. Out: URLs of fresh databases. PostgreSQL refuses to run as root, so then its own user runs it.
"""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.ports import free_port

_USER = "postgres"


@contextmanager
def postgresql() -> Iterator["Server"]:
    """A running server; the tests fail without the package, since nothing else would be tested."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs:
        pytest.fail("these tests need PostgreSQL: apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="shopkeeper-pg-"))
    if os.getuid() == 0:
        shutil.chown(home, _USER)
    port = free_port()
    data = home / "data"
    _run([programs[-1].with_name("initdb"), "-D", data, "-U", _USER, "--auth=trust", "-E", "UTF8", "--no-sync"])
    quick = ("-c", "fsync=off")  # tests kill processes, never the machine
    server = [programs[-1], "-D", data, "-p", str(port), "-k", home, "-c", "listen_addresses=127.0.0.1", *quick]
    process = subprocess.Popen(_as_its_user(server), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        started = Server(port)
        started.wait()
        yield started
    finally:
        stop = [programs[-1].with_name("pg_ctl"), "-D", data, "-m", "immediate", "stop"]
        subprocess.run(_as_its_user(stop), check=False, capture_output=True)
        process.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


class Server:
    """A server on 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._made: list[str] = []

    def database(self) -> str:
        """The SQLAlchemy URL of a new, empty database."""
        name = f"shop_{uuid.uuid4().hex[:12]}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        self._made.append(name)
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self._port}/{name}"

    def drop_databases(self) -> None:
        """All that were made so far, with whoever is still connected to them."""
        with self._connect() as connection:
            while self._made:
                connection.execute(f"DROP DATABASE {self._made.pop()} WITH (FORCE)".encode())

    def wait(self) -> None:
        for attempt in range(100):
            try:
                self._connect().close()
                return
            except psycopg.OperationalError:
                if attempt == 99:
                    raise
                time.sleep(0.1)

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(host="127.0.0.1", port=self._port, user=_USER, autocommit=True, connect_timeout=5)


def _run(command: Sequence[object]) -> None:
    subprocess.run(_as_its_user(command), check=True, capture_output=True, cwd="/")


def _as_its_user(command: Sequence[object]) -> list[str]:
    words = [str(word) for word in command]
    return ["runuser", "-u", _USER, "--", *words] if os.getuid() == 0 else words

"""Files beside a shop's databases in which an erased customer still stands: copies, backups, exports.

In: a state directory and the customer's names. Out: lines for the receipt, each naming a file that is "not erased".
Nothing is changed: whose a file is that the project does not know is for the shop to say. A copy of a database that is
put back is erased again when it is opened. Errors: `StorageError` for a directory that cannot be read.
"""

import gzip
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from agent.checkpoints import CHECKPOINTS_FILE
from errors import StorageError
from profiles.storage.database import DATABASE_FILE

_SQLITE = b"SQLite format 3\0"
_BLOCK = 1 << 20
_OVERLAP = 400  # a name may lie across two blocks; none is longer


def left_in_copies(state: Path, names: Collection[str]) -> list[str]:
    """One line a file that still names the customer; the shop's own databases are not looked at."""
    own = {state / f"{name}{ending}" for name in (DATABASE_FILE, CHECKPOINTS_FILE) for ending in ("", "-wal", "-shm")}
    wanted = _pattern(names)
    try:
        files = [path for path in sorted(state.rglob("*")) if path.is_file() and path not in own]
        found = [path for path in files if any(wanted.search(part) for part in _parts(path))]
    except OSError as error:
        raise StorageError(f"cannot look for copies in {state}: {error}") from error
    advice = "remove it; a copy of a database that is put back is erased again"
    return [f"not erased from {path}, which is no place of the shop's own: {advice}" for path in found]


def _pattern(names: Collection[str]) -> re.Pattern[bytes]:
    """A name where nothing of a longer one stands beside it."""
    ordered = sorted(filter(None, names), key=len, reverse=True)
    every = b"|".join(re.escape(name.encode("utf-8", "replace")) for name in ordered)
    return re.compile(rb"(?<![\w-])(?:" + (every or b"(?!)") + rb")(?![\w-])")


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) == _SQLITE:
            yield from _values(path)
            return
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            rest = b""
            while block := lines.read(_BLOCK):
                yield rest + block
                rest = (rest + block)[-_OVERLAP:]
    except (gzip.BadGzipFile, EOFError):
        yield path.read_bytes()


def _values(path: Path) -> Iterator[bytes]:
    """Each text and blob of a database, by itself: in the file they lie side by side without a mark between."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = bytes
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                quoted = table.decode().replace('"', '""')
                for row in database.execute(f'SELECT * FROM "{quoted}"'):
                    yield from (value for value in row if isinstance(value, bytes))
    except sqlite3.Error:
        yield path.read_bytes()  # damaged, and yet to be read

"""SQLite files as the target of a move: written as drafts, put in place together once all of it is right.

In: a state directory that has no database. Out: a directory of drafts to write to; when the block ends, the files are
where the shop's commands look for them, and when it fails there is nothing. Errors: `Refused`, `StorageError`.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from agent.checkpoints import CHECKPOINTS_FILE
from errors import Refused
from profiles.storage.database import DATABASE_FILE
from profiles.storage.files import storage_errors, sync

_FILES = (CHECKPOINTS_FILE, DATABASE_FILE)  # the shop's own last: it is what says that there is a database


@contextmanager
def drafts(state: Path) -> Iterator[Path]:
    """A directory beside the files to come."""
    for name in _FILES:
        if (state / name).exists():
            raise Refused(f"{state / name} is there already: nothing is moved over it; put it elsewhere first")
    with storage_errors(state):
        state.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".moving-", dir=state))
    try:
        yield folder
        with storage_errors(state):
            _put_in_place(folder, state)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, state: Path) -> None:
    for name in _FILES:
        with closing(sqlite3.connect(folder / name)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all that was written stands in the file itself
        sync(folder / name)
        os.link(folder / name, state / name)  # fails if somebody has made one meanwhile
    sync(state)

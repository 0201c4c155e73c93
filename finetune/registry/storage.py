"""Folders that survive a crash: whole or not there, and one writer at a time. (Files: `profiles.storage.files`.)

In: paths. Out: nothing is returned before it is on the disk. Errors: `StorageError` naming the path.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profiles.storage.files import storage_errors, sync

UNFINISHED = ".new-"  # how folders that are being written begin; a crash leaves them behind


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time is in here; the lock ends with the process, however it ends."""
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when the body is done; nothing is left if the body raises."""
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
        try:
            yield work
            for path in [*work.rglob("*"), work]:
                path.chmod(0o755 if path.is_dir() else 0o644)
                sync(path)
            work.rename(target)
            sync(target.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def remove_unfinished(folder: Path) -> None:
    """Delete what processes that crashed had begun; call it inside `locked`."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)

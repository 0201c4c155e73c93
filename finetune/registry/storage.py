"""Files that survive a crash: whole or not there, appended or not, and one writer at a time.

In: paths and bytes. Out: nothing is returned before it is on the disk. Errors: `StorageError` naming the path.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import StorageError

UNFINISHED = ".new-"  # how folders that are being written begin; a crash leaves them behind


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time is in here; the lock ends with the process, however it ends."""
    with _storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones."""
    with _storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        _sync(path.parent)


def append_line(path: Path, line: str) -> None:
    """Add a line of JSON; half a line that a crash left at the end is cut off first."""
    with _storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = "".join(f"{kept}\n" for kept in whole_lines(path)).encode()
        if path.exists() and path.stat().st_size != len(whole):
            write_whole(path, whole)
        with path.open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _sync(path.parent)


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that `append_line` writes; none if there is no file.

    A last line without an end counts if it is JSON (somebody's editor left it so), and else is the half of one that was
    never acknowledged. Raises StorageError.
    """
    with _storage(path):
        if not path.exists():
            return []
        *lines, last = path.read_bytes().decode(errors="replace").split("\n")
        return [*lines, last] if _is_json(last) else lines


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when the body is done; nothing is left if the body raises."""
    with _storage(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
        try:
            yield work
            for path in [*work.rglob("*"), work]:
                path.chmod(0o755 if path.is_dir() else 0o644)
                _sync(path)
            work.rename(target)
            _sync(target.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def remove_unfinished(folder: Path) -> None:
    """Delete what processes that crashed had begun; call it inside `locked`."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot read or write {path}: {error.strerror or error}") from error

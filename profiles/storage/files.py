"""Files that survive a crash: whole or not there, appended or not.

In: paths and bytes. Out: nothing is returned before it is on the disk. Errors: `StorageError` naming the path.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from errors import DataError, StorageError

Record = TypeVar("Record", bound=BaseModel)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones."""
    with storage_errors(path):
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
        sync(path.parent)


def write_once(path: Path, data: bytes) -> None:
    """Make a file that only its owner can read, unless it is there; of two that begin at once the first one's stays."""
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            Path(draft).unlink()


def append_line(path: Path, line: str) -> None:
    """Add a line of JSON; half a line that a crash left at the end is cut off first."""
    append_lines(path, [line])


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """The same of several lines, with one wait for the disk."""
    with alone_in(path.parent), storage_errors(path):
        whole = "".join(f"{kept}\n" for kept in whole_lines(path)).encode()
        if path.exists() and path.stat().st_size != len(whole):
            write_whole(path, whole)
        with path.open("ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        sync(path.parent)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other process that asks for this is at the folder's files meanwhile. The folder is made."""
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def whole_records(path: Path, kind: type[Record]) -> Iterator[Record]:
    """The same lines as records. Errors: `DataError` with file and line."""
    for number, line in enumerate(whole_lines(path), 1):
        try:
            yield kind.model_validate_json(line)
        except ValidationError as error:
            raise DataError(f"{path}, line {number}: {error.errors()[0]['msg']}: {line[:80]!r}") from error


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that `append_line` writes; none if there is no file.

    A last line without an end counts if it is JSON (somebody's editor left it so), and else is the half of one that was
    never acknowledged. Raises StorageError.
    """
    with storage_errors(path):
        if not path.exists():
            return []
        *lines, last = path.read_bytes().decode(errors="replace").split("\n")
        return [*lines, last] if _is_json(last) else lines


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def sync(path: Path) -> None:
    """What was written in a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """The operating system's errors about a path come out as `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot read or write {path}: {error.strerror or error}") from error

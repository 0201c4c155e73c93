"""Event files and streams: JSON lines in, batch by batch, a report out.

A file (.jsonl, or .jsonl.gz) of any size goes on where an earlier reading of it ended, if all that was read is still
the same; one that grows may be read again and again. A stream is taken in as it comes, at the latest a second after.
Errors: `DataError` for a file that cannot be read; what was reported before it is kept.
"""

import gc
import gzip
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection
from sqlalchemy import select as sql_select

from errors import DataError
from profiles.events.intake import EventIntake
from profiles.events.reader import LINES_AHEAD, beginnings, parse, read_batches, read_lines
from profiles.events.report import Report
from profiles.storage.database import reading
from profiles.storage.tables import event_files, insert_or_replace
from profiles.store import ProfileStore

LINES_PER_BATCH = 50_000
MOST_BYTES = 1_000_000  # of a line
IDLE_SECONDS = 0.2  # a stream that pauses so long is taken in
WAIT_SECONDS = 1.0
BLOCK = 1 << 20

Progress = Callable[[Report], None]


def take_file(
    intake: EventIntake,
    path: Path,
    progress: Progress = lambda report: None,
    lines: int = LINES_PER_BATCH,
    ahead: int = LINES_AHEAD,
) -> Report:
    """Take a file in; `progress` hears what each batch has added up to. `ahead`: see `read_batches`."""
    report = intake.settle()
    try:
        with _open(path) as stream, _no_search_for_cycles():
            place = _Place.find(intake.store, path, stream)
            with closing(read_batches(_batches(stream, lines), intake.reader, ahead)) as read:
                for batch, begun, readings in read:
                    if not batch[-1].endswith(b"\n") and isinstance(parse(begun[-1]), str):
                        place.pass_over(batch[:-1])  # half a line: once it is whole, it will be read
                    else:
                        place.pass_over(batch)
                    report += intake.take_read(readings, place.mark)
                    progress(report)
            intake.take((), place.mark_whole)
    except (OSError, EOFError) as error:
        said = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: {said}; read so far: {report.read} events") from error
    return report


def lines_of(path: Path) -> Iterator[object]:
    """The JSON of each line of a file, its text where it is none. Errors: `OSError`, `EOFError`."""
    with _open(path) as stream:
        for _, begun in beginnings(_batches(stream, LINES_PER_BATCH)):
            yield from (raw for raw in map(parse, begun) if raw is not None)


def is_whole(store: ProfileStore, path: Path) -> bool:
    """Whether the file was read to its end, as it was then."""
    statement = sql_select(event_files.c.whole).where(event_files.c.path == str(path.resolve()))
    with reading(store.engine) as connection:
        return bool(connection.execute(statement).scalar_one_or_none())


def take_stream(
    intake: EventIntake, descriptor: int, progress: Progress = lambda report: None, lines: int = LINES_PER_BATCH
) -> Report:
    """Take in what comes through an open file descriptor, such as standard input, until it ends."""
    report = intake.settle()
    for batch in _arriving(descriptor, lines):
        report += intake.take_read(read_lines(batch, intake.reader))
        progress(report)
    return report


class _Place:
    """How far a file has been read, with a digest of all that was."""

    def __init__(self, path: Path) -> None:
        self._path = str(path.resolve())
        self._offset = 0
        self._digest = sha256()

    @classmethod
    def find(cls, store: ProfileStore, path: Path, stream: BinaryIO) -> "_Place":
        """The place where an earlier reading ended, with `stream` moved there; or else its start."""
        place = cls(path)
        with reading(store.engine) as connection:
            statement = sql_select(event_files).where(event_files.c.path == place._path)
            held = connection.execute(statement).one_or_none()
        if held is None:
            return place
        while place._offset < held.offset and (block := stream.read(min(BLOCK, held.offset - place._offset))):
            place.pass_over([block])
        if (place._offset, place._digest.hexdigest()) == (held.offset, held.digest):
            return place
        stream.seek(0)
        return cls(path)

    def pass_over(self, lines: list[bytes]) -> None:
        read = b"".join(lines)
        self._digest.update(read)
        self._offset += len(read)

    def mark(self, connection: Connection) -> None:
        self._write(connection, False)

    def mark_whole(self, connection: Connection) -> None:
        self._write(connection, True)

    def _write(self, connection: Connection, whole: bool) -> None:
        row = {"path": self._path, "offset": self._offset, "digest": self._digest.hexdigest(), "whole": whole}
        insert_or_replace(connection, event_files, [row])


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Events by the ten thousand hold no cycles; to search them for some again and again costs a fifth of the time."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _open(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, BufferedReader(cast(Any, gzip.open(path, "rb")), BLOCK))
    return path.open("rb")


def _batches(stream: BinaryIO, count: int) -> Iterator[list[bytes]]:
    """So many lines at once; a line that is too long comes as several pieces, none of them JSON."""
    lines = iter(lambda: stream.readline(MOST_BYTES), b"")
    while batch := list(islice(lines, count)):
        yield batch


def _arriving(descriptor: int, count: int) -> Iterator[list[bytes]]:
    rest, lines, since = b"", list[bytes](), 0.0
    while True:
        due = lines and time.monotonic() - since >= WAIT_SECONDS
        ready = select.select([descriptor], [], [], IDLE_SECONDS if lines else None)[0]
        if lines and (due or not ready or len(lines) >= count):
            yield lines
            lines = []
            continue
        block = os.read(descriptor, BLOCK)
        if not block:
            break
        since = since if lines else time.monotonic()
        *whole, rest = (rest + block).split(b"\n")
        lines += whole
    if lines or rest:
        yield [*lines, rest]

"""Lines of events to readings: here, or batch after batch with a process that reads ahead; always in the same order.

While the caller takes in one batch, the process reads the next. It knows no database, so nothing is lost with it: it
ends when its caller does, however that ends, and if it ends too soon, the caller hears of it.
"""

import os
import pickle
import subprocess
import sys
from codecs import BOM_UTF8
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from pydantic_core import from_json

from profiles.events.event import Aside, Event
from profiles.events.shapes import EventReader, too_large
from profiles.storage.tables import time_text

Reading = Event | Aside | None
Plain = tuple[Any, ...] | Aside | None  # an event as texts and numbers: loaded several times as fast as the object

LINES_AHEAD = 20_000  # of a batch: below that, a process costs more than it saves
_ROOT = Path(__file__).parent.parent.parent
_RUN = "from profiles.events.reader import serve; serve()"


def parse(line: bytes) -> object:
    """The JSON of a line; None for an empty one, its text for one that is no JSON, or null."""
    line = line.removeprefix(BOM_UTF8)  # what some programs begin a file with
    if not line or line.isspace():
        return None
    try:
        held = from_json(line)
    except ValueError:
        held = None
    return line.decode("utf-8", "replace") if held is None else held


def beginnings(batches: Iterable[list[bytes]]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Each batch of lines, and the same to be read: of a line in pieces the first, the others are empty."""
    torn = False
    for lines in batches:
        rests = [torn, *(not line.endswith(b"\n") for line in lines)]
        yield lines, [b"" if rest else line for rest, line in zip(rests, lines, strict=False)]
        torn = rests[-1]


def read_lines(lines: Iterable[bytes], reader: EventReader) -> list[Reading]:
    """One reading a line, none of an empty one."""
    parsed = ((parse(line), len(line)) for line in lines)
    return [reader.read(too_large(raw, size) or raw) for raw, size in parsed if raw is not None]


def read_batches(
    batches: Iterable[list[bytes]], reader: EventReader, ahead: int = LINES_AHEAD
) -> Generator[tuple[list[bytes], list[bytes], list[Reading]]]:
    """Each of the batches with its `beginnings` and what they say.

    Batches of at least `ahead` lines are read ahead where there are two processors. Errors: `OSError`.
    """
    pairs = beginnings(batches)
    first = next(pairs, None)
    if first is None:
        return
    if len(first[0]) < ahead or os.cpu_count() == 1:
        yield from ((lines, begun, read_lines(begun, reader)) for lines, begun in chain([first], pairs))
        return
    with _Process(reader) as process:
        (lines, begun), readings = first, read_lines(first[1], reader)  # while the process starts
        for following in pairs:
            process.give(following[1])
            yield lines, begun, readings
            (lines, begun), readings = following, process.take()
        yield lines, begun, readings


class _Process:
    """Reads as `reader` does. What it was given must be taken before it is given more."""

    def __init__(self, reader: EventReader) -> None:
        self._now = reader.now
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the caller, whose end is the end of its input
        )
        self._send(frozenset(reader.products))

    def give(self, lines: Sequence[bytes]) -> None:
        self._send((lines, self._now()))

    def take(self) -> list[Reading]:
        """What the lines say that it was given; waits for it."""
        try:
            plain: list[Plain] = pickle.load(cast(BinaryIO, self._process.stdout))
        except (EOFError, pickle.UnpicklingError):
            raise self._gone() from None
        return [_event(*item) if isinstance(item, tuple) else item for item in plain]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # it holds nothing
        self._process.communicate()

    def _send(self, what: object) -> None:
        given = cast(BinaryIO, self._process.stdin)
        try:
            pickle.dump(what, given, pickle.HIGHEST_PROTOCOL)
            given.flush()
        except BrokenPipeError:
            raise self._gone() from None

    def _gone(self) -> OSError:
        return ChildProcessError(f"the process that reads its lines ended with code {self._process.wait()}")


def serve() -> None:
    """The process: reads what comes through standard input, until that ends or nobody listens."""
    try:
        products = pickle.load(sys.stdin.buffer)
        while True:
            lines, now = pickle.load(sys.stdin.buffer)
            readings = read_lines(lines, EventReader(products, repeat(now).__next__))
            pickle.dump(list(map(_plain, readings)), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
            sys.stdout.buffer.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # without a word about what could not be written


def _plain(item: Reading) -> Plain:
    if not isinstance(item, Event):
        return item
    at = time_text(item.at)
    return item.id, item.customer, item.visitor, item.kind, at, item.skus, item.order, item.amount


def _event(id_: str, customer: str, visitor: str, kind: Any, at: str, *rest: Any) -> Event:
    return Event(id_, customer, visitor, kind, datetime.fromisoformat(at), *rest)

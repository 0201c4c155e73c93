"""The local engine: a plan in, the same result as on Ray out, in one process and bounded memory.

Events are split into files by part, then the parts are folded one by one: memory holds one part, however many events
there are. After each file, and after each part, what is done is written down; an interrupted build goes on there.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from profiles.build.browsers import settle_browsers
from profiles.build.fold import fold_part, folded
from profiles.build.outcome import finish
from profiles.build.plan import Plan, write_whole
from profiles.build.split import Sorted, split_customers, split_file
from profiles.events.report import Report

LINES_PER_WORD = 500_000
Progress = Callable[[str], None]


def build_locally(plan: Plan, progress: Progress) -> Report:
    """Split, settle browsers, fold, put together. Errors: `DataError`, `StorageError`."""
    spill = _Spill(plan)
    for place, name in enumerate(plan.files, start=1):
        if spill.add(name, _told(split_file(plan, Path(name)), name, progress)):
            progress(f"split {place} of {len(plan.files)} files: {name}")
    spill.add("customers", split_customers(plan))
    for part in range(plan.parts):
        spill.add(f"browsers {part}", settle_browsers(plan, spill.lines(part, of_browser=True)))
    done = folded(plan)
    for part in range(plan.parts):
        if part not in done:
            report = fold_part(plan, part, spill.lines(part, of_browser=False))
            progress(f"folded {part + 1} of {plan.parts} parts: {report.taken} events taken")
    return finish(plan)


class _Spill:
    """The parts' lines on disk. What a source added counts once all of it is there."""

    def __init__(self, plan: Plan) -> None:
        self._folder = plan.work / "lines"
        self._parts = plan.parts
        self._state = self._folder / "done.json"
        held = json.loads(self._state.read_text(encoding="utf-8")) if self._state.exists() else {}
        self._done: list[str] = held.get("done", [])
        self._lengths: dict[str, int] = held.get("lengths", {})

    def add(self, source: str, lines: Iterable[Sorted]) -> bool:
        """Write a source's lines to their parts, unless that was done."""
        if source in self._done:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files: dict[str, BinaryIO] = {}
            for line in lines:
                name = _name(line.part, line.of_browser)
                if name not in files:
                    files[name] = stack.enter_context(self._open(name))
                files[name].write(line.line.encode() + b"\n")
            for name, file in files.items():
                file.flush()
                os.fsync(file.fileno())
                self._lengths[name] = file.tell()
        self._done.append(source)
        write_whole(self._state, json.dumps({"done": self._done, "lengths": self._lengths}).encode())
        return True

    def lines(self, part: int, *, of_browser: bool) -> Iterator[bytes]:
        """All lines of a part."""
        name = _name(part, of_browser)
        rest = self._lengths.get(name, 0)
        if rest:
            with (self._folder / name).open("rb") as file:
                while rest > 0 and (line := file.readline()):
                    rest -= len(line)
                    yield line

    def _open(self, name: str) -> BinaryIO:
        """At the end of what counts: what an interrupted source left after it is cut off."""
        path = self._folder / name
        path.touch()
        file = path.open("r+b")
        file.truncate(self._lengths.get(name, 0))
        file.seek(0, os.SEEK_END)
        return file


def _told(lines: Iterable[Sorted], name: str, progress: Progress) -> Iterator[Sorted]:
    """A large file says now and then how far it is."""
    for number, line in enumerate(lines, start=1):
        if number % LINES_PER_WORD == 0:
            progress(f"{name}: {number} lines")
        yield line


def _name(part: int, of_browser: bool) -> str:
    return f"{'browsers' if of_browser else 'customers'}-{part:05d}.jsonl"

"""Runs a suite: its cases in parallel, each record appended as it is made, so that a run can be stopped and resumed.

In: a `Suite`, `Options`, a folder. Out: a `Result`, and OUT/SUITE/records.jsonl with one line a case: ``{"id",
"fingerprint", "seconds", "record"}``, or ``"error"`` in place of the record. Only lines with the fingerprint of this
model, data, code and these options are reused. Errors: those of opening shops and models at the start; one that a case
raises is counted, told, and tried again by the next run.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from agent.models.profile import ModelProfile, choose_profile
from agent.shop import load_shop
from errors import ConfigError, DataError, ShopkeeperError, StorageError
from eval.fingerprint import case_print, conditions
from eval.stage import Stages
from eval.suite import Case, Options, Record, Suite
from eval.thresholds import Threshold
from eval.wrong_turns import WrongTurn, wrong_turns

Say = Callable[[str], None]
RECORDS = "records.jsonl"
_EVERY = 5.0  # seconds between two lines of progress


@dataclass(frozen=True, slots=True)
class Line:
    """One case that was run: its record, or the error that it ended with."""

    id: str
    fingerprint: str
    seconds: float
    record: Record | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        head = {"id": self.id, "fingerprint": self.fingerprint, "seconds": round(self.seconds, 3)}
        return head | ({"record": self.record} if self.error is None else {"error": self.error})


@dataclass(frozen=True, slots=True)
class Result:
    """What a suite came to. `n` records made the metrics; `errors` cases ended without one."""

    suite: str
    model: str
    n: int
    metrics: dict[str, float]
    seconds: float
    errors: int
    reused: int
    made: str
    options: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    wrong: tuple[WrongTurn, ...] = ()

    def brief(self) -> dict[str, Any]:
        """The last line of the command."""
        return {
            "suite": self.suite,
            "n": self.n,
            "metrics": self.metrics,
            "seconds": self.seconds,
            "model": self.model,
        }


def run_suite(
    suite: Suite, options: Options, out: Path, *, workers: int = 4, stages: Stages | None = None, say: Say | None = None
) -> tuple[Result, list[Line]]:
    """Run what has not been run yet, and score everything. `stages` in place of those of the options' model."""
    suite.check(options)
    started = time.monotonic()
    model = options.model or load_shop(options.shop).model
    with suite.around(options):
        lines, reused = _lines(suite, options, model, out / suite.name, workers, stages, say or _to_stderr)
    records = [line.record for line in lines if line.record is not None]
    errors = len(lines) - len(records)
    metrics = {name: float(value) for name, value in suite.metrics(records).items()}
    result = Result(
        suite.name, model, len(records), {name: round(value, 6) for name, value in metrics.items()},
        round(time.monotonic() - started, 1), errors, reused, datetime.now(UTC).isoformat(timespec="seconds"),
        _told(options), tuple(suite.targets), tuple(wrong_turns((line.id, line.record or {}) for line in lines)),
    )  # fmt: skip
    return result, lines


def _lines(
    suite: Suite, options: Options, model: str, folder: Path, workers: int, stages: Stages | None, say: Say
) -> tuple[list[Line], int]:
    """The lines of all cases in their order, and how many of them were made by an earlier run."""
    cases = _cases(suite, options)
    common = conditions(suite, options, model)
    prints = {case.id: case_print(case, options, common) for case in cases}
    done = _reusable(folder, prints)
    reused = len(done)
    todo = [case for case in cases if case.id not in done]
    with _opened(stages, model, options) as opened, _appending(folder / RECORDS) as write:
        if any(case.subject != "none" for case in todo):
            opened.warm()
        progress = _Progress(suite.name, len(cases), reused, say)
        for line in _run(suite, todo, prints, opened, options, min(workers, suite.workers or workers)):
            write(line)
            done[line.id] = line
            progress.tell(line)
    return [done[case.id] for case in cases], reused


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a records file. Raises DataError with the number of one that cannot be read."""
    with path.open(encoding="utf-8") as texts:
        for number, text in enumerate(texts, 1):
            try:
                value = json.loads(text)
                head = value["id"], value["fingerprint"], value["seconds"]
                yield Line(*head, value.get("record"), value.get("error"))
            except (ValueError, LookupError, TypeError) as error:
                raise DataError(f"{path}, line {number}: not a record of a run: {text[:80]!r}") from error


def met(result: Result, thresholds: Sequence[Threshold]) -> bool:
    """Whether every case ran and every threshold is met."""
    return not result.errors and all(threshold.met(result.metrics) for threshold in thresholds)


def _cases(suite: Suite, options: Options) -> Sequence[Case]:
    cases = suite.cases(options)
    cases = cases[: options.limit]
    ids = [case.id for case in cases]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise DataError(f"suite {suite.name} has two cases with the id {twice!r}")
    if not cases:
        raise ConfigError(f"suite {suite.name} has no cases for these options: is --data or --shop the right one?")
    return cases


def _reusable(folder: Path, prints: dict[str, str]) -> dict[str, Line]:
    """Records that were made under the same conditions; the file may hold those of other models and data as well."""
    path = folder / RECORDS
    if not path.is_file():
        return {}
    whole = path.read_bytes()
    if not whole.endswith(b"\n"):  # a run was killed while it wrote
        path.write_bytes(whole[: whole.rfind(b"\n") + 1])
    return {
        line.id: line for line in read_lines(path) if line.error is None and prints.get(line.id) == line.fingerprint
    }


def _run(
    suite: Suite, todo: Sequence[Case], prints: dict[str, str], stages: Stages, options: Options, workers: int
) -> Iterator[Line]:
    """Lines in the order in which the cases finish; on an interruption what is running is waited for."""

    def one(case: Case) -> Line:
        started = time.monotonic()
        try:
            record, error = _played(suite, case, stages, options), None
        except ShopkeeperError as problem:
            record, error = None, f"{type(problem).__name__}: {problem}"
        return Line(case.id, prints[case.id], time.monotonic() - started, record, error)

    waiting = iter(todo)
    with ThreadPoolExecutor(workers, thread_name_prefix="eval") as pool:
        running: set[Future[Line]] = {pool.submit(one, case) for case in islice(waiting, workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(one, case) for case in islice(waiting, len(finished))}
            for future in finished:
                yield future.result()


def _played(suite: Suite, case: Case, stages: Stages, options: Options) -> Record:
    if case.subject == "agent":
        with stages.agent(case.shop or options.shop) as keeper:
            return suite.run(case, keeper)
    return suite.run(case, stages.model if case.subject == "model" else None)


@contextmanager
def _opened(stages: Stages | None, model: str, options: Options) -> Iterator[Stages]:
    if stages is not None:
        yield stages
        return
    with Stages(model, profile=_profile(model, options), replies=options.replies) as opened:
        yield opened


def _profile(model: str, options: Options) -> ModelProfile:
    """How much help the model gets: as is asked, else as the shop has it."""
    shop = load_shop(options.shop)
    return choose_profile(model, options.profile or shop.profile, shop.model_profile)


@contextmanager
def _appending(path: Path) -> Iterator[Callable[[Line], None]]:
    """Writes whole lines; each is on its way to the disk before the next case is told as done."""
    lock = threading.Lock()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:

            def write(line: Line) -> None:
                text = json.dumps(line.to_json(), ensure_ascii=False)
                with lock:
                    file.write(text + "\n")
                    file.flush()

            yield write
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


class _Progress:
    """Says on standard error how far a run is."""

    def __init__(self, name: str, total: int, reused: int, say: Say) -> None:
        self._name, self._total, self._say = name, total, say
        self._done = self._reused = reused
        self._failed = self._errors = 0
        self._started = self._told = time.monotonic()
        if reused:
            say(f"{name}: {reused} of {total} cases were run before")

    def tell(self, line: Line) -> None:
        self._done += 1
        self._failed += line.record is not None and line.record.get("ok") is False
        self._errors += line.error is not None
        if line.error is not None:
            self._say(f"{self._name}: {line.id} ended with {line.error}")
        now = time.monotonic()
        if now - self._told < _EVERY and self._done < self._total:
            return
        self._told = now
        rate = (self._done - self._reused) / (now - self._started)
        left = (self._total - self._done) / rate
        more = f", {self._failed} failed" if self._failed else ""
        self._say(f"{self._name}: {self._done}/{self._total}{more}, {rate:.2f}/s, {left:.0f} s left")


def _told(options: Options) -> dict[str, Any]:
    """The options that make a difference, for the report."""
    told = {
        "shop": str(options.shop), "shops": options.shops and str(options.shops),
        "data": options.data and str(options.data), "profile": options.profile, "replies": options.replies,
        "limit": options.limit, "seed": options.seed, **options.settings,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

"""What a suite is: a dataset, something to run on each of its cases, and a scorer.

In: a file eval/suites/NAME.py that ends with ``SUITE = Suite(...)`` and is listed in `eval.suites`. Out: what
`eval.runner` runs: in parallel, resumable. A suite's functions:

    cases(options)        the cases, with ids that are the same for the same options; raises ConfigError or DataError
                          with file and line where its data cannot be read
    run(case, subject)    one case: a record that JSON can hold; called from several threads at once
    metrics(records)      figures over all records, in the order of the cases

Conventions that the report reads: a record's ``"ok"`` says whether the case passed and ``"why"`` why not; those of
its ``"turns"`` that have ``"faults"`` are shown one by one; a metric named ``"f1/colour"`` is the part of ``"f1"``
that concerns colours.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent.shop import Replies
from errors import ConfigError, choices

Record = dict[str, Any]
Subject = Literal["agent", "model", "none"]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. `model`, `profile` and `replies` None: as the shop's settings say.

    `data`: a file or directory in the suite's own format. `shop` is one shop, `shops` a directory of many. `limit`:
    most cases. `work`: a folder that a suite may write into (shops that it makes). `settings`: what only this suite
    knows, ``--set NAME=VALUE``; its names are checked against `Suite.settings`.
    """

    shop: Path = Path("shop")
    shops: Path | None = None
    data: Path | None = None
    model: str | None = None
    profile: str | None = None
    replies: Replies | None = None
    limit: int | None = None
    seed: int = 0
    work: Path = Path("runs/eval/work")
    settings: Mapping[str, str] = field(default_factory=dict)

    def needs_data(self, what: str) -> Path:
        """The data's path; `what` says what it should hold. Raises ConfigError without one that exists."""
        if self.data is None:
            raise ConfigError(f"--data is missing: it should name {what}")
        if not self.data.exists():
            raise ConfigError(f"--data {self.data}: there is no such file or directory; it should be {what}")
        return self.data

    def integer(self, name: str, default: int, least: int = 1) -> int:
        """A setting that is a whole number of at least `least`. Raises ConfigError."""
        given = self.settings.get(name)
        if given is None:
            return default
        if not given.isdecimal() or int(given) < least:
            raise ConfigError(f"--set {name}={given}: expected a whole number of at least {least}")
        return int(given)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: `data` holds all that `run` reads, as JSON can hold it; a record is reused only if it is unchanged.

    `subject` is what `run` gets: "agent", a `Shopkeeper` of `shop` (None: the options' one) on a state of its own that
    no other case has touched; "model", the chat model (a LangChain `BaseChatModel`); "none", None.
    """

    id: str
    data: Mapping[str, Any]
    subject: Subject = "agent"
    shop: Path | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite. `about`: one line. `targets`: thresholds to reach, ``"exact>=0.92"``. `settings`: names and meanings.

    `workers`: most cases at once; 1 where seconds are measured. `around`: what holds while it runs, such as the time.
    """

    name: str
    about: str
    cases: Callable[[Options], Sequence[Case]]
    run: Callable[[Case, Any], Record]
    metrics: Callable[[Sequence[Record]], Mapping[str, float]]
    targets: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    workers: int | None = None
    around: Callable[[Options], AbstractContextManager[None]] = lambda _: nullcontext()

    def check(self, options: Options) -> None:
        """Raises ConfigError for a setting that this suite does not have."""
        for name in options.settings:
            if name not in self.settings:
                known = choices(self.settings) or "none"
                raise ConfigError(f"--set {name}: suite {self.name} has no such setting; it has: {known}")


def share(records: Sequence[Record], key: str = "ok") -> float:
    """The share of records whose `key` is true; 0 without records."""
    return sum(bool(record[key]) for record in records) / len(records) if records else 0.0

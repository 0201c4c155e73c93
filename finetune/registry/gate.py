"""The eval gate: what a version must show before it serves, measured and compared.

In: a `Gate` (from gate.toml), the model that serves and the new one. Out: `Figure`s, before and after, each with its
verdict. Suites run in processes of their own, `python -m eval run SUITE --json`, whose last line is the result: this
folder imports nothing of the eval's. Errors: `ConfigError` for a gate that cannot be read, `ModelError` for a suite
that did not come to a result.
"""

import json
import math
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from errors import ConfigError, ModelError, first_mistake
from finetune.registry.version import Record, SuiteResult

GATE_FILE = "gate.toml"
DEFAULT_GATE = Path(__file__).with_name(GATE_FILE)
RUN = (sys.executable, "-m", "eval", "run")


class Limit(Record):
    """How a metric may change: `margin` worse than before at most, and never beyond `floor`; one of them or both."""

    better: Literal["higher", "lower"] = "higher"
    margin: Annotated[float | None, Field(ge=0)] = None
    floor: float | None = None

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.margin is None and self.floor is None:
            raise ValueError("a metric needs a margin, a floor, or both")
        return self


class SuiteLimits(Record):
    """One suite, its arguments on the command line, and the metrics that count. `minutes` to run at most."""

    suite: str
    arguments: tuple[str, ...] = ()
    minutes: Annotated[float, Field(gt=0)] = 60.0
    metrics: dict[str, Limit] = Field(min_length=1)

    @property
    def compares(self) -> bool:
        """Whether the version that serves has to be measured too: floors alone ask for the new one only."""
        return any(limit.margin is not None for limit in self.metrics.values())


class Gate(Record):
    """All suites of the gate. `run`: the command that runs one."""

    suites: tuple[SuiteLimits, ...] = Field(min_length=1)
    run: tuple[str, ...] = RUN


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one suite, of the version that serves and of the new one. `wrong`: why it does not pass.

    `before` is None where it was not measured.
    """

    suite: str
    metric: str
    n: int
    before: float | None
    after: float
    wrong: str = ""


def read_gate(shop: Path) -> Gate:
    """The shop's own gate, or the project's. Raises ConfigError."""
    own = shop / GATE_FILE
    path = own if own.is_file() else DEFAULT_GATE
    try:
        return Gate.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_mistake(error)}") from error


def measure(gate: Gate, suite: SuiteLimits, shop: Path, model: str, out: Path) -> SuiteResult:
    """Run one suite on one model; its progress goes on to standard error, its records into `out`.

    A run that was stopped goes on there; the eval itself knows which records are of this model, shop and code.
    """
    place = ["--shop", str(shop), "--model", model, "--out", str(out)]
    command = [*gate.run, suite.suite, *place, "--json", *suite.arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None  # it is a pipe
        try:
            last = _last_line(process.communicate(timeout=suite.minutes * 60)[0])
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise ModelError(f"suite {suite.suite} did not finish within {suite.minutes:g} minutes") from error
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise ModelError(f"suite {suite.suite} ended with exit code {process.returncode}: {last[:300] or 'no output'}")
    return _result(suite, last)


def compare(suite: SuiteLimits, before: SuiteResult | None, after: SuiteResult) -> list[Figure]:
    """The suite's figures with their verdicts; `before` may be None for a suite that does not compare."""
    return [_figure(suite, name, limit, before, after) for name, limit in suite.metrics.items()]


def table(figures: Iterable[Figure]) -> str:
    """Before and after, a line each."""
    lines = [f"{'suite':<14} {'metric':<20} {'n':>5} {'before':>8} {'after':>8}"]
    for each in figures:
        before = "-" if each.before is None else f"{each.before:.3f}"
        verdict = each.wrong or "ok"
        lines.append(f"{each.suite:<14} {each.metric:<20} {each.n:>5} {before:>8} {each.after:>8.3f}  {verdict}")
    return "\n".join(lines)


def _figure(suite: SuiteLimits, name: str, limit: Limit, before: SuiteResult | None, after: SuiteResult) -> Figure:
    old, new = _metric(name, before) if before else None, _metric(name, after)
    return Figure(suite.suite, name, after.n, old, new, _wrong(limit, old, new))


def _metric(name: str, result: SuiteResult) -> float:
    if name not in result.metrics:
        given = ", ".join(result.metrics)
        raise ConfigError(f"the gate names metric {name!r} of suite {result.suite}, which gives: {given}")
    return result.metrics[name]


def _wrong(limit: Limit, before: float | None, after: float) -> str:
    """Why a figure does not pass; empty if it does. A figure that is no number never passes."""
    sign = 1.0 if limit.better == "higher" else -1.0
    tiny = 1e-9  # 0.9 - 0.85 is a little more than 0.05
    if not math.isfinite(after):
        return f"{after} is no figure"
    if limit.floor is not None and sign * (after - limit.floor) < -tiny:
        return f"must be {'at least' if sign > 0 else 'at most'} {limit.floor:g}"
    if limit.margin is not None and before is not None and sign * (before - after) > limit.margin + tiny:
        return f"worse by {abs(before - after):.3f}, allowed are {limit.margin:g}"
    return ""


def _result(suite: SuiteLimits, line: str) -> SuiteResult:
    try:
        value = json.loads(line)
        return SuiteResult.model_validate({key: value[key] for key in ("suite", "n", "metrics", "seconds")})
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"suite {suite.suite} should print its result as the last line, as JSON, and printed: {line[:200]!r}"
        ) from error


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""

"""Thresholds on metrics: ``"pass^1>=0.8"``, ``"leaks<=0"``.

In: the text of a threshold, a result's metrics. Out: whether it is met. Errors: `ConfigError`.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from errors import ConfigError, choices

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Threshold:
    """One metric, how to compare it, and with what."""

    metric: str
    sign: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> "Threshold":
        """Read ``name>=number``. Raises ConfigError."""
        found = re.fullmatch(r"\s*([^<>=\s]+)\s*(>=|<=|==|>|<)\s*(-?\d+(?:\.\d+)?)\s*", text)
        if found is None:
            raise ConfigError(f"threshold {text!r} is not of the form name>=0.9; signs: {choices(OPERATORS)}")
        return cls(found[1], found[2], float(found[3]))

    def met(self, metrics: Mapping[str, float]) -> bool:
        """Whether the metrics meet it. Raises ConfigError where they have no such name."""
        if self.metric not in metrics:
            raise ConfigError(f"threshold {self}: no metric {self.metric!r}; there are: {choices(metrics, limit=40)}")
        return OPERATORS[self.sign](metrics[self.metric], self.bound)

    def __str__(self) -> str:
        return f"{self.metric}{self.sign}{self.bound:g}"

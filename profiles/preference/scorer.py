"""What re-ranks candidates: examples to learn from come in, a chance for each row of features goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from profiles.preference.candidates import Table
from profiles.preference.storage import Arrays

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many customers, one after another; `starts` has one entry more than there are customers.

    `taken`: for each customer the row of the item that was taken next. Every customer has one, and others beside it.
    """

    rows: Table
    starts: NDArray[np.int64]
    taken: NDArray[np.int64]

    def sample(self, customers: NDArray[np.int64], negatives: int, draw: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rows by customer: what was taken, then `negatives` of what was not. `draw`: uniform, 0 to 1, for these."""
        first, taken = self.starts[customers][:, None], self.taken[customers][:, None]
        others = self.starts[customers + 1][:, None] - first - 1
        picked = first + (draw * others).astype(np.int64)
        return np.concatenate([taken, picked + (picked >= taken)], axis=1)


class Scorer(Protocol):
    """A trainable judge of candidates."""

    @property
    def kind(self) -> str: ...

    def fit(self, examples: Examples, *, checkpoint: Path | None, progress: Progress) -> None:
        """Learn from scratch; with a checkpoint of the same examples and settings, go on from it."""
        ...

    def score(self, rows: Table) -> NDArray[np.float64]:
        """A chance between 0 and 1 for each row."""
        ...

    def state(self) -> tuple[dict[str, Any], Arrays]: ...

"""The baseline scorer: scikit-learn's gradient-boosted trees on the same features and the same sampled negatives.

A saved one holds the rows that it learnt from and is fitted again when it is loaded, with the same seed: files that
run code when they are read are not written here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from errors import DataError
from profiles.preference.candidates import Table
from profiles.preference.scorer import Examples, Progress
from profiles.preference.storage import Arrays

KIND = "forest"
_NEGATIVES = 40


class Forest:
    """A `Scorer`."""

    kind = KIND

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._rows: Table = np.zeros((0, 0), dtype=np.float32)
        self._taken = np.zeros(0, dtype=bool)
        self._trees: Any = None

    def fit(
        self, examples: Examples, *, checkpoint: Path | None = None, progress: Progress = lambda line: None
    ) -> None:
        """Seconds; it keeps no checkpoint. Raises DataError without examples."""
        if not len(examples.taken):
            raise DataError("no examples to train on: no customer's next item is among the candidates")
        draw = np.random.default_rng(self._seed).random((len(examples.taken), _NEGATIVES))
        rows = examples.sample(np.arange(len(examples.taken)), _NEGATIVES, draw)
        self._taken = np.tile(np.arange(1 + _NEGATIVES) == 0, len(rows))
        self._rows = examples.rows[rows.ravel()]
        progress(f"fits trees to {len(self._rows)} rows")
        self._fit()

    def score(self, rows: Table) -> NDArray[np.float64]:
        if self._trees is None:
            raise DataError("the forest is not trained yet")
        chances: NDArray[np.float64] = self._trees.predict_proba(rows)[:, 1]
        return chances

    def state(self) -> tuple[dict[str, Any], Arrays]:
        return {"seed": self._seed}, {"rows": self._rows, "taken": self._taken}

    @classmethod
    def from_state(cls, header: Mapping[str, Any], arrays: Arrays) -> "Forest":
        forest = cls(header["seed"])
        forest._rows, forest._taken = arrays["rows"], arrays["taken"]
        if len(forest._taken):
            forest._fit()
        return forest

    def _fit(self) -> None:
        self._trees = HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=150, max_leaf_nodes=7, min_samples_leaf=50, early_stopping=False,
            random_state=self._seed,
        ).fit(self._rows, self._taken)  # fmt: skip

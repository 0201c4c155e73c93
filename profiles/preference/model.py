"""The interface of all preference models: events in, recommendations with their reasons out.

A model learns one event at a time and is ready for the next question at once. An item that it never saw before an
event or `Products` named it is simply unknown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Kind = Literal["event", "trait", "popularity"]
NO_TASTES: Mapping[str, float] = {}
REASONS = 3  # most, for one recommendation


@dataclass(frozen=True, slots=True)
class Event:
    """One act of a customer on an item. `at`: seconds, of any one clock. `weight`: what the act says, in views."""

    id: str
    customer: str
    item: str
    at: float
    weight: float = 1.0
    bought: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Where a score comes from. `id`: the event's id, the trait's attribute value, or "" for popularity.

    `item`: the item of that event. `share`: its part of what the reasons of one recommendation say together.
    """

    kind: Kind
    id: str
    item: str
    share: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An item, its score (comparable within one answer of one model), and why."""

    item: str
    score: float
    reasons: tuple[Reason, ...]


class PreferenceModel(Protocol):
    """What every model can do. `tastes`: attribute values that the profile holds, 1.0 a like, -1.0 a dislike."""

    @property
    def items(self) -> Sequence[str]:
        """The items that are known, in the order of `scores`."""
        ...

    def learn(self, event: Event) -> None:
        """Take one event in. Events of one customer should come in time order; those of others may lie between."""
        ...

    def scores(self, customer: str, tastes: Mapping[str, float] = NO_TASTES) -> Scores:
        """A score for every item, those that the customer has included."""
        ...

    def recommend(
        self,
        customer: str,
        k: int = 10,
        exclude: Collection[str] = (),
        *,
        tastes: Mapping[str, float] = NO_TASTES,
        diversity: float = 0.0,
    ) -> list[Recommendation]:
        """The best `k`, without `exclude` and without bought durables. `diversity`: 0 the plain ranking, towards 1
        items that are less like those above them."""
        ...

    def customers(self) -> set[str]:
        """Everybody of whom it remembers an act."""
        ...

    def forget(self, customer: str) -> int:
        """A customer was erased: nothing bears their name, and counts are as if their remembered acts had not been.

        Acts older than the last `history.WINDOW` of them stay in sums that name nobody. How many acts it forgot.
        """
        ...

    def save(self, path: Path) -> None:
        """Write the model to one file, whole or not at all. Raises StorageError."""
        ...

"""From scores to recommendations: what is banned is left out, ties are settled by hash, diversity if asked for."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from errors import ConfigError
from profiles.preference.history import Histories
from profiles.preference.model import NO_TASTES, Reason, Recommendation, Scores
from profiles.preference.products import Products

_POOL = 10  # diversity chooses among this many times k


class Choosing(ABC):
    """The part of a `PreferenceModel` that is the same in all: from its scores and its reasons to recommendations."""

    def __init__(self, products: Products, histories: Histories) -> None:
        self.products = products
        self.histories = histories

    @abstractmethod
    def scores(self, customer: str, tastes: Mapping[str, float] = NO_TASTES) -> Scores:
        """As `PreferenceModel` has it."""

    @abstractmethod
    def explain(self, customer: str, item: int, tastes: Mapping[str, float] = NO_TASTES) -> tuple[Reason, ...]:
        """What speaks most for an item, by its number."""

    @property
    def items(self) -> Sequence[str]:
        return self.products.items

    def customers(self) -> set[str]:
        return self.histories.customers()

    def recommend(
        self,
        customer: str,
        k: int = 10,
        exclude: Collection[str] = (),
        *,
        tastes: Mapping[str, float] = NO_TASTES,
        diversity: float = 0.0,
    ) -> list[Recommendation]:
        """The best `k` with their reasons. Raises ConfigError for a diversity outside 0 to 1."""
        if not 0.0 <= diversity < 1.0:
            raise ConfigError(f"diversity {diversity}: expected at least 0 and less than 1")
        banned = self.histories.banned(customer, self.products, exclude)
        scores = self.scores(customer, tastes)
        best = self.products.order(scores)[: k * (_POOL if diversity else 1) + len(banned)]
        allowed = [item for item in map(int, best) if item not in banned]
        chosen = diverse(self.products, scores, allowed[: k * _POOL], k, diversity) if diversity else allowed[:k]
        return [
            Recommendation(self.items[item], float(scores[item]), self.explain(customer, item, tastes))
            for item in chosen
        ]


def diverse(products: Products, scores: Scores, pool: list[int], k: int, diversity: float) -> list[int]:
    """Maximal marginal relevance: worth, less likeness to what is chosen already."""
    if not pool:
        return []
    vectors = products.vectors[pool]
    worth = scores[pool] / max(float(scores[pool[0]]), 1e-12) * (1 - diversity)
    likeness = np.zeros(len(pool))
    left = list(range(len(pool)))
    chosen: list[int] = []
    while left and len(chosen) < k:
        best = max(left, key=lambda place: worth[place] - diversity * likeness[place])
        left.remove(best)
        chosen.append(pool[best])
        likeness = np.maximum(likeness, np.asarray((vectors @ vectors[best].T).todense()).ravel())
    return chosen

"""From scores to recommendations: what is banned is left out, ties are settled by hash, diversity if asked for."""

from collections.abc import Callable, Collection

import numpy as np

from errors import ConfigError
from profiles.preference.model import Reason, Recommendation, Scores
from profiles.preference.products import Products

Explain = Callable[[int], tuple[Reason, ...]]
_POOL = 10  # diversity chooses among this many times k


def choose(
    products: Products, scores: Scores, k: int, banned: Collection[int], diversity: float, explain: Explain
) -> list[Recommendation]:
    """The best `k` with their reasons. Raises ConfigError for a diversity outside 0 to 1."""
    if not 0.0 <= diversity < 1.0:
        raise ConfigError(f"diversity {diversity}: expected at least 0 and less than 1")
    order = [int(item) for item in products.order(scores)[: k * (_POOL if diversity else 1) + len(banned)]]
    allowed = [item for item in order if item not in banned]
    chosen = diverse(products, scores, allowed[: k * _POOL], k, diversity) if diversity else allowed[:k]
    return [Recommendation(products.items[item], float(scores[item]), explain(item)) for item in chosen]


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

"""Who looked at one thing and then took another: acts in, what is well supported out, counted in customers.

Each customer counts once for a pair, as far as their remembered acts reach. A pair is supported if enough customers
made it and, of those who looked, surely a larger part took the other thing than of everybody.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np

from profiles.preference.history import Seen
from profiles.preference.storage import Arrays

TAKEN = 3.0  # the weight of an act from which on it takes a thing: into the cart, or bought
LEAST_TOGETHER = 5
_SURE = 1.645  # standard deviations: one-sided, 95 %


class Together:
    """Counts by item number."""

    def __init__(self) -> None:
        self.customers = 0
        self._looked: dict[int, int] = {}
        self._took: dict[int, int] = {}
        self._pairs: dict[int, dict[int, int]] = {}

    def learn(self, item: int, weight: float, earlier: Sequence[Seen]) -> None:
        """One act of a customer, whose acts before are `earlier`."""
        self.customers += not earlier
        before = {seen.item for seen in earlier}
        if item not in before:
            self._looked[item] = self._looked.get(item, 0) + 1
        if weight < TAKEN or any(seen.item == item and seen.weight >= TAKEN for seen in earlier):
            return
        self._took[item] = self._took.get(item, 0) + 1
        for other in before - {item}:
            row = self._pairs.setdefault(other, {})
            row[item] = row.get(item, 0) + 1

    def supported(self, item: int) -> list[int]:
        """What those who looked at the item took, the surest and most unusual first."""
        looked = self._looked.get(item, 0)
        found = {}
        for other, together in self._pairs.get(item, {}).items():
            usual = self._took[other] / self.customers
            least = _least_share(together, max(looked, together))
            if together >= LEAST_TOGETHER and least > usual:
                found[other] = least / usual
        return sorted(found, key=lambda other: (-found[other], other))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """What `from_state` reads again."""
        header = {"customers": self.customers, "looked": list(self._looked.items()), "took": list(self._took.items())}
        rows = [(item, other, count) for item, row in self._pairs.items() for other, count in row.items()]
        return header, {"together": np.array(rows, dtype=np.int64).reshape(-1, 3)}

    @classmethod
    def from_state(cls, header: Mapping[str, Any], arrays: Arrays) -> "Together":
        made = cls()
        made.customers = header["customers"]
        made._looked, made._took = dict(header["looked"]), dict(header["took"])
        for item, other, count in arrays["together"].tolist():
            made._pairs.setdefault(item, {})[other] = count
        return made


def _least_share(count: int, of: int) -> float:
    """Wilson's lower bound of a share."""
    share, square = count / of, _SURE * _SURE
    spread = _SURE * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return (share + square / (2 * of) - spread) / (1 + square / of)

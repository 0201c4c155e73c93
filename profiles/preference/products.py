"""Products as preference models see them: attribute values in, numbers and unit vectors out.

An attribute value is any text: ``brand=Rush``, ``waterproof``, a word of a title. Values are hashed into a fixed
number of dimensions and weighted by how rare they are, so that a product nobody has bought yet has a vector too. An
embedding function may add its own dimensions.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

DIMENSIONS = 1 << 14
Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Products:
    """The known items. Items that only events name are added without attributes.

    `embed` turns texts (the attribute values, joined) into vectors of unit length; `embed_share` is their part of the
    squared length. It is not saved with a model: pass it again at loading.
    """

    def __init__(
        self, attributes: Mapping[str, Iterable[str]], *, embed: Embed | None = None, embed_share: float = 0.5
    ) -> None:
        self.items: list[str] = []
        self.attributes: list[tuple[str, ...]] = []
        self._numbers: dict[str, int] = {}
        self._ties: list[int] = []
        self._tie_array: NDArray[np.int64] | None = None
        self._embed, self._embed_share = embed, embed_share
        self._vectors: Any = None
        self._rarity: dict[str, float] = {}
        for item, values in attributes.items():
            self.add(item, values)

    def add(self, item: str, values: Iterable[str] = ()) -> int:
        """The item's number; a new item gets the next one, and a known one keeps its attributes."""
        number = self._numbers.get(item)
        if number is None:
            number = self._numbers[item] = len(self.items)
            self.items.append(item)
            self.attributes.append(tuple(dict.fromkeys(values)))
            self._ties.append(crc32(item.encode()))
            self._vectors = self._tie_array = None
        return number

    def number(self, item: str) -> int | None:
        return self._numbers.get(item)

    def order(self, scores: NDArray[np.float64], some: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Places of all items (or of `some` item numbers), best first.

        Equal scores come in the order of a hash, so that no id has an advantage.
        """
        ties = self._hashes()
        return np.lexsort((ties, -scores)) if some is None else np.lexsort((ties[some], -scores[some]))

    def rank(self, scores: NDArray[np.float64], number: int) -> int:
        """The item's place in `order`, 1 the best; O(items)."""
        ties, score = self._hashes(), scores[number]
        ahead = (scores > score) | ((scores == score) & (ties < ties[number]))
        return 1 + int(np.count_nonzero(ahead))

    @property
    def vectors(self) -> Any:
        """A sparse matrix of one row of length 1 (or 0) an item."""
        if self._vectors is None:
            self._vectors = self._build()
        return self._vectors

    def taste_vector(self, tastes: Mapping[str, float]) -> NDArray[np.float32]:
        """Attribute values with weights, as a vector to compare with `vectors`."""
        vector: NDArray[np.float32] = np.zeros(self.vectors.shape[1], dtype=np.float32)
        for value, weight in tastes.items():
            vector[_place(value)] += weight * self._rarity.get(value, 0.0)
        return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-9))

    def to_json(self) -> dict[str, Any]:
        return {"items": self.items, "attributes": self.attributes, "embed_share": self._embed_share}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], embed: Embed | None = None) -> "Products":
        """Items keep their numbers."""
        named = dict(zip(value["items"], value["attributes"], strict=True))
        return cls(named, embed=embed, embed_share=value["embed_share"])

    def _hashes(self) -> NDArray[np.int64]:
        if self._tie_array is None:
            self._tie_array = np.asarray(self._ties, dtype=np.int64)
        return self._tie_array

    def _build(self) -> Any:
        counts = Counter(value for values in self.attributes for value in values)
        total = max(1, len(self.items))
        self._rarity = {value: log(total / count) + 0.01 for value, count in counts.items()}
        pointers = np.cumsum([0, *map(len, self.attributes)])
        columns = [_place(value) for values in self.attributes for value in values]
        weights = np.array([self._rarity[value] for values in self.attributes for value in values], dtype=np.float32)
        hashed = _unit_rows(sparse.csr_matrix((weights, columns, pointers), shape=(len(self.items), DIMENSIONS)))
        if self._embed is None or not self.items:
            return hashed
        dense = self._embed([" ".join(values) for values in self.attributes])
        parts = [hashed * (1 - self._embed_share) ** 0.5, sparse.csr_matrix(dense) * self._embed_share**0.5]
        return _unit_rows(sparse.hstack(parts, format="csr", dtype=np.float32))


def _place(value: str) -> int:
    return crc32(value.encode()) % DIMENSIONS


def _unit_rows(matrix: Any) -> Any:
    matrix.sum_duplicates()
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-9)) @ matrix, dtype=np.float32)

"""Product descriptions: a range's hand-written sentences come in, one short text per product goes out.

Sentences are dealt like cards, so that a sentence comes back only when all others of its pile were used, and
no two products get the same set.
"""

import random
from collections.abc import Mapping, Sequence

from shop.generator.ranges import Kind, Range, load_words

# Which sentences, in which order. A drawback is never first: nobody would read on.
_SHAPES = (
    ("people", "strengths", "drawbacks"),
    ("strengths", "people", "materials", "drawbacks"),
    ("people", "materials", "strengths", "drawbacks"),
    ("people", "strengths", "details", "drawbacks"),
    ("strengths", "drawbacks", "people"),
    ("materials", "people", "strengths", "drawbacks", "details"),
    ("people", "drawbacks", "strengths", "details"),
    ("details", "strengths", "people", "drawbacks"),
)


class Teller:
    """Tells the products of one category apart. Holds what was already said."""

    def __init__(self, goods: Range, rng: random.Random) -> None:
        self._rng = rng
        self._piles: dict[str, list[str]] = {}
        self._shapes: list[tuple[str, ...]] = []
        self._details = goods.details
        self._materials: dict[str, list[str]] = load_words("materials")
        self._said: set[frozenset[str]] = set()

    def describe(self, kind: Kind, materials: Sequence[str], words: Mapping[str, str]) -> str:
        """Two to five sentences about a product; `words` fills `{name}`, `{brand}` and number facets."""
        while True:
            sources = {
                "people": (f"{kind.id}/people", kind.people),
                "strengths": (f"{kind.id}/strengths", kind.strengths),
                "drawbacks": (f"{kind.id}/drawbacks", kind.drawbacks),
                "details": (f"{kind.id}/details", kind.details) if kind.details else ("details", self._details),
                "materials": (materials[0], self._materials.get(materials[0], self._details)),
            }
            chosen = [self._deal(*sources[part]) for part in self._shape()]
            if frozenset(chosen) not in self._said:
                self._said.add(frozenset(chosen))
                return " ".join(sentence.format_map(words) for sentence in chosen)

    def _shape(self) -> tuple[str, ...]:
        if not self._shapes:
            self._shapes = self._rng.sample(_SHAPES, len(_SHAPES))
        return self._shapes.pop()

    def _deal(self, pile: str, sentences: Sequence[str]) -> str:
        if not self._piles.get(pile):
            self._piles[pile] = self._rng.sample(sentences, len(sentences))
        return self._piles[pile].pop()

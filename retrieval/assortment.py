"""What a shop sells, by kind: whether it has a thing that a customer names, and which of its kinds is nearest to it.

In: the catalogue and the facets that tell kinds of product apart. Out: yes or no, and a facet with its value. A thing
is sold if titles end in it, or if all that name it are of one kind ("Lantern Hill" makes shirts and trousers, and no
lanterns). Nearness is that of two short texts by the multilingual universal sentence encoder.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from language.text import has_han
from language.words import stem, tokens
from retrieval.catalog import Catalog, Product
from retrieval.embedder import Vectors
from retrieval.facets import FacetSpace
from retrieval.use import sentence_vectors

NEAR = 0.74  # cosine of "lantern" and "lamp"; of "umbrella" and "raincoat", which are two things, 0.71


@dataclass(frozen=True)
class Assortment:
    """What is sold. `kinds`: facets whose values are kinds of product."""

    catalog: Catalog
    space: FacetSpace
    kinds: frozenset[str]

    def has(self, thing: str) -> bool:
        """Whether any product is such a thing, as its title says."""
        if has_han(thing):
            return any(thing in title for product in self.catalog.products for title in product.titles.values())
        row = _row(thing)
        titled = [(product, rows) for product, rows in self._titles if any(_at(row, each) >= 0 for each in rows)]
        is_last = any(each[len(each) - len(row) :] == row for _, rows in titled for each in rows)
        return is_last or len({product.category for product, _ in titled}) == 1

    def nearest(self, thing: str) -> tuple[str, str] | None:
        """The facet and the value that mean nearly the same; None where nothing sold does."""
        if not self._named:
            return None
        likeness = self._vectors @ sentence_vectors([thing])[0]
        best = int(np.argmax(likeness))
        words, *kind = self._named[best]
        is_near = likeness[best] >= NEAR and not _is_part(_row(thing), _row(words))
        return (kind[0], kind[1]) if is_near else None

    @cached_property
    def _titles(self) -> list[tuple[Product, list[tuple[str, ...]]]]:
        return [(product, [_row(title) for title in product.titles.values()]) for product in self.catalog.products]

    @cached_property
    def _named(self) -> list[tuple[str, str, str]]:
        """The words for kinds, with facet and value."""
        return [(words, *kind) for kind, named in self._words().items() for words in named]

    @cached_property
    def _vectors(self) -> Vectors:
        return sentence_vectors([words for words, _, _ in self._named])

    def _words(self) -> Mapping[tuple[str, str], Sequence[str]]:
        facets = (self.space.facet(name) for name in sorted(self.kinds & set(self.space.names)))
        return {(facet.name, value): list(_called(facet.aliases, value)) for facet in facets for value in facet.values}


def _called(aliases: Mapping[str, str], value: str) -> Iterator[str]:
    yield value
    yield from (words for words, meant in aliases.items() if meant == value)


def _row(text: str) -> tuple[str, ...]:
    """The stems of a text, without the numbers at its end and what they count: "Headlamp 400", "Flask 0.75 L"."""
    row = [stem(word.text) for word in tokens(text)]
    while row and (row[-1][:1].isdigit() or (len(row[-1]) <= 2 and len(row) > 1 and row[-2][:1].isdigit())):
        row.pop()
    return tuple(row)


def _is_part(thing: tuple[str, ...], kind: tuple[str, ...]) -> bool:
    """Whether a thing is for what a kind is, or has a word of it: tent pegs are no tents."""
    return bool(set(thing[:-1]) & set(kind)) and thing[-1] not in kind


def _at(row: tuple[str, ...], within: tuple[str, ...]) -> int:
    size = len(row)
    return next((at for at in range(len(within) - size + 1) if within[at : at + size] == row), -1) if size else -1

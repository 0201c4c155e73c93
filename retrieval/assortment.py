"""What a shop sells, by kind: whether it has a thing that a customer names, and which of its kinds is nearest to it.

In: the catalogue and the facets that tell kinds of product apart. Out: yes or no, and a facet with its value. A thing
is sold if titles end in it, or if all that name it are of one kind ("Lantern Hill" makes shirts and trousers, and no
lanterns). Nearness is that of two short texts by the multilingual universal sentence encoder.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from language.clauses import clauses
from language.reading import said_of
from language.text import HAN, has_han
from language.words import stem, tokens
from retrieval.catalog import Catalog
from retrieval.embedder import Vectors
from retrieval.facets import FacetSpace
from retrieval.sentence_encoder import sentence_vectors

_NUMBERED = re.compile(rf"[^{HAN}]+$")  # the end of a Chinese title: "头灯 400"
NEAR = 0.74  # cosine of "lantern" and "lamp"; of "umbrella" and "raincoat", which are two things, 0.71

# Of a kind that a clause describes, and how far before the next: "a bag for school" 0.73, 0.16 before sleeping bags;
# "foam mats" are 0.46 like sleeping bags, and 0.44 like socks.
DESCRIBED, APART = 0.4, 0.15


@dataclass(frozen=True)
class Assortment:
    """What is sold. `kinds`: facets whose values are kinds of product."""

    catalog: Catalog
    space: FacetSpace
    kinds: frozenset[str]

    def has(self, thing: str) -> bool:
        """Whether any product is such a thing, as its title says."""
        if has_han(thing):
            return any(title.endswith(thing) for title in self._titles_in_han)
        row = _stems(thing)
        titled = [(kind, each) for kind, each in self._titles.get(row[-1], ()) if _is_in(row, each)] if row else []
        return any(each[-len(row) :] == row for _, each in titled) or len({kind for kind, _ in titled}) == 1

    def nearest(self, thing: str) -> tuple[str, str] | None:
        """The facet and the value that mean nearly the same; None where nothing sold does."""
        if not self._named:
            return None
        likeness = self._vectors @ sentence_vectors([thing])[0]
        best = int(np.argmax(likeness))
        words, *kind = self._named[best]
        is_near = likeness[best] >= NEAR and not _is_part(_stems(thing), _stems(words))
        return (kind[0], kind[1]) if is_near else None

    def described(self, text: str, *, plainly: bool = False) -> tuple[str, str] | None:
        """The facet and the value of the kind that a text describes without naming it: "those lights you wear on your
        head"; None where it may be another kind as well, or none. `plainly`: by the words of a name alone."""
        parts = [part for part in clauses(text) if said_of(part) != "other"]  # "he likes running" asks for no runners
        if not self._named or not parts:
            return None
        if len(kinds := {kind for part in parts for kind in self._in_parts(part)}) == 1:
            return kinds.pop()
        if plainly:
            return None
        found: tuple[float, tuple[str, str] | None] = (0.0, None)
        for likeness in sentence_vectors(parts) @ self._vectors.T:
            best: dict[tuple[str, str], float] = {}
            for (_, facet, value), score in zip(self._named, likeness, strict=True):
                best[facet, value] = max(best.get((facet, value), 0.0), float(score))
            (kind, first), *others = sorted(best.items(), key=lambda item: -item[1])
            is_apart = not others or first - others[0][1] >= APART
            if first >= DESCRIBED and is_apart and first > found[0]:
                found = (first, kind)
        return found[1]

    def _in_parts(self, text: str) -> Iterator[tuple[str, str]]:
        """The kinds by names of several words that a text has all of: a school bag is "a bag for school"."""
        said = set(_stems(text))
        for words, facet, value in self._named:
            row = _stems(words)
            if len(row) > 1 and said.issuperset(row):
                yield facet, value

    @cached_property
    def _titles(self) -> Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]:
        """By a stem, the titles that have it, in stems, with the kinds of their products."""
        found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for product in self.catalog.products:
            for row in map(_stems, product.titles.values()):
                for each in dict.fromkeys(row):
                    found.setdefault(each, []).append((product.category, row))
        return found

    @cached_property
    def _titles_in_han(self) -> list[str]:
        titles = (title for product in self.catalog.products for title in product.titles.values())
        return [_NUMBERED.sub("", title) for title in titles if has_han(title)]

    @cached_property
    def _named(self) -> list[tuple[str, str, str]]:
        """The words for kinds, with facet and value."""
        return [(words, *kind) for kind, named in self._words().items() for words in named]

    @cached_property
    def _vectors(self) -> Vectors:
        return _vectors_of(tuple(words for words, _, _ in self._named))

    def _words(self) -> Mapping[tuple[str, str], Sequence[str]]:
        facets = (self.space.facet(name) for name in sorted(self.kinds & set(self.space.names)))
        return {(facet.name, value): list(_called(facet.aliases, value)) for facet in facets for value in facet.values}


def _called(aliases: Mapping[str, str], value: str) -> Iterator[str]:
    yield value
    yield from (words for words, meant in aliases.items() if meant == value)


@cache
def _vectors_of(words: tuple[str, ...]) -> Vectors:
    """Read once for all states of a catalogue that has the same kinds."""
    return sentence_vectors(words)


def _stems(text: str) -> tuple[str, ...]:
    """The stems of a text, without the numbers at its end and what they count: "Headlamp 400", "Flask 0.75 L"."""
    row = [stem(word.text) for word in tokens(text)]
    while row and (row[-1][:1].isdigit() or (len(row[-1]) <= 2 and len(row) > 1 and row[-2][:1].isdigit())):
        row.pop()
    return tuple(row)


def _is_part(thing: tuple[str, ...], kind: tuple[str, ...]) -> bool:
    """Whether a thing is for what a kind is, or has a word of it: tent pegs are no tents."""
    return bool(set(thing[:-1]) & set(kind)) and thing[-1] not in kind


def _is_in(row: tuple[str, ...], within: tuple[str, ...]) -> bool:
    size = len(row)
    return any(within[at : at + size] == row for at in range(len(within) - size + 1))

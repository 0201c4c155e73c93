"""What a text asks of a product: its weight, its material, what people say of it, or which of several has the least.

In: a text and the facets of a shop, with their labels; words may be misspelt ("wieght"). Out: `Aspect`s, in the order
of the text: a facet's name, or "price", "rating", "stock", and whether the least or the most of it is meant ("the
lightest"). The words are the section `aspects` of the language packs, under names that facets commonly have, and the
labels of the shop's own facets. Errors: `ConfigError` for a broken language pack.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from language.aspect_words import all_aspects, extremes
from language.common import is_common
from language.slips import is_typed_wrong
from language.text import fold, has_han
from language.words import Token, stop_words, tokens

Direction = Literal["", "least", "most"]
Labels = Mapping[str, Mapping[str, str]]  # facet -> language -> label


@dataclass(frozen=True, slots=True)
class Aspect:
    """A facet that is asked for, or "price", "rating" or "stock"; `direction`: of which there is least or most."""

    name: str
    direction: Direction = ""


_BESIDE = 4  # Chinese characters beside an aspect
_SHORT = 4  # Chinese characters of a message that is one word
OF_ALL = ("price", "rating", "stock", "color", "size")  # that every product has, whatever facets a shop declares


def find_aspects(text: str, facets: Labels) -> tuple[Aspect, ...]:
    """``find_aspects("which one is lightest?", {"weight": {}}) == (Aspect("weight", "least"),)``."""
    key = tuple((name, tuple(labels.values())) for name, labels in facets.items())
    return _found(text, key)


@lru_cache(maxsize=256)
def _found(text: str, facets: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Aspect, ...]:
    places: dict[Aspect, int] = {}
    for name, labels in facets:
        for phrase in (name.replace("_", " "), *labels):
            if (place := _place(text, phrase)) >= 0:
                aspect = Aspect(name, _extreme(text, place, phrase))
                places[aspect] = min(place, places.get(aspect, place))
    for common, words in all_aspects():
        names = [*_facets_like(common, words.facets, [name for name, _ in facets])]
        plain = (*words.words, *words.alone) if _is_short(text) else words.words
        plain = () if any(_place(text, phrase) >= 0 for phrase in words.never) else plain
        said: tuple[tuple[Direction, Sequence[str]], ...] = (("", plain), ("least", words.least), ("most", words.most))
        for direction, phrases in said:
            for phrase in phrases:
                if (place := _place(text, phrase)) >= 0:
                    found = (Aspect(name, _direction(direction, name, text, place, phrase)) for name in names)
                    places |= {aspect: min(place, places.get(aspect, place)) for aspect in found}
    directed = {aspect.name for aspect in places if aspect.direction}
    kept = [aspect for aspect in places if aspect.direction or aspect.name not in directed]
    return tuple(sorted(kept, key=lambda aspect: places[aspect]))


def _direction(own: Direction, name: str, text: str, place: int, phrase: str) -> Direction:
    return own or ("" if name in OF_ALL else _extreme(text, place, phrase))


def _extreme(text: str, place: int, phrase: str) -> Direction:
    """Whether the least or the most is meant of what is named at a place: "the longest runtime", "续航最长"."""
    least, most = extremes()
    if has_han(phrase):
        around = (text[place + len(phrase) :][:_BESIDE], text[max(0, place - _BESIDE) : place])
        least, most = (
            frozenset(word for word in words if around[0].startswith(word) or around[1].endswith((word, f"{word}的")))
            for words in (least, most)
        )
        return "least" if least else "most" if most else ""
    before = [word.text for word in tokens(text[:place])][-1:]
    return "least" if least.intersection(before) else "most" if most.intersection(before) else ""


def _is_short(text: str) -> bool:
    """Whether it is hardly more than one word: "colurs?", "and sizes", "颜色呢"."""
    folded = fold(text).text
    said = [word for word in tokens(text) if word.stem not in stop_words()]
    return len(said) <= 1 and sum(map(has_han, folded)) <= _SHORT and bool(said) != has_han(folded)


def _facets_like(common: str, others: Sequence[str], facets: Sequence[str]) -> Iterator[str]:
    """The shop's facets that mean this: the one of this name, else of another usual one."""
    if common in OF_ALL:
        yield common
        return
    for name in (common, *others):
        if name in facets:
            yield name
            return


def _place(text: str, phrase: str) -> int:
    """Where the text has the phrase, -1 if nowhere: whole words, or Chinese as it is."""
    if has_han(phrase):
        return fold(text).text.find(fold(phrase).text)
    there, wanted = tokens(text), tokens(phrase)
    if not wanted:
        return -1
    rows = range(len(there) - len(wanted) + 1)
    return next((there[at].start for at in rows if all(map(_is_said, there[at : at + len(wanted)], wanted))), -1)


def _is_said(word: Token, wanted: Token) -> bool:
    """Whether it is the word, be it misspelt; a word of its own is no slip: "prize" is no price."""
    return word.stem == wanted.stem or _is_misspelt(word.text, wanted.text)


@lru_cache(maxsize=50_000)
def _is_misspelt(said: str, wanted: str) -> bool:
    return not is_common(said) and is_typed_wrong(said, wanted)

"""Goods that a text names, of whatever shop: "a lantern", "睡垫". A shop can then tell what it does not sell.

In: a text. Out: `Thing`s in its order. The names are data of the language packs, the longest counts ("bike rack").
Errors: `ConfigError` for a broken pack.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from language.packs import Section, languages, section
from language.text import fold, has_han
from language.words import Token, stemmed, tokens

_ENDING = 2  # letters of an ending


class Things(Section):
    """The section `things` of a pack: names of goods, in the singular where there is one.

    `beside`: a regular expression of what stands before a thing that is not asked for itself: "for my caravan".
    """

    of: tuple[str, ...] = ()
    beside: str = "(?!)"


@dataclass(frozen=True, slots=True)
class Thing:
    """A name of goods, as the text has it."""

    start: int
    end: int
    text: str


def things_in(text: str) -> tuple[Thing, ...]:
    """Each place once, by its longest name."""
    found = sorted({*_in_words(text), *_in_characters(text)}, key=lambda one: (one[0] - one[1], one[0]))
    kept = list[tuple[int, int]]()
    for start, end in found:
        if not any(start < other_end and other_start < end for other_start, other_end in kept):
            kept.append((start, end))
    return tuple(Thing(start, end, text[start:end]) for start, end in sorted(kept))


def is_beside(text: str, start: int) -> bool:
    """Whether what begins at a place is not asked for itself: "for my tent"."""
    return any(_beside(language).search(text[:start].lower()) for language in stemmed(languages()))


def _in_words(text: str) -> Iterator[tuple[int, int]]:
    for language in stemmed(languages()):
        names = _by_stems(language)
        words = tokens(text, language) if names else ()
        for at in range(len(words)):
            for size in names.get(words[at].stem, {}):
                row = words[at : at + size]
                name = names[words[at].stem][size].get(_stems(row))
                if name and _is_same(row, name) and not _beside(language).search(text[: row[0].start].lower()):
                    yield row[0].start, row[-1].end


def _in_characters(text: str) -> Iterator[tuple[int, int]]:
    folded = fold(text)
    if has_han(folded.text):
        for name in _in_han():
            at = folded.text.find(name)
            while at >= 0:
                yield folded.span(at, at + len(name))
                at = folded.text.find(name, at + 1)


def _is_same(row: tuple[Token, ...], name: tuple[Token, ...]) -> bool:
    """Whether one is hardly longer than the other: "kayaks", but not "kayaking"."""
    return all(abs(len(word.text) - len(of.text)) <= _ENDING for word, of in zip(row, name, strict=True))


def _stems(words: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(word.stem for word in words)


@cache
def _by_stems(language: str) -> Mapping[str, Mapping[int, Mapping[tuple[str, ...], tuple[Token, ...]]]]:
    """The names by their first stem, their number of words, and their stems."""
    found: dict[str, dict[int, dict[tuple[str, ...], tuple[Token, ...]]]] = {}
    for name in (section(language, "things", Things) or Things()).of:
        words = tokens(name, language)
        if words and not has_han(name):
            found.setdefault(words[0].stem, {}).setdefault(len(words), {})[_stems(words)] = words
    return found


@cache
def _beside(language: str) -> re.Pattern[str]:
    return re.compile((section(language, "things", Things) or Things()).beside)


@cache
def _in_han() -> tuple[str, ...]:
    packs = (section(code, "things", Things) or Things() for code in languages())
    return tuple(name for pack in packs for name in pack.of if has_han(name))

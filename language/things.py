"""Goods that a text names or asks for, of whatever shop: "a lantern", "睡垫". So a shop can tell what it lacks.

In: a text. Out: `Thing`s in its order. The names are data of the language packs, the longest counts ("bike rack"), and
so are the words that ask for a thing, and those behind which it is only told of ("for my caravan"). Errors:
`ConfigError` for a broken pack.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from language.clauses import clause_span
from language.packs import Section, languages, section
from language.text import fold, has_han
from language.words import Token, stemmed, tokens

_ENDING = 2  # letters of the ending of a plural
_FEW = 3  # words before a thing, or Chinese characters, in a clause that needs no word to ask for it


class Things(Section):
    """The section `things` of a pack: names of goods, in the singular where there is one.

    Regular expressions on a clause in small letters: `asks`, of what stands before a thing that is asked for;
    `beside`, before one that is not asked for itself ("for my caravan"); `behind`, of what may follow one that is:
    in "a ski trip" no ski is. `verbal`: endings of words that are no goods, whatever their stems are: "kayaking".
    """

    of: tuple[str, ...] = ()
    asks: str = "(?!)"
    beside: str = "(?!)"
    behind: str = "(?!)"
    verbal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """A name of goods, as the text has it, and the language whose name it is."""

    start: int
    end: int
    text: str
    language: str


@lru_cache(maxsize=1024)
def things_in(text: str) -> tuple[Thing, ...]:
    """All that are named: each place once, by its longest name."""
    found = sorted({*_in_words(text), *_in_characters(text)}, key=lambda one: (one[0] - one[1], one[0]))
    kept = list[tuple[int, int, str]]()
    for start, end, language in found:
        if not any(start < other_end and other_start < end for other_start, other_end, _ in kept):
            kept.append((start, end, language))
    return tuple(Thing(start, end, text[start:end], language) for start, end, language in sorted(kept))


def things_asked(text: str) -> tuple[Thing, ...]:
    """Those that the text asks for, and does not only tell of."""
    return tuple(thing for thing in things_in(text) if _is_asked(thing, text))


def is_beside(text: str, start: int) -> bool:
    """Whether what begins at a place is not asked for itself: "for my tent"."""
    before = text[:start].lower()
    return any(_pattern(language, "beside").search(before) for language in languages())


def _is_asked(thing: Thing, text: str) -> bool:
    start, end = clause_span(text, thing.start, thing.end)
    before, behind = text[start : thing.start].lower(), text[thing.end : end].lower()
    if _pattern(thing.language, "beside").search(before) or not _pattern(thing.language, "behind").match(behind):
        return False
    words = [*filter(has_han, before)] if has_han(before) else before.split()
    return len(words) <= _FEW or is_requested(thing, text)


def is_requested(thing: Thing, text: str) -> bool:
    """Whether words before it ask for it: "do you do goggles"."""
    start, _ = clause_span(text, thing.start, thing.end)
    return bool(_pattern(thing.language, "asks").search(text[start : thing.start].lower()))


def _in_words(text: str) -> Iterator[tuple[int, int, str]]:
    for language in languages():
        names = _by_stems(language)
        words = tokens(text, language) if names else ()
        for at in range(len(words)):
            for size in names.get(words[at].stem, {}):
                row = words[at : at + size]
                name = names[words[at].stem][size].get(_stems(row))
                if name and _is_same(row, name, _of(language).verbal):
                    yield row[0].start, row[-1].end, language


def _in_characters(text: str) -> Iterator[tuple[int, int, str]]:
    folded = fold(text)
    if has_han(folded.text):
        for name, language in _in_han():
            at = folded.text.find(name)
            while at >= 0:
                yield *folded.span(at, at + len(name)), language
                at = folded.text.find(name, at + 1)


def _is_same(row: tuple[Token, ...], name: tuple[Token, ...], verbal: tuple[str, ...]) -> bool:
    """Whether one is the other in one number or another: "kayaks", but not "kayaking"."""
    return all(
        word.text == of.text or (abs(len(word.text) - len(of.text)) <= _ENDING and not word.text.endswith(verbal))
        for word, of in zip(row, name, strict=True)
    )


def _stems(words: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(word.stem for word in words)


@cache
def _by_stems(language: str) -> Mapping[str, Mapping[int, Mapping[tuple[str, ...], tuple[Token, ...]]]]:
    """The names by their first stem, their number of words, and their stems."""
    found: dict[str, dict[int, dict[tuple[str, ...], tuple[Token, ...]]]] = {}
    for name in _of(language).of if language in stemmed(languages()) else ():
        words = tokens(name, language)
        if words and not has_han(name):
            found.setdefault(words[0].stem, {}).setdefault(len(words), {})[_stems(words)] = words
    return found


@cache
def _in_han() -> tuple[tuple[str, str], ...]:
    return tuple((name, code) for code in languages() for name in _of(code).of if has_han(name))


@cache
def _pattern(language: str, name: str) -> re.Pattern[str]:
    return re.compile(str(getattr(_of(language), name)))


@cache
def _of(language: str) -> Things:
    return section(language, "things", Things) or Things()

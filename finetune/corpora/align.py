"""Where a customer said it: annotated values to the turn and the words that bear them out.

In: a value as an annotator wrote it, and the turns of a conversation. Out: `Place`, the turn and a verbatim span of
the customer's words, or None where no words of theirs say it: a value that has no evidence is not taught.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from agent.extraction import Turn
from language.negation import assents, refuses
from language.text import Span
from language.words import stem

ENOUGH = 0.5  # share of a value's stems that must stand in one turn
WIDEST = 14  # words of a quote
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_LINKING = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but can do for from has have i in is it its like likes me my of on or prefer prefers "
        "so some that the them they this to user very was we with would you your",
    )
)
_CLAUSE = re.compile(r"[^.,;!?\n]+")


@dataclass(frozen=True, slots=True)
class Place:
    """The index of a turn, and the customer's words in it."""

    turn: int
    quote: str
    start: int


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    stem: str
    start: int
    end: int


def find_place(value: str, turns: Sequence[Turn], names: Sequence[str] = ()) -> Place | None:
    """The first turn that says the value: word for word, else most of its words, else as a yes or no to a question.

    `names`: other words for the value.
    """
    for wording in (value, *names):
        for number, turn in enumerate(turns):
            found = re.search(rf"(?<!\w){re.escape(wording.strip())}(?!\w)", turn.words, re.IGNORECASE)
            if found:
                return Place(number, found[0], found.start())
    return _by_words(value, turns, 1.0) or _by_answer(value, turns) or _by_words(value, turns, ENOUGH)


def _by_words(value: str, turns: Sequence[Turn], enough: float) -> Place | None:
    wanted = _content(value)
    best: tuple[float, int, int, Place] | None = None
    for number, turn in enumerate(turns):
        words = _words(turn.words)
        hits = [(at, hit) for at, word in enumerate(words) if (hit := _hit(word, wanted)) is not None]
        if not hits:
            continue
        first, last, covered = _tightest(hits)
        share = covered / len(wanted)
        if share < enough or last - first >= WIDEST:
            continue
        if refuses(value):
            first = _denied_from(words, first)
        start, end = words[first].start, words[last].end
        rank = (share, first - last, -number, Place(number, turn.words[start:end], start))
        if best is None or rank[:3] > best[:3]:
            best = rank
    return best[3] if best else None


def _tightest(hits: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """First word, last word and number of the stems covered: the shortest span with the most of them."""
    most = len({hit for _, hit in hits})
    spans = []
    for at, (first, _) in enumerate(hits):
        seen: set[int] = set()
        for last, hit in hits[at:]:
            seen.add(hit)
            if last - first < WIDEST:
                spans.append((-len(seen), last - first, first, last))
            if len(seen) == most:
                break
    covered, _, first, last = min(spans)
    return first, last, -covered


def _denied_from(words: Sequence[_Word], first: int) -> int:
    """A denial's quote begins with the word that denies, if it stands close before."""
    for at in range(first, max(first - 10, -1), -1):
        if _is_denial(words[at].text) and words[at].stem not in ("any", "anyth"):
            return at
    return first


def _by_answer(value: str, turns: Sequence[Turn]) -> Place | None:
    wanted = _content(value)
    for number, turn in enumerate(turns):
        there = [word.stem for word in _words(turn.asked)]
        named = [one for one in wanted if any(_same(one, other) for other in there)]
        if refuses(value):
            clause = _clause(turn.words, refuses)
            meant = bool(named)
        else:
            clause = _clause(turn.words, assents)
            meant = len(named) == len(wanted)
        if meant and clause:
            return Place(number, *clause)
    return None


def _is_denial(word: str) -> bool:
    return refuses(word) == (0, len(word))


def _clause(words: str, sign: Callable[[str], Span | None]) -> tuple[str, int] | None:
    """The first clause with such a word in it, from that word on, and where it begins."""
    for clause in _CLAUSE.finditer(words):
        found = sign(clause[0])
        if found:
            taken = _words(clause[0][found[0] :])[:8]
            start = clause.start() + found[0]
            return words[start : start + taken[-1].end], start
    return None


def _content(value: str) -> list[str]:
    stems = list(dict.fromkeys(word.stem for word in _words(value)))
    return [one for one in stems if one not in _LINKING and not _is_denial(one)] or stems or [value]


def _words(text: str) -> list[_Word]:
    return [
        _Word(found[0], stem(found[0].lower().replace("’", "'").removesuffix("'s")), found.start(), found.end())
        for found in _WORD.finditer(text)
    ]


def _hit(word: _Word, wanted: Sequence[str]) -> int | None:
    return next((at for at, one in enumerate(wanted) if _same(word.stem, one)), None)


def _same(one: str, other: str) -> bool:
    """Equal stems, one the beginning of the other, or one misspelt."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4:
        return False
    return one.startswith(other) or other.startswith(one) or (len(one) > 4 and fuzz.ratio(one, other) >= 85)

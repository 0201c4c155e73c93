"""How many pieces of a line go, where the message counts them: "bought three, one goes back", "退两件，留一件".

In: the message, and how many pieces there are. Out: how many of them go, or None where no number tells it. A number
belongs to the word beside it that says what goes, what stays or what was bought. The words are the packs' section
`items`. Pure functions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from agent.orders.naming import item_words
from language.negation import any_of, turned_round
from language.quantities import measured_numbers
from language.text import HAN, fold

_CLAUSE = rf"[;!?\n,、:]|\.(?!\d)|(?<=[{HAN}])\s+(?=[{HAN}])"
_OF_PIECES = (None, "pieces", "pairs")


@dataclass(frozen=True, slots=True)
class _Said:
    """A number of pieces, or a word that says what becomes of them, in its place of a clause."""

    start: int
    end: int
    count: int = 0
    becomes: str = ""  # goes, stays or bought
    is_part: bool = False  # "one of them" needs no such word


def going(said: str, of: int) -> int | None:
    """``going("bought three, want to return one", 3) == 1``, and ``going("keep one", 3) == 2``.

    A number of all pieces, or of more, tells nothing.
    """
    text = _no_count().sub(" ", fold(said).text)
    told = [each for clause in _clauses(text) for each in _told(clause, of)]
    goes = [count for count, becomes in told if becomes == "goes"]
    stays = [of - count for count, becomes in told if becomes == "stays"]
    return next(iter([*goes[-1:], *stays[-1:]]), None)


def _clauses(text: str) -> Iterator[str]:
    """The clauses of a message, and what words join in them."""
    ends = [0, *(place for found in _ends().finditer(text) for place in found.span()), len(text)]
    yield from (text[start:end] for start, end in [*pairwise(ends)][::2])


def _told(clause: str, of: int) -> Iterator[tuple[int, str]]:
    """Each number of fewer pieces than there are, with what becomes of them."""
    marks = [*_marked(clause)]
    counts = [each for each in _counts(clause) if each.count < of]
    for each in counts:
        others = [other for other in counts if other is not each]
        near = [mark for mark in _by_nearness(each, marks) if not _between(each, mark, others)]
        sure = [mark.becomes for mark in near if mark.becomes != "bought"]
        fallback = "bought" if near else "goes" if each.is_part else ""
        if becomes := next(iter(sure), fallback):
            yield each.count, becomes


def _by_nearness(count: _Said, marks: Sequence[_Said]) -> list[_Said]:
    """The words around or before a number, the nearest first, then those behind it."""
    before = [mark for mark in marks if mark.start <= count.start]
    return [*before[::-1], *(mark for mark in marks if mark.start > count.start)]


def _between(count: _Said, mark: _Said, others: Sequence[_Said]) -> bool:
    """Whether another number stands between them."""
    start, end = min(count.end, mark.end), max(count.start, mark.start)
    return any(start <= other.start < end for other in others)


def _marked(clause: str) -> Iterator[_Said]:
    """The words that say what becomes of pieces; "I don't need" turns one round."""
    for found in _marks().finditer(clause):
        becomes = "goes" if found.lastgroup == "unneeded" else str(found.lastgroup)
        if found.lastgroup in ("goes", "stays") and turned_round(clause[: found.start()]):
            becomes = "goes" if becomes == "stays" else "stays"
        yield _Said(found.start(), found.end(), becomes=becomes)


def _counts(clause: str) -> list[_Said]:
    """Numbers of pieces in a clause; "the small one" counts none."""
    parts = [_Said(found.start(), found.end(), 1, is_part=True) for found in _parts().finditer(clause)]
    found = [
        _Said(number.start, number.end, int(number.values[0]))
        for number, measure in measured_numbers(clause)
        if measure.counts in _OF_PIECES and len(number.values) == 1
        if number.values[0] % 1 == 0 and number.values[0] > 0
        if not (number.spelled and measure.counts is None and number.values[0] == 1) or _may_count(clause, number.start)
    ]
    alone = [each for each in found if not any(part.start <= each.start < part.end for part in parts)]
    return sorted([*parts, *alone], key=lambda each: each.start)


def _may_count(clause: str, start: int) -> bool:
    """Whether "one" counts here: it begins the clause, or stands behind a word that something is counted behind."""
    before = clause[:start].rstrip()
    return not before or _before_one().search(before) is not None


@cache
def _ends() -> re.Pattern[str]:
    told = item_words()
    return re.compile("|".join((_CLAUSE, any_of(told.parts), any_of(told.joins))))


@cache
def _marks() -> re.Pattern[str]:
    told = item_words()
    groups = {
        "goes": any_of(told.act),
        "unneeded": any_of(told.unneeded),
        "stays": any_of((*told.keep, *told.enough)),
        "bought": any_of(told.bought),
    }
    return re.compile("|".join(f"(?P<{name}>{words})" for name, words in groups.items()))


@cache
def _parts() -> re.Pattern[str]:
    return re.compile(any_of(item_words().one_of))


@cache
def _no_count() -> re.Pattern[str]:
    return re.compile(any_of(item_words().no_count))


@cache
def _before_one() -> re.Pattern[str]:
    told = item_words()
    words = (*told.act, *told.keep, *told.enough, *told.bought, *told.only, *told.before_one)
    return re.compile(f"{any_of(words)}$")

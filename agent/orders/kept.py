"""Which items a message only names to keep: "return the boots, the socks I keep", "everything but the socks".

In: an order, the message, and what its items may be called. Out: the indices of the items that the message names, and
never to send back, cancel or exchange them. The words are the packs' sections `items` and `negation`. Pure functions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from agent.orders.naming import NOTHING, Names, item_words, likeness, telling
from agent.orders.order import Order
from language.negation import any_of, turned_round
from language.text import HAN, fold

_CLAUSE = r"[;!?\n,、:]|\.(?!\d)"
_SPACED = rf"(?<=[{HAN}])\s+(?=[{HAN}])"  # as many type a comma in Chinese


@dataclass(slots=True)
class _Piece:
    """A piece of the message: the items that it names, and whether they are kept (None: it says nothing of that).

    `excludes`: by a word that says so of what follows alone: "the shoes, not the socks".
    """

    items: frozenset[int]
    is_kept: bool | None
    clause: int
    excludes: bool = False


def kept_items(order: Order, said: str, names: Names) -> frozenset[int]:
    """The items that the message names only to keep them."""
    pieces = list(_pieces(order, fold(said).text, names))
    _settle(pieces)
    kept = frozenset(index for piece in pieces if piece.is_kept for index in piece.items)
    return kept - {index for piece in pieces if not piece.is_kept for index in piece.items}


def _pieces(order: Order, text: str, names: Names) -> Iterator[_Piece]:
    """Cut at the ends of clauses, at what joins items, and before each word that says what becomes of them.

    A space between Chinese words ends a clause where both sides name items: "只退裤子 袜子我留着".
    """
    clause, start, state, excludes, names_some = 0, 0, None, False, False
    marks = _meant(text)
    for mark, behind in zip([*marks, None], [*marks[1:], None, None], strict=False):
        end = mark.start() if mark else len(text)
        if end > start:
            piece = _Piece(_named(order, text[start:end], names), state, clause, excludes)
            names_some = names_some or bool(piece.items)
            yield piece
        if mark is None:
            return
        if mark.lastgroup == "spaced":
            rest = text[mark.end() : behind.start() if behind else len(text)]
            ends = names_some and bool(_named(order, rest, names))
            start, clause, names_some = mark.end(), clause + ends, names_some and not ends
            state, excludes = (None, False) if ends else (state, excludes)
            continue
        start, state, excludes = mark.start(), None, mark.lastgroup == "exclude"
        if mark.lastgroup in ("clause", "parts", "joins"):
            start, clause = mark.end(), clause + (mark.lastgroup != "joins")
            names_some = names_some and mark.lastgroup == "joins"
            continue
        is_kept = mark.lastgroup not in ("act", "unneeded")
        is_turned = mark.lastgroup in ("act", "keep") and turned_round(text[: mark.start()])
        state = is_kept != is_turned


def _meant(text: str) -> list[re.Match[str]]:
    """The marks of the message; "only" is one behind what is not needed: "I don't need the tent, only the jacket"."""
    marks = [*_marks().finditer(text)]
    first = next((mark.end() for mark in marks if mark.lastgroup == "unneeded"), len(text))
    return [mark for mark in marks if mark.lastgroup != "only" or mark.start() > first]


def _settle(pieces: Sequence[_Piece]) -> None:
    """What is said before or behind in the same clause: "the socks I keep", "keep the socks and the hat"."""
    for before, piece in pairwise(pieces):
        behind = piece.is_kept is not None and not piece.items and before.is_kept is None
        if behind and not piece.excludes and before.clause == piece.clause:
            before.is_kept = piece.is_kept
    for row in (pieces, pieces[::-1]):
        for before, piece in pairwise(row):
            is_behind = row is not pieces
            if piece.is_kept is None and before.clause == piece.clause and not (is_behind and before.excludes):
                piece.is_kept = before.is_kept


def _named(order: Order, words: str, names: Names) -> frozenset[int]:
    """The items that have the most of these words."""
    said = telling(words)
    scores = [likeness(said, item, names) for item in order.items]
    best = max(scores, default=NOTHING)
    return frozenset(index for index, score in enumerate(scores) if score == best and best.all > 0)


@cache
def _marks() -> re.Pattern[str]:
    """Every word or mark that cuts a message into pieces, by what it is."""
    told = item_words()
    groups = {
        "exclude": any_of(told.exclude),
        "keep": any_of(told.keep),
        "unneeded": any_of(told.unneeded),
        "only": any_of(told.only),
        "act": any_of(told.act),
        "parts": any_of(told.parts),
        "joins": any_of(told.joins),
        "clause": _CLAUSE,
        "spaced": _SPACED,
    }
    return re.compile("|".join(f"(?P<{name}>{words})" for name, words in groups.items()))

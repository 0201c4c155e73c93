"""What an item of an order may be called, and how much of somebody's words it has.

In: words, and all names of an item: its title, and what whoever knows the catalogue adds (titles in other languages,
its kind, other words for its color). Out: `Likeness`es to compare. Pure functions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from agent.orders.order import OrderItem
from language.packs import Section, languages, section, servable
from language.slips import is_like_han, is_slip
from language.text import fold, han_runs, has_han
from language.words import bare, stem, stemmed, tokens

Names = Callable[[OrderItem], Sequence[str]]


class ItemWords(Section):
    """What a language's pack says of items of an order; from `joins` on they are regular expressions."""

    noise: tuple[str, ...] = ()  # tell no item from another
    all: tuple[str, ...] = ()  # the whole order
    newest: tuple[str, ...] = ()  # of the orders, the newest
    also: tuple[str, ...] = ()  # beside what was proposed
    only: tuple[str, ...] = ()  # instead of what was proposed
    plural: tuple[str, ...] = ()  # in a wish: several items are meant
    joins: tuple[str, ...] = ()  # between items of which the same is said
    parts: tuple[str, ...] = ()  # between items of which different things are said
    keep: tuple[str, ...] = ()  # said of what stays
    exclude: tuple[str, ...] = ()  # before what is left out
    act: tuple[str, ...] = ()  # said of what is sent back, cancelled or exchanged
    unneeded: tuple[str, ...] = ()  # said of what goes: "I don't need"
    unfit: tuple[str, ...] = ()  # said of what does not fit: "too small"
    enough: tuple[str, ...] = ()  # beside a number: so many stay
    bought: tuple[str, ...] = ()  # beside a number: so many were bought
    one_of: tuple[str, ...] = ()  # one of several pieces
    before_one: tuple[str, ...] = ()  # behind these, "one" counts
    no_all: tuple[str, ...] = ()  # have a word for all that means none of it: "after all"
    no_count: tuple[str, ...] = ()  # have a number that counts no pieces


class Likeness(NamedTuple):
    """How much of the words an item has, from 0 to 1: among all its names, and among those of its own title."""

    all: float
    own: float


NOTHING = Likeness(0.0, 0.0)


def own_names(item: OrderItem) -> Sequence[str]:
    """The names that stand in the order itself."""
    return (item.title, item.color, item.size, item.sku)


@cache
def item_words() -> ItemWords:
    """The words of all languages."""
    packs = [pack for code in languages() if (pack := section(code, "items", ItemWords))]
    return ItemWords(
        **{name: tuple(w for pack in packs for w in getattr(pack, name)) for name in ItemWords.model_fields}
    )


def telling(words: str) -> tuple[str, ...]:
    """Those of the words that can tell an item from another: words, and runs of Chinese characters."""
    noise = _noise()
    runs = (_without_noise(run) for run in han_runs(fold(words).text))
    return (*(word for word in map(bare, tokens(words)) if word not in noise), *(run for run in runs if run))


def likeness(words: Sequence[str], item: OrderItem, names: Names) -> Likeness:
    """How much an item has of words that `telling` gave."""
    if not words:
        return NOTHING
    known, own = _known(tuple(names(item))), _known(tuple(own_names(item)))
    return Likeness(*(sum(one.share(word) for word in words) / len(words) for one in (known, own)))


@dataclass(frozen=True, slots=True)
class _Known:
    """Names as they are compared."""

    words: frozenset[str]
    stems: frozenset[str]
    runs: tuple[str, ...]

    def share(self, word: str) -> float:
        """How much of a word they have: all or nothing, but for the characters of a Chinese one."""
        if has_han(word):
            return self._share_of_run(word)
        return float(not _stems(word).isdisjoint(self.stems) or any(is_slip(word, other) for other in self.words))

    def _share_of_run(self, run: str) -> float:
        covered = [False] * len(run)
        for start in range(len(run)):
            for end in range(start + 1, len(run) + 1):
                piece = run[start:end]
                if any(piece in known if len(piece) > 1 else piece == known for known in self.runs):
                    covered[start:end] = [True] * len(piece)
        whole = 1.0 if any(is_like_han(run, known) and len(run) <= len(known) for known in self.runs) else 0.0
        return max(whole, sum(covered) / len(run))


@lru_cache(maxsize=2048)
def _known(names: tuple[str, ...]) -> _Known:
    words = frozenset(bare(word) for name in names for word in tokens(name))
    stems_ = frozenset(stem for word in words for stem in _stems(word))
    return _Known(words, stems_, tuple(run for name in names for run in han_runs(fold(name).text)))


@lru_cache(maxsize=4096)
def _stems(word: str) -> frozenset[str]:
    return frozenset(stem(word, language) for language in stemmed(servable()))


@cache
def _noise() -> frozenset[str]:
    return frozenset(item_words().noise)


def _without_noise(run: str) -> str:
    for word in sorted(filter(has_han, item_words().noise), key=len, reverse=True):
        run = run.replace(word, "")
    return run

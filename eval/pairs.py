"""How well predicted (category, value) pairs agree with annotated ones: exactly, normalised, softly, by category.

In: two lists of pairs of one session. Out: `Counts` by kind of agreement, to be added up over sessions. Normalised: no
letter case, punctuation, articles, plurals or extra spaces. Soft: token Jaccard of at least .5, each gold value matched
at most once. Only values of one category are ever compared.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Pair = tuple[str, str]
SOFT = 0.5
_ARTICLES = frozenset(["a", "an", "the"])


@dataclass(frozen=True, slots=True)
class Counts:
    """How many gold and predicted pairs there are, and how many of them agree one to one."""

    gold: int = 0
    predicted: int = 0
    hits: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.gold + other.gold, self.predicted + other.predicted, self.hits + other.hits)

    @property
    def precision(self) -> float:
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.hits / (self.gold + self.predicted) if self.gold + self.predicted else 0.0


def normalised(text: str) -> str:
    """``normalised("The  Tomatoes!") == "tomato"``"""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("'", "")
    words = re.findall(r"\w+", folded)
    return " ".join(_singular(word) for word in words if word not in _ARTICLES)


def compare(gold: Sequence[Pair], predicted: Sequence[Pair]) -> dict[str, Counts]:
    """Counts of one session by kind: exact, normalised, soft, category."""
    plain_gold, plain_predicted = _plain(gold), _plain(predicted)
    return {
        "exact": _same(gold, predicted),
        "normalised": _same(plain_gold, plain_predicted),
        "soft": Counts(len(plain_gold), len(plain_predicted), len(soft_matches(plain_gold, plain_predicted))),
        "category": _same((category for category, _ in gold), (category for category, _ in predicted)),
    }


def by_category(gold: Sequence[Pair], predicted: Sequence[Pair]) -> dict[str, Counts]:
    """Normalised counts of one session for each category that occurs in it."""
    names = sorted({category for category, _ in (*gold, *predicted)})

    def of(pairs: Sequence[Pair], name: str) -> list[Pair]:
        return _plain([pair for pair in pairs if pair[0] == name])

    return {name: _same(of(gold, name), of(predicted, name)) for name in names}


def soft_matches(gold: Sequence[Pair], predicted: Sequence[Pair]) -> dict[int, int]:
    """The most pairs that can be matched one to one (by augmenting paths): index in gold -> index in predicted."""
    near = {
        at: [to for to, guess in enumerate(predicted) if guess[0] == pair[0] and _jaccard(pair[1], guess[1]) >= SOFT]
        for at, pair in enumerate(gold)
    }
    taken: dict[int, int] = {}
    for at in near:
        _augment(at, near, taken, set())
    return {at: to for to, at in taken.items()}


def _augment(at: int, near: Mapping[int, Sequence[int]], taken: dict[int, int], seen: set[int]) -> bool:
    for to in near[at]:
        if to not in seen:
            seen.add(to)
            if to not in taken or _augment(taken[to], near, taken, seen):
                taken[to] = at
                return True
    return False


def _plain(pairs: Iterable[Pair]) -> list[Pair]:
    return list(dict.fromkeys((category, normalised(value)) for category, value in pairs))


def _same(gold: Iterable[object], predicted: Iterable[object]) -> Counts:
    wanted, found = set(gold), set(predicted)
    return Counts(len(wanted), len(found), len(wanted & found))


def _jaccard(one: str, other: str) -> float:
    mine, theirs = set(one.split()), set(other.split())
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0


def _singular(word: str) -> str:
    """Without an English plural ending: tomatoes, movies, dishes, thrillers; short words and "-ss" stay."""
    rules: Sequence[tuple[str, Callable[[str], str]]] = (
        ("ies", lambda stem: f"{stem}y" if len(stem) > 2 else f"{stem}ie"),
        ("ie", lambda stem: f"{stem}y" if len(stem) > 2 else f"{stem}ie"),  # as of movies
        ("oes", lambda stem: f"{stem}o"),
        ("oe", lambda stem: f"{stem}o"),
        ("shes", lambda stem: f"{stem}sh"),
        ("ches", lambda stem: f"{stem}ch"),
        ("sses", lambda stem: f"{stem}ss"),
        ("xes", lambda stem: f"{stem}x"),
        ("ss", lambda stem: f"{stem}ss"),
        ("us", lambda stem: f"{stem}us"),
        ("is", lambda stem: f"{stem}is"),
        ("s", lambda stem: stem),
    )
    if len(word) < 4:
        return word
    return next((make(word.removesuffix(ending)) for ending, make in rules if word.endswith(ending)), word)

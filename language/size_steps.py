"""A size named by a step from another one: "a size up", "one smaller", 大一码.

In: a text; the sizes that there are, in their order. Out: the words of the step and how far it goes, or the size that
it leads to. The words are the section `size_steps` of the language packs. Errors: `ConfigError` for a broken pack.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from language.packs import Section, languages, section
from language.text import fold, has_han
from language.words import mentions


class Steps(Section):
    """One language's words for the next larger size and for the next smaller one."""

    up: tuple[str, ...]
    down: tuple[str, ...]


def step_words(text: str) -> str:
    """``step_words("can i get it in a size up") == "a size up"``; empty where no step is named."""
    return next((words for words, _ in _named(text)), "")


def stepped(said: str, own: str, sizes: Sequence[str]) -> str:
    """The size that a step leads to from one's own, empty where it leads nowhere; what is no step stays as it is.

    ``stepped("a size up", "M", ["S", "M", "L"]) == "L"``
    """
    step = next((step for _, step in _named(said)), 0)
    place = sizes.index(own) + step if step and own in sizes else -1
    return said if not step else sizes[place] if 0 <= place < len(sizes) else ""


def _named(text: str) -> Iterator[tuple[str, int]]:
    folded = fold(text).text
    return ((words, step) for words, step in _steps() if (words in folded if has_han(words) else mentions(text, words)))


@cache
def _steps() -> tuple[tuple[str, int], ...]:
    packs = [pack for code in languages() if (pack := section(code, "size_steps", Steps))]
    ways = [
        *((words, 1) for pack in packs for words in pack.up),
        *((words, -1) for pack in packs for words in pack.down),
    ]
    return tuple(sorted(ways, key=lambda way: -len(way[0])))

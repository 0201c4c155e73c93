"""What a message says does not matter to it any more: "colour doesn't matter", "forget running", 颜色无所谓.

In: a text, and by name the words that a condition is called by: its label, its value. Out: the names of those that no
longer count. The words around are the section `indifferent` of the language packs. Errors: `ConfigError` for a broken
language pack.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from language.packs import Section, languages, section
from language.patterns import NOTHING, alternatives
from language.text import fold

_PLACE = "{it}"


class Indifferent(Section):
    """One language's patterns, with `{it}` for what does not matter."""

    patterns: tuple[str, ...]


def indifferent(text: str, conditions: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """``indifferent("any colour, really", {"color": ["colour"]}) == {"color"}``."""
    folded = fold(text).text
    return frozenset(
        name
        for name, words in conditions.items()
        if any(_pattern(fold(word).text).search(folded) for word in words if word.strip())
    )


@lru_cache(maxsize=4096)  # some of the words are customers'
def _pattern(words: str) -> re.Pattern[str]:
    it = f"(?:{alternatives([words])})"
    packs = (section(code, "indifferent", Indifferent) for code in languages())
    ways = [way.replace(_PLACE, it) for pack in packs if pack for way in pack.patterns]
    return re.compile("|".join(f"(?:{way})" for way in ways) or NOTHING, re.IGNORECASE)

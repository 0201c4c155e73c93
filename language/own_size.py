"""Whether a text says of a size that it is the speaker's own: "I usually wear an L", 我穿M码.

In: a text and the words of a size in it. Out: whether it does. The packs' section `own_size` has the patterns. Errors:
`ConfigError` for a broken language pack.
"""

import re
from functools import cache, lru_cache

from language.packs import Section, languages, section
from language.patterns import NOTHING, alternatives
from language.text import fold

_PLACE = "{it}"


class OwnSize(Section):
    """One language's patterns, with `{it}` for the size."""

    patterns: tuple[str, ...]


def is_own_size(text: str, size: str) -> bool:
    """``is_own_size("i take a 44, he an L", "44")``."""
    return _pattern(fold(size).text).search(fold(text).text) is not None


@cache
def _ways() -> tuple[str, ...]:
    packs = (section(code, "own_size", OwnSize) for code in languages())
    return tuple(way for pack in packs if pack for way in pack.patterns)


@lru_cache(maxsize=1024)  # some of the words are customers'
def _pattern(size: str) -> re.Pattern[str]:
    it = f"(?:{alternatives([size])})"
    return re.compile("|".join(f"(?:{way.replace(_PLACE, it)})" for way in _ways()) or NOTHING, re.IGNORECASE)

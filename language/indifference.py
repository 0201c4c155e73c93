"""What a message says does not matter to it any more: "colour doesn't matter", "forget running", 颜色无所谓.

In: a text, and by name the words for what a condition is, and those that it is called by. Out: the names of those that
no longer count. The words around are the section `indifferent` of the language packs. Errors: `ConfigError` for a
broken language pack.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import chain

from language.packs import Section, languages, section
from language.patterns import NOTHING, alternatives
from language.text import fold

_PLACE = "{it}"


class Indifferent(Section):
    """One language's patterns, with `{it}` for what does not matter.

    `of_names` hold only of what a condition is called: "any colour", and not "any wool".
    """

    patterns: tuple[str, ...]
    of_names: tuple[str, ...] = ()
    price: tuple[str, ...] = ()  # words for a limit of the price


def indifferent(
    text: str, values: Mapping[str, Iterable[str]], names: Mapping[str, Iterable[str]] | None = None
) -> frozenset[str]:
    """``indifferent("any colour, really", {}, {"color": ["colour"]}) == {"color"}``; `values`: what a condition is."""
    folded = fold(text).text
    told = ((words, False) for words in values.items()), ((words, True) for words in (names or {}).items())
    return frozenset(
        name
        for (name, words), is_name in chain(*told)
        if any(_pattern(fold(word).text, is_name).search(folded) for word in words if word.strip())
    )


@cache
def price_words() -> tuple[str, ...]:
    """What a limit of the price is called: "budget", "price cap", 预算."""
    packs = (section(code, "indifferent", Indifferent) for code in languages())
    return tuple(word for pack in packs if pack for word in pack.price)


@lru_cache(maxsize=4096)  # some of the words are customers'
def _pattern(words: str, is_name: bool) -> re.Pattern[str]:
    it = f"(?:{alternatives([words])})"
    packs = [pack for code in languages() if (pack := section(code, "indifferent", Indifferent))]
    ways = [way for pack in packs for way in (*pack.patterns, *(pack.of_names if is_name else ()))]
    return re.compile("|".join(f"(?:{way.replace(_PLACE, it)})" for way in ways) or NOTHING, re.IGNORECASE)

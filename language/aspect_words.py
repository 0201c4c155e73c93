"""The words of aspects of products, as the language packs have them: weight, "how heavy", "lightest".

In: nothing. Out: by language the words of each aspect. Errors: `ConfigError` for a broken language pack.
"""

from collections.abc import Mapping
from functools import cache

from language.packs import Section, languages, section


class AspectWords(Section):
    """The words of one aspect; `facets`: other names that a facet of this kind may have.

    `alone`: words that ask for it only where the message has hardly any other. `never`: phrases that have one of the
    words and ask for something else: "true to size".
    """

    facets: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    most: tuple[str, ...] = ()


class Aspects(Section):
    """One language's words, by aspect; `least` and `most`: of any that is named beside them ("the longest runtime")."""

    of: dict[str, AspectWords]
    least: tuple[str, ...] = ()
    most: tuple[str, ...] = ()


@cache
def aspects_of(language: str) -> Mapping[str, AspectWords]:
    """By aspect, the words of one language."""
    pack = section(language, "aspects", Aspects)
    return pack.of if pack else {}


@cache
def extremes() -> tuple[frozenset[str], frozenset[str]]:
    """The words of all packs for the least and for the most of something."""
    packs = [pack for code in languages() if (pack := section(code, "aspects", Aspects))]
    return frozenset(w for pack in packs for w in pack.least), frozenset(w for pack in packs for w in pack.most)


@cache
def all_aspects() -> tuple[tuple[str, AspectWords], ...]:
    """Those of all packs."""
    return tuple(pair for code in languages() for pair in aspects_of(code).items())

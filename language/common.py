"""Words that a language has anyhow, so that nobody who writes them has misspelt another.

In: a word and its language. Out: whether it is one of the small words that tell the language, or one of an aspect of
products: "price", "lightest". Errors: `ConfigError` for a broken language pack.
"""

from collections.abc import Iterator
from functools import cache

from language.aspect_words import AspectWords, aspects_of
from language.detection import Detection
from language.packs import section


def is_common(word: str, language: str = "en") -> bool:
    """Whether it is a word of its own: "next" is no vest, "price" no prize."""
    return word in _common(language)


def ranks(word: str, language: str = "en") -> bool:
    """Whether it asks for the least or the most of something: "lighter" begins no "light blue"."""
    return word in _ranking(language)


@cache
def _common(language: str) -> frozenset[str]:
    told = section(language, "detection", Detection)
    of_aspects = (word for one in aspects_of(language).values() for word in one.words if " " not in word)
    return frozenset((*(told.words if told else ()), *of_aspects)) | _ranking(language)


@cache
def _ranking(language: str) -> frozenset[str]:
    return frozenset(word for one in aspects_of(language).values() for word in _directed(one))


def _directed(words: AspectWords) -> Iterator[str]:
    return (phrase for phrase in (*words.least, *words.most) if " " not in phrase)

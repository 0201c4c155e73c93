"""Words that are a value in some places only: "small" in "size small" and not in "a small gift", "down" as a stuffing.

In: a text and the place of a word in it, with the facet whose value it may be. Out: whether it stands as that value.
Which words these are and where they do are the section `senses` of the language packs. Errors: `ConfigError` for a
broken pack.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict

from errors import ConfigError
from language.packs import Section, languages, section
from language.text import Span, fold
from language.words import stem

_PLACE = "\ue000"  # stands for the word while its place is looked at; of no script


class Sense(BaseModel):
    """Words, the facets whose values they are there (none: any), and where they stand as such.

    `where` are regular expressions on folded text, in which {word} is the word and {name} one of `parts`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: tuple[str, ...]
    facets: tuple[str, ...] = ()
    parts: Mapping[str, str] = {}
    where: tuple[str, ...]


class Senses(Section):
    """One language's words of several senses."""

    of: tuple[Sense, ...]


def is_meant(text: str, span: Span, facet: str) -> bool:
    """Whether the word at the place is a value of the facet: not so in "how small does it pack"."""
    folded = fold(text)
    start, end = bisect_left(folded.starts, span[0]), bisect_left(folded.starts, span[1])
    senses = [sense for sense in _senses(folded.text[start:end]) if sense.is_of(facet)]
    if not senses:
        return True
    marked = folded.text[:start] + _PLACE + folded.text[end:]
    return any(sense.where.search(marked) for sense in senses)


@dataclass(frozen=True, slots=True)
class _Sense:
    """A sense, compiled, with the stems of its words in its language."""

    language: str
    stems: frozenset[str]
    facets: tuple[str, ...]
    where: re.Pattern[str]

    def is_of(self, facet: str) -> bool:
        """Of "size" are "size" and "shirt_size"."""
        return not self.facets or any(facet == name or facet.endswith(f"_{name}") for name in self.facets)


def _senses(word: str) -> list[_Sense]:
    return [sense for sense in _every() if stem(word, sense.language) in sense.stems]


@cache
def _every() -> tuple[_Sense, ...]:
    packs = [(code, pack) for code in languages() if (pack := section(code, "senses", Senses))]
    return tuple(_compiled(code, sense) for code, pack in packs for sense in pack.of)


def _compiled(language: str, sense: Sense) -> _Sense:
    expressions = []
    for where in sense.where:
        for name, part in sense.parts.items():
            where = where.replace(f"{{{name}}}", part)
        expressions.append(f"(?:{where})")
    pattern = "|".join(expressions).replace("{word}", _PLACE)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"senses of {', '.join(sense.words)} cannot be read: {error}") from error
    return _Sense(language, frozenset(stem(word, language) for word in sense.words), sense.facets, compiled)

"""Which of a shop's values a text names, and which one value a string means.

In: a `Lexicon` of values with all that is said for them, and a text. Out: `Mention`s by two measures. What is "exact"
surely is meant (a misspelt or half-said value is none there); "part", "start" and "slip" are generous: what they do not
find nobody can have asked for. `choose` takes a string that stands for one value, and says which. Pure functions.

Exact names are looked up by runs of stems, or of Chinese characters, in one table: on the cases of
`tests/language/matching.yaml` Aho-Corasick (pyahocorasick) finds the same and needs the text re-written in stems and
its places told back, and spaCy's PhraseMatcher misses plurals and Chinese; neither is faster at the length of a
message. What is misspelt is judged by rapidfuzz.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from language.negation import denied
from language.packs import Section, languages, section
from language.text import HAN, Span, fold, has_han
from language.words import Token, plain, stem, stemmed, stop_words, tokens

Forms = Mapping[str, Collection[str]]  # value -> the other words for it, in any language
How = Literal["exact", "part", "start", "slip"]

_STEMS_LIKE, _STEMS_LONG = 82.0, 5  # rapidfuzz's ratio of two stems: jakket is jacket (83), shirt no skirt (80)
_WORDS_LIKE, _WORDS_LONG = 88.0, 4  # of whole words, whose endings are alike anyhow: expres is express (92)
_TELLING = 4  # letters of a word that stands for a value of several words
_MOST_WORDS = 5  # of one name
_JOINED = 5  # letters of words that may be written as one or apart: "rainjacket"; "x l" is no size of two letters
_GAP = re.compile(rf"(?:[\s\-_–/&+]|['.](?=\S|$)|(?<![^\W_{HAN}]{{4}})\.\s)*")  # between the words of one name
_BESIDE = frozenset("'’-_&")  # a letter beside one of these is part of something: "T-shirt", "8-10"


class MatchingWords(Section):
    """What a language's pack says of the words around a value. Regular expressions, but for `privative`."""

    asked_before: tuple[str, ...] = ()  # these ask for what follows: "in", "made of"
    asked_after: tuple[str, ...] = ()
    tastes: tuple[str, ...] = ()  # in a clause with these a value is a taste, and asked for by nobody
    privative: tuple[str, ...] = ()  # what follows is not meant: synthetic down is no down


class SharedSynonyms(Section):
    """Other words for values that most shops share, by attribute or facet."""

    synonyms: dict[str, dict[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A value and where the text names it.

    `how`: "exact", by a word of a longer value ("part"), by a word that begins like one of it ("start"), misspelt
    ("slip").
    """

    start: int
    end: int
    text: str
    facet: str
    value: str
    how: How

    @property
    def span(self) -> Span:
        return self.start, self.end


@cache
def shared_synonyms(name: str) -> Mapping[str, tuple[str, ...]]:
    """The words that all packs have for the values of an attribute or facet: ``shared_synonyms("size")["M"]``."""
    joined: dict[str, tuple[str, ...]] = {}
    for language in languages():
        pack = section(language, "synonyms", _Synonyms)
        for value, forms in (pack.root.get(name, {}) if pack else {}).items():
            joined[value] = tuple(dict.fromkeys((*joined.get(value, ()), *forms)))
    return joined

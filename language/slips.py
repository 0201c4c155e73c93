"""Words that are nearly another: misspelt, or begun alike.

In: words. Out: whether one is another but for a slip of the pen, and of the words that stand for names those that a
word may be meant for. Words with digits and short ones are never taken for another. Likeness is rapidfuzz's.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract_iter

from language.common import is_common, ranks
from language.words import is_form, is_of_family, stem

Name = tuple[str, str]  # facet and value
Near = Literal["part", "start", "slip"]

STEMS_LIKE, STEMS_LONG = 82.0, 5  # rapidfuzz's ratio of two stems: jakket is jacket (83), shirt no skirt (80)
WORDS_LIKE, WORDS_LONG = 88.0, 4  # of whole words, whose endings are alike anyhow: expres is express (92)
FAR_LONG = 8  # letters of words in which two slips are likely; in shorter ones one
WHOLE_LONG, WHOLE_LIKE = 6, 87.0  # of whole words, so that one letter for another tells in eight: racing, rating
TELLING = 4  # letters of a word that stands for a value of several words


def is_slip(word: str, other: str, language: str = "en") -> bool:
    """Whether the one is the other misspelt: "jakket", "balck"; words with digits and short ones never are."""
    if not (word.isalpha() and other.isalpha()):
        return False
    pairs = ((stem(word, language), stem(other, language)), (word, other))
    if pairs[0][0] != pairs[0][1] and (is_form(word, other, language) or is_form(other, word, language)):
        return False
    if any(_swapped(*pair) for pair in pairs):
        return True
    if word[0] != other[0]:  # few slips are of the first letter, and few words so alike are the same: leather, weather
        return False
    (one, two), limits = pairs[0], (STEMS_LONG, STEMS_LIKE)
    return _alike(one, two, *limits) or _alike(word, other, WORDS_LONG, WORDS_LIKE)


def is_typed_wrong(word: str, other: str) -> bool:
    """The same by a stricter measure, of whole words: "wieght", "colurs"; but "starts" are no stars."""
    if not (word.isalpha() and other.isalpha()) or is_form(word, other) or is_form(other, word):
        return False
    return _swapped(word, other) or (word[0] == other[0] and _alike(word, other, WHOLE_LONG, WHOLE_LIKE))


def are_alike(one: str, other: str) -> bool:
    """Whether two names are the same but for a slip, whatever their words: "rainjaket"."""
    digits = any(map(str.isdigit, one + other))
    return not digits and one[:1] == other[:1] and _alike(one, other, STEMS_LONG, WORDS_LIKE)


def is_like_han(run: str, other: str) -> bool:
    """Whether one of two runs of Chinese characters is in the other, but for a character in five or so."""
    return min(len(run), len(other)) > 1 and fuzz.partial_ratio(run, other) >= STEMS_LIKE


@dataclass(frozen=True)
class Parts:
    """Words that stand for names, and where to look for those that are like another word.

    `names` by word, words by their stem, `stems` sorted, `anagrams` by the letters of a word or a stem.
    """

    language: str
    names: Mapping[str, Collection[Name]]
    words: Mapping[str, Sequence[str]]
    stems: Sequence[str]
    anagrams: Mapping[str, Sequence[str]]
    initials: Mapping[str, tuple[Sequence[str], Sequence[str]]]  # the words and the stems with this first letter

    @classmethod
    def of(cls, names: Mapping[str, Collection[Name]], language: str) -> "Parts":
        words, anagrams = dict[str, list[str]](), dict[str, list[str]]()
        initials: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for word in names:
            its_stem = stem(word, language)
            words.setdefault(its_stem, []).append(word)
            for letters in {_letters(word), _letters(its_stem)}:
                anagrams.setdefault(letters, []).append(word)
            of_words, of_stems = initials.setdefault(word[0], ({}, {}))
            of_words[word] = of_stems[its_stem] = None
        by_initial = {letter: (tuple(pair[0]), tuple(pair[1])) for letter, pair in initials.items()}
        return cls(language, names, words, sorted(words), anagrams, by_initial)

    def near(self, said: str, its_stem: str) -> Iterator[tuple[Near, Name]]:
        """The names that a word may stand for."""
        for word in self.words.get(its_stem, ()):
            yield from (("part", name) for name in self.names[word])
        if any(map(str.isdigit, said)) or ranks(said, self.language):
            return
        for other in self._begun_alike(its_stem):
            yield from (("start", name) for word in self.words[other] for name in self.names[word])
        if is_common(said, self.language):
            return
        for word in self._like(said, its_stem):
            if is_slip(said, word, self.language) and word not in self.words.get(its_stem, ()):
                yield from (("slip", name) for name in self.names[word])

    def _begun_alike(self, its_stem: str) -> Iterator[str]:
        """Stems that begin with this one, and those that it begins with."""
        if len(its_stem) < TELLING:
            return
        for other in self.stems[bisect_right(self.stems, its_stem) :]:
            if not other.startswith(its_stem):
                break
            if other != its_stem + "s":  # a plural that its singular does not mean: "tights"
                yield other
        beginnings = (its_stem[:length] for length in range(TELLING, len(its_stem)))
        family = (other for other in beginnings if is_of_family(its_stem, other, self.language))
        yield from (other for other in family if other in self.words)

    def _like(self, said: str, its_stem: str) -> set[str]:
        """Words that `is_slip` may take for the same, a few of many."""
        of_words, of_stems = self.initials.get(said[0], ((), ()))
        close = {found[0] for found in extract_iter(said, of_words, scorer=fuzz.ratio, score_cutoff=WORDS_LIKE)}
        for found in extract_iter(its_stem, of_stems, scorer=fuzz.ratio, score_cutoff=STEMS_LIKE):
            close.update(self.words[found[0]])
        return close.union(*(self.anagrams.get(letters, ()) for letters in (_letters(said), _letters(its_stem))))


def _alike(one: str, other: str, long: int, like: float) -> bool:
    short = min(len(one), len(other))
    slips = 2 if short >= FAR_LONG else 1
    return short >= long and fuzz.ratio(one, other) >= like and OSA.distance(one, other, score_cutoff=slips) <= slips


def _swapped(one: str, other: str) -> bool:
    """ "laeds" for leads."""
    return len(one) == len(other) >= TELLING and OSA.distance(one, other) == 1 and _letters(one) == _letters(other)


def _letters(word: str) -> str:
    return "".join(sorted(word))

"""Words of a text, and their stems: text in, `Token`s with their places in the original out.

Languages with spaces are cut into words here; Chinese is found by its characters and has no tokens. Stems are
Snowball's (PyStemmer), which joins dress and dresses, harness and harnesses; its pack adds what no rule of endings
can tell (knife and knives, but glove and gloves). A language without a stemmer keeps its words as they are. Errors:
`ConfigError` for a language without a pack, or a stemmer that there is not.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import Stemmer
from pydantic import Field

from errors import ConfigError, choices
from language.packs import Section, languages, section
from language.text import HAN, fold, has_han

_LETTER = rf"[^\W_{HAN}]"
# "I'm", "women's" and "42.5" are one word each.
_TOKEN = re.compile(rf"{_LETTER}+(?:'{_LETTER}+|(?<=\d)\.\d+|(?<=\d),\d{{3}}(?!\d))*")
_OWNER = re.compile(r"'s?(?![^\W_])")  # "women's", "the boys'"
_ENDING = 2  # letters at most of what is no word of its own
_MARKS = " .,!?;:\"'。，！？；：、"


class WordForms(Section):
    """What a language's pack says of its words."""

    stemmer: str | None = None
    same: dict[str, str] = Field(default_factory=dict)  # spelt otherwise -> as it is stemmed
    stop: tuple[str, ...] = ()  # words that say nothing of what is meant
    plural: tuple[str, ...] = ()  # things whose singular is another word: "tights" are not "tight"
    forms: tuple[str, ...] = ()  # endings that make another word of one: "lighter" is not "light" misspelt
    derived: tuple[str, ...] = ()  # short endings of words of one family: "camper" and "camp", not "sandal" and "sand"


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it is compared (`text`), its stem, and where it stands in the original."""

    text: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def tokens(text: str, language: str = "en") -> tuple[Token, ...]:
    """The words of a text: ``tokens("Women’s BOOTS")`` has the stems woman and boot."""
    folded = fold(text)
    return tuple(
        Token(word[0], stem(word[0], language), *folded.span(*word.span())) for word in _TOKEN.finditer(folded.text)
    )


@lru_cache(maxsize=50_000)
def stem(word: str, language: str = "en") -> str:
    """The stem of one word: ``stem("dresses") == stem("dress")``."""
    forms = _forms(language)
    plain = _OWNER.sub("", word.lower().replace("’", "'"))
    if plain in forms.plural:
        return plain
    same = forms.same.get(plain) or _same_ending(plain, forms) or plain
    return str(_stemmer(forms.stemmer).stemWord(same)) if forms.stemmer else same


@lru_cache(maxsize=4096)
def stems(text: str, language: str = "en") -> frozenset[str]:
    """The stems of a text, without their order."""
    return frozenset(token.stem for token in tokens(text, language))


def mentions(text: str, phrase: str) -> bool:
    """Whether the text has the phrase: all of its stems in a row, in any language, or a Chinese phrase as it is."""
    if has_han(phrase):
        return fold(phrase).text in fold(text).text
    return any(_has_row(tokens(text, language), tokens(phrase, language)) for language in stemmed(languages()))


def _has_row(there: Sequence[Token], wanted: Sequence[Token]) -> bool:
    row, size = [word.stem for word in wanted], len(wanted)
    return size > 0 and any([word.stem for word in there[at : at + size]] == row for at in range(len(there) - size + 1))


def bare(word: Token) -> str:
    """A word without the ending of an owner: "women's" is women."""
    return word.text.removesuffix("'s")


def plain(text: str) -> str:
    """For comparing whole values: folded, no owner's ending, hyphens and spaces alike, no marks around it."""
    return re.sub(r"[\s_\-–/]+", " ", re.sub(r"'s(?!\w)", "", fold(text).text)).strip(_MARKS)


@cache
def stop_words(language: str = "en") -> frozenset[str]:
    """The stems of words that say nothing of what is meant: "the", "of"."""
    return frozenset(stem(word, language) for word in _forms(language).stop)


def is_form(word: str, other: str, language: str = "en") -> bool:
    """Whether a word is another with an ending that makes a new one of it: "lightest", "wider", "bigger" of big."""
    if word in _forms(language).plural and word == f"{other}s":
        return True
    bases = {word.removesuffix(ending) for ending in _forms(language).forms if word.endswith(ending)}
    bases |= {f"{base[:-1]}y" for base in bases if base.endswith("i")} | {f"{base}e" for base in bases}
    bases |= {base[:-1] for base in bases if base[-2:-1] == base[-1:]}
    return other in bases


def is_of_family(word: str, beginning: str, language: str = "en") -> bool:
    """Whether a word that begins with another may be of its family: by a second word, or by an ending that is known."""
    rest, endings = word.removeprefix(beginning), _forms(language).derived
    return not endings or len(rest) > _ENDING or rest in endings


def stemmed(of: Iterable[str]) -> tuple[str, ...]:
    """Those of the languages whose words have stems; English where none has, for the names in a Chinese text."""
    return tuple(language for language in of if _forms(language).stemmer) or ("en",)


@cache
def _forms(language: str) -> WordForms:
    return section(language, "words", WordForms) or WordForms()


def _same_ending(word: str, forms: WordForms) -> str:
    """ "bookshelves" is "bookshelf"."""
    for ending, other in forms.same.items():
        if ending.startswith("-") and word.endswith(ending[1:]):
            return word[: len(word) - len(ending) + 1] + other
    return ""


class _Stemmers(threading.local):
    """Stemmers of this thread, by algorithm: PyStemmer's objects may not be shared between threads."""

    def __init__(self) -> None:
        self.by_name: dict[str, Stemmer.Stemmer] = {}


_OWN = _Stemmers()


def _stemmer(name: str) -> Stemmer.Stemmer:
    if name not in _OWN.by_name:
        if name not in Stemmer.algorithms():
            raise ConfigError(f"there is no stemmer {name!r}; there are {choices(Stemmer.algorithms(), 40)}")
        _OWN.by_name[name] = Stemmer.Stemmer(name)
    return _OWN.by_name[name]

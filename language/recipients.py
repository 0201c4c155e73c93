"""The people whom customers buy for: which one a noun means, and how they are called in each language.

In: a noun as anybody writes it ("daughter", "my little girl", 女儿), or a message. Out: the one name of that person
under which things are kept ("daughter"; "" for the customer), the names in a message, who they may be, and the word to
say. Words are the packs' section `recipients`; whoever is in no pack is kept under the noun as it was said. Errors:
`ConfigError` for a broken language pack.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from language.matching import Lexicon
from language.packs import Section, languages, section
from language.text import Span, fold

MOST = 40  # characters of a name
Kind = Literal["man", "woman", "boy", "girl", "child"]


class AgeWords(Section):
    """What stands around an age: `before` a number ("is"), `then` behind it, `joins` it to the noun that follows."""

    before: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()


class RecipientWords(Section):
    """One language's words. `self` mean the customer; `mine` stand before a noun; `of`: by name, the one said first.

    `groups`: by kind of person, names of `of`, which stand for all of their words, or single words of them. Somebody
    may be of several: a brother is a man unless he is known to be a boy, and a cousin may be a boy or a girl. A "child"
    is one by the word alone. `aged`: by what a number is known to be somebody's age.
    """

    self: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    of: dict[str, tuple[str, ...]]
    pronouns: dict[Literal["man", "woman"], tuple[str, ...]] = Field(default_factory=dict)  # "he", "her"
    groups: dict[Kind, tuple[str, ...]] = Field(default_factory=dict)
    aged: AgeWords = AgeWords()

    @model_validator(mode="after")
    def _has_all_of_its_groups(self) -> "RecipientWords":
        known = {*self.of, *(word for words in self.of.values() for word in words)}
        for kind, listed in self.groups.items():
            if unknown := [each for each in listed if each not in known]:
                raise ValueError(f"{kind} lists {unknown[0]!r}, which `of` has neither as a name nor as a word")
        return self

    def kinds(self, name: str, word: str) -> frozenset[Kind]:
        """Who somebody of this name may be, if they are called by this word."""
        return frozenset(kind for kind, listed in self.groups.items() if name in listed or word in listed)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is named in a text, where, and who they may be."""

    start: int
    end: int
    name: str
    kinds: frozenset[Kind]


def recipient(noun: str) -> str:
    """The name under which this person's things are kept; "" for the customer: ``recipient("my girl") == "daughter"``.

    Of a longer description the one person in it counts: "our 8-year-old daughter".
    """
    whole, said = _tidy(noun), bare_noun(noun)
    if not said or said in _selves():
        return ""
    if known := _names().get(whole) or _names().get(said):
        return known
    named = recipients_in(said)
    return named[0] if len(named) == 1 else said[:MOST].strip()


def bare_noun(noun: str) -> str:
    """Without what stands before it: "for my husband" is a husband."""
    whole = _tidy(noun)
    return re.sub(_before(), "", whole).strip() or whole


def are_of_people(words: Collection[str]) -> bool:
    """Whether words that tell of something tell of people: one of them stands before people, as "my" does."""
    return any(word in pack.mine for pack in _packs() for word in words)


def recipients_in(text: str) -> tuple[str, ...]:
    """Who is named in a text, in its order, each once."""
    found = _named(text, languages())
    return tuple(dict.fromkeys(_surest(text[slice(*span)], names) for span, names in found.items()))


def people_in(text: str, of: Collection[str]) -> tuple[Person, ...]:
    """Who is named by the words of these languages, in the order of the text: "what kind" names no children."""
    found = ((span, text[slice(*span)], names) for span, names in sorted(_named(text, of).items()))
    return tuple(Person(*span, _surest(word, names), _kinds_in(word, names)) for span, word, names in found)


def kinds_of(name: str) -> frozenset[Kind]:
    """Who a person of this name may be, whatever they were called."""
    return _kinds().get(fold(name).text, frozenset())


def is_recipient_named(name: str, text: str) -> bool:
    """Whether a text speaks of this person by any of their words."""
    return name in recipients_in(text) or bool(name and name in fold(text).text)


def recipient_word(name: str, language: str) -> str:
    """What they are called in a language: 女儿 for "daughter"; the name itself where no pack has a word."""
    words = section(language, "recipients", RecipientWords) if language in languages() else None
    return words.of[name][0] if words and words.of.get(name) else name


def _tidy(noun: str) -> str:
    return " ".join(fold(noun).text.split()).strip(" .,!?'\"")


def _named(text: str, of: Collection[str]) -> dict[Span, list[str]]:
    """By place in the text, the names of whom its words may mean."""
    found: dict[Span, list[str]] = {}
    for code, lexicon in _lexicons().items():
        for mention in lexicon.named("", text, "exact") if code in of else ():
            found.setdefault(mention.span, []).append(mention.value)
    return found


def _kinds_in(word: str, names: Sequence[str]) -> frozenset[Kind]:
    """Those of the word; of another form of it (hermanos) what all words agree on that it may come from."""
    known = _kinds().get(fold(word).text)
    if known is not None:
        return known
    forms = (form for pack in _packs() for name in names for form in pack.of.get(name, ()))
    return frozenset[Kind].intersection(*(_kinds()[fold(form).text] for form in forms))


def _surest(word: str, names: Sequence[str]) -> str:
    """Words of several people may have one stem: hijo, hija."""
    exact = _names().get(fold(word).text)
    return exact if exact is not None and exact in names else names[0]


@cache
def _packs() -> tuple[RecipientWords, ...]:
    return tuple(words for code in languages() if (words := section(code, "recipients", RecipientWords)))


@cache
def _before() -> str:
    """What stands before a noun: "for my", 我的."""
    words = sorted({fold(word).text for pack in _packs() for word in pack.mine}, key=len, reverse=True)
    parts = (rf"{re.escape(word)}\s+" if word.isascii() else rf"{re.escape(word)}\s*" for word in words)
    return rf"^(?:{'|'.join(parts)})+" if words else r"(?!)"


@cache
def _selves() -> frozenset[str]:
    return frozenset(fold(word).text for pack in _packs() for word in pack.self)


@cache
def _names() -> dict[str, str]:
    """By word, also the names themselves."""
    said = {fold(word).text: name for pack in _packs() for name, words in pack.of.items() for word in words}
    return {name: name for pack in _packs() for name in pack.of} | said


@cache
def _kinds() -> dict[str, frozenset[Kind]]:
    """By word."""
    found: dict[str, frozenset[Kind]] = {}
    for pack in _packs():
        for name, words in pack.of.items():
            for word in words:
                key = fold(word).text
                found[key] = found.get(key, frozenset()) | pack.kinds(name, word)
    return found


@cache
def _lexicons() -> dict[str, Lexicon]:
    """One for each language, by its own stems: in German, "mats" would be a mate."""
    packs = ((code, section(code, "recipients", RecipientWords)) for code in languages())
    return {code: Lexicon({"": words.of}, (code,)) for code, words in packs if words}

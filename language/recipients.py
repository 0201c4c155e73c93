"""The people whom customers buy for: which one a noun means, and how they are called in each language.

In: a noun as anybody writes it ("daughter", "my little girl", 女儿), or a message. Out: the one name of that person
under which things are kept ("daughter"; "" for the customer), the names in a message, and the word to say. Words are
the packs' section `recipients`; whoever is in no pack is kept under the noun as it was said. Errors: `ConfigError` for
a broken language pack.
"""

import re
from collections.abc import Sequence
from functools import cache

from language.matching import Lexicon
from language.packs import Section, languages, section
from language.text import fold

MOST = 40  # characters of a name


class RecipientWords(Section):
    """One language's words. `self` mean the customer; `mine` stand before a noun; `of`: by name, the one said first."""

    self: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    of: dict[str, tuple[str, ...]]


def recipient(noun: str) -> str:
    """The name under which this person's things are kept; "" for the customer: ``recipient("my girl") == "daughter"``.

    Of a longer description the one person in it counts: "our 8-year-old daughter".
    """
    whole = " ".join(fold(noun).text.split()).strip(" .,!?'\"")
    said = re.sub(_before(), "", whole).strip() or whole
    if not said or said in _selves():
        return ""
    if known := _names().get(whole) or _names().get(said):
        return known
    named = recipients_in(said)
    return named[0] if len(named) == 1 else said[:MOST].strip()


def recipients_in(text: str) -> tuple[str, ...]:
    """Who is named in a text, in its order, each once."""
    by_span: dict[tuple[int, int], list[str]] = {}
    for lexicon in _lexicons():
        for mention in lexicon.named("", text, "exact"):
            by_span.setdefault(mention.span, []).append(mention.value)
    return tuple(dict.fromkeys(_surest(text[start:end], names) for (start, end), names in by_span.items()))


def is_recipient_named(name: str, text: str) -> bool:
    """Whether a text speaks of this person by any of their words."""
    return name in recipients_in(text) or bool(name and name in fold(text).text)


def recipient_word(name: str, language: str) -> str:
    """What they are called in a language: 女儿 for "daughter"; the name itself where no pack has a word."""
    words = section(language, "recipients", RecipientWords) if language in languages() else None
    return words.of[name][0] if words and words.of.get(name) else name


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
def _lexicons() -> tuple[Lexicon, ...]:
    """One for each language, by its own stems: in German, "mats" would be a mate."""
    packs = ((code, section(code, "recipients", RecipientWords)) for code in languages())
    return tuple(Lexicon({"": words.of}, (code,)) for code, words in packs if words)

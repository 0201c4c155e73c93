"""Telephone numbers told from the numbers of orders, returns, batches, builds and parcels.

In: a text. Out: `Number`s with their spans, each a telephone number or an id. libphonenumber's matcher finds what is
valid somewhere, a pattern what is only written like one. Alone, or as Presidio uses it, the matcher takes most ids for
telephone numbers (24 and 27 of the 31 in the tests' table), since so many digits are valid somewhere. What decides is
what stands beside them; the words for that are in every language's pack (section `scrubbing`). A plus or brackets are a
telephone number's; digits within a longer token ("hosted-eu-20260812-09") are part of an id.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import phonenumbers

from finetune.logs.shadow import shadow
from language.packs import Section, languages, section
from language.text import HAN

REGIONS = ("US", "GB", "DE", "FR", "ES", "CN")
_LIKE = re.compile(r"\d(?:[\s().+/-]{0,3}\d){6,}")
_GROUPED = re.compile(
    r"(?<![\w.,-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{3,5}){2,3}(?![\w-])"
    r"|(?<![\w.,-])\d{3}-\d{4}(?![\w-])|\+\d{8,15}(?!\d)"
)
_ATTACHED = re.compile(r"[^\W_]*[A-Za-z][^\W_]*[-_/]?$|\d[-_/]$")  # a token that goes on to the left
_GOES_ON = re.compile(r"[A-Za-z]|[-_/][^\W_]")
_BEFORE, _AFTER = 32, 20  # characters in which a word tells what a number is
_SENTENCE_END = re.compile(r"[.!?。！？](?=\s|$)|[。！？\n]")


class Words(Section):
    """What stands beside a telephone number, and beside a number of something else."""

    phone: tuple[str, ...]
    id: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """Digits as they are written; `is_phone`: of a telephone, else of a thing."""

    start: int
    end: int
    is_phone: bool


def find_numbers(text: str) -> Iterator[Number]:
    """Everything that is written like a telephone number, and what it is; parts may overlap."""
    plain = shadow(text)
    if not _LIKE.search(plain):
        return
    for start, end in sorted(_spans(plain)):
        if "(" in plain[start:end] or plain[start] == "+":
            yield Number(start, end, is_phone=True)
            continue
        attached = _ATTACHED.search(plain[:start])
        if (attached and not _names(attached[0], "phone")) or _GOES_ON.match(plain[end:]):
            continue  # the token as a whole is an id, and found as one
        yield Number(start, end, is_phone=_named(text[:start], text[end:]) != "id")


def named_ids(texts: Iterable[str]) -> frozenset[str]:
    """The digits of all that the texts call an order, a return, a batch: the same number is one everywhere."""
    return frozenset(
        re.sub(r"\D", "", shadow(text[number.start : number.end]))
        for text in texts
        for number in find_numbers(text)
        if not number.is_phone
    )


def _spans(text: str) -> set[tuple[int, int]]:
    found = {match.span() for match in _GROUPED.finditer(text)}
    for region in REGIONS:
        matcher = phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID)
        found |= {(match.start, match.end) for match in matcher}
    return found


def _named(before: str, after: str) -> str | None:
    """The nearest word before the number tells what it is, or else the nearest after it; None if no word does."""
    left = _SENTENCE_END.split(before[-_BEFORE:])[-1]
    right = _SENTENCE_END.split(after[:_AFTER])[0]
    nearest: tuple[int, str] | None = None
    for match in _pattern().finditer(left):
        nearest = len(left) - match.end(), str(match.lastgroup)
    later = _pattern().search(re.split(r"\d{4}", right)[0])
    if later and (nearest is None or later.start() < nearest[0]):
        return str(later.lastgroup)
    return nearest[1] if nearest else None


def _names(text: str, kind: str) -> bool:
    return any(match.lastgroup == kind for match in _pattern().finditer(text))


@cache
def _pattern() -> re.Pattern[str]:
    """The words of all languages; people mix them. Chinese ones need no spaces around them."""
    read = [words for language in languages() if (words := section(language, "scrubbing", Words))]
    kinds = {"phone": {w for words in read for w in words.phone}, "id": {w for words in read for w in words.id}}
    longest_first = {kind: sorted(words, key=len, reverse=True) for kind, words in kinds.items()}
    parts = [f"(?P<{kind}>{'|'.join(map(_bounded, words))})" for kind, words in longest_first.items()]
    return re.compile("|".join(parts), re.IGNORECASE)


def _bounded(word: str) -> str:
    bare = re.escape(word).replace(r"\ ", r"\s+")
    return bare if re.match(f"[{HAN}]", word) else rf"(?<![^\W\d_]){bare}(?![^\W\d_])"

"""Which value a text gives for which key: "size M for jackets, 42 for boots", "夹克穿M，靴子穿42".

In: a text as `written` has it, and where keys and values stand in it. Out: `Pair`s of a key and a value, each with the
words for it. Plain pairs are bound by their words; the others only stand beside each other in a clause: "a jacket in M"
may be no more than what is looked for.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from language.quantities import Of, find_quantities, find_ranges
from language.text import Span

Value = float | str

_VALUE = r"⟨v(?P<value>\d+)⟩(?:\s*[码号])?"
_KEY = r"⟨k\d+⟩"
_OF = r"(?:(?:in|for|with|on|my|the|all|any|most)\s+)*"
_MORE = r"\s*(?:,\s*and\b|and\b|&|or\b|[、和跟或])\s*(?:(?:in|for|my|the|all)\s+)*"
_NEXT = r"\s*(?:[:：]|⟨v|,?\s+(?:i|we|it|my)\b|[^\s,]*[我穿])"  # of a key that is said of another value
_KEYS = rf"(?P<keys>{_OF}{_KEY}(?:{_MORE}{_KEY}(?!{_NEXT}))*)"
_SAYINGS = (  # tried in this order; whether the words bind the value to its keys
    (True, rf"{_KEYS}\s*[:：=]\s*(?:(?:size|a|eu|尺码)\s*)*{_VALUE}"),
    (True, rf"{_VALUE}\s+(?:for|in|with|on)\s+{_KEYS}"),
    (
        True,
        rf"(?:^|[.,;!?]\s*|\b(?:and|but)\s+)(?=(?:for|in|with)\s){_KEYS},?"
        rf"(?:\s+(?:i|we|my|it|that)\b(?:'\w+)?(?:\s+\w+){{0,3}}?)?\s+{_VALUE}",
    ),
    (True, rf"{_KEYS}的?(?:(?:尺码|码数|尺寸|我|一般|平时|通常|一直|都))*(?:穿|是|选|预算)(?:的是|的)?{_VALUE}"),
    (True, rf"穿{_VALUE}的{_KEYS}"),
    (False, rf"{_KEYS}(?:(?!\band\b|\bbut\b)[^⟨⟩.,;!?。，；！？和]){{0,24}}{_VALUE}"),
    (False, rf"{_VALUE}(?:(?!\band\b|\bbut\b)[^⟨⟩.,;!?。，；！？和]){{0,24}}{_KEYS}"),
)
_LETTER = re.compile(r"(?<![\w'’-])[sml](?=\s+(?:in|for)\s)|(?<=\b(?:wear|take) )[sml]\b|(?<=穿)[sml](?![a-z])")
_PAUSE = re.compile(r"(?<=[0-9])，(?=[0-9])")  # "穿42，100以内" are two numbers
_MARK = re.compile(r"⟨k(\d+)⟩")


@dataclass(frozen=True, slots=True)
class Said:
    """A key or a value, and where it is said."""

    start: int
    end: int
    what: Value


@dataclass(frozen=True, slots=True)
class Pair:
    """`words` says both; `span`: from where to where the value is said."""

    key: Value
    value: Value
    words: str
    span: Span
    is_plain: bool


def written(text: str) -> str:
    """Half-width, and with sizes in capitals: "m in jackets"."""
    half_width = unicodedata.normalize("NFKC", _PAUSE.sub("；", text))
    return _LETTER.sub(lambda found: found[0].upper(), half_width)


def said_numbers(text: str, of: Of, *, ranges: bool) -> Iterator[Said]:
    """The numbers that may be `of` that, and ranges of them if `ranges` may be said."""
    numbers = [one for one in find_quantities(text) if not one.is_bound]
    for one in (*(find_ranges(text) if ranges else ()), *numbers):
        if one.may_be(of):
            yield Said(one.start, one.end, one.range.value)


def find_pairs(text: str, keys: Sequence[Said], values: Iterable[Said]) -> Iterator[Pair]:
    """Every value that the text gives for a key, plain pairs first."""
    apart = [one for one in values if not any(one.start < key.end and key.start < one.end for key in keys)]
    marked, said = _marked(text, keys, apart)
    taken: set[str] = set()
    for is_plain, saying in _SAYINGS:
        for match in re.finditer(saying, marked):
            places = _MARK.findall(match["keys"])
            if taken & {match["value"], *places}:
                continue
            taken |= {match["value"], *places}
            value = said[int(match["value"])]
            for key in (said[int(place)] for place in places):
                start, end = min(key.start, value.start), max(key.end, value.end)
                yield Pair(key.what, value.what, text[start:end], (value.start, value.end), is_plain)


def without(text: str, spans: Iterable[Span]) -> str:
    """The text without these places of it."""
    places = {place for span in spans for place in range(*span)}
    return "".join(char for place, char in enumerate(text) if place not in places)


def _marked(text: str, keys: Sequence[Said], values: Sequence[Said]) -> tuple[str, list[Said]]:
    """The text with a mark in place of each key and value, and what they stand for; of two that meet, the first."""
    marked, at, kept = "", 0, list[Said]()
    for one in sorted([*keys, *values], key=lambda said: said.start):
        if one.start >= at:
            marked += f"{text[at : one.start]}⟨{'k' if one in keys else 'v'}{len(kept)}⟩"
            at = one.end
            kept.append(one)
    return (marked + text[at:]).casefold(), kept

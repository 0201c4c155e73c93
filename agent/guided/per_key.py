"""Which value a text gives for which key: "size M for jackets, 42 for boots", "夹克穿M，靴子穿42".

In: an attribute that is kept per another, a text, the shop's `ShopLexicon`. Out: `Pair`s of a key and a value, each
with the words for it. Plain pairs are bound by their words; the others only stand beside each other in a clause: "a
jacket in M" may be no more than what is looked for.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from agent.lexicon import ShopLexicon
from errors import DataError
from language.quantities import find_quantities, find_ranges
from profiles.attribute import KEY_MARK, Attribute
from profiles.observation import Value

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
class Pair:
    """`text` is what a profile keeps: "jackets: M"; `words` says both. `value`: from where to where that is said."""

    text: str
    words: str
    value: tuple[int, int]
    plain: bool


@dataclass(frozen=True, slots=True)
class _Said:
    start: int
    end: int
    what: Value
    is_key: bool


def pairs_in(attribute: Attribute, text: str, words: ShopLexicon) -> list[Pair]:
    """Every value that the text gives for a key, once each."""
    text = _written(text)
    if attribute.per is None:
        return []
    keys = [_Said(*span, key, True) for span, key in words.standing(attribute.per, text)]
    values = [one for one in _values(attribute, text, words) if not any(_meet(one, key) for key in keys)]
    marked, said = _marked(text, sorted([*keys, *values], key=lambda one: one.start))
    found: dict[str, Pair] = {}
    for pair in _read(marked, text, said, attribute, words):  # plain ones come first
        found.setdefault(pair.text, pair)
    return list(found.values())


def without_plain(attribute: Attribute, text: str, words: ShopLexicon) -> str:
    """The text without the values that its words bind to a key of `attribute`: they are said of that key alone."""
    text = _written(text)
    spans = {pair.value for pair in pairs_in(attribute, text, words) if pair.plain}
    return "".join(char for place, char in enumerate(text) if not any(start <= place < end for start, end in spans))


def kept_under(attribute: Attribute, key: Value, value: Value, words: ShopLexicon) -> str:
    """As the profile keeps them; "" for a number that it does not."""
    try:
        return str(attribute.clean(f"{key}{KEY_MARK}{value}", words.facets))
    except DataError:
        return ""


def _written(text: str) -> str:
    """Half-width, and with sizes in capitals: "m in jackets"."""
    half_width = unicodedata.normalize("NFKC", _PAUSE.sub("；", text))
    return _LETTER.sub(lambda found: found[0].upper(), half_width)


def _values(attribute: Attribute, text: str, words: ShopLexicon) -> Iterator[_Said]:
    if attribute.type == "choice":
        yield from (_Said(*span, value, False) for span, value in words.standing(attribute, text))
        return
    ranges = find_ranges(text) if attribute.range else []
    numbers = [one for one in find_quantities(text) if not one.is_bound]
    for one in (*ranges, *numbers):
        if one.may_be("money" if attribute.type == "money" else "other"):
            yield _Said(one.start, one.end, one.range.value, False)


def _meet(one: _Said, other: _Said) -> bool:
    return one.start < other.end and other.start < one.end


def _marked(text: str, said: list[_Said]) -> tuple[str, list[_Said]]:
    """The text with a mark in place of each key and value, and what they stand for; of two that meet, the first."""
    marked, at, kept = "", 0, list[_Said]()
    for one in said:
        if one.start >= at:
            marked += f"{text[at : one.start]}⟨{'k' if one.is_key else 'v'}{len(kept)}⟩"
            at = one.end
            kept.append(one)
    return (marked + text[at:]).casefold(), kept


def _read(marked: str, text: str, said: list[_Said], attribute: Attribute, words: ShopLexicon) -> Iterator[Pair]:
    taken: set[str] = set()
    for plain, saying in _SAYINGS:
        for match in re.finditer(saying, marked):
            keys = _MARK.findall(match["keys"])
            if taken & {match["value"], *keys}:
                continue
            taken |= {match["value"], *keys}
            value = said[int(match["value"])]
            for key in (said[int(place)] for place in keys):
                if kept := kept_under(attribute, key.what, value.what, words):
                    start, end = min(key.start, value.start), max(key.end, value.end)
                    yield Pair(kept, text[start:end], (value.start, value.end), plain)

"""Order ids in text: what may be one, and which of a customer's own orders it names.

In: the words of a customer, and the ids of their orders. Out: ids as they are written there. A run of digits names an
order only if it is the customer's: a year, a price, a phone number or a postcode is none. What is written as an id and
is none of theirs (a slip of the pen, somebody else's) is a reference too, and never stands for another order.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic import Field
from rapidfuzz.distance import OSA

from language.packs import Section, languages, section

NEWEST = "last"  # as an order id
# "AP-10482", "48201", "#W1000042", "2026/00123", "SO-2024-0117"
_ID = re.compile(r"(?<![A-Za-z0-9])#?(?:[A-Za-z]{1,4}-?\d{3,}|\d{4,})(?:[-/]\d{3,})*(?!\d)")
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_REFERENCE = re.compile(
    rf"{_START}(?:(?P<letters>[A-Za-z]{{1,4}})(?P<join>[ #-]*)|#\s?)?(?P<digits>\d{{3,}}(?:[-/]\d{{3,}})*){_END}"
)
_MONEY = re.compile(r"[$€£¥]\s?$")
_WORD = r"[A-Za-zÀ-ɏ]+|\d+"
_GAP = r"[\s#_./-]*"
_LETTERS, _DIGITS = 4, 3  # of an id that is spelled: at most so many letters, at least so many digits


class IdWords(Section):
    """The words right before an id, and how one is spelled: the words for the dash in it, and those for each digit."""

    names: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    digits: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """An order as a text names it: `text` as written, `order` the customer's own, None if it is none of theirs."""

    text: str
    order: str | None


def ids_in(words: str) -> list[str]:
    """What may be an order's id, as it is written there."""
    return list(dict.fromkeys(_ID.findall(words)))


def order_references(words: str, own: Sequence[str]) -> list[Reference]:
    """The orders that a text names, in its order; `own` are the ids of the customer's orders."""
    text = spelled_out(words)
    named = [(*found.span(), Reference(found[0], order)) for order in own for found in _places(text, order, own)]
    for found in _REFERENCE.finditer(text):
        is_free = not any(found.start() < end and start < found.end() for start, end, _ in named)
        if is_free and _is_written_as_id(found, own):
            named.append((*found.span(), Reference(found[0], None)))
    return list(dict.fromkeys(reference for _, _, reference in sorted(named, key=lambda place: place[0])))


def _places(text: str, order: str, own: Sequence[str]) -> Iterator[re.Match[str]]:
    """Where a text has an own id; its letters may be left out if its digits tell it from the others."""
    letters, digits = _parts(order)
    is_alone = sum(_parts(other)[1] == digits for other in own) == 1 and len(digits) >= _DIGITS
    head = f"(?:{_loose(letters)}{_GAP}){'?' if is_alone else ''}" if letters else ""
    for found in re.finditer(f"{_START}#?{head}{_loose(digits)}{_END}", text, re.IGNORECASE):
        if not _MONEY.search(text[: found.start()]):
            yield found


def _parts(order: str) -> tuple[str, str]:
    """The letters that an id begins with, and the rest without what stands between."""
    bare = re.sub(r"[\W_]", "", order.casefold())
    rest = bare.lstrip("abcdefghijklmnopqrstuvwxyz")
    return bare.removesuffix(rest), rest


def _loose(text: str) -> str:
    return _GAP.join(map(re.escape, text))


def _is_written_as_id(found: re.Match[str], own: Sequence[str]) -> bool:
    """Whether it can only be meant as an id.

    So it is behind the letters of one, with "#" or a dash, and, if it is as long as an own one, behind a word for an
    order or with a slip.
    """
    parts, before = [_parts(order) for order in own], found.string[: found.start()]
    if _MONEY.search(before):
        return False
    if letters := found["letters"]:
        return "-" in found["join"] or letters.casefold() in {head for head, _ in parts}
    digits = re.sub(r"\D", "", found["digits"])
    alike = [rest for _, rest in parts if len(rest) == len(digits)]
    if found[0].startswith("#") or (alike and _named().search(before)):
        return True
    return len(digits) > _LETTERS and any(OSA.distance(digits, rest) == 1 for rest in alike)


def spelled_out(words: str) -> str:
    """The text with spelled ids put together: "A P dash one zero four eight two" is "AP-10482"."""
    text = unicodedata.normalize("NFKC", words)
    pattern, signs = _spelling()

    def together(found: re.Match[str]) -> str:
        parts = re.findall(rf"{_WORD}|\S", found[0])
        whole = "".join(signs.get(part.casefold(), part) for part in parts)
        is_id = sum(map(str.isdigit, whole)) >= _DIGITS and len(_parts(whole)[0]) <= _LETTERS
        return re.sub("-+", "-", whole) if is_id else found[0]

    return pattern.sub(together, text)


def _packs() -> list[IdWords]:
    return [pack for code in languages() if (pack := section(code, "order_ids", IdWords))]


@cache
def _named() -> re.Pattern[str]:
    """A word that an id follows."""
    words = "|".join(re.escape(word) for pack in _packs() for word in pack.names)
    return re.compile(rf"(?:{words or '(?!)'})[\s:：.]*$", re.IGNORECASE)


@cache
def _spelling() -> tuple[re.Pattern[str], dict[str, str]]:
    """What may be a spelled id, and the sign for each word of it, in all languages that have such words."""
    packs = _packs()
    signs = {word.casefold(): str(digit) for pack in packs for word, digit in pack.digits.items()}
    signs |= {word.casefold(): "-" for pack in packs for word in pack.joins}
    spaced = "|".join(re.escape(word) for word in sorted(signs, key=len, reverse=True) if word.isascii())
    joined = "".join(re.escape(word) for word in signs if len(word) == 1 and not word.isascii())
    item = rf"(?:{spaced or '(?!)'}|[A-Za-z]|\d+)"
    row = rf"(?<![\w]){item}(?:[\s-]+{item})+(?![A-Za-z0-9])"
    return re.compile(rf"{row}|[{joined or '0'}]{{{_DIGITS},}}", re.IGNORECASE), signs

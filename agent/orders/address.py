"""Addresses that come in pieces: "88 Alder Lane", then "Eugene OR 97401"; "no, number 14" to one that is proposed.

In: what the customer wrote now, what they wrote before, and an address of theirs that is whole. Out: the whole address,
as far as it is known. A piece is put behind what was said before it, or takes the place of its like in what was
proposed. Pure functions.
"""

import re
from functools import cache
from typing import Literal

from language.negation import any_of, denied
from language.packs import Section, languages, section
from language.text import fold
from language.words import bare, stem, stop_words, tokens

_GROUP = re.compile(r"\d+")
_PART = re.compile(r"\s*[,，;\n]\s*")
_HOUSE, _POSTCODE = r"(?<!\d)\d{1,4}[a-z]?", r"[a-z]{0,2}\d[\da-z]*(?: \d[a-z]{2})?"
_BETWEEN = r"[\s:#.]*(?:[^\W\d]+\s+){0,2}"  # "number is actually 72"
_NUMBER = re.compile(r"(?<!\w)\d+[a-z]?(?!\w)", re.IGNORECASE | re.ASCII)
_BOTH = 2  # numbers: what was proposed, and what is meant
_SHORT = 3  # words of a piece that is a postcode and no more
_UNIT = re.compile(
    r"(?P<name>[^\W\d][^\d,]*?)\s*#?(?P<number>\d+\w?)(?:\W+\D*\d+\w?)?\W*", re.DOTALL
)  # "suite 14 not 4"


def is_whole(address: str, like: str) -> bool:
    """Whether it has as much as another address of the customer's: a number of a house, and a postcode if that has."""
    return len(_GROUP.findall(address)) >= min(2, len(_GROUP.findall(like)))


def joined(before: str, piece: str) -> str:
    """``joined("88 Alder Lane", "Eugene OR 97401") == "88 Alder Lane, Eugene OR 97401"``."""
    return f"{before.rstrip(' ,')}, {piece.strip()}" if before.strip() else piece.strip()


def amended(proposed: str, piece: str) -> str:
    """The proposed address with the piece in the place of its like: the street, the postcode, or a numbered part.

    ``amended("41 Rosewood Lane, Bend, OR 97701", "14 Rosewood Lane") == "14 Rosewood Lane, Bend, OR 97701"``. Empty
    where a number has no like in it.
    """
    parts = _PART.split(proposed.strip())
    said = piece.strip(" ,.")
    if instead := _instead(proposed.strip(), said):
        return instead
    if unit := _UNIT.fullmatch(said):
        return _renumbered(proposed.strip(), unit["name"], unit["number"])
    place = _place_of_code(parts)
    if said.isdigit() and (place is None or len(said) != len(_code(parts[place]))):
        code = _code(parts[place]) if place is not None else ""
        return _rehoused(proposed.strip(), code, said)
    if len(said.split()) <= _SHORT and _code(said) and place is not None:
        parts[place] = re.sub(re.escape(_code(parts[place])), _code(said), parts[place])
        return ", ".join(parts)
    return ", ".join([said, *parts[1:]])


class AddressWords(Section):
    """What a language's pack calls the numbers of an address, as regular expressions."""

    house: tuple[str, ...]
    postcode: tuple[str, ...]
    house_after: tuple[str, ...] = ()  # behind the number of a house


def corrected(proposed: str, said: str) -> str:
    """The proposed address with the number that a message calls by its name, or puts in the place of another.

    ``corrected("27 Elm Lane, Bend, OR 97701", "sorry, it is number 72")``; also "the postcode is 97702", "72, not 27".
    Empty where it does neither, or where it is not clear which number is meant.
    """
    text, parts = fold(said).text, _PART.split(proposed.strip())
    place = _place_of_code(parts)
    code = _code(parts[place]) if place is not None else ""
    if code and (told := _named(text, "postcode")):
        return _put(proposed, code, told.upper())
    if instead := _instead(proposed, text):
        return instead
    told = _named(text, "house")
    return _rehoused(proposed, code, told) if told else ""


def _named(text: str, name: Literal["house", "postcode"]) -> str:
    """The number that is called so; "" where none is, or several are."""
    before, after = _called(name)
    found = {each["number"] for each in before.finditer(text)} | {each["number"] for each in after.finditer(text)}
    return found.pop() if len(found) == 1 else ""


def _instead(proposed: str, said: str) -> str:
    """With one of two numbers in the place of the other, which is denied or the only one that it has: "72, not 27"."""
    places = {found.group(): found.span() for found in _NUMBER.finditer(said)}
    held = [number for number in places if len(re.findall(rf"(?<!\w){number}(?!\w)", proposed, re.ASCII)) == 1]
    no = [number for number, span in places.items() if denied(said, span)]
    if len(places) != _BOTH or len(held) != 1 or len(no) != 1:
        return ""
    (new,) = {*places} - {*held}
    return _put(proposed, held[0], new) if no == held else proposed


def _rehoused(proposed: str, code: str, house: str) -> str:
    """With another number in the place of the only one beside the postcode; "" where there are several."""
    houses = [number for number in _NUMBER.findall(proposed) if number not in code.split()]
    return _put(proposed, houses[0], house) if len(houses) == 1 else ""


def _put(proposed: str, old: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, proposed, flags=re.ASCII)


def _renumbered(proposed: str, name: str, number: str) -> str:
    """With another number behind a name that it has once: "Suite 4" becomes "Suite 14"."""
    names = [word.text for word in tokens(name) if stem(bare(word)) not in stop_words()]
    if len(names) != 1:
        return ""
    behind = re.compile(rf"(?<!\w)({re.escape(names[0])}\W{{0,2}})\d+\w?(?!\w)", re.IGNORECASE)
    return behind.sub(rf"\g<1>{number}", proposed) if len(behind.findall(proposed)) == 1 else ""


def _place_of_code(parts: list[str]) -> int | None:
    return next((place for place in range(len(parts) - 1, 0, -1) if _code(parts[place])), None)


def _code(text: str) -> str:
    """The postcode in a part of an address: its last words with digits ("97401", "EH6 7QT")."""
    words = text.split()
    first = next((place for place, word in enumerate(words) if any(char.isdigit() for char in word)), None)
    return "" if first is None or len(words) - first > 2 else " ".join(words[first:])


@cache
def _called(name: Literal["house", "postcode"]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Words before a number, and behind it, that say what it is."""
    packs = [pack for code in languages() if (pack := section(code, "address", AddressWords))]
    before = any_of(tuple(word for pack in packs for word in getattr(pack, name)))
    after = any_of(tuple(word for pack in packs for word in pack.house_after)) if name == "house" else r"(?!)"
    number = rf"(?P<number>{_HOUSE if name == 'house' else _POSTCODE})(?!\w)"
    return re.compile(rf"{before}{_BETWEEN}{number}", re.ASCII), re.compile(
        rf"(?P<number>{_HOUSE})\s*{after}", re.ASCII
    )

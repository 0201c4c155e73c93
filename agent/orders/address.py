"""Addresses that come in pieces: "88 Alder Lane", then "Eugene OR 97401"; "no, number 14" to one that is proposed.

In: what the customer wrote now, what they wrote before, and an address of theirs that is whole. Out: the whole address,
as far as it is known. A piece is put behind what was said before it, or takes the place of its like in what was
proposed. Pure functions.
"""

import re

from language.words import bare, stem, stop_words, tokens

_GROUP = re.compile(r"\d+")
_PART = re.compile(r"\s*[,，;\n]\s*")
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
    if unit := _UNIT.fullmatch(said):
        return _renumbered(proposed.strip(), unit["name"], unit["number"])
    place = _place_of_code(parts)
    if said.isdigit() and (place is None or len(said) != len(_code(parts[place]))):
        return ""
    if len(said.split()) <= _SHORT and _code(said) and place is not None:
        parts[place] = re.sub(re.escape(_code(parts[place])), said, parts[place])
        return ", ".join(parts)
    return ", ".join([said, *parts[1:]])


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

"""Who took what, in which order: a directory of plain files in, sequences and item attributes out.

One text file (.txt, .tsv, .csv, .dat) has a customer a line, their id and then item ids in time order, set apart by
blanks, tabs or commas. A .json file, if there is one, is an object of item ids with attributes: a list of values, or an
object of names with a value or a list of them. Files are recognised by their form; names may be any. Where several text
files have it, the one that the .json file is named after is taken.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import ConfigError, DataError, choices

_TEXTS = (".txt", ".tsv", ".csv", ".dat")
_PROSE = ("readme", "license", "licence")
_APART = re.compile(r"[\s,]+")
Attributes = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sequences:
    """Item ids by customer, in time order; attribute values by item; a digest of both files."""

    customers: dict[str, tuple[str, ...]]
    attributes: Attributes
    digest: str


def read_sequences(path: Path) -> Sequences:
    """Read a directory, or a text file without attributes. Raises ConfigError, or DataError with file and line."""
    if path.is_file():
        return Sequences(_customers(path), {}, _digest(path))
    texts = sorted(file for file in path.iterdir() if file.suffix in _TEXTS and file.stem.casefold() not in _PROSE)
    texts = texts if len(texts) == 1 else [file for file in texts if _has_form(file)]
    jsons = sorted(path.glob("*.json"))
    if len(jsons) > 1:
        raise ConfigError(f"{path} has several .json files, expected one of attributes: {choices(map(_name, jsons))}")
    named = [file for file in texts if jsons and jsons[0].name.startswith(file.stem)]
    found = texts if len(texts) == 1 else named
    if len(found) != 1:
        which = f"several: {choices(map(_name, texts))}; name one file" if texts else "none"
        raise ConfigError(f"{path}: expected one text file with a customer a line, an id and item ids; found {which}")
    return Sequences(_customers(found[0]), _attributes(jsons[0]) if jsons else {}, _digest(found[0], *jsons))


def _has_form(file: Path) -> bool:
    """Whether the first line could be a customer: ids have a digit, prose hardly has."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        first = _APART.split(next(lines, "").strip())
    return len(first) > 1 and all(any(sign.isdigit() for sign in word) for word in first)


def _customers(file: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_text(file).splitlines(), 1):
        if not line.strip():
            continue
        customer, *items = _APART.split(line.strip())
        if not items or not all((customer, *items)):
            raise DataError(f"{file}, line {number}: expected an id and item ids, not {line[:60]!r}")
        if customer in found:
            raise DataError(f"{file}, line {number}: customer {customer!r} has a line already")
        found[customer] = tuple(items)
    if not found:
        raise DataError(f"{file}, line 1: expected an id and item ids; the file is empty")
    return found


def _attributes(file: Path) -> Attributes:
    text = _text(file)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{file}, line {error.lineno}: not JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise DataError(f"{file}, line 1: expected an object of item ids with attributes, not {text[:40]!r}")
    return {item: _values(file, text, item, held) for item, held in value.items()}


def _values(file: Path, text: str, item: str, held: Any) -> tuple[str, ...]:
    """``["red", 5]`` as it stands; ``{"color": ["red"], "brand": "Rush"}`` as ``color=red, brand=Rush``."""
    pairs = held.items() if isinstance(held, dict) else [("", held if isinstance(held, list) else None)]
    values: list[str] = []
    for name, given in pairs:
        listed = given if isinstance(given, list) else [given]
        if not all(isinstance(one, str | int | float) for one in listed):
            line = text.count("\n", 0, max(0, text.find(json.dumps(item)))) + 1
            shown = f"item {item!r} has attributes {str(held)[:40]!r}"
            raise DataError(f"{file}, line {line}: {shown}; expected a list of values, or names with values")
        values += [f"{name}={one}" if name else str(one) for one in listed]
    return tuple(values)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = file.read_bytes().count(b"\n", 0, error.start) + 1
        raise DataError(f"{file}, line {line}: not UTF-8") from error


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _name(file: Path) -> str:
    return file.name

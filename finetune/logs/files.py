"""Files as they come: which encoding, and one item after the other with its line number, never the whole file.

In: a path. Out: `Item`s: a line of JSON Lines, an element of a JSON array (also one inside a document such as
`{"tickets": [...]}`), or a row of a table. An item that cannot be read is an item with a `problem`, and the rest goes
on.
Errors: `DataError` for a file that is not there, is empty, or whose encoding cannot be told.
"""

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from charset_normalizer import from_bytes

from errors import ConfigError, DataError, choices

ITEM_CHARS = 8_000_000  # an item that is longer is none; so a file without line ends cannot fill the memory
FIELD_CHARS = 1_000_000
_HEAD = 1 << 18
_CHUNK = 1 << 20
_OVERLAP = 100  # a name of a list may lie across two pieces
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_GUESSES = ("utf_16_le", "utf_16_be", "cp1252", "latin_1", "cp1250", "cp1251", "gb18030", "big5", "shift_jis", "euc_kr")
_LISTS = r'"(?:tickets|conversations|comments|results|data|users)"\s*:\s*'
_WRAPPED = re.compile(rf"^\s*\{{(?s:.{{0,4000}}?){_LISTS}(?=\[)")
_NEXT_LIST = re.compile(rf"{_LISTS}\[")
_RECORD_KEYS = frozenset(("requester_id", "conversation_parts", "source", "messages", "ticket_id"))
_ESCAPED = re.compile(r"[\udc80-\udcff]")
_STRUCTURE = re.compile(r'["\\{}\[\]]')
_SPACE = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Item:
    """One consultation's worth of input, or the `problem` with it; `line` counts from 1."""

    line: int
    value: Any = None
    text: str = ""
    problem: str | None = None


def find_encoding(path: Path, given: str | None = None) -> str:
    """The encoding's name: `given` if there is such a one, else from the file's first bytes."""
    if given is not None:
        try:
            return codecs.lookup(given).name
        except LookupError as error:
            known = choices(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "gb18030"])
            raise ConfigError(f"no encoding {given!r}; for example {known}") from error
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if not head.strip():
        raise DataError(f"{path} is empty")
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if b"\0" not in head and _mostly_utf8(head):
        return "utf-8"
    best = from_bytes(head, cp_isolation=list(_GUESSES)).best()
    if best is None:
        raise DataError(f"{path}: its encoding cannot be told, if it is text at all; name it with --encoding")
    return str(best.encoding)


def _mostly_utf8(head: bytes) -> bool:
    """A few broken lines are broken lines; where most lines with other than ASCII are, it is another encoding."""
    lines = [line for line in head.split(b"\n")[: -1 if len(head) == _HEAD else None] if not line.isascii()]
    return 2 * sum(_is_utf8(line) for line in lines) >= len(lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text; bytes that the encoding has not are marked, so that only their item is lost."""
    one_byte = not encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
    try:
        return path.open(encoding=encoding, errors="surrogateescape" if one_byte else "replace", newline="")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def json_lines(file: TextIO, encoding: str) -> Iterator[Item]:
    """One JSON object a line; empty lines are skipped."""
    number = 0
    while line := file.readline(ITEM_CHARS + 1):
        number += 1
        if len(line) > ITEM_CHARS and not line.endswith("\n"):
            while (rest := file.readline(ITEM_CHARS)) and not rest.endswith("\n"):
                pass
            yield Item(number, problem=f"longer than {ITEM_CHARS} characters")
        elif line.strip("\ufeff \t\r\n"):
            yield _loaded(line.strip("\ufeff \t\r\n"), number, encoding)


def json_values(file: TextIO, encoding: str) -> Iterator[Item]:
    """JSON Lines, an array, a document that holds one, or objects one behind the other, as the file's head says."""
    head = file.read(_CHUNK).lstrip("\ufeff")
    wrapped, line = _WRAPPED.match(head), head.partition("\n")[0]
    in_array = head.lstrip()[:1] == "["
    if in_array or line.strip() == "{" or (wrapped and _is_around(line, head[: wrapped.end()])):
        around = wrapped if wrapped and not _is_record(head[: wrapped.end()]) else None
        start = around.end() + 1 if around and not in_array else len(head) - len(head.lstrip()) + in_array
        yield from _Elements(file, head, start, encoding, in_document=around is not None and not in_array).items()
        return
    file.seek(0)
    yield from json_lines(file, encoding)


def _is_around(line: str, opening: str) -> bool:
    """Whether the first line is, or begins, a document around a list, and is not itself a ticket with its comments."""
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return not _is_record(opening)
    return isinstance(first, dict) and not _RECORD_KEYS & first.keys()


def _is_record(opening: str) -> bool:
    return any(f'"{key}"' in opening for key in _RECORD_KEYS)


def _loaded(text: str, line: int, encoding: str) -> Item:
    if problem := _undecodable(text, encoding):
        return Item(line, problem=problem)
    try:
        return Item(line, json.loads(text), text)
    except json.JSONDecodeError as error:
        return Item(line, problem=f"broken JSON in column {error.colno}: {error.msg}")
    except (ValueError, RecursionError) as error:
        return Item(line, problem=f"broken JSON: {'nested too deeply' if isinstance(error, RecursionError) else error}")


def _undecodable(text: str, encoding: str) -> str | None:
    if _ESCAPED.search(text) or (encoding.startswith(("utf-16", "utf_16")) and "\ufffd" in text):
        return f"bytes that are not {encoding}; if it is another encoding, name it with --encoding"
    return None


class _Elements:
    """The objects of a JSON array, read in pieces. An object that is broken inside, but closed, costs only itself.

    In a document, further lists may follow: of the users beside the tickets.
    """

    def __init__(self, file: TextIO, buffer: str, start: int, encoding: str, in_document: bool = False) -> None:
        self.in_document = in_document
        self.file, self.buffer, self.at, self.encoding = file, buffer, start, encoding
        self.line = 1 + buffer.count("\n", 0, start)
        self.ended = False
        self.decoder = json.JSONDecoder()

    def items(self) -> Iterator[Item]:
        """Up to the array's end, or to what nobody can make sense of."""
        while self._skip_space():
            if self.buffer[self.at] == "]":
                if self.in_document and self._next_list():
                    continue
                return
            if self.buffer[self.at] != "{":
                yield Item(
                    self.line, problem=f"expected an object, found {self.buffer[self.at]!r}; the rest is not read"
                )
                return
            end, problem = self._end()
            if end is None:
                yield Item(self.line, problem=f"{problem}; the rest is not read")
                return
            yield _loaded(self.buffer[self.at : end], self.line, self.encoding)
            self._move(end)

    def _end(self) -> tuple[int | None, str]:
        """Where the object ends; None if it never does."""
        while True:
            try:
                return self.decoder.raw_decode(self.buffer, self.at)[1], ""
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self.buffer) - 16 or error.msg.startswith("Unterminated")
                if not cut and (end := _closing(self.buffer, self.at)) is not None:
                    return end, ""
                if len(self.buffer) - self.at > ITEM_CHARS or not self._read(len(self.buffer) - self.at):
                    return _closing(self.buffer, self.at), f"an object that does not end: {error.msg}"
            except (ValueError, RecursionError):
                return _closing(self.buffer, self.at), "an object nested too deeply"

    def _next_list(self) -> bool:
        """Go to the first object of the next list, if there is one."""
        while not (found := _NEXT_LIST.search(self.buffer, self.at)):
            self._move(max(self.at, len(self.buffer) - _OVERLAP))
            if not self._read(0):
                return False
        self._move(found.end())
        return True

    def _skip_space(self) -> bool:
        while True:
            match = _SPACE.match(self.buffer, self.at)
            self._move(match.end() if match else self.at)
            if self.at < len(self.buffer):
                return True
            if not self._read(0):
                return False

    def _read(self, size: int) -> bool:
        more = "" if self.ended else self.file.read(max(_CHUNK, size))
        self.ended = not more
        self.buffer, self.at = self.buffer[self.at :] + more, 0
        return bool(more)

    def _move(self, to: int) -> None:
        self.line += self.buffer.count("\n", self.at, to)
        self.at = to


def _closing(text: str, start: int) -> int | None:
    """Where the bracket that opens at `start` closes, by brackets and strings alone."""
    depth, quoted, skip = 0, False, -1
    for match in _STRUCTURE.finditer(text, start):
        if match.start() == skip:
            continue
        mark = match[0]
        if mark == "\\":
            skip = match.end()
        elif mark == '"':
            quoted = not quoted
        elif not quoted:
            depth += 1 if mark in "{[" else -1
            if depth == 0:
                return match.end()
    return None


def table_rows(file: TextIO, encoding: str, columns: Mapping[str, Sequence[str]]) -> Iterator[Item]:
    """The rows of a CSV file as dictionaries by our names; `columns` has the headings of each. Raises DataError."""
    csv.field_size_limit(FIELD_CHARS)
    heading = file.readline(FIELD_CHARS).lstrip("\ufeff")
    delimiter = max(",;\t|", key=heading.count)
    names = [_folded(cell) for cell in next(csv.reader([heading], delimiter=delimiter), [])]
    places = {name: next((names.index(a) for a in known if a in names), -1) for name, known in columns.items()}
    missing = [name for name in ("conversation_id", "role", "text") if places[name] < 0]
    if missing:
        raise DataError(
            f"line 1: no column for {choices(missing)}; the headings are {choices(repr(name[:30]) for name in names)}"
        )
    rows = csv.reader(iter(lambda: file.readline(FIELD_CHARS), ""), delimiter=delimiter)
    line = 2
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Item(line, problem=f"broken CSV: {error}")
        else:
            if any(cell.strip() for cell in row):
                yield _row(row, places, line, len(names), encoding)
        line = rows.line_num + 2


def _row(row: Sequence[str], places: Mapping[str, int], line: int, width: int, encoding: str) -> Item:
    if problem := _undecodable("".join(row), encoding):
        return Item(line, problem=problem)
    if len(row) != width:
        return Item(line, problem=f"{len(row)} cells under {width} headings")
    value = {name: row[place] for name, place in places.items() if place >= 0}
    return Item(line, value, json.dumps(value, ensure_ascii=False))


def _folded(heading: str) -> str:
    return re.sub(r"[\s_-]+", "_", heading.strip().casefold())

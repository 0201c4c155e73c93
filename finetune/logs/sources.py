"""Whatever a log is, consultations come out: files, formats and encodings told apart, one after the other.

In: a file or a folder of files, and perhaps the names of its format and encoding. Out: `Consultation`s, or `Unread`
lines with the reason. Errors: `ConfigError` for an unknown format or one that cannot be told, `DataError` for a file
that is not there, is empty or whose encoding cannot be told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from errors import ConfigError, DataError, choices
from finetune.logs.consultation import Consultation, read_own
from finetune.logs.files import Item, find_encoding, json_lines, json_values, open_text, table_rows
from finetune.logs.helpdesks import SHARED, agents_among, read_intercom, read_zendesk, zendesk_key
from finetune.logs.spool import Filed, Group, Spool
from finetune.logs.tables import COLUMNS, read_table, table_key

FORMATS = ("jsonl", "zendesk", "intercom", "csv")
_GROUPED: dict[str, tuple[Callable[[Any], str], Callable[[Any, str, int], Consultation]]] = {
    "zendesk": (zendesk_key, read_zendesk),
    "csv": (table_key, read_table),
}
_SINGLE: dict[str, Callable[[Any, str, int], Consultation]] = {"jsonl": read_own, "intercom": read_intercom}


@dataclass(frozen=True, slots=True)
class Unread:
    """A line, or a whole conversation that begins there, that cannot be read as what it should be."""

    file: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Source:
    """A log that is ready to be read: its files in order, its format, and the encoding if it was named."""

    files: tuple[Path, ...]
    format: str
    encoding: str | None

    @property
    def is_grouped(self) -> bool:
        """Whether conversations lie scattered over the rows, so that a spool must gather them first."""
        return self.format in _GROUPED

    def prepare(self, spool: Spool) -> list[Unread]:
        """Fill the spool of a grouped format; the lines that cannot be read come back."""
        unread: list[Unread] = []
        spool.fill(self._filed(unread))
        return unread

    def read(self, spool: Spool, skip: int = 0) -> Iterator[Consultation | Unread]:
        """The consultations from number `skip` on, unread ones counted; a grouped format needs its spool filled."""
        if self.is_grouped:
            read = _GROUPED[self.format][1]
            if self.format == "zendesk":
                read = partial(read_zendesk, agents=agents_among(spool.shared()))
            yield from (_grouped(read, group) for group in spool.groups(skip))
            return
        for number, (path, item) in enumerate(self._items()):
            if number >= skip:
                yield self._single(path.name, item)

    def _items(self) -> Iterator[tuple[Path, Item]]:
        for path in self.files:
            encoding = find_encoding(path, self.encoding)
            with open_text(path, encoding) as file:
                try:
                    for item in _items_of(self.format, file, encoding):
                        yield path, item
                except UnicodeError as error:  # a multi-byte encoding that is another one after all
                    raise DataError(f"{path} is not {encoding}: {error}; name its encoding with --encoding") from error
                except DataError as error:
                    raise DataError(f"{path}, {error}") from error

    def _filed(self, unread: list[Unread]) -> Iterator[Filed]:
        key_of, _ = _GROUPED[self.format]
        for path, item in self._items():
            try:
                if item.problem is not None:
                    raise DataError(item.problem)
                yield Filed(key_of(item.value), path.name, item.line, item.text)
            except DataError as error:
                unread.append(Unread(path.name, item.line, str(error)))

    def _single(self, file: str, item: Item) -> Consultation | Unread:
        if item.problem is not None:
            return Unread(file, item.line, item.problem)
        try:
            return _SINGLE[self.format](item.value, file, item.line)
        except DataError as error:
            return Unread(file, item.line, str(error))


def _grouped(read: Callable[[Any, str, int], Consultation], group: Group) -> Consultation | Unread:
    try:
        return read(group.values, group.file, group.line)
    except DataError as error:
        return Unread(group.file, group.line, str(error))


def open_source(path: Path, format: str = "auto", encoding: str | None = None) -> Source:
    """A file, or all files of a folder that are not hidden; "auto" tells the format from the first of them."""
    if path.is_dir():
        files = tuple(sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")))
        if not files:
            raise DataError(f"{path} holds no files")
    elif path.is_file():
        files = (path,)
    else:
        raise DataError(f"no log at {path}")
    if format not in ("auto", *FORMATS):
        raise ConfigError(f"no format {format!r}; there are {choices(['auto', *FORMATS])}")
    return Source(files, find_format(files[0], encoding) if format == "auto" else format, encoding)


def find_format(path: Path, encoding: str | None = None) -> str:
    """One of `FORMATS`, from the file's first lines."""
    named = find_encoding(path, encoding)
    with open_text(path, named) as file:
        try:
            if file.read(4096).lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
                file.seek(0)
                next(table_rows(file, named, COLUMNS), None)
                return "csv"
            file.seek(0)
            for _, item in zip(range(100), json_values(file, named), strict=False):
                if isinstance(item.value, dict) and (found := _format_of(item.value)):
                    return found
        except UnicodeError as error:
            raise DataError(f"{path} is not {named}: {error}; name its encoding with --encoding") from error
        except DataError as error:
            raise ConfigError(f"{path}: its format cannot be told ({error}); name it: {choices(FORMATS)}") from error
    raise ConfigError(f"{path}: its format cannot be told from its first lines; name it: {choices(FORMATS)}")


def _format_of(value: dict[str, Any]) -> str | None:
    if "messages" in value:
        return "jsonl"
    if "conversation_parts" in value or value.get("type") == "conversation":
        return "intercom"
    try:
        is_user = zendesk_key(value) == SHARED
    except DataError:
        is_user = False
    return "zendesk" if is_user or "requester_id" in value or "ticket_id" in value else None


def _items_of(format: str, file: Any, encoding: str) -> Iterator[Item]:
    if format == "csv":
        return table_rows(file, encoding, COLUMNS)
    return json_lines(file, encoding) if format == "jsonl" else json_values(file, encoding)

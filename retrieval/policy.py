"""The shop's rules: `policy.md` comes in, one passage per heading goes out, in the file's order."""

import re
from dataclasses import dataclass
from pathlib import Path

from errors import StorageError


@dataclass(frozen=True, slots=True)
class Passage:
    """The text under one heading; `heading` is the path to it, such as "Returns > Worn items"."""

    heading: str
    text: str


def load_policy(path: Path) -> tuple[Passage, ...]:
    """Split the Markdown file at its headings; no passages when there is no file. Raises StorageError."""
    if not path.exists():
        return ()
    try:
        return split_policy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"cannot read {path}: {error}") from error


def split_policy(markdown: str) -> tuple[Passage, ...]:
    """Passages of a Markdown text.

    The first-level heading is the document's title and not part of the path.
    """
    passages: list[Passage] = []
    path: list[str] = []
    for block in re.split(r"^(?=#{1,6} )", markdown, flags=re.MULTILINE):
        heading, _, body = block.partition("\n") if block.startswith("#") else ("", "", block)
        marks, _, title = heading.partition(" ")
        if marks:
            path = [*path[: len(marks) - 1], *[""] * (len(marks) - 1 - len(path)), title.strip(" #")]
        if body.strip():
            named = [part for part in path[1:] if part] or path[:1]
            passages.append(Passage(" > ".join(named), body.strip()))
    return tuple(passages)

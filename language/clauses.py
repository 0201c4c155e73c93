"""A text in clauses, by its punctuation: what is said apart is read apart.

In: a text. Out: its clauses, or the one that holds a place. A point, comma or colon before a digit breaks nothing
("0.7 l", "1,000", "7:30").
"""

import re

from language.text import HAN, Span

_BREAK = r"(?:[.,:](?!\d)|[;!?\n…，。；：！？、])+|\s-\s"
_BREAKS = re.compile(_BREAK)
_SENTENCES = re.compile(r"(?:\.(?!\d)|[;!?\n…。；！？])+\s*")
_SPACED = re.compile(rf"{_BREAK}|(?<=[{HAN}])\s+|\s+(?=[{HAN}])")


def clauses(text: str, *, is_spaced: bool = False) -> list[str]:
    """``clauses("no wait, keep it. just the 0.7 l one") == ["no wait", "keep it", "just the 0.7 l one"]``.

    `is_spaced`: a space beside a Chinese character breaks too, as a comma does where people type none.
    """
    parts = (_SPACED if is_spaced else _BREAKS).split(text)
    return [part.strip() for part in parts if part.strip()]


def clause_span(text: str, start: int, end: int) -> Span:
    """Where the clause that holds a place begins and ends."""
    before = [found.end() for found in _BREAKS.finditer(text) if found.end() <= start]
    after = [found.start() for found in _BREAKS.finditer(text) if found.start() >= end]
    return before[-1] if before else 0, after[0] if after else len(text)


def clause_at(text: str, start: int, end: int) -> str:
    """The clause that holds a place, the whole text if that is none."""
    return text[slice(*clause_span(text, start, end))].strip() or text


def sentences(text: str) -> list[str]:
    """The whole text in sentences, each with the marks and spaces behind it."""
    ends = [found.end() for found in _SENTENCES.finditer(text)]
    starts = [0, *ends]
    return [part for start, end in zip(starts, [*ends, len(text)], strict=True) if (part := text[start:end])]

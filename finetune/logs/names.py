"""People's names in a consultation: those of the shop's customers, of who speaks, and of who introduces themselves.

In: the names known beforehand and the messages. Out: spans. A name that nobody knows and nobody introduces is not
found: there is no language model here. Names are compared without regard to case.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from language.text import has_han

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HAN_RUN = re.compile(r"[\u3400-\u9fff·]+")
_NAME = r"[A-ZÀ-Þ][\w'’-]+(?:[ \t]+[A-ZÀ-Þ][\w'’-]+){0,2}"
_SMALL_NAME = r"[a-z][\w'’-]+(?:[ \t]+[a-z][\w'’-]+)?"
_GREETING = r"(?i:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks|thank you)"
_ENDS = r"(?=[ \t]*(?:[,.!:;\n-]|$))"
_INTRODUCED = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"\b(?i:my name is|my name's|name:|i am called|on behalf of|mr\.?|mrs\.?|ms\.?|dr\.?)[ \t]+({_NAME})",
        rf"\b(?i:my name is|my name's)[ \t]+({_SMALL_NAME})(?=[ \t]*(?:[,.!;\n]|$|\band\b))",
        rf"\b(?i:i am|i'm|this is|it's|it is)[ \t]+({_NAME})(?=[ \t]*(?:[,.!;\n]|$|\b(?:here|from|and|speaking)\b))",
        rf"^[ \t]*{_GREETING}[ \t,]+({_NAME}){_ENDS}",
        rf"(?i:regards|cheers|sincerely|thanks|thank you|best|yours)[ \t]*[,.!]?[ \t]*\n+[ \t]*({_NAME})[ \t]*\Z",
        r"(?:我叫|我的名字是|(?:姓名|收件人|联系人)[:：]?)[ \t]*([\u4e00-\u9fff]{2,4}?)(?=[，。,.！!；;、\s]|$)",
    )
)
_TITLED = re.compile(r"([\u4e00-\u9fff]{1,2})(?=先生|女士|小姐|太太)")


@dataclass(frozen=True, slots=True)
class NameBook:
    """The full names of all customers, to be found in anybody's consultation."""

    latin: dict[str, frozenset[tuple[str, ...]]]
    chinese: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> "NameBook":
        """A name of one word is no full name: it would be found everywhere."""
        latin: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        chinese = set()
        for name in names:
            if has_han(name):
                chinese.add(re.sub(r"\s", "", name))
            elif len(words := tuple(word.casefold() for word in _WORD.findall(name))) > 1:
                latin[words[0]].add(words)
        return cls({first: frozenset(found) for first, found in latin.items()}, frozenset(chinese))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a full name stands, Chinese ones of three characters and more."""
        words = [(match[0].casefold(), match.start(), match.end()) for match in _WORD.finditer(text)]
        for at, (word, start, _) in enumerate(words):
            for name in self.latin.get(word.removesuffix("'s").removesuffix("’s"), ()):
                there = words[at : at + len(name)]
                if tuple(w.removesuffix("'s").removesuffix("’s") for w, _, _ in there) == name:
                    yield start, there[-1][1] + len(name[-1])
        for run in _HAN_RUN.finditer(text):
            for size in (3, 4):
                for start in range(run.start(), run.end() - size + 1):
                    if text[start : start + size] in self.chinese:
                        yield start, start + size


@dataclass(frozen=True, slots=True)
class Speakers:
    """The names of those who speak in one consultation, whole and word by word."""

    words: frozenset[str]
    chinese: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str], texts: Iterable[str]) -> "Speakers":
        """Known names, and those that the texts introduce."""
        every = [*names, *(name for text in texts for name in introduced(text))]
        words = {
            word.casefold() for name in every if not has_han(name) for word in _WORD.findall(name) if len(word) > 1
        }
        chinese = {re.sub(r"\s", "", name) for name in every if has_han(name)}
        given = {name[1:] for name in chinese if len(name) > 2}
        return cls(frozenset(words - _listed("not_names")), tuple(sorted(chinese | given, key=len, reverse=True)))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where one of them is named; names in a row are one."""
        last: tuple[int, int] | None = None
        for match in _WORD.finditer(text):
            bare = match[0].removesuffix("'s").removesuffix("’s")
            parts = {bare.casefold(), *bare.casefold().split("-")} & self.words
            if not parts or (bare.islower() and bare in _listed("also_words")):
                continue
            span = match.start(), match.start() + len(bare)
            if last and text[last[1] : span[0]].strip(" \t") == "":
                span = last[0], span[1]
            elif last:
                yield last
            last = span
        if last:
            yield last
        for name in self.chinese:
            yield from ((match.start(), match.end()) for match in re.finditer(re.escape(name), text))
        yield from (span for span in _titled(text))


def introduced(text: str) -> Iterator[str]:
    """The names that a message gives as its writer's or its reader's."""
    for pattern in _INTRODUCED:
        for match in pattern.finditer(text):
            words = [word for word in match[1].split() if word.casefold() not in _listed("not_names")]
            if words and match[1].split()[0] == words[0]:
                yield " ".join(words)


def _titled(text: str) -> Iterator[tuple[int, int]]:
    for match in _TITLED.finditer(text):
        if match[1][-1] in _surnames():
            yield match.end() - 1, match.end()


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(_lists()[name])


@cache
def _surnames() -> frozenset[str]:
    return frozenset(_lists()["surnames"])


@cache
def _lists() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = yaml.safe_load(
        Path(__file__).with_name("stand_ins.yaml").read_text(encoding="utf-8")
    )
    return loaded

"""Text as it is compared: one width, one case, one apostrophe, simplified Chinese, and where each character came from.

In: text as somebody wrote it. Out: `Folded`, whose spans can be told in the places of the original. Pure functions.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

Span = tuple[int, int]
HAN = "\u3400-\u4dbf\u4e00-\u9fff"  # for character classes: Chinese characters, as no other module writes them out
_HAN = re.compile(f"[{HAN}]")
_HAN_RUN = re.compile(f"[{HAN}]+")
_CLUSTER = re.compile(r"(?s).[\u0300-\u036f]*")  # a letter and the accents that follow it
_BY_CHARACTER, _BY_WORD = OpenCC("t2s"), OpenCC("tw2sp")  # traditional Chinese in simplified
_SAME = {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "，": ", ", "。": ". ", "\u200b": "", "\ufeff": "", "−": "-"}


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is compared. `starts[i]` and `ends[i]` are where its character `i` stands in the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """Where a piece of the folded text stands in the original; an empty piece has no length there either."""
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
            return at, at
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=512)
def fold(text: str) -> Folded:
    """Half width, lower case, one apostrophe, simplified characters; a Chinese comma is a pause and never part of a
    number.

    ``fold("Size Ｍ，１００").text == "size m, 100"``, ``fold("顏色").text == "颜色"``
    """
    if text.isascii():
        return Folded(text.lower().replace("`", "'"), tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for found in _CLUSTER.finditer(text):
        piece = _SAME.get(found[0])
        if piece is None:
            piece = _BY_CHARACTER.convert(unicodedata.normalize("NFKC", found[0]).lower())
        folded.append(piece)
        starts += [found.start()] * len(piece)
        ends += [found.end()] * len(piece)
    return Folded("".join(folded), tuple(starts), tuple(ends))


def has_han(text: str) -> bool:
    """Whether the text has a Chinese character: it is then searched without looking for spaces between words."""
    return _HAN.search(text) is not None


def simplified(text: str) -> str:
    """Chinese as the shop's texts and the encoders' have it: 印表機, as one says in Taiwan, is 打印机."""
    return _BY_WORD.convert(text) if has_han(text) else text


def han_runs(text: str) -> list[str]:
    """The runs of Chinese characters in the text."""
    return _HAN_RUN.findall(text)

"""Which values a text names, and where.

In: a text, and values with all that is said for them (`Forms`). Out: the values, by two measures. `named` is generous
(a word of a value counts, and a slip of the pen): what it does not find cannot be asked for. `whole` is strict, for
where guessing would narrow a search wrongly: a misspelt or half-said value is none there.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from language.text import fold
from profiles.words import has_cjk, stem

Forms = Mapping[str, Sequence[str]]  # value -> itself and the other words for it
Span = tuple[int, int]
_TOKEN = re.compile(r"[^\W_\u3400-\u9fff]+")
_OWNER = re.compile(r"['’]s\b")
# Words that ask for what follows or precedes them, and those in the same clause that turn it round.
_ASKED_BEFORE = re.compile(
    r"(?:\b(?:by|from|brand|made (?:of|from|by)|out of|colou?r|material|in|in size|size)(?: should be)?\s+"
    r"|(?:品牌|颜色|材质|尺码|牌子)[:：是要]?)$",
    re.IGNORECASE,
)
_ASKED_AFTER = re.compile(r"\s*(?:as the (?:material|colou?r|brand)\b|这个牌子|牌子的|材质|的料子)", re.IGNORECASE)
_REFUSED = re.compile(
    r"(?:\b(?:no|not|nothing|never|without|except|avoid|hate|dislike|sick|tired|away|anything but)\b"
    r"|\b(?:like|love|fond|prefer)\b|n['’]t\b|不|别|除|讨厌|拒绝|受够|喜欢|偏爱)[^,.;!?，。；！？]*$",
    re.IGNORECASE,
)
_JOINTS = frozenset("'’-_")  # a letter beside one of these is part of something: "I'm", "T-shirt"
_LIKE, _LONG = 82.0, 5  # two words of so many letters are the same but for a slip, by rapidfuzz's ratio
_TELLING = 4  # letters of a word that stands for a value of several words


def named(text: str, forms: Forms, alike: Callable[[str, str], bool] | None = None) -> dict[str, list[str]]:
    """The values that a text names, each with the pieces of the text that do.

    `alike` compares a word of a value with one that was said; by default parts of words and slips of the pen do.
    """
    said = _words_of(text)
    found: dict[str, list[str]] = {}
    for value, words in forms.items():
        pieces = _pieces(text, words) or [hint for word in words for hint in _hints(word, said, alike or _alike)]
        if pieces or (has_cjk(text) and not any(map(has_cjk, words))):  # in a language that nobody listed it in
            found[value] = [form for piece in pieces for form in dict.fromkeys((piece, piece.casefold()))]
    return found


def whole(text: str, forms: Forms) -> dict[str, Span]:
    """The values that a text names whole, and where it does first.

    A single letter is a size only where it stands alone, and large or asked for: "M", "size m", and not the end of
    "I'm".
    """
    found = {}
    for value, words in forms.items():
        if spans := list(_whole_spans(text, words)):
            found[value] = min(spans)
    return found


def standing(text: str, forms: Forms) -> list[tuple[Span, str]]:
    """Every place where a text names a value whole, in its order; a longer name hides those in it: "dark green"."""
    found = sorted({(span, value) for value, words in forms.items() for span in _whole_spans(text, words)})
    return [
        (span, value)
        for span, value in found
        if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for other, _ in found)
    ]


def places(text: str, words: Collection[str]) -> Iterator[Span]:
    """Where a text has one of the words as it is, and also with the end of an owner: "Summit", "Summit's"."""
    for word in words:
        for start, end in _spans(word, text, _words_of(text)):
            yield start, end
            if owner := _OWNER.match(text, end):
                yield start, owner.end()


def is_named(text: str, words: Collection[str]) -> bool:
    """Whether the text has one of the words, but for slips of the pen."""
    said = _words_of(text)
    return bool(_pieces(text, words)) or any(hint for word in words for hint in _hints(word, said, misspelt))


def is_asked(text: str, span: Span) -> bool:
    """Whether the words around a value ask for it, and none before it in its clause turn them round."""
    before, after = text[: span[0]], text[span[1] :]
    return bool((_ASKED_BEFORE.search(before) and not _REFUSED.search(before)) or _ASKED_AFTER.match(after))


def misspelt(part: str, said: str) -> bool:
    """The same word, or but for a slip: "jakket", and "laeds" for leads."""
    shorter = min(len(part), len(said))
    if part == said or (shorter >= _LONG and fuzz.ratio(part, said) >= _LIKE):
        return True
    return shorter >= _TELLING and sorted(part) == sorted(said) and OSA.distance(part, said) == 1


def _alike(part: str, said: str) -> bool:
    if min(len(part), len(said)) >= _TELLING and (part.startswith(said) or said.startswith(part)):
        return True
    return misspelt(part, said)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word as it was typed, its stem, and where it stands."""

    typed: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=64)
def _words_of(text: str) -> tuple[_Word, ...]:
    """Asked for by every facet and attribute of a turn."""
    return tuple(_Word(found[0], _stem(found[0]), *found.span()) for found in _TOKEN.finditer(text))


@lru_cache(maxsize=64)
def _owners_apart(text: str) -> tuple[_Word, ...]:
    """The words of a text without the ends of owners: "women's shoes" is "women shoes", as it is of a form."""
    return tuple(word for word in _words_of(text) if not _OWNER.fullmatch(text, max(word.start - 1, 0), word.end))


@lru_cache(maxsize=20_000)
def _stems_of(form: str) -> tuple[str, ...]:
    return tuple(_stem(part) for part in _TOKEN.findall(_OWNER.sub("", form)))


def _stem(word: str) -> str:
    return stem(fold(word).text)


def _pieces(text: str, words: Collection[str]) -> list[str]:
    return [text[start:end] for start, end in places(text, words)]


def _whole_spans(text: str, words: Collection[str]) -> Iterator[Span]:
    said = _owners_apart(text)
    return (span for word in words for span in _spans(word, text, said) if _stands(text, *span))


def _spans(form: str, text: str, said: Sequence[_Word]) -> Iterator[Span]:
    """Where a form stands in the text as it is: Chinese anywhere, other words by their stems in a row."""
    if has_cjk(form):
        yield from (found.span() for found in re.finditer(re.escape(form), text, re.IGNORECASE))
        return
    wanted = _stems_of(form)
    for start in range(len(said) - len(wanted) + 1 if wanted else 0):
        row = said[start : start + len(wanted)]
        if all(word.stem == part for word, part in zip(row, wanted, strict=True)):
            yield row[0].start, row[-1].end


def _stands(text: str, start: int, end: int) -> bool:
    """Whether what stands there is more than a letter that is part of something else."""
    letter = text[start:end]
    if len(letter) > 1 or has_cjk(letter):
        return True
    if text[start - 1 : start] in _JOINTS or text[end : end + 1] in _JOINTS:
        return False
    return letter == letter.upper() or is_asked(text, (start, end))


def _hints(form: str, said: Sequence[_Word], alike: Callable[[str, str], bool]) -> Iterator[str]:
    """Words that are part of a name, written as one, or misspelt."""
    parts = [part.casefold() for part in _TOKEN.findall(form)]
    telling = [stem(part) for part in (*parts, "".join(parts)) if len(part) >= _TELLING]
    yield from (word.typed for word in said if any(alike(part, word.stem) for part in telling))

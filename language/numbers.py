"""Numbers as people write them, in digits and in words.

In: a text, and the languages that it may be in (none: told by its words). Out: `Number`s in the order of the text,
with their places in it. Numerals in words are read by libraries: text2num in English, Spanish and German, cn2an in
Chinese. Ours are the digits (Babel's parser takes one convention for all of a text), words that the libraries lack
("a dozen", "anderthalb"), "one fifty", "two or three" in one word (两三), and signs; whole readers beside this one are
measured on the cases of `tests/language/numbers.yaml` in docs/reading.md. Pure functions; a number that is none is
left out.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

import text_to_num
from pydantic import Field

from language.chinese import read_chinese
from language.money import currency_after, currency_before, has_thousandths
from language.packs import Section, section
from language.packs import languages as all_languages
from language.patterns import LETTER, alternatives, spellings
from language.text import HAN, Folded, fold, has_han


class NumberWords(Section):
    """The number words of a language that the library which reads it lacks, and how its digits are marked."""

    decimal: Literal[".", ","]  # the mark before the digits behind the point
    spelled_by: Literal["text2num", "cn2an"]
    telling: tuple[str, ...] = ()  # words that tell the language
    articles: tuple[str, ...] = ()  # one before a scale ("a hundred"), and no number elsewhere
    joins: tuple[str, ...] = ()  # "and", which also stands between two numbers
    joins_scales_only: bool = False  # "two hundred and fifty", but not "fifty and one hundred"
    hundreds_left_out: bool = False  # "one fifty" is 150
    scales: Mapping[str, int] = Field(default_factory=dict)  # behind digits: "2k"
    multiples: Mapping[str, int] = Field(default_factory=dict)  # behind a number or an article: "two dozen"
    bare: tuple[str, ...] = ()  # multiples that also stand alone
    phrases: Mapping[str, Decimal] = Field(default_factory=dict)
    halves: tuple[str, ...] = ()  # behind a number: "and a half"
    halves_before: tuple[str, ...] = ()  # what 半 is half of
    minus_before: tuple[str, ...] = ()
    minus_behind: tuple[str, ...] = ()
    glued_before: tuple[str, ...] = ()  # "eu42" and "max100" are numbers, other letters make a name of them
    not_behind: tuple[str, ...] = ()  # glued to digits that count nothing: "2nd", "3xl"
    ordinals_before: tuple[str, ...] = ()  # 第二
    not_numbers: tuple[str, ...] = ()  # words and phrases that look like numbers


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `start` to `end` of the text. Several values: "两三" is two or three, and "1.299" may be 1299.

    `spelled`: in words, which may also mean something else ("one of them").
    """

    start: int
    end: int
    text: str
    values: tuple[Decimal, ...]
    spelled: bool


_FIRST = "en"  # whose reading comes first where nothing tells the language
_PAUSED = re.compile(r"(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")  # "１，２００" is one number, "42，100" are two
_MARKS = str.maketrans({"٫": ".", "٬": ","})
_VULGAR = re.compile(r"(\d+)?\s?([½¼¾⅓⅔⅛])")
_SPACED = re.compile(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?")
_JOINED = 5  # characters between two numbers of one range
_DIGITS = re.compile(
    r"(?<!\d)(?<!\d[.'])(?:"
    r"(?<=\d,)\d+"
    r"|\d{1,3}(?P<mark>[.,'])\d{3}(?:(?P=mark)\d{3})*(?![\d'])(?:(?!(?P=mark))[.,]\d+)?"  # 1.299,00
    r"|\d+(?:\.\d+|,(?!\d{3}(?!\d))\d+(?!,?\d))?"  # 49,90 and 4.5; "1,2,3" are three
    r"|(?<![\w.,)])[.,]\d+(?!,?\d)"  # ,89
    r")(?!\d)"
)
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_GLUED = re.compile(rf"(?P<word>{LETTER}+)[-_]?$")
_SIGN = re.compile(rf"(?:(?:^|[^\d%$€£¥\s])\s+|^|[{HAN}(,:])-$")
_HAN_DIGITS = "[〇零一二两三四五六七八九]"
_HAN_SCALES = "[百千万亿]"
_HAN_NUMERAL = "[〇零一二两三四五六七八九十百千万亿]"
_HAN_NUMBER = re.compile(
    rf"(?:(?<![\d.,])\d+(?:\.\d+)?{_HAN_SCALES}+(?:\d{_HAN_SCALES}+)*|(?={_HAN_NUMERAL})){_HAN_NUMERAL}*"
    rf"(?:点{_HAN_DIGITS}+)?(?:(?<={_HAN_SCALES})\d(?![\d百千万亿]))?"  # 2千3百, 三点五, 3千5
)
_LATIN = re.compile(LETTER)
_TOKEN = re.compile(r"\x00+|[^\W\d_]+|\d+|[^\w\s]")


@dataclass(slots=True)
class _Piece:
    """A number of the folded text. `word`: how text2num wrote it, "04" for "zero four"."""

    start: int
    end: int
    values: tuple[Decimal, ...]
    spelled: bool
    word: str = ""


def find_numbers(text: str, languages: Sequence[str] = (), *, money: bool = False) -> tuple[Number, ...]:
    """All numbers of the text, in its order; none overlaps another. `money`: whatever is in it is a price."""
    return _find(text, tuple(languages), money)


def numbers_in(text: str, languages: Sequence[str] = (), *, money: bool = False) -> frozenset[float]:
    """Every number the text names: ``numbers_in("under two hundred") == {200.0}``."""
    return frozenset(float(value) for number in find_numbers(text, languages, money=money) for value in number.values)


def as_written(number: float | Decimal) -> float | int:
    """As calls write it: 160 and not 160.0."""
    return int(number) if number == int(number) else float(number)


def scale_of(words: str, languages: tuple[str, ...]) -> int | None:
    """The scale that a number ends with: ``scale_of("2k", ("en",)) == 1000``."""
    scales = _lexicon(likely_languages("", languages)).scales
    ending = re.search(rf"(?:{LETTER}+|[{HAN}])$", fold(words).text)
    return scales.get(ending[0]) if ending else None


def without_article(text: str, languages: tuple[str, ...] = ()) -> str | None:
    """What follows "a" or "an"; None for a text that does not begin with one."""
    first, _, rest = text.partition(" ")
    articles = {word for known in _lexicon(likely_languages(text, languages)).all for word in known.articles}
    return rest.lstrip() if rest and fold(first).text in articles else None


def folded_numerals(text: str) -> Folded:
    """The text as numbers are looked for in it."""
    return fold(_PAUSED.sub(",", text))


@lru_cache(maxsize=2048)
def likely_languages(text: str, languages: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Those of `languages` (none: all) that the words of the text tell; all of them where none does.

    Chinese is always among them: its characters are no other language's.
    """
    among = languages or _ordered(all_languages())
    words = set(re.findall(rf"{LETTER}+(?:'{LETTER}+)?", fold(text).text))
    scores = {language: len(words & _telling(language)) for language in among} if words else {}
    best = max(scores.values(), default=0)
    chosen = [language for language in among if 2 * scores.get(language, 0) >= max(best, 1)] or list(among)
    own_script = [language for language in all_languages() if _spelled_by(language) == "cn2an"]
    return tuple(dict.fromkeys((*chosen, *own_script)))


def _ordered(languages: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(languages, key=lambda language: language != _FIRST))


@lru_cache(maxsize=2048)
def _find(text: str, languages: tuple[str, ...], money: bool) -> tuple[Number, ...]:
    chosen = likely_languages(text, languages)
    folded = folded_numerals(text)
    page = _Page(text, folded, chosen, _decimal_mark(text, chosen), money)
    pieces = sorted(page.read(), key=lambda piece: piece.start)
    return tuple(_number(text, folded, piece) for piece in pieces)


def _number(text: str, folded: Folded, piece: _Piece) -> Number:
    start, end = folded.span(piece.start, piece.end)
    return Number(start, end, text[start:end], piece.values, piece.spelled)


@cache
def _words(language: str) -> NumberWords | None:
    return section(language, "numbers", NumberWords)


@cache
def _telling(language: str) -> frozenset[str]:
    words = _words(language)
    return frozenset(words.telling) if words else frozenset()


def _spelled_by(language: str) -> str:
    words = _words(language)
    return words.spelled_by if words else ""


def _decimal_mark(text: str, chosen: tuple[str, ...]) -> str | None:
    """The mark that stands before decimals in this text; None where nothing tells."""
    known = [words for language in chosen if (words := _words(language))]
    if not has_han(text):
        known = [words for words in known if words.telling] or known
    elif own_script := [words for words in known if words.spelled_by == "cn2an"]:
        known = own_script
    marks = {words.decimal for words in known}
    return marks.pop() if len(marks) == 1 else None


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The words of several languages, compiled."""

    all: tuple[NumberWords, ...]
    scales: Mapping[str, int]
    multiples: Mapping[str, int]
    phrases: Mapping[str, Decimal]
    scale: re.Pattern[str]
    multiple: re.Pattern[str]
    phrase: re.Pattern[str]
    half: re.Pattern[str]
    halved: re.Pattern[str]
    article: re.Pattern[str]
    minus: re.Pattern[str]
    below: re.Pattern[str]
    bare: frozenset[str]
    glued: frozenset[str]
    ordinal: re.Pattern[str]
    ordinal_before: re.Pattern[str]
    no_number: re.Pattern[str]


@cache
def _lexicon(chosen: tuple[str, ...]) -> _Lexicon:
    every = tuple(words for language in chosen if (words := _words(language)))
    scales = {typed: scale for words in every for word, scale in words.scales.items() for typed in spellings(word)}
    multiples = {word: value for words in every for word, value in words.multiples.items()}
    phrases = {typed: value for words in every for word, value in words.phrases.items() for typed in spellings(word)}

    def any_of(field: str) -> str:
        return alternatives(word for words in every for word in getattr(words, field))

    return _Lexicon(
        *(every, scales, multiples, phrases),
        scale=re.compile(rf"\s?({alternatives(scales)})"),
        multiple=re.compile(alternatives(multiples)),
        phrase=re.compile(alternatives(phrases)),
        half=re.compile(rf"\s*(?:{any_of('halves')})"),
        halved=re.compile(rf"半(?=(?:{any_of('halves_before')}))"),
        article=re.compile(rf"(?:{any_of('articles')})[\s-]+$"),
        minus=re.compile(rf"(?:{any_of('minus_before')})\s*(?=[\d.,]|\w)"),
        below=re.compile(rf"(?<=\w)\s*(?:{any_of('minus_behind')})"),
        bare=frozenset(word for words in every for word in words.bare),
        glued=frozenset(word for words in every for word in words.glued_before),
        ordinal=re.compile(any_of("not_behind")),
        ordinal_before=re.compile(rf"(?:{any_of('ordinals_before')})\s*$"),
        no_number=re.compile(any_of("not_numbers")),
    )


class _Page:
    """A folded text, from which each reading takes what the next shall not see."""

    def __init__(self, text: str, folded: Folded, chosen: tuple[str, ...], mark: str | None, money: bool) -> None:
        self.original, self.folded, self.chosen, self.mark, self.money = text, folded, chosen, mark, money
        self.words = _lexicon(chosen)
        self.text = folded.text.translate(_MARKS)
        signs = [[match.span() for match in sign.finditer(self.text)] for sign in (self.words.minus, self.words.below)]
        self.minus = {end: start for start, end in signs[0]}
        self.below = dict(signs[1])
        for place in (*signs[0], *signs[1], *(match.span() for match in self.words.no_number.finditer(self.text))):
            self._cut(*place)

    def read(self) -> Iterator[_Piece]:
        """Every number, digits first."""
        pieces = [*self._vulgar(), *self._han(), *self._spaced(), *self._digits(), *self._phrases(), *self._spelled()]
        yield from (self._signed(self._halved(piece)) for piece in self._multiplied(_joined(pieces, self)))

    def _cut(self, start: int, end: int) -> None:
        self.text = f"{self.text[:start]}{chr(0) * (end - start)}{self.text[end:]}"

    def _take(self, start: int, end: int, values: tuple[Decimal, ...], spelled: bool, word: str = "") -> _Piece:
        self._cut(start, end)
        return _Piece(start, end, values, spelled, word)

    def _vulgar(self) -> Iterator[_Piece]:
        """ "1½", which folding would turn into 11 over 2."""
        for match in _VULGAR.finditer(self.original):
            value = Decimal(match[1] or 0) + Decimal(str(round(unicodedata.numeric(match[2]), 3)))
            start, end = self.folded.starts.index(match.start()), bisect_right(self.folded.ends, match.end())
            yield self._take(start, end, (value,), False)

    def _han(self) -> Iterator[_Piece]:
        if not any(words.spelled_by == "cn2an" for words in self.words.all):
            return
        for match in list(self.words.halved.finditer(self.text)):
            yield self._take(*match.span(), (Decimal("0.5"),), True)
        for match in list(_HAN_NUMBER.finditer(self.text)):
            values = read_chinese(match[0])
            if not values and currency_after(self.text, match.end(), self.chosen):
                values = read_chinese(f"一{match[0]}")  # 千元
            if values and not self.words.ordinal_before.search(self.text, max(0, match.start() - 3), match.start()):
                yield self._take(*match.span(), values, not match[0][0].isdigit())

    def _spaced(self) -> Iterator[_Piece]:
        """ "1 200 €": spaces group digits only in money, before decimals, or where they do not break."""
        accepted = len(self.text) + 9
        for match in reversed([*_SPACED.finditer(self.text)]):
            start, end = match.span()
            said = self.original[self.folded.starts[start] : self.folded.ends[end - 1]]
            plain = " " in said and not re.search(r"[.,]", match[0])
            if not plain or self._is_money(start, end) or accepted - end <= _JOINED:  # "1 200 - 1 500 €"
                accepted = start
                number = match[0].replace(" ", "").replace(",", ".")
                yield self._take(start, end, (Decimal(number),), False)

    def _digits(self) -> Iterator[_Piece]:
        for match in list(_DIGITS.finditer(self.text)):
            start, end = match.span()
            if self._is_name(start) or self.words.ordinal.match(self.text, end):
                continue
            if (behind := self.text[end : end + 3]) and re.match(rf"(?!x\d){LETTER}+\d", behind):
                continue  # "1Z999"
            values = self._values(match[0], start, end)
            if scale := self.words.scale.match(self.text, end):
                factor = self.words.scales[" ".join(scale[1].split())]
                values, end = tuple(_tidy(value * factor) for value in values[:1]), scale.end()
            yield self._take(start, end, values, False)

    def _is_name(self, start: int) -> bool:
        """Whether letters in front make a name of it ("Kiran1", "AP-10482"), and not a measure ("usd5", "under-12")."""
        glued = _GLUED.search(self.text, max(0, start - 24), start)
        if glued is None or currency_before(self.text, start, self.chosen):
            return False
        return glued["word"] not in self.words.glued

    def _is_money(self, start: int, end: int) -> bool:
        return self.money or bool(
            currency_before(self.text, start, self.chosen) or currency_after(self.text, end, self.chosen)
        )

    def _is_whole_money(self, start: int, end: int) -> bool:
        """Whether three digits behind a mark are thousands."""
        beside = (currency_before(self.text, start, self.chosen), currency_after(self.text, end, self.chosen))
        return self._is_money(start, end) and not any(has_thousandths(money[1]) for money in beside if money)

    def _values(self, written: str, start: int, end: int) -> tuple[Decimal, ...]:
        """Without marks between thousands. One mark before three digits: prices have no thousandths; else the text's
        language tells, and where it does not "1.299" has both values."""
        plain = written.replace("'", "")
        marks = [char for char in plain if char in ".,"]
        grouped = Decimal(re.sub(r"[.,]", "", plain))
        if len(set(marks)) == 2:
            whole, _, rest = plain.rpartition(marks[-1])
            return (Decimal(re.sub(r"[.,]", "", whole) + "." + rest),)
        if len(marks) != 1:
            return (grouped,)
        pointed = Decimal(plain.replace(",", "."))
        if "'" in written or not _AMBIGUOUS.fullmatch(plain):
            return (pointed,)
        commonly_grouped = marks[0] == "," if self.mark is None else marks[0] != self.mark
        if commonly_grouped or self._is_whole_money(start, end):
            return (grouped,)
        return (pointed,) if self.mark else (pointed, grouped)

    def _phrases(self) -> Iterator[_Piece]:
        for match in list(self.words.phrase.finditer(self.text)):
            yield self._take(*match.span(), (self.words.phrases[" ".join(match[0].split())],), True)

    def _spelled(self) -> Iterator[_Piece]:
        if not _LATIN.search(self.text):
            return
        for language in self.chosen:
            if _spelled_by(language) == "text2num" and (words := _words(language)):
                yield from self._spelled_in(language, words)

    def _spelled_in(self, language: str, words: NumberWords) -> Iterator[_Piece]:
        tokens = _tokens(self.text, language, words)
        for found in text_to_num.find_numbers(tokens, language, 0):
            run = tokens[found.start : found.end]
            if found.is_ordinal or (len(run) == 1 and run[0].written in words.articles) or run[0].written.isdigit():
                continue
            start = run[0].start
            if article := self.words.article.search(self.text, max(0, start - 8), start):
                start = article.start() if run[0].written in words.scales else start
            yield self._take(start, run[-1].end, (_decimal(found.value),), True, found.text)

    def _multiplied(self, pieces: list[_Piece]) -> Iterator[_Piece]:
        """With the multiples behind them: "two dozen", "a grand"."""
        behind = {piece.end: piece for piece in pieces}
        for match in list(self.words.multiple.finditer(self.text)):
            factor = self.words.multiples[match[0]]
            before = self.text[: match.start()].rstrip(" -")
            if piece := behind.get(len(before)):
                piece.values, piece.end = tuple(_tidy(value * factor) for value in piece.values), match.end()
            elif article := self.words.article.search(self.text, max(0, match.start() - 8), match.start()):
                pieces.append(_Piece(article.start(), match.end(), (Decimal(factor),), True))
            elif match[0] in self.words.bare:
                pieces.append(_Piece(*match.span(), (Decimal(factor),), True))
        yield from pieces

    def _halved(self, piece: _Piece) -> _Piece:
        if half := self.words.half.match(self.text, piece.end):
            piece.values, piece.end = tuple(value + Decimal("0.5") for value in piece.values), half.end()
        return piece

    def _signed(self, piece: _Piece) -> _Piece:
        if piece.start in self.minus:
            piece.start = self.minus[piece.start]
        elif not piece.spelled and _SIGN.search(self.folded.text[max(0, piece.start - 8) : piece.start]):
            piece.start -= 1
        elif piece.end in self.below:
            piece.end = self.below[piece.end]
        else:
            return piece
        piece.values = tuple(-value for value in piece.values)
        return piece


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as text2num asks for it. `parted`: an "and" that does not join."""

    written: str
    start: int
    end: int
    parted: bool = False

    def text(self) -> str:
        return self.written

    def nt_separated(self, previous: "_Token") -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return self.parted


def _tokens(text: str, language: str, words: NumberWords) -> list[_Token]:
    """ "And" joins "two hundred and fifty", and parts "one hundred and two hundred" and "fifty and eighty"."""
    tokens = [_Token(match[0], *match.span()) for match in _TOKEN.finditer(text)]
    for place, token in enumerate(tokens):
        if words.joins_scales_only and token.written in words.joins and place:
            before = words.scales.get(tokens[place - 1].written, 0)
            follows = [following.written for following in tokens[place + 1 : place + 3]]
            scale = max((words.scales.get(word, 0) for word in follows), default=0)
            small = bool(follows) and _small(follows[0], language)
            if not before or (scale >= before and (small or scale == before)):
                tokens[place] = replace(token, parted=True)
    return tokens


def _small(word: str, language: str) -> bool:
    try:
        return bool(text_to_num.text2num(word, language) < 10)
    except ValueError:
        return True


def _joined(pieces: list[_Piece], page: _Page) -> list[_Piece]:
    """With those that are one in speech: "one fifty" is 150, "fifty nine ninety" a price, "one zero four" an id."""
    if not any(words.hundreds_left_out for words in page.words.all):
        return pieces
    joined: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        last = joined[-1] if joined else None
        together = last is not None and page.folded.text[last.end : piece.start] in (" ", "-")
        if last and together and (values := _spoken(last, piece)):
            joined[-1] = _Piece(last.start, piece.end, values, True, last.word + piece.word)
        else:
            joined.append(piece)
    return joined


def _spoken(first: _Piece, second: _Piece) -> tuple[Decimal, ...]:
    """What two numbers beside each other are together; nothing for two of their own."""
    a, b = first.values[0], second.values[0]
    if not (first.word.isdecimal() and second.word.isdecimal()):
        return ()
    if len(second.word) == 1 + second.word.count("0") - (b == 0) and (a < 10 or len(first.word) > 2):
        return (Decimal(first.word + second.word),)
    if 1 <= a <= 9 and 20 <= b <= 99 and len(first.word) == 1:
        return (100 * a + b,)
    if 10 <= a <= 99 and 10 <= b <= 99:
        return (a + b / 100, 100 * a + b)
    return ()


def _decimal(number: float) -> Decimal:
    return _tidy(Decimal(str(number)))


def _tidy(number: Decimal) -> Decimal:
    """1500 for 1500.0."""
    return Decimal(int(number)) if number == int(number) else number

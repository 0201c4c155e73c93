"""What a text turns round: "no wool or leather", "anything but red", "不要羊毛", and a short yes or no.

In: a text and the languages it may be in (without them, all that have the words). Out: `Denial`s with the words that
deny, in the places of the original. A denial reaches to the end of its clause or list and not past a "but"; a question
whether there is something denies nothing, and neither does "not only". The words are the section `negation` of the
language packs, as regular expressions. No errors but `ConfigError` for a broken pack.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from language.packs import Section, languages, section
from language.text import Folded, Span, fold, has_han
from language.words import stems, stop_words

_CLAUSE = re.compile(r"[;!?\n]|\.(?!\d)|,(?!\d)")  # of folded text
_BEFORE = r"(?<![\w'])"  # a word begins; what begins with a hyphen is part of one: "wool-free"
_NEVER = r"(?!)"  # matches nothing, for a language that has no such words
# Of a list, as few of its words as will do. Here and below, what was matched once is not tried in other ways (``*+``,
# ``(?>``): a text of a hundred commas must not take longer than a hundred times one of one.
_WORD = r"[^\s,;.!?、]+?"
_ITEM = rf"{_WORD}(?: {_WORD}){{0,2}}? ?"


class NegationWords(Section):
    """What a language's pack says of denying; regular expressions in lower case, whole words of them."""

    harmless: tuple[str, ...] = ()  # have a word of denial and deny nothing
    nouns: tuple[str, ...] = ()  # deny the noun that follows, alone or in a list: "no wool or leather"
    clauses: tuple[str, ...] = ()  # deny all that follows in the clause: "I don't want anything in red"
    after: tuple[str, ...] = ()  # deny what stands right before them: "red is out"
    fillers: tuple[str, ...] = ()  # may stand between a denial and its noun: "not in the"
    joints: tuple[str, ...] = ()  # between the nouns of a list
    list_ends: tuple[str, ...] = ()  # those that tell that commas before them were of the same list: "or"
    restarts: tuple[str, ...] = ()  # what comes from here on is not denied: "but"
    negators: tuple[str, ...] = ()  # turn round whatever follows directly, a verb too
    carriers: tuple[str, ...] = ()  # pass that on to what follows them: "not [want to spend] more than 100"
    yes: tuple[str, ...] = ()  # in an answer these say yes
    no: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()  # as a value: that there is none


@dataclass(frozen=True, slots=True)
class Denial:
    """The words that deny and what they deny, as written: "no wool", from `start` to `end` of the text."""

    quote: str
    start: int
    end: int


def denials(text: str, of: Sequence[str] = ()) -> tuple[Denial, ...]:
    """Every denial with all that it can reach: "no wool or leather" of "jackets, no wool or leather, in red"."""
    folded = fold(text)
    return tuple(_quoted(text, folded, reach.cue, reach.end) for reach in _reaches(folded.text, _known(of)))


def denied(text: str, span: Span, of: Sequence[str] = ()) -> Denial | None:
    """What rules out the words at `span` of the text; None: nothing does."""
    folded, words = fold(text), _words(_known(of))
    start, end = bisect_left(folded.starts, span[0]), bisect_left(folded.starts, span[1])
    for reach in _reaches(folded.text, words.languages):
        if reach.covers(folded.text, start, end, words):
            return _quoted(text, folded, reach.cue, end)
    for cue in words.after.finditer(folded.text, end):
        if cue.start() == end and not _is_harmless(folded.text, cue.span(), words):
            return _quoted(text, folded, start, cue.end())
    return None


def turned_round(before: str, of: Sequence[str] = ()) -> bool:
    """Whether these words turn round what follows them, be it a verb: "I don't", "can't spend", "我不"."""
    folded = fold(before).text
    found = _words(_known(of)).turning.search(folded)
    return found is not None and not _is_harmless(folded, found.span(), _words(_known(of)))


def assents(text: str, of: Sequence[str] = ()) -> Span | None:
    """The first word that makes an answer a yes, and where it stands."""
    return _first(text, _words(_known(of)).yes)


def refuses(text: str, of: Sequence[str] = ()) -> Span | None:
    """The first word that makes an answer a no, and where it stands."""
    return _first(text, _words(_known(of)).no)


def says_nothing(text: str, of: Sequence[str] = ()) -> bool:
    """Whether a value is that there is none: "none", "nothing specific", "没有"."""
    folded = fold(text).text
    rest = _words(_known(of)).nothing.sub(" ", folded)
    return rest != folded and stems(rest) <= stop_words() and not has_han(rest)


def any_of(fragments: Iterable[str]) -> str:
    """One expression for all: whole words, where words have spaces between them."""
    found = [item if has_han(item) else rf"{_BEFORE * (item[0] != '-')}(?:{item})(?![\w'])" for item in fragments]
    return f"(?:{'|'.join(found)})" if found else _NEVER


@dataclass(frozen=True, slots=True)
class _Words:
    """The expressions of some languages, compiled."""

    languages: tuple[str, ...]
    harmless: re.Pattern[str]
    nouns: re.Pattern[str]
    clauses: re.Pattern[str]
    after: re.Pattern[str]
    list_up_to: re.Pattern[str]  # what may stand between a denial and a noun of its list
    list_goes_on: re.Pattern[str]  # after a comma
    restarts: re.Pattern[str]
    turning: re.Pattern[str]
    yes: re.Pattern[str]
    no: re.Pattern[str]
    nothing: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Reach:
    """A denial from `cue` on, whose words end at `start`, up to `end`, in folded text."""

    cue: int
    start: int
    end: int
    whole_clause: bool

    def covers(self, text: str, start: int, end: int, words: _Words) -> bool:
        """Whether it denies what stands there, or whose words it begins before."""
        if self.cue < start < self.start:
            return True  # "like wool", cut from "don't like wool"
        if not self.start <= start <= end <= self.end:
            return False
        return self.whole_clause or bool(words.list_up_to.fullmatch(text, self.start, start))


@cache
def _known(of: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for code in (of or languages()) if section(code, "negation", NegationWords))


@cache
def _words(of: tuple[str, ...]) -> _Words:
    packs = [pack for code in of if (pack := section(code, "negation", NegationWords))]

    def every(name: str) -> str:
        return any_of(item for pack in packs for item in getattr(pack, name))

    joint = rf"(?>\s*{every('joints')}\s*|\s*,\s*)"
    fillers = rf"(?:[\s-]*{every('fillers')})*+[\s-]*+"
    plain = ("harmless", "nouns", "clauses", "restarts", "yes", "no", "nothing")
    return _Words(
        of,
        after=re.compile(rf"[\s,?]*{every('after')}"),
        list_up_to=re.compile(rf"{fillers}(?>{_ITEM}{joint}++{fillers})*+"),
        list_goes_on=re.compile(rf"\s*+{_ITEM}(?:,\s*+{_ITEM})*,?\s*{every('list_ends')}\s*\S"),
        turning=re.compile(rf"{every('negators')}(?:\s*{every('carriers')})*\s*$"),
        **{name: re.compile(every(name)) for name in plain},
    )


@lru_cache(maxsize=256)
def _reaches(text: str, of: tuple[str, ...]) -> tuple[_Reach, ...]:
    words = _words(of)
    return tuple(sorted(_reaches_of(text, words), key=lambda reach: reach.cue))


def _reaches_of(text: str, words: _Words) -> Iterator[_Reach]:
    for whole_clause, cues in ((True, words.clauses), (False, words.nouns)):
        for cue in cues.finditer(text):
            if not _is_harmless(text, cue.span(), words):
                yield _Reach(cue.start(), cue.end(), _end_of_reach(text, cue.end(), words), whole_clause)


def _is_harmless(text: str, cue: Span, words: _Words) -> bool:
    return any(found.start() < cue[1] and cue[0] < found.end() for found in words.harmless.finditer(text))


def _end_of_reach(text: str, start: int, words: _Words) -> int:
    """Where the clause ends, or the list that goes on past its commas."""
    restart = words.restarts.search(text, start)
    stop = restart.start() if restart else len(text)
    for mark in _CLAUSE.finditer(text, start):
        if mark.start() >= stop:
            break
        goes_on = mark[0] == "," and words.list_goes_on.match(text, mark.end())
        if not goes_on or goes_on.end() > stop:
            return mark.start()
    return stop


def _quoted(text: str, folded: Folded, start: int, end: int) -> Denial:
    first, last = folded.span(start, end)
    quote = text[first:last]
    return Denial(quote.strip(), first, first + len(quote.rstrip()))


def _first(text: str, words: re.Pattern[str]) -> Span | None:
    folded = fold(text)
    found = words.search(folded.text)
    return folded.span(*found.span()) if found else None

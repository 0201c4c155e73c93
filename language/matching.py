"""Which of a shop's values a text names, and which one value a string means.

In: a `Lexicon` of values with all that is said for them, and a text. Out: `Mention`s by two measures. What is "exact"
surely is meant (a misspelt or half-said value is none there); "part", "start" and "slip" are generous: what they do not
find nobody can have asked for. `choose` takes a string that stands for one value, and says which. Errors: `ConfigError`
for a broken language pack.

Names are looked up by runs of stems in one table. Of the cases in tests/language/matching.yaml that ask what is named
for certain it reads all but one right, Aho-Corasick over the same stems (pyahocorasick) 62 of 70, since words written
as one or apart are no strings of it, spaCy's PhraseMatcher 42, rapidfuzz's partial ratio 16. The libraries take 0.04 to
0.08 ms for a message among 5,000 names where this takes 0.6, which nobody notices.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Literal

from language.negation import any_of, denied
from language.packs import Section, languages, section
from language.senses import is_meant
from language.slips import TELLING, Name, Parts, are_alike, is_slip
from language.text import Folded, Span, fold, has_han
from language.words import Token, bare, plain, stem, stemmed, stop_words, tokens

Forms = Mapping[str, Collection[str]]  # value -> the other words for it, in any language
How = Literal["exact", "part", "start", "slip"]

APART = 3  # words at most that stand for one: "t shirt"
JOINED = 5  # letters of words that are written as one or apart: "rainjacket"
_GAP = re.compile(r"(?:[\s\-_–/&+']|\.(?=\S|$))*")  # between the words of one name
_ABBREVIATED = re.compile(r"\.\s+")  # "Dr. Martens"
_BESIDE = frozenset("'’-_&")  # a letter beside one of these is part of something: "T-shirt", "8-10"


class MatchingWords(Section):
    """What a language's pack says of the words around a value. Regular expressions, but for the last two."""

    asked_before: tuple[str, ...] = ()  # these ask for what follows: "in", "made of"
    asked_after: tuple[str, ...] = ()
    tastes: tuple[str, ...] = ()  # a value in a clause with these is a taste, and not asked for
    privative: tuple[str, ...] = ()  # what follows is not meant: synthetic down is no down
    lacking: tuple[str, ...] = ()  # nor in a value: "non-leather"
    heads: tuple[str, ...] = ()  # say nothing without the rest of a name: "resistance" is not "water-resistant"


class SharedSynonyms(Section):
    """Other words for values that most shops share, in one language."""

    of: dict[str, dict[str, tuple[str, ...]]]  # attribute or facet -> value -> words


@dataclass(frozen=True, slots=True)
class Mention:
    """A value and the words that name it.

    `how`: "exact", by a word of a longer name ("part"), by a word that begins like one of it ("start"), misspelt
    ("slip").
    """

    start: int
    end: int
    text: str
    facet: str
    value: str
    how: How

    @property
    def span(self) -> Span:
        return self.start, self.end


@cache
def shared_synonyms(name: str) -> Mapping[str, tuple[str, ...]]:
    """The words that all packs have for the values of an attribute or facet: "medium" for M of "size"."""
    joined: dict[str, tuple[str, ...]] = {}
    for language in languages():
        pack = section(language, "synonyms", SharedSynonyms)
        for value, forms in (pack.of.get(name, {}) if pack else {}).items():
            joined[value] = tuple(dict.fromkeys((*joined.get(value, ()), *forms)))
    return joined


@dataclass(frozen=True)
class Lexicon:
    """What customers may name: facet or attribute -> value -> other words for it.

    ``Lexicon({"color": {"dark green": ("深绿",)}}).find("Dark-Green?")``. `languages`: those of the texts.
    """

    values: Mapping[str, Forms]
    languages: tuple[str, ...] = ("en",)

    def find(self, text: str) -> tuple[Mention, ...]:
        """All that the text names, in its order; a longer name hides those in it: "dark green" hides green."""
        return self._cached(text)

    def named(self, facet: str, text: str, *how: How) -> list[Mention]:
        """What the text names of one facet, in one of these ways; in any, if none are given."""
        return [item for item in self.find(text) if item.facet == facet and (not how or item.how in how)]

    @cached_property
    def _cached(self) -> Callable[[str], tuple[Mention, ...]]:
        return lru_cache(maxsize=64)(self._search)

    @cached_property
    def _tables(self) -> tuple["_Table", ...]:
        names = [
            (name, form)
            for facet, forms in self.values.items()
            for value, others in forms.items()
            for name, form in [((facet, value), form) for form in (value, *others)]
        ]
        return tuple(_Table.of(names, language) for language in stemmed(self.languages))

    def _search(self, text: str) -> tuple[Mention, ...]:
        folded = fold(text)
        exact = {mention for table in self._tables for mention in table.exact(text, self.languages)}
        exact |= set(self._tables[0].in_han(text, folded)) if has_han(text) else set()
        kept = [mention for mention in exact if not _hidden(mention, exact)]
        near = {mention for table in self._tables for mention in table.near(text, kept)}
        kept, near = [one for one in kept if _is_meant(text, one)], {one for one in near if _is_meant(text, one)}
        # Of two ways to name a value by the same word, the surer.
        surest = {(item.span, item.facet, item.value): item for item in sorted(near, key=_unsure, reverse=True)}
        return tuple(
            sorted([*kept, *surest.values()], key=lambda item: (item.start, -item.end, item.facet, item.value))
        )


def is_asked(text: str, span: Span, of: Iterable[str] = ("en", "zh")) -> bool:
    """Whether the words around a value ask for it, and its clause neither denies it nor tells a taste."""
    words = _around(tuple(of))
    before = fold(text[: span[0]]).text
    asked = words.before.search(before) and not words.tastes.search(before)
    return bool(asked or words.after.match(fold(text[span[1] :]).text)) and not denied(text, span)


def is_named(text: str, phrases: Collection[str], of: Iterable[str] = ("en",)) -> bool:
    """Whether the text has one of the phrases, but for slips of the pen."""
    return bool(_phrases(tuple(phrases), tuple(of)).named("", text, "exact", "part", "slip"))


@lru_cache(maxsize=256)
def _phrases(phrases: tuple[str, ...], of: tuple[str, ...]) -> Lexicon:
    return Lexicon({"": dict.fromkeys(phrases, ())}, of)


def covers(wanted: str, actual: str) -> bool:
    """Whether a value is another, or a kind of it, by the last words: wool covers merino wool, and no faux wool."""
    want, have = _chunks(wanted), _chunks(actual)
    if not want or have[-len(want) :] != want:
        return bool(want) and "".join(want) == "".join(have)
    return _lacking().isdisjoint(have[: len(have) - len(want)])


def choose(raw: str, forms: Forms, *, families: bool = True) -> str | None:
    """The one value that a string means, or the family of several ("green" of dark green and pine green); else None.

    In this order: a value, another word for one, either with words before it ("EU 42"), a Chinese name within it, a
    word that one value alone has ("merino"), a slip of the pen.
    """
    return _chooser(tuple((value, tuple(others)) for value, others in forms.items()), families).choose(raw)


@dataclass(frozen=True)
class _Table:
    """The names of a lexicon by their stems in one language.

    `rows`: names by runs of stems, `longest` of them; `joined`: those of several words, by the stem of all as one;
    `han`: Chinese names, the same for every language; `parts`: the words that stand for a name.
    """

    language: str
    rows: Mapping[tuple[str, ...], Collection[Name]]
    joined: Mapping[str, Collection[Name]]
    han: Mapping[str, Collection[Name]]
    parts: "Parts"
    longest: int

    @classmethod
    def of(cls, names: Iterable[tuple[Name, str]], language: str) -> "_Table":
        rows, joined = dict[tuple[str, ...], dict[Name, None]](), dict[str, dict[Name, None]]()
        han, parts = dict[str, dict[Name, None]](), dict[str, dict[Name, None]]()
        for name, form in names:
            if has_han(form):
                han.setdefault(fold(form).text.strip(), {})[name] = None
                continue
            words = tokens(form, language)
            rows.setdefault(tuple(word.stem for word in words), {})[name] = None
            whole = _together(words)
            if whole:
                joined.setdefault(stem(whole, language), {})[name] = None
            for part in {*(bare(word) for word in words), whole}:
                if len(part) >= TELLING:
                    parts.setdefault(part, {})[name] = None
        rows.pop((), None)
        return cls(language, rows, joined, han, Parts.of(parts, language), max(map(len, rows), default=0))

    def exact(self, text: str, of: Sequence[str]) -> Iterator[Mention]:
        """The names that stand whole in the text, but for Chinese ones."""
        words = tokens(text, self.language)
        for first in range(len(words)):
            for last in range(first, min(first + max(self.longest, APART), len(words))):
                if last > first and not _adjoin(text, words[last - 1], words[last]):
                    break
                row = words[first : last + 1]
                start, end = row[0].start, row[-1].end
                names = self._of_row(row)
                if names and not self._is_lacking(words, first, text) and _stands(text, row, of):
                    yield from (Mention(start, end, text[start:end], *name, "exact") for name in names)

    def in_han(self, text: str, folded: Folded) -> Iterator[Mention]:
        """The Chinese names in the text, wherever they are."""
        for form, names in self.han.items():
            for place in re.finditer(re.escape(form), folded.text):
                if not folded.text[: place.start()].endswith(_privative_han()):
                    start, end = folded.span(*place.span())
                    yield from (Mention(start, end, text[start:end], *name, "exact") for name in names)

    def near(self, text: str, exact: Collection[Mention]) -> Iterator[Mention]:
        """Names by a word of theirs, or one that begins like it or is misspelt; not within what is exact."""
        words = tokens(text, self.language)
        for at, word in enumerate(words):
            said = bare(word)
            if len(said) < TELLING or word.stem in stop_words(self.language) | _heads(self.language):
                continue
            if self._is_lacking(words, at, text):
                continue
            over = [item for item in exact if item.start <= word.start and word.end <= item.end]
            wider = {item.facet for item in over if item.span != (word.start, word.end)}
            here = {(item.facet, item.value) for item in over}
            for how, name in self.parts.near(said, word.stem):
                sure = how != "part" and any(item.facet == name[0] for item in over)
                if name not in here and name[0] not in wider and not sure:
                    yield Mention(word.start, word.end, text[word.start : word.end], *name, how)

    def _of_row(self, row: Sequence[Token]) -> Collection[Name]:
        names = self.rows.get(tuple(word.stem for word in row), ())
        if names:
            return names
        if len(row) == 1:
            return self.joined.get(row[0].stem, ())
        whole = stem(_together(row), self.language) if len(row) <= APART else ""
        return [*self.joined.get(whole, ()), *self.rows.get((whole,), ())] if whole else ()

    def _is_lacking(self, words: Sequence[Token], first: int, text: str) -> bool:
        return first > 0 and words[first - 1].stem in _privative() and _adjoin(text, words[first - 1], words[first])


@dataclass(frozen=True)
class _Chooser:
    """The names of some values, ready to be compared with strings; of each table the first entry counts most."""

    values: tuple[str, ...]
    spelt: Mapping[str, str]
    rows: Mapping[str, Mapping[tuple[str, ...], str]]  # by language
    han: Mapping[str, str]

    def choose(self, raw: str) -> str | None:
        text = plain(raw)
        if text in self.spelt:
            return self.spelt[text]
        surely = self._by(raw, self._known) or self._by(raw, self._with_words_before) or self._in_han(raw)
        return surely or self._by(raw, self._only_holder) or self._by(raw, self._misspelt)

    def _by(self, raw: str, step: Callable[[Sequence[Token], str], str | None]) -> str | None:
        """What the first language makes of it that makes anything of it."""
        return next((value for language in self.rows if (value := step(tokens(raw, language), language))), None)

    def _with_words_before(self, words: Sequence[Token], language: str) -> str | None:
        """ "bright green" is green and "EU 42" is 42; but "faux leather" is nothing that is known."""
        for first in range(1, len(words)):
            value = self._known(words[first:], language)
            if value and _lacking().isdisjoint(stem(word.text) for word in words[:first]):
                return value
        return None

    def _in_han(self, raw: str) -> str | None:
        """The longest Chinese name in it, if it is not ruled out."""
        folded = fold(raw)
        inside = [form for form in self.han if form in folded.text]
        if not inside:
            return None
        longest = max(inside, key=len)
        start = folded.text.index(longest)
        if folded.text[:start].endswith(_privative_han()) or denied(raw, folded.span(start, start + len(longest))):
            return None
        return self.han[longest]

    def _only_holder(self, words: Sequence[Token], language: str) -> str | None:
        said = {word.stem for word in words}
        if not said or len("".join(said)) < TELLING:
            return None
        held = [value for value in self.values if said <= {word.stem for word in tokens(value, language)}]
        return held[0] if len(held) == 1 else None

    def _misspelt(self, words: Sequence[Token], language: str) -> str | None:
        said = [bare(word) for word in words]
        close = {value for form, value in self.spelt.items() if _all_alike(said, form, language)}
        return close.pop() if len(close) == 1 else None

    def _known(self, words: Sequence[Token], language: str) -> str | None:
        rows = self.rows[language]
        whole = stem(_together(words), language) if _together(words) else ""
        known = rows.get(tuple(word.stem for word in words)) if words else None
        return known or (rows.get((whole,)) if whole else None)


@lru_cache(maxsize=256)
def _chooser(forms: tuple[tuple[str, tuple[str, ...]], ...], families: bool) -> _Chooser:
    values = [value for value, _ in forms]
    named = [(value, value) for value in values] + [(form, value) for value, others in forms for form in others]
    named += [(family, family) for family in _families(values)] if families else []
    of = stemmed(["en", *(code for code in languages() if code != "en")])
    rows = {language: dict[tuple[str, ...], str]() for language in of}
    for language, (form, value) in ((language, pair) for language in of for pair in named):
        if not has_han(form):
            words = tokens(form, language)
            rows[language].setdefault(tuple(word.stem for word in words), value)
            if whole := _together(words):
                rows[language].setdefault((stem(whole, language),), value)
    spelt, han = dict[str, str](), dict[str, str]()
    for form, value in named:
        spelt.setdefault(plain(form), value)
        if has_han(form):
            han.setdefault(fold(form).text.strip(), value)
    return _Chooser(tuple(values), spelt, rows, han)


def _families(values: Iterable[str]) -> Iterator[str]:
    """The endings of values of several words: "green" of dark green."""
    for value in values:
        words = value.split()
        starts = (at for at in range(1, len(words)) if tokens(words[at]))
        yield from (ending for at in starts if covers(ending := " ".join(words[at:]), value))


def _together(words: Sequence[Token]) -> str:
    """Several words as one, "rainjacket"; "" for numbers and what is too short: "4 2" is no 42."""
    whole = "".join(bare(word) for word in words)
    is_one = len(words) > 1 and len(whole) >= JOINED and not all(word.text.isdigit() for word in words)
    return whole if is_one else ""


def _adjoin(text: str, left: Token, right: Token) -> bool:
    """Whether two words may be of one name, by what stands between them."""
    gap = text[left.end : right.start]
    return bool(_GAP.fullmatch(gap) or (_ABBREVIATED.fullmatch(gap) and len(left.text) < TELLING))


def _stands(text: str, row: Sequence[Token], of: Sequence[str]) -> bool:
    """Whether what stands there is more than a letter that is part of something else: "M", and no "m" of "an m"."""
    start, end = row[0].start, row[-1].end
    letter = text[start:end]
    if len(row) > 1 or len(bare(row[0])) > 1:
        return True
    if len(letter) > 1:  # "the S's"
        return False
    if text[start - 1 : start] in _BESIDE or text[end : end + 1] in _BESIDE:
        return False
    return letter == letter.upper() or is_asked(text, (start, end), of)


def _hidden(mention: Mention, among: Iterable[Mention]) -> bool:
    return any(
        other.facet == mention.facet
        and other.span != mention.span
        and other.start <= mention.start
        and mention.end <= other.end
        for other in among
    )


def _is_meant(text: str, mention: Mention) -> bool:
    return is_meant(text, mention.span, mention.facet)


def _unsure(mention: Mention) -> int:
    return ("exact", "part", "slip", "start").index(mention.how)


def _all_alike(said: Sequence[str], form: str, language: str) -> bool:
    """Whether a name is what was said but for slips, word for word, or written as one or apart."""
    words = [bare(word) for word in tokens(form, language)]
    if len(words) == len(said):
        return bool(said) and all(
            one == two or is_slip(one, two, language) for one, two in zip(said, words, strict=True)
        )
    return are_alike("".join(said), "".join(words))


@lru_cache(maxsize=20_000)
def _chunks(text: str) -> tuple[str, ...]:
    """The words of a value, with hyphens within, and Chinese as it is: ``("goretex", "boot")`` of "Gore-Tex boots"."""
    split = (fold(chunk).text if has_han(chunk) else _stem_of_all(chunk) for chunk in text.split())
    return tuple(chunk for chunk in split if chunk)


def _stem_of_all(chunk: str) -> str:
    return stem("".join(bare(word) for word in tokens(chunk)))


@dataclass(frozen=True, slots=True)
class _Around:
    before: re.Pattern[str]
    after: re.Pattern[str]
    tastes: re.Pattern[str]


@cache
def _around(of: tuple[str, ...]) -> _Around:
    packs = [pack for code in of if (pack := section(code, "matching", MatchingWords))]
    before, after, tastes = (
        any_of(item for pack in packs for item in getattr(pack, name))
        for name in ("asked_before", "asked_after", "tastes")
    )
    return _Around(re.compile(rf"{before}\s*$"), re.compile(rf"\s*{after}"), re.compile(rf"{tastes}[^,.;!?]*$"))


def _every(name: Literal["privative", "lacking"]) -> Iterator[str]:
    for code in languages():
        if pack := section(code, "matching", MatchingWords):
            yield from getattr(pack, name)


@cache
def _privative() -> frozenset[str]:
    return frozenset(stem(word) for word in _every("privative") if not has_han(word))


@cache
def _privative_han() -> tuple[str, ...]:
    return tuple(word for word in _every("privative") if has_han(word))


@cache
def _heads(language: str) -> frozenset[str]:
    pack = section(language, "matching", MatchingWords)
    return frozenset(stem(word, language) for word in pack.heads) if pack else frozenset()


@cache
def _lacking() -> frozenset[str]:
    return _privative() | frozenset(stem(word) for word in _every("lacking") if not has_han(word))

"""The shop's words: which values of its facets and attributes a text names, in whatever of their spellings.

In: the profile schema and the catalogue's facets; then a text. Out: the values named in it, and the words for them. It
is generous (a word of a value counts, and a slip of the pen): what is not named here cannot be asked for.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from profiles.attribute import Attribute, Facets
from profiles.schema import Schema
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from profiles.words import has_cjk, stem
from retrieval.facets import common_words, covers

Forms = Mapping[str, Sequence[str]]  # value -> itself and the other words for it
_TOKEN = re.compile(r"[^\W_\u3400-\u9fff]+")
# What right before a value rules it out.
_DENIAL = re.compile(
    r"(?:\b(?:no|not|non|without|avoid|never|hate|loathe|dislike|sick of|(?:can['’]t|cannot) (?:stand|bear)"
    r"|(?:don['’]t|do not) (?:like|want))[\s-]+(?:(?:any|in|with|made of|made from|an?|the)\s+)?"
    r"|(?:不要|不想要|不含|不带|没有|不喜欢|讨厌|拒绝|受不了|避开|不能有|千万别是))$",
    re.IGNORECASE,
)
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
_OWNER = re.compile(r"['’]s\b")
_LIKE, _LONG = 82.0, 5  # two words of so many letters are the same but for a slip, by rapidfuzz's ratio
_TELLING = 4  # letters of a word that stands for a value of several words


@dataclass(frozen=True, slots=True)
class Denial:
    """The words "no wool", and the word for what is ruled out: "wool"."""

    quote: str
    word: str


@dataclass(frozen=True)
class Vocabulary:
    """``Vocabulary.of(schema, facets, {"jackets", "boots"})``: `facets` by name, value and other words for it.

    `kinds` are facets that tell kinds of product apart.
    """

    schema: Schema
    facets: Facets
    kinds: frozenset[str] = frozenset()

    @classmethod
    def of(cls, schema: Schema, facets: Facets, categories: Collection[str]) -> "Vocabulary":
        """`categories`: those of the catalogue's products."""
        same = frozenset(name for name, values in facets.items() if set(values) == set(categories))
        return cls(schema, facets, same)

    def is_filter(self, name: str) -> bool:
        """Whether this argument of the search is a facet whose value somebody must have named."""
        return name in self._of_facets and not self.is_kind(name)

    def is_kind(self, name: str) -> bool:
        """Whether this argument of the search is the kind of product."""
        return name in self.kinds

    def is_closed(self, attribute: Attribute) -> bool:
        """Whether the attribute takes only certain values."""
        return attribute.type == "choice" and bool(attribute.valid_values(self.facets))

    def facet_values(self, facet: str, text: str) -> list[str]:
        """The values of a facet that the text names, and not only to rule them out."""
        denied = self.denied_values(facet, text)
        return [value for value in named(text, self._of_facets[facet]) if not any(covers(bad, value) for bad in denied)]

    def kinds_named(self, facet: str, newest: str, earlier: str) -> list[str]:
        """The kinds of product that the newest message names whole; else those that anything said so far may name.

        A word that only begins alike is no sign: who goes backpacking may need a stove.
        """
        return self.kinds_whole(facet, newest) or list(named(earlier, self._of_facets[facet], _misspelt))

    def kinds_whole(self, facet: str, text: str) -> list[str]:
        """The kinds of product that the text names whole, and not only to rule them out."""
        denied = self.denied_values(facet, text)
        whole = (kind for kind, words in self._of_facets[facet].items() if _pieces(text, words))
        return [kind for kind in whole if kind not in denied]

    def cued_values(self, facet: str, text: str) -> list[str]:
        """The values that the text names whole with a word that asks for them: "by Oat & Honey", "颜色红色"."""
        said, denied = _words_of(text), self.denied_values(facet, text)
        places = {
            value: min(spans)
            for value, words in self._of_facets.get(facet, {}).items()
            if value not in denied and (spans := [span for word in words for span in _spans(word, text, said)])
        }
        return [value for value, (start, end) in places.items() if _is_asked(text[:start], text[end:])]

    def denied_values(self, facet: str, text: str) -> list[str]:
        """The values that the text only rules out: "no wool", "without a hood", "不要羊毛"."""
        return list(self.denials(facet, text))

    def denials(self, facet: str, text: str) -> dict[str, Denial]:
        """How the text rules values out, by value."""
        said = _words_of(text)
        found = {}
        for value, words in self._of_facets.get(facet, {}).items():
            places = {span for word in words for span in _spans(word, text, said)}
            spans = sorted(places, key=lambda span: (span[0], -span[1]))
            before = [_DENIAL.search(text[:start]) for start, _ in spans]
            if spans and all(before) and before[0]:
                start, end = spans[0]
                found[value] = Denial(text[before[0].start() : end].strip(), text[start:end])
        return found

    def attribute_values(self, attribute: Attribute, text: str) -> list[str]:
        """What may be noted of a choice: the values that the text names, and the words it names them by."""
        found = named(text, self._of_attributes[attribute.name])
        return list(dict.fromkeys(word for value, words in found.items() for word in (value, *words)))

    @cached_property
    def _of_facets(self) -> Mapping[str, Forms]:
        return {
            name: {value: _words(name, value, values[value] if isinstance(values, Mapping) else ()) for value in values}
            for name, values in self.facets.items()
        }

    @cached_property
    def _of_attributes(self) -> Mapping[str, Forms]:
        return {
            name: {
                value: _words(attribute.facet or name, value, attribute.ways_to_say(self.facets).get(value, ()))
                for value in valid
            }
            for name, attribute in self.schema.attributes.items()
            if (valid := attribute.valid_values(self.facets))
        }


def _words(name: str, value: str, others: Collection[str]) -> tuple[str, ...]:
    return (value, *others, *common_words(name, value))


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


def is_named(text: str, words: Collection[str]) -> bool:
    """Whether the text has one of the words, but for slips of the pen."""
    said = _words_of(text)
    return bool(_pieces(text, words)) or any(hint for word in words for hint in _hints(word, said, _misspelt))


def _is_asked(before: str, after: str) -> bool:
    """Whether the words around a value ask for it, and none before it in its clause turn them round."""
    return bool((_ASKED_BEFORE.search(before) and not _REFUSED.search(before)) or _ASKED_AFTER.match(after))


def _pieces(text: str, words: Collection[str]) -> list[str]:
    """Where the text has one of the words whole."""
    said = _words_of(text)
    return [text[start:end] for word in words for start, end in _spans(word, text, said)]


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
    return tuple(_Word(found[0], stem(found[0].casefold()), *found.span()) for found in _TOKEN.finditer(text))


def _spans(form: str, text: str, said: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    """Where a form stands in the text as it is: Chinese anywhere, other words by their stems in a row."""
    if has_cjk(form):
        yield from (found.span() for found in re.finditer(re.escape(form), text, re.IGNORECASE))
        return
    wanted = [stem(part.casefold()) for part in _TOKEN.findall(_OWNER.sub("", form))]
    for start in range(len(said) - len(wanted) + 1 if wanted else 0):
        row = said[start : start + len(wanted)]
        if [word.stem for word in row] == wanted:
            yield row[0].start, row[-1].end
            if owner := _OWNER.match(text, row[-1].end):
                yield row[0].start, owner.end()


def _hints(form: str, said: Sequence[_Word], alike: Callable[[str, str], bool]) -> Iterator[str]:
    """Words that are part of a name, written as one, or misspelt."""
    parts = [part.casefold() for part in _TOKEN.findall(form)]
    telling = [stem(part) for part in (*parts, "".join(parts)) if len(part) >= _TELLING]
    yield from (word.typed for word in said if any(alike(part, word.stem) for part in telling))


def _alike(part: str, said: str) -> bool:
    if min(len(part), len(said)) >= _TELLING and (part.startswith(said) or said.startswith(part)):
        return True
    return _misspelt(part, said)


def _misspelt(part: str, said: str) -> bool:
    """The same word, or but for a slip: "jakket", and "laeds" for leads."""
    shorter = min(len(part), len(said))
    if part == said or (shorter >= _LONG and fuzz.ratio(part, said) >= _LIKE):
        return True
    return shorter >= _TELLING and sorted(part) == sorted(said) and OSA.distance(part, said) == 1

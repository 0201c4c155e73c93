"""The shop's lexicon: a message is read with it, and tells which values of facets and attributes it names.

In: the profile schema and the catalogue's facets; then a text. Out: its `Reading`, and the values named in one: by the
generous measure of `language.matching`, for what may be asked for, or by the strict one, for what surely is.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from language.matching import How, Lexicon, Mention, covers, is_asked, shared_synonyms
from language.negation import Denial, denied
from language.reading import Reading, read
from language.text import Span, has_han
from profiles.attribute import Attribute, Facets
from profiles.schema import Schema

_SIZE = "size"


@dataclass(frozen=True, slots=True)
class Ruled:
    """The words "no wool", and the word for what is ruled out: "wool"."""

    quote: str
    word: str


@dataclass(frozen=True)
class ShopLexicon:
    """``ShopLexicon.of(schema, facets, {"jackets", "boots"})``: `facets` by name, value and other words for it.

    `kinds` are facets that tell kinds of product apart; `languages` are those that the shop serves; `id_shapes` are
    those of its orders' ids.
    """

    schema: Schema
    facets: Facets
    kinds: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ("en", "zh")
    id_shapes: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        schema: Schema,
        facets: Facets,
        categories: Collection[str],
        languages: Sequence[str] = ("en", "zh"),
        id_shapes: frozenset[str] = frozenset(),
    ) -> "ShopLexicon":
        """`categories`: those of the catalogue's products."""
        same = frozenset(name for name, values in facets.items() if set(values) == set(categories))
        return cls(schema, facets, same, tuple(languages), id_shapes)

    def read(self, text: str, today: date, *, language: str | None = None, orders: Sequence[str] = ()) -> Reading:
        """The message, read once: asked for again, it is the same reading.

        `language`: of the conversation so far; `orders`: the ids of the customer's own.
        """
        return self._cached(text, today, language, tuple(orders))

    def is_filter(self, name: str) -> bool:
        """Whether this argument of the search is a facet whose value somebody must have named."""
        return name in self.facets and not self.is_kind(name)

    def is_kind(self, name: str) -> bool:
        """Whether this argument of the search is the kind of product."""
        return name in self.kinds

    def is_closed(self, attribute: Attribute) -> bool:
        """Whether the attribute takes only certain values."""
        return attribute.type == "choice" and bool(attribute.valid_values(self.facets))

    def facet_values(self, facet: str, reading: Reading) -> list[str]:
        """The values of a facet that a message may name, and not only to rule them out."""
        ruled_out = self.denied_values(facet, reading)
        may = {mention.value for mention in _of(reading.mentions, facet)} | self._unlisted(facet, reading)
        return [v for v in self.facets[facet] if v in may and not any(covers(bad, v) for bad in ruled_out)]

    def values_named(self, facet: str, reading: Reading) -> list[str]:
        """The values that the text names whole, or rules out so; a longer one hides its family: "dark green"."""
        found = _values(_of(reading.mentions, facet, "exact"))
        return [value for value in found if not any(other != value and covers(value, other) for other in found)]

    def kinds_named(self, facet: str, readings: Sequence[Reading]) -> list[str]:
        """The kinds of product that the newest message names whole; else those that any of them may name.

        A word that only begins alike is no sign: who goes backpacking may need a stove.
        """
        named = (mention for reading in readings for mention in _of(reading.mentions, facet, "exact", "part", "slip"))
        may = {mention.value for mention in named}
        may |= {value for reading in readings for value in self._unlisted(facet, reading)}
        whole = self.kinds_whole(facet, readings[-1]) if readings else []
        return whole or [value for value in self.facets[facet] if value in may]

    def kinds_whole(self, facet: str, reading: Reading) -> list[str]:
        """The kinds of product that the text names whole, and not only to rule them out."""
        return _values(self._wanted(facet, reading))

    def cued_values(self, facet: str, reading: Reading) -> list[str]:
        """The values that the text names whole with a word that asks for them: "by Oat & Honey", "颜色红色"."""
        wanted = self._wanted(facet, reading)
        return _values(mention for mention in wanted if is_asked(reading.text, mention.span, self.languages))

    def denied_values(self, facet: str, reading: Reading) -> list[str]:
        """The values that the text only rules out: "no wool", "without a hood", "不要羊毛"."""
        return list(self.denials(facet, reading))

    def denials(self, facet: str, reading: Reading) -> dict[str, Ruled]:
        """How the text rules values out, by value."""
        ways: dict[str, list[tuple[Mention, Denial | None]]] = {}
        for mention in _of(reading.mentions, facet, "exact", "part"):
            if mention.how == "exact" or covers(mention.text, mention.value):  # "no wool" rules merino wool out
                ways.setdefault(mention.value, []).append((mention, self._denied(mention, reading)))
        return {
            value: Ruled(denial.quote, mention.text)
            for value, said in ways.items()
            for mention, denial in said[:1]
            if denial and all(other for _, other in said)
        }

    def attribute_values(self, attribute: Attribute, reading: Reading) -> list[str]:
        """What may be noted of a choice: the values that the text names, and the words it names them by."""
        named = _of(reading.traits, attribute.name)
        unlisted = _without_han(self._traits.values[attribute.name]) if has_han(reading.text) else frozenset()
        words = {
            value: [item.text for item in named if item.value == value] for value in self._traits.values[attribute.name]
        }
        both = (
            (value, *(form for word in said for form in (word, word.casefold())))
            for value, said in words.items()
            if said or value in unlisted
        )
        return list(dict.fromkeys(word for row in both for word in row))

    def standing(self, attribute: Attribute, text: str) -> list[tuple[Span, str]]:
        """Where the text names values of a choice whole."""
        return [(mention.span, mention.value) for mention in self._traits.named(attribute.name, text, "exact")]

    def _wanted(self, facet: str, reading: Reading) -> list[Mention]:
        """What the text names whole and does not only rule out."""
        ruled_out = self.denials(facet, reading)
        return [mention for mention in _of(reading.mentions, facet, "exact") if mention.value not in ruled_out]

    def _denied(self, mention: Mention, reading: Reading) -> Denial | None:
        """ "No wool jackets" rules out what is of wool, and no jackets."""
        denial = denied(reading.text, mention.span, self.languages)
        if denial is None or not self.is_kind(mention.facet):
            return denial
        others = (item for item in reading.mentions if item.how == "exact" and not self.is_kind(item.facet))
        of_others = (denied(reading.text, item.span, self.languages) for item in others)
        return None if any(other and other.start == denial.start for other in of_others) else denial

    def _unlisted(self, facet: str, reading: Reading) -> frozenset[str]:
        """Values that nobody said the Chinese for, of a Chinese text: any of them may be meant."""
        return _without_han(self._products.values[facet]) if has_han(reading.text) else frozenset()

    @cached_property
    def _cached(self) -> Callable[[str, date, str | None, tuple[str, ...]], Reading]:
        return lru_cache(maxsize=512)(self._read)

    def _read(self, text: str, today: date, language: str | None, orders: tuple[str, ...]) -> Reading:
        return read(
            text,
            today=today,
            lexicon=self._products,
            traits=self._traits,
            served=self.languages,
            previous=language,
            id_shapes=self.id_shapes,
            own_orders=orders,
        )

    @cached_property
    def _products(self) -> Lexicon:
        forms = {
            name: {value: _words(name, value, values[value] if isinstance(values, Mapping) else ()) for value in values}
            for name, values in self.facets.items()
        }
        return Lexicon(forms, self.languages)

    @cached_property
    def _traits(self) -> Lexicon:
        forms = {
            name: {
                value: _words(attribute.facet or name, value, attribute.ways_to_say(self.facets).get(value, ()))
                for value in valid
            }
            for name, attribute in self.schema.attributes.items()
            if (valid := attribute.valid_values(self.facets))
        }
        return Lexicon(forms, self.languages)


def _words(name: str, value: str, others: Collection[str]) -> tuple[str, ...]:
    """Of the words that shops share only those of sizes: "new" is a beginner for who was asked, and no filter."""
    return (*others, *(shared_synonyms(name).get(value, ()) if name == _SIZE else ()))


def _of(mentions: Sequence[Mention], facet: str, *how: How) -> list[Mention]:
    """Those of one facet, in one of these ways; in any, if none are given."""
    return [mention for mention in mentions if mention.facet == facet and (not how or mention.how in how)]


def _values(mentions: Sequence[Mention] | Iterator[Mention]) -> list[str]:
    return list(dict.fromkeys(mention.value for mention in mentions))


def _without_han(forms: Mapping[str, Collection[str]]) -> frozenset[str]:
    return frozenset(value for value, others in forms.items() if not any(map(has_han, (value, *others))))

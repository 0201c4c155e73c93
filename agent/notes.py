"""What a message tells of each attribute of the profile: what may be noted of it, and what is said of which key.

In: a message as it is read, the schema and the words for its values. Out: a `Note` for each attribute. What is said of
one key alone ("M in jackets") is taken out before the prices, numbers, ranges and values of everything else are read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

from errors import DataError
from language.dates import dates_in
from language.matching import Lexicon, is_named
from language.named import without_han
from language.numbers import as_written
from language.pairs import Pair, Said, find_pairs, said_numbers, without, written
from language.quantities import find_quantities, prices_named
from language.reading import Reading
from language.text import has_han
from language.words import mentions
from profiles.attribute import KEY_MARK, Attribute, Bound, Facets
from profiles.observation import Authority, Value
from profiles.schema import Schema

MIN_PRICE: Bound = "min_price"
MAX_PRICE: Bound = "max_price"
_TELLING = 4  # letters of a word that tells which attribute is meant


@dataclass(frozen=True, slots=True)
class Note:
    """What a message tells of one attribute.

    `is_named`: by a word of its name or its label; `may_be_told`: without one. `values`: what may be noted of it, or
    under some key of it, but for what is said of a key; None: any words. `pairs`: what is said of its keys, by what a
    profile keeps ("jackets: M"); `keys`: those that are named.
    """

    is_named: bool
    may_be_told: bool
    values: tuple[Value, ...] | None
    pairs: Mapping[str, Pair]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class NoteReader:
    """Reads notes of one shop; `choices` are the words for the values of its attributes."""

    schema: Schema
    facets: Facets
    choices: Lexicon

    def notes(self, reading: Reading, today: date, reread: Callable[[str], Reading]) -> Mapping[str, Note]:
        """By attribute; `reread` reads what is left of the message."""
        rest = cache(lambda keyed: self.rest(reading.text, keyed))
        return {
            name: Note(
                any(mentions(reading.text, part) for part in _names(attribute)),
                is_named(reading.text, attribute.cues) if attribute.cues else attribute.type != "boolean",
                self._values(attribute, rest(self._beside(attribute)), today, reread),
                self._pairs(attribute, written(reading.text)) if attribute.per else {},
                tuple(dict.fromkeys(str(key.what) for key in self._said(attribute.per, reading.text))),
            )
            for name, attribute in self.schema.attributes.items()
        }

    def rest(self, text: str, keyed: Sequence[str]) -> str:
        """The text without what it plainly says of the keys of these attributes: "M in jackets" is no size of all."""
        for name in keyed:
            text = written(text)
            pairs = self._pairs(self.schema.attributes[name], text).values()
            text = without(text, [pair.span for pair in pairs if pair.is_plain])
        return text

    @cached_property
    def no_prices(self) -> tuple[str, ...]:
        """The attributes that are kept per key and are no money: "43 in boots" is no price."""
        return tuple(name for name, one in self.schema.attributes.items() if one.per and one.type != "money")

    @cached_property
    def stated(self) -> tuple[Attribute, ...]:
        """What a customer may state."""
        return self.schema.writable_by(Authority.STATED)

    def under_keys(self, name: str, newest: Note, told: Note) -> list[Value]:
        """Values under the keys that they are said for; where that is open, under each key named, or under none."""
        keys, values = () if newest.pairs else told.keys, newest.values or ()
        under = (self._kept(self.schema.attributes[name], key, value) for key in keys for value in values)
        of_all = (one for one in self.stated if not one.per and not one.polarity)  # which may be stated of everything
        general = () if any(name in self.alike(other) for other in of_all) else values
        return list(dict.fromkeys([*newest.pairs, *filter(None, under), *general]))

    def alike(self, attribute: Attribute) -> tuple[str, ...]:
        """The attributes that are kept per key and have values which may be its own too."""
        keyed = (one for one in self.schema.attributes.values() if one.per and one.type == attribute.type)
        own = set(attribute.valid_values(self.facets))
        is_choice = attribute.type == "choice"
        return tuple(one.name for one in keyed if not (is_choice and own.isdisjoint(one.valid_values(self.facets))))

    def _beside(self, attribute: Attribute) -> tuple[str, ...]:
        """The attributes whose plain pairs are no values of this one."""
        if attribute.per:
            return (attribute.name,)
        of_numbers = self.no_prices if attribute.range or attribute.type == "money" else ()
        return (*self.alike(attribute), *of_numbers)

    def _values(
        self, attribute: Attribute, text: str, today: date, reread: Callable[[str], Reading]
    ) -> tuple[Value, ...] | None:
        """What a text can say of an attribute; None: anything."""
        if attribute.range or (attribute.per and attribute.type != "choice"):
            return _ranges_or_numbers(attribute, text)
        if attribute.per:
            return tuple(said.what for said in self._said(attribute, text))
        if attribute.type == "money":
            prices = prices_named(reread(text).quantities)
            return _plain(prices.least if attribute.bound == MIN_PRICE else prices.most)
        if attribute.type == "number":
            return _plain(attribute.numbers(text))
        if attribute.type == "boolean":
            return ("yes", "no")
        if attribute.type == "date":
            return None if dates_in(text, today) else ()
        is_closed = attribute.type == "choice" and attribute.name in self.choices.values
        return self._words(attribute.name, text) if is_closed else None

    def _words(self, name: str, text: str) -> tuple[str, ...]:
        """The values of a choice that the text names, and the words it names them by."""
        forms, named = self.choices.values[name], self.choices.named(name, text)
        said = {value: [item.text for item in named if item.value == value] for value in forms}
        unlisted = without_han(forms) if has_han(text) else frozenset()
        found: dict[str, None] = {}
        for value, words in said.items():
            if words or value in unlisted:
                found |= dict.fromkeys([value, *(form for word in words for form in (word, word.casefold()))])
        return tuple(found)

    def _said(self, attribute: Attribute | None, text: str) -> list[Said]:
        """Where the text names values of a choice whole."""
        named = self.choices.named(attribute.name, text, "exact") if attribute else ()
        return [Said(item.start, item.end, item.value) for item in named]

    def _pairs(self, attribute: Attribute, text: str) -> dict[str, Pair]:
        """Every value that the text gives for a key, once each, as a profile keeps both."""
        found: dict[str, Pair] = {}
        if attribute.type == "choice":
            values: Iterable[Said] = self._said(attribute, text)
        else:
            values = said_numbers(text, "money" if attribute.type == "money" else "other", ranges=attribute.range)
        for pair in find_pairs(text, self._said(attribute.per, text), values):
            if kept := self._kept(attribute, pair.key, pair.value):
                found.setdefault(kept, pair)
        return found

    def _kept(self, attribute: Attribute, key: Value, value: Value) -> str:
        """As the profile keeps them; "" for a number that it does not."""
        try:
            return str(attribute.clean(f"{key}{KEY_MARK}{value}", self.facets))
        except DataError:
            return ""


def _names(attribute: Attribute) -> list[str]:
    """The words that call it by its name: "delete my ring size", "never wrap my things"."""
    labels = (attribute.name.replace("_", " "), *attribute.label.values())
    parts = (part for label in labels for part in ([label] if has_han(label) else label.split()))
    return [part for part in parts if len(part) >= _TELLING or has_han(part)]


def _ranges_or_numbers(attribute: Attribute, text: str) -> tuple[Value, ...]:
    """The ranges in the text; its numbers, where there is none."""
    ranges = dict.fromkeys(one.value for one in attribute.ranges(text))
    if ranges:
        return tuple(ranges)
    is_money = attribute.type == "money"
    return _plain(prices_named(find_quantities(text)).most if is_money else attribute.numbers(text))


def _plain(numbers: Iterable[float]) -> tuple[float | int, ...]:
    return tuple(as_written(number) for number in sorted(numbers))

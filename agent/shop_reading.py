"""A message as a shop reads it: beside what anybody reads in it, what may be noted of the customer, and what should be.

In: what makes a `Reading`, and the shop's `NoteReader`. Out: a `ShopReading`, whose parts are worked out when they are
first asked for, once a message.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from agent.notes import MAX_PRICE, MIN_PRICE, Note, NoteReader
from language.named import NOTHING
from language.numbers import as_written
from language.quantities import PricesNamed, find_ranges, prices_named
from language.reading import Reading
from profiles.attribute import Bound
from profiles.observation import Value
from profiles.quotes import find_quote

Change = Mapping[str, Any]  # as the tool that notes takes it
PlainOf = Literal["limit", "dislike", "other"]
_BOUNDS: tuple[Bound, Bound] = (MIN_PRICE, MAX_PRICE)


@dataclass(frozen=True, slots=True)
class Limit:
    """A price limit as it was said: "under $150" is a `max_price` of 150."""

    bound: Bound
    price: float | int
    words: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A change of the profile that plainly stands in a message, and what it says: "under $150", "no wool", the rest."""

    of: PlainOf
    change: Change


@dataclass(frozen=True)
class ShopReading(Reading):
    """What a message says to this shop. `today`: when it was written; `reread` reads what is left of it."""

    today: date = field(kw_only=True)
    reader: NoteReader = field(kw_only=True, repr=False, compare=False)
    reread: Callable[[str], Reading] = field(kw_only=True, repr=False, compare=False)

    @cached_property
    def notes(self) -> Mapping[str, Note]:
        """By attribute, what may be noted of it."""
        return self.reader.notes(self, self.today, self.reread)

    @cached_property
    def prices(self) -> PricesNamed:
        """The prices that it names, but for what is said of one kind and is no price."""
        rest = self.reader.rest(self.text, self.reader.no_prices)
        return prices_named(self.reread(rest).quantities)

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The price limits that it names as such; not lengths, ages, days or order ids."""
        return tuple(
            Limit(name, as_written(price), each.text)
            for each in self.quantities
            if each.is_bound and each.may_be("money")
            for name, price in zip(_BOUNDS, each.prices, strict=True)
            if price is not None
        )

    @cached_property
    def plain(self) -> tuple[Plain, ...]:
        """What plainly stands in it: limits of the price, dislikes, the one range of prices, and what is of one key."""
        return (*self._limits(), *self._dislikes(), *self._range(), *self._keyed())

    def _limits(self) -> Iterator[Plain]:
        for attribute in self.reader.stated:
            for limit in self.limits:
                if limit.bound == attribute.bound:
                    yield self._plain("limit", limit.words, attribute.name, limit.price)

    def _dislikes(self) -> Iterator[Plain]:
        for attribute in self.reader.stated:
            if attribute.polarity and not attribute.sensitive:
                ruled_out = self.facets.get(attribute.facet or attribute.name, NOTHING).ruled_out
                for ruled in dict.fromkeys(ruled_out.values()):  # "no wool" may rule several values out
                    yield self._plain("dislike", ruled.quote, attribute.name, ruled.word)

    def _range(self) -> Iterator[Plain]:
        """Only where the shop keeps one range of money and no limit beside it."""
        money = [attribute for attribute in self.reader.stated if attribute.type == "money" and not attribute.per]
        if len(money) == 1 and money[0].range:
            said = find_ranges(self.reader.rest(self.text, self.reader.alike(money[0])), "money")
            if len(said) == 1:
                yield self._plain("other", said[0].text, money[0].name, said[0].range.value)

    def _keyed(self) -> Iterator[Plain]:
        for attribute in self.reader.stated:
            for kept, pair in self.notes[attribute.name].pairs.items() if not attribute.polarity else ():
                if pair.is_plain:
                    yield self._plain("other", pair.words, attribute.name, kept)

    def _plain(self, of: PlainOf, quote: str, attribute: str, value: Value) -> Plain:
        """The words as the customer wrote them."""
        found = find_quote(quote, {"": self.text})
        polarity = "dislike" if of == "dislike" else "fact"
        words = found.text if found else quote
        return Plain(of, {"quote": words, "attribute": attribute, "value": value, "polarity": polarity})

"""The shop's lexicon: its words, with which messages are read.

In: the profile schema, the catalogue's facets and kinds, the languages and the shapes of order ids; then a text. Out:
its `ShopReading`, which has all that the text says to this shop.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache, partial

from agent.notes import NoteReader
from agent.shop_reading import ShopReading
from language.free_of import free_of
from language.matching import Lexicon, shared_synonyms
from language.reading import read
from profiles.attribute import Facets
from profiles.schema import Schema

_SIZE = "size"


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

    def read(self, text: str, today: date, *, language: str | None = None, orders: Sequence[str] = ()) -> ShopReading:
        """The message, read once: asked for again, it is the same reading.

        `language`: of the conversation so far; `orders`: the ids of the customer's own.
        """
        return self._cached(text, today, language, tuple(orders))

    @cached_property
    def _cached(self) -> Callable[[str, date, str | None, tuple[str, ...]], ShopReading]:
        return lru_cache(maxsize=512)(self._read)

    def _read(self, text: str, today: date, language: str | None, orders: tuple[str, ...]) -> ShopReading:
        found = read(
            text,
            today=today,
            lexicon=self._products,
            traits=self._notes.choices,
            served=self.languages,
            previous=language,
            id_shapes=self.id_shapes,
            own_orders=orders,
            kinds=self.kinds,
        )
        reread = partial(self.read, today=today, language=language, orders=orders)
        return ShopReading(**vars(found), today=today, reader=self._notes, reread=reread)

    @cached_property
    def _products(self) -> Lexicon:
        forms = {
            name: {value: _words(name, value, values[value] if isinstance(values, Mapping) else ()) for value in values}
            for name, values in self.facets.items()
        }
        return Lexicon(forms, self.languages)

    @cached_property
    def _notes(self) -> NoteReader:
        forms = {
            name: {
                value: _words(attribute.facet or name, value, attribute.ways_to_say(self.facets).get(value, ()))
                for value in valid
            }
            for name, attribute in self.schema.attributes.items()
            if (valid := attribute.valid_values(self.facets))
        }
        return NoteReader(self.schema, self.facets, Lexicon(forms, self.languages))


def _words(name: str, value: str, others: Collection[str]) -> tuple[str, ...]:
    """Of the words that shops share only those of sizes: "new" is a beginner for who was asked, and no filter."""
    shared = shared_synonyms(name).get(value, ()) if name == _SIZE else ()
    return (*others, *(way for word in (value, *others) for way in free_of(word)), *shared)

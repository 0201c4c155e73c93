"""What the catalogue says of a product, as the answer to a question: facts, yes or no, stock, a sentence of its text.

In: a product, the question as it is read, a color and a size. Out: `Fact`s in the order in which they are told, plain
data for artifacts. What the catalogue does not say is said to be so, and nothing is concluded from what is missing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from agent.context import Services
from agent.lexicon import ShopLexicon
from agent.shop import Shop
from agent.tools.products import best_variant
from language.aspects import Aspect, find_aspects
from language.decimals import plain
from language.matching import covers
from language.reading import Reading
from retrieval.catalog import ONE_SIZE, Product, Variant
from retrieval.embedder import Embedder
from retrieval.facets import VARIANT_FACETS, FacetSpace, facet_values

Kind = Literal["yes", "no", "unsaid", "value", "price", "rating", "unrated", "stock", "no_variant", "text"]
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s*(?=\S)")
_LIKE, _SURELY = 0.3, 0.45  # cosine of a question and a sentence that may speak, and surely speaks, of the same
_FAR_SIZE = 10  # from a product's smallest and largest size
_KILO = 1000
_LARGER = {"g": "kg", "ml": "l", "mm": "m"}  # units of which a thousand are better said in the other


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is said of a product; `facet` and `value` as the catalogue has them, `values` what it lists.

    Of "stock": `value` is the variant in words, `values` what else there is. `stock` in pieces, `price` in the
    currency.
    """

    kind: Kind
    facet: str = ""
    value: str = ""
    values: tuple[str, ...] = ()
    stock: int | None = None
    price: float | None = None
    rating: float | None = None
    reviews: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; what is empty is left out."""
        told = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a product: its words as they are read, and the variant, if one is named."""

    reading: Reading
    color: str | None = None
    size: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Answers questions for one shop."""

    shop: Shop
    space: FacetSpace
    lexicon: ShopLexicon
    embedder: Embedder

    @classmethod
    def of_shop(cls, services: Services) -> "Facts":
        """Of a shop's catalogue as it is now."""
        retriever = services.retriever
        return cls(services.shop, retriever.facets, services.lexicon, retriever.embedder)

    def of(self, product: Product, question: Question) -> list[Fact]:
        """What answers the question; a sentence of the description where no fact does, or none is asked for."""
        found = [*self.stock(product, question), *self._values(product, question)]
        found += [fact for aspect in self.aspects(question) for fact in self._aspect(product, aspect, found)]
        if question.reading.text.strip() and all(fact.kind in ("unsaid", "no") for fact in found):
            is_answered = any(fact.kind == "no" for fact in found)
            found += [fact for fact in self._text(product, question.reading.text) if not (is_answered and fact.facet)]
        return found

    def aspects(self, question: Question) -> tuple[Aspect, ...]:
        """What the question asks for by name."""
        labels = {name: facet.label for name, facet in self.space.facets.items() if name not in VARIANT_FACETS}
        return find_aspects(question.reading.text, labels)

    def value(self, product: Product, facet: str) -> str:
        """What a facet of the product is, in words: "920 g", "merino wool, nylon"; "" where nothing is said."""
        raw = product.facets.get(facet)
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return in_units(raw, str(self.shop.facets.get(facet, {}).get("unit", "")))
        return ", ".join(facet_values(product, None, facet))

    def _values(self, product: Product, question: Question) -> Iterator[Fact]:
        """Whether it has what the question names: "is it waterproof", "any wool in it"."""
        named = {(v.facet, v.value) for v in question.reading.values if v.facet not in (*VARIANT_FACETS, "brand")}
        known = {facet for facet, _ in named}
        for facet, value in sorted(named):
            if facet in self.lexicon.kinds or facet not in self.space.names:
                continue
            listed = facet_values(product, None, facet)
            if any(covers(value, one) for one in listed):
                yield Fact("yes", facet, value, listed)
            elif not any(value in facet_values(product, None, other) for other in known):
                yield Fact("no" if listed else "unsaid", facet, value, listed)

    def _aspect(self, product: Product, aspect: Aspect, told: Sequence[Fact]) -> Iterator[Fact]:
        if any(aspect.name in (fact.facet, fact.value) for fact in told):  # "waterproof" may be both
            return
        match aspect.name:
            case "price":
                yield Fact("price", price=plain(best_variant(product).price))
            case "rating":
                rating = product.rating
                yield Fact("unrated") if rating is None else Fact("rating", rating=rating, reviews=product.reviews)
            case "color" | "size" | "stock" if any(fact.kind in ("stock", "no_variant") for fact in told):
                return
            case "stock":
                there = [variant for variant in product.variants if variant.stock > 0]
                colors = tuple(dict.fromkeys(variant.color for variant in there if variant.color))
                yield Fact("stock", stock=sum(variant.stock for variant in there), values=colors)
            case "color" | "size":
                yield from _offer(product)
            case name:
                value = self.value(product, name)
                yield Fact("value", name, value) if value else Fact("unsaid", name)

    def stock(self, product: Product, question: Question) -> Iterator[Fact]:
        """Whether the variant that is asked for is there; else the nearest that is."""
        wanted = self.variant_asked(product, question)
        if not wanted:
            return
        fitting = [variant for variant in product.variants if _fits(variant, wanted)]
        there = [variant for variant in fitting if variant.stock > 0]
        said = ", ".join(wanted.values())
        if there:
            least = min(variant.stock for variant in there) if len(there) == 1 else 0
            others = tuple(dict.fromkeys(_rest(variant, wanted) for variant in there if _rest(variant, wanted)))
            yield Fact("stock", value=said, values=others, stock=least or sum(v.stock for v in there))
            return
        near = _nearest(product, wanted)
        yield (
            Fact("stock", value=said, values=near, stock=0) if fitting else Fact("no_variant", value=said, values=near)
        )

    def variant_asked(self, product: Product, question: Question) -> dict[str, str]:
        """The color and the size that are asked for, as the product has them if it does."""
        found = {name: self._variant_value(product, question, name) for name in VARIANT_FACETS}
        return {name: value for name, value in found.items() if value}

    def _variant_value(self, product: Product, question: Question, name: str) -> str | None:
        given = question.color if name == "color" else question.size
        if given:
            return own_values(self.space, product, name, given)[0]
        own = dict.fromkeys(facet_values(product, None, name))
        named = [v.value for v in question.reading.values if v.facet == name and not v.denied]
        named += [number] if not named and name == "size" and (number := _size_by_number(own, question.reading)) else []
        return next((value for wish in named for value in own if covers(wish, value)), named[0] if named else None)

    def _text(self, product: Product, question: str) -> Iterator[Fact]:
        """The sentence of the description that speaks of it most, with doubt (of "all") where it may speak of something
        else; the first ones, where none does."""
        sentences = [part.strip() for part in _SENTENCE.split(product.description) if part.strip()]
        if not sentences:
            return
        vectors = self.embedder.encode([question, *sentences])
        likeness = vectors[1:] @ vectors[0]
        best = int(np.argmax(likeness))
        if likeness[best] >= _SURELY:
            yield Fact("text", value=sentences[best])
        else:
            nearest = sentences[best] if likeness[best] >= _LIKE else " ".join(sentences[:3])
            yield Fact("text", value=nearest, facet="all")


def _size_by_number(sizes: Iterable[str], reading: Reading) -> str | None:
    """The size that a bare number means, where all sizes are numbers, and it is not far off: "he takes a 29"."""
    known = [int(size) if size.isdecimal() else None for size in sizes]
    numbers = [size for size in known if size is not None]
    if not numbers or len(numbers) < len(known):
        return None
    span = range(min(numbers) - _FAR_SIZE, max(numbers) + _FAR_SIZE + 1)
    said = (
        int(each.low)
        for each in reading.quantities
        if each.low is not None and each.low == each.high and each.role == "exact" and each.counts in (None, "size")
    )
    return next((str(number) for number in said if number in span), None)


def own_values(space: FacetSpace, product: Product, name: str, given: str) -> list[str]:
    """The colors or sizes of the product that may be meant: several for "green"; what was given, where it has none."""
    own = dict.fromkeys(facet_values(product, None, name))
    exact = [value for value in own if value.casefold() == given.strip().casefold()]
    matched = space.match(name, given) if name in space.names and not exact else None
    return exact or [value for value in own if matched and covers(matched, value)] or [matched or given]


def in_units(number: float, unit: str) -> str:
    """``in_units(4400, "g") == "4.4 kg"``."""
    if unit in _LARGER and number >= _KILO:
        return f"{number / _KILO:g} {_LARGER[unit]}"
    return f"{number:g} {unit}".strip()


def _fits(variant: Variant, wanted: Mapping[str, str]) -> bool:
    own = {"color": variant.color, "size": variant.size}
    return all(value.casefold() == own[name].casefold() for name, value in wanted.items())


def _rest(variant: Variant, wanted: Mapping[str, str]) -> str:
    """What the variant is beside what was asked for: its sizes, for a color."""
    own = {"color": variant.color, "size": variant.size}
    return ", ".join(value for name, value in own.items() if name not in wanted and value and value != ONE_SIZE)


def _nearest(product: Product, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """What is there of the same size, and of the same color; else whatever is there."""
    there = [variant for variant in product.variants if variant.stock > 0]
    names = ("size", "color") if len(wanted) > 1 else ()
    same = [one for name in names for one in there if _fits(one, {name: wanted.get(name, "")})]
    if same:
        return tuple(dict.fromkeys(map(_name, same)))
    if len(wanted) == 1:
        (only,) = wanted
        own = (variant.color if only == "color" else variant.size for variant in there)
        return tuple(dict.fromkeys(value for value in own if value))
    return tuple(dict.fromkeys(_name(variant) for variant in there))


def _name(variant: Variant) -> str:
    return " ".join(part for part in (variant.color, variant.size) if part and part != ONE_SIZE)


def _offer(product: Product) -> Iterator[Fact]:
    """The colors and sizes that are there."""
    there = [variant for variant in product.variants if variant.stock > 0]
    for name in VARIANT_FACETS:
        values = tuple(dict.fromkeys(v.color if name == "color" else v.size for v in there))
        if any(value and value != ONE_SIZE for value in values):
            yield Fact("value", name, ", ".join(values))
    if not there or all(not v.color and v.size in ("", ONE_SIZE) for v in there):
        yield Fact("stock", stock=sum(variant.stock for variant in there))

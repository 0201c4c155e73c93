"""Which products a message refers to: "the second one", "the badger", "that blue one", "the cheaper", "both", "it".

In: the reading of the message, the consultation's messages, the catalogue. Out: SKUs, by the surest way of referring
that the message uses; none where it names none. The words are the section `positions` of the language packs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from langchain_core.messages import AnyMessage, ToolMessage
from pydantic import Field

from agent.guided.wishes.measures import EXTENTS, measures
from agent.shop_reading import ShopReading
from agent.shown import SHOWS, SORTED, SPEAKS_OF, Shown, shown_in
from agent.tools.products import best_variant
from language.aspects import find_aspects
from language.clauses import clause_span
from language.packs import Section, languages, section
from language.reading import ShopValue
from language.text import fold, has_han
from language.words import bare, mentions, stem, stop_words, tokens
from retrieval.catalog import Catalog, Product

_RARE = 8  # titles at most that have a word, for it to be a name
_TWO = 2
_WHOLE = 3  # words of a title that name it without a "the" before them
_STRAY = 2  # texts of other products that may have it too


class Positions(Section):
    """One language's words for places in a list, for the largest and the smallest, for two and for all of it."""

    ordinals: dict[int, tuple[str, ...]]
    largest: tuple[str, ...] = ()
    smallest: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    cheaper: tuple[str, ...] = ()
    firsts: dict[int, tuple[str, ...]] = Field(default_factory=dict)
    both: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    ones: tuple[str, ...] = ()  # stand behind the color of one of the list: "white ones in M"
    each: tuple[str, ...] = ()  # as many of every color or size that is named
    either: tuple[str, ...] = ()  # one of those that are named, and not all
    the: tuple[str, ...] = ()  # right before a name: "the Firn"
    beside: tuple[str, ...] = ()  # before a product that is spoken of and not asked for: "cheaper than the Firn"
    it: tuple[str, ...] = ()  # one thing: "that one"
    they: tuple[str, ...] = ()  # the list, or the one thing that was spoken of last: "are they waterproof", of boots


@dataclass(frozen=True, slots=True)
class Products:
    """The products of a consultation: what was shown, the newest first, and all that the shop has.

    `alone`: SKUs of those that a result spoke of alone, the newest first; `best`: the first of the list, if that was
    sorted as the customer said ("the lightest") and nothing else was spoken of since.
    """

    shown: Shown
    recent: tuple[Product, ...]
    catalog: Catalog
    units: Mapping[str, str]
    alone: tuple[str, ...] = ()
    best: str = ""

    @classmethod
    def of(cls, messages: Sequence[AnyMessage], catalog: Catalog, units: Mapping[str, str]) -> "Products":
        """From the results of these messages. `units`: what the numbers of a facet count, by facet."""
        skus: dict[str, None] = {}
        alone: dict[str, None] = {}
        best: str | None = None
        for message in reversed(messages):
            artifact = (message.artifact if isinstance(message, ToolMessage) else None) or {}
            about = (*artifact.get(SPEAKS_OF, ()), *artifact.get(SHOWS, ()))
            skus |= dict.fromkeys(about)
            alone |= dict.fromkeys(about if len(set(about)) == 1 else ())
            if about and best is None:
                best = str(about[0]) if artifact.get(SORTED) else ""
        recent = tuple(catalog.by_sku[sku] for sku in skus if sku in catalog.by_sku)
        return cls(shown_in(messages), recent, catalog, units, tuple(alone), best or "")

    @property
    def listed(self) -> list[Product]:
        """The newest list, in its order."""
        return [self.catalog.by_sku[sku] for sku in self.shown.listed if sku in self.catalog.by_sku]

    @property
    def in_focus(self) -> Product | None:
        """The one product that was spoken of last."""
        focus = self.shown.focus
        return self.catalog.by_sku.get(focus[0]) if len(focus) == 1 else None


def referred(reading: ShopReading, products: Products) -> list[str]:
    """The SKUs of the products that the message refers to."""
    ways = (_by_place, _by_name, _by_look, _by_price, _by_measure, by_rank, _by_extent, _by_kind, _all, _best)
    for way in ways:
        found = list(dict.fromkeys(way(reading, products)))
        if found:
            return found
    return []


def speaks_of_list(reading: ShopReading) -> bool:
    """Whether it says that what was shown is meant: "which of those"."""
    return is_both(reading) or says(reading, "all") or says(reading, "they")


def called_by_name(reading: ShopReading, products: Products) -> bool:
    """Whether a product is named, by a word of its title or its place in the list."""
    return any(True for way in (_by_place, _by_name) for _ in way(reading, products))


def _by_place(reading: ShopReading, products: Products) -> Iterator[str]:
    shown, text = products.shown, fold(reading.text).text
    listed = shown.compared or shown.listed
    for count, forms in (pair for words in _positions() for pair in words.firsts.items()):
        if any(has_form(text, form) for form in forms):
            yield from (listed if count <= len(listed) else shown.listed)[:count]
    for words in _positions():
        for place, forms in sorted(words.ordinals.items()):
            if any(has_form(text, form) for form in forms):
                yield from shown.at(place)
        if listed and any(has_form(text, form) for form in words.last):
            yield listed[-1]


def _by_name(reading: ShopReading, products: Products) -> Iterator[str]:
    """Products whose names the message has: those that were shown before all others."""
    known = {stem(bare(word)) for value in reading.values for word in tokens(value.text)}
    said = {stem(bare(word)) for word in tokens(reading.text)}
    recent = {product.sku for product in products.recent}
    names = {**names_of(products.catalog), **_leading(products.recent)}
    kinds = {value for kind in reading.kinds for value in reading.facets[kind].wanted}
    kinds = kinds or {product.category for product in products.recent[:1]}
    in_order = dict.fromkeys(stem(bare(word)) for word in tokens(reading.text))
    best = dict[str, int]()  # how many words of the message the title has that a name stands in
    for word in (word for word in in_order if word not in known and word in names):  # "the weald and the firn"
        pool = [sku for sku in names[word] if sku in recent] or [*names[word]]
        pool = [sku for sku in pool if products.catalog.by_sku[sku].category in kinds] or pool
        titles = {sku: len(_stems(*_titles(products.catalog.by_sku[sku])) & said) for sku in pool}
        best |= {sku: count for sku, count in titles.items() if count == max(titles.values())}
    yield from best


def asked_by_name(reading: ShopReading, products: Products) -> str:
    """The one product that is asked for by its name, and not as what another one is like; "" for none or several."""
    found = [*dict.fromkeys(_by_name(reading, products))]
    if len(found) != 1:
        return ""
    title = _stems(*_titles(products.catalog.by_sku[found[0]]))
    said = [word for word in tokens(reading.text) if stem(bare(word)) in title]
    names = {**names_of(products.catalog), **_leading(products.recent)}
    place = next((word.start for word in said if stem(bare(word)) in names), 0)
    start, _ = clause_span(reading.text, place, place)
    before = fold(reading.text[start:place]).text
    if any(has_form(before, form) for words in _positions() for form in words.beside):
        return ""
    is_the = before.split()[-1:] and any(before.split()[-1] in words.the for words in _positions())
    is_known = has_han(reading.text) or found[0] in {product.sku for product in products.recent}
    is_whole = len({stem(bare(word)) for word in said}) >= _WHOLE  # "a tent for a canoe trip" means no Canoe
    return found[0] if is_the or is_known or is_whole else ""


def _leading(recent: Sequence[Product]) -> Mapping[str, tuple[str, ...]]:
    """By the word that a title begins with, those that were shown: that is their name, common as the word may be."""
    led = dict[str, tuple[str, ...]]()
    for product in recent:
        first = next(iter(tokens(product.title)), None)
        word = stem(bare(first)) if first else ""
        if first and word and not first.text.isdecimal() and word not in stop_words():
            led[word] = (*led.get(word, ()), product.sku)
    return led


def names_of(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """The SKUs by words that are names: in few titles, and in hardly any text of other products."""
    key = id(catalog)
    if key not in _NAMES or _NAMES[key][0] is not catalog:
        _NAMES.clear()
        _NAMES[key] = (catalog, _find_names(catalog))
    return _NAMES[key][1]


_NAMES: dict[int, tuple[Catalog, Mapping[str, tuple[str, ...]]]] = {}  # of the newest catalogue; both are read-only


def _find_names(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    titled: dict[str, list[str]] = {}
    elsewhere: dict[str, int] = {}
    for product in catalog.products:
        own = _stems(*_titles(product))
        for word in own - stop_words():
            titled.setdefault(word, []).append(product.sku)
        for word in _stems(product.description, product.category) - own:
            elsewhere[word] = elsewhere.get(word, 0) + 1
    return {
        word: tuple(skus)
        for word, skus in titled.items()
        if len(skus) <= _RARE and elsewhere.get(word, 0) <= _STRAY and not word.isdecimal()
    }


def _by_look(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "That blue one", "white ones in M": a color that one of the list has, as it was shown or else in any way."""
    within = [(each.start, each.end) for each in reading.references]
    colors = [v for v in reading.values if v.facet == "color" and not v.denied]
    for color in colors:
        refers = any(start <= color.start and color.end <= end for start, end in within)
        if not (refers or _is_of_ones(color, reading)):
            continue
        yield from _one_in(str(color.value), products)


def in_color(reading: ShopReading, products: Products) -> list[str]:
    """The one of the list that has the color that is named, whatever else is said: "2 pairs, white"."""
    colors = [str(value.value) for value in reading.values if value.facet == "color" and not value.denied]
    return _one_in(colors[0], products) if len(colors) == 1 else []


def _one_in(color: str, products: Products) -> list[str]:
    """The one of the list that was shown in a color, or else is sold in it."""
    shown = [product.sku for product in products.listed if best_variant(product).color == color]
    sold = [one.sku for one in products.listed if any(v.color == color and v.stock for v in one.variants)]
    having = shown or sold
    return having if len(having) == 1 else []


def _is_of_ones(value: ShopValue, reading: ShopReading) -> bool:
    """Whether "ones" stands behind a value."""
    behind = fold(reading.text[value.end :]).text
    word = next(iter(tokens(behind)), None)
    is_next = word is not None and behind[: word.start].isspace()
    return is_next and any(bare(word) in words.ones for words in _positions())  # type: ignore[arg-type]


def _by_price(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "The 115 one"."""
    numbers = {float(each.low) for each in reading.quantities if each.low is not None and each.role == "exact"}
    having = [product.sku for product in products.listed if float(best_variant(product).price) in numbers]
    if len(having) == 1:
        yield from having


def _by_measure(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "The 60 litre one", "the two for 5 people": those of the list, where it has others too."""
    sizes = {*measures(reading, products.units)}
    fitting = [one.sku for one in products.listed if any(one.facets.get(name) == size for name, size in sizes)]
    if len(fitting) < len(products.listed):
        yield from fitting


def by_rank(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "The cheaper one", "the lightest": of the list."""
    facets = {name for product in products.listed for name in product.facets}
    for aspect in find_aspects(reading.text, {name: {} for name in sorted(facets)}):
        amounts = {product.sku: amount for product in products.listed if (amount := _amount(product, aspect.name))}
        if aspect.direction and len(amounts) > 1:
            best = (min if aspect.direction == "least" else max)(amounts.values())
            yield from (sku for sku, amount in amounts.items() if amount == best)
            return


def _by_extent(reading: ShopReading, products: Products) -> Iterator[str]:
    yield from (product.sku for product in of_extent(reading.text, products.listed, products.units))


def of_extent(text: str, products: Sequence[Product], units: Mapping[str, str]) -> list[Product]:
    """The one that the text calls the big or the small one: of those that hold litres or people."""
    folded = fold(text).text
    words = [*_positions()]
    is_largest = any(has_form(folded, form) for each in words for form in each.largest)
    if is_largest == any(has_form(folded, form) for each in words for form in each.smallest):
        return []
    for name in (name for name, unit in units.items() if unit in EXTENTS):
        sized = [(float(value), one) for one in products if isinstance(value := one.facets.get(name), int | float)]
        best = (max if is_largest else min)((size for size, _ in sized), default=None)
        if len({size for size, _ in sized}) > 1:
            return [one for size, one in sized if size == best]
    return []


def _by_kind(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "The boots and the socks": of each kind that is named, what was spoken of last."""
    wanted = [value for kind in sorted(reading.kinds) for value in reading.facets[kind].wanted]
    for value in wanted:
        yield from [product.sku for product in products.recent if product.category == value][:1]


def _all(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "All of them" are the list, and "they" too, unless one or two were spoken of since; "both" are the two that were
    spoken of last, together or by themselves."""
    shown = products.shown
    if is_both(reading):
        yield from _pair(products)
    elif says(reading, "all"):
        yield from shown.listed
    elif says(reading, "they"):
        yield from shown.focus if len(shown.focus) <= _TWO else shown.listed


def _best(reading: ShopReading, products: Products) -> Iterator[str]:
    """ "It" or "that one", right after the lightest was asked for."""
    if products.best and says(reading, "it"):
        yield products.best


def cheaper_than(reading: ShopReading, products: Products, meant: Sequence[str]) -> float | None:
    """The price below which something cheaper lies: of the product that is meant, else of the cheapest of the list."""
    text = fold(reading.text).text
    forms = (form for words in _positions() for form in words.cheaper)
    if not any(form in text if has_han(form) else re.search(rf"\b{form}\b", text) for form in forms):  # not "cheapest"
        return None
    by_sku, focus = products.catalog.by_sku, products.shown.focus
    of = meant or (focus if len(focus) == 1 else products.shown.listed)
    prices = [float(best_variant(by_sku[sku]).price) for sku in of if sku in by_sku]
    return round(min(prices) - 0.01, 2) if prices else None


def is_both(reading: ShopReading) -> bool:
    """Whether it speaks of two."""
    return says(reading, "both")


def says(reading: ShopReading, name: Literal["both", "all", "it", "they", "each", "either"]) -> bool:
    """Whether it has one of these words."""
    text = fold(reading.text).text
    packs = (section(code, "positions", Positions) for code in reading.languages)
    return any(has_form(text, form) for words in packs if words for form in getattr(words, name))


def _pair(products: Products) -> Sequence[str]:
    listed, focus, alone = products.shown.listed, products.shown.focus, products.alone[:_TWO]
    if len(focus) == _TWO:
        return focus
    return listed if len(listed) == _TWO or len(alone) < _TWO else alone


def _amount(product: Product, name: str) -> float | None:
    if name == "price":
        return float(best_variant(product).price)
    if name == "rating":
        return product.rating
    value = product.facets.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _titles(product: Product) -> tuple[str, ...]:
    return (product.title, *product.titles.values())


def _stems(*texts: str) -> set[str]:
    return {stem(bare(word)) for text in texts for word in tokens(text)}


def has_form(text: str, form: str) -> bool:
    """Whether a text has a form of words; Chinese ones anywhere."""
    return form in text if has_han(form) else mentions(text, form)


@cache
def _positions() -> Iterable[Positions]:
    packs = (section(code, "positions", Positions) for code in languages())
    return tuple(pack for pack in packs if pack)

"""What a consultation has shown, and which products are meant by words that refer to it.

In: the messages so far; then a position ("2"), "it", an SKU or words of a title. Out: `Shown`, the list that has
positions, what was put side by side since and has them too, the products spoken of last, and the products meant.
Results say themselves what they show, under the keys `SHOWS`, `COMPARES` and `SPEAKS_OF`. Nothing is guessed: `Unclear`
names those that fit equally well, and is empty where none does.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AnyMessage, ToolMessage

from language.text import HAN, fold, has_han
from language.words import bare, stem, stop_words, tokens
from retrieval.catalog import Catalog, Product

SHOWS = "shows"  # key of an artifact: the SKUs of the list that it shows, in its order
SPEAKS_OF = "speaks_of"  # those that it is about, which leave the list as it was
SORTED = "sorted"  # by what the list was to be sorted, where the customer said so
COMPARES = "compares"  # those that it puts side by side, in this order
ALL = ("shown", "all", "both", "them", "these")  # the products of the list, as an argument of a call
IT = ("", "it", "this", "that")  # those spoken of last
_MOST_POSITIONS = 20
_ENOUGH = 0.5  # of the words of a reference, for a product that was shown
_NAMED = 5  # products at most to choose from
_HAN_RUN = re.compile(f"[{HAN}]+")
Reference = str | int | float


@dataclass(frozen=True, slots=True)
class Shown:
    """SKUs: the newest list with its positions, what was spoken of last, and those of the list or beside it that were
    `compared` since and are spoken of still."""

    listed: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()

    def at(self, place: int) -> tuple[str, ...]:
        """What has a place, from 1: of what was compared, else of the list; nothing where that is not so long."""
        row = self.compared if place <= len(self.compared) else self.listed
        return row[place - 1 : place] if place > 0 else ()


class Unclear(Exception):
    """A reference that fits several products, or none (`candidates` is empty)."""

    def __init__(self, reference: str, candidates: Sequence[Product] = ()) -> None:
        names = ", ".join(product.title for product in candidates) or "nothing"
        super().__init__(f"{reference!r} fits {names}")
        self.reference = reference
        self.candidates = tuple(candidates[:_NAMED])


def shown_in(messages: Iterable[AnyMessage]) -> Shown:
    """What the results of these messages have shown."""
    shown = Shown()
    for message in messages:
        artifact: dict[str, Any] = (message.artifact if isinstance(message, ToolMessage) else None) or {}
        if artifact.get(SHOWS):
            shown = Shown(tuple(artifact[SHOWS]), tuple(artifact[SHOWS]))
        compared = tuple(artifact.get(COMPARES, ())) or shown.compared
        focus = tuple(artifact.get(SPEAKS_OF) or shown.focus)
        is_other = {*compared} == {*shown.listed} or not {*focus} <= {*compared}
        shown = Shown(shown.listed, focus, () if is_other else compared)
    return shown


def products_meant(references: Reference | Sequence[Reference] | None, shown: Shown, catalog: Catalog) -> list[Product]:
    """The products, each once, in the order of the references; without any, those spoken of last.

    ``products_meant([1, "the badger"], shown, catalog)``. Errors: `Unclear`.
    """
    several = [references] if isinstance(references, str | int | float) else references
    found = [product for each in several or ("it",) for product in _meant(str(each), shown, catalog)]
    return list({product.sku: product for product in found}.values())


def product_meant(reference: Reference | None, shown: Shown, catalog: Catalog) -> Product:
    """The one product. Errors: `Unclear`."""
    found = products_meant(reference, shown, catalog)
    if len(found) != 1:
        raise Unclear(str(reference or ""), found)
    return found[0]


def is_it(reference: Reference | None) -> bool:
    """Whether it is what was spoken of last, by no name of its own."""
    return _plain(reference) in IT


def is_all(reference: Reference | None) -> bool:
    """Whether it is the whole list."""
    return _plain(reference) in ALL


def place_of(reference: Reference) -> int | None:
    """The place in a list, if it is one."""
    plain = _plain(reference).removesuffix(".0")
    return int(plain) if plain.isdecimal() and int(plain) <= _MOST_POSITIONS else None


def best_named(said: str, products: Iterable[Product]) -> list[Product]:
    """Those of a few products that the words fit best, their colors and sizes included; none where they fit badly."""
    return _best(said, products, _ENOUGH, with_variants=True)


def _plain(reference: Reference | None) -> str:
    return fold(str(reference or "").strip()).text.strip(" .,!?#")


def _meant(reference: str, shown: Shown, catalog: Catalog) -> list[Product]:
    said = reference.strip()
    if is_all(said):
        return _known(shown.listed or shown.focus, catalog)
    if is_it(said):
        return _known(shown.focus or shown.listed, catalog)
    if (place := place_of(said)) is not None:
        if not shown.at(place):
            raise Unclear(said)
        return _known(shown.at(place), catalog)
    if product := catalog.by_sku.get(said) or catalog.by_sku.get(said.upper()):
        return [product]
    before = _known(dict.fromkeys((*shown.focus, *shown.listed)), catalog)
    whole = _best(said, catalog.products, 1.0, with_variants=False)
    named = whole if len(whole) == 1 else best_named(said, before) or whole
    best = _best(said, before, 1.0, with_variants=True) or named
    if len(best) != 1:
        raise Unclear(said, best)
    return best


def _known(skus: Iterable[str], catalog: Catalog) -> list[Product]:
    """Those that are still sold."""
    return [product for sku in skus if (product := catalog.by_sku.get(sku))]


def _best(said: str, products: Iterable[Product], enough: float, *, with_variants: bool) -> list[Product]:
    """The products with most of the words, if those are enough of them."""
    wanted = _words(said)
    if not wanted:
        return []
    scores = [(product, _share(wanted, product, with_variants)) for product in products]
    best = max((score for _, score in scores), default=0.0)
    return [product for product, score in scores if score == best] if best >= enough else []


def _share(wanted: Sequence[str], product: Product, with_variants: bool) -> float:
    texts = [product.title, *product.titles.values(), product.brand, product.category]
    if with_variants:
        texts += [part for variant in product.variants for part in (variant.color, variant.size)]
    own, whole = {word for text in texts for word in _words(text)}, fold(" ".join(texts)).text
    return sum(word in own or (has_han(word) and word in whole) for word in wanted) / len(wanted)


def _words(text: str) -> list[str]:
    """The stems that tell something; a Chinese run is one word."""
    latin = [stem(bare(word)) for word in tokens(text) if word.stem not in stop_words()]
    return [*latin, *_HAN_RUN.findall(fold(text).text)]

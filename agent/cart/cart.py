"""A cart's lines, and what may be done to them.

In: the lines as they are, a variant, a number of pieces. Out: the lines as they are then; each variant stands in one
line, with one piece at least. Pure functions. Errors: `NotEnough` where the shop has fewer pieces than are wanted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from errors import Refused
from language.decimals import exact, plain
from retrieval.catalog import Product, Variant


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of a variant. `price` and `title` are those of when it was put in."""

    sku: str
    quantity: int
    price: Decimal
    title: str

    @classmethod
    def of(cls, product: Product, variant: Variant, quantity: int) -> "Line":
        """A variant as it is sold now. Errors: `NotEnough`."""
        if quantity > variant.stock:
            raise NotEnough(variant, quantity)
        return cls(variant.sku, quantity, variant.price, product.title)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the database."""
        return {"sku": self.sku, "quantity": self.quantity, "price": plain(self.price), "title": self.title}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Line":
        """The other way round."""
        return cls(raw["sku"], raw["quantity"], exact(raw["price"]), raw["title"])


Lines = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Cart:
    """What is in it, the oldest first. `checkout`: where it is paid, if the system that keeps it says so."""

    id: str = ""
    lines: Lines = ()
    checkout: str = ""


class NotEnough(Refused):
    """The shop has fewer pieces of a variant than the cart would hold."""

    def __init__(self, variant: Variant, wanted: int) -> None:
        super().__init__(f"there are {variant.stock} of {variant.sku}, not {wanted}")
        self.variant = variant


def text_of(lines: Lines) -> str:
    """Lines as a column holds them."""
    return json.dumps([line.to_json() for line in lines], ensure_ascii=False)


def lines_of(text: str) -> Lines:
    """The other way round."""
    return tuple(Line.from_json(raw) for raw in json.loads(text))


def put(lines: Lines, product: Product, variant: Variant, pieces: int) -> Lines:
    """So many pieces more."""
    return _with(lines, Line.of(product, variant, held_of(lines, variant.sku) + pieces))


def exchanged(lines: Lines, sku: str, product: Product, variant: Variant, pieces: int) -> Lines:
    """So many pieces of the variant in the place of a line, the variant's own or another's."""
    beside = held_of(lines, variant.sku) if variant.sku != sku else 0
    new = Line.of(product, variant, beside + pieces)
    return tuple(new if line.sku == sku else line for line in lines if line.sku == sku or line.sku != variant.sku)


def without(lines: Lines, skus: Sequence[str], pieces: int | None = None) -> Lines:
    """So many pieces less of each; by default none are left."""
    less = (line if line.sku not in skus else _less(line, pieces) for line in lines)
    return tuple(line for line in less if line.quantity > 0)


def joined(own: Lines, other: Lines) -> Lines:
    """Two carts as one: of what both hold, the larger number, since who has put it in twice wants it once."""
    found = {line.sku: line for line in own}
    for line in other:
        if line.quantity > held_of(own, line.sku):
            found[line.sku] = line
    return tuple(found.values())


def held_of(lines: Lines, sku: str) -> int:
    """How many pieces of a variant are in it."""
    return next((line.quantity for line in lines if line.sku == sku), 0)


def _with(lines: Lines, new: Line) -> Lines:
    """The line in the place of the variant's own, else at the end."""
    return tuple({**{line.sku: line for line in lines}, new.sku: new}.values())


def _less(line: Line, pieces: int | None) -> Line:
    return replace(line, quantity=0 if pieces is None else line.quantity - pieces)

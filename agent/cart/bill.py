"""What a cart comes to: its lines as the catalogue has them now, and the total with delivery.

In: lines, a catalogue, a shop. Out: `Priced` lines and plain JSON. What is no longer sold counts nothing; all else
counts with the price of now. Pure functions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agent.cart.cart import Line, Lines
from agent.shop import Shop
from language.decimals import plain
from retrieval.catalog import ONE_SIZE, Catalog, Product, Variant

METHODS = ("standard", "express", "international")


@dataclass(frozen=True, slots=True)
class Priced:
    """A line, and the variant as it is sold now; None: it is sold no more."""

    line: Line
    product: Product | None
    variant: Variant | None

    @property
    def amount(self) -> Decimal:
        """What its pieces cost together."""
        return self.variant.price * self.line.quantity if self.variant else Decimal()

    def to_json(self) -> dict[str, Any]:
        """The line as replies and cards tell it, with what has changed since it was put in.

        `price_then`: another price than now's. `stock`: pieces, where there are fewer than the cart holds. `gone`: it
        is sold no more.
        """
        line, product, variant = self.line, self.product, self.variant
        told: dict[str, Any] = {"sku": line.sku, "quantity": line.quantity}
        if product is None or variant is None:
            return told | {"title": line.title, "titles": {}, "gone": True}
        told |= {"product": product.sku, "title": product.title, "titles": dict(product.titles)}
        told |= {"color": variant.color, "size": "" if variant.size == ONE_SIZE else variant.size}
        told |= {"price": plain(variant.price), "amount": plain(self.amount)}
        if variant.price != line.price:
            told["price_then"] = plain(line.price)
        if variant.stock < line.quantity:
            told["stock"] = variant.stock
        return told


def priced(lines: Iterable[Line], catalog: Catalog) -> list[Priced]:
    """The lines as the catalogue has them now."""
    return [Priced(line, *_sold(line.sku, catalog)) for line in lines]


def bill(lines: Lines, catalog: Catalog, shop: Shop, method: str | None = None) -> dict[str, Any]:
    """`lines`, `pieces`, `goods`, and with delivery `method`, `shipping_fee` and `total`."""
    all_priced = priced(lines, catalog)
    goods = sum((one.amount for one in all_priced), Decimal())
    pieces = sum(one.line.quantity for one in all_priced if one.variant)
    told: dict[str, Any] = {"lines": [one.to_json() for one in all_priced], "pieces": pieces, "goods": plain(goods)}
    return told | (delivered(shop, goods, method) if pieces else {})


def delivered(shop: Shop, goods: Decimal, method: str | None = None) -> dict[str, Any]:
    """The method, its fee and the total; nothing where the shop does not say what delivery costs."""
    named = method if method in METHODS else METHODS[0]
    rule = shop.delivery.get(named)
    if rule is None:
        return {}
    fee = rule.cost(goods)
    return {"method": named, "shipping_fee": plain(fee), "total": plain(goods + fee)}


def _sold(sku: str, catalog: Catalog) -> tuple[Product | None, Variant | None]:
    product = catalog.by_sku.get(sku)
    variant = next((one for one in product.variants if one.sku == sku), None) if product else None
    return (product, variant) if variant else (None, None)

"""A product that was found: as JSON for replies and the contract, and as a card.

In: a hit of a search. Out: plain JSON, and from that a `Card` in the composer's language.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.replies.card import Card, Picture, Rating
from agent.replies.composer import Composer
from language.decimals import plain
from language.money import format_money
from retrieval.catalog import Product, Variant
from retrieval.search import ProductHit

_REASONS, _CHIPS = 2, 7


def product_json(hit: ProductHit, currency: str) -> dict[str, Any]:
    """A hit as cards, replies and the contract show it; `price` in the shop's currency."""
    product, variant = hit.product, hit.variant
    shown = variant or product.variants[0]
    return {
        "sku": product.sku,
        "variant": shown.sku,
        "title": product.title,
        "titles": dict(product.titles),
        "category": product.category,
        "brand": product.brand,
        "price": plain(shown.price),
        "currency": currency,
        "color": shown.color,
        "size": shown.size,
        "stock": shown.stock,
        "rating": product.rating,
        "reviews": product.reviews,
        "facets": {name: list(value) if isinstance(value, tuple) else value for name, value in product.facets.items()},
        "description": product.description,
        "reasons": [_reason(reason) for reason in hit.reasons if not reason.startswith("likes size:")],
        "because": next((reason for reason in hit.reasons if not reason.startswith("likes ")), None),
    }


def best_variant(product: Product) -> Variant:
    """The variant that stands for a product where none was asked for: one that is there, the cheapest."""
    return min(product.variants, key=lambda variant: (variant.stock == 0, variant.price))


def product_card(composer: Composer, product: Mapping[str, Any]) -> Card:
    """Drawing, title, price, the variant, stock, rating, why it is here, and the facets as chips."""
    color, size = str(product["color"]), str(product["size"])
    rated = product["rating"] is not None
    return Card(
        key=str(product["variant"]),
        title=str(product["titles"].get(composer.language) or product["title"]),
        price=format_money(product["price"], product["currency"], composer.language),
        picture=Picture(str(product["category"]), color),
        marks=(color, size) if color else (size,),
        stock=int(product["stock"]),
        rating=Rating(product["rating"], int(product["reviews"] or 0)) if rated else None,
        reasons=tuple(_labelled(composer, reason) for reason in product["reasons"][:_REASONS]),
        text=str(product["description"]),
        chips=tuple(dict.fromkeys(_chips(product)))[:_CHIPS],
    )


def _reason(likes: str) -> str:
    """``_reason("likes color: dark green") == "color dark green"``: a facet's name, then its value."""
    return likes.removeprefix("likes ").replace(": ", " ", 1)


def _labelled(composer: Composer, reason: str) -> str:
    """ "color dark green" with the facet's label; a reason in words as it is."""
    name, _, value = reason.partition(" ")
    return composer.value(name, value) if name in composer.services.shop.facets else reason


def _chips(product: Mapping[str, Any]) -> Iterator[str]:
    if product["brand"]:
        yield str(product["brand"])
    for name, value in product["facets"].items():
        words = name.replace("_", " ")
        match value:
            case list() | tuple():
                yield from map(str, value)
            case True:
                yield words
            case int() | float() if value is not False:
                yield f"{words} {value:g}"
            case str():
                yield value

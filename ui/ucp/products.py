"""Products and variants in UCP's shape.

In: a product of the catalogue, the shop's currency, a language. Out: plain JSON. Pure functions. An id is the SKU. What
the shop has no address or picture of gets none: a wrong one is worse. Titles and descriptions are the catalogue's, as
they are: data, whatever they say.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from retrieval.catalog import ONE_SIZE, Product, Variant
from ui.ucp.envelope import Json
from ui.ucp.money import price

OPTIONS = {"color": "Color", "size": "Size"}  # what the catalogue calls them, and what UCP's examples do
_BEST_RATING = 5


def product_shape(
    product: Product, variants: Sequence[Variant], currency: str, language: str, options: Iterable[Json] | None = None
) -> Json:
    """A product with these of its variants, the featured one first. `options`: its own, unless they say more."""
    rating = {"value": product.rating, "scale_min": 0, "scale_max": _BEST_RATING, "count": product.reviews}
    prices = [variant.price for variant in product.variants]
    facets = {name: list(value) if isinstance(value, tuple) else value for name, value in product.facets.items()}
    shape: Json = {
        "id": product.sku,
        "title": title_of(product, language),
        "description": {"plain": product.description or title_of(product, language)},
        "categories": [{"value": product.category, "taxonomy": "merchant"}],
        "price_range": {"min": price(min(prices), currency), "max": price(max(prices), currency)},
        "options": list(options if options is not None else options_of(product)),
        "variants": [variant_shape(product, variant, currency, language) for variant in variants],
        "metadata": {"brand": product.brand} | facets if product.brand else facets,
    }
    return shape | ({"rating": rating} if product.rating is not None else {})


def variant_shape(product: Product, variant: Variant, currency: str, language: str) -> Json:
    """One article that can be bought."""
    chosen = choices_of(variant)
    words = ", ".join(chosen.values())
    title = title_of(product, language)
    return {
        "id": variant.sku,
        "sku": variant.sku,
        "title": words or title,
        "description": {"plain": f"{title}, {words}" if words else title},
        "price": price(variant.price, currency),
        "availability": availability(variant),
        "options": selection_shape(chosen),
    }


def availability(variant: Variant) -> Json:
    """Whether it can be bought now."""
    return {"available": variant.stock > 0, "status": "in_stock" if variant.stock else "out_of_stock"}


def options_of(product: Product) -> list[Json]:
    """What there is to choose, in the catalogue's order."""
    return [{"name": name, "values": [{"label": label} for label in labels]} for name, labels in labels_of(product)]


def labels_of(product: Product) -> list[tuple[str, list[str]]]:
    """The options that the product has, each with its values."""
    chosen = [choices_of(variant) for variant in product.variants]
    found = ((name, list(dict.fromkeys(one[name] for one in chosen if name in one))) for name in OPTIONS.values())
    return [(name, labels) for name, labels in found if labels]


def choices_of(variant: Variant) -> Mapping[str, str]:
    """The options that make up a variant: ``{"Color": "navy", "Size": "L"}``."""
    held: Mapping[str, Any] = {"color": variant.color, "size": "" if variant.size == ONE_SIZE else variant.size}
    return {OPTIONS[name]: value for name, value in held.items() if value}


def selection_shape(chosen: Mapping[str, str]) -> list[Json]:
    """Choices as UCP lists them."""
    return [{"name": name, "label": label} for name, label in chosen.items()]


def title_of(product: Product, language: str) -> str:
    """The title in that language, if the catalogue has one."""
    return product.titles.get(language, product.title)


def best_first(variants: Iterable[Variant]) -> list[Variant]:
    """The one to show first: one that is there, the cheapest."""
    return sorted(variants, key=lambda variant: (variant.stock == 0, variant.price))

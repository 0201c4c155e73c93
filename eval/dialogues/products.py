"""A product as dialogues speak of it: its fields by name, and whether they meet a condition.

In: the catalogue's products, conditions of `eval.dialogues.form`. Out: fields, and yes or no. No errors: a field that a
product does not have meets nothing.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from eval.dialogues.form import Condition, Range
from retrieval.catalog import Product

Fields = Mapping[str, tuple[Any, ...]]
LOW = "low"  # what the cheapest variant costs: what a price limit is about


def fields(product: Product) -> Fields:
    """The values of each field and facet: ``{"category": ("boots",), "color": ("black", "red"), ...}``."""
    facets = {name: value if isinstance(value, tuple) else (value,) for name, value in product.facets.items()}
    variants = product.variants
    return {
        "sku": (product.sku,),
        "title": (product.title,),
        "category": (product.category,),
        "brand": (product.brand,),
        "price": (product.price,),
        **facets,
        "color": tuple(sorted({variant.color for variant in variants if variant.color})),
        "size": tuple(sorted({variant.size for variant in variants})),
        LOW: (min(variant.price for variant in variants),),
    }


def meets(product: Fields, condition: Condition) -> bool:
    """Whether the product has one of the values, or a number in the range, for every field of the condition."""
    return all(_has(product.get(name, ()), wanted) for name, wanted in condition.items())


def _has(held: tuple[Any, ...], wanted: Range | tuple[Any, ...]) -> bool:
    if isinstance(wanted, Range):
        return any(_is_within(value, wanted) for value in held)
    return not {_plain(value) for value in wanted}.isdisjoint(map(_plain, held))


def _is_within(value: Any, wanted: Range) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    number = Decimal(str(value))
    return (wanted.min is None or number >= wanted.min) and (wanted.max is None or number <= wanted.max)


def _plain(value: Any) -> str:
    """59, 59.0 and "59" are one value; true and "true" are two."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)

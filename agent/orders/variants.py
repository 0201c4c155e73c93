"""Which variant of an ordered item is wanted instead, and which there are.

In: the item, its product in the catalogue, and a size and color as somebody said them. Out: a `Search`: the variant to
swap for, or why there is none and what is in stock. Pure functions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.orders.order import OrderItem
from language.text import fold
from retrieval.catalog import Product, Variant
from retrieval.facets import VARIANT_FACETS, FacetSpace

Wanted = Mapping[str, str]  # size and color, as far as they were said
# Nothing was wanted yet; there is no such variant; several fit; none is in stock; it costs more.
Why = Literal["yours", "no_such", "several", "sold_out", "price"]


@dataclass(frozen=True, slots=True)
class Search:
    """`found` is the one to swap for. Else `why` not, those that were `wanted`, and those to choose from."""

    found: Variant | None
    why: Why = "yours"
    wanted: Sequence[Variant] = ()
    others: Sequence[Variant] = ()


def search_variant(product: Product, item: OrderItem, count: int, wanted: Wanted, facets: FacetSpace) -> Search:
    """The variant that is wanted, in stock for all pieces and no dearer than what was bought.

    What was not said stays as it is. To choose from are, of a wish that cannot be met, those that share its size or
    its color.
    """
    own = next((variant for variant in product.variants if variant.sku == item.sku), None)
    others = [variant for variant in product.variants if variant.stock >= count and variant is not own]
    if not wanted:
        return Search(None, "yours", (), others)
    kept = {name: frozenset((str(getattr(own or item, name)),)) for name in VARIANT_FACETS}
    values = kept | {name: _values(name, said, product, facets) for name, said in wanted.items()}
    fitting = [variant for variant in product.variants if _agrees(variant, values, all)]
    fitting = [variant for variant in fitting if variant is not own] or fitting  # "green" of who has a green one
    near = [variant for variant in others if _agrees(variant, values, any)] or others
    there = [variant for variant in fitting if variant.stock >= count or variant is own]
    if len(there) == 1:
        limit = max(item.price, own.price if own else item.price)
        return Search(None, "price", there, near) if there[0].price > limit else Search(there[0])
    if there:
        return Search(None, "several", there, there)
    return Search(None, "sold_out" if fitting else "no_such", fitting, near)


def offered_variants(product: Product, item: OrderItem, count: int, wanted: Wanted, facets: FacetSpace) -> Search:
    """What there is to choose from, of the size or color that is wanted: "which colors do they have in 41?"."""
    own = next((variant for variant in product.variants if variant.sku == item.sku), None)
    values = {name: _values(name, said, product, facets) for name, said in wanted.items()}
    there = [one for one in product.variants if one.stock >= count and one is not own]
    return Search(None, "yours", (), [one for one in there if all(getattr(one, n) in v for n, v in values.items())])


def _agrees(variant: Variant, values: Mapping[str, frozenset[str]], how: Callable[[Iterable[bool]], bool]) -> bool:
    return how(getattr(variant, name) in values[name] for name in VARIANT_FACETS)


def _values(name: str, said: str, product: Product, facets: FacetSpace) -> frozenset[str]:
    """What the product has of a size or color as somebody said it: "medium" is M, "green" may be two greens."""
    own = frozenset(str(getattr(variant, name)) for variant in product.variants)
    exact = frozenset(value for value in own if fold(value).text == fold(said).text)
    if exact or name not in facets.facets:
        return exact
    value = facets.match(name, said)
    return facets.members(name, value) & own if value else frozenset()

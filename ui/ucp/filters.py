"""UCP's filters as the shop's: its three, and one for each facet of the shop.

In: filters as a platform sends them, the catalogue, the shop's facets and currency. Out: `Wanted`, with a message for
what could not be understood. UCP leaves filters open, and names only categories and a price; brand, color, size and
whatever else the shop declares are found the same way. Pure functions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from errors import choices
from retrieval.catalog import Catalog
from retrieval.facets import FacetSpace
from retrieval.filters import Filters
from ui.ucp import requests
from ui.ucp.envelope import Json, info
from ui.ucp.money import major

_WHERE = "$.filters"
_OWN = ("available", "categories", "price")
_MOST_NAMED = 40
_IN_CATEGORIES = "category"  # a facet that has a filter of UCP's own


@dataclass(frozen=True, slots=True)
class Wanted:
    """`filters` for the retriever; `messages`: what of the platform's filters was passed over, and why."""

    filters: Filters
    messages: tuple[Json, ...] = ()


def wanted(
    asked: requests.Filters | None, context: requests.Context, catalog: Catalog, space: FacetSpace, currency: str
) -> Wanted:
    """What is asked for. Without `available`, what is sold out is found too, and says so."""
    asked = asked or requests.Filters.model_validate({})
    facets, messages = _facets(asked.__pydantic_extra__ or {}, space)
    skus = None if asked.categories is None else _of_categories(asked.categories, catalog, space)
    low, high = (asked.price.min, asked.price.max) if asked.price else (None, None)
    if asked.price and context.currency not in (None, currency):
        low = high = None
        said = f"the price filter is in {context.currency} and was passed over; prices are in {currency}"
        messages = [*messages, info("currency_unsupported", said, f"{_WHERE}.price")]
    filters = Filters(
        min_price=None if low is None else float(major(low, currency)),
        max_price=None if high is None else float(major(high, currency)),
        in_stock=bool(asked.available),
        any_of={name: values for name, values in facets.items() if values},
        only=skus if all(facets.values()) else frozenset(),
    )
    return Wanted(filters, tuple(messages))


def filter_names(space: FacetSpace) -> list[str]:
    """The facets that can be filtered by."""
    return [name for name in space.names if name != _IN_CATEGORIES]


def _of_categories(names: list[str], catalog: Catalog, space: FacetSpace) -> frozenset[str]:
    """SKUs of the products of any of these: by the category's name, or by another word for it that the shop has."""
    meant = {category for category in catalog.categories for name in names if category.casefold() == name.casefold()}
    if _IN_CATEGORIES in space.names:
        found = (space.match(_IN_CATEGORIES, name) for name in names)
        meant |= {value for match in found if match for value in space.members(_IN_CATEGORIES, match)}
    return frozenset(product.sku for product in catalog.products if product.category in meant)


def _facets(asked: Mapping[str, Any], space: FacetSpace) -> tuple[dict[str, tuple[str, ...]], list[Json]]:
    """Values by facet. Where the catalogue has none of them, there are none, and a message names some that it has."""
    found: dict[str, tuple[str, ...]] = {}
    messages = list[Json]()
    for name, raw in asked.items():
        if name not in filter_names(space):
            said = f"no filter {name[:40]!r}; there are {choices((*_OWN, *filter_names(space)), _MOST_NAMED)}"
            messages.append(info("unknown_filter", said, _WHERE))
            continue
        values = list(_values(raw))
        matches = (space.match(name, value) for value in values)
        found[name] = tuple(match for match in matches if match and space.members(name, match))
        if not found[name]:
            said = f"no {name} is called {', '.join(values)[:80]!r}; there are {choices(space.values(name))}"
            messages.append(info("unknown_value", said, f"{_WHERE}.{name}"))
    return found, messages


def _values(raw: Any) -> Iterator[str]:
    """One value, several, or the two ends of a range of numbers, as the facets read them."""
    match raw:
        case list():
            yield from (value for one in raw for value in _values(one))
        case dict() if raw.keys() & {"min", "max"}:
            low, high = (raw.get(end) for end in ("min", "max"))
            yield f"{'' if low is None else low}..{'' if high is None else high}"
        case bool():
            yield str(raw).lower()
        case str() | int() | float():
            yield str(raw)

"""The shelves of the demo shop: what somebody wants to see in, products and conditions that narrow them out.

What is on the shelves is public, so it is read from the catalogue itself. Errors: none; a condition or an order that
there is not is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from language.names import label_in
from retrieval.facets import facet_values
from retrieval.filters import Filters
from retrieval.search import ProductHit, Retriever

FACETS = ("category", "gender", "color", "size", "brand", "activity", "material")
SORTS: Mapping[str, str] = {
    "": "Best match",
    "rating": "Best rated",
    "price_low": "Price, lowest first",
    "price_high": "Price, highest first",
}
PAGE = 24  # products
_VALUES = 16  # of a facet that are shown
_LIKE = 0.55  # of the best one's score: less is not what was looked for


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see; `conditions` by facet."""

    query: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1

    @property
    def address(self) -> str:
        """The page that shows it."""
        page = str(self.page) if self.page > 1 else ""
        asked = {"query": self.query, **self.conditions, "sort": self.sort, "page": page}
        pairs = {name: value for name, value in asked.items() if value}
        return f"/shop/?{urlencode(pairs)}" if pairs else "/shop/"

    def with_condition(self, facet: str, value: str) -> "Wish":
        """One more condition, or with "" one less; on the first page."""
        return replace(self, conditions={**self.conditions, facet: value} if value else _without(self, facet), page=1)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet, how many products have it, and the page that a click on it leads to."""

    name: str
    count: int
    is_on: bool
    address: str


@dataclass(frozen=True, slots=True)
class Group:
    """A facet by its label."""

    label: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of what was found. `before` and `after`: the addresses of its neighbours, where there are any."""

    wish: Wish
    hits: Sequence[ProductHit]
    total: int
    groups: Sequence[Group]
    before: str = ""
    after: str = ""


def wish_of(asked: Mapping[str, str], retriever: Retriever) -> Wish:
    """From the words of an address."""
    space = retriever.facets
    named = {name: asked[name] for name in FACETS if asked.get(name) and name in space.names}
    conditions = {name: value for name, value in named.items() if value in space.values(name)}
    page = asked.get("page", "")
    return Wish(
        query=asked.get("query", "").replace("\x00", "").strip()[:200],
        conditions=conditions,
        sort=asked["sort"] if asked.get("sort") in SORTS else "",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 4 else 1,
    )


def shelf_of(wish: Wish, retriever: Retriever) -> Shelf:
    """What fits, a page of it."""
    found = _found(wish, retriever)
    pages = -(-len(found) // PAGE) or 1
    page = min(wish.page, pages)
    return Shelf(
        wish=wish,
        hits=found[(page - 1) * PAGE : page * PAGE],
        total=len(found),
        groups=[group for name in FACETS if (group := _group(name, wish, retriever, found))],
        before=replace(wish, page=page - 1).address if page > 1 else "",
        after=replace(wish, page=page + 1).address if page < pages else "",
    )


def _found(wish: Wish, retriever: Retriever) -> list[ProductHit]:
    filters = Filters(equals=wish.conditions, in_stock=False)
    hits = retriever.search(wish.query, filters, k=len(retriever.catalog.products) or 1, sort=wish.sort or None)
    if not wish.query or wish.sort or not hits:
        return hits
    return [hit for hit in hits if hit.score >= _LIKE * hits[0].score]


def _group(name: str, wish: Wish, retriever: Retriever, found: Sequence[ProductHit]) -> Group | None:
    """The values of what was found; of a facet that is chosen already, the chosen one, which a click takes away."""
    if name not in retriever.facets.names:
        return None
    facet, chosen = retriever.facets.facet(name), wish.conditions.get(name)
    counts = Counter(value for hit in found for value in set(facet_values(hit.product, None, name)) if value)
    shown = [chosen] if chosen else [value for value, _ in counts.most_common(_VALUES)]
    values = [
        Value(value, counts[value], value == chosen, wish.with_condition(name, "" if chosen else value).address)
        for value in sorted(shown, key=facet.values.index)
    ]
    is_worth_it = chosen or len(values) > 1
    return Group(label_in(facet.label, "en", name), values) if is_worth_it else None


def _without(wish: Wish, facet: str) -> dict[str, str]:
    return {name: value for name, value in wish.conditions.items() if name != facet}

"""The catalogue by UCP: search, look up by id, one product with what can be chosen of it.

In: a call and a payload. Out: UCP's answers. Errors: `DataError` for a request that asks for nothing or names a page
that there is not, `ModelError` if the search cannot read the query.
"""

from collections.abc import Sequence

from errors import DataError
from language.text import has_han
from retrieval.catalog import Product, Variant
from retrieval.filters import Filters, prepare
from retrieval.search import SORT_POOL, ProductHit
from ui.access.caller import Scope
from ui.ucp.call import Call
from ui.ucp.envelope import Capability, Json, enveloped, info, not_found
from ui.ucp.filters import Wanted, wanted
from ui.ucp.policies import policies
from ui.ucp.products import best_first, product_shape
from ui.ucp.requests import MOST_HITS, Context, Lookup, ProductAsked, Search
from ui.ucp.requests import Filters as AskedFilters
from ui.ucp.selection import select, select_variant, signalled

_LIKE = 0.3  # a score below which nothing is like the words of a search


def search(call: Call, asked: Search) -> Json:
    """The products that fit best, one variant each."""
    call.caller.needs(Scope.SEARCH)
    query = (asked.query or "").strip()
    if not query and (asked.filters is None or asked.filters.is_empty):
        raise DataError("a search needs a query, filters, or both")
    start, size = _start(asked.pagination.cursor), min(asked.pagination.limit, MOST_HITS)
    retriever, shop = call.services.retriever, call.services.shop
    want = _wanted(call, asked.filters, asked.context)
    hits = retriever.search(query, want.filters, k=max(1, len(retriever.catalog.products)))
    hits = _relevant(hits, query) if query else hits
    page = hits[start : start + size]
    has_more = start + size < len(hits)
    found = [product_shape(hit.product, [hit.variant], shop.currency, asked.context.tongue) for hit in page]
    pagination: Json = {"has_next_page": has_more, "total_count": len(hits)}
    pagination |= {"cursor": str(start + size)} if has_more else {}
    body = {"products": found, "pagination": pagination} | (policies(shop.facts) if found else {})
    return enveloped(Capability.SEARCH, body, want.messages)


def lookup(call: Call, asked: Lookup) -> Json:
    """The products of these ids, each once, with the variants that are meant."""
    call.caller.needs(Scope.SEARCH)
    catalog, shop = call.services.retriever.catalog, call.services.shop
    want = _wanted(call, asked.filters, asked.context)
    meant: dict[str, dict[str, list[Json]]] = {}  # by product and variant, the ids that resolved to it
    messages = list(want.messages)
    for id in dict.fromkeys(asked.ids):
        product = catalog.by_sku.get(id)
        if product is None:
            messages.append(info("not_found", id))
        elif passing := _passing(call, product, want.filters):
            exact = next((variant for variant in product.variants if variant.sku == id), None)
            if exact is None or exact in passing:
                variant, match = (exact, "exact") if exact else (passing[0], "featured")
                meant.setdefault(product.sku, {}).setdefault(variant.sku, []).append({"id": id, "match": match})
    found = list[Json]()
    for sku, inputs in meant.items():
        product = catalog.by_sku[sku]
        variants = [variant for name in inputs for variant in product.variants if variant.sku == name]
        shape = product_shape(product, variants, shop.currency, asked.context.tongue)
        told = [variant | {"inputs": inputs[variant["id"]]} for variant in shape["variants"]]
        found.append(shape | {"variants": told})
    body = {"products": found} | (policies(shop.facts) if found else {})
    return enveloped(Capability.LOOKUP, body, messages)


def product(call: Call, asked: ProductAsked) -> Json:
    """One product: the variants that the choices leave, and what could be chosen beside them."""
    call.caller.needs(Scope.SEARCH)
    catalog, shop = call.services.retriever.catalog, call.services.shop
    found = catalog.by_sku.get(asked.id)
    if found is None:
        return not_found(Capability.LOOKUP, f"there is no product or variant {asked.id!r}")
    want = _wanted(call, asked.filters, asked.context)
    exact = next((variant for variant in found.variants if variant.sku == asked.id and asked.id != found.sku), None)
    chosen = [(one.name, one.label) for one in asked.selected]
    selection = select_variant(found, exact) if exact else select(found, chosen, asked.preferences)
    passing = _passing(call, found, want.filters)
    variants = [variant for variant in selection.variants if variant in passing]
    if not variants:
        return not_found(Capability.LOOKUP, f"no variant of {asked.id!r} that was chosen passes the filters")
    options = signalled(found, selection.chosen)
    shape = product_shape(found, variants, shop.currency, asked.context.tongue, options)
    shape["selected"] = [{"name": name, "label": label} for name, label in selection.chosen.items()]
    return enveloped(Capability.LOOKUP, {"product": shape} | policies(shop.facts), want.messages)


def _wanted(call: Call, filters: AskedFilters | None, context: Context) -> Wanted:
    retriever = call.services.retriever
    return wanted(filters, context, retriever.catalog, retriever.facets, call.services.shop.currency)


def _passing(call: Call, product: Product, filters: Filters) -> Sequence[Variant]:
    """The variants that meet the filters, the best first."""
    return best_first(prepare(filters, call.services.retriever.facets).passing(product))


def _relevant(hits: Sequence[ProductHit], query: str) -> list[ProductHit]:
    """Those that are about as like the query as the best; none where the best is not like it."""
    if not hits or (hits[0].score < _LIKE and not has_han(query)):
        return []
    return [hit for hit in hits if hit.score >= SORT_POOL * hits[0].score]


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit():
        raise DataError(f"no page {cursor[:40]!r}; a cursor is what the page before it said")
    return int(cursor)

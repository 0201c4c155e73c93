"""Routes of products: a search as the agent's own, and one product with its variants.

In: words and facets as they are asked for. Out: products in the order of the search, with the reasons that the page
shows. Where a customer is named, what is known of them leaves out, narrows and reorders, as in a conversation.
Errors: `Invalid` names the facets and values that there are, `NotFound`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from agent.context import Services, turn_context
from agent.personalization import avoided, tastes
from agent.recommendations import owned_durables, personal_order
from agent.replies.composer import Composer
from agent.tools.products import best_variant, product_card, product_json
from agent.tools.search_products import POOL
from agent.tools.suited import suited
from profiles.observation import Profile
from retrieval.catalog import ONE_SIZE, Variant
from retrieval.facets import FacetSpace
from retrieval.filters import Filters
from retrieval.search import ProductHit
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api.money import Money, money
from ui.api.problems import Invalid, documented
from ui.api.router import Sku, group
from ui.api.who import customer_of
from ui.session import new_visitor

if TYPE_CHECKING:
    from ui.server import Site

_MOST_CHARS = 500
_FACET = r"^[^:\x00]+:[^\x00]+$"


class ProductVariant(BaseModel):
    """One article of a product: what is put in a cart."""

    sku: str = Field(examples=["JKT-1001-NVY-M"])
    color: str = Field(examples=["navy"])
    size: str = Field(description="Empty where the product comes in one size.", examples=["M"])
    price: Money
    stock: int = Field(description="Pieces that are there.", examples=[14])


class FoundProduct(BaseModel):
    """A product. `variant`, `price`, `color`, `size` and `stock` are those of the variant that fits best."""

    sku: str = Field(examples=["JKT-1001"])
    title: str = Field(examples=["Badger Men's Rain Jacket"])
    description: str
    category: str = Field(examples=["jackets"])
    brand: str = Field(examples=["Greenshank"])
    variant: str = Field(examples=["JKT-1001-NVY-M"])
    color: str = Field(examples=["navy"])
    size: str = Field(examples=["M"])
    price: Money
    stock: int = Field(examples=[14])
    rating: float | None = Field(description="0 to 5; null before the first review.", examples=[3.9])
    reviews: int = Field(examples=[23])
    url: str | None = Field(description="Its page in the shop, where the catalogue says it.")
    reason: str | None = Field(
        description="Why it stands where it does, for whom it was searched.", examples=["Colour: dark green"]
    )
    facets: dict[str, Any] = Field(description="What else the catalogue says of it.", examples=[{"weight": 410}])
    variants: list[ProductVariant]


class FoundProducts(BaseModel):
    """What a search found, the best first."""

    products: list[FoundProduct]


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = group("Products")
    asking = Depends(authenticated(site.access))

    @router.get("/products", response_model=FoundProducts, responses=documented(404), summary="Search products")
    def search_products(
        caller: Annotated[Caller, asking],
        query: Annotated[
            str,
            Query(max_length=_MOST_CHARS, description="What is looked for; empty lists the best rated."),
        ] = "",
        facet: Annotated[
            list[Annotated[str, Field(pattern=_FACET)]] | None,
            Query(
                max_length=20,
                description="A condition, as `name:value`. All hold; of two values of what a product has one of, "
                "such as its brand, either. Values are understood as people write them; of a number also a range: "
                "`weight:..500`.",
                examples=[["color:green", "size:M"]],
            ),
        ] = None,
        min_price: Annotated[Decimal | None, Query(ge=0, le=1_000_000_000, description="The least it costs.")] = None,
        max_price: Annotated[Decimal | None, Query(ge=0, le=1_000_000_000, description="The most it costs.")] = None,
        sort: Annotated[
            str | None,
            Query(max_length=60, description="`price_low`, `price_high`, `rating`, or a number: `weight_low`."),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=POOL, description="The most products.")] = 10,
        language: Annotated[str | None, Query(max_length=10, description="Of titles and reasons.")] = None,
        customer: Annotated[
            str | None,
            Query(max_length=100, description="For whom: what is known of them counts. It needs the scope `profiles`."),
        ] = None,
    ) -> FoundProducts:
        """Find products in stock that meet every condition.

        Prices are texts, never numbers: a float would not be exact.
        """
        caller.needs(Scope.SEARCH)
        who = customer_of(site.shopkeeper, caller, customer, Scope.SEARCH, Scope.PROFILES) if customer else None
        services = site.shopkeeper.services
        spoken = spoken_in(services, language)
        filters = _filters(services.retriever.facets, facet or (), min_price, max_price)
        if sort is not None and sort not in (valid := services.retriever.sorts):
            raise Invalid(f"there is no order {sort!r}", valid)
        hits = _search(services, query.replace("\x00", ""), filters, sort, who)[:limit]
        return FoundProducts(products=[found_product(services, as_json(services, hit), spoken) for hit in hits])

    @router.get("/products/{sku}", response_model=FoundProduct, responses=documented(404), summary="Read one product")
    def read_product(
        sku: Sku,
        caller: Annotated[Caller, asking],
        language: Annotated[str | None, Query(max_length=10, description="Of the title.")] = None,
    ) -> FoundProduct:
        """A product with all its variants, by its SKU or that of a variant, which then is the one that is shown."""
        caller.needs(Scope.SEARCH)
        services = site.shopkeeper.services
        product = services.retriever.catalog.find(sku)
        exact = next((one for one in product.variants if one.sku == sku), None)
        hit = ProductHit(product, exact or best_variant(product), 0.0, ())
        return found_product(services, as_json(services, hit), spoken_in(services, language))

    return router


def spoken_in(services: Services, language: str | None) -> str:
    """The language that is asked for, else the shop's first. Errors: `Invalid`."""
    served = services.shop.languages
    if language is not None and language not in served:
        raise Invalid(f"the shop does not speak {language!r}", served)
    return language or served[0]


def as_json(services: Services, hit: ProductHit) -> dict[str, Any]:
    """A hit as the tools' results have it."""
    return product_json(hit, services.shop.currency)


def found_product(services: Services, hit: Mapping[str, Any], language: str) -> FoundProduct:
    """A hit of a tool's result, told in a language; its variants are those of the catalogue as it is now."""
    card = product_card(Composer(services, language, str(hit["sku"])), hit)
    product = services.retriever.catalog.by_sku.get(hit["sku"])
    currency = str(hit["currency"])
    return FoundProduct(
        **{name: hit[name] for name in ("sku", "description", "category", "brand", "variant", "color", "stock")},
        title=card.title,
        size=_size(hit["size"]),
        price=money(hit["price"], currency),
        rating=hit["rating"],
        reviews=hit["reviews"],
        url=(product and product.url) or None,
        reason="; ".join(card.reasons) or None,
        facets=dict(hit["facets"]),
        variants=[_variant(one, currency) for one in product.variants] if product else [],
    )


def _variant(variant: Variant, currency: str) -> ProductVariant:
    return ProductVariant(
        sku=variant.sku,
        color=variant.color,
        size=_size(variant.size),
        price=money(variant.price, currency),
        stock=variant.stock,
    )


def _size(size: str) -> str:
    return "" if size == ONE_SIZE else size


def _filters(space: FacetSpace, conditions: Sequence[str], low: Decimal | None, high: Decimal | None) -> Filters:
    """Hard conditions; unlike in a conversation none is given up where nothing fits."""
    named = [condition.split(":", 1) for condition in conditions]
    for name, _ in named:
        if name not in space.names:
            raise Invalid(f"there is no facet {name!r}", space.names)
    found: dict[str, list[str]] = {}
    for name, raw in named:
        value = space.match(name, raw)
        if value is None or not space.members(name, value):
            raise Invalid(f"no product has {name} {raw!r}", space.values(name))
        found.setdefault(name, []).append(value)
    prices = {name: None if price is None else float(price) for name, price in (("min", low), ("max", high))}
    several = {name: tuple(values) for name, values in found.items() if len(values) > 1}
    return Filters(
        equals={name: values[0] for name, values in found.items() if len(values) == 1},
        any_of={name: values for name, values in several.items() if not space.facet(name).many},
        all_of={name: values for name, values in several.items() if space.facet(name).many},
        min_price=prices["min"],
        max_price=prices["max"],
    )


def _search(
    services: Services, query: str, filters: Filters, sort: str | None, who: str | None
) -> Sequence[ProductHit]:
    """As the agent's tool searches: in the size and for the people whom it is for, without what they dislike."""
    context = turn_context(services, who or new_visitor(), "", query, ())
    profile = services.profiles.read(who) if who else Profile("")
    without, without_in = avoided(context, profile, filters.equals)
    wanted = replace(filters, without=without, without_in=without_in)
    retriever, prefer = services.retriever, tastes(context, profile, wanted)
    for narrowed in (*suited(context, profile, wanted), wanted):
        if hits := retriever.search(query, narrowed, k=POOL, sort=sort, prefer=prefer):
            return hits if sort or not who else personal_order(context, hits, owned_durables(context))
    return ()

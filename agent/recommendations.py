"""What a customer did, in the results of a search: their order, the reasons for it, and what others took.

In: hits and the turn's context. Out: the hits with what the customer leans to moved up, each with the act that says
so, and durables that they have already moved down; and now and then one product beside them. Only with the customer's
consent to profiling; what they bought is the shop's own record.
"""

from collections.abc import Collection, Sequence
from typing import Any

from agent.context import TurnContext
from agent.personalization import Held, held
from language.dates import format_day
from profiles.observation import Trait
from profiles.preference.service import PreferenceScore
from retrieval.catalog import Product
from retrieval.facets import VARIANT_FACETS, facet_values
from retrieval.filters import Filters, prepare
from retrieval.search import Boost, ProductHit, reorder

AMONG = 24  # hits that may change places
SUGGESTION = "suggestion"  # the artifact's key
LEANING = 0.08  # added to the relevance for what the customer leans to most; a stated like adds .06
OWNED = -0.2  # behind what they have not, unless they ask for just this
_GONE = frozenset(("cancelled", "returned", "lost"))


def owned_durables(context: TurnContext) -> frozenset[str]:
    """Skus of products that the customer has and needs no second time."""
    if context.is_visitor:
        return frozenset()
    booked = {
        order.id: [item.sku for item in order.items if order.status not in _GONE and item.returned < item.quantity]
        for order in context.services.orders.list(context.customer)
    }
    return context.services.preferences.owned(context.customer, booked)


def personal_order(context: TurnContext, hits: Sequence[ProductHit], owned: Collection[str]) -> list[ProductHit]:
    """The hits as this customer's acts order them."""
    hits = hits[:AMONG]
    boosts = {sku: Boost(OWNED) for sku in owned}
    among = [hit.product.sku for hit in hits if hit.product.sku not in owned]
    if among and context.profiling_allowed:
        for leaning in context.services.preferences.leanings(context.customer, among, owned):
            if words := _why(context, leaning):
                boosts[leaning.item] = Boost(LEANING * leaning.weight, words)
    return reorder(hits, boosts)


def suggestion(
    context: TurnContext,
    hits: Sequence[ProductHit],
    filters: Filters,
    excluded: Collection[str],
    traits: Sequence[Trait],
) -> tuple[Product, ProductHit] | None:
    """A hit and what others took who looked at it: in stock, nothing that is disliked, nothing of `excluded`.

    `traits`: of whoever is to have it.
    """
    retriever = context.services.retriever
    own = [one for one in held(context, (trait for trait in traits if trait.polarity == "fact")) if one.is_own]
    test = prepare(Filters(without=filters.without, without_in=filters.without_in), retriever.facets)
    kinds = {hit.product.category for hit in hits}
    for hit in hits:
        for sku in context.services.preferences.companions(hit.product.sku):
            product = retriever.catalog.by_sku.get(sku)
            if product is None or sku in excluded or product.category in kinds or not _suits(context, product, own):
                continue
            if variants := test.passing(product):
                return hit.product, ProductHit(product, variants[0], 0.0, ())
    return None


def earlier_suggestions(messages: Sequence[Any]) -> frozenset[str]:
    """What this consultation has been told already."""
    artifacts = [getattr(message, "artifact", None) or {} for message in messages]
    return frozenset(artifact[SUGGESTION]["sku"] for artifact in artifacts if SUGGESTION in artifact)


def _suits(context: TurnContext, product: Product, own: Sequence[Held]) -> bool:
    """Whether nothing that holds for all of the product contradicts what is the customer's own."""
    facets = context.services.retriever.facets
    told = [one for one in own if one.facet in facets.names and one.facet not in VARIANT_FACETS]
    return all(
        not (values := facet_values(product, None, one.facet))
        or not (members := facets.members(one.facet, one.value))
        or not members.isdisjoint(values)
        for one in told
        if one.concerns(product)
    )


def _why(context: TurnContext, leaning: PreferenceScore) -> str:
    """The act in words: "you looked at the Norrland Boots on Tuesday"."""
    product = context.services.retriever.catalog.by_sku.get(leaning.item_seen)
    if product is None:
        return ""
    kind = "viewed" if leaning.event.kind == "clicked" else leaning.event.kind
    key = f"act_{kind}_this" if leaning.item_seen == leaning.item else f"act_{kind}"
    title = product.titles.get(context.language, product.title)
    day = format_day(context.day_of(leaning.event.at), context.language, context.today)
    return context.services.phrases.say(key, context.language, title=title, day=day)

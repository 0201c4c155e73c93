"""The finding tools: products by words and validated filters, and approved answers.

In: the model's arguments and the turn's context. Out: `Outcome`s of kind "products" and "answer". The profile takes
part in code (`agent.tastes`): what the customer dislikes is excluded, what was said in this consultation about price
holds until it is changed, and what the customer likes and did reorders the hits with a reason that names the trait or
the act.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from langchain.tools import ToolRuntime

from agent.asking import answered, next_question, onward
from agent.context import ShopState, TurnContext
from agent.intents import PRICES, QUERY, inherited, resumed
from agent.tastes import avoided, tastes
from agent.tools.outcome import Artifact, Outcome, outcome
from agent.tools.personal import (
    SUGGESTION,
    earlier_suggestions,
    owned_durables,
    personal_order,
    suggestion,
)
from language.decimals import plain
from profiles.card import brief
from profiles.observation import Profile
from retrieval.filters import Filters
from retrieval.search import AnswerHit, ProductHit, Sort

SHOWN = 3
POOL = 40  # of which the first are shown; whether and what to ask is judged by all
# When nothing matches, filters go in this order: taste before fit, and never the price or a dislike.
_RELAXED_FIRST = ("brand", "material", "color", "size", "category")


@dataclass(frozen=True, slots=True)
class Wish:
    """What to search for: the words, the filters, and filters that no catalogue value fits."""

    query: str
    filters: Filters
    unknown: tuple[str, ...]


def search_products(
    query: str,
    runtime: ToolRuntime[TurnContext, ShopState],
    min_price: float | None = None,
    max_price: float | None = None,
    sort: Sort | None = None,
    **asked: str,
) -> Outcome:
    """The best products in stock that meet every filter (`asked`: by facet name, as the shop has them).

    Filters that leave nothing are dropped, and named.
    """
    context = runtime.context
    profile = context.services.profiles.read(context.customer)
    messages = runtime.state["messages"]
    named = answered(context, messages) | {name: value for name, value in asked.items() if value}
    prices = _prices(min_price, max_price)
    back = resumed(context, messages, named)
    if back is not None:
        held = inherited(context, back)
        named = {name: value for name, value in held.items() if name not in PRICES} | named
        prices = _inherited_prices(held, prices)
        query = " ".join(dict.fromkeys([*query.split(), *back.values.get(QUERY, "").split()]))
    wish = _wish(context, profile, query, named, prices)
    pool, filters, dropped = _search(context, profile, wish, sort)
    owned = owned_durables(context)
    held_to = _filters_json(filters)
    hits = (pool if sort else onward(messages, personal_order(context, pool, owned), held_to))[:SHOWN]
    beside = suggestion(context, hits, filters, owned | earlier_suggestions(messages))
    artifact: Artifact = {
        "kind": "products",
        "query": query,
        "filters": held_to,
        "dropped": [*wish.unknown, *dropped],
        "hits": [product_json(hit, context.services.shop.currency) for hit in hits],
    }
    if beside:
        anchor, hit = beside
        artifact[SUGGESTION] = {"anchor": dict(anchor.titles) | {"en": anchor.title}} | product_json(
            hit, context.services.shop.currency
        )
    if back is not None:
        artifact["resumed"] = {"id": back.id, "wanted": brief(back)}
    if not hits:
        return outcome(context, artifact, "found nothing")
    if not (sort or dropped) and (question := next_question(context, profile, messages, pool, filters)):
        artifact["question"] = question
    lines = [f"{hit.product.sku} {hit.product.title} {hit.product.price:.2f}" for hit in hits]
    return outcome(context, artifact, f"found {', '.join(hit.product.sku for hit in hits)}", "\n".join(lines))


def find_answer(question: str, runtime: ToolRuntime[TurnContext, ShopState]) -> Outcome:
    """The approved answer to the question; the customer's own words are tried too, the better match counts."""
    context = runtime.context
    retriever, shop = context.services.retriever, context.services.shop
    said = context.heard.get(context.turn, "")
    tried = [retriever.answer(words, context.language) for words in dict.fromkeys((question, said)) if words.strip()]
    found = [hit for hit in tried if hit is not None]
    if found:
        best: AnswerHit = max(found, key=lambda hit: hit.score)
        text = best.template.text.get(context.language) or best.template.text["en"]
        artifact: Artifact = {"kind": "answer", "template": best.template.id, "text": text.format_map(shop.facts)}
        return outcome(context, artifact, f"answer {best.template.id}", str(artifact["text"]))
    passage = retriever.policy(question) if context.language == "en" else None
    if passage is not None:
        artifact = {"kind": "answer", "template": None, "text": passage.text}
        return outcome(context, artifact, f"policy {passage.heading}", passage.text)
    return outcome(context, {"kind": "answer", "template": None, "text": None}, "no approved answer")


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


def _reason(likes: str) -> str:
    """``_reason("likes color: dark green") == "color dark green"``: a facet's name, then its value."""
    return likes.removeprefix("likes ").replace(": ", " ", 1)


def _prices(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """A range the wrong way round is a slip of the tongue; a ceiling of nothing is none."""
    low = low if low is not None and low > 0 else None
    high = high if high is not None and high > 0 else None
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def _inherited_prices(
    held: Mapping[str, str], prices: tuple[float | None, float | None]
) -> tuple[float | None, float | None]:
    """What is said now counts before what was said then."""
    low, high = (
        said if said is not None else float(held[name]) if name in held else None
        for name, said in zip(PRICES, prices, strict=True)
    )
    return _prices(low, high)


def _wish(
    context: TurnContext,
    profile: Profile,
    query: str,
    asked: Mapping[str, str],
    prices: tuple[float | None, float | None],
) -> Wish:
    facets = context.services.retriever.facets
    matched = {name: facets.match(name, raw) for name, raw in asked.items() if name in facets.names}
    unknown = tuple(f"{name} {asked[name]}" for name, value in matched.items() if value is None)
    equals = {name: value for name, value in matched.items() if value is not None}
    low, high = prices
    bounds = _bounds(context, profile)
    without, without_in = avoided(context, profile, equals)
    filters = Filters(
        equals=equals,
        without=without,
        without_in=without_in,
        min_price=low if low is not None else bounds.get("min_price"),
        max_price=high if high is not None else bounds.get("max_price"),
    )
    words = " ".join([query, *(asked[name] for name, value in matched.items() if value is None)])
    return Wish(words.strip() or equals.get("category", "") or "anything", filters, unknown)


def _bounds(context: TurnContext, profile: Profile) -> dict[str, float]:
    """The prices that hold, by filter."""
    found: dict[str, float] = {}
    for trait in profile.traits:
        bound = context.services.schema.attributes[trait.attribute].bound
        if bound and isinstance(trait.value, float) and context.said_here(trait):
            found[bound] = trait.value
    return found


def _search(
    context: TurnContext, profile: Profile, wish: Wish, sort: Sort | None
) -> tuple[list[ProductHit], Filters, list[str]]:
    """The hits, the filters that left some, and those that were dropped, for which the profile counts again."""
    filters, dropped = wish.filters, list[str]()
    hits = _found(context, profile, wish.query, filters, sort)
    for name in (*(name for name in filters.equals if name not in _RELAXED_FIRST), *_RELAXED_FIRST):
        if hits:
            break
        if name in filters.equals:
            dropped.append(f"{name} {filters.equals[name]}")
            filters = replace(filters, equals={key: value for key, value in filters.equals.items() if key != name})
            hits = _found(context, profile, wish.query, filters, sort)
    return hits, filters, dropped if hits else []


def _found(context: TurnContext, profile: Profile, query: str, filters: Filters, sort: Sort | None) -> list[ProductHit]:
    prefer = tastes(context, profile, filters)
    return context.services.retriever.search(query, filters, k=POOL, sort=sort, prefer=prefer)


def _filters_json(filters: Filters) -> dict[str, Any]:
    shown: dict[str, Any] = dict(filters.equals)
    shown |= {f"not_{name}": sorted(values) for name, values in filters.without.items()}
    for scope, without in filters.without_in.items():
        kinds = "/".join(sorted(scope.values))
        for name, values in without.items():
            shown.setdefault(f"not_{name}", []).extend(f"{kinds}: {value}" for value in sorted(values))
    prices = {"min_price": filters.min_price, "max_price": filters.max_price}
    return shown | {name: value for name, value in prices.items() if value is not None}

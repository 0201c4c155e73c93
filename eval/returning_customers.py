"""Who comes back to a shop, and what it knew of them: past orders in, shoppers with the profile of the day before out.

A shopper wants what a customer of the shop did order last. `likes` and `own` are read from the profile as it was a day
before that order, so nothing is known from the purchase itself. Errors: those of opening a shop.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent.context import Services, TurnContext
from agent.personalization import held
from agent.services import open_services
from agent.shop import load_shop
from profiles.card import FAINT


@dataclass(frozen=True, slots=True)
class Returning:
    """`wanted`: the variant's sku. `likes`: values by facet that a search favours. `own`: facets that are one fact."""

    customer: str
    wanted: str
    likes: dict[str, list[str]]
    own: list[str]


def returning(shop: Path, state: Path) -> list[Returning]:
    """One for each customer whose last order has an article that the shop still sells."""
    services = open_services(load_shop(shop), state)
    try:
        sold = {variant.sku for product in services.retriever.catalog.products for variant in product.variants}
        found = (_last_order(services, name, sold) for name in services.profiles.customers())
        return [one for one in found if one is not None]
    finally:
        services.profiles.engine.dispose()


def _last_order(services: Services, customer: str, sold: Collection[str]) -> Returning | None:
    orders = sorted(services.orders.list(customer), key=lambda order: order.placed)
    wanted = next((item.sku for item in orders[-1].items if item.sku in sold), None) if orders else None
    if wanted is None:
        return None
    before = datetime.fromisoformat(orders[-1].placed) - timedelta(days=1)
    context = TurnContext(services, customer, "", "", before, "en", {}, False)
    traits = services.profiles.read(customer, before).traits
    sure = (trait for trait in traits if trait.polarity != "dislike" and trait.confidence >= FAINT)
    known = [one for one in held(context, sure) if not one.key and one.facet in services.retriever.facets.names]
    likes: dict[str, list[str]] = {}
    for one in known:
        likes.setdefault(one.facet, []).append(one.value)
    own = sorted({one.facet for one in known if one.is_own and not one.trait.challenges})
    return Returning(customer, wanted, likes, own)

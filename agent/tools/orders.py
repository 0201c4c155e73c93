"""What the order tools share: whose orders, what their items may be called, and what is said of one that is not there.

In: the model's arguments and the turn's context. Out: orders as JSON, `Clues` to the one that is meant, and the schemas
of the arguments that name them. Only the customer's own orders are ever read. Errors: `RefusedWrite` with the phrase
that tells the customer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.context import Services, TurnContext
from agent.orders.meant import Clues, results_shown, without
from agent.orders.naming import Names, own_names
from agent.orders.order import NEWEST, Order, OrderItem
from agent.replies.gate.keys import Keys
from agent.tools.outcome import RefusedWrite, Runtime
from agent.tools.schemas import Json, text
from errors import NotFound
from language.matching import shared_synonyms
from retrieval.facets import VARIANT_FACETS

ORDER_KEYS = Keys(units={"returned": "spec", "cancelled": "spec"}, spoken=frozenset(("words",)))
SHOWN = 5
_KIND = "category"


def order_id_argument() -> Json:
    """The argument that names an order."""
    return text(f'The number of the order as it was written, or "{NEWEST}" for the customer\'s newest order.')


def meant_order_argument() -> Json:
    """The same, where it may be left out."""
    return text(
        f'The number of the order as it was written, or "{NEWEST}" for the newest one. Leave it out where the customer '
        "does not say it: the order then follows from the items, or from what was spoken of before."
    )


def items_argument(description: str) -> Json:
    """The argument that names items of an order."""
    item = text("An item as the customer names it, or its article number.")
    return {"type": "array", "items": item, "description": description}


def order_json(order: Order, context: TurnContext) -> dict[str, Any]:
    """An order as plain JSON; the time that it was placed is the shop's, so that its date is."""
    placed = datetime.fromisoformat(order.placed).astimezone(context.services.shop.zone)
    return order.to_json() | {"placed": placed.isoformat()}


def names_in(services: Services) -> Names:
    """What customers may call an item: its title in every language, kind, color and size, and other words for those."""
    catalog, facets = services.retriever.catalog, services.retriever.facets

    def others(name: str, value: str) -> list[str]:
        aliases = facets.facets[name].aliases if name in facets.facets else {}
        return [*shared_synonyms(name).get(value, ()), *(alias for alias, meant in aliases.items() if meant == value)]

    def names(item: OrderItem) -> Sequence[str]:
        product = catalog.by_sku.get(item.sku)
        of_variant = [word for name in VARIANT_FACETS for word in others(name, str(getattr(item, name)))]
        if product is None:
            return (*own_names(item), *of_variant)
        of_product = (*product.titles.values(), product.category, product.brand, *others(_KIND, product.category))
        return (*own_names(item), *of_product, *of_variant)

    return names


def written(argument: object) -> str:
    """An argument as text, however the model wrote it: 10482 is an id too."""
    return "" if argument is None else str(argument).strip()


def clues_of(runtime: Runtime, order_id: str, wishes: Sequence[str], names: Names, address: str = "") -> Clues:
    """What tells which order a call is about. `address`: its numbers are no order's."""
    context = runtime.context
    newest = context.read(without(address, context.heard.get(context.turn, "")))
    said = tuple(each.id for each in newest.order_ids if each.is_own)
    return Clues(order_id, tuple(wishes), said, results_shown(runtime.state["messages"]), names)


def listed(words: object) -> list[str]:
    """Words for items as a list, however the model wrote them."""
    if isinstance(words, str):
        return [words] if words.strip() else []
    return [str(word) for word in words if str(word).strip()] if isinstance(words, Sequence) else []


def known_customer(context: TurnContext) -> TurnContext:
    """The context of somebody who has logged in; a visitor has no orders."""
    if context.is_visitor:
        raise RefusedWrite("a visitor has no orders: log in first", "login_first")
    return context


def not_found(order_id: str, runtime: Runtime, error: NotFound) -> RefusedWrite:
    """What is said of an order that the customer does not have."""
    own = runtime.context.services.orders.list(runtime.context.customer)
    if not own:
        return RefusedWrite(str(error), "orders_none")
    return RefusedWrite(str(error), "order_not_found", id=order_id, own=", ".join(order.id for order in own[:SHOWN]))

"""The tool that proposes another size or color of an ordered item.

In: the item, the size and color wanted, an order's id, "last" or none. Out: an `Outcome` of kind "proposal"; of kind
"exchange" with what there is, where the wish cannot be met or says too little; of kind "orders" where several may be
meant. Errors: `RefusedWrite` where a rule forbids it, or where it is not clear which item is meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.context import TurnContext
from agent.intents import Telling
from agent.orders.acts import item_json
from agent.orders.items import Wording, pieces_of
from agent.orders.order import Order, OrderItem, OrderRefused, named
from agent.replies.composer import Artifact, Composer, variant_of
from agent.tools.orders import ORDER_KEYS, items_argument, listed, meant_order_argument, names_in
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome, refusal_of
from agent.tools.proposals import order_for, propose_for
from agent.tools.schemas import arguments, text
from agent.tools.tool import Source, Tool
from language.decimals import plain
from language.text import fold
from retrieval.catalog import Product, Variant
from retrieval.facets import FacetSpace

OPTIONS = "exchange"  # the kind of artifact that says what there is
_KIND = "exchange_items"  # of proposal
Wanted = Mapping[str, str]  # size and color, as far as they were said


def exchange_item(
    runtime: Runtime,
    order_id: str | None = None,
    items: list[str] | None = None,
    size: str | None = None,
    color: str | None = None,
) -> Outcome:
    """Propose to swap items for another variant, if the catalogue has it."""
    wishes = listed(items)
    order = order_for(_KIND, runtime, order_id, wishes)
    if not isinstance(order, Order):
        return order
    context = runtime.context
    wording = Wording(names_in(context.services), context.heard.get(context.turn, ""))
    try:
        context.services.proposals.check(order, _KIND, context.now)
        pieces = pieces_of(order, _or_ask(order, wishes), wording)
    except OrderRefused as error:
        raise refusal_of(error, order.id) from error
    wanted = {
        name: str(value).strip() for name, value in (("size", size), ("color", color)) if str(value or "").strip()
    }
    to: dict[str, dict[str, Any]] = {}
    for index, count in pieces.items():
        found = _found(order.items[index], wanted, context)
        if not isinstance(found, Variant):
            return _options(order, order.items[index], found, wanted, context)
        to[str(index)] = item_json(order.items[index]) | {
            "quantity": count,
            "sku": found.sku,
            "color": found.color,
            "size": found.size,
        }
    return propose_for(order, _KIND, runtime, wishes, to=to)


def say(composer: Composer, artifact: Artifact) -> str:
    """Why not, and what there is instead."""
    item, wanted = artifact["item"], artifact["wanted"]
    slots = {"title": item["title"], "wanted": ", ".join(wanted.values()), "was": variant_of(item)}
    if price := artifact["price"]:
        return composer.say("exchange_price", **slots, price=composer.money(price), paid=composer.money(item["price"]))
    there = _there(artifact["variants"], composer)
    parts = [
        composer.say(f"exchange_{artifact['why']}", **slots),
        composer.say("exchange_there", variants=there) if there else composer.say("exchange_none"),
        composer.say("exchange_ask") if there else "",
    ]
    return " ".join(part for part in parts if part)


def _or_ask(order: Order, wishes: Sequence[str]) -> Sequence[str]:
    """Of several items it must be said which one; nobody swaps a whole order."""
    lines = sum(bool(item.left) for item in order.items)
    return wishes or ([""] if lines > 1 else [])


def _found(item: OrderItem, wanted: Wanted, context: TurnContext) -> Variant | str:
    """The variant that is wanted, or why there is none to propose: "ask", "no_such", "several", "sold_out", "price"."""
    product = context.services.retriever.catalog.by_sku.get(item.sku)
    if product is None:
        raise RefusedWrite(f"{item.title} is not in the catalogue", "exchange_unknown", title=item.title)
    if not wanted:
        return "yours"
    fitting = _fitting(product, item, wanted, context.services.retriever.facets)
    if not fitting:
        return "no_such"
    in_stock = [variant for variant in fitting if variant.stock > 0]
    if not in_stock:
        return "sold_out"
    if len(in_stock) > 1:
        return "several"
    return "price" if in_stock[0].price > max(item.price, _price_now(product, item)) else in_stock[0]


def _fitting(product: Product, item: OrderItem, wanted: Wanted, facets: FacetSpace) -> list[Variant]:
    """The variants with the size and color wanted, but for the item's own; what was not said stays as it is."""
    meant = {name: _values(name, wanted[name], product, facets) for name in wanted}
    same = {"size": {item.size}, "color": {item.color}} | meant
    return [
        variant
        for variant in product.variants
        if variant.size in same["size"] and variant.color in same["color"] and _differs(variant, item, wanted)
    ]


def _differs(variant: Variant, item: OrderItem, wanted: Wanted) -> bool:
    """Whether it is another variant; where only the item's own was named, it is the one that was meant."""
    return variant.sku != item.sku or {fold(value).text for value in wanted.values()} <= {
        fold(item.size).text,
        fold(item.color).text,
    }


def _values(name: str, said: str, product: Product, facets: FacetSpace) -> frozenset[str]:
    """What the product has of a size or color as somebody said it: "medium" is M, "green" may be two greens."""
    own = {str(getattr(variant, name)) for variant in product.variants}
    exact = frozenset(value for value in own if fold(value).text == fold(said).text)
    if exact or name not in facets.facets:
        return exact
    value = facets.match(name, said)
    return facets.members(name, value) & own if value else frozenset()


def _price_now(product: Product, item: OrderItem) -> Any:
    return next((variant.price for variant in product.variants if variant.sku == item.sku), item.price)


def _options(order: Order, item: OrderItem, why: str, wanted: Wanted, context: TurnContext) -> Outcome:
    """What there is of the item: all of it, and of a wish that cannot be met what shares its size or its color."""
    product = context.services.retriever.catalog.by_sku[item.sku]
    facets = context.services.retriever.facets
    sizes, colors = (
        _values(name, wanted[name], product, facets) if name in wanted else {getattr(item, name)}
        for name in ("size", "color")
    )
    others = [variant for variant in product.variants if variant.stock > 0 and variant.sku != item.sku]
    near = [variant for variant in others if variant.size in sizes or variant.color in colors]
    fitting = _fitting(product, item, wanted, facets) if wanted else []
    shown = fitting if why == "several" else others if why == "yours" else near or others
    artifact = {
        "kind": OPTIONS,
        "order_id": order.id,
        "why": why,
        "item": item_json(item),
        "wanted": dict(wanted),
        "price": plain(fitting[0].price) if why == "price" else None,
        "sold_out": [_variant_json(variant) for variant in fitting if not variant.stock],
        "variants": [_variant_json(variant) for variant in shown if variant.stock > 0],
    }
    return outcome(context, artifact, f"no exchange proposed: {why}; {named(item)} of order {order.id}")


def _variant_json(variant: Variant) -> dict[str, Any]:
    return {"sku": variant.sku, "color": variant.color, "size": variant.size, "stock": variant.stock}


def _there(variants: Sequence[Mapping[str, Any]], composer: Composer) -> str:
    """By color: "navy: M, L; orange: S"; of what has no colors, the sizes alone."""
    sizes: dict[str, list[str]] = {}
    for variant in variants:
        sizes.setdefault(variant["color"], []).append(variant["size"])
    comma = composer.say("comma")
    if all(len(variant["size"].split()) > 1 for variant in variants) and all(sizes):
        return comma.join(sizes)
    return "; ".join(f"{color}: {comma.join(of)}" if color else comma.join(of) for color, of in sizes.items())


TOOL = Tool(
    name="exchange_item",
    brief="propose an exchange",
    when=(
        "Propose to swap an item that has arrived for another size or color of the same product. Use it when the "
        "customer wants another size or color; leave both out if they do not say which, and they are told what there "
        "is. Nothing is swapped by the call: the customer's yes carries it out without another call. For another "
        "product, or the money back, use return_items; for a wrong or damaged item use report_problem."
    ),
    parameters=lambda services: arguments(
        {
            "order_id": meant_order_argument(),
            "items": items_argument("The item to swap, as the customer names it."),
            "size": text("The size they want instead, as they say it; leave it out to keep the size."),
            "color": text("The color they want instead, as they say it; leave it out to keep the color."),
        },
        required=(),
    ),
    function=exchange_item,
    kind=OPTIONS,
    say=say,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID, "size": Source.NEWEST_WORDS, "color": Source.NEWEST_WORDS},
    intent=Telling.propose,
    pursues=True,
)

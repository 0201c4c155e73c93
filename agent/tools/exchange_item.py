"""The tool that proposes another size or color of an ordered item.

In: the item, the size and color wanted, an order's id, "last" or none. Out: an `Outcome` of kind "proposal"; of kind
"exchange" with what there is, where the wish cannot be met or says too little; of kind "orders" where several may be
meant. Errors: `RefusedWrite` where a rule forbids it, or where it is not clear which item is meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.context import TurnContext
from agent.intents import Telling
from agent.orders.acts import OrderKind, item_json
from agent.orders.items import Wording, pieces_of
from agent.orders.order import Order, OrderItem, OrderRefused, named
from agent.orders.variants import Search, Wanted, offered_variants, search_variant
from agent.replies.composer import Artifact, Composer, variant_of
from agent.shown import SPEAKS_OF
from agent.tools.orders import ORDER_KEYS, items_argument, listed, meant_order_argument, names_in, written
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome, refusal_of
from agent.tools.proposals import order_for, propose_for
from agent.tools.schemas import arguments, text
from agent.tools.tool import Source, Tool
from agent.tools.variants import in_sizes_of
from language.decimals import plain
from retrieval.catalog import ONE_SIZE, Product, Variant
from retrieval.facets import VARIANT_FACETS

OPTIONS = "exchange"  # the kind of artifact that says what there is
_KIND: OrderKind = "exchange_items"
_TURNS = 2  # this one and the one before


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
    said = {"size": written(size), "color": written(color)}
    to: dict[str, dict[str, Any]] = {}
    for index, count in pieces.items():
        item = order.items[index]
        product, space = _product(item, context), context.services.retriever.facets
        wanted = {**said, "size": in_sizes_of(product, said["size"], item.size, space)}
        wanted = _still_asked(order, index, runtime) | {name: value for name, value in wanted.items() if value}
        is_asked = "asks_variants" in context.reading.cues
        find = offered_variants if is_asked else search_variant
        search = find(product, item, count, wanted, space)
        if search.found is None:
            return _options(order, item, search, wanted, context)
        variant = {name: getattr(search.found, name) for name in ("sku", "color", "size")}
        to[str(index)] = item_json(item) | {"quantity": count} | variant
    return propose_for(order, _KIND, runtime, wishes, to=to)


def options_before(messages: Sequence[AnyMessage]) -> Artifact:
    """The colors and sizes of an ordered item that the turn before the newest message told; empty if it told none."""
    turns = [at for at, message in enumerate(messages) if isinstance(message, HumanMessage)][-_TURNS:]
    before = messages[turns[0] : turns[-1]] if turns else ()
    results = (message.artifact or {} for message in before if isinstance(message, ToolMessage))
    return next((artifact for artifact in results if artifact.get("kind") == OPTIONS), {})


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


def _still_asked(order: Order, index: int, runtime: Runtime) -> dict[str, str]:
    """What was asked for the item and holds on: by the exchange that waits, or the choice that was told just before;
    "grey, then" leaves it one size up. A color or size is given up by who wants it as it was bought."""
    context, item = runtime.context, order.items[index]
    waiting = context.services.proposals.pending(context.consultation, context.now)
    open_to = [name for name in VARIANT_FACETS if f"as_bought_{name}" not in context.reading.cues]
    denied = {value.value for value in context.reading.values if value.denied}
    if waiting is not None and waiting.kind == _KIND and waiting.arguments["order_id"] == order.id:
        asked = waiting.arguments["to"].get(str(index), {})
        differs = (name for name in open_to if asked and asked[name] != getattr(item, name))
        return {name: asked[name] for name in differs if asked[name] not in denied}
    told = options_before(runtime.state["messages"])
    if not told or (told["order_id"], told["item"]["sku"]) != (order.id, item.sku):
        return {}
    there = {(name, variant[name]) for variant in told["variants"] for name in VARIANT_FACETS}
    return {name: value for name, value in told["wanted"].items() if name in open_to and (name, value) in there}


def _or_ask(order: Order, wishes: Sequence[str]) -> Sequence[str]:
    """Of several items it must be said which one; nobody swaps a whole order."""
    lines = sum(bool(item.left) for item in order.items)
    return wishes or ([""] if lines > 1 else [])


def _product(item: OrderItem, context: TurnContext) -> Product:
    """The item's product in the catalogue; an item's SKU is a variant's."""
    product = context.services.retriever.catalog.by_sku.get(item.sku)
    if product is None:
        raise RefusedWrite(f"{item.title} is not in the catalogue", "exchange_unknown", title=item.title)
    return product


def _options(order: Order, item: OrderItem, search: Search, wanted: Wanted, context: TurnContext) -> Outcome:
    """Why nothing is proposed, and what there is to choose from."""
    artifact = {
        "kind": OPTIONS,
        "order_id": order.id,
        "why": search.why,
        "item": item_json(item),
        SPEAKS_OF: [item.sku],
        "wanted": dict(wanted),
        "price": plain(search.wanted[0].price) if search.why == "price" else None,
        "fitting": [_variant_json(variant) for variant in search.wanted],
        "variants": [_variant_json(variant) for variant in search.others],
    }
    return outcome(context, artifact, f"no exchange proposed: {search.why}; {named(item)} of order {order.id}")


def _variant_json(variant: Variant) -> dict[str, Any]:
    return {"sku": variant.sku, "color": variant.color, "size": variant.size, "stock": variant.stock}


def _there(variants: Sequence[Mapping[str, Any]], composer: Composer) -> str:
    """By color: "navy: M, L; orange: S"; of what has no sizes the colors alone, and the other way round."""
    sizes: dict[str, list[str]] = {}
    for variant in variants:
        sizes.setdefault(variant["color"], []).append(variant["size"])
    comma = composer.say("comma")
    if all(variant["size"] == ONE_SIZE for variant in variants):
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

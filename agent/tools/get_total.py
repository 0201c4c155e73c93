"""The tool that adds up what products cost together, with delivery.

In: products with quantities (none: the cart), and a method of delivery. Out: an `Outcome` of kind "total"; money is
exact, and what delivery costs is the shop's rule (`[delivery]` in shop.toml). Errors: `RefusedWrite` where it is not
clear which product is meant.
"""

from decimal import Decimal
from typing import Any

from agent.cart.bill import METHODS, bill, delivered
from agent.replies.composer import Artifact, Composer
from agent.replies.gate.keys import Keys
from agent.shown import SPEAKS_OF, Unclear
from agent.tools.cart_lines import pieces_of, say_line
from agent.tools.get_product import asked_products, reference_argument, unclear_product
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.products import best_variant
from agent.tools.schemas import arguments, choice, number
from agent.tools.tool import Tool
from language.decimals import exact, plain

NAME = "get_total"


def get_total(runtime: Runtime, items: list[dict[str, Any]] | None = None, delivery: str | None = None) -> Outcome:
    """What the items cost together; without any, the cart, or the product spoken of last where nothing is in it.

    Several that were only shown are no purchase: it is asked which one is meant.
    """
    context = runtime.context
    services = context.services
    cart = () if items else services.carts.get(context.customer).lines
    if cart:
        told = bill(cart, services.retriever.catalog, services.shop, delivery)
    else:
        if not items and len(shown := asked_products("it", runtime)) > 1:
            raise unclear_product(Unclear("it", shown), context)
        told = _added_up(items or [{"product": "it"}], delivery, runtime)
    spoken_of = [line["product"] for line in told["lines"] if "product" in line]
    artifact: dict[str, Any] = {"kind": "total", SPEAKS_OF: list(dict.fromkeys(spoken_of))} | told
    return outcome(context, artifact, f"total {artifact.get('total', artifact['goods'])}")


def _added_up(items: list[dict[str, Any]], delivery: str | None, runtime: Runtime) -> dict[str, Any]:
    """Products by the variant that is there."""
    lines: dict[str, dict[str, Any]] = {}
    for item in items:
        pieces = pieces_of(item.get("quantity")) or 1
        for product in asked_products(item.get("product"), runtime):
            price = best_variant(product).price
            line = {"product": product.sku, "title": product.title, "titles": dict(product.titles), "quantity": pieces}
            lines[product.sku] = line | {"price": plain(price), "amount": plain(price * pieces)}
    goods = sum((exact(line["amount"]) for line in lines.values()), Decimal())
    return {"lines": list(lines.values()), "goods": plain(goods)} | delivered(
        runtime.context.services.shop, goods, delivery
    )


def say(composer: Composer, artifact: Artifact) -> str:
    """Each line, then the sum with delivery."""
    return "\n".join([*(f"- {say_line(composer, line)}" for line in artifact["lines"]), say_total(composer, artifact)])


def say_total(composer: Composer, artifact: Artifact) -> str:
    """The goods, what delivery costs, and all together."""
    said = composer.say("total_goods", amount=composer.money(artifact["goods"]))
    if "total" not in artifact:
        return said
    key = "total_delivery" if artifact["shipping_fee"] else "total_free"
    method = composer.say(f"delivery_{artifact['method']}")
    fee, total = composer.money(artifact["shipping_fee"]), composer.money(artifact["total"])
    return f"{said} {composer.say(key, method=method, fee=fee, total=total)}"


TOOL = Tool(
    name=NAME,
    brief="what products cost together with delivery",
    when=(
        "Add up what certain products, or the cart, cost together, with the delivery fee. Use it when the customer "
        "asks for a total or what something costs delivered. Do not add up yourself."
    ),
    parameters=lambda services: arguments(
        {
            "items": {
                "type": "array",
                "description": "What is added up, one entry a product. Leave it out for what is in the cart.",
                "items": arguments(
                    {"product": reference_argument(services), "quantity": number("How many pieces; 1 if not said.")},
                    required=("product",),
                ),
            },
            "delivery": choice(METHODS, "How it is sent, if the customer says so."),
        },
        required=(),
    ),
    function=get_total,
    kind="total",
    say=say,
    keys=Keys(units={"goods": "money"}),
)

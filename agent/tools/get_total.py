"""The tool that adds up what products cost together, with delivery.

In: products with quantities, and a method of delivery. Out: an `Outcome` of kind "total"; money is exact, and what
delivery costs is the shop's rule (`[delivery]` in shop.toml). Errors: `RefusedWrite` where it is not clear which
product is meant.
"""

from decimal import Decimal
from typing import Any

from agent.context import TurnContext
from agent.replies.composer import Artifact, Composer
from agent.replies.gate.keys import Keys
from agent.shop import Delivery
from agent.shown import SPEAKS_OF
from agent.tools.get_product import asked_products, reference_argument
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.products import best_variant
from agent.tools.schemas import arguments, choice, number
from agent.tools.tool import Tool
from errors import DataError
from language.decimals import plain

NAME = "get_total"
METHODS = ("standard", "express", "international")
_MOST_PIECES = 999


def get_total(runtime: Runtime, items: list[dict[str, Any]] | None = None, delivery: str | None = None) -> Outcome:
    """What the items cost together; without any, the product spoken of last."""
    context = runtime.context
    lines: dict[str, dict[str, Any]] = {}
    for item in items or [{"product": "it"}]:
        for product in asked_products(item.get("product"), runtime):
            pieces = _pieces(item.get("quantity", 1))
            line = {"sku": product.sku, "title": product.title, "titles": dict(product.titles), "quantity": pieces}
            lines[product.sku] = line | {"price": plain(best_variant(product).price)}
    goods = sum((Decimal(str(line["price"])) * line["quantity"] for line in lines.values()), Decimal())
    artifact: dict[str, Any] = {
        "kind": "total",
        SPEAKS_OF: list(lines),
        "lines": [line | {"amount": plain(Decimal(str(line["price"])) * line["quantity"])} for line in lines.values()],
        "goods": plain(goods),
    }
    artifact |= delivered(context, goods, delivery)
    return outcome(context, artifact, f"total {artifact.get('total', artifact['goods'])}")


def delivered(context: TurnContext, goods: Decimal, method: str | None) -> dict[str, Any]:
    """The method, its fee and the total; nothing where the shop does not say what delivery costs."""
    named = method if method in METHODS else METHODS[0]
    rule: Delivery | None = context.services.shop.delivery.get(named)
    if rule is None:
        return {}
    fee = rule.cost(goods)
    return {"method": named, "shipping_fee": plain(fee), "total": plain(goods + fee)}


def _pieces(raw: object) -> int:
    try:
        count = int(float(str(raw)))
    except ValueError:
        count = 0
    if not 0 < count <= _MOST_PIECES:
        raise DataError(f"quantity must be a whole number from 1 to {_MOST_PIECES}, not {raw!r}")
    return count


def say(composer: Composer, artifact: Artifact) -> str:
    """Each line, then the sum with delivery."""
    lines = [
        composer.say(
            "total_line",
            n=line["quantity"],
            title=line["titles"].get(composer.language, line["title"]),
            price=composer.money(line["amount"]),
        )
        for line in artifact["lines"]
    ]
    return "\n".join([*(f"- {line}" for line in lines), say_total(composer, artifact)])


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
        "Add up what certain products cost together, with the delivery fee. Use it when the customer asks for a total "
        "or what something costs delivered. Do not add up yourself."
    ),
    parameters=lambda services: arguments(
        {
            "items": {
                "type": "array",
                "description": "What is added up, one entry a product.",
                "items": arguments(
                    {"product": reference_argument(services), "quantity": number("How many pieces; 1 if not said.")},
                    required=("product",),
                ),
            },
            "delivery": choice(METHODS, "How it is sent, if the customer says so."),
        },
        required=("items",),
    ),
    function=get_total,
    kind="total",
    say=say,
    keys=Keys(units={"goods": "money"}),
)

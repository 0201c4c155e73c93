"""The tool that lists the customer's orders.

In: a status, or none. Out: an `Outcome` of kind "orders", the newest first. Errors: `RefusedWrite` for a visitor.
"""

from agent.orders.book import STATUSES
from agent.replies.composer import Artifact, Composer
from agent.tools.orders import ORDER_KEYS, known_customer, order_json
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.schemas import arguments, choice
from agent.tools.tool import Source, Tool

SHOWN = 5


def list_orders(runtime: Runtime, status: str | None = None) -> Outcome:
    """The customer's newest orders, of one status or of all."""
    context = known_customer(runtime.context)
    orders = context.services.orders.list(context.customer, status)
    shown = [order_json(order, context) for order in orders[:SHOWN]]
    brief = ", ".join(f"{order['id']} {order['status']}" for order in shown)
    artifact = {"kind": "orders", "orders": shown, "count": len(orders), "status": status}
    return outcome(context, artifact, brief or "no orders")


def say(composer: Composer, artifact: Artifact) -> str:
    """One line for each order."""
    if not artifact["orders"]:
        return composer.say("orders_none")
    return "\n".join(
        [composer.say("orders_intro"), *(f"- {composer.order_line(order)}" for order in artifact["orders"])]
    )


TOOL = Tool(
    name="list_orders",
    brief="the customer's orders",
    when=(
        f"List the customer's own orders, newest first, {SHOWN} at most. Use it when the customer asks about their"
        " orders in general, about those of one status, or does not know the number of the one they mean. For one"
        " certain order, or the newest, use get_order."
    ),
    parameters=lambda services: arguments(
        {"status": choice(STATUSES, "Only orders of this status, if the customer names one.")}, required=()
    ),
    function=list_orders,
    kind="orders",
    say=say,
    keys=ORDER_KEYS,
    sources={"status": Source.STATUS},
    is_learnt=True,
)

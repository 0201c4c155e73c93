"""The tool that looks up one order.

In: an order's id, or "last". Out: an `Outcome` of kind "order". Errors: `RefusedWrite` for a visitor, and for an order
that the customer does not have.
"""

from langchain_core.messages.tool import ToolCall

from agent.intents import ORDER, Telling
from agent.replies.composer import Artifact, Composer
from agent.tools.orders import ORDER_KEYS, known_customer, not_found, order_id_argument, order_json
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.schemas import arguments
from agent.tools.tool import Source, Tool
from errors import NotFound
from profiles.intents.intent import Kind, State


def get_order(order_id: str, runtime: Runtime) -> Outcome:
    """One order of the customer's."""
    context = known_customer(runtime.context)
    try:
        order = context.services.orders.get(context.customer, order_id)
    except NotFound as error:
        raise not_found(order_id, runtime, error) from error
    facts = order_json(order, context)
    named = ", ".join(f"{item.quantity} x {item.title}" for item in order.items)
    full = f"{order.id} {order.status}: {named}; carrier {order.carrier}, eta {order.eta}, delivered {order.delivered}"
    return outcome(context, {"kind": "order", "order": facts}, f"{order.id} {order.status}", full)


def say(composer: Composer, artifact: Artifact) -> str:
    """Where it is, as far as the shop says: an order without a carrier or a date is given with its status alone."""
    order = artifact["order"]
    facts = {name: order[name] for name in ("id", "carrier", "tracking", "eta", "delivered") if order.get(name)}
    key, line = f"order_{order['status']}", f"- {composer.order_line(order)}"
    if composer.services.phrases.slots(key, composer.language) <= set(facts):
        return f"{composer.say(key, **facts)}\n{line}"
    return line


def intent(telling: Telling, call: ToolCall, artifact: Artifact) -> None:
    """The customer wanted to know where it is, and was told."""
    telling.tell(telling.new(), Kind.DELIVERY, State.DONE, {ORDER: str(artifact["order"]["id"])}, call)


TOOL = Tool(
    name="get_order",
    brief='one order; order_id may be "last"',
    when=(
        "Look up one of the customer's own orders: its status, items, total, carrier, tracking number and dates. "
        "Use it for where an order is, when it comes, or what was in it. Do not use it to change an order: "
        "cancel_order, return_items and change_address look the order up by themselves."
    ),
    parameters=lambda services: arguments({"order_id": order_id_argument()}),
    function=get_order,
    kind="order",
    say=say,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID},
    intent=intent,
    is_learnt=True,
)

"""The tool that looks up one order, as the tuned model knows it; `find_orders` does more.

In: an order's id, or "last". Out: an `Outcome` of kind "order". Errors: `RefusedWrite` for a visitor, and for an order
that the customer does not have.
"""

from agent.tools.order_telling import ONE, intent, one_order, say_order
from agent.tools.orders import ORDER_KEYS, known_customer, not_found, order_id_argument
from agent.tools.outcome import Outcome, Runtime
from agent.tools.schemas import arguments
from agent.tools.tool import Source, Tool
from errors import NotFound


def get_order(order_id: str, runtime: Runtime) -> Outcome:
    """One order of the customer's."""
    context = known_customer(runtime.context)
    try:
        return one_order(context.services.orders.get(context.customer, order_id), context)
    except NotFound as error:
        raise not_found(order_id, runtime, error) from error


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
    kind=ONE,
    say=say_order,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID},
    intent=intent,
    keeps_proposal=True,
    is_learnt=True,
    is_superseded=True,
)

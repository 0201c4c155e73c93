"""The tool that lists the customer's orders, as the tuned model knows it; `find_orders` does more.

In: a status, or none. Out: an `Outcome` of kind "orders", the newest first. Errors: `RefusedWrite` for a visitor.
"""

from agent.orders.order import STATUSES
from agent.tools.order_telling import SEVERAL, say_orders, some_orders
from agent.tools.orders import ORDER_KEYS, SHOWN, known_customer
from agent.tools.outcome import Outcome, Runtime
from agent.tools.schemas import arguments, choice
from agent.tools.tool import Source, Tool


def list_orders(runtime: Runtime, status: str | None = None) -> Outcome:
    """The customer's newest orders, of one status or of all."""
    context = known_customer(runtime.context)
    return some_orders(context.services.orders.list(context.customer, status), context, status=status)


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
    kind=SEVERAL,
    say=say_orders,
    keys=ORDER_KEYS,
    sources={"status": Source.STATUS},
    keeps_proposal=True,
    is_learnt=True,
    is_superseded=True,
)

"""The tool that proposes to cancel an order.

In: an order's id, "last" or none, and the items, or none for all of it. Out: an `Outcome` of kind "proposal", or of
kind "orders" where several may be meant. Errors: `RefusedWrite` where a rule forbids it.
"""

from agent.intents import Telling
from agent.tools.orders import ORDER_KEYS, items_argument, listed, meant_order_argument, order_id_argument
from agent.tools.outcome import Outcome, Runtime
from agent.tools.proposals import PROPOSAL, proposal_cards, propose, say_proposal
from agent.tools.schemas import arguments
from agent.tools.tool import Source, Tool


def cancel_order(runtime: Runtime, order_id: str | None = None, items: list[str] | None = None) -> Outcome:
    """Propose to cancel an order, or items of it."""
    return propose("cancel_order", runtime, order_id, listed(items))


TOOL = Tool(
    name="cancel_order",
    brief="propose to cancel",
    when=(
        "Propose to cancel an order that has not been shipped, or items of it. Use it when the customer wants to "
        "cancel. Nothing is cancelled by the call: the customer is asked, and their yes carries it out without another "
        "call. For goods that have arrived use return_items; for what is possible in general use find_answer."
    ),
    parameters=lambda services: arguments(
        {
            "order_id": meant_order_argument(),
            "items": items_argument("The items to cancel; leave it out for the whole order."),
        },
        required=(),
    ),
    as_learnt=lambda services: arguments({"order_id": order_id_argument()}),
    function=cancel_order,
    kind=PROPOSAL,
    say=say_proposal,
    cards=proposal_cards,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID},
    intent=Telling.propose,
    pursues=True,
    is_learnt=True,
)

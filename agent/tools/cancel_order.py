"""The tool that proposes to cancel an order.

In: an order's id, or "last". Out: an `Outcome` of kind "proposal". Errors: `RefusedWrite` where a rule forbids it.
"""

from agent.intents import Telling
from agent.tools.orders import ORDER_KEYS, PROPOSAL, order_id_argument, proposal_cards, propose, say_proposal
from agent.tools.outcome import Outcome, Runtime
from agent.tools.schemas import arguments
from agent.tools.tool import Source, Tool


def cancel_order(order_id: str, runtime: Runtime) -> Outcome:
    """Propose to cancel an order."""
    return propose("cancel_order", order_id, {}, runtime)


TOOL = Tool(
    name="cancel_order",
    brief="propose to cancel",
    when=(
        "Propose to cancel a whole order that has not been shipped. Use it when the customer wants to cancel. "
        "Nothing is cancelled by the call: the customer is asked, and their yes carries it out without another "
        "call. For goods that have arrived use return_items; for what is possible in general use find_answer."
    ),
    parameters=lambda services: arguments({"order_id": order_id_argument()}),
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

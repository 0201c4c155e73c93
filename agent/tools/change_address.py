"""The tool that proposes another address for an order.

In: an order's id and the address. Out: an `Outcome` of kind "proposal". Errors: `RefusedWrite` where a rule forbids it.
"""

from agent.intents import Telling
from agent.tools.orders import ORDER_KEYS, PROPOSAL, order_id_argument, proposal_cards, propose, say_proposal
from agent.tools.outcome import Outcome, Runtime
from agent.tools.schemas import arguments, text
from agent.tools.tool import Source, Tool


def change_address(order_id: str, address: str, runtime: Runtime) -> Outcome:
    """Propose another address for an order."""
    return propose("change_address", order_id, {"address": address}, runtime)


TOOL = Tool(
    name="change_address",
    brief="propose a new address",
    when=(
        "Propose to send an order that has not been shipped to another address. Use it when the customer gives a "
        "new address for an order; if the street, the number or the city is missing, the call says so and the "
        "customer is asked. Nothing is changed by the call: the customer's yes carries it out without another "
        "call."
    ),
    parameters=lambda services: arguments(
        {
            "order_id": order_id_argument(),
            "address": text("The whole new address as the customer wrote it: street, number, city."),
        }
    ),
    function=change_address,
    kind=PROPOSAL,
    say=say_proposal,
    cards=proposal_cards,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID, "address": Source.WORDS},
    intent=Telling.propose,
    pursues=True,
    is_learnt=True,
)

"""The tool that proposes to send items of an order back.

In: an order's id, "last" or none, the items and a reason. Out: an `Outcome` of kind "proposal", or of kind "orders"
where several may be meant. Errors: `RefusedWrite` where a rule forbids it, or where it is not clear which item it is.
"""

from agent.intents import Telling
from agent.tools.orders import ORDER_KEYS, items_argument, listed, meant_order_argument, order_id_argument
from agent.tools.outcome import Outcome, Runtime
from agent.tools.proposals import PROPOSAL, proposal_cards, propose, say_proposal
from agent.tools.schemas import Json, arguments, text
from agent.tools.tool import Source, Tool


def return_items(
    runtime: Runtime, order_id: str | None = None, items: list[str] | None = None, reason: str | None = None
) -> Outcome:
    """Propose to send items back; without `items`, all of the order."""
    return propose("return_items", runtime, order_id, listed(items), reason=reason or "")


def _schema(order_id: Json, required: tuple[str, ...]) -> Json:
    return arguments(
        {
            "order_id": order_id,
            "items": items_argument("The items to send back; leave it out for the whole order."),
            "reason": text("Why, in the customer's own words, if they say so."),
        },
        required,
    )


TOOL = Tool(
    name="return_items",
    brief="propose a return",
    when=(
        "Propose to send items of a delivered order back for a refund. Use it when the customer wants to return "
        "something. Nothing is returned by the call: the customer is asked, and their yes carries it out without "
        "another call. For the rules of returns in general use find_answer; for an order that is not yet shipped "
        "use cancel_order."
    ),
    parameters=lambda services: _schema(meant_order_argument(), ()),
    as_learnt=lambda services: _schema(order_id_argument(), ("order_id",)),
    function=return_items,
    kind=PROPOSAL,
    say=say_proposal,
    cards=proposal_cards,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID, "reason": Source.WORDS},
    intent=Telling.propose,
    pursues=True,
    is_learnt=True,
)

"""The tool that proposes another address for an order.

In: the address, an order's id, "last" or none, and what was in it. Out: an `Outcome` of kind "proposal", or of kind
"orders" where several may be meant. Errors: `RefusedWrite` where a rule forbids it.
"""

from langchain_core.messages import ToolMessage

from agent.intents import Telling
from agent.orders.address import amended, is_whole, joined
from agent.tools.orders import ORDER_KEYS, items_argument, listed, meant_order_argument, order_id_argument
from agent.tools.outcome import Outcome, RefusedWrite, Runtime
from agent.tools.proposals import PROPOSAL, proposal_cards, propose, say_proposal
from agent.tools.schemas import Json, arguments, text
from agent.tools.tool import Source, Tool


def change_address(
    runtime: Runtime, address: str = "", order_id: str | None = None, items: list[str] | None = None
) -> Outcome:
    """Propose another address for an order; a piece of one is put to what was said of it before."""
    if not address.strip():
        raise RefusedWrite("no address was given", "address_asked")
    whole = _with_earlier(address, runtime)
    if not whole:
        raise RefusedWrite("it is not clear which part of the address is meant", "address_asked")
    return propose("change_address", runtime, order_id, listed(items), address=whole)


def _with_earlier(address: str, runtime: Runtime) -> str:
    """The address with the pieces that the customer gave before this message."""
    context = runtime.context
    waiting = context.services.proposals.pending(context.consultation, context.now)
    if waiting is not None and waiting.kind == "change_address":
        proposed = str(waiting.summary["address"])
        return address if is_whole(address, proposed) else amended(proposed, address)
    earlier = [m for m in runtime.state["messages"] if isinstance(m, ToolMessage) and m.name == TOOL.name]
    artifact = (earlier[-1].artifact if earlier else None) or {}
    piece = artifact.get("slots", {}).get("address", "") if artifact.get("phrase") == "rule_address" else ""
    return joined(str(piece), address) if piece and piece not in address else address


def _address() -> Json:
    return text("The whole new address as the customer wrote it: street, number, city.")


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
            "order_id": meant_order_argument(),
            "address": _address(),
            "items": items_argument("What is in the order, if that tells which one is meant."),
        },
        required=("address",),
    ),
    as_learnt=lambda services: arguments({"order_id": order_id_argument(), "address": _address()}),
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

"""The order tools and the way to a person: look up, propose a change, hand over.

In: the model's arguments and the turn's context. Out: `Outcome`s of kind "orders", "order", "proposal" and
"handoff". Only the customer's own orders are ever read; nothing is changed here: a proposal waits for the customer's
yes, which code reads (`agent.middleware.desk`). Errors: `RefusedWrite` with the phrase that tells the customer.
"""

from collections.abc import Iterator
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agent.context import ShopState, TurnContext
from agent.handoff import Line, summarize
from agent.orders.order import OrderRefused
from agent.orders.proposals import Kind
from agent.tools.outcome import Outcome, outcome
from agent.tools.refusal import RefusedWrite, refusal_of
from errors import NotFound

Runtime = ToolRuntime[TurnContext, ShopState]
SHOWN = 5


def list_orders(runtime: Runtime, status: str | None = None) -> Outcome:
    """The customer's newest orders, of one status or of all."""
    context = _known_customer(runtime.context)
    found = context.services.orders.list(context.customer, status)
    shown = [order.to_json() for order in found[:SHOWN]]
    brief = ", ".join(f"{order['id']} {order['status']}" for order in shown)
    artifact = {"kind": "orders", "orders": shown, "count": len(found), "status": status}
    return outcome(context, artifact, brief or "no orders")


def get_order(order_id: str, runtime: Runtime) -> Outcome:
    """One order of the customer's."""
    context = _known_customer(runtime.context)
    try:
        order = context.services.orders.get(context.customer, order_id)
    except NotFound as error:
        raise _not_found(order_id, runtime, error) from error
    facts = order.to_json()
    named = ", ".join(f"{item.quantity} x {item.title}" for item in order.items)
    full = f"{order.id} {order.status}: {named}; carrier {order.carrier}, eta {order.eta}, delivered {order.delivered}"
    return outcome(context, {"kind": "order", "order": facts}, f"{order.id} {order.status}", full)


def cancel_order(order_id: str, runtime: Runtime) -> Outcome:
    """Propose to cancel an order."""
    return _propose("cancel_order", order_id, {}, runtime)


def return_items(
    order_id: str, runtime: Runtime, items: list[str] | None = None, reason: str | None = None
) -> Outcome:
    """Propose to send items back; without `items`, all of the order."""
    return _propose("return_items", order_id, {"items": items or [], "reason": reason or ""}, runtime)


def change_address(order_id: str, address: str, runtime: Runtime) -> Outcome:
    """Propose another address for an order."""
    return _propose("change_address", order_id, {"address": address}, runtime)


def hand_off(reason: str, runtime: Runtime) -> Outcome:
    """Ask for a person, with a summary of what was said and is known."""
    context = runtime.context
    services = context.services
    summary = summarize(
        list(_lines(runtime.state["messages"])),
        services.profiles.read(context.customer).traits,
        services.proposals.pending(context.consultation),
    )
    record = services.handoffs.open(context.customer, context.consultation, reason, summary, context.now)
    artifact = {"kind": "handoff", "id": record.id, "reason": record.reason, "summary": record.summary}
    return outcome(context, artifact, "handed over to a person")


def _propose(kind: Kind, order_id: str, arguments: dict[str, Any], runtime: Runtime) -> Outcome:
    context = _known_customer(runtime.context)
    wish = arguments | {"order_id": order_id}
    proposals = context.services.proposals
    try:
        proposal = proposals.propose(context.consultation, context.customer, kind, wish, context.now)
    except NotFound as error:
        raise _not_found(order_id, runtime, error) from error
    except OrderRefused as error:
        raise refusal_of(error, context.services.orders.get(context.customer, wish["order_id"]).id) from error
    brief = f"proposed {kind} {proposal.summary['order_id']}, waiting for the customer's yes"
    return outcome(context, {"kind": "proposal", "proposal": proposal.to_json()}, brief)


def _known_customer(context: TurnContext) -> TurnContext:
    if context.is_visitor:
        raise RefusedWrite("a visitor has no orders: log in first", "login_first")
    return context


def _not_found(order_id: str, runtime: Runtime, error: NotFound) -> RefusedWrite:
    own = runtime.context.services.orders.list(runtime.context.customer)
    if not own:
        return RefusedWrite(str(error), "orders_none")
    return RefusedWrite(str(error), "order_not_found", id=order_id, own=", ".join(order.id for order in own[:SHOWN]))


def _lines(messages: list[AnyMessage]) -> Iterator[Line]:
    for message in messages:
        if isinstance(message, HumanMessage):
            yield Line("customer", str(message.content))
        elif isinstance(message, AIMessage) and str(message.text):
            yield Line("agent", str(message.text))

"""The order tools and the way to a person: look up, propose a change, hand over.

In: the model's arguments and the turn's context. Out: `Outcome`s of kind "orders", "order", "proposal" and
"handoff". Only the customer's own orders are ever read; nothing is changed here: a proposal waits for the customer's
yes, which code reads (`agent.middleware.desk`). Errors: `RefusedWrite` with the phrase that tells the customer.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from agent.context import ShopState, TurnContext
from agent.handoff import Line, summarize
from agent.orders.order import Order, OrderRefused
from agent.orders.proposals import Kind
from agent.tools.outcome import Outcome, outcome
from agent.tools.refusal import RefusedWrite, refusal_of
from errors import NotFound

Runtime = ToolRuntime[TurnContext, ShopState]
SHOWN = 5
NEWEST = "last"  # as an order id
# "AP-10482", "48201", "#W1000042", "2026/00123", "SO-2024-0117"
_ID = re.compile(r"(?<![A-Za-z0-9])#?(?:[A-Za-z]{1,4}-?\d{3,}|\d{4,})(?:[-/]\d{3,})*(?!\d)")


def list_orders(runtime: Runtime, status: str | None = None) -> Outcome:
    """The customer's newest orders, of one status or of all."""
    context = _known_customer(runtime.context)
    found = context.services.orders.list(context.customer, status)
    shown = [_facts(order, context) for order in found[:SHOWN]]
    brief = ", ".join(f"{order['id']} {order['status']}" for order in shown)
    artifact = {"kind": "orders", "orders": shown, "count": len(found), "status": status}
    return outcome(context, artifact, brief or "no orders")


def get_order(order_id: str, runtime: Runtime) -> Outcome:
    """One order of the customer's."""
    context = _known_customer(runtime.context)
    try:
        order = context.services.orders.get(context.customer, _meant(order_id, runtime))
    except NotFound as error:
        raise _not_found(order_id, runtime, error) from error
    facts = _facts(order, context)
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


def _facts(order: Order, context: TurnContext) -> dict[str, Any]:
    """An order as plain JSON; the time that it was placed is the shop's, so that its date is."""
    placed = datetime.fromisoformat(order.placed).astimezone(context.services.shop.zone)
    return order.to_json() | {"placed": placed.isoformat()}


def _propose(kind: Kind, order_id: str, arguments: dict[str, Any], runtime: Runtime) -> Outcome:
    context = _known_customer(runtime.context)
    wish = arguments | {"order_id": _meant(order_id, runtime, str(arguments.get("address", "")))}
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
    meant = _meant(order_id, runtime)
    if not runtime.context.services.orders.list(runtime.context.customer):
        return RefusedWrite(str(error), "orders_none")
    return RefusedWrite(str(error), "order_not_found", id=meant)


def _meant(order_id: str, runtime: Runtime, address: str = "") -> str:
    """The order that the customer means, where a small model may write an id that nobody has said.

    An id that stands in the customer's words or in an earlier result is taken as it is. Otherwise it is a slip: the
    one id of this message counts, else the order last spoken of, else the newest.
    """
    context = runtime.context
    said = _digits_in(_without(address, context.heard.get(context.turn, "")))
    spoken_of = [*_orders_shown(runtime.state["messages"])]
    digits = re.sub(r"\D", "", order_id)
    heard = {number for words in context.heard.values() for number in _digits_in(words)}
    if not digits:
        return said[0] if len(said) == 1 else order_id
    if digits in heard or digits in {re.sub(r"\D", "", shown) for shown in spoken_of}:
        return order_id
    return said[0] if len(said) == 1 else spoken_of[-1] if spoken_of else NEWEST


def _without(address: str, words: str) -> str:
    """The words with the address taken out: its postcode or flat is no order."""
    place = words.casefold().find(address.casefold()) if address else -1
    return words if place < 0 else f"{words[:place]} {words[place + len(address) :]}"


def ids_in(words: str) -> list[str]:
    """What may be an order's id, as it is written there."""
    return list(dict.fromkeys(_ID.findall(words)))


def _digits_in(words: str) -> list[str]:
    return list(dict.fromkeys(re.sub(r"\D", "", found) for found in ids_in(words)))


def _orders_shown(messages: list[AnyMessage]) -> Iterator[str]:
    """Ids of the orders in the consultation's results, oldest first."""
    for message in messages:
        if not isinstance(message, ToolMessage) or not message.artifact:
            continue
        artifact = message.artifact
        if artifact["kind"] == "order":
            yield artifact["order"]["id"]
        elif artifact["kind"] == "orders":
            yield from (order["id"] for order in artifact["orders"])
        elif artifact["kind"] == "proposal":
            yield artifact["proposal"]["summary"]["order_id"]


def _lines(messages: list[AnyMessage]) -> Iterator[Line]:
    for message in messages:
        if isinstance(message, HumanMessage):
            yield Line("customer", str(message.content))
        elif isinstance(message, AIMessage) and str(message.text):
            yield Line("agent", str(message.text))

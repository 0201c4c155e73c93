"""Orders as they are told: one in full with what its customer wants next, or a few by what was in each.

In: orders and the turn's context. Out: artifacts of kind "order" and "orders", and how they are put to the customer.
Every value is of the order book, the cases and the shop's facts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from langchain_core.messages.tool import ToolCall

from agent.context import TurnContext
from agent.intents import ORDER, Telling
from agent.orders.order import BEFORE_SHIPPING, Order, is_late, last_day, pieces_left, refund_of
from agent.replies.composer import Artifact, Composer, variant_of
from agent.shown import SPEAKS_OF
from agent.tools.orders import SHOWN, order_json
from agent.tools.outcome import Outcome, outcome
from language.decimals import plain
from profiles.intents.intent import Kind, State

ONE, SEVERAL = "order", "orders"  # kinds of artifacts
Why = Literal["list", "which", "claim", "none"]
_INTROS: Mapping[Why, str] = {
    "list": "orders_intro",
    "which": "which_order",
    "claim": "which_order_claim",
    "none": "orders_no_match",
}
_REFUND_DAYS = "refund_days"  # a fact of the shop
_LATELY = 60  # days after the last one on which it could be sent back


def one_order(order: Order, context: TurnContext) -> Outcome:
    """The result that tells one order."""
    cases = context.services.cases.of_order(order.customer, order.id)
    artifact: dict[str, Any] = {
        "kind": ONE,
        SPEAKS_OF: [item.sku for item in order.items] if len(order.items) == 1 else [],
        "order": order_json(order, context),
        "is_late": is_late(order, context.today),
        "refund": _refund(order, context),
        "back": _sending_back(order, context),
        "cases": [
            {
                "problem": case.problem,
                "items": list(case.items),
                "since": context.day_of(case.created).isoformat(),
                "is_open": case.status == "open",
            }
            for case in cases
        ],
    }
    named = ", ".join(f"{item.quantity} x {item.title}" for item in order.items)
    full = f"{order.id} {order.status}: {named}; carrier {order.carrier}, eta {order.eta}, delivered {order.delivered}"
    return outcome(context, artifact, f"{order.id} {order.status}", full)


def some_orders(orders: Sequence[Order], context: TurnContext, why: Why = "list", status: str | None = None) -> Outcome:
    """The result that lists orders, the newest first. `why`: to answer, to ask which (of a claim), since none fits."""
    shown = [order_json(order, context) for order in orders[:SHOWN]]
    brief = ", ".join(f"{order['id']} {order['status']}" for order in shown) or "no orders"
    artifact = {
        "kind": SEVERAL,
        "orders": shown,
        "count": 0 if why == "none" else len(orders),
        "status": status,
        "why": why,
    }
    return outcome(context, artifact, {"list": "", "none": "none fits; newest: "}.get(why, "which of: ") + brief)


def say_order(composer: Composer, artifact: Artifact) -> str:
    """Where it is, as far as the shop says, what is in it, and what its customer wants to know next.

    An order without a carrier or a date is given with its status alone.
    """
    state = state_of(composer, artifact["order"])
    items = composer.order_lines(artifact["order"])
    told = [composer.order_head(artifact["order"]), *(f"- {item}" for item in items)]
    return "\n".join([*([state] if state else []), *told, *_next(composer, artifact)])


def state_of(composer: Composer, order: Artifact) -> str:
    """Where an order is; empty where the shop does not say enough."""
    facts = {name: order[name] for name in ("id", "carrier", "tracking", "eta", "delivered") if order.get(name)}
    key = f"order_{order['status']}"
    return composer.say(key, **facts) if composer.services.phrases.slots(key, composer.language) <= set(facts) else ""


def say_orders(composer: Composer, artifact: Artifact) -> str:
    """One line for each order."""
    if not artifact["orders"]:
        return composer.say("orders_none")
    intro = _INTROS[artifact["why"]]
    return "\n".join([composer.say(intro), *(f"- {composer.order_line(order)}" for order in artifact["orders"])])


def intent(telling: Telling, call: ToolCall, artifact: Artifact) -> None:
    """The customer wanted to know where it is, and was told."""
    if artifact["kind"] == ONE:
        telling.tell(telling.new(), Kind.DELIVERY, State.DONE, {ORDER: str(artifact["order"]["id"])}, call)


def _sending_back(order: Order, context: TurnContext) -> dict[str, Any] | None:
    """Until when it can be sent back and exchanged, while that is still of interest; None for what cannot be."""
    rules, today = context.services.proposals.rules, context.today
    days = {"until": last_day(order, rules.return_days), "exchange_until": last_day(order, rules.exchange_days)}
    if days["until"] is None or not pieces_left(order) or (today - days["until"]).days > _LATELY:
        return None
    told = {name: day.isoformat() for name, day in days.items() if day}
    return {**told, **{f"{name}_over": day < today for name, day in days.items() if day}}


def _told_back(composer: Composer, back: Artifact) -> str:
    if not back["until_over"]:
        return composer.say("order_back_until", until=back["until"])
    over = composer.say("order_back_over", until=back["until"])
    is_exchangeable = not back.get("exchange_until_over", True)
    swap = composer.say("order_swap_until", until=back["exchange_until"]) if is_exchangeable else ""
    return " ".join(filter(None, [over, swap]))


def _refund(order: Order, context: TurnContext) -> dict[str, Any] | None:
    amount = refund_of(order)
    if not amount:
        return None
    items = [item.to_json() | {"quantity": item.returned} for item in order.items if item.returned]
    days = context.services.shop.facts.get(_REFUND_DAYS)
    return {"amount": plain(amount), "rest": plain(order.total - amount), "items": items, "days": days}


def _next(composer: Composer, artifact: Artifact) -> list[str]:
    order, refund = artifact["order"], artifact["refund"]
    is_to_come = order["address"] and order["status"] in (*BEFORE_SHIPPING, "shipped")
    lines = [composer.say("order_goes_to", address=order["address"])] if is_to_come else []
    for item in order["items"]:
        if item["instead_of"]:
            swap = {"item": item["title"], "to": variant_of(item), "was": item["instead_of"]}
            lines.append(composer.say("order_exchanged", **swap))
    if refund:
        lines.append(_refund_line(composer, order, refund))
    lines += [
        composer.say(
            "order_case" if case["is_open"] else "order_case_closed",
            problem=composer.say(f"problem_{case['problem']}"),
            items=composer.items(case["items"]),
            since=case["since"],
        )
        for case in artifact["cases"]
    ]
    if artifact["is_late"] and not any(case["is_open"] for case in artifact["cases"]):
        lines.append(composer.say("order_late"))
    if artifact.get("back"):  # what was told by an earlier version has none
        lines.append(_told_back(composer, artifact["back"]))
    if order["status"] in BEFORE_SHIPPING:
        lines.append(composer.say("order_may_change"))
    return lines


def _refund_line(composer: Composer, order: Artifact, refund: Artifact) -> str:
    amount = composer.money(refund["amount"])
    if order["status"] not in ("cancelled", "return_requested", "returned"):
        left = [composer.say("order_left", rest=composer.money(refund["rest"]))] if "rest" in refund else []
        return " ".join([composer.say("refund_of_part", amount=amount), *left])
    parts = [composer.say("refund_of", amount=amount)]
    if refund["items"]:
        parts.insert(0, composer.say("refund_items", items=composer.items(refund["items"])))
    if refund["days"] and order["status"] != "cancelled":
        parts.append(composer.say("refund_days", days=refund["days"]))
    return " ".join(parts)

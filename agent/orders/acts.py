"""The kinds of change that can be proposed: what each keeps of a wish, does to an order, and says of it.

In: an order, the wish as the tools have it, the shop's rules. Out: the arguments that are carried out, the `Change`,
and its summary, which replies and cards speak of. Pure functions. Errors: `OrderRefused`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from agent.orders.cases import OF_GOODS, needs_case
from agent.orders.items import Wording, counts_pieces, pieces_of
from agent.orders.kept import kept_items
from agent.orders.order import (
    Change,
    Order,
    OrderItem,
    OrderRefused,
    Pieces,
    Rules,
    cancel,
    exchange,
    readdress,
    require_not_sent,
    send_back,
)
from language.decimals import plain

OrderKind = Literal["cancel_order", "return_items", "change_address", "exchange_items", "report_problem"]
Kind = OrderKind | Literal["erase_data"]
KINDS: tuple[OrderKind, ...] = ("cancel_order", "return_items", "change_address", "exchange_items", "report_problem")

ERASE_DATA: Kind = "erase_data"  # no change of an order: whoever reads the yes carries it out


def wish_of(
    order: Order, kind: OrderKind, arguments: Mapping[str, Any], wording: Wording, rules: Rules, at: datetime
) -> dict[str, Any]:
    """Exactly what would be carried out, of a wish in the customer's words.

    Whether anything is possible comes before which items.
    """
    stored: dict[str, Any] = {"order_id": order.id}
    words = tuple(arguments.get("items") or ())
    match kind:
        case "change_address":
            return stored | {"address": str(arguments.get("address", ""))}
        case "cancel_order":
            if not words and not kept_items(order, wording.said, wording.names) and not counts_pieces(order, wording):
                return stored
            check(order, kind, rules, at)
            return stored | {"pieces": _written(pieces_of(order, words, wording))}
        case "return_items":
            check(order, kind, rules, at)
            return stored | {
                "pieces": _written(pieces_of(order, words, wording)),
                "reason": str(arguments.get("reason") or ""),
            }
        case "exchange_items":
            return stored | {"to": dict(arguments["to"])}
        case "report_problem":
            names = ("problem", "wish", "words")
            return stored | {
                "pieces": _written(reported_pieces(order, arguments["problem"], words, wording)),
                **{name: str(arguments.get(name) or "") for name in names},
            }


def reported_pieces(order: Order, problem: str, words: tuple[str, ...], wording: Wording) -> dict[int, int]:
    """What a problem is with: the items named, else the only one; a parcel that did not come is all of it."""
    held = {index: item.quantity for index, item in enumerate(order.items)}
    if not words and problem in OF_GOODS and len(held) > 1:
        words = ("",)  # fits none: the customer is asked which
    return pieces_of(order, words, replace(wording, said=""), held)


def change_of(order: Order, kind: OrderKind, stored: Mapping[str, Any], rules: Rules, at: datetime) -> Change:
    """What the order becomes."""
    match kind:
        case "cancel_order":
            return cancel(order, rules, _read(stored["pieces"]) if "pieces" in stored else None)
        case "return_items":
            return send_back(order, _read(stored["pieces"]), rules, at)
        case "change_address":
            return readdress(order, stored["address"])
        case "exchange_items":
            return exchange(
                order, {int(n): _swapped(order.items[int(n)], to) for n, to in stored["to"].items()}, rules, at
            )
        case "report_problem":
            if not needs_case(order, stored["problem"], at.astimezone(rules.zone).date()):
                reason = f"order {order.id} is {order.status}; there is nothing to report"
                raise OrderRefused(reason, "status", action="reported", status=order.status)
            lines = tuple(replace(order.items[n], quantity=count) for n, count in _read(stored["pieces"]).items())
            return Change(order, lines, Decimal())


def check(order: Order, kind: OrderKind, rules: Rules, at: datetime) -> None:
    """Whether the order allows the act at all, whatever items and money it is about. Errors: `OrderRefused`."""
    match kind:
        case "cancel_order":
            cancel(order, replace(rules, refund_cap=order.total))
        case "return_items":
            send_back(order, {}, rules, at)
        case "exchange_items":
            exchange(order, {}, rules, at)
        case "change_address":
            require_not_sent(order)


def summary_of(kind: OrderKind, change: Change, stored: Mapping[str, Any]) -> dict[str, Any]:
    """What the customer is told of a change."""
    shown: dict[str, Any] = {"order_id": change.order.id, "items": [item_json(item) for item in change.lines]}
    kept = {"kept": [item_json(item) for item in change.kept]} if change.kept else {}
    match kind:
        case "cancel_order":
            return shown | {"total": plain(change.order.total), "amount": plain(change.amount)} | kept
        case "return_items":
            return shown | {"amount": plain(change.amount), "reason": stored["reason"]} | kept
        case "change_address":
            return shown | {"address": change.order.address}
        case "exchange_items":
            return shown | {"to": [dict(to) for to in stored["to"].values()]} | kept
        case "report_problem":
            return shown | {"problem": stored["problem"], "wish": stored["wish"]}


def item_json(item: OrderItem) -> dict[str, Any]:
    """A line as summaries have it."""
    shown = item.to_json()
    return {name: shown[name] for name in ("sku", "title", "quantity", "price", "color", "size")}


def _swapped(item: OrderItem, to: Mapping[str, Any]) -> OrderItem:
    """The line in another variant; it was paid, whatever the variant costs today."""
    sku, color, size = (str(to[name]) for name in ("sku", "color", "size"))
    return replace(item, sku=sku, color=color, size=size, quantity=int(to["quantity"]), returned=0, cancelled=0)


def _written(pieces: Pieces) -> dict[str, int]:
    """As JSON keeps them."""
    return {str(index): count for index, count in pieces.items()}


def _read(pieces: Mapping[str, int]) -> dict[int, int]:
    return {int(index): count for index, count in pieces.items()}

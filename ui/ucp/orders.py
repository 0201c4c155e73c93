"""Orders by UCP: one of a customer's own, as it stands.

In: a call, and an order's id as people write it. Out: UCP's order. The order book keeps no address of an order's page
and no checkout; the first is made of the shop's own address, and the order's id stands for the second. Of what has no
time in the book (a shipment, a return) no event is made up: the quantities and the description say it.
"""

from collections.abc import Mapping
from datetime import datetime, time
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from agent.orders.order import BEFORE_SHIPPING, Order, OrderItem, named, refund_of
from agent.shop import Shop
from errors import NotFound
from ui.access.caller import Scope
from ui.ucp.call import Call
from ui.ucp.envelope import Capability, Json, enveloped, info, not_found
from ui.ucp.money import minor
from ui.ucp.policies import policies

_ARRIVES: Mapping[str, str] = {
    "processing": "Not sent yet",
    "paid": "Not sent yet",
    "shipped": "On its way",
    "delivered": "Delivered",
    "cancelled": "Cancelled",
    "return_requested": "Delivered; a return is under way",
    "returned": "Sent back",
    "lost": "Lost on its way",
}
_NOON = time(12)  # of a day of which the book has no time
_ARRIVED = ("delivered", "return_requested", "returned")


def get(call: Call, id: str) -> Json:
    """The order, if it is the customer's."""
    customer = call.acting_for(Scope.ORDERS)
    try:
        order = call.services.orders.get(customer, id)
    except NotFound:  # its message names the customer's others: a platform asks for one
        return not_found(Capability.ORDER, f"there is no order {id[:80]!r}")
    call.note(customer, "order")
    shop = call.services.shop
    refund = refund_of(order)
    said = f"{refund:.2f} {shop.currency} goes back or has gone back to the buyer"
    return enveloped(Capability.ORDER, order_shape(order, shop, call.origin), [info("refund", said)] if refund else [])


def order_shape(order: Order, shop: Shop, origin: str) -> Json:
    """An order in UCP's shape; pure. `origin`: where the shop is, unless its checkout says where."""
    at = urlsplit(shop.checkout_url or origin)
    return {
        "id": order.id,
        "label": order.id,
        "checkout_id": order.id,
        "permalink_url": f"{at.scheme}://{at.netloc}/orders/{quote(order.id, safe='')}",
        "line_items": [_line(order, place, shop.currency) for place in range(len(order.items))],
        "fulfillment": _fulfillment(order, shop.zone),
        "currency": shop.currency,
        "totals": _totals(order, shop.currency),
    } | policies(shop.facts)


def _line(order: Order, place: int, currency: str) -> Json:
    item = order.items[place]
    total = 0 if order.status == "cancelled" else item.left
    fulfilled = 0 if order.status in (*BEFORE_SHIPPING, "lost") else total
    amount = minor(item.price * item.quantity, currency)
    return {
        "id": _line_id(place),
        "item": {"id": item.sku, "title": named(item), "price": minor(item.price, currency)},
        "quantity": {"original": item.quantity, "total": total, "fulfilled": fulfilled},
        "totals": [{"type": "subtotal", "amount": amount}, {"type": "total", "amount": amount}],
        "status": "removed" if not total else "fulfilled" if fulfilled == total else "processing",
    }


def _fulfillment(order: Order, zone: ZoneInfo) -> Json:
    pieces = [{"id": _line_id(place), "quantity": _sent(item)} for place, item in enumerate(order.items) if _sent(item)]
    if not pieces:
        return {"expectations": [], "events": []}
    expected: Json = {
        "id": "expectation-1",
        "line_items": pieces,
        "method_type": "shipping",
        "destination": {"street_address": order.address} if order.address else {},
        "description": _described(order),
    }
    events = []
    if order.delivered and order.status in _ARRIVED:
        day = datetime.fromisoformat(order.delivered).date()
        event: Json = {
            "id": "event-1",
            "type": "delivered",
            "occurred_at": datetime.combine(day, _NOON, zone).isoformat(),
            "line_items": pieces,
        }
        told = {"carrier": order.carrier, "tracking_number": order.tracking}
        events.append(event | {name: value for name, value in told.items() if value})
    return {"expectations": [expected], "events": events}


def _described(order: Order) -> str:
    """ "On its way, expected on 2026-10-12, by UPS, 1Z..."."""
    words = [_ARRIVES[order.status]]
    if order.eta and order.status not in (*_ARRIVED, "cancelled"):
        words.append(f"expected on {order.eta}")
    words += [f"by {order.carrier}"] if order.carrier else []
    words += [f"tracking number {order.tracking}"] if order.tracking else []
    return ", ".join(words)


def _totals(order: Order, currency: str) -> list[Json]:
    """The goods, delivery, and what the order's total has more or less than both: a fee or a discount."""
    goods = sum(minor(item.price * item.quantity, currency) for item in order.items)
    fee, total = minor(order.shipping_fee, currency), minor(order.total, currency)
    rest = total - goods - fee
    rows: list[Json] = [{"type": "subtotal", "amount": goods}, {"type": "fulfillment", "amount": fee}]
    if rest:
        rows.append({"type": "fee" if rest > 0 else "discount", "amount": rest})
    return [*rows, {"type": "total", "amount": total}]


def _sent(item: OrderItem) -> int:
    return item.quantity - item.cancelled


def _line_id(place: int) -> str:
    return f"line-{place + 1}"

"""One order, and what may be done to it: three pure functions with the shop's rules.

In: an `Order` and a wish. Out: a `Change` (what the order becomes, the items concerned, the money that goes
back), or `OrderRefused` with the first rule that forbids it. `agent.orders.proposals` runs them twice: to see
whether a wish can be proposed, and to carry it out. Money is exact, in the
shop's currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal

from errors import Refused
from language.decimals import plain

Status = Literal["processing", "paid", "shipped", "delivered", "cancelled", "return_requested", "returned", "lost"]
STATUSES: tuple[Status, ...] = (
    "processing",
    "paid",
    "shipped",
    "delivered",
    "cancelled",
    "return_requested",
    "returned",
    "lost",
)  # fmt: skip
BEFORE_SHIPPING: tuple[Status, ...] = ("processing", "paid")
RETURNABLE: tuple[Status, ...] = ("delivered", "return_requested")
_ADDRESS_CHARS = (8, 300)


NEWEST = "last"  # as an order id


class OrderRefused(Refused):
    """A rule forbids the change. `rule` names it for code, `facts` holds what the message speaks of.

    Rules and their facts: "status" (action, status), "return_window" (delivered, days), "refund_cap" (cap,
    amount), "items" (items, wish), "already_returned" (items), "address" (address), "same_address"
    (address), "expired", "changed".
    """

    def __init__(self, reason: str, rule: str, **facts: str | float | Decimal) -> None:
        super().__init__(reason)
        self.rule = rule
        self.facts: dict[str, str | float | Decimal] = facts


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order. `price` is of one piece; `returned` pieces are asked back already."""

    sku: str
    title: str
    quantity: int
    price: Decimal
    color: str
    size: str
    returned: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, in the form of `orders.jsonl`."""
        return asdict(self) | {"price": plain(self.price)}


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the shop knows it. `placed` is ISO text in UTC, `eta` and `delivered` are ISO dates in its zone."""

    id: str
    customer: str
    placed: str
    status: Status
    items: tuple[OrderItem, ...]
    total: Decimal
    shipping_fee: Decimal
    address: str
    carrier: str | None
    tracking: str | None
    eta: str | None
    delivered: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, in the form of `orders.jsonl`."""
        money = {"total": plain(self.total), "shipping_fee": plain(self.shipping_fee)}
        return asdict(self) | money | {"items": [item.to_json() for item in self.items]}


@dataclass(frozen=True, slots=True)
class Rules:
    """Caps that code enforces: money given back by one order, and days to return (None: no limit) in `zone`."""

    refund_cap: Decimal
    return_days: int | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Change:
    """What an order becomes. `lines` are the items concerned, `amount` the money that goes back."""

    order: Order
    lines: tuple[OrderItem, ...]
    amount: Decimal


def cancel(order: Order, rules: Rules) -> Change:
    """Cancel the whole order; all that was paid goes back."""
    _require_status(order, "cancelled", BEFORE_SHIPPING)
    _require_cap(order.total, rules)
    return Change(replace(order, status="cancelled"), order.items, order.total)


def send_back(order: Order, pieces: Mapping[int, int], rules: Rules, at: datetime) -> Change:
    """Send `pieces` (quantity by the item's index) back; never more money than was paid."""
    _require_status(order, "returned", RETURNABLE)
    if rules.return_days is not None and order.delivered is not None:
        days = (at.astimezone(rules.zone).date() - datetime.fromisoformat(order.delivered).date()).days
        if days > rules.return_days:
            limit = f"it could be returned for {rules.return_days} days"
            reason = f"order {order.id} was delivered on {order.delivered}; {limit}"
            raise OrderRefused(reason, "return_window", delivered=order.delivered, days=rules.return_days)
    for index, count in pieces.items():
        item = order.items[index]
        if not 0 < count <= item.quantity - item.returned:
            why = f"{item.quantity} bought, {item.returned} asked back before"
            reason = f"{count} x {item.title} cannot be returned: {why}"
            raise OrderRefused(reason, "already_returned", items=item.title)
    earlier = sum((item.price * item.returned for item in order.items), Decimal())
    goods = sum((order.items[index].price * count for index, count in pieces.items()), Decimal())
    amount = max(Decimal(), min(goods, order.total - earlier))
    _require_cap(earlier + amount, rules)
    items = tuple(replace(item, returned=item.returned + pieces.get(n, 0)) for n, item in enumerate(order.items))
    lines = tuple(replace(order.items[index], quantity=count, returned=0) for index, count in sorted(pieces.items()))
    return Change(replace(order, status="return_requested", items=items), lines, amount)


def readdress(order: Order, address: str) -> Change:
    """Send the order elsewhere. `address` is tidied to one line; it must look like one."""
    _require_status(order, "readdressed", BEFORE_SHIPPING)
    tidy = " ".join("".join(c if c.isprintable() else " " for c in address).split())
    letters = sum(2 if "\u4e00" <= c <= "\u9fff" else 1 for c in tidy)  # a Chinese address is half as long
    if not _ADDRESS_CHARS[0] <= letters <= _ADDRESS_CHARS[1] or not any(c.isalpha() for c in tidy):
        reason = f"{tidy[:60]!r} is no address; it needs street, number and city in 8 to 300 characters"
        raise OrderRefused(reason, "address", address=tidy[:60])
    if tidy.casefold() == order.address.casefold():
        raise OrderRefused(f"order {order.id} goes to {tidy!r} already", "same_address", address=tidy)
    return Change(replace(order, address=tidy), order.items, Decimal())


def _require_status(order: Order, action: str, valid: Sequence[Status]) -> None:
    if order.status not in valid:
        reason = f"order {order.id} is {order.status} and cannot be {action}; that needs {' or '.join(valid)}"
        raise OrderRefused(reason, "status", action=action, status=order.status)


def _require_cap(amount: Decimal, rules: Rules) -> None:
    if amount > rules.refund_cap:
        limit = f"the {rules.refund_cap:.2f} that can be refunded here; a person must decide"
        reason = f"{amount:.2f} is more than {limit}"
        raise OrderRefused(reason, "refund_cap", cap=rules.refund_cap, amount=amount)

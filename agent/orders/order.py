"""One order, and what may be done to it: pure functions with the shop's rules.

In: an `Order` and a wish. Out: a `Change` (what the order becomes, the items concerned, the money that goes
back), or `OrderRefused` with the first rule that forbids it. `agent.orders.proposals` runs them twice: to see
whether a wish can be proposed, and to carry it out. Money is exact, in the
shop's currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal

from agent.orders.address import is_whole
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

    Rules and their facts: "status" (action, status), "return_window", "return_window_only" (an exchange is possible
    still) and "exchange_window" (delivered, days), "refund_cap" (cap, amount), "items" (items, wish),
    "already_returned" (items), "same_variant" (items), "address" (address), "same_address" (address),
    "already_reported" (since), "expired", "changed".
    """

    def __init__(self, reason: str, rule: str, **facts: str | float | Decimal) -> None:
        super().__init__(reason)
        self.rule = rule
        self.facts: dict[str, str | float | Decimal] = facts


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order. `price` is of one piece.

    `returned` pieces are asked back already, `cancelled` ones are not sent. `instead_of`: the color and size that this
    line takes the place of, after an exchange.
    """

    sku: str
    title: str
    quantity: int
    price: Decimal
    color: str
    size: str
    returned: int = 0
    cancelled: int = 0
    instead_of: str = ""

    @property
    def left(self) -> int:
        """Pieces that are neither asked back nor cancelled."""
        return self.quantity - self.returned - self.cancelled

    @property
    def variant(self) -> str:
        """Color and size, as far as it has them: "dark green, M"."""
        return ", ".join(part for part in (self.color, self.size) if part)

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
    """Caps that code enforces: money given back by one order, days to return or exchange (None: no limit) in `zone`."""

    refund_cap: Decimal
    return_days: int | None = None
    zone: tzinfo = UTC
    exchange_days: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an order becomes.

    `lines` are the items concerned, `amount` the money that goes back, `kept` the items that stay as they are.
    """

    order: Order
    lines: tuple[OrderItem, ...]
    amount: Decimal
    kept: tuple[OrderItem, ...] = ()


Pieces = Mapping[int, int]  # how many, by the index of the item


def cancel(order: Order, rules: Rules, pieces: Pieces | None = None) -> Change:
    """Cancel the whole order, and all that was paid goes back; or only `pieces` of it, and their price does."""
    _require_status(order, "cancelled", BEFORE_SHIPPING)
    earlier = _given_back(order)
    if pieces is None or pieces == pieces_left(order):
        _require_cap(order.total, rules)
        lines = tuple(replace(item, quantity=item.left, cancelled=0) for item in order.items if item.left)
        return Change(replace(order, status="cancelled"), lines, order.total - earlier)
    _require_left(order, pieces)
    amount = _worth(order, pieces, earlier, rules)
    items = tuple(replace(item, cancelled=item.cancelled + pieces.get(n, 0)) for n, item in enumerate(order.items))
    return Change(replace(order, items=items), _lines(order, pieces), amount, _kept(order, pieces))


def send_back(order: Order, pieces: Pieces, rules: Rules, at: datetime) -> Change:
    """Send `pieces` back; never more money than was paid."""
    _require_status(order, "returned", RETURNABLE)
    is_exchangeable = rules.exchange_days is not None and _is_within(order, rules.exchange_days, rules, at)
    rule = "return_window_only" if is_exchangeable else "return_window"
    _require_days(order, rules.return_days, rule, rules, at)
    _require_left(order, pieces)
    amount = _worth(order, pieces, _given_back(order), rules)
    items = tuple(replace(item, returned=item.returned + pieces.get(n, 0)) for n, item in enumerate(order.items))
    after = replace(order, status="return_requested", items=items)
    return Change(after, _lines(order, pieces), amount, _kept(order, pieces))


def exchange(order: Order, to: Mapping[int, OrderItem], rules: Rules, at: datetime) -> Change:
    """Swap items, by index, for another variant of theirs, which has the quantity to swap; no money moves."""
    _require_status(order, "exchanged", RETURNABLE)
    _require_days(order, rules.exchange_days, "exchange_window", rules, at)
    pieces = {index: item.quantity for index, item in to.items()}
    _require_left(order, pieces)
    for index, item in to.items():
        if item.variant == order.items[index].variant:
            reason = f"{item.title} of order {order.id} is {item.variant} already"
            raise OrderRefused(reason, "same_variant", items=named(order.items[index]))
    items = list[OrderItem]()
    for index, item in enumerate(order.items):
        rest = item.quantity - pieces.get(index, 0)
        items += [replace(item, quantity=rest)] if rest else []
        items += [replace(to[index], instead_of=item.variant)] if index in to else []
    return Change(replace(order, items=tuple(items)), _lines(order, pieces), Decimal(), _kept(order, pieces))


def refund_of(order: Order) -> Decimal:
    """The money that goes back, as the order stands; what came back without saying which items, came back whole."""
    if order.status == "cancelled":
        return order.total
    given = _given_back(order)
    if order.status in ("return_requested", "returned") and not any(item.returned for item in order.items):
        given += sum((item.price * item.left for item in order.items), Decimal())
    return min(given, order.total)


def is_late(order: Order, today: date) -> bool:
    """Whether it is on its way and should have been there."""
    return order.status == "shipped" and order.eta is not None and date.fromisoformat(order.eta) < today


def last_day(order: Order, limit: int | None) -> date | None:
    """The last day on which what was delivered can go back, by a limit in days; None for other orders and no limit."""
    if order.status not in RETURNABLE or order.delivered is None or limit is None:
        return None
    return datetime.fromisoformat(order.delivered).date() + timedelta(days=limit)


def pieces_left(order: Order) -> dict[int, int]:
    """All that is neither asked back nor cancelled."""
    return {index: item.left for index, item in enumerate(order.items) if item.left}


def named(item: OrderItem) -> str:
    """ "Alpine Shell Jacket (dark green, M)"."""
    return f"{item.title} ({item.variant})" if item.variant else item.title


def readdress(order: Order, address: str) -> Change:
    """Send the order elsewhere. `address` is tidied to one line; it must look like one."""
    require_not_sent(order)
    tidy = " ".join("".join(c if c.isprintable() else " " for c in address).split())
    letters = sum(2 if "\u4e00" <= c <= "\u9fff" else 1 for c in tidy)  # a Chinese address is half as long
    is_one = _ADDRESS_CHARS[0] <= letters <= _ADDRESS_CHARS[1] and any(c.isalpha() for c in tidy)
    if not is_one or not is_whole(tidy, order.address):
        reason = f"{tidy[:60]!r} is no address; it needs street, number and city in 8 to 300 characters"
        raise OrderRefused(reason, "address", address=tidy[:60])
    if tidy.casefold() == order.address.casefold():
        raise OrderRefused(f"order {order.id} goes to {tidy!r} already", "same_address", address=tidy)
    return Change(replace(order, address=tidy), order.items, Decimal())


def require_not_sent(order: Order) -> None:
    """Errors: `OrderRefused` for an order whose address can no longer be changed."""
    _require_status(order, "readdressed", BEFORE_SHIPPING)


def _require_status(order: Order, action: str, valid: Sequence[Status]) -> None:
    if order.status not in valid:
        reason = f"order {order.id} is {order.status} and cannot be {action}; that needs {' or '.join(valid)}"
        raise OrderRefused(reason, "status", action=action, status=order.status)


def _require_days(order: Order, limit: int | None, rule: str, rules: Rules, at: datetime) -> None:
    if not _is_within(order, limit, rules, at):
        assert order.delivered is not None and limit is not None
        reason = f"order {order.id} was delivered on {order.delivered}; the limit of {limit} days is over"
        raise OrderRefused(reason, rule, delivered=order.delivered, days=limit)


def _is_within(order: Order, limit: int | None, rules: Rules, at: datetime) -> bool:
    """Whether the days since the delivery are no more than a limit, if there is one."""
    if limit is None or order.delivered is None:
        return True
    return (at.astimezone(rules.zone).date() - datetime.fromisoformat(order.delivered).date()).days <= limit


def _require_left(order: Order, pieces: Pieces) -> None:
    for index, count in pieces.items():
        item = order.items[index]
        if not 0 < count <= item.left:
            why = f"{item.quantity} bought, {item.quantity - item.left} asked back or cancelled before"
            raise OrderRefused(f"{count} x {item.title} is not possible: {why}", "already_returned", items=item.title)


def _worth(order: Order, pieces: Pieces, earlier: Decimal, rules: Rules) -> Decimal:
    """What goes back for the pieces; never more than was paid, and with what went back `earlier` within the cap."""
    goods = sum((order.items[index].price * count for index, count in pieces.items()), Decimal())
    amount = max(Decimal(), min(goods, order.total - earlier))
    _require_cap(earlier + amount, rules)
    return amount


def _given_back(order: Order) -> Decimal:
    return sum((item.price * (item.returned + item.cancelled) for item in order.items), Decimal())


def _lines(order: Order, pieces: Pieces) -> tuple[OrderItem, ...]:
    return tuple(_piece(order.items[index], count) for index, count in sorted(pieces.items()))


def _kept(order: Order, pieces: Pieces) -> tuple[OrderItem, ...]:
    rest = {index: count - pieces.get(index, 0) for index, count in pieces_left(order).items()}
    return tuple(_piece(order.items[index], count) for index, count in rest.items() if count)


def _piece(item: OrderItem, count: int) -> OrderItem:
    return replace(item, quantity=count, returned=0, cancelled=0)


def _require_cap(amount: Decimal, rules: Rules) -> None:
    if amount > rules.refund_cap:
        limit = f"the {rules.refund_cap:.2f} that can be refunded here; a person must decide"
        reason = f"{amount:.2f} is more than {limit}"
        raise OrderRefused(reason, "refund_cap", cap=rules.refund_cap, amount=amount)

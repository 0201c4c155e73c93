"""The shapes events come in: Segment's (spec v2) and GA4's (BigQuery export), as JSON; `Event`s out.

`EventReader.read` gives an `Event`, an `Aside` with the reason, or None for an event that says nothing here (a page,
a scroll). Segment: https://segment.com/docs/connections/spec/ecommerce/v2, `identify` and `alias` name a visitor.
GA4: https://support.google.com/analytics/answer/7029846; it has no message ids, so one is made of what identifies an
event there.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from profiles.events.event import WEIGHTS, Aside, Event, Kind, Reason
from profiles.events.machines import is_bot_agent

CLOCK_SKEW = timedelta(minutes=5)  # a browser's clock may be ahead of the shop's
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_PRODUCTS = 1000
MOST_MONEY = 1e9
BODY_CHARS = 2000

SEGMENT: Mapping[str, Kind] = {
    "Product Viewed": "viewed",
    "Product Clicked": "clicked",
    "Product Added": "added",
    "Product Added to Wishlist": "saved",
    "Product Reviewed": "reviewed",
    "Products Searched": "searched",
    "Order Completed": "bought",
    "Order Refunded": "refunded",
    "Order Cancelled": "refunded",
}
GA4: Mapping[str, Kind] = {
    "view_item": "viewed",
    "select_item": "clicked",
    "add_to_cart": "added",
    "add_to_wishlist": "saved",
    "view_search_results": "searched",
    "search": "searched",
    "purchase": "bought",
    "refund": "refunded",
    "login": "identified",
    "sign_up": "identified",
}

Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Person = Annotated[str, StringConstraints(max_length=90, pattern=r"^[^\x00]*$")]
_MONEY = ("total", "revenue", "value")  # with shipping and tax, without, and whatever the sender calls it


class _Shape(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True, allow_inf_nan=False)


class _Product(_Shape):
    product_id: Name | None = None
    sku: Name | None = None
    item_id: Name | None = None  # GA4's name for either
    price: float | None = None
    quantity: float | None = None


class _Properties(_Product):
    products: list[_Product] | None = Field(default=None, max_length=MOST_PRODUCTS)
    order_id: Name | None = None
    total: float | None = None
    revenue: float | None = None
    value: float | None = None


class _Segment(_Shape):
    type: Literal["track", "identify", "alias"] = "track"
    event: str = ""
    messageId: Annotated[Name, StringConstraints(min_length=1)]
    userId: Person | None = None
    anonymousId: Person | None = None
    previousId: Person | None = None
    timestamp: AwareDatetime
    properties: _Properties | None = None


class _Ga4(_Shape):
    event_name: str
    event_timestamp: int
    user_id: Person | None = None
    user_pseudo_id: Person | None = None
    event_bundle_sequence_id: int | None = None
    batch_event_index: int | None = None
    items: list[_Product] | None = Field(default=None, max_length=MOST_PRODUCTS)


class EventReader:
    """Reads events of a shop that has `products`; what is later than `now()`, by more than `CLOCK_SKEW`, is not yet."""

    def __init__(self, products: Collection[str], now: Callable[[], datetime]) -> None:
        self.products = products
        self.now = now

    def read(self, raw: object) -> Event | Aside | None:
        if isinstance(raw, Aside):  # whoever brought it has judged it
            return raw
        if not isinstance(raw, dict):
            return Aside(Reason.MALFORMED, "not a JSON object", body_text(raw))
        try:
            event = self._ga4(raw) if "event_name" in raw else self._segment(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            return Aside(Reason.MALFORMED, f"{where}: {first['msg']}", body_text(raw), _named(raw))
        except _Impossible as error:
            return Aside(Reason.IMPOSSIBLE, str(error), body_text(raw), _named(raw))
        return self._checked(event, raw) if isinstance(event, Event) else event

    def _checked(self, event: Event, raw: Mapping[str, Any]) -> Event | Aside:
        who = event.customer or event.visitor
        if not who:
            return Aside(Reason.MALFORMED, "neither a customer nor a visitor is named", body_text(raw))
        if event.kind in WEIGHTS and not event.skus:
            return Aside(Reason.MALFORMED, "no product is named", body_text(raw), who)
        agent = _agent(raw)
        if agent and is_bot_agent(agent):
            return Aside(Reason.BOT_AGENT, agent[:200].replace("\x00", ""), body_text(raw), who)
        if event.at < EARLIEST:
            return Aside(Reason.IMPOSSIBLE, f"time {event.at:%Y-%m-%d}", body_text(raw), who)
        if event.at > self.now() + CLOCK_SKEW:
            return Aside(Reason.FUTURE, f"time {event.at:%Y-%m-%d %H:%M}", body_text(raw), who)
        return event

    def _segment(self, raw: Mapping[str, Any]) -> Event | Aside | None:
        kind: Kind | None = SEGMENT.get(str(raw.get("event")))
        if raw.get("type") in ("identify", "alias"):
            kind = "identified"
        elif raw.get("type", "track") != "track":
            return _passed_over(raw, "type")
        if kind is None:
            return _passed_over(raw, "event")
        read = _Segment.model_validate(raw)
        visitor = read.previousId if read.type == "alias" else read.anonymousId
        properties = read.properties or _Properties()
        products = properties.products if properties.products is not None else [properties]
        return Event(
            read.messageId,
            read.userId or "",
            visitor or "",
            kind,
            _utc(read.timestamp),
            self._skus(products),
            properties.order_id or "",
            _amount(kind, next((m for n in _MONEY if (m := getattr(properties, n)) is not None), None), products),
        )

    def _ga4(self, raw: Mapping[str, Any]) -> Event | Aside | None:
        kind = GA4.get(str(raw["event_name"]))
        if kind is None:
            return _passed_over(raw, "event_name")
        read = _Ga4.model_validate(raw)
        products = read.items or []
        order, money = _Properties(), None
        if kind in ("bought", "refunded"):
            order, money = _ga4_order(raw, kind)
        names = tuple(item.item_id for item in products)
        return Event(
            _ga4_id(read, names, order.order_id),
            read.user_id or "",
            read.user_pseudo_id or "",
            kind,
            _microseconds(read.event_timestamp),
            self._skus(products),
            order.order_id or "",
            _amount(kind, money, products),
        )

    def _skus(self, products: Sequence[_Product]) -> tuple[str, ...]:
        """One name a product: its variant's if the catalogue has it, else the product's."""
        found = []
        for product in products:
            _check(product)
            exact = product.sku or product.item_id or product.product_id
            if exact:
                coarse = product.product_id or exact
                found.append(coarse if coarse in self.products and exact not in self.products else exact)
        return tuple(found)


class _Impossible(Exception):
    """A value that can be read and cannot be."""


def _passed_over(raw: Mapping[str, Any], field: str) -> Aside | None:
    """None for an act that says nothing here; where no text says which act it was, it is kept aside."""
    named = raw.get(field)
    if isinstance(named, str) and named:
        return None
    detail = f"{field}: expected the name of an act, not {body_text(named)[:60]}"
    return Aside(Reason.MALFORMED, detail, body_text(raw), _named(raw))


def _check(product: _Product) -> None:
    if product.price is not None and not 0 <= product.price <= MOST_MONEY:
        raise _Impossible(f"price {product.price:g}")
    if product.quantity is not None and not 0 <= product.quantity <= MOST_MONEY:
        raise _Impossible(f"quantity {product.quantity:g}")


def _amount(kind: Kind, money: float | None, products: Sequence[_Product]) -> float | None:
    """The money of an order or refund; of its products where no sum is given."""
    if kind not in ("bought", "refunded"):
        return None
    if money is None and products and all(item.price is not None for item in products):
        money = sum((item.price or 0.0) * (1.0 if item.quantity is None else item.quantity) for item in products)
    if money is not None and kind == "refunded":
        money = abs(money)  # some send what goes back as a negative sum
    if money is not None and not 0 <= money <= MOST_MONEY:
        raise _Impossible(f"total {money:g}")
    return money


def _ga4_order(raw: Mapping[str, Any], kind: Kind) -> tuple[_Properties, float | None]:
    """Order id and money: in `ecommerce`, or else in `event_params`, a list of keys and typed values."""
    ecommerce = raw.get("ecommerce")
    fields = dict(ecommerce) if isinstance(ecommerce, dict) else {}
    params = raw.get("event_params")
    for entry in params if isinstance(params, list) else []:
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(value, dict):
            typed = [item for item in value.values() if item is not None]
            fields.setdefault(str(entry.get("key")), typed[0] if typed else None)
    revenue = fields.get("purchase_revenue" if kind == "bought" else "refund_value")
    read = _Properties.model_validate(
        {
            "order_id": fields.get("transaction_id"),
            "value": fields.get("value") if revenue is None else revenue,
        }
    )
    return read, read.value


def _ga4_id(read: _Ga4, names: tuple[str | None, ...], order: str | None) -> str:
    parts = (
        read.user_pseudo_id or read.user_id,
        read.event_name,
        read.event_timestamp,
        read.event_bundle_sequence_id,
        read.batch_event_index,
        names,
        order,
    )
    return "ga4:" + blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _microseconds(since_1970: int) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since_1970)
    except OverflowError:
        raise _Impossible(f"event_timestamp {since_1970} is no time in microseconds") from None


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise _Impossible(f"time {at.isoformat()}") from None


def _agent(raw: Mapping[str, Any]) -> str:
    context = raw.get("context")
    agent = context.get("userAgent") if isinstance(context, dict) else None
    return agent if isinstance(agent, str) else ""


def _named(raw: Mapping[str, Any]) -> str:
    """Whoever an event names that cannot be read: customer or browser, so that an erasure finds it."""
    names = (raw.get(field) for field in ("userId", "user_id", "anonymousId", "user_pseudo_id"))
    return next((str(name)[:90].replace("\x00", "") for name in names if isinstance(name, str | int)), "")


def body_text(raw: object) -> str:
    """What it looked like, for a person to see: short, and fit for any database."""
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=True, default=str)
    return text[:BODY_CHARS].replace("\x00", "�").encode("utf-8", "replace").decode()

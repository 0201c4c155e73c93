"""The shapes events come in: Segment's (spec v2) and GA4's (BigQuery export), as JSON; `Event`s out.

`EventReader.read` gives an `Event`, an `Aside` with the reason, or None for an event that says nothing here (a page,
a scroll). Segment: https://segment.com/docs/connections/spec/ecommerce/v2, `identify` and `alias` name a visitor.
GA4: https://support.google.com/analytics/answer/7029846; it has no message ids. An event's id is made of its source,
its message id and of what the event is, since senders use message ids again. A price that cannot be read is no price;
the event still says what was looked at.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from language.placeholders import means_nobody
from profiles.events.amounts import read_amount
from profiles.events.clocks import CLOCK_SKEW, EARLIEST, Impossible, from_microseconds, happened_at, in_utc, moment_of
from profiles.events.event import MARK, WEIGHTS, Aside, Event, Kind, Reason
from profiles.events.machines import is_bot_agent
from profiles.privacy.retention import KEPT_KINDS

MOST_MESSAGE_BYTES = 32_000  # of a message in Segment's shape, as Segment has it
MOST_PRODUCTS = 1000
MOST_MONEY = Decimal(10**9)
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
Message = Annotated[str, StringConstraints(min_length=1, max_length=180, pattern=r"^[^\x00]*$")]
Amount = Annotated[Decimal | None, BeforeValidator(read_amount)]
_MONEY = ("total", "revenue", "value")  # with shipping and tax, without, and whatever the sender calls it


class _Shape(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True, allow_inf_nan=False)


class _Product(_Shape):
    product_id: Name | None = None
    sku: Name | None = None
    item_id: Name | None = None  # GA4's name for either
    price: Amount = None
    quantity: Amount = None


class _Properties(_Product):
    products: list[_Product] | None = Field(default=None, max_length=MOST_PRODUCTS)
    order_id: Name | None = None
    total: Amount = None
    revenue: Amount = None
    value: Amount = None


class _Segment(_Shape):
    type: Literal["track", "identify", "alias"] = "track"
    event: str = ""
    messageId: Message
    userId: Person | None = None
    anonymousId: Person | None = None
    previousId: Person | None = None
    timestamp: AwareDatetime
    projectId: Name = ""  # the source, where Segment names it
    properties: _Properties | None = None


class _Ga4(_Shape):
    event_name: str
    event_timestamp: int
    clock_ahead: int = 0  # by how many microseconds; see `messages`
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
        except Impossible as error:
            return Aside(Reason.IMPOSSIBLE, str(error), body_text(raw), _named(raw))
        return self._checked(event, raw) if isinstance(event, Event) else event

    def _checked(self, event: Event, raw: Mapping[str, Any]) -> Event | Aside:
        who = event.customer or event.visitor
        nobody = _nobody(raw)
        if nobody and (event.kind == "identified" or not who):
            return Aside(Reason.NOBODY, nobody, body_text(raw), who)
        if not who:
            return Aside(Reason.MALFORMED, "neither a customer nor a visitor is named", body_text(raw))
        if event.kind in KEPT_KINDS and not event.order:
            return Aside(Reason.NO_ORDER, f"{event.kind}, and no order is named", body_text(raw), who)
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

    def _segment(self, raw: dict[str, Any]) -> Event | Aside | None:
        kind: Kind | None = SEGMENT.get(str(raw.get("event")))
        if raw.get("type") in ("identify", "alias"):
            kind = "identified"
        elif raw.get("type", "track") != "track":
            return _passed_over(raw, "type")
        if kind is None:
            return _passed_over(raw, "event")
        read = _Segment.model_validate(_dated(raw))
        visitor = _somebody(read.previousId if read.type == "alias" else read.anonymousId)
        properties = read.properties or _Properties()
        products = properties.products if properties.products is not None else [properties]
        order = _somebody(properties.order_id)
        money = next((m for n in _MONEY if (m := getattr(properties, n)) is not None), None)
        amount = _amount(kind, money, products)
        own = in_utc(moment_of(raw.get("originalTimestamp")) or read.timestamp) if _has_time(raw) else None
        sum_ = money.normalize() if money else money
        what = (read.projectId, kind, read.userId, visitor, own, _names(products), order, sum_)
        return Event(
            f"{read.messageId}{MARK}{_digest(what, 8)}",
            _somebody(read.userId),
            visitor,
            kind,
            happened_at(read.timestamp, raw, self.now()),
            self._skus(products),
            order,
            amount,
        )

    def _ga4(self, raw: dict[str, Any]) -> Event | Aside | None:
        kind = GA4.get(str(raw["event_name"]))
        if kind is None:
            return _passed_over(raw, "event_name")
        read = _Ga4.model_validate(raw)
        products = read.items or []
        order, money = _Properties(), None
        if kind in ("bought", "refunded"):
            order, money = _ga4_order(raw, kind)
        who = read.user_pseudo_id or read.user_id
        place = (read.event_bundle_sequence_id, read.batch_event_index)
        names = tuple(item.item_id for item in products)
        return Event(
            f"ga4:{_digest((who, read.event_name, read.event_timestamp, *place, names, order.order_id), 16)}",
            _somebody(read.user_id),
            _somebody(read.user_pseudo_id),
            kind,
            from_microseconds(read.event_timestamp - read.clock_ahead),
            self._skus(products),
            _somebody(order.order_id),
            _amount(kind, money, products),
        )

    def _skus(self, products: Sequence[_Product]) -> tuple[str, ...]:
        """One name a product: its variant's if the catalogue has it, else the product's."""
        found = []
        for product in products:
            _check(product)
            exact = product.sku or product.item_id or product.product_id
            if exact and (exact in self.products or not means_nobody(exact)):
                coarse = product.product_id or exact
                found.append(coarse if coarse in self.products and exact not in self.products else exact)
        return tuple(found)


def _dated(raw: dict[str, Any]) -> dict[str, Any]:
    """With a `timestamp`, if any time is there; one that is there and unusable stays so."""
    for field in ("timestamp", "originalTimestamp", "receivedAt"):
        if field in raw:
            return raw if field == "timestamp" else raw | {"timestamp": raw[field]}
    return raw


def _has_time(raw: Mapping[str, Any]) -> bool:
    """Whether the message says itself when it was; if not, a repetition of it comes at another time."""
    return "timestamp" in raw or "originalTimestamp" in raw


def _somebody(name: str | None) -> str:
    """The id, or "" for one that means nobody."""
    return "" if name is None or means_nobody(name) else name


def _nobody(raw: Mapping[str, Any]) -> str:
    """Which id means nobody, in words; "" where none does."""
    for field in ("userId", "user_id", "anonymousId", "previousId", "user_pseudo_id"):
        name = raw.get(field)
        if isinstance(name, str | int) and not isinstance(name, bool) and name != "" and means_nobody(str(name)):
            return f"{field}: {str(name)[:60]!r} means nobody"
    return ""


def _names(products: Sequence[_Product]) -> tuple[tuple[str | None, ...], ...]:
    """All that the products are called: what the catalogue has may change between two readings of one event."""
    return tuple((item.product_id, item.sku, item.item_id) for item in products)


def _digest(what: tuple[object, ...], size: int) -> str:
    return blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def _passed_over(raw: Mapping[str, Any], field: str) -> Aside | None:
    """None for an act that says nothing here; where no text says which act it was, it is kept aside."""
    named = raw.get(field)
    if isinstance(named, str) and named:
        return None
    detail = f"{field}: expected the name of an act, not {body_text(named)[:60]}"
    return Aside(Reason.MALFORMED, detail, body_text(raw), _named(raw))


def _check(product: _Product) -> None:
    if product.price is not None and not 0 <= product.price <= MOST_MONEY:
        raise Impossible(f"price {product.price}")
    if product.quantity is not None and not 0 <= product.quantity <= MOST_MONEY:
        raise Impossible(f"quantity {product.quantity}")


def _amount(kind: Kind, money: Decimal | None, products: Sequence[_Product]) -> Decimal | None:
    """The money of an order or refund; of its products where no sum is given."""
    if kind not in ("bought", "refunded"):
        return None
    if money is None and products and all(item.price is not None for item in products):
        each = ((item.price or Decimal(), item.quantity) for item in products)
        money = sum((price if count is None else price * count for price, count in each), Decimal())
    if money is not None and kind == "refunded":
        money = abs(money)  # some send what goes back as a negative sum
    if money is not None and not 0 <= money <= MOST_MONEY:
        raise Impossible(f"total {money}")
    return money


def _ga4_order(raw: Mapping[str, Any], kind: Kind) -> tuple[_Properties, Decimal | None]:
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


def _agent(raw: Mapping[str, Any]) -> str:
    context = raw.get("context")
    agent = context.get("userAgent") if isinstance(context, dict) else None
    return agent if isinstance(agent, str) else ""


def _named(raw: Mapping[str, Any]) -> str:
    """Whoever an event names that cannot be read: customer or browser, so that an erasure finds it."""
    names = (raw.get(field) for field in ("userId", "user_id", "anonymousId", "user_pseudo_id"))
    texts = (str(name)[:90].replace("\x00", "") for name in names if isinstance(name, str | int))
    return next((name for name in texts if not means_nobody(name)), "")


def too_large(raw: object, size: int) -> Aside | None:
    """What keeps a message of so many bytes aside. GA4's export has no limit: it writes a row out for each item."""
    if size <= MOST_MESSAGE_BYTES or (isinstance(raw, dict) and "event_name" in raw):
        return None
    who = _named(raw) if isinstance(raw, dict) else ""
    return Aside(Reason.MALFORMED, f"{size} bytes: at most {MOST_MESSAGE_BYTES} a message", body_text(raw), who)


def body_text(raw: object) -> str:
    """What it looked like, for a person to see: short, and fit for any database."""
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=True, default=str)
    return text[:BODY_CHARS].replace("\x00", "�").encode("utf-8", "replace").decode()

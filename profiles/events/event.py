"""One act in the shop, whatever shape it came in; and why one may be kept aside.

`shapes` reads `Event`s, `intake` takes them. All texts are short and free of NUL, all times aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

Kind = Literal["viewed", "clicked", "added", "saved", "reviewed", "bought", "searched", "refunded", "identified"]

# What an act says about a taste, in views. The other kinds say nothing about one.
WEIGHTS: Mapping[str, float] = {
    "viewed": 1.0,
    "clicked": 1.0,
    "added": 3.0,
    "saved": 2.0,
    "reviewed": 2.0,
    "bought": 6.0,
}


class Reason(StrEnum):
    """Why an event does not count, or not yet."""

    MALFORMED = "malformed"
    NOBODY = "an id that means nobody"
    NO_ORDER = "a purchase without an order id"
    IMPOSSIBLE = "impossible value"
    FUTURE = "from the future"
    BOT_AGENT = "user agent of a bot"
    BOT_RATE = "too fast for a person"
    UNKNOWN_PRODUCT = "unknown product"
    UNKNOWN_CUSTOMER = "unknown customer"
    NO_CONSENT = "no consent to profiling"
    UNSIGNED = "identity without a valid signature"
    ERASED = "erased customer"
    TOO_OLD = "older than is kept"


MARK = "~"  # in an event's id, between the message's id and what tells it from others of that id


@dataclass(frozen=True, slots=True)
class Event:
    """`customer` is the shop's id of a person, `visitor` that of a browser; at least one is there.

    `id` is the same for a repetition of the event, and another for any other event, whatever message id they share.
    `skus` has one entry a product, the most exact name that the event has for it. `amount` is the money of an order
    or of a refund (None: all of it), in the shop's currency.
    """

    id: str
    customer: str
    visitor: str
    kind: Kind
    at: datetime
    skus: tuple[str, ...] = ()
    order: str = ""
    amount: Decimal | None = None

    @property
    def message(self) -> str:
        """Its sender's id of the message, which begins `id`; "" where a sender has none."""
        return self.id.rpartition(MARK)[0]


@dataclass(frozen=True, slots=True)
class Aside:
    """An event that is kept aside: why, in words for a person, and what it looked like."""

    reason: Reason
    detail: str
    body: str
    customer: str = ""

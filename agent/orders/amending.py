"""What says of a proposal that waits what it should be instead, though it begins as a no: "no, brown", "just one then".

In: the proposal, the order that it is about, and the message. Out: whether it is amended, and how many pieces are
meant. Pure functions.
"""

from agent.orders.address import corrected
from agent.orders.counts import going
from agent.orders.order import Order
from agent.orders.proposals import Proposal
from agent.shop_reading import ShopReading
from retrieval.facets import VARIANT_FACETS

_COUNTED = ("cancel_order", "return_items")


def is_amended(waiting: Proposal, order: Order, reading: ShopReading) -> bool:
    """Whether the message counts other pieces than wait, or names a color or size for an exchange that the item has not
    ("no, I keep the grey ones" asks for nothing)."""
    if waiting.kind == "change_address":
        return bool(corrected(str(waiting.summary["address"]), reading.text))
    if waiting.kind != "exchange_items":
        return count_meant(waiting, order, reading.text) is not None
    own = {line.get(name) for line in waiting.summary["items"] for name in VARIANT_FACETS}
    named = (value for value in reading.values if value.facet in VARIANT_FACETS and not value.denied)
    return any(value.value not in own for value in named)


def count_meant(waiting: Proposal, order: Order, said: str) -> int | None:
    """How many pieces of the one line that waits are meant, where the message counts others than were proposed."""
    lines = waiting.summary.get("items", ())
    if waiting.kind not in _COUNTED or len(lines) != 1:
        return None
    left = sum(item.left for item in order.items if item.sku == lines[0]["sku"])
    count = going(said, left)
    return count if count != lines[0]["quantity"] else None

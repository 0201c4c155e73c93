"""The demo shop's agent with orders that tests write, for consultations about them.

In: orders as `line` writes them. Out: a `Talk`: what a customer says, what the model asks for, what becomes of it.
"""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.context import Services
from agent.models.scripted import CallPair, ScriptedModel
from agent.orders.order import Order
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn

NOW = "2026-11-29T12:00:00+00:00"
# Of the demo shop's catalogue: SKU, title, color, size, price.
JACKET = ("JKT-1001-NVY-M", "Badger Men's Rain Jacket", "navy", "M", 59.0)  # navy L is in stock, navy XL is not
SOCKS = ("SCK-1001-RED-M", "Redpoll Merino Hiking Socks", "red", "M", 14.9)
TENT = ("TNT-1002-YEL-OS", "Harbour 1-Person Ultralight Tent", "yellow", "one size", 174.0)
_numbers = itertools.count()


def order(number: int, status: str, *items: tuple[str, str, str, str, float], **changes: Any) -> dict[str, Any]:
    """One order; the higher its number, the newer it is."""
    names = ("sku", "title", "color", "size", "price")
    lines = [dict(zip(names, item, strict=True)) | {"quantity": 1} for item in items]
    sent = status not in ("processing", "paid", "cancelled")
    return {
        "id": f"ID-{number}",
        "placed": f"2026-11-{number % 100:02}T09:00:00Z",
        "status": status,
        "items": lines,
        "total": round(sum(item[-1] for item in items), 2),
        "address": "12 Elm Street, Portland",
        "carrier": "Cedar Post" if sent else None,
        "tracking": "CP0042" if sent else None,
        "eta": "2026-11-25" if sent else None,
        "delivered": "2026-11-25" if status in ("delivered", "return_requested", "returned") else None,
    } | changes


class Talk:
    """A new customer with these orders, in a consultation of its own."""

    def __init__(self, agent: Shopkeeper, model: ScriptedModel, folder: Path, orders: Sequence[dict[str, Any]]) -> None:
        self.agent, self.model = agent, model
        number = next(_numbers)
        self.customer, self.consultation = CUSTOMERS[number], f"orders-{number}"
        path = folder / "orders.jsonl"
        lines = [one | {"id": f"{one['id']}{number:03}", "customer": self.customer} for one in orders]
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        assert self.services.orders.import_orders(path).rejected == ()

    @property
    def services(self) -> Services:
        return self.agent.services

    def say(self, text: str, *calls: CallPair) -> Turn:
        """One message; the model makes these calls, and is not asked where code answers."""
        self.model.script[:] = [list(calls)] if calls else []
        turn = self.agent.reply(self.customer, self.consultation, text)
        assert not self.model.script, "the model was not asked"
        assert turn.gate["blocked"] == 0, turn.reply
        return turn

    def held(self) -> list[Order]:
        """The customer's orders, oldest first."""
        return list(self.services.orders.list(self.customer))[::-1]


CUSTOMERS = [
    json.loads(line)["id"]
    for line in Path("shop/customers.jsonl").read_text(encoding="utf-8").splitlines()
    if json.loads(line)["id"] not in Path("shop/orders.jsonl").read_text(encoding="utf-8")
]

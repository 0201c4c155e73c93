"""A small order book for the tests of orders and proposals: lines as in `orders.jsonl`, and open stores."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.orders.book import OrderBook
from agent.orders.order import Rules
from agent.orders.proposals import Proposals
from profiles.storage.database import open_database

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
RULES = Rules(refund_cap=Decimal(500), return_days=30)
JACKET = ("JKT-1-DGR-M", "Alpine Shell Jacket", 1, 139.0, "dark green", "M")
SOCKS = ("SOC-2-GRY-42", "Merino Hiking Socks", 3, 18.5, "grey", "42")
BOOTS = ("BOT-3-BRN-42", "Ridge Leather Boots", 1, 189.0, "brown", "42")


def line(order_id: str, customer: str = "C1", status: str = "paid", **changes: Any) -> dict[str, Any]:
    """One order; `items` are tuples as above, the total is theirs plus shipping unless it is given."""
    names = ("sku", "title", "quantity", "price", "color", "size")
    items = [dict(zip(names, item, strict=True)) for item in changes.pop("items", (JACKET, SOCKS))]
    goods = sum(item["quantity"] * item["price"] for item in items)
    return {
        "id": order_id,
        "customer": customer,
        "placed": "2026-10-02T09:12:00Z",
        "status": status,
        "items": items,
        "total": round(goods + 4.95, 2),
        "shipping_fee": 4.95,
        "address": "12 Elm Street, Portland",
        "carrier": None,
        "tracking": None,
        "eta": None,
        "delivered": "2026-10-10" if status == "delivered" else None,
        **changes,
    }


def open_shop(
    folder: Path, lines: Sequence[dict[str, Any]] = (), rules: Rules = RULES, database: str | None = None
) -> Proposals:
    """Stores on a real SQLite file in `folder`, or in `database`, with these orders in them."""
    engine = open_database(database or folder / "shopkeeper.db")
    book = OrderBook(engine)
    if lines:
        path = folder / "orders.jsonl"
        path.write_text("\n".join(json.dumps(one) for one in lines), encoding="utf-8")
        assert book.import_orders(path).rejected == ()
    return Proposals(engine, book, rules)

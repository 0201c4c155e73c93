"""A small shop for the profile tests: a schema like a real one, its facets, and files of a shop directory."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from profiles.observation import Authority, Evidence, Observation, Op, Polarity, Value
from profiles.privacy.purposes import Purpose
from profiles.privacy.settings import Privacy
from profiles.schema import Schema

START = datetime(2026, 10, 1, 12, tzinfo=UTC)
FACETS: dict[str, dict[str, tuple[str, ...]]] = {
    "color": {"black": ("黑色",), "navy": ("藏青色",), "dark green": ("深绿色", "墨绿色"), "red": ("红色",)},
    "material": {"merino wool": ("美利奴羊毛",), "cotton": ("棉",), "nylon": ("尼龙",)},
    "size": dict.fromkeys(("S", "M", "L", "XL", "42", "43"), ()),
    "category": {"jackets": ("外套", "coat"), "boots": ("靴子",)},
}
_TASTE = {"many": True, "polarity": True, "writers": ["stated", "observed", "inferred"]}
_STATED = {"writers": ["stated", "inferred"]}
ATTRIBUTES: list[dict[str, Any]] = [
    {"name": "budget", "type": "money", "half_life_days": 30, **_STATED},
    {
        "name": "size",
        "type": "choice",
        "facet": "size",
        "writers": ["shop", "stated", "observed", "inferred"],
    },
    {"name": "color", "type": "choice", "facet": "color", "half_life_days": 100, **_TASTE},
    {"name": "material", "type": "choice", "facet": "material", **_TASTE},
    {"name": "category", "type": "choice", "facet": "category", **_TASTE},
    {"name": "need", "type": "text", **_TASTE},
    {
        "name": "allergy",
        "type": "text",
        "many": True,
        "polarity": True,
        "sensitive": True,
        "writers": ["stated"],
    },
    {"name": "recipient", "type": "text", **_STATED},
    {"name": "needed_by", "type": "date", **_STATED},
    {"name": "height_cm", "type": "number", **_STATED},
    {"name": "delivery", "type": "choice", "values": ["standard", "express", "pickup"], **_STATED},
    {"name": "gift", "type": "boolean", **_STATED},
    {"name": "price_band", "type": "choice", "values": ["low", "mid", "high"], "writers": ["observed"]},
    {
        "name": "member_tier",
        "type": "choice",
        "values": ["basic", "silver", "gold", "vip"],
        "writers": ["shop"],
    },
    {"name": "order_count", "type": "number", "writers": ["shop"]},
    {"name": "total_spent", "type": "money", "writers": ["shop"]},
    {"name": "price_range", "type": "money", "range": True, **_STATED},
    {"name": "size_in", "type": "choice", "facet": "size", "per": "category", **_STATED},
]
SCHEMA = Schema.parse({"attributes": ATTRIBUTES})
PRIVACY = Privacy(consents={Purpose.PROFILING: True})  # of a shop that is free to write what a test is about


def observation(
    id: str,
    attribute: str,
    value: Value,
    *,
    by: Authority = Authority.STATED,
    days: float = 0.0,
    polarity: Polarity = "fact",
    op: Op = "assert",
    turn: str | None = None,
    confidence: float = 0.9,
    customer: str = "C1",
) -> Observation:
    """An observation `days` after START; its evidence is a turn of its own unless `turn` names one."""
    evidence = Evidence("turn", turn or f"turn-{id}", f"about {value}")
    at = START + timedelta(days=days)
    return Observation(id, customer, attribute, value, polarity, by, evidence, at, op, confidence)


def write_shop(folder: Path, customers: int = 3, events: int = 30) -> Path:
    """A shop directory with `customers` customers, an order each, and `events` events in all."""
    folder.mkdir(parents=True)
    schema = yaml.safe_dump({"attributes": ATTRIBUTES}, allow_unicode=True)
    (folder / "profile.yaml").write_text(schema, encoding="utf-8")
    aliases = {"navy": "藏青色", "dark green": "深绿色"}
    table = "\n".join(f'"{alias}" = "{value}"' for value, alias in aliases.items())
    (folder / "shop.toml").write_text(f'[facets.color]\ntype = "choice"\n[facets.color.aliases]\n{table}\n')
    products = [_product(number) for number in range(9)]
    ids = [f"C{1001 + number}" for number in range(customers)]
    _write(folder / "catalog.jsonl", products)
    _write(folder / "customers.jsonl", [_customer(name, number) for number, name in enumerate(ids)])
    _write(folder / "orders.jsonl", [_order(name, number) for number, name in enumerate(ids)])
    with gzip.open(folder / "events.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(_event(number, ids[number % customers])) + "\n" for number in range(events))
    return folder


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _product(number: int) -> dict[str, Any]:
    color = ("black", "navy", "dark green")[number % 3]
    variants = [{"sku": f"P{number}-{size}", "color": color, "size": size} for size in ("M", "L")]
    return {
        "sku": f"P{number}",
        "category": "jackets",
        "brand": "Northfold",
        "price": 50.0 + 10 * number,
        "facets": {"material": ["nylon", "cotton"]},
        "variants": variants,
    }


def _customer(name: str, number: int) -> dict[str, Any]:
    stated = {"attribute": "color", "value": "dark green", "polarity": "like", "quote": "I love dark green"}
    allergy = {
        "attribute": "allergy",
        "value": "nickel",
        "polarity": "fact",
        "quote": "nickel gives me a rash",
    }
    return {
        "id": name,
        "name": f"Customer {number}",
        "email": f"{name}@example.com",
        "language": "en",
        "city": "Portland",
        "member_tier": "gold",
        "consent": {"service": True, "profiling": number % 2 == 0, "training": False},
        "traits": [trait | {"at": "2026-09-01T10:00:00Z"} for trait in (stated, allergy)],
    }


def _order(name: str, number: int) -> dict[str, Any]:
    return {
        "id": f"AP-{number}",
        "customer": name,
        "placed": "2026-09-20T09:12:00Z",
        "status": "delivered",
        "items": [],
        "total": 60.5,
    }


def _event(number: int, customer: str) -> dict[str, Any]:
    at = START - timedelta(minutes=30_000 - number % 30_000)
    return {
        "messageId": f"m{number}",
        "userId": customer,
        "event": ("Product Viewed", "Product Viewed", "Products Searched", "Product Added")[number % 4],
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "properties": {"product_id": "P1" if number % 5 else "P3", "query": "jacket"},
    }

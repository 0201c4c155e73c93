"""Invented customers and orders.

In: a random generator, the shop's products and attributes. Out: lines of customers.jsonl (with a few traits that they
have stated before) and orders.jsonl, in every status. All agree to training: they are nobody.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from finetune.selfplay.shops.catalogue import Range
from finetune.selfplay.shops.schema import Kept
from language.decimals import exact, plain

_NAMES = (
    "Anna Berg", "Tom Ellis", "Mei Tan", "Lukas Brandt", "Priya Nair", "Carlos Vega", "Kate Doyle", "Ahmed Saleh",
    "Yuki Mori", "Lena Vogt", "Ben Archer", "Nora Lind", "Ivy Chen", "Oscar Ruiz", "Fatima Diallo", "Rosa Conti",
)  # fmt: skip
_NAMES_ZH = ("王芳", "李强", "张伟", "陈静", "刘洋", "赵敏", "周婷", "吴磊", "孙悦", "马超", "林晓", "何雪")
_STREETS = ("Maple Street", "Oak Avenue", "Harbour Road", "Elm Lane", "Station Road", "King Street", "Birch Way")
_CITIES = ("Denver", "Leeds", "Toronto", "Austin", "Dublin", "Boston", "Bristol", "Ottawa")
_STATUSES = (
    "processing",
    "paid",
    "shipped",
    "delivered",
    "delivered",
    "cancelled",
    "return_requested",
    "returned",
    "lost",
)
_CARRIERS = ("Northline Parcel", "Swift Post", "BlueBox", "Cedar Post", "Arrow Courier")
# How shops number their orders.
FORMATS: Sequence[Callable[[int], str]] = (
    lambda n: f"AP-{10000 + n}",
    lambda n: f"#W{1000000 + 7919 * n % 8999999}",
    lambda n: f"ORD{n + 800:06}",
    lambda n: f"{4100000 + 37 * n}",
    lambda n: f"B-{48000 + 3 * n}",
    lambda n: f"SO{20000 + 11 * n}",
    lambda n: f"K{700 + n:05}",
    lambda n: f"INV-{300000 + 13 * n}",
    lambda n: f"2026/{n + 120:05}",
    lambda n: f"SO-2025-{n + 117:04}",
)


def draw_customers(
    rng: random.Random, count: int, share: float, traits: Callable[[str], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Lines of customers.jsonl. `share`: of them who write Chinese; `traits`: draws what one of a language has said."""
    made = []
    for number in range(count):
        chinese = share == 1 or (share > 0 and rng.random() < share)
        language = "zh" if chinese else "en"
        made.append(
            {
                "id": f"C{1001 + number}",
                "name": rng.choice(_NAMES_ZH if chinese else _NAMES),
                "language": language,
                "city": rng.choice(_CITIES),
                "address": f"{rng.randint(1, 900)} {rng.choice(_STREETS)}, {rng.choice(_CITIES)}",
                "member_tier": rng.choice(("basic", "silver", "gold")),
                "member_since": f"{rng.randint(2019, 2025)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                "consent": {"service": True, "profiling": rng.random() < 0.85, "training": True},
                "traits": traits(language),
            }
        )
    return made


def draw_orders(
    rng: random.Random, names: Sequence[str], lines: Sequence[dict[str, Any]], form: Callable[[int], str], now: datetime
) -> list[dict[str, Any]]:
    """Lines of orders.jsonl, oldest first, for most of the customers; `form` numbers them."""
    drawn = [name for name in names if rng.random() < 0.9 for _ in range(rng.randint(1, 4))]
    rng.shuffle(drawn)
    placed = sorted(now - timedelta(hours=rng.uniform(1, 24 * 60)) for _ in drawn)
    return [
        _order(rng, lines, form(n), customer, at, now)
        for n, (customer, at) in enumerate(zip(drawn, placed, strict=True))
    ]


def _order(
    rng: random.Random, lines: Sequence[dict[str, Any]], order_id: str, customer: str, at: datetime, now: datetime
) -> dict[str, Any]:
    age = (now - at).days
    status = (
        rng.choice(("processing", "paid"))
        if age < 4
        else rng.choice(_STATUSES[2:])
        if age < 12
        else rng.choice(_STATUSES[3:])
    )
    items = [_item(rng, line) for line in rng.sample(list(lines), rng.choice((1, 1, 2, 3)))]
    fee = rng.choice((0.0, 4.95, 6.5))
    sent = status not in ("processing", "paid", "cancelled")
    arrived = at + timedelta(days=rng.randint(2, 6))
    return {
        "id": order_id,
        "customer": customer,
        "placed": at.astimezone(UTC).isoformat(),
        "status": status,
        "items": items,
        "total": plain(sum((exact(item["price"]) * item["quantity"] for item in items), exact(fee))),
        "shipping_fee": fee,
        "address": f"{rng.randint(1, 900)} {rng.choice(_STREETS)}, {rng.choice(_CITIES)}",
        "carrier": rng.choice(_CARRIERS) if sent else None,
        "tracking": f"TR{rng.randrange(10**9):09}" if sent else None,
        "eta": (at + timedelta(days=5)).date().isoformat(),
        "delivered": arrived.date().isoformat() if status in ("delivered", "return_requested", "returned") else None,
    }


def _item(rng: random.Random, line: dict[str, Any]) -> dict[str, Any]:
    variant = rng.choice(line["variants"])
    return {
        "sku": variant["sku"],
        "title": line["title"],
        "quantity": rng.choice((1, 1, 1, 2)),
        "price": variant["price"],
        "color": variant["color"],
        "size": variant["size"],
    }


def draw_traits(rng: random.Random, offer: Range, kept: Sequence[Kept], language: str) -> list[dict[str, Any]]:
    """Up to three things said in earlier consultations."""
    known = [one for one in kept if one.values or one.facet]
    made = []
    for one in rng.sample(known, min(len(known), rng.choice((0, 0, 1, 2, 3)))):
        values = one.values or offer.facets[one.aspect.key].values
        value = rng.choice(values).name(offer.language)
        said = rng.choice(one.aspect.label[language])
        made.append(
            {
                "attribute": one.name,
                "value": value,
                "polarity": rng.choice(("like", "dislike")) if one.aspect.taste else "fact",
                "quote": f"{said}：{value}" if language == "zh" else f"{said}: {value}",
                "at": f"2026-{rng.randint(1, 6):02}-{rng.randint(1, 28):02}T10:00:00Z",
            }
        )
    return made

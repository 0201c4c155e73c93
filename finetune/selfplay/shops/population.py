"""A shop with invented customers in place of its own: what self-play plays on.

In: a shop directory, a folder, a seed. Out: the folder with the shop's goods, answers and rules, and with customers,
orders and events that a seed invents, dated back from today; of the shop's own people nothing is read. So a sample of
self-play is of nobody, and neither consent nor erasure can reach it. A shop that a seed has made, whole or in its
people, is what comes out itself. Errors: those of reading a shop, `StorageError`.
"""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import clock
from agent.shop import ORDERS_FILE, Shop, load_shop
from finetune.folders import MADE_FROM, Fingerprint, is_current, replace_folder
from finetune.logs.people import CUSTOMERS_FILE, PERSONAL
from finetune.selfplay.shops.people import FORMATS, draw_customers, draw_orders
from finetune.selfplay.topics import Topic, Topics
from finetune.weights import file_sha256
from language.decimals import plain
from profiles.schema import Schema
from profiles.shop.files import read_lines
from profiles.shop.imports import EVENT_FILES
from retrieval.catalog import Catalog, Product, load_catalog
from retrieval.facets import FacetSpace

PEOPLE = 120
_FOLDED = ("choice", "text")  # types of what a customer may have said before
_SHARES: Mapping[tuple[str, ...], float] = {("en",): 0.0, ("zh",): 1.0}  # of customers who write Chinese
_ACTS = ("Product Viewed", "Product Viewed", "Product Viewed", "Product Clicked", "Product Added")

Line = dict[str, Any]


def peopled(shop: Path, folder: Path, seed: int) -> Path:
    """Make the folder, anew if the shop's files or the day are others than it was made from."""
    if (shop / MADE_FROM).is_file():
        return shop
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    files = [path for path in sorted(shop.iterdir()) if path.is_file() and path.name not in PERSONAL]
    hashes: Fingerprint = {path.name: file_sha256(path) for path in files}
    made_from: Fingerprint = {**hashes, "seed": seed, "day": f"{today:%Y-%m-%d}"}
    if is_current(folder, made_from):
        return folder
    settings, catalog = load_shop(shop), load_catalog(shop / "catalog.jsonl")
    rng = random.Random(f"people:{seed}")
    topics = _topics(shop, settings, catalog)
    languages = tuple(language for language in settings.languages if language in ("en", "zh"))
    customers = draw_customers(rng, PEOPLE, _SHARES.get(languages, 0.5), lambda spoken: _traits(rng, topics, spoken))
    names = [str(customer["id"]) for customer in customers]
    orders = draw_orders(rng, names, _goods(catalog), _numbering(shop), today)
    with replace_folder(folder, made_from) as work:
        for path in files:
            shutil.copyfile(path, work / path.name)
        _write(work / CUSTOMERS_FILE, customers)
        _write(work / ORDERS_FILE, orders)
        _write(work / EVENT_FILES[0], _events(rng, names, catalog.products, today))
    return folder


def _topics(shop: Path, settings: Shop, catalog: Catalog) -> list[Topic]:
    """What somebody may have said of themselves before: nothing sensitive, and only what has words."""
    schema, facets = Schema.load(shop / "profile.yaml"), FacetSpace.from_shop(settings.facets, catalog)
    categories = sorted({product.category for product in catalog.products})
    found = Topics.of(schema, facets, settings.tool_facets, categories).by_attribute
    kept = {name: schema.attribute(name) for name in found}
    return [
        topic
        for name, topic in found.items()
        if kept[name].type in _FOLDED and not kept[name].sensitive and kept[name].per is None and any(topic.words)
    ]


def _traits(rng: random.Random, topics: Sequence[Topic], language: str) -> list[Line]:
    """Up to three things said in earlier consultations."""
    sayable = [topic for topic in topics if topic.words.get(language) and topic.label.get(language)]
    made = []
    for topic in rng.sample(sayable, min(len(sayable), rng.choice((0, 0, 1, 2, 3)))):
        word = rng.choice(topic.words[language])
        label = rng.choice(topic.label[language])
        made.append(
            {
                "attribute": topic.attribute,
                "value": word.value,
                "polarity": rng.choice(("like", "dislike")) if topic.aspect.taste else "fact",
                "quote": f"{label}：{word.said}" if language == "zh" else f"{label}: {word.said}",
                "at": f"2026-{rng.randint(1, 6):02}-{rng.randint(1, 28):02}T10:00:00Z",
            }
        )
    return made


def _goods(catalog: Catalog) -> list[Line]:
    return [
        {
            "title": product.title,
            "variants": [
                {"sku": variant.sku, "price": plain(variant.price), "color": variant.color, "size": variant.size}
                for variant in product.variants
            ],
        }
        for product in catalog.products
        if product.variants
    ]


def _numbering(shop: Path) -> Callable[[int], str]:
    """As the shop numbers its orders, from behind the last one on: no number is a real order's."""
    last = ""
    for order in read_lines(shop / ORDERS_FILE):
        last = str(order.get("id") or last)
    found = re.fullmatch(r"(.*?)(\d+)(\D*)", last)
    if found is None:
        return FORMATS[0]
    head, number, tail = found.groups()
    return lambda n: f"{head}{int(number) + 1 + n:0{len(number)}}{tail}"


def _events(rng: random.Random, names: Iterable[str], products: Sequence[Product], now: datetime) -> list[Line]:
    """What they looked at: each of them mostly at one kind of product."""
    kinds: dict[str, list[Product]] = {}
    for product in products:
        kinds.setdefault(product.category, []).append(product)
    made: list[Line] = []
    for name in names:
        own = kinds[rng.choice(sorted(kinds))]
        for _ in range(rng.randint(0, 16)):
            product = rng.choice(own if rng.random() < 0.8 else products)
            made.append(
                {
                    "messageId": f"seen-{len(made):06}",
                    "userId": name,
                    "event": rng.choice(_ACTS),
                    "timestamp": (now - timedelta(hours=rng.uniform(1, 24 * 60))).isoformat(),
                    "properties": {"product_id": product.sku},
                }
            )
    return sorted(made, key=lambda event: str(event["timestamp"]))


def _write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")

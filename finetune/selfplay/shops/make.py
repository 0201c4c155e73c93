"""Whole shop directories from a seed: ``make_shop(Path("shops/000"), seed=7, number=0)``.

In: a folder, a seed, a number, the names of verticals. Out: a directory that `agent.shop.load_shop` and
`open_services` open, the same for the same seed and number; orders are dated back from today, so that some can still
be changed. Errors: `ConfigError` for an unknown vertical, `StorageError` if the folder cannot be written.
"""

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

import clock
from errors import StorageError
from finetune.folders import MADE_FROM
from finetune.selfplay.shops.bank import verticals
from finetune.selfplay.shops.catalogue import Style, draw_products, draw_range
from finetune.selfplay.shops.people import FORMATS, draw_customers, draw_orders, draw_traits
from finetune.selfplay.shops.schema import draw_schema, entries, varied
from finetune.selfplay.shops.texts import draw_answers, draw_currency, draw_facts, draw_name, policy, settings

STYLES: tuple[Style, ...] = ("en", "zh", "both")
_SHARES = (58, 24, 18)
_CUSTOMERS = 40
_CHINESE: Mapping[Style, float] = {"en": 0.0, "zh": 1.0, "both": 0.5}  # share of customers who write it
_RATES = {"USD": 1.0, "EUR": 0.9, "GBP": 0.8, "CAD": 1.3, "AUD": 1.5, "CNY": 7.0}


def shop_name(number: int) -> str:
    """The folder of shop number `number`."""
    return f"shop-{number:04}"


def make_shop(
    folder: Path, seed: int, number: int, names: str = "train", vary: bool = True, at: datetime | None = None
) -> Path:
    """Write one shop directory; one that is complete already is left as it is.

    `vary`: some keep a budget as a range, or sizes by kind of product; what else they are does not depend on it. `at`:
    the time from which orders are dated back, if not now.
    """
    if (folder / "shop.toml").is_file():
        return folder
    rng = random.Random(f"shop:{seed}:{number}:{names}")
    vertical = rng.choice(verticals(names))
    style = rng.choices(STYLES, _SHARES)[0]
    offer = draw_range(rng, vertical, style)
    kept = draw_schema(rng, offer)
    name, currency = draw_name(rng, offer), draw_currency(rng, style)
    facts = draw_facts(rng, name, currency)
    lines = draw_products(rng, offer, _RATES[currency])
    answers = draw_answers(rng)
    customers = draw_customers(rng, _CUSTOMERS, _CHINESE[style], lambda spoken: draw_traits(rng, offer, kept, spoken))
    today = (at or clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    orders = draw_orders(rng, [customer["id"] for customer in customers], lines, rng.choice(FORMATS), today)
    written = settings(rng, name, currency, offer, facts)
    attributes = entries(rng, kept, offer.language)
    if vary:
        attributes = varied(random.Random(f"varied:{seed}:{number}:{names}"), attributes, kept, offer)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_lines(folder / "catalog.jsonl", lines)
        _write_lines(folder / "customers.jsonl", customers)
        _write_lines(folder / "orders.jsonl", orders)
        _write_yaml(folder / "answers.yaml", answers)
        _write_yaml(folder / "profile.yaml", {"attributes": attributes})
        (folder / "policy.md").write_text(policy(name, answers, facts), encoding="utf-8")
        made_from = {"seed": seed, "number": number, "verticals": names}
        (folder / MADE_FROM).write_text(json.dumps(made_from) + "\n", encoding="utf-8")
        (folder / "shop.toml").write_text(written, encoding="utf-8")  # last: it says that the directory is complete
    except OSError as error:
        raise StorageError(f"cannot write the shop {folder}: {error.strerror}") from error
    return folder


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def _write_yaml(path: Path, data: object) -> None:
    path.write_text(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), encoding="utf-8")

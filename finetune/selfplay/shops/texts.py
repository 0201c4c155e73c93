"""The texts of a random shop: its facts, its approved answers, its rules, and shop.toml.

In: a random generator and what the shop sells. Out: the contents of shop.toml, answers.yaml and policy.md. Every shop
has its own facts; each of its answers speaks of them.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from finetune.selfplay.shops.catalogue import Range, facet_tables

Facts = Mapping[str, str | int | float]
_SUFFIXES = ("", "", " & Co", " Shop", " Store", " House", " Market", " Direct", " Supply", " Corner")
_CURRENCIES = {
    "en": ("USD", "USD", "EUR", "GBP", "CAD", "AUD"),
    "zh": ("CNY", "CNY", "CNY", "USD"),
    "both": ("USD", "EUR", "CNY"),
}


def draw_name(rng: random.Random, offer: Range) -> str:
    """What the shop is called."""
    return rng.choice(offer.vertical.shops) + rng.choice(_SUFFIXES)


def draw_currency(rng: random.Random, style: str) -> str:
    """A currency code that fits the shop's languages."""
    return rng.choice(_CURRENCIES[style])


def draw_facts(rng: random.Random, name: str, currency: str) -> Facts:
    """The facts that answers quote."""
    opens = rng.choice((8, 9, 10))
    days = {
        "return_days": (10, 14, 15, 21, 28, 30, 45, 60, 90, 100), "exchange_days": (14, 20, 30, 45, 60),
        "refund_days": (3, 4, 5, 7, 10, 12), "damage_days": (2, 3, 5, 7, 8), "match_days": (7, 10, 14, 21),
        "data_days": (3, 10, 20, 30), "code_days": (30, 60, 90), "restock_days": (5, 9, 14, 18),
        "repair_days": (7, 12, 16), "cancel_hours": (1, 2, 6, 12, 24), "basket_hours": (12, 24, 48),
        "link_hours": (1, 2, 24), "warranty_years": (1, 2, 3, 5), "gift_years": (1, 2, 3, 4),
        "invoice_years": (2, 6, 10), "points": (1, 2, 3, 5), "student_discount": (5, 8, 10, 15),
        "bulk_from": (10, 12, 20, 50), "bulk_discount": (4, 6, 9, 12), "instalments": (3, 4, 6, 12),
        "review_points": (10, 20, 50), "local_share": (20, 35, 60), "green_share": (70, 85, 95),
        "gold_from": (300, 500, 900), "trade_in": (5, 8, 15, 25), "invoice_from": (20, 40, 50),
        "instalment_from": (80, 100, 150), "free_from": (29, 39, 49, 60, 75, 99), "gift_min": (5, 10, 20),
        "gift_max": (200, 250, 500), "standard_fee": (2.9, 3.95, 4.5, 5.9, 6.95),
        "express_fee": (7.9, 9.5, 12.95, 14.9), "abroad_fee": (11.9, 14.5, 19.95, 24),
        "return_fee": (0, 0, 2.5, 3.95), "wrap_fee": (1.5, 2, 3.5, 4),
    }  # fmt: skip
    facts: dict[str, str | int | float] = {fact: rng.choice(choices) for fact, choices in days.items()}
    low = rng.randint(2, 5)
    facts |= {
        "standard_days": f"{low}-{low + rng.randint(1, 3)}",
        "express_days": "1-2",
        "abroad_days": f"{low + 3}-{low + 9}",
    }
    facts |= {"open_hours": f"{opens}:00-{opens + rng.choice((8, 9, 10))}:00", "cur": currency}
    facts["city"] = rng.choice(("Bristol", "Denver", "Leeds", "Ottawa", "Porto", "Ghent", "Austin"))
    facts["email"] = f"help@{re.sub('[^a-z]', '', name.casefold())}.example"
    return facts


def draw_answers(rng: random.Random) -> list[dict[str, Any]]:
    """20 to 40 approved answers, as answers.yaml lists them; each keeps some of its sample questions."""
    every = _answers()
    drawn = sorted(rng.sample(range(len(every)), rng.randint(20, min(40, len(every)))))
    return [_answer(rng, every[place]) for place in drawn]


def policy(name: str, answers: Sequence[Mapping[str, Any]], facts: Facts) -> str:
    """The rules in prose: what the answers say, under headings."""
    parts = [f"# {name}: our rules\n"]
    for answer in answers:
        heading = answer["id"].replace("-", " ").capitalize()
        parts.append(f"## {heading}\n\n{answer['text']['en'].format_map(facts)}\n")
    return "\n".join(parts)


def settings(rng: random.Random, name: str, currency: str, offer: Range, facts: Facts) -> str:
    """shop.toml."""
    tables = facet_tables(offer)
    keys = [facet.name for facet in offer.facets.values()]
    tools = rng.sample(keys, min(len(keys), rng.choice((1, 2, 3, 3, 4, 5))))
    if rng.random() < 0.93:
        tools.insert(0 if rng.random() < 0.7 else rng.randrange(len(tools) + 1), offer.category_facet)
    lines = [
        f"name = {_toml(name)}", f"languages = {_toml(list(offer.languages))}", f"currency = {_toml(currency)}",
        "", "[limits]", f"refund_cap = {float(rng.choice((100, 150, 250, 400, 500, 800, 1000)))}", "", "[facts]",
        *(f"{fact} = {_toml(value)}" for fact, value in facts.items()), "",
    ]  # fmt: skip
    for facet, table in tables.items():
        aliases = table.pop("aliases", {})
        lines += [f"[facets.{facet}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
        if aliases:
            lines += [
                f"[facets.{facet}.aliases]",
                *(f"{_toml(word)} = {_toml(value)}" for word, value in aliases.items()),
            ]
        lines.append("")
    return "\n".join([*lines, "[search]", f"tool_facets = {_toml(tools)}", ""])


def _toml(value: object) -> str:
    """Strings, numbers, booleans and lists of strings are written alike in TOML and JSON."""
    return json.dumps(value, ensure_ascii=False)


def _answer(rng: random.Random, raw: Mapping[str, Any]) -> dict[str, Any]:
    needs = sorted({slot for text in raw["text"].values() for slot in re.findall(r"{(\w+)}", text)})
    english = rng.sample(raw["en"], rng.randint(2, len(raw["en"])))
    return {
        "id": raw["id"],
        "topic": raw["id"].split("-")[0],
        "samples": {"en": english, "zh": list(raw["zh"])},
        "text": dict(raw["text"]),
        "needs": needs,
    }


@cache
def _answers() -> Sequence[Mapping[str, Any]]:
    text = Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8")
    loaded: Sequence[Mapping[str, Any]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded

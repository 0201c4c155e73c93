"""tau2-bench's retail database as a shop directory: `python -m eval import-tau2 --data DIR --out SHOP`.

In: a directory with `db.json` and `policy.md`. Out: a directory that the agent opens: shop.toml, catalog.jsonl,
orders.jsonl, customers.jsonl, profile.yaml, policy.md. Errors: those of reading the data; ConfigError for an output
directory that is in use; StorageError if it cannot be written.

What the two forms say differently:

- a shop's variants differ in colour and size only; each further combination of options is a product of its own, named
  after it ("T-Shirt, cotton, v-neck"), whose variants are the items. SKUs of variants are tau2's item ids. Stock is 10
  pieces or none. Options are facets.
- statuses: pending is "processing", processed is "shipped". Orders bear no dates there: the first order of a profile is
  placed on 1 January 2024 and each further one a day later, so that "my last order" is the last of the list.
- payment methods have no place in a shop directory. There is no limit to refunds. Everybody consents to service and
  to a profile, nobody to training.
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from errors import ConfigError, DataError, StorageError
from finetune.corpora.tau2.data import Retail, read_shop
from language.decimals import exact, plain

Json = dict[str, Any]

FIRST_ORDER = datetime(2024, 1, 1, 12, tzinfo=UTC)
STOCK = 10
_STATUSES = {
    "pending": "processing",
    "processed": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "return requested": "return_requested",
    "exchange requested": "return_requested",
}
_VARIANT_OPTIONS = ("color", "size")
_TAKEN = ("category", "brand", "price", "rating")
_SHARED = 3  # an option that so many kinds of products have is worth remembering about a customer


def import_shop(retail: Retail, out: Path, name: str) -> Path:
    """Write the shop directory; returns its path."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is in use: name a directory that is empty or does not exist yet")
    booleans = _boolean_options(retail.db)
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_lines(out / "catalog.jsonl", _catalog(retail.db, booleans))
        _write_lines(out / "orders.jsonl", _orders(retail.db))
        _write_lines(out / "customers.jsonl", map(_customer, retail.db["users"].values()))
        (out / "shop.toml").write_text(_settings(retail.db, name, booleans), encoding="utf-8")
        profile = yaml.safe_dump({"attributes": _attributes(retail.db)}, sort_keys=False, allow_unicode=True)
        (out / "profile.yaml").write_text(profile, encoding="utf-8")
        (out / "policy.md").write_text(retail.policy or f"# {name}\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or out}: {error.strerror}") from error
    return out


def facet_name(option: str) -> str:
    """An option's name as a facet's: "screen size" is "screen_size"."""
    plain = re.sub(r"\W+", "_", option.casefold()).strip("_")
    return f"{plain}_option" if plain in _TAKEN else plain


def _options(db: Json) -> dict[str, dict[str, set[str]]]:
    """By option: the values, by product."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for product in db["products"].values():
        for variant in product["variants"].values():
            for option, value in variant["options"].items():
                found[option][product["product_id"]].add(value)
    return found


def _boolean_options(db: Json) -> frozenset[str]:
    """Options that are yes or no wherever they occur."""
    return frozenset(
        option
        for option, values in _options(db).items()
        if option not in _VARIANT_OPTIONS and set().union(*values.values()) <= {"yes", "no"}
    )


def _catalog(db: Json, booleans: frozenset[str]) -> Iterator[Json]:
    for product in db["products"].values():
        groups: dict[tuple[tuple[str, str], ...], list[Json]] = defaultdict(list)
        for variant in product["variants"].values():
            groups[tuple(pair for pair in variant["options"].items() if pair[0] not in _VARIANT_OPTIONS)].append(
                variant
            )
        for number, (options, variants) in enumerate(sorted(groups.items()), 1):
            yield _product(product, f"{product['product_id']}-{number}", dict(options), variants, booleans)


def _product(
    product: Json, sku: str, options: Mapping[str, str], variants: Sequence[Json], booleans: frozenset[str]
) -> Json:
    told = [_told(option, value) for option, value in options.items()]
    facets = {facet_name(o): value == "yes" if o in booleans else value for o, value in options.items()}
    return {
        "sku": sku,
        "title": ", ".join([product["name"], *told]),
        "description": ". ".join([product["name"], *(f"{option}: {value}" for option, value in options.items())]) + ".",
        "category": product["name"],
        "price": min(variant["price"] for variant in variants),
        "facets": facets,
        "variants": [
            {
                "sku": variant["item_id"],
                "color": variant["options"].get("color", ""),
                "size": variant["options"].get("size", "one size"),
                "price": variant["price"],
                "stock": STOCK if variant["available"] else 0,
            }
            for variant in variants
        ],
    }


def _told(option: str, value: str) -> str:
    """An option in a title; a value that says nothing alone takes the option's name along."""
    if value in ("yes", "no", "none"):
        return option if value == "yes" else f"no {option}"
    return f"{value} {option}" if value.isdigit() or value in ("low", "medium", "high") else value


def _titles(db: Json, booleans: frozenset[str]) -> dict[str, str]:
    return {variant["sku"]: line["title"] for line in _catalog(db, booleans) for variant in line["variants"]}


def _orders(db: Json) -> Iterator[Json]:
    titles = _titles(db, _boolean_options(db))
    for user in db["users"].values():
        for number, order_id in enumerate(user["orders"]):
            order = db["orders"].get(order_id)
            if order is None:
                raise DataError(f"customer {user['user_id']} has order {order_id}, which is not among the orders")
            yield _order(order, FIRST_ORDER + timedelta(days=number), titles)


def _order(order: Json, placed: datetime, titles: Mapping[str, str]) -> Json:
    status = next((ours for theirs, ours in _STATUSES.items() if order["status"].startswith(theirs)), None)
    if status is None:
        raise DataError(f"order {order['order_id']}: status {order['status']!r} is none of: {', '.join(_STATUSES)}")
    counts = Counter(item["item_id"] for item in order["items"])
    items = {item["item_id"]: item for item in order["items"]}
    tracking = [number for sent in order.get("fulfillments", []) for number in sent.get("tracking_id", [])]
    return {
        "id": order["order_id"].lstrip("#"),
        "customer": order["user_id"],
        "placed": placed.isoformat(),
        "status": status,
        "items": [
            {
                "sku": item_id,
                "title": titles.get(item_id, item["name"]),
                "quantity": counts[item_id],
                "price": item["price"],
                "color": item["options"].get("color", ""),
                "size": item["options"].get("size", "one size"),
            }
            for item_id, item in items.items()
        ],
        "total": plain(sum((exact(item["price"]) for item in order["items"]), Decimal())),
        "shipping_fee": 0.0,
        "address": _address(order["address"]),
        "tracking": tracking[0] if tracking else None,
    }


def _customer(user: Json) -> Json:
    return {
        "id": user["user_id"],
        "name": f"{user['name']['first_name']} {user['name']['last_name']}",
        "email": user["email"],
        "language": "en",
        "city": user["address"]["city"],
        "address": _address(user["address"]),
        "consent": {"service": True, "profiling": True, "training": False},
    }


def _address(address: Json) -> str:
    street = ", ".join(part for part in (address["address1"], address.get("address2")) if part)
    return f"{street}, {address['city']}, {address['state']} {address['zip']}, {address['country']}"


def _settings(db: Json, name: str, booleans: frozenset[str]) -> str:
    options = _options(db)
    facets = {"category": ("choice", "product", "Category")}
    for option in sorted(options):
        kind = "boolean" if option in booleans else "choice"
        level = "variant" if option in _VARIANT_OPTIONS else "product"
        facets[facet_name(option)] = (kind, level, option.capitalize())
    offered = ["category", *(facet for facet in ("color", "size", "material") if facet in facets)]
    lines = [
        f"name = {_quoted(name)}",
        'languages = ["en"]',
        'currency = "USD"',
        "",
        "[limits]",
        "refund_cap = 1e9",
        "",
    ]
    for facet, (kind, level, label) in facets.items():
        lines += [
            f"[facets.{facet}]",
            f'type = "{kind}"',
            f'level = "{level}"',
            f"label = {{en = {_quoted(label)}}}",
            "",
        ]
    return "\n".join([*lines, "[search]", f"tool_facets = {json.dumps(offered)}", ""])


def _quoted(text: str) -> str:
    return json.dumps(text)


def _attributes(db: Json) -> list[Json]:
    """A profile schema: budget, the facets that many products have, and what the shop's records say."""
    shared = [option for option, values in _options(db).items() if len(values) >= _SHARED]
    kept = [option for option in sorted(shared) if option != "size" and option not in _boolean_options(db)]
    attributes = [
        {
            "name": "budget",
            "type": "money",
            "half_life_days": 30,
            "writers": ["stated"],
            "description": "the most they want to pay",
        }
    ]
    for option in ("category", *kept):
        facet = facet_name(option) if option != "category" else option
        attributes.append(
            {
                "name": facet,
                "type": "choice",
                "facet": facet,
                "many": True,
                "polarity": True,
                "half_life_days": 365,
                "writers": ["stated", "observed"],
                "label": {"en": option.capitalize()},
                "description": f"{option} that they like or dislike",
            }
        )
    records = {"name": "what they want to be called", "city": "the city their parcels go to"}
    return attributes + [
        {"name": name, "type": "text", "writers": ["shop"], "description": about} for name, about in records.items()
    ]


def _write_lines(path: Path, lines: Iterable[Json]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command `import-tau2`."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="directory with db.json and policy.md")
    parser.add_argument("--out", type=Path, required=True, metavar="SHOP", help="shop directory to make")
    parser.add_argument("--name", default="Retail", help="the shop's name (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Import, and say how to talk to the shop."""
    retail = read_shop(options.data)
    shop = import_shop(retail, options.out, options.name)
    someone = next((user for user, known in retail.db["users"].items() if known["orders"]), "")
    print(f"{shop}: try `python -m agent --shop {shop} --customer {someone}`")
    return 0

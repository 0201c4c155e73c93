"""Shops to invent errands in: a small random database of the tau2 form, or one customer's part of a real one.

In: a random generator and `words.yaml`, or a database. Out: a `World`: a database that holds one customer, their
orders and the products in them.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

_WORDS = Path(__file__).with_name("words.yaml")
_STATUSES = {"pending": 44, "delivered": 42, "processed": 7, "cancelled": 7}


@dataclass(frozen=True, slots=True)
class World:
    """A database with a single customer."""

    db: Json

    @property
    def user(self) -> Json:
        """The customer."""
        user: Json = next(iter(self.db["users"].values()))
        return user

    @property
    def orders(self) -> list[Json]:
        """The customer's orders, in the order of their profile."""
        return [self.db["orders"][order_id] for order_id in self.user["orders"]]

    def product(self, item: Json) -> Json:
        """The product that an ordered item is a variant of."""
        product: Json = self.db["products"][item["product_id"]]
        return product


@cache
def words() -> Mapping[str, Any]:
    """The words and wordings."""
    loaded: Mapping[str, Any] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    return loaded


def customer_worlds(db: Json, without: frozenset[str]) -> Iterator[World]:
    """The part of each customer who has orders, but for the users named in `without`."""
    for user_id, user in db["users"].items():
        orders = {order_id: db["orders"][order_id] for order_id in user["orders"] if order_id in db["orders"]}
        if user_id not in without and orders and len(orders) == len(user["orders"]):
            yield World({"products": db["products"], "users": {user_id: user}, "orders": orders})


def invented_world(rng: random.Random) -> World:
    """A random customer with one to four orders of one to five items."""
    kinds = rng.sample(sorted(words()["products"]), rng.randint(3, 6))
    products = {product["product_id"]: product for product in (_product(rng, kind) for kind in kinds)}
    user = _user(rng)
    orders = {}
    for _ in range(rng.choices((1, 2, 3, 4), (3, 5, 4, 2))[0]):
        order = _order(rng, user, products)
        orders[order["order_id"]] = order
    user["orders"] = list(orders)
    return World({"products": products, "users": {user["user_id"]: user}, "orders": orders})


def digits(rng: random.Random, count: int) -> str:
    """A random number of so many digits, as text."""
    return str(rng.randrange(10 ** (count - 1), 10**count))


def address(rng: random.Random) -> Json:
    """A random postal address."""
    city, state, start = rng.choice(words()["cities"])
    unit = f"{rng.choice(words()['units'])} {rng.randint(2, 990)}"
    return {
        "address1": f"{rng.randint(2, 990)} {rng.choice(words()['streets'])}",
        "address2": unit if rng.random() < 0.8 else "",
        "city": city,
        "state": state,
        "country": "USA",
        "zip": start + digits(rng, 2),
    }


def _product(rng: random.Random, kind: str) -> Json:
    options = {name: values for name, values in words()["products"][kind].items() if name != "price"}
    base = words()["products"][kind]["price"]
    variants = {}
    seen: set[tuple[str, ...]] = set()
    for _ in range(rng.choices((3, 4, 5, 6, 8, 12), (3, 5, 5, 3, 2, 1))[0]):
        chosen = {name: rng.choice(values) for name, values in options.items()}
        if tuple(chosen.values()) not in seen:
            seen.add(tuple(chosen.values()))
            item_id = digits(rng, 10)
            variants[item_id] = {
                "item_id": item_id,
                "options": chosen,
                "available": rng.random() < 0.7,
                "price": round(base * rng.uniform(0.85, 1.2), 2),
            }
    return {"name": kind, "product_id": digits(rng, 10), "variants": variants}


def _user(rng: random.Random) -> Json:
    first, last = rng.choice(words()["first"]), rng.choice(words()["last"])
    user_id = f"{first}_{last}_{digits(rng, 4)}".lower()
    methods = [_payment(rng, source) for source in rng.sample(("credit_card", "paypal", "gift_card", "credit_card"), 4)]
    kept = methods[: rng.choices((1, 2, 3), (5, 4, 2))[0]]
    return {
        "user_id": user_id,
        "name": {"first_name": first, "last_name": last},
        "address": address(rng),
        "email": f"{first}.{last}{digits(rng, 4)}@example.com".lower(),
        "payment_methods": {method["id"]: method for method in kept},
    }


def _payment(rng: random.Random, source: str) -> Json:
    method: Json = {"source": source, "id": f"{source}_{digits(rng, 7)}"}
    if source == "gift_card":
        method["balance"] = float(rng.randint(5, 400))
    if source == "credit_card":
        method |= {"brand": rng.choice(words()["brands"]), "last_four": digits(rng, 4)}
    return method


def _order(rng: random.Random, user: Json, products: Mapping[str, Json]) -> Json:
    chosen = rng.sample(list(products.values()), min(len(products), rng.choices((1, 2, 3, 4), (7, 5, 2, 1))[0]))
    if rng.random() < 0.15:
        chosen.append(rng.choice(chosen))
    items = []
    for product in chosen:
        variant = rng.choice(list(product["variants"].values()))
        items.append(
            {
                "name": product["name"],
                "product_id": product["product_id"],
                "item_id": variant["item_id"],
                "price": variant["price"],
                "options": variant["options"],
            }
        )
    total = round(sum(item["price"] for item in items), 2)
    method = rng.choice(list(user["payment_methods"]))
    return {
        "order_id": f"#W{digits(rng, 7)}",
        "user_id": user["user_id"],
        "address": user["address"] if rng.random() < 0.6 else address(rng),
        "items": items,
        "status": rng.choices(list(_STATUSES), list(_STATUSES.values()))[0],
        "payment_history": [{"transaction_type": "payment", "amount": total, "payment_method_id": method}],
    }

"""Which calls can be right just now, by what has been read: the shop's rules as values that a grammar allows.

In: the tools with the state that they have now, the task's words and the steps so far. Out: ``{"tool.argument":
[values]}`` as `agent.models.grammar` takes it; with an empty list the tool is not on offer. Only what the conversation
has named can be named, nothing is looked up twice unless something was changed since, and orders and items must be of
the status that a change needs. Nothing here knows the right call.
"""

import re
from collections.abc import Sequence
from typing import Any

from finetune.corpora.tau2.data import Task
from finetune.corpora.tau2.history import WRITES, Step
from finetune.corpora.tau2.tools import RetailTools

Json = dict[str, Any]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.\w+)+")
_ZIP = re.compile(r"\b\d{5}\b")
_ORDER = re.compile(r"\b[A-Z]?\d{6,9}\b")
_ITEM = re.compile(r"\b\d{10}\b")
_LASTING = ("find_user_id_by_email", "find_user_id_by_name_zip", "get_product_details", "get_item_details")


def possible(tools: RetailTools, task: Task, done: Sequence[Step]) -> dict[str, list[str]]:
    """The values that are possible for the arguments that are ids."""
    text = "\n".join([task.words, *(step.result for step in done)])
    users = [step.result for step in done if step.action.name.startswith("find_user") and step.result in tools.users]
    numbers = _ORDER.findall(task.words)
    spoken = [f"#{number}" for number in numbers]
    spoken += [f"#W{number}" for number in numbers if number.isdecimal()]  # people leave out the W
    orders = [*(one for one in tools.orders if one in text), *spoken]
    read = [tools.orders[one] for one in _asked(done, "get_order_details") if one in tools.orders]
    found = {
        "find_user_id_by_email.email": [] if users else _EMAIL.findall(task.words),
        "find_user_id_by_name_zip.zip": [] if users else _ZIP.findall(task.words),
        "get_user_details.user_id": users,
        "get_order_details.order_id": orders,
        "get_product_details.product_id": [one for one in tools.products if one in text],
        "get_item_details.item_id": [*_ITEM.findall(task.words), *(one for order in read for one in _items(order))],
    }
    known = _still_known(done)
    for key, values in found.items():
        found[key] = [value for value in values if (key.split(".")[0], value) not in known]
    found |= _changes(tools, read, _asked(done, "get_product_details"))
    found["modify_user_address.user_id"] = users
    return {key: list(dict.fromkeys(values)) for key, values in found.items()}


def _changes(tools: RetailTools, read: Sequence[Json], products: Sequence[str]) -> dict[str, list[str]]:
    """For each change the orders and items whose status allows it, and what they can become and be paid with."""
    pending = [order for order in read if order["status"] == "pending"]
    open_ = [order for order in read if "pending" in order["status"]]
    delivered = [order for order in read if order["status"] == "delivered"]
    variants = [
        item_id
        for product_id in products
        for item_id, variant in tools.products.get(product_id, {"variants": {}})["variants"].items()
        if variant["available"]
    ]
    found: dict[str, list[str]] = {}
    for name, orders in (
        ("cancel_pending_order", pending),
        ("modify_pending_order_address", open_),
        ("modify_pending_order_payment", open_),
        ("modify_pending_order_items", pending),
        ("exchange_delivered_order_items", delivered),
        ("return_delivered_order_items", delivered),
    ):
        found[f"{name}.order_id"] = [order["order_id"] for order in orders]
        found[f"{name}.item_ids"] = [item_id for order in orders for item_id in _items(order)]
        found[f"{name}.new_item_ids"] = variants
        found[f"{name}.payment_method_id"] = [method for order in orders for method in _methods(tools, order, name)]
    return found


def _methods(tools: RetailTools, order: Json, name: str) -> list[str]:
    """The customer's payment methods; a refund goes only to those of the order or a gift card."""
    methods = tools.users[order["user_id"]]["payment_methods"]
    paid = {entry["payment_method_id"] for entry in order["payment_history"]}
    refund = name == "return_delivered_order_items"
    return [one for one, method in methods.items() if not refund or one in paid or method["source"] == "gift_card"]


def _items(order: Json) -> list[str]:
    return [item["item_id"] for item in order["items"]]


def _asked(done: Sequence[Step], name: str) -> list[str]:
    """What this lookup was made for, in order."""
    return [value for step in done if step.action.name == name for value in step.action.arguments.values()]


def _still_known(done: Sequence[Step]) -> set[tuple[str, str]]:
    """Lookups made; a change makes those of orders and customers worth making again."""
    known: set[tuple[str, str]] = set()
    for step in done:
        if step.action.name in WRITES:
            known = {lookup for lookup in known if lookup[0] in _LASTING}
        known |= {(step.action.name, str(value)) for value in step.action.arguments.values()}
    return known

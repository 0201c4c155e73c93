"""The tools as a model reads them that was not trained on them: when to use each, and what its arguments mean.

In: a tool's name and its `ToolSchema`. Out: the same with full descriptions. The arguments stay as they are; a tool or
an argument that needs no word keeps its own.
"""

from collections.abc import Mapping
from typing import Any

from agent.tools.schemas import ToolSchema

_WHEN: Mapping[str, str] = {
    "get_profile": (
        "Read what the shop knows about the customer. Use it when they ask what is known, noted or remembered "
        "about them."
    ),
    "update_profile": (
        "Note or forget lasting facts, tastes, needs, sizes and budgets that the customer states about "
        "themselves. Use it beside another tool; not for gifts, other people or news of an order."
    ),
    "search_products": (
        "Find products in the catalogue. Use it whenever the customer looks for something to buy, names a "
        "kind of product that they want, or asks what the shop has; also for gifts. Give a filter or a price "
        "only if the customer said it."
    ),
    "find_answer": (
        "Look up the shop's approved answer. Use it for every question about policy or service: returns, "
        "refunds, exchanges, shipping, delivery problems, warranty, payment, sizes, care, opening hours."
    ),
    "list_orders": (
        "List the customer's own orders. Use it when they speak of an order or a parcel without its number, "
        "or by what was in it."
    ),
    "get_order": (
        "Show one order of the customer with its status, items and delivery. Use it when they give its "
        "number, or mean the last one."
    ),
    "cancel_order": (
        "Propose to cancel an order. Use it when the customer wants an order cancelled; nothing is done "
        "before they agree."
    ),
    "return_items": (
        "Propose to send items of an order back. Use it when the customer wants to return something that they "
        "have received; nothing is done before they agree."
    ),
    "change_address": (
        "Propose another delivery address for an order. Use it when the customer gives a new address; nothing "
        "is done before they agree."
    ),
    "hand_off": (
        "Hand the conversation over to a human colleague. Use it when the customer asks for a person, or "
        "nothing else helps."
    ),
}
# Only where a name does not say it: a model that reads a word on every optional argument fills them all.
_ARGUMENTS: Mapping[str, str] = {
    "order_id": 'the order\'s id as the customer wrote it, or "last" for the newest',
    "quote": "the customer's own words that say it, word for word",
}


def explained(name: str, schema: ToolSchema) -> ToolSchema:
    """A tool's schema with full descriptions."""
    return ToolSchema(_WHEN.get(name, schema.description), _with_meanings(schema.parameters))


def _with_meanings(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema whose properties say what they mean, at any depth."""
    shown = dict(schema)
    if "properties" in shown:
        shown["properties"] = {
            name: _with_meanings(field) | ({"description": _ARGUMENTS[name]} if name in _ARGUMENTS else {})
            for name, field in shown["properties"].items()
        }
    if isinstance(shown.get("items"), Mapping):
        shown["items"] = _with_meanings(shown["items"])
    return shown

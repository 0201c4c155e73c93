"""What the model is told of each tool: a JSON schema made from the shop's facets and profile schema.

In: `Services`. Out: `ToolSchema` by tool name. Long value lists (brands) stay out of the schema: the prompt would not
hold them, and the tool itself matches what the customer said to the nearest valid value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.context import Services
from agent.orders.book import STATUSES
from profiles.observation import Authority
from profiles.schema import Schema

SEARCH_PRODUCTS, UPDATE_PROFILE = "search_products", "update_profile"
FIND_ANSWER, HAND_OFF = "find_answer", "hand_off"
MAX_LISTED = 16
MAX_CHANGES = 6  # in one call
SORTS = ("price_low", "price_high", "rating")
POLARITIES = ("fact", "like", "dislike", "forget")
_TEXT: Mapping[str, Any] = {"type": "string"}
_NUMBER: Mapping[str, Any] = {"type": "number"}


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool's description and the JSON schema of its arguments."""

    description: str
    parameters: dict[str, Any]


def tool_schemas(services: Services) -> dict[str, ToolSchema]:
    """The ten tools of this shop, by name."""
    order = {"order_id": _TEXT}
    return {
        "get_profile": ToolSchema("what we know about the customer", _object({})),
        UPDATE_PROFILE: update_profile_schema(services.schema),
        SEARCH_PRODUCTS: ToolSchema("find products", _search_schema(services)),
        FIND_ANSWER: ToolSchema("approved answer about policy or service", _object({"question": _TEXT})),
        "list_orders": ToolSchema("the customer's orders", _object({"status": _enum(STATUSES)}, required=())),
        "get_order": ToolSchema('one order; order_id may be "last"', _object(order)),
        "cancel_order": ToolSchema("propose to cancel", _object(order)),
        "return_items": ToolSchema(
            "propose a return",
            _object(order | {"items": {"type": "array", "items": _TEXT}, "reason": _TEXT}, required=("order_id",)),
        ),
        "change_address": ToolSchema("propose a new address", _object(order | {"address": _TEXT})),
        HAND_OFF: ToolSchema("hand over to a person", _object({"reason": _TEXT})),
    }


def writable_attributes(schema: Schema) -> list[str]:
    """The attributes a customer may state, in the schema's order."""
    return [attribute.name for attribute in schema.writable_by(Authority.STATED)]


def update_profile_schema(schema: Schema) -> ToolSchema:
    """Of `update_profile`, the one tool that needs no more of a shop than its profile schema."""
    change = _object(
        {
            "quote": _TEXT,
            "attribute": _enum(writable_attributes(schema)),
            "value": {"type": ["string", "number"]},
            "polarity": _enum(POLARITIES),
        }
    )
    changes = {"type": "array", "items": change, "minItems": 1, "maxItems": MAX_CHANGES}
    return ToolSchema("note or forget what the customer says", _object({"changes": changes}))


def _search_schema(services: Services) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    for name in services.shop.tool_facets:
        values = services.retriever.facets.values(name)
        facets[name] = _enum(sorted(values)) if len(values) <= MAX_LISTED else _TEXT
    properties = {
        "query": _TEXT,
        **facets,
        "min_price": _NUMBER,
        "max_price": _NUMBER,
        "sort": _enum(SORTS),
    }
    return _object(properties, required=("query",))


def _enum(values: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _object(properties: Mapping[str, Any], required: Sequence[str] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: dict(schema) for name, schema in properties.items()},
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }

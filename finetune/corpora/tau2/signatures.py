"""The tools of a tau2-style retail shop as the model is told of them: their names, their arguments, and the schemas.

In: nothing. Out: `SIGNATURES` by name, and `tool_schemas` in OpenAI's form. What the tools do stands in `tools`.
"""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

REASONS = ("no longer needed", "ordered by mistake")
ADDRESS = ("address1", "address2", "city", "state", "country", "zip")
ITEM_CHANGES = ("exchange_delivered_order_items", "modify_pending_order_items")
_ADDRESS_FIELDS: dict[str, Any] = dict.fromkeys(ADDRESS, "string")
_CHANGE = {"order_id": "string", "item_ids": "array", "new_item_ids": "array", "payment_method_id": "string"}
SIGNATURES: Mapping[str, Mapping[str, Any]] = {
    "find_user_id_by_email": {"email": "string"},
    "find_user_id_by_name_zip": {"first_name": "string", "last_name": "string", "zip": "string"},
    "get_user_details": {"user_id": "string"},
    "get_order_details": {"order_id": "string"},
    "get_product_details": {"product_id": "string"},
    "get_item_details": {"item_id": "string"},
    "list_all_product_types": {},
    "calculate": {"expression": "string"},
    "cancel_pending_order": {"order_id": "string", "reason": REASONS},
    "exchange_delivered_order_items": _CHANGE,
    "modify_pending_order_items": _CHANGE,
    "modify_pending_order_address": {"order_id": "string", **_ADDRESS_FIELDS},
    "modify_pending_order_payment": {"order_id": "string", "payment_method_id": "string"},
    "modify_user_address": {"user_id": "string", **_ADDRESS_FIELDS},
    "return_delivered_order_items": {"order_id": "string", "item_ids": "array", "payment_method_id": "string"},
    "transfer_to_human_agents": {"summary": "string"},
}


def tool_schemas() -> list[Json]:
    """The tools in OpenAI's form; their signatures say all, so they carry no descriptions."""
    return [
        {"type": "function", "function": {"name": name, "parameters": _parameters(fields)}}
        for name, fields in SIGNATURES.items()
    ]


def _parameters(fields: Mapping[str, Any]) -> Json:
    return {
        "type": "object",
        "properties": {name: _field(kind) for name, kind in fields.items()},
        "required": list(fields),
    }


def _field(kind: Any) -> Json:
    if isinstance(kind, tuple):
        return {"type": "string", "enum": list(kind)}
    return {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": "string"}

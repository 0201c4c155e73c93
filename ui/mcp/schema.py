"""The schema of a tool's arguments, as clients read it: a pydantic model in, plain JSON Schema out.

Definitions stand where they are used, and there is no `$schema`: some clients follow no reference, and one broke at it.
"""

from typing import Any

from pydantic import BaseModel


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Names as they are sent; no titles, which repeat them."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    inlined = _inlined(schema, definitions)
    assert isinstance(inlined, dict)
    return inlined


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        beside = {name: value for name, value in node.items() if name != "$ref"}
        node = definitions[reference.rpartition("/")[2]] | beside
    return {name: _inlined(value, definitions) for name, value in node.items() if not _is_title(name, value)}


def _is_title(name: str, value: Any) -> bool:
    """A property may be called so too: then its value is a schema."""
    return name == "title" and isinstance(value, str)

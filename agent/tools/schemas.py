"""The pieces that the JSON schemas of the tools' arguments are made of.

In: descriptions, values, a profile schema. Out: JSON schemas whose arguments say what they are, and `plain`, the same
schema without the descriptions, as a small model reads it. Pure functions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from profiles.observation import Authority
from profiles.schema import Schema

Json = dict[str, Any]
MAX_LISTED = 16  # a longer list of values stays out of the prompt: the tool matches what was said to the nearest value


def text(description: str) -> Json:
    """Any text."""
    return {"type": "string", "description": description}


def number(description: str) -> Json:
    """Any number."""
    return {"type": "number", "description": description}


def flag(description: str) -> Json:
    """Yes or no."""
    return {"type": "boolean", "description": description}


def choice(values: Sequence[str], description: str) -> Json:
    """One of these values."""
    return {"type": "string", "enum": list(values), "description": description}


def arguments(properties: Mapping[str, Json], required: Sequence[str] | None = None) -> Json:
    """An object with these properties and no others; all are required unless `required` names some."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }


def plain(schema: Mapping[str, Any]) -> Json:
    """The schema without descriptions; a property that is called "description" stays."""
    bare = {key: value for key, value in schema.items() if key != "description"}
    if "properties" in bare:
        bare["properties"] = {name: plain(field) for name, field in bare["properties"].items()}
    if "items" in bare:
        bare["items"] = plain(bare["items"])
    return bare


def writable_attributes(schema: Schema) -> list[str]:
    """The attributes a customer may state, in the schema's order."""
    return [attribute.name for attribute in schema.writable_by(Authority.STATED)]

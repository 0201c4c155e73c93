"""Traits and values in words for the terminal, and JSON for programs: data in, text out."""

import json

from profiles.observation import Trait, Value


def line(trait: Trait) -> str:
    return f"  {trait.authority:<8} {trait.confidence:4.2f}  {words(trait)}  ({quotes(trait)})"


def words(trait: Trait) -> str:
    verb = "" if trait.polarity == "fact" else f"{trait.polarity}s "
    return f"{of(trait.about)}{verb}{trait.attribute}: {shown(trait.value)}"


def of(about: str) -> str:
    """Whose it is, where it is not the customer's: "(daughter) "."""
    return f"({about}) " if about else ""


def shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def quotes(trait: Trait) -> str:
    return "; ".join(item.quote for item in trait.evidence[-2:])


def print_json(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))

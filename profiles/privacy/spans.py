"""Times to keep things, as people write them in a shop's files: "90d", "12w" or "2y" in, days out."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_SPAN = re.compile(r"(\d{1,5})\s*([dwy])")
_DAYS = {"d": 1.0, "w": 7.0, "y": 365.25}


def days_of(value: Any) -> float:
    """Raises ValueError for anything that is no such time."""
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise ValueError(f"{value!r} is not a time to keep things, like 90d, 12w or 2y")
    return int(found[1]) * _DAYS[found[2]]


Span = Annotated[float, BeforeValidator(days_of)]

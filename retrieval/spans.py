"""Spans of numbers: the text "100..200", "50.." or "..200" in, its two ends out. Both belong to it."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from language.decimals import exact

_NUMBER = r"-?\d+(?:\.\d+)?"
_SPAN = re.compile(rf"\s*(?P<low>{_NUMBER})?\.\.(?P<high>{_NUMBER})?\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`; an end that is open is infinite."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, number: float | Decimal) -> bool:
        """Numbers as they are written: 19.99 is within "10..19.99", as a float and as a decimal."""
        return exact(self.low) <= exact(number) <= exact(self.high)


def span_of(text: str) -> Span | None:
    """None for a number alone, and for whatever else is no span."""
    read = _SPAN.fullmatch(text)
    if read is None or read["low"] is read["high"] is None:
        return None
    return Span(float(read["low"] or -math.inf), float(read["high"] or math.inf))

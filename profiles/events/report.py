"""What became of events: counts that add up over batches, as a table or JSON."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """``read + returned == taken + duplicates + passed_over + sum(aside.values())``."""

    read: int = 0
    taken: int = 0  # new, and counted from now on
    duplicates: int = 0  # they were there already, or report an order again
    passed_over: int = 0  # they say nothing about a product: pages, logins
    aside: Mapping[str, int] = field(default_factory=dict)  # by reason
    returned: int = 0  # earlier ones that have waited: their customer is known now
    withdrawn: int = 0  # earlier ones that turned out to be a machine's, or a later report of an order
    told: int = 0  # observed traits that the journal was told of, new or changed
    retracted: int = 0  # observed traits that no longer stand out

    def __add__(self, other: "Report") -> "Report":
        counts = {
            item.name: getattr(self, item.name) + getattr(other, item.name)
            for item in fields(self)
            if item.name != "aside"
        }
        return Report(**counts, aside=dict(Counter(self.aside) + Counter(other.aside)))

    def to_json(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def lines(self) -> list[str]:
        """A table for a person."""
        shown = []
        for name, words in _WORDS.items():
            value = getattr(self, name)
            shown.append(f"{words:<44} {sum(value.values()) if name == 'aside' else value:>10}")
            if name == "aside":
                shown += [f"  {reason:<42} {count:>10}" for reason, count in sorted(value.items())]
        return shown


_WORDS = {
    "read": "read",
    "taken": "taken in",
    "duplicates": "duplicates",
    "passed_over": "passed over (pages, logins, other acts)",
    "aside": "kept aside",
    "returned": "waited, and count now",
    "withdrawn": "counted, and turned out to be a machine's or a repetition",
    "told": "traits learnt or changed",
    "retracted": "traits that no longer stand out",
}

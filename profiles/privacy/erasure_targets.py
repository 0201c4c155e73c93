"""The protocol of erasure: who is erased, and what every place that keeps something of customers can do.

A folder contributes its places to the command that erases (`python -m finetune erase`), which can import them all.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is erased: `id` with all names that are theirs (visitors, browsers), and the names' keys."""

    id: str
    keys: Mapping[str, str]

    @property
    def names(self) -> Collection[str]:
        return self.keys.keys()

    @property
    def key(self) -> str:
        """What stands for the customer from now on."""
        return self.keys[self.id]


class Place(Protocol):
    """Somewhere that customers' data is kept."""

    def held(self) -> Iterable[str]:
        """Ids of those of whom it has something, or their keys where it has no ids."""
        ...

    def erase(self, subject: Subject) -> Mapping[str, int]:
        """Take all away; how many records, by what they were. It may be asked again, and then finds nothing."""
        ...

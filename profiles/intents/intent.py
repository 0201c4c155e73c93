"""An intent as data: what the customer is after, how far it is, and why each of its slots has its value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from profiles.observation import Evidence


class Kind(StrEnum):
    """What somebody comes to a shop for."""

    FIND = "find"
    QUESTION = "question"
    DELIVERY = "delivery"
    RETURN = "return"
    CANCEL = "cancel"
    ADDRESS = "address"
    EXCHANGE = "exchange"
    PROBLEM = "problem"


class State(StrEnum):
    """`DROPPED` is also what nobody has come back to for long: see `folding`."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that is known of an intent: the newest value, since when, and the words or the call that say so."""

    name: str
    value: str
    since: datetime
    evidence: tuple[Evidence, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "slot": self.name,
            "value": self.value,
            "since": self.since.isoformat(),
            "evidence": [item.to_json() for item in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Intent:
    """`state` is why it is open, done or dropped; `faded`: dropped by time alone. `touched`: last spoken of."""

    id: str
    kind: Kind
    state: State
    slots: tuple[Slot, ...]
    why: Slot
    opened: datetime
    touched: datetime
    confidence: float
    faded: bool = False

    @property
    def values(self) -> Mapping[str, str]:
        """By name of the slot."""
        return {slot.name: slot.value for slot in self.slots}

    def is_of(self, consultation: str) -> bool:
        """Whether something of this consultation bears it out."""
        evidence = (item for slot in (*self.slots, self.why) for item in slot.evidence)
        return any(item.id.startswith(f"{consultation}:") for item in evidence)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind.value,
            "state": self.state.value,
            "faded": self.faded,
            "confidence": round(self.confidence, 4),
            "opened": self.opened.isoformat(),
            "touched": self.touched.isoformat(),
            "why": self.why.to_json(),
            "slots": [slot.to_json() for slot in self.slots],
        }

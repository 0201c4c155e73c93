"""What became of the intents between two readings of one customer: intents before and after in, changes out.

How sure an intent is changes with every day, and is no change here; what bears it out is one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from profiles.intents.intent import Intent
from profiles.intents.journal import KIND, STATE


@dataclass(frozen=True, slots=True)
class IntentChange:
    """One intent that is other than it was; None: there was none, or there is none any more."""

    id: str
    before: Intent | None
    after: Intent | None

    def to_json(self) -> dict[str, Any]:
        ends = {"before": self.before, "after": self.after}
        return {"id": self.id} | {name: intent.to_json() if intent else None for name, intent in ends.items()}

    def lines(self) -> Iterator[str]:
        """For a person: what there is now or no more, or else each slot that is other."""
        if self.before is None or self.after is None:
            left = self.after or self.before
            assert left is not None
            yield f"{'added' if self.before is None else 'gone'}: {_whole(left)}"
            return
        was, now = _values(self.before), _values(self.after)
        other = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
        for name in other:
            yield f"intent {self.id}: {name} {was.get(name, 'nothing')} -> {now.get(name, 'nothing')}"
        if not other:
            yield f"{_whole(self.after)}: as before, for other reasons"


def changes(before: Iterable[Intent], after: Sequence[Intent]) -> list[IntentChange]:
    """The intents that differ, by id."""
    old, new = ({intent.id: intent for intent in intents} for intents in (before, after))
    return [
        IntentChange(name, old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if _timeless(old.get(name)) != _timeless(new.get(name))
    ]


def _timeless(intent: Intent | None) -> Intent | None:
    return intent and replace(intent, confidence=1.0)


def _values(intent: Intent) -> dict[str, str]:
    return {KIND: intent.kind.value, STATE: intent.state.value, **intent.values}


def _whole(intent: Intent) -> str:
    slots = "".join(f", {slot.name} {slot.value}" for slot in intent.slots)
    return f"intent {intent.id}: {intent.kind}, {intent.state}{slots}"

"""What segments need to know of customers: ids in, `Facts` out, many customers a query.

Only what the conditions ask for is read. One customer and all of them are read in the same way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from profiles.events import ledger
from profiles.events.act_log import counted_since
from profiles.events.affinity import Tastes
from profiles.events.ledger import Activity
from profiles.observation import Profile
from profiles.segments.condition import AffinityHeld, Condition, EventsCounted, Facts, NumberHeld, TraitHeld
from profiles.segments.declarations import Segment, parts_of
from profiles.storage.database import reading
from profiles.storage.tables import time_text
from profiles.store import ProfileStore


@dataclass(frozen=True, slots=True)
class Needs:
    """What to read. `days`: how far back events count; None: all of them."""

    traits: bool
    affinities: bool
    activity: bool
    kinds: frozenset[str]
    days: float | None

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> "Needs":
        asked: list[Condition] = [part for segment in segments for part in parts_of(segment.condition)]
        counted = [part for part in asked if isinstance(part, EventsCounted)]
        spans = [part.within_days for part in counted]
        return cls(
            any(isinstance(part, TraitHeld) for part in asked),
            any(isinstance(part, AffinityHeld) for part in asked),
            any(isinstance(part, NumberHeld) for part in asked),
            frozenset(part.kind for part in counted),
            None if None in spans else max((span for span in spans if span is not None), default=0.0),
        )


def load_facts(
    store: ProfileStore, needs: Needs, customers: Sequence[str], now: datetime
) -> Iterator[tuple[str, Facts]]:
    """Of customers as they are called now: a merged visitor is looked for under the customer's id."""
    with reading(store.engine) as connection:
        tastes = ledger.load_tastes(connection, customers, lambda: Tastes(store.schema, {})) if needs.affinities else {}
        activities = ledger.load_activities(connection, customers) if needs.activity else {}
        since = "" if needs.days is None else time_text(now - timedelta(days=needs.days))
        acts = counted_since(connection, customers, needs.kinds, since) if needs.kinds else {}
    for name in customers:
        yield (
            name,
            Facts(
                store.read(name, now) if needs.traits else Profile(name),
                now,
                activities.get(name, Activity()),
                tastes[name].held if name in tastes else {},
                tuple(sorted(acts.get(name, ()), key=lambda event: (event.at, event.id))),
            ),
        )

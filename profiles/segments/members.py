"""Who is in which segment, and why: a store and a shop's segments in, verdicts of one customer or of all out.

To put somebody in a segment is profiling, so only customers who consent to it are in any. `Consents` answers for a
customer and a purpose; unless another is given, the store does: what the customer said last, or the shop's default.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import clock
from errors import NotFound, choices
from profiles.privacy.purposes import Purpose
from profiles.segments.condition import Verdict
from profiles.segments.declarations import Segment, Shelf, read_segments
from profiles.segments.facts import Needs, load_facts
from profiles.shop.files import load_facets, load_products, load_settings
from profiles.store import ProfileStore

PURPOSE = Purpose.PROFILING
CUSTOMERS_AT_ONCE = 500
NOT_ASKED = Verdict(False, (f"no consent to {PURPOSE}",))

Consents = Callable[[str, Purpose], bool]  # customer, purpose


@dataclass(frozen=True, slots=True)
class Members:
    """By segment: its members with the reasons for each, in the order of their ids."""

    reasons: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def sizes(self) -> dict[str, int]:
        return {name: len(held) for name, held in self.reasons.items()}

    @property
    def overlap(self) -> dict[str, dict[str, int]]:
        """How many are in both, for each two segments; a segment with itself: its size."""
        return {
            one: {other: len(held.keys() & others.keys()) for other, others in self.reasons.items()}
            for one, held in self.reasons.items()
        }


class Segments:
    """The segments of one shop."""

    def __init__(
        self,
        store: ProfileStore,
        segments: Sequence[Segment],
        consents: Consents | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.store, self.segments = store, segments
        self.consents = consents or store.allows
        self._now = now

    @classmethod
    def open(cls, shop_dir: Path, store: ProfileStore, consents: Consents | None = None) -> "Segments":
        """As shop.toml declares them. Raises ConfigError."""
        shelf = Shelf(store.schema, load_facets(shop_dir), load_products(shop_dir, store.schema))
        return cls(store, read_segments(load_settings(shop_dir, "segments"), shelf), consents)

    def named(self, name: str) -> Segment:
        found = next((segment for segment in self.segments if segment.name == name), None)
        if found is None:
            raise NotFound(f"no segment {name!r}; there are {choices(one.name for one in self.segments) or 'none'}")
        return found

    def of(self, customer: str, names: Sequence[str] = ()) -> dict[str, Verdict]:
        """One customer, live: the verdict on each segment, or on those named."""
        owner = self.store.read(customer).customer
        asked = [self.named(name) for name in names] or self.segments
        return self._judge([owner], asked, self._now())[owner]

    def members(self, names: Sequence[str] = ()) -> Members:
        """Everybody, in batch: in all segments, or those named."""
        asked = [self.named(name) for name in names] or self.segments
        found: dict[str, dict[str, tuple[str, ...]]] = {segment.name: {} for segment in asked}
        everybody, now = self.store.customers(), self._now()
        for start in range(0, len(everybody), CUSTOMERS_AT_ONCE):
            part = everybody[start : start + CUSTOMERS_AT_ONCE]
            for customer, verdicts in self._judge(part, asked, now).items():
                for name, verdict in verdicts.items():
                    if verdict.holds:
                        found[name][customer] = verdict.reasons
        return Members(found)

    def _judge(
        self, customers: Sequence[str], segments: Sequence[Segment], now: datetime
    ) -> dict[str, dict[str, Verdict]]:
        willing = [customer for customer in customers if self.consents(customer, PURPOSE)]
        found = {customer: {one.name: NOT_ASKED for one in segments} for customer in customers}
        for customer, facts in load_facts(self.store, Needs.of(segments), willing, now.astimezone(UTC)):
            found[customer] = {segment.name: segment.condition.judge(facts) for segment in segments}
        return found

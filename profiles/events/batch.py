"""One batch of readings on its way in: sorted by who did what, and counted for the report. Touches no database."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from profiles.events.event import Aside, Event, Reason
from profiles.events.report import Report
from profiles.privacy.retention import KEPT_KINDS
from profiles.visitors import is_visitor, visitor_name

Owned = dict[str, list[Event]]  # by customer, or by `visitor_name` while nobody knows whose browser it is


class Batch:
    """`owned` are the events, each message id once; `links` go from visitor to customer."""

    def __init__(self, readings: Iterable[Event | Aside | None] = ()) -> None:
        self.owned: Owned = {}
        self.links: dict[str, str] = {}
        self.asides: list[Aside] = []
        self.counts: Counter[str] = Counter()  # fields of `Report`
        self._by_reason: Counter[str] = Counter()
        seen: set[str] = set()
        for reading in readings:
            self.counts["read"] += 1
            if isinstance(reading, Aside):
                self.put_aside(reading)
            elif reading is None or reading.kind == "identified":
                self.counts["passed_over"] += 1
                if reading and reading.customer and reading.visitor and not is_visitor(reading.customer):
                    self.links.setdefault(visitor_name(reading.visitor), reading.customer)
            elif reading.id in seen:
                self.counts["duplicates"] += 1
            else:
                seen.add(reading.id)
                self.owned.setdefault(reading.customer or visitor_name(reading.visitor), []).append(reading)

    def settle_owners(self, owners: Mapping[str, str]) -> None:
        """Give the events of browsers and merged visitors to the customers they are."""
        for name in [name for name in self.owned if owners[name] != name]:
            self.owned.setdefault(owners[name], []).extend(self.owned.pop(name))

    def named_aside(self) -> set[str]:
        """Whoever the asides name, as a customer and as a browser."""
        found = {item.customer for item in self.asides if item.customer}
        return found | {visitor_name(name) for name in found}

    def leave_out(self, names: Collection[str], reason: Reason) -> None:
        """Nothing of these people stays, no example either."""
        for name in self.owned.keys() & set(names):
            self.count_aside(reason, len(self.owned.pop(name)))
        self.asides = [item for item in self.asides if not {item.customer, visitor_name(item.customer)} & set(names)]
        self.links = {name: customer for name, customer in self.links.items() if not {name, customer} & set(names)}

    def drop_older(self, oldest: datetime | None) -> None:
        """Acts before that moment do not count; orders are kept as long as the shop's books."""
        for name, items in list(self.owned.items()) if oldest else ():
            kept = [item for item in items if oldest is None or item.at >= oldest or item.kind in KEPT_KINDS]
            self.count_aside(Reason.TOO_OLD, len(items) - len(kept))
            if kept:
                self.owned[name] = kept
            else:
                del self.owned[name]

    def put_aside(self, item: Aside) -> None:
        """Counted, and an example of its reason."""
        self.asides.append(item)
        self.count_aside(item.reason)

    def count_aside(self, reason: Reason, count: int = 1) -> None:
        self._by_reason[reason.value] += count

    def report(self) -> Report:
        return Report(**self.counts, aside=dict(+self._by_reason))

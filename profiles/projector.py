"""Keeping the projection up to date: what is new in the journal in, the claims before and after out.

Many customers at a time, within a transaction of the caller, who holds their locks.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from profiles.fold import FoldedState, comes_later, settle, weigh_profile
from profiles.history.difference import difference
from profiles.journal import read_journal, read_journals
from profiles.observation import Change, Observation
from profiles.projection import Projection, fingerprint, load, remove, save
from profiles.schema import Schema

CUSTOMERS_AT_ONCE = 100  # whose journals fit memory


@dataclass(frozen=True, slots=True)
class Projected:
    """A customer's settled claims before and after, of the attributes that were touched.

    `newest` is the time of the customer's newest observation.
    """

    customer: str
    before: Mapping[str, FoldedState]
    after: Mapping[str, FoldedState]
    newest: datetime


class Projector:
    """By the rules of one schema. A projection by other rules counts as not there."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._rules = fingerprint(schema)

    def load(
        self, connection: Connection, customers: Collection[str], attributes: Collection[str]
    ) -> dict[str, Projection]:
        """By customer, of these attributes."""
        return load(connection, customers, self._rules, attributes)

    def folded(self, connection: Connection, customer: str) -> Projection | None:
        """What the whole journal settles; None where it is empty."""
        journal = read_journal(connection, customer)
        return self._fold(journal) if journal else None

    def add(self, connection: Connection, new: Mapping[str, Sequence[Observation]]) -> list[Projected]:
        """Bring projections up to date with what is new in the journal, by customer."""
        attributes = {item.attribute for items in new.values() for item in items}
        held = load(connection, new, self._rules, attributes)
        done = []
        for customer, found in held.items():
            items = new[customer]
            touched = {item.attribute for item in items}
            before = {name: settled for name, settled in found.settled.items() if name in touched}
            newest = max(found.newest, *(item.at for item in items))
            done.append(Projected(customer, before, self._continue(connection, customer, items, before), newest))
        done += self._begin(connection, {customer: items for customer, items in new.items() if customer not in held})
        self._save(connection, done)
        return done

    def replay(self, connection: Connection, customers: Collection[str]) -> list[Projected]:
        """Build projections from the whole journal."""
        held = load(connection, customers, self._rules)
        remove(connection, customers)
        done = []
        for customer, journal in self._journals(connection, customers):
            before = held[customer].settled if customer in held else {}
            folded = self._fold(journal)
            done.append(Projected(customer, before, folded.settled, folded.newest))
        self._save(connection, done)
        return done

    def _begin(self, connection: Connection, new: Mapping[str, Sequence[Observation]]) -> Iterator[Projected]:
        """The first projections by these rules. Nothing of what a journal held already is a change."""
        remove(connection, new)
        for customer, journal in self._journals(connection, new):
            names = {item.id for item in new[customer]}
            earlier = [item for item in journal if item.id not in names]
            after = self._fold(journal)
            yield Projected(customer, settle(earlier, self._schema), after.settled, after.newest)

    def _journals(
        self, connection: Connection, customers: Collection[str]
    ) -> Iterator[tuple[str, Sequence[Observation]]]:
        """The whole journals of those who have one, with few of them in memory at once."""
        rest = iter(sorted(customers))
        while part := list(islice(rest, CUSTOMERS_AT_ONCE)):
            yield from read_journals(connection, part).items()

    def _fold(self, journal: Sequence[Observation]) -> Projection:
        return Projection(settle(journal, self._schema), max(item.at for item in journal))

    def _save(self, connection: Connection, done: Sequence[Projected]) -> None:
        save(connection, self._rules, {item.customer: Projection(item.after, item.newest) for item in done})

    def _continue(
        self, connection: Connection, customer: str, new: Sequence[Observation], before: Mapping[str, FoldedState]
    ) -> dict[str, FoldedState]:
        """The attributes that new observations touch, settled.

        What comes later than all that is settled continues it; only for the rest is the journal read again.
        """
        by_attribute: dict[str, list[Observation]] = defaultdict(list)
        for item in new:
            by_attribute[item.attribute].append(item)
        late = {name for name, items in by_attribute.items() if name in before and not comes_later(items, before[name])}
        after = settle((item for item in new if item.attribute not in late), self._schema, before)
        return after | settle(read_journal(connection, customer, late), self._schema) if late else after


def change_of(done: Iterable[Projected], schema: Schema, at: datetime | None = None) -> Change:
    """What became of the traits, weighed as of `at` or else of each customer's newest observation."""
    changes = []
    for item in done:
        weighed = [weigh_profile("", part, schema, at or item.newest) for part in (item.before, item.after)]
        changes.append(difference(weighed[0].everyone, weighed[1].everyone, schema))
    return Change(
        tuple(trait for change in changes for trait in change.added),
        tuple(trait for change in changes for trait in change.superseded),
        tuple(trait for change in changes for trait in change.retracted),
    )

"""What is too old to be shown: an attribute's `keep`, or the shop's, in; the observations that still count out.

What a shop does not keep any longer counts as never said: reads leave it out (`profiles.history.views`), `retain`
removes it. The shop's own records are as old as they are, and a retraction stays in force: what was forgotten stays
forgotten. A value that behaviour speaks for is as old as the newest act. Intents go by the shop's `keep`, slot by
slot; one whose kind is gone is none. Pure functions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from profiles.fold import Settled
from profiles.observation import Authority, Observation, Value
from profiles.privacy.settings import Privacy
from profiles.reserved import INTENTS
from profiles.schema import Schema

KEPT_KINDS = ("bought", "refunded")  # acts that are part of the shop's books: never too old
Cutoffs = Mapping[str, datetime]  # by attribute, the earliest moment that still counts
Alive = Collection[tuple[str, Value]]  # attribute and value that recent acts speak for


def cutoffs_of(schema: Schema, privacy: Privacy, now: datetime) -> Cutoffs:
    """Those of the attributes, and of intents, that are not kept for good."""
    days = {item.name: item.keep_days or privacy.keep_days for item in (*schema.attributes.values(), INTENTS)}
    return {name: now - timedelta(days=kept) for name, kept in days.items() if kept}


def is_expired(item: Observation, cutoffs: Cutoffs, alive: Alive = frozenset()) -> bool:
    if item.op != "assert" or item.authority is Authority.SHOP or item.attribute not in cutoffs:
        return False
    if item.at >= cutoffs[item.attribute]:
        return False
    return item.authority is not Authority.OBSERVED or (item.attribute, item.value) not in alive


def still_kept(journal: Sequence[Observation], cutoffs: Cutoffs, alive: Alive = frozenset()) -> list[Observation]:
    """The journal without what is too old, and without undos of that."""
    gone: set[tuple[str, Value]] = {(item.attribute, item.id) for item in journal if is_expired(item, cutoffs, alive)}
    undos = [item for item in journal if item.op == "undo"]
    while taken := {(item.attribute, item.id) for item in undos if (item.attribute, item.value) in gone} - gone:
        gone |= taken
    return [item for item in journal if (item.attribute, item.id) not in gone]


def with_expired(settled: Mapping[str, Settled], cutoffs: Cutoffs) -> list[str]:
    """The attributes of which something may be too old."""
    return [name for name, held in settled.items() if name in cutoffs and _oldest(held) < cutoffs[name]]


def _oldest(settled: Settled) -> datetime:
    claims = [claim for slot in settled.slots.values() for claim in slot.standing.values()]
    times: Iterable[datetime] = (
        *(claim.since for claim in claims if claim.authority is not Authority.SHOP),
        *(trait.since for trait in settled.past if trait.authority is not Authority.SHOP),
    )
    return min(times, default=settled.last[0])

"""What behaviour says right now: settled claims in, the same claims with today's counts and confidence out.

The journal is told only what matters, so it lags behind; the affinities do not. A value that does not stand out just
now is left out, until it does again or the journal is told that it is gone.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, select

from profiles.candidates import Claim, Weight
from profiles.fold import Settled, Slot
from profiles.observation import Evidence, Value
from profiles.storage.tables import affinities, time_text

TELLING_ACTS = ("viewed", "clicked", "added", "saved", "reviewed", "bought")  # those that say something of a taste

Live = Mapping[tuple[str, object], Weight | None]
_later = affinities.alias()
_LATER = exists().where(_later.c.customer == bindparam("customer"), _later.c.at > bindparam("moment"))
_TOLD = select(affinities).where(
    affinities.c.customer == bindparam("customer"),
    affinities.c.told.is_not(None),
    affinities.c.at <= bindparam("moment"),
    ~_LATER,
)


def quote(counts: Mapping[str, int]) -> str:
    """The evidence in words: ``viewed 14, bought 2``."""
    return ", ".join(f"{kind} {counts[kind]}" for kind in TELLING_ACTS if counts.get(kind))


def alive_values(connection: Connection, owner: str, cutoffs: Mapping[str, datetime]) -> frozenset[tuple[str, Value]]:
    """Attributes and values that acts speak for which are not older than the attribute's cutoff."""
    found = select(affinities.c.attribute, affinities.c.value, affinities.c.at)
    rows = connection.execute(found.where(affinities.c.customer == owner, affinities.c.told.is_not(None)))
    return frozenset(
        (row.attribute, row.value)
        for row in rows
        if row.at and row.attribute in cutoffs and datetime.fromisoformat(row.at) >= cutoffs[row.attribute]
    )


def freshen(
    connection: Connection, owner: str, settled: Mapping[str, Settled], moment: datetime
) -> Mapping[str, Settled]:
    """Observed claims as they stand; after an act later than `moment` all are as the journal has them.

    How much a value stands out depends on the acts for others too.
    """
    rows = connection.execute(_TOLD, {"customer": owner, "moment": time_text(moment)})
    live = {(row.attribute, row.value): _weight(row) for row in rows}
    observed = {attribute for attribute, _ in live}
    return {name: _freshen(item, live) if name in observed else item for name, item in settled.items()}


def _freshen(settled: Settled, live: Live) -> Settled:
    """A claim that does not stand out leaves its place to weaker ones."""
    slots = {}
    for name, slot in settled.slots.items():
        standing = {by: now for by, claim in slot.standing.items() if (now := _fresh_claim(claim, live))}
        slots[name] = Slot(standing, slot.blocks)
    return replace(settled, slots=slots)


def _fresh_claim(claim: Claim, live: Live) -> Claim | None:
    """The claim as it stands, or None."""
    key = (claim.attribute, claim.value)
    weights = [weight for weight in claim.weights if weight.evidence.kind != "event"]
    if key not in live or len(weights) == len(claim.weights):
        return claim
    if now := live[key]:
        weights = sorted([*weights, now], key=lambda weight: weight.at)
    return replace(claim, weights=tuple(weights)) if weights else None


def _weight(row: Row[Any]) -> Weight | None:
    """None while the value does not stand out."""
    if row.confidence is None:
        return None
    evidence = Evidence("event", row.newest, quote(json.loads(row.counts)))
    return Weight(evidence, row.confidence, datetime.fromisoformat(row.at))

"""What behaviour says right now: settled claims in, the same claims with today's counts and confidence out.

The journal is told only what matters, so it lags behind; the affinities do not. A value that does not stand out just
now is left out, until it does again or the journal is told that it is gone.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from profiles.claims import Claim, Weight
from profiles.events.affinity import quote
from profiles.fold import Settled
from profiles.observation import Evidence
from profiles.tables import affinities, time_text

Live = Mapping[tuple[str, object], Weight | None]


def freshen(
    connection: Connection, customer: str, settled: Mapping[str, Settled], moment: datetime
) -> dict[str, Settled]:
    """Observed claims as they stand; acts later than `moment` leave them as the journal has them."""
    statement = select(affinities).where(
        affinities.c.customer == customer,
        affinities.c.told.is_not(None),
        affinities.c.at <= time_text(moment),
    )
    live = {(row.attribute, row.value): _weight(row) for row in connection.execute(statement)}
    if not live:
        return dict(settled)
    return {
        name: replace(item, current=tuple(now for claim in item.current for now in _freshen(claim, live)))
        for name, item in settled.items()
    }


def _weight(row: Row[Any]) -> Weight | None:
    """None while the value does not stand out."""
    if row.confidence is None:
        return None
    evidence = Evidence("event", row.newest, quote(json.loads(row.counts)))
    return Weight(evidence, row.confidence, datetime.fromisoformat(row.at))


def _freshen(claim: Claim, live: Live) -> tuple[Claim, ...]:
    """The claim as it stands, if it does; one that does not leaves its place to what it stood before."""
    challenges = tuple(now for challenge in claim.challenges for now in _freshen(challenge, live))
    key = (claim.attribute, claim.value)
    weights = [weight for weight in claim.weights if weight.evidence.kind != "event" or key not in live]
    now = live.get(key)
    if now and len(weights) < len(claim.weights):
        weights = sorted([*weights, now], key=lambda weight: weight.at)
    if weights:
        return (replace(claim, weights=tuple(weights), challenges=challenges),)
    return tuple(replace(claim, challenges=challenges[1:]) for claim in challenges[:1])

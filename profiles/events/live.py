"""What behaviour says right now: settled claims in, the same claims with today's counts and confidence out.

The journal is told only what matters, so its counts lag behind; the affinities do not.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from profiles.claims import Claim, Weight
from profiles.events.affinity import quote
from profiles.fold import Settled
from profiles.observation import Evidence
from profiles.tables import affinities, time_text


def freshen(
    connection: Connection, customer: str, settled: Mapping[str, Settled], moment: datetime
) -> dict[str, Settled]:
    """With the evidence of observed claims as it stands; acts later than `moment` leave it as the journal has it."""
    statement = select(affinities).where(
        affinities.c.customer == customer,
        affinities.c.told.is_not(None),
        affinities.c.confidence.is_not(None),
        affinities.c.at <= time_text(moment),
    )
    live = {
        (row.attribute, row.value): Weight(
            Evidence("event", row.newest, quote(json.loads(row.counts))),
            row.confidence,
            datetime.fromisoformat(row.at),
        )
        for row in connection.execute(statement)
    }
    if not live:
        return dict(settled)
    return {
        name: replace(item, current=tuple(_freshen(claim, live) for claim in item.current))
        for name, item in settled.items()
    }


def _freshen(claim: Claim, live: Mapping[tuple[str, object], Weight]) -> Claim:
    now = live.get((claim.attribute, claim.value))
    weights = [now if now and weight.evidence.kind == "event" else weight for weight in claim.weights]
    weights.sort(key=lambda weight: weight.at)
    return replace(claim, weights=tuple(weights), challenges=tuple(_freshen(item, live) for item in claim.challenges))

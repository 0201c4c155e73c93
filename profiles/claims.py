"""What the fold settles before time weighs it.

Claims in, traits as of a moment out; and their JSON for the projection.

A claim keeps each piece of evidence with its own confidence and time, so that a stored projection still
decays when it is read later.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from math import exp2, prod
from typing import Any

from profiles.observation import Authority, Evidence, Observation, Polarity, Trait, Value

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Weight:
    """One piece of evidence, how sure it alone makes us (0..1), and when."""

    evidence: Evidence
    confidence: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """One authority's word on one attribute (or one value of it), with the weaker claims that disagree."""

    attribute: str
    value: Value
    polarity: Polarity
    authority: Authority
    weights: tuple[Weight, ...]
    since: datetime
    until: datetime | None = None
    challenges: tuple["Claim", ...] = ()

    def says_the_same(self, value: Value, polarity: Polarity) -> bool:
        return self.value == value and self.polarity == polarity


def claim_of(observation: Observation) -> Claim:
    return Claim(
        observation.attribute,
        observation.value,
        observation.polarity,
        observation.authority,
        (Weight(observation.evidence, observation.confidence, observation.at),),
        observation.at,
    )


def strengthen(claim: Claim, weights: Iterable[Weight]) -> Claim:
    """With more evidence. Counts of events include the earlier ones, so only the newest count stays."""
    every = sorted((*claim.weights, *weights), key=lambda weight: weight.at)
    counts = [weight for weight in every if weight.evidence.kind == "event"][-1:]
    return replace(claim, weights=tuple(w for w in every if w.evidence.kind != "event" or w in counts))


def weigh(claim: Claim, half_life_days: float | None, at: datetime) -> Trait:
    """The trait as of `at`.

    Evidence halves every `half_life_days`, and independent evidence adds up by noisy-or.
    """
    best: dict[tuple[str, str], float] = {}
    evidence: dict[tuple[str, str], Evidence] = {}
    for weight in claim.weights:
        key = (weight.evidence.kind, weight.evidence.id)
        faded = weight.confidence
        if half_life_days:
            faded *= exp2(-max(0.0, (at - weight.at).total_seconds() / DAY) / half_life_days)
        best[key] = max(best.get(key, 0.0), faded)
        evidence.setdefault(key, weight.evidence)
    return Trait(
        claim.attribute,
        claim.value,
        claim.polarity,
        claim.authority,
        1.0 - prod(1.0 - part for part in best.values()),
        tuple(evidence.values()),
        claim.since,
        claim.until,
        tuple(weigh(challenge, half_life_days, at) for challenge in claim.challenges),
    )


def claim_to_json(claim: Claim) -> dict[str, Any]:
    return {
        "a": claim.attribute,
        "v": claim.value,
        "p": claim.polarity,
        "by": claim.authority.value,
        "w": [
            [w.evidence.kind, w.evidence.id, w.evidence.quote, w.confidence, w.at.isoformat()]
            for w in claim.weights
        ],
        "since": claim.since.isoformat(),
        "until": claim.until.isoformat() if claim.until else None,
        "c": [claim_to_json(challenge) for challenge in claim.challenges],
    }


def claim_from_json(data: dict[str, Any]) -> Claim:
    return Claim(
        data["a"],
        data["v"],
        data["p"],
        Authority(data["by"]),
        tuple(
            Weight(Evidence(kind, id_, quote), confidence, datetime.fromisoformat(at))
            for kind, id_, quote, confidence, at in data["w"]
        ),
        datetime.fromisoformat(data["since"]),
        datetime.fromisoformat(data["until"]) if data["until"] else None,
        tuple(claim_from_json(challenge) for challenge in data["c"]),
    )

"""What the fold settles before time weighs it.

Claims in, traits as of a moment or as of their end out; and their JSON for the projection.

A claim keeps each piece of evidence with its own confidence and time, so that a stored projection still
decays when it is read later. It keeps the strongest few: the rest is in the journal, and would not show.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from math import exp2, inf, log2, prod
from typing import Any

from profiles.observation import Authority, Evidence, Observation, Polarity, Trait, Value

DAY = 86_400.0
MOST_EVIDENCE = 8  # of a claim: eight quotes of 0.9 leave a doubt of 1e-8
MOST_EVIDENCE_PAST = 3  # of what has ended


@dataclass(frozen=True, slots=True)
class Weight:
    """One piece of evidence, how sure it alone makes us (0..1), and when."""

    evidence: Evidence
    confidence: float
    at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Two weights with one key are one piece of evidence."""
        return self.evidence.kind, self.evidence.id

    def faded(self, half_life_days: float | None, at: datetime) -> float:
        """How sure it makes us at a moment: half after each half-life."""
        if not half_life_days:
            return self.confidence
        return self.confidence * exp2(-max(0.0, (at - self.at).total_seconds() / DAY) / half_life_days)


@dataclass(frozen=True, slots=True)
class Claim:
    """One authority's word on one attribute (or one value of it), with the weaker claims that disagree."""

    attribute: str
    value: Value
    polarity: Polarity
    authority: Authority
    weights: tuple[Weight, ...]
    since: datetime
    challenges: tuple["Claim", ...] = ()
    about: str = ""

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
        about=observation.about,
    )


def strengthen(claim: Claim, weights: Iterable[Weight]) -> Claim:
    """With more evidence, in the order of time. What is repeated from one place makes no surer: the first counts.

    Counts of events include the earlier ones, so only the newest count stays.
    """
    held = {weight.key for weight in claim.weights}
    new = [weight for weight in weights if weight.key not in held]
    every = sorted((*claim.weights, *new), key=lambda weight: weight.at)
    counts = [weight for weight in every if weight.evidence.kind == "event"][-1:]
    return replace(claim, weights=tuple(w for w in every if w.evidence.kind != "event" or w in counts))


def strongest(claim: Claim, half_life_days: float | None) -> Claim:
    """With the pieces of evidence that matter most. All fade alike, so these matter most at any time."""
    if len(claim.weights) <= MOST_EVIDENCE:
        return claim

    def strength(weight: Weight) -> tuple[float, datetime]:
        sure = log2(weight.confidence) if weight.confidence else -inf
        return sure + (weight.at.timestamp() / DAY / half_life_days if half_life_days else 0.0), weight.at

    kept = sorted(claim.weights, key=strength)[-MOST_EVIDENCE:]
    return replace(claim, weights=tuple(weight for weight in claim.weights if weight in kept))


def weigh(claim: Claim, half_life_days: float | None, at: datetime) -> Trait:
    """The trait as of `at`: what is left of each independent piece of evidence, added up by noisy-or."""
    return Trait(
        claim.attribute,
        claim.value,
        claim.polarity,
        claim.authority,
        1.0 - prod([1.0 - weight.faded(half_life_days, at) for weight in claim.weights]),
        tuple([weight.evidence for weight in claim.weights]),
        claim.since,
        None,
        tuple([weigh(challenge, half_life_days, at) for challenge in claim.challenges]),
        claim.about,
    )


def end(claim: Claim, half_life_days: float | None, at: datetime) -> Trait:
    """The trait that it was, as sure as it was when it ended, with its newest evidence."""
    trait = weigh(claim, half_life_days, at)
    return replace(trait, evidence=trait.evidence[-MOST_EVIDENCE_PAST:], until=at)


def claim_to_json(claim: Claim) -> list[Any]:
    """Without its attribute, whom it is about and its challenges: those come from where it stands."""
    weights = [
        [weight.evidence.kind, weight.evidence.id, weight.evidence.quote, weight.confidence, weight.at.isoformat()]
        for weight in claim.weights
    ]
    return [claim.value, claim.polarity, claim.authority.value, claim.since.isoformat(), weights]


def claim_from_json(attribute: str, data: list[Any], about: str) -> Claim:
    value, polarity, authority, since, weights = data
    parts = [
        Weight(Evidence(kind, id_, quote), confidence, datetime.fromisoformat(at))
        for kind, id_, quote, confidence, at in weights
    ]
    began = datetime.fromisoformat(since)
    return Claim(attribute, value, polarity, Authority(authority), tuple(parts), began, about=about)


def ended_to_json(trait: Trait) -> list[Any]:
    """Of a trait from `end`."""
    evidence = [[item.kind, item.id, item.quote] for item in trait.evidence]
    until = trait.until.isoformat() if trait.until else None
    who = trait.authority.value
    return [trait.value, trait.polarity, who, trait.confidence, evidence, trait.since.isoformat(), until, trait.about]


def ended_from_json(attribute: str, data: list[Any]) -> Trait:
    value, polarity, authority, confidence, evidence, since, until, about = data
    return Trait(
        attribute,
        value,
        polarity,
        Authority(authority),
        confidence,
        tuple([Evidence(*item) for item in evidence]),
        datetime.fromisoformat(since),
        datetime.fromisoformat(until),
        about=about,
    )

"""Tastes: acts in, decayed affinities per value and *observed* observations out.

The law: an affinity is the sum over acts of weight x 2^(-age / half-life), so it is the same whatever order and batches
the acts arrive in, and each act costs O(1) a value. What stands out is a pure function of the affinities. Only the
journal depends on arrival: it is told when a value begins to stand out, when its confidence has moved by `STEP`, and
when it no longer stands out; what a profile shows in between comes from the affinity itself (`profiles.events.live`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from math import exp, exp2

from profiles.events.event import WEIGHTS, Event
from profiles.observation import Authority, Evidence, Observation, Op
from profiles.schema import Attribute, Schema

Products = Mapping[str, Mapping[str, tuple[str, ...]]]  # sku -> attribute -> values
Shares = Mapping[str, tuple[tuple[str, str, float], ...]]  # sku -> (attribute, value, what a view says of it)

HALF_LIFE_DAYS = 60.0  # of an affinity whose attribute has none
FEWEST_ACTS = 3  # one visit is no taste
LEAST_AFFINITY = 3.0
LEAST_SHARE = 0.2  # of all affinity within the attribute
LEAST_SHARE_ALONE = 0.55  # where the attribute holds one value: a view of all sizes says nothing of a size
MOST_VALUES = 3
HIGHEST_CONFIDENCE = 0.9
STEP = 0.1  # a change of confidence that the journal is told
DIGITS = 6  # sums of floats differ by their order: compare what is left without the noise
DAY = 86_400.0


@dataclass(slots=True)
class Affinity:
    """How much one customer's acts speak for one value, as of `at`, the time of the newest one."""

    score: float = 0.0
    at: datetime | None = None
    newest: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    confidence: float | None = None  # as a trait; None: it does not stand out
    told: float | None = None  # the confidence in the journal; None: the journal holds no such trait
    told_at: datetime | None = None

    def add(self, event: Event, weight: float, half_life_days: float) -> None:
        """O(1). An act older than the newest one counts with what is left of it."""
        if self.at is None:
            self.score, self.at, self.newest = weight, event.at, event.id
        else:
            days = (event.at - self.at).total_seconds() / DAY
            if days >= 0:
                self.score = self.score * exp2(-days / half_life_days) + weight
                self.newest = event.id if days else max(self.newest, event.id)
                self.at = event.at
            else:
                self.score += weight * exp2(days / half_life_days)
        self.counts[event.kind] = self.counts.get(event.kind, 0) + 1

    def quote(self) -> str:
        return quote(self.counts)


def quote(counts: Mapping[str, int]) -> str:
    """The evidence in words: ``viewed 14, bought 2``."""
    return ", ".join(f"{kind} {counts[kind]}" for kind in WEIGHTS if counts.get(kind))


def shares_of(products: Products, schema: Schema) -> Shares:
    """A view of a jacket that comes in five colours says a fifth about each."""
    names = [attribute.name for attribute in schema.writable_by(Authority.OBSERVED)]
    return {
        sku: tuple((name, value, 1.0 / len(held[name])) for name in names if name in held for value in held[name])
        for sku, held in products.items()
    }


class Tastes:
    """One customer's affinities. `changed` are those that differ from what was loaded."""

    def __init__(self, schema: Schema, shares: Shares) -> None:
        self.held: dict[str, dict[str, Affinity]] = {}
        self.changed: set[tuple[str, str]] = set()
        self._shares = shares
        self._attributes = {item.name: item for item in schema.writable_by(Authority.OBSERVED)}

    def add(self, event: Event) -> None:
        """Take one act in."""
        weight = WEIGHTS.get(event.kind, 0.0)
        if not weight:
            return
        for sku in event.skus:
            for attribute, value, share in self._shares.get(sku, ()):
                of_attribute = self.held.setdefault(attribute, {})
                affinity = of_attribute.get(value)
                if affinity is None:
                    affinity = of_attribute[value] = Affinity()
                affinity.add(event, weight * share, half_life(self._attributes[attribute]))
                self.changed.add((attribute, value))

    def tell(self, customer: str) -> Iterator[Observation]:
        """Judge what was touched again; the lines that the journal needs."""
        for name in sorted({name for name, _ in self.changed}):
            attribute, held = self._attributes.get(name), self.held[name]
            if attribute is None:  # an attribute that the schema has lost
                continue
            standing = judge(attribute, held)
            last = max((item.at for item in held.values() if item.at), default=None)
            for value in sorted(held):
                affinity, confidence = held[value], standing.get(value)
                if affinity.confidence != confidence:
                    affinity.confidence = confidence
                    self.changed.add((name, value))
                if _matters(affinity.told, confidence):
                    at = _after(affinity.told_at, last)
                    affinity.told, affinity.told_at = confidence, at
                    self.changed.add((name, value))
                    yield _observation(customer, attribute, value, affinity, at)


def half_life(attribute: Attribute) -> float:
    return attribute.half_life_days or HALF_LIFE_DAYS


def judge(attribute: Attribute, held: Mapping[str, Affinity]) -> dict[str, float]:
    """The values that stand out, with the confidence of each: as of the newest act that concerns the attribute."""
    times = [affinity.at for affinity in held.values() if affinity.at]
    if not times:
        return {}
    newest, days = max(times), half_life(attribute)
    scores = {value: score_at(affinity, newest, days) for value, affinity in held.items()}
    total = sum(scores.values())
    best = sorted(scores, key=lambda value: (-round(scores[value], DIGITS), value))
    least = LEAST_SHARE if attribute.many else LEAST_SHARE_ALONE
    found = {}
    for value in best[: MOST_VALUES if attribute.many else 1]:
        affinity, share = held[value], round(scores[value] / total, DIGITS) if total else 0.0
        enough = sum(affinity.counts.values()) >= FEWEST_ACTS and round(scores[value], DIGITS) >= LEAST_AFFINITY
        if enough and share >= least:
            sureness = (1.0 - exp(-affinity.score / 10.0)) * (0.5 + share / 2.0)
            found[value] = round(min(HIGHEST_CONFIDENCE, sureness), 4)
    return found


def score_at(affinity: Affinity, at: datetime, half_life_days: float) -> float:
    days = (at - affinity.at).total_seconds() / DAY if affinity.at else 0.0
    return affinity.score * exp2(-max(0.0, days) / half_life_days)


def _matters(told: float | None, confidence: float | None) -> bool:
    if told is None or confidence is None:
        return told is not confidence
    return abs(told - confidence) >= STEP


def _after(told_at: datetime | None, last: datetime | None) -> datetime:
    """The time of the next line: that of the newest act, and in any case later than the line that it replaces."""
    times = [told_at + timedelta(microseconds=1)] if told_at else []
    return max([*times, last] if last else times)


def _observation(customer: str, attribute: Attribute, value: str, affinity: Affinity, at: datetime) -> Observation:
    """Its id is made of what it is about and its time, which no other line about that has."""
    name = "\0".join((customer, attribute.name, value, at.isoformat()))
    op: Op = "retract" if affinity.told is None else "assert"
    return Observation(
        f"seen:{blake2b(name.encode(), digest_size=16).hexdigest()}",
        customer,
        attribute.name,
        value,
        "like" if attribute.polarity else "fact",
        Authority.OBSERVED,
        Evidence("event", affinity.newest, affinity.quote()),
        at,
        op,
        1.0 if affinity.told is None else affinity.told,
    )

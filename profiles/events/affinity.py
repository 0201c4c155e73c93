"""Tastes: acts in, decayed affinities per value and *observed* observations out.

The law: an affinity is the sum over acts of weight x 2^(-age / half-life), so it is the same whatever order and batches
the acts arrive in, and each act costs O(1) a value. What stands out is a pure function of the affinities. Only the
journal depends on arrival: it is told when a value begins to stand out, when its confidence has moved by `STEP`, and
when it clearly no longer stands out; in between a profile shows what the affinities say (`profiles.history.live`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from heapq import nsmallest
from math import exp, exp2
from typing import NamedTuple

from profiles.attribute import Attribute
from profiles.events.event import WEIGHTS, Event
from profiles.history.live import quote
from profiles.observation import Authority, Evidence, Observation, Op
from profiles.schema import Schema

Products = Mapping[str, Mapping[str, tuple[str, ...]]]  # sku -> attribute -> values
# sku -> attribute, value, what a view of the product says of it, half-life in days
Shares = Mapping[str, tuple[tuple[str, str, float, float], ...]]

HALF_LIFE_DAYS = 60.0  # of an affinity whose attribute has none
FEWEST_ACTS = 3  # one visit is no taste
LEAST_AFFINITY = 3.0
LEAST_SHARE = 0.2  # of all affinity within the attribute
LEAST_SHARE_ALONE = 0.55  # where the attribute holds one value: a view of all sizes says nothing of a size
MOST_VALUES = 3
HIGHEST_CONFIDENCE = 0.9
STEP = 0.3  # a change of confidence that the journal is told
FADED = 0.5  # of what is needed to stand out: with less, the journal is told that a value no longer does
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
    changed: bool = False  # since it was loaded

    def add(self, event: Event, weight: float, half_life_days: float) -> None:
        """O(1). An act older than the newest one counts with what is left of it."""
        self.changed = True
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


class Standing(NamedTuple):
    """`confidence` as a trait, None unless the value stands out; `gone`: so far from it that the journal is told."""

    confidence: float | None
    gone: bool


GONE = Standing(None, True)


def shares_of(products: Products, schema: Schema) -> Shares:
    """A view of a jacket that comes in five colours says a fifth about each."""
    attributes = [(item.name, half_life(item)) for item in schema.writable_by(Authority.OBSERVED)]
    return {
        sku: tuple(
            (name, value, 1.0 / len(held[name]), days)
            for name, days in attributes
            if name in held
            for value in held[name]
        )
        for sku, held in products.items()
    }


class Tastes:
    """One customer's affinities by attribute and value."""

    def __init__(self, schema: Schema, shares: Shares) -> None:
        self.held: dict[str, dict[str, Affinity]] = {}
        self._shares = shares
        self._schema = schema

    def add(self, event: Event) -> None:
        """Take one act in."""
        weight = WEIGHTS.get(event.kind)
        if weight is None:
            return
        for sku in event.skus:
            for attribute, value, share, half_life_days in self._shares.get(sku, ()):
                held = self.held.get(attribute)
                if held is None:
                    held = self.held[attribute] = {}
                affinity = held.get(value)
                if affinity is None:
                    affinity = held[value] = Affinity()
                affinity.add(event, weight * share, half_life_days)

    def tell(self, customer: str) -> Iterator[Observation]:
        """Judge what was touched again; the lines that the journal needs."""
        for attribute in self._schema.writable_by(Authority.OBSERVED):
            held = self.held.get(attribute.name, {})
            if not any(affinity.changed for affinity in held.values()):
                continue
            standing = judge(attribute, held)
            last = max((item.at for item in held.values() if item.at), default=None)
            for value, affinity in held.items():
                now = standing.get(value, GONE)
                if affinity.confidence != now.confidence:
                    affinity.confidence, affinity.changed = now.confidence, True
                if _matters(affinity.told, now):
                    at = _after(_contesting(attribute, held, value), last)
                    affinity.told, affinity.told_at, affinity.changed = now.confidence, at, True
                    if now.confidence is not None:
                        for other in _contesting(attribute, held, value):
                            if other is not affinity and other.told is not None:
                                other.told, other.changed = None, True  # superseded in the journal
                    yield _observation(customer, attribute, value, affinity, at)


def _contesting(attribute: Attribute, held: Mapping[str, Affinity], value: str) -> list[Affinity]:
    """Those of one slot: in the journal, what is told of the one takes the place of what was told of another."""
    return [affinity for other, affinity in held.items() if attribute.slot(other) == attribute.slot(value)]


def half_life(attribute: Attribute) -> float:
    return attribute.half_life_days or HALF_LIFE_DAYS


def judge(attribute: Attribute, held: Mapping[str, Affinity]) -> dict[str, Standing]:
    """How the values stand, as of the newest act that concerns the attribute; those left out are gone."""
    times = [affinity.at for affinity in held.values() if affinity.at]
    if not times:
        return {}
    newest, days = max(times), half_life(attribute)
    scores = {value: round(score_at(affinity, newest, days), DIGITS) for value, affinity in held.items()}
    total = sum(scores.values()) or 1.0
    least, most = (LEAST_SHARE, MOST_VALUES) if attribute.many else (LEAST_SHARE_ALONE, 1)
    best = nsmallest(most, scores, key=lambda value: (-scores[value], value))
    told = [value for value, affinity in held.items() if affinity.told is not None and value not in best]
    return {
        value: _standing(held[value], scores[value], round(scores[value] / total, DIGITS), least, value in best)
        for value in (*best, *told)
    }


def _standing(affinity: Affinity, score: float, share: float, least: float, among_best: bool) -> Standing:
    rest = min(score / LEAST_AFFINITY, share / least)
    if sum(affinity.counts.values()) < FEWEST_ACTS or rest < 1.0 or not among_best:
        return Standing(None, rest < FADED)
    sureness = (1.0 - exp(-affinity.score / 10.0)) * (0.5 + share / 2.0)
    return Standing(round(min(HIGHEST_CONFIDENCE, sureness), 4), False)


def score_at(affinity: Affinity, at: datetime, half_life_days: float) -> float:
    days = (at - affinity.at).total_seconds() / DAY if affinity.at else 0.0
    return affinity.score * exp2(-max(0.0, days) / half_life_days)


def _matters(told: float | None, now: Standing) -> bool:
    """Whether the journal, which has `told`, needs a line."""
    if now.confidence is None:
        return told is not None and now.gone
    return told is None or abs(told - now.confidence) >= STEP


def _after(contesting: Iterable[Affinity], last: datetime | None) -> datetime:
    """The time of the next line: that of the newest act, and in any case later than the lines that it replaces."""
    times = [item.told_at + timedelta(microseconds=1) for item in contesting if item.told_at]
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

"""What a segment asks of a customer: facts in, a verdict with its reasons out. Pure functions.

A verdict says what the facts are, whether they hold or not, so that the reason for "not" is the reason of its part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from language.decimals import plain
from profiles.events.affinity import Affinity, Products, score_at
from profiles.events.event import Event
from profiles.events.ledger import Activity
from profiles.observation import Profile, Trait, Value

NumberName = Literal["orders", "spent", "acts", "days_since_order", "days_since_act"]


@dataclass(frozen=True, slots=True)
class Facts:
    """One customer as of `now`. `events`: those that count, of the kinds and times that were asked for."""

    profile: Profile
    now: datetime
    activity: Activity = field(default_factory=Activity)
    affinities: Mapping[str, Mapping[str, Affinity]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it holds, and the facts that say so."""

    holds: bool
    reasons: tuple[str, ...]


class Condition(Protocol):
    """Anything that can be asked of a customer."""

    def judge(self, facts: Facts) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both inclusive; None is no bound."""

    at_least: float | None = None
    at_most: float | None = None

    def hold(self, number: float) -> bool:
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Condition, ...]

    def judge(self, facts: Facts) -> Verdict:
        verdicts = [part.judge(facts) for part in self.parts]
        failed = [verdict for verdict in verdicts if not verdict.holds]
        return Verdict(not failed, _reasons(failed or verdicts))


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def judge(self, facts: Facts) -> Verdict:
        verdicts = [part.judge(facts) for part in self.parts]
        held = [verdict for verdict in verdicts if verdict.holds]
        return Verdict(bool(held), _reasons(held or verdicts))


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition

    def judge(self, facts: Facts) -> Verdict:
        verdict = self.part.judge(facts)
        return Verdict(not verdict.holds, verdict.reasons)


@dataclass(frozen=True, slots=True)
class TraitHeld:
    """The profile holds a trait: one of `values` (None: any), within the bounds, at least so sure."""

    attribute: str
    polarity: str
    values: frozenset[Value] | None = None
    bounds: Bounds = Bounds()
    sure: float = 0.0

    def judge(self, facts: Facts) -> Verdict:
        traits = [trait for trait in facts.profile.of(self.attribute) if trait.polarity == self.polarity]
        found = [trait for trait in traits if self._fits(trait)]
        if found:
            return Verdict(True, tuple(map(_said, found)))
        wanted = "" if self.values is None else f": {', '.join(sorted(map(_shown, self.values)))}"
        held = tuple(map(_said, traits))
        return Verdict(False, held or (f"{_verb(self.polarity)}{self.attribute}{wanted} is not known",))

    def _fits(self, trait: Trait) -> bool:
        if trait.confidence < self.sure or not (self.values is None or trait.value in self.values):
            return False
        if self.bounds == Bounds():
            return True
        return isinstance(trait.value, float) and self.bounds.hold(trait.value)


@dataclass(frozen=True, slots=True)
class AffinityHeld:
    """What the customer does speaks for a value, as strongly as the bounds say, decayed to now."""

    attribute: str
    value: str
    half_life_days: float
    bounds: Bounds

    def judge(self, facts: Facts) -> Verdict:
        affinity = facts.affinities.get(self.attribute, {}).get(self.value)
        score = round(score_at(affinity, facts.now, self.half_life_days), 4) if affinity else 0.0
        why = f" ({affinity.quote()})" if affinity and affinity.counts else ""
        return Verdict(self.bounds.hold(score), (f"affinity {self.attribute}: {self.value} is {score:g}{why}",))


@dataclass(frozen=True, slots=True)
class EventsCounted:
    """How many events of a kind in the last days (None: ever), on products with these attribute values."""

    kind: str
    bounds: Bounds
    within_days: float | None = None
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    products: Products = field(default_factory=dict)

    def judge(self, facts: Facts) -> Verdict:
        first = None if self.within_days is None else facts.now - timedelta(days=self.within_days)
        times = [event.at for event in facts.events if self._counts(event) and (first is None or event.at >= first)]
        last = f", last on {max(times):%Y-%m-%d}" if times else ""
        span = "" if self.within_days is None else f" in {self.within_days:g} days"
        what = "".join(f", {name} {'/'.join(sorted(values))}" for name, values in self.where.items())
        return Verdict(self.bounds.hold(len(times)), (f"{self.kind} {_times(len(times))}{span}{what}{last}",))

    def _counts(self, event: Event) -> bool:
        return event.kind == self.kind and (not self.where or any(map(self._fits, event.skus)))

    def _fits(self, sku: str) -> bool:
        held = self.products.get(sku, {})
        return all(not values.isdisjoint(held.get(name, ())) for name, values in self.where.items())


@dataclass(frozen=True, slots=True)
class NumberHeld:
    """A number of the customer's activity; days since what never happened hold for no bounds."""

    name: NumberName
    bounds: Bounds

    def judge(self, facts: Facts) -> Verdict:
        number = self._number(facts)
        if number is None:
            return Verdict(False, (f"{self.name}: there was none",))
        return Verdict(self.bounds.hold(number), (f"{self.name.replace('_', ' ')} is {round(number, 2):g}",))

    def _number(self, facts: Facts) -> float | None:
        held = facts.activity
        match self.name:
            case "orders":
                return float(held.purchases.orders)
            case "spent":
                return plain(held.purchases.spent)
            case "acts":
                return float(held.acts)
            case "days_since_order":
                return _days(held.purchases.last, facts.now)
            case "days_since_act":
                return _days(held.last_at, facts.now)


def _days(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds() / 86_400.0)


def _reasons(verdicts: list[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for verdict in verdicts for reason in verdict.reasons))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _said(trait: Trait) -> str:
    quote = trait.evidence[-1].quote if trait.evidence else ""
    why = f', "{quote}"' if quote else ""
    return f"{_verb(trait.polarity)}{trait.attribute}: {_shown(trait.value)} ({trait.authority.value}{why})"


def _verb(polarity: str) -> str:
    return {"like": "likes ", "dislike": "dislikes "}.get(polarity, "")


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value

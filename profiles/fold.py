"""The pure fold: a customer's observations in, the profile as of a moment out.

The rules, per attribute (or per value, where an attribute holds many): shop > stated > observed >
inferred; a weaker claim never replaces a stronger one, it stands beside it as a challenge, or as
support if it says the same. Of one authority the newer supersedes the older: so a dislike of X ends a
like of X. A retraction ends claims of its authority and weaker ones, and keeps the weaker ones out
until its authority speaks again. The order in which observations arrive does not matter: they are
folded in the order of their times.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from profiles.claims import Claim, claim_of, strengthen, weigh
from profiles.observation import EVERYTHING, Authority, Observation, Profile, Value
from profiles.schema import Attribute, Schema


@dataclass(frozen=True, slots=True)
class Settled:
    """One attribute's claims, not yet weighed by time."""

    current: tuple[Claim, ...] = ()
    past: tuple[Claim, ...] = ()


def fold(observations: Iterable[Observation], schema: Schema, at: datetime) -> Profile:
    """The profile as it stood at `at` (later observations are left out), of one customer's observations."""
    known = [item for item in observations if item.at <= at]
    customer = known[0].customer if known else ""
    return weigh_profile(customer, settle(known, schema), schema, at)


def weigh_profile(customer: str, settled: Mapping[str, Settled], schema: Schema, at: datetime) -> Profile:
    """Settled claims of all attributes as traits, in the schema's order.

    Past ones as sure as when they ended.
    """
    traits, past = [], []
    for name, attribute in schema.attributes.items():
        if name in settled:
            fading = attribute.half_life_days
            traits += [weigh(claim, fading, at) for claim in settled[name].current]
            past += [weigh(claim, fading, claim.until or at) for claim in settled[name].past]
    return Profile(customer, tuple(traits), tuple(past))


def settle(observations: Iterable[Observation], schema: Schema) -> dict[str, Settled]:
    """Claims by attribute. An attribute that the schema no longer has is left out."""
    by_attribute: dict[str, dict[str, Observation]] = defaultdict(dict)
    for observation in observations:
        by_attribute[observation.attribute].setdefault(observation.id, observation)
    return {
        name: _settle_attribute(schema.attributes[name], sorted(items.values(), key=_order))
        for name, items in by_attribute.items()
        if name in schema.attributes
    }


def _order(observation: Observation) -> tuple[datetime, bool, str]:
    """Of one moment a retraction comes first: "forget my size, I take an L now" leaves L."""
    return observation.at, observation.op == "assert", observation.id


def _settle_attribute(attribute: Attribute, ordered: Sequence[Observation]) -> Settled:
    if not attribute.many:
        slots = [list(ordered)]
    else:
        values = dict.fromkeys(item.value for item in ordered if item.op == "assert")
        slots = [[item for item in ordered if _concerns(item, value)] for value in values]
    settled = [_settle_slot(slot) for slot in slots]
    current = [claim for slot in settled for claim in slot.current]
    past = [claim for slot in settled for claim in slot.past]
    return Settled(tuple(sorted(current, key=_rank)), tuple(sorted(past, key=_rank)))


def _concerns(observation: Observation, value: Value) -> bool:
    return observation.value == value or (observation.op == "retract" and observation.value == EVERYTHING)


def _rank(claim: Claim) -> tuple[int, datetime, str]:
    return claim.authority.rank, claim.since, str(claim.value)


def _settle_slot(ordered: Iterable[Observation]) -> Settled:
    """One contest: at most one claim per authority stands at a time."""
    standing: dict[Authority, Claim] = {}
    past: list[Claim] = []
    blocks: list[Observation] = []  # retractions still in force
    for item in ordered:
        if item.op == "retract":
            ended = [
                claim
                for authority, claim in standing.items()
                if authority.rank >= item.authority.rank and _concerns(item, claim.value)
            ]
            for claim in ended:
                past.append(replace(claim, until=item.at))
                del standing[claim.authority]
            blocks.append(item)
            continue
        against = [block for block in blocks if _concerns(block, item.value)]
        if any(item.authority.rank > block.authority.rank for block in against):
            continue
        blocks = [block for block in blocks if block not in against]
        held = standing.get(item.authority)
        if held and held.says_the_same(item.value, item.polarity):
            standing[item.authority] = strengthen(held, claim_of(item).weights)
            continue
        if held:
            past.append(replace(held, until=item.at))
        standing[item.authority] = claim_of(item)
    return Settled(_winner(standing), tuple(past))


def _winner(standing: Mapping[Authority, Claim]) -> tuple[Claim, ...]:
    if not standing:
        return ()
    first, *others = sorted(standing.values(), key=lambda claim: claim.authority.rank)
    for other in others:
        if other.says_the_same(first.value, first.polarity):
            first = strengthen(first, other.weights)
    challenges = tuple(other for other in others if not other.says_the_same(first.value, first.polarity))
    return (replace(first, challenges=challenges),)

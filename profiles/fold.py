"""The pure fold: a customer's observations in, the profile as of a moment out.

The rules, for each person whom it is about, per attribute (or per value, where an attribute holds many, or
per key, where it holds one for each): shop > stated > observed > inferred; a weaker claim never replaces a
stronger one, it stands beside it as a challenge, or as support if it says the same. Of one authority the
newer supersedes the older: so a dislike of X ends a like of X. A retraction ends claims of its authority and
weaker ones, and keeps the weaker ones out until its authority speaks again. What was undone counts as never
said. The order in which observations arrive does not matter: they are folded in the order of their times.

What is settled can be continued: `settle` with what came later, given what stood before, is `settle` with
everything. `FoldedState` is bounded, so that an append costs the same whatever the length of the journal.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from profiles.attribute import Attribute
from profiles.candidates import Claim, claim_of, end, strengthen, strongest, weigh
from profiles.observation import Authority, Observation, Profile, Trait, Value
from profiles.schema import Schema

MOST_PAST = 5  # ended traits that a profile shows of an attribute, the newest; the journal has them all
_UNDO = 2**31  # comes after every turn of a consultation
_TURN = re.compile(r":(\d+)$")  # its number, at the end of its id

Block = tuple[str, Authority, Value]  # a retraction in force: about whom, whose, and of what
SlotName = tuple[str, Value | None]  # whom it is about, and what is contested
Order = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Slot:
    """One contest: at most one claim per authority stands, and retractions keep weaker ones out."""

    standing: Mapping[Authority, Claim]
    blocks: frozenset[Block]

    @property
    def winner(self) -> Claim | None:
        """The strongest claim, supported by the weaker ones that agree and challenged by those that do not."""
        if not self.standing:
            return None
        first, *others = sorted(self.standing.values(), key=lambda claim: claim.authority.rank)
        agreeing = [other for other in others if other.says_the_same(first.value, first.polarity)]
        for other in agreeing:
            first = strengthen(first, other.weights)
        return replace(first, challenges=tuple(other for other in others if other not in agreeing)) if others else first


@dataclass(frozen=True, slots=True)
class FoldedState:
    """One attribute's claims, not yet weighed by time.

    `blocks`: retractions of many values at once, which hold for slots still to come. `last`: the place
    in time of the newest observation that is in it.
    """

    slots: Mapping[SlotName, Slot]
    blocks: frozenset[Block]
    past: tuple[Trait, ...]  # oldest end first
    last: Order

    @property
    def current(self) -> list[Claim]:
        return sorted((claim for slot in self.slots.values() if (claim := slot.winner)), key=_rank)


def fold(observations: Iterable[Observation], schema: Schema, at: datetime) -> Profile:
    """The profile as it stood at `at` (later observations are left out), of one customer's observations."""
    known = [item for item in observations if item.at <= at]
    customer = known[0].customer if known else ""
    return weigh_profile(customer, settle(known, schema), schema, at)


def weigh_profile(customer: str, settled: Mapping[str, FoldedState], schema: Schema, at: datetime) -> Profile:
    """FoldedState claims of all attributes as traits, in the schema's order.

    Past ones as sure as when they ended.
    """
    traits, past = list[Trait](), list[Trait]()
    for name, attribute in schema.attributes.items():
        if name in settled:
            fading = attribute.half_life_days
            traits += [weigh(claim, fading, at) for claim in settled[name].current]
            past += sorted(settled[name].past, key=_rank)
    others = sorted((trait for trait in traits if trait.about), key=lambda trait: trait.about)
    return Profile(customer, tuple(trait for trait in traits if not trait.about), tuple(past), tuple(others))


def settle(
    observations: Iterable[Observation], schema: Schema, before: Mapping[str, FoldedState] | None = None
) -> dict[str, FoldedState]:
    """Claims by attribute. An attribute that the schema no longer has is left out.

    `before` is continued: of its attributes, all observations must be new and pass `comes_later`.
    """
    by_attribute: dict[str, dict[str, Observation]] = defaultdict(dict)
    for observation in observations:
        by_attribute[observation.attribute].setdefault(observation.id, observation)
    return {
        name: _settle_attribute(schema.attributes[name], sorted(items.values(), key=order_of), (before or {}).get(name))
        for name, items in by_attribute.items()
        if name in schema.attributes
    }


def comes_later(observations: Iterable[Observation], settled: FoldedState) -> bool:
    """Whether what is settled can be continued with these, or must be settled again from the journal."""
    return all(item.op != "undo" and order_of(item) > settled.last for item in observations)


def order_of(observation: Observation) -> Order:
    """Of one moment the later turn comes later, and of one turn a retraction first: "forget my size, I take an L now"
    leaves L. An undo comes last."""
    evidence = observation.evidence
    turn = _TURN.search(evidence.id) if evidence.kind == "turn" else None
    place = 2 * int(turn[1]) if turn else 0
    return observation.at, _UNDO if observation.op == "undo" else place + (observation.op == "assert"), observation.id


def undone_ids(ordered: Sequence[Observation]) -> set[str]:
    """Of observations in the order of time, those that an undo takes back. It reaches what is earlier, undos too."""
    targets: set[Value] = set()
    found: set[str] = set()
    for item in reversed(ordered):
        if item.id in targets:
            found.add(item.id)
        elif item.op == "undo":
            targets.add(item.value)
    return found


def _settle_attribute(attribute: Attribute, ordered: Sequence[Observation], before: FoldedState | None) -> FoldedState:
    contest, undone = _Contest(attribute, before), undone_ids(ordered)
    for item in ordered:
        if item.op != "undo" and item.id not in undone:
            contest.take(item)
    return contest.settled(order_of(ordered[-1]))


class _Contest:
    """An attribute's claims while observations are taken in, in the order of time."""

    def __init__(self, attribute: Attribute, before: FoldedState | None) -> None:
        self._attribute = attribute
        slots = before.slots if before else {}
        self._slots = {name: (dict(slot.standing), set(slot.blocks)) for name, slot in slots.items()}
        self._blocks = set(before.blocks) if before else set()
        self._past = list(before.past) if before else []

    def take(self, item: Observation) -> None:
        if item.op == "assert":
            self._assert(item)
        elif self._attribute.is_wildcard(item.value):
            self._blocks.add((item.about, item.authority, item.value))
            self._retract(item, [name for name in self._slots if name[0] == item.about])
        else:
            self._retract(item, [self._slot_of(item)])

    def settled(self, last: Order) -> FoldedState:
        slots = {
            name: Slot(standing, frozenset(blocks))
            for name, (standing, blocks) in self._slots.items()
            if standing or blocks - self._blocks  # an empty one with no more than these would begin the same
        }
        return FoldedState(slots, frozenset(self._blocks), tuple(self._past[-MOST_PAST:]), last)

    def _slot_of(self, item: Observation) -> SlotName:
        return item.about, self._attribute.slot(item.value)

    def _slot(self, name: SlotName) -> tuple[dict[Authority, Claim], set[Block]]:
        if name not in self._slots:
            self._slots[name] = ({}, {block for block in self._blocks if block[0] == name[0]})
        return self._slots[name]

    def _retract(self, item: Observation, names: Iterable[SlotName]) -> None:
        ended = []
        for name in names:
            standing, blocks = self._slot(name)
            blocks.add((item.about, item.authority, item.value))
            for claim in list(standing.values()):
                if claim.authority.rank >= item.authority.rank and self._attribute.concerns(item.value, claim.value):
                    ended.append(self._end(standing.pop(claim.authority), item))
        self._past += sorted(ended, key=_rank)

    def _assert(self, item: Observation) -> None:
        standing, blocks = self._slot(self._slot_of(item))
        against = {block for block in blocks if self._attribute.concerns(block[2], item.value)}
        if any(item.authority.rank > authority.rank for _, authority, _ in against):
            return
        blocks -= against
        held = standing.get(item.authority)
        if held and held.says_the_same(item.value, item.polarity):
            surer = strengthen(held, claim_of(item).weights)
            standing[item.authority] = strongest(surer, self._attribute.half_life_days)
            return
        if held:
            self._past.append(self._end(held, item))
        standing[item.authority] = claim_of(item)

    def _end(self, claim: Claim, by: Observation) -> Trait:
        return end(claim, self._attribute.half_life_days, by.at)


def _rank(claim: Claim | Trait) -> tuple[int, datetime, str]:
    return claim.authority.rank, claim.since, str(claim.value)

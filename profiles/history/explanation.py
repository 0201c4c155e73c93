"""Why a profile holds what it holds: an attribute's settled claims in, for each of them the reasons out.

What it replaced, and how its confidence came about, piece by piece. `python -m profiles explain` and the page show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import clock
from profiles.attribute import Attribute
from profiles.candidates import Claim, Weight, weigh
from profiles.fold import FoldedState, order_of, undone_ids
from profiles.observation import EVERYTHING, Observation, Trait
from profiles.schema import Schema


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence; how sure it alone makes us `now`, of what it did when it came."""

    weight: Weight
    now: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """A trait as of now, what made it, and what ended when it began."""

    attribute: Attribute
    trait: Trait
    pieces: tuple[Piece, ...]
    replaced: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The reasons of all that is held of a customer, and the journal, oldest first, with the ids that were undone."""

    reasons: tuple[Reasons, ...] = ()
    journal: tuple[Observation, ...] = ()
    undone: frozenset[str] = frozenset()


NOTHING_TOLD = Told()


def as_of(settled: FoldedState | None) -> datetime:
    """Now; a clock behind the newest observation hides nothing."""
    now = clock.now()
    return max(now, settled.last[0]) if settled else now


def reasons_of(attribute: Attribute, settled: FoldedState | None, at: datetime) -> tuple[Reasons, ...]:
    """For each value that is held."""
    if settled is None:
        return ()
    return tuple([_reasons(attribute, claim, settled.past, at) for claim in settled.current])


def tell(settled: Mapping[str, FoldedState], journal: Sequence[Observation], schema: Schema) -> Told:
    """All of a customer. Attributes that the schema no longer has are left out."""
    reasons = [
        one
        for name, item in settled.items()
        if name in schema.attributes
        for one in reasons_of(schema.attributes[name], item, as_of(item))
    ]
    return Told(tuple(reasons), tuple(journal), frozenset(undone_in(journal)))


def withdrawn_by(trait: Trait, attribute: Attribute, journal: Sequence[Observation]) -> Observation | None:
    """The retraction that ended it; None for what a newer value or an undo ended."""
    found = [
        item
        for item in journal
        if (item.op, item.about, item.attribute, item.at) == ("retract", trait.about, trait.attribute, trait.until)
        and (item.value == EVERYTHING or attribute.slot(item.value) == attribute.slot(trait.value))
    ]
    return found[-1] if found else None


def undone_in(journal: Sequence[Observation]) -> set[str]:
    """The ids of what counts as never made."""
    names = {item.attribute for item in journal}
    by_attribute = ([item for item in journal if item.attribute == name] for name in names)
    return {found for items in by_attribute for found in undone_ids(sorted(items, key=order_of))}


def _reasons(attribute: Attribute, claim: Claim, past: Sequence[Trait], at: datetime) -> Reasons:
    half_life = attribute.half_life_days
    pieces = [Piece(weight, weight.faded(half_life, at)) for weight in claim.weights]
    return Reasons(attribute, weigh(claim, half_life, at), tuple(pieces), _replaced(attribute, claim, past))


def _replaced(attribute: Attribute, claim: Claim, past: Sequence[Trait]) -> tuple[Trait, ...]:
    """What ended, of the same slot and authority, when this began."""
    slot = attribute.slot(claim.value)
    ended = [old for old in past if old.authority is claim.authority and old.until == claim.since]
    return tuple([old for old in ended if old.about == claim.about and attribute.slot(old.value) == slot])

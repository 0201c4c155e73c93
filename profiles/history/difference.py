"""What became of the traits between two readings of one profile: traits before and after in, changes out."""

from collections.abc import Iterable

from profiles.observation import Change, Trait
from profiles.schema import Schema

LEAST_SHIFT = 0.005  # of a confidence; less than this is not worth telling


def difference(before: Iterable[Trait], after: Iterable[Trait], schema: Schema) -> Change:
    """What was added, what another value took the place of, and what is gone without one."""
    old, new = {_identity(trait): trait for trait in before}, {_identity(trait): trait for trait in after}
    occupied = {_slot(trait, schema) for trait in new.values()}
    left = [trait for key, trait in old.items() if key not in new]
    return Change(
        tuple(trait for key, trait in new.items() if key not in old),
        tuple(trait for trait in left if _slot(trait, schema) in occupied),
        tuple(trait for trait in left if _slot(trait, schema) not in occupied),
    )


def shifts(before: Iterable[Trait], after: Iterable[Trait]) -> list[tuple[Trait, Trait]]:
    """Traits that hold at both moments and are surer or less sure at the later one."""
    old = {_identity(trait): trait for trait in before}
    pairs = [(old[_identity(trait)], trait) for trait in after if _identity(trait) in old]
    return [(was, now) for was, now in pairs if abs(was.confidence - now.confidence) >= LEAST_SHIFT]


def _identity(trait: Trait) -> tuple[object, ...]:
    return trait.about, trait.attribute, trait.value, trait.polarity, trait.authority


def _slot(trait: Trait, schema: Schema) -> tuple[object, ...]:
    return trait.about, trait.attribute, schema.attribute(trait.attribute).slot(trait.value)

"""Segments as a shop declares them: the tables of shop.toml in, `Segment`s out.

    [segments.trail_runners]
    description = "like trail running, bought in 90 days, do not send back often"
    all = [
        {trait = "activity", is = "trail running"},
        {event = "bought", within_days = 90},
        {not = {trait = "return_rate", at_least = 0.3}},
    ]

A condition is one of: `all`, `any` (lists of conditions), `not` (one), `trait` (with `is`, `polarity`, `at_least`,
`at_most`, `sure`), `affinity` (`is` and bounds), `event` (bounds, `within_days`, `where`), `number` (bounds).
Errors: `ConfigError` that names the place, the bad value and the valid ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from errors import ConfigError, DataError, choices, first_mistake
from profiles.attribute import Attribute, Facets
from profiles.events.affinity import Products, half_life
from profiles.events.event import Kind
from profiles.observation import Authority, Value
from profiles.schema import Schema
from profiles.segments.condition import (
    AffinityHeld,
    Bounds,
    Condition,
    EventsCounted,
    Every,
    Not,
    NumberHeld,
    NumberName,
    Some,
    TraitHeld,
)

KINDS = tuple(kind for kind in get_args(Kind) if kind != "identified")


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of customers: all of whom the condition holds."""

    name: str
    description: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Shelf:
    """What conditions may speak of in one shop."""

    schema: Schema
    facets: Facets
    products: Products


def read_segments(tables: Mapping[str, Any], shelf: Shelf) -> tuple[Segment, ...]:
    """What shop.toml holds under `segments`, in its order."""
    return tuple(_read(name, table, shelf) for name, table in tables.items())


def parts_of(condition: Condition) -> Iterator[Condition]:
    """The condition and all that it is made of."""
    yield condition
    match condition:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from parts_of(part)
        case Not(part):
            yield from parts_of(part)


def _read(name: str, table: object, shelf: Shelf) -> Segment:
    try:
        read = _Segment.model_validate(table)
    except ValidationError as error:
        raise ConfigError(first_mistake(error, "segments", name)) from error
    return Segment(name, read.description, _build(read, shelf, f"segments.{name}"))


class _Condition(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    all: list["_Condition"] | None = Field(None, min_length=1)
    any: list["_Condition"] | None = Field(None, min_length=1)
    not_: "_Condition | None" = Field(None, alias="not")
    trait: str | None = None
    affinity: str | None = None
    event: Literal[KINDS] | None = None  # type: ignore[valid-type]
    number: NumberName | None = None
    is_: str | float | bool | list[str | float | bool] | None = Field(None, alias="is")
    polarity: Literal["like", "dislike", "fact"] | None = None
    sure: float | None = Field(None, ge=0, le=1)
    at_least: float | None = None
    at_most: float | None = None
    within_days: float | None = Field(None, gt=0)
    where: dict[str, str | list[str]] | None = None

    _goes_with: ClassVar[Mapping[str, frozenset[str]]] = {
        "all": frozenset(),
        "any": frozenset(),
        "not_": frozenset(),
        "trait": frozenset(("is_", "polarity", "sure", "at_least", "at_most")),
        "affinity": frozenset(("is_", "at_least", "at_most")),
        "event": frozenset(("at_least", "at_most", "within_days", "where")),
        "number": frozenset(("at_least", "at_most")),
    }

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None} - {"description"}
        heads = sorted(given & set(self._goes_with))
        if len(heads) != 1:
            named = ", ".join(head.rstrip("_") for head in heads) or "none"
            raise ValueError(
                f"a condition is exactly one of all, any, not, trait, affinity, event, number; found {named}"
            )
        if odd := sorted(given - {heads[0]} - self._goes_with[heads[0]]):
            valid = choices(name.rstrip("_") for name in self._goes_with[heads[0]]) or "nothing"
            raise ValueError(f"{odd[0].rstrip('_')!r} does not go with {heads[0].rstrip('_')!r}; {valid} does")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is more than at_most {self.at_most:g}")
        return self


class _Segment(_Condition):
    description: str = Field(min_length=1)


def _build(read: _Condition, shelf: Shelf, place: str) -> Condition:
    bounds = Bounds(read.at_least, read.at_most)
    if read.trait is not None:
        return _trait(read, read.trait, bounds, shelf, f"{place}.trait")
    if read.affinity is not None:
        return _affinity(read, read.affinity, bounds, shelf, f"{place}.affinity")
    if read.event is not None:
        where = {
            name: frozenset(map(str, _values(_attribute(name, shelf, place), given, shelf, f"{place}.where")))
            for name, given in (read.where or {}).items()
        }
        counted = Bounds(1) if bounds == Bounds() else bounds
        return EventsCounted(read.event, counted, read.within_days, where, shelf.products)
    if read.number is not None:
        if bounds == Bounds():
            raise ConfigError(f"{place}: number {read.number!r} needs at_least or at_most")
        return NumberHeld(read.number, bounds)
    if read.not_ is not None:
        return Not(_build(read.not_, shelf, f"{place}.not"))
    if read.all is not None:
        return Every(tuple(_build(part, shelf, f"{place}.all.{n}") for n, part in enumerate(read.all)))
    return Some(tuple(_build(part, shelf, f"{place}.any.{n}") for n, part in enumerate(read.any or ())))


def _trait(read: _Condition, name: str, bounds: Bounds, shelf: Shelf, place: str) -> Condition:
    attribute = _attribute(name, shelf, place)
    numeric = attribute.type in ("money", "number")
    if bounds != Bounds() and not numeric:
        raise ConfigError(f"{place}: {name!r} is of type {attribute.type}; at_least and at_most need money or a number")
    polarity = read.polarity or ("like" if attribute.polarity else "fact")
    if read.polarity in ("like", "dislike") and not attribute.polarity:
        raise ConfigError(f"{place}: {name!r} is neither liked nor disliked; its polarity is fact")
    values = None if read.is_ is None else _values(attribute, read.is_, shelf, place)
    return TraitHeld(name, polarity, values, bounds, read.sure or 0.0)


def _affinity(read: _Condition, name: str, bounds: Bounds, shelf: Shelf, place: str) -> Condition:
    attribute = _attribute(name, shelf, place)
    observed = [item.name for item in shelf.schema.writable_by(Authority.OBSERVED)]
    if name not in observed:
        raise ConfigError(f"{place}: nothing is observed of {name!r}; of {choices(observed)} it is")
    if read.is_ is None or bounds == Bounds():
        raise ConfigError(f"{place}: {name!r} needs `is`, and at_least or at_most")
    values = sorted(map(str, _values(attribute, read.is_, shelf, place)))
    parts = tuple(AffinityHeld(name, value, half_life(attribute), bounds) for value in values)
    return parts[0] if len(parts) == 1 else Some(parts)


def _attribute(name: str, shelf: Shelf, place: str) -> Attribute:
    try:
        return shelf.schema.attribute(name)
    except DataError as error:
        raise ConfigError(f"{place}: {error}") from error


def _values(attribute: Attribute, given: Value | list[Any], shelf: Shelf, place: str) -> frozenset[Value]:
    """As the profile spells them."""
    try:
        return frozenset(
            attribute.clean(value, shelf.facets) for value in (given if isinstance(given, list) else [given])
        )
    except DataError as error:
        raise ConfigError(f"{place}: {error}") from error

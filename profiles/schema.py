"""The profile schema: a shop's profile.yaml in, its `Attribute`s and who may write them out.

`Schema.load(path)` raises `ConfigError` with every mistake in the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from errors import ConfigError, DataError, Refused, choices
from language.matching import shared_synonyms
from profiles.attribute import MOST, Attribute, AttributeType, Bound
from profiles.observation import Authority, Observation
from profiles.privacy.spans import Span


@dataclass(frozen=True, slots=True)
class Schema:
    """All attributes by name, in the file's order."""

    attributes: Mapping[str, Attribute]

    def attribute(self, name: str) -> Attribute:
        """The attribute, or `DataError` that names the known ones."""
        try:
            return self.attributes[name]
        except KeyError:
            raise DataError(f"unknown attribute {name!r}; known: {choices(self.attributes, 40)}") from None

    def writable_by(self, authority: Authority) -> tuple[Attribute, ...]:
        return tuple(item for item in self.attributes.values() if authority in item.writers)

    def check(self, item: Observation) -> None:
        """Raises `Refused` for what its authority may not write, `DataError` for what it cannot mean."""
        attribute = self.attribute(item.attribute)
        if item.at.tzinfo is None:
            raise DataError(f"observation {item.id!r}: its time {item.at} must have a zone")
        if not 0.0 <= item.confidence <= 1.0:
            raise DataError(f"observation {item.id!r}: confidence {item.confidence} must be between 0 and 1")
        if item.op == "assert" and item.authority not in attribute.writers:
            raise Refused(f"{item.authority.value} may not write {attribute.name!r}, only {choices(attribute.writers)}")
        if item.op == "undo" and item.authority is not Authority.SHOP:
            raise Refused(f"observation {item.id!r}: only the shop may undo, not {item.authority.value}")
        if item.op == "retract" and item.authority is not Authority.SHOP and attribute.writers == {Authority.SHOP}:
            raise Refused(f"{attribute.name!r} is the shop's own record; only shop may retract it")

    @classmethod
    def load(cls, path: Path) -> "Schema":
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"cannot read the profile schema {path}: {error}") from error
        return cls.parse(loaded, str(path))

    @classmethod
    def parse(cls, data: object, source: str = "profile schema") -> "Schema":
        """From what profile.yaml holds; `source` is named in the error."""
        try:
            entries = _SchemaFile.model_validate(data).attributes
        except ValidationError as error:
            mistakes = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigError(f"{source}: {'; '.join(mistakes)}") from error
        built = {entry.name: entry.build() for entry in entries}
        keyed = {entry.name: replace(built[entry.name], per=built[entry.per]) for entry in entries if entry.per}
        return cls(built | keyed)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: AttributeType
    values: list[str] | None = None
    facet: str | None = None
    many: bool = False
    polarity: bool = False
    sensitive: bool = False
    half_life_days: float | None = Field(default=None, gt=0)
    bound: Bound | None = None
    range: bool = False
    per: str | None = None
    writers: list[Authority] = Field(min_length=1)
    label: dict[str, str] = {}
    description: str = ""
    synonyms: dict[str, list[str]] = {}
    cues: list[str] = []
    keep: Span | None = None
    purchase: bool = False
    min: float = Field(default=0, ge=0)
    max: float = Field(default=MOST, le=MOST)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.type == "choice" and not self.values and not self.facet:
            raise ValueError(f"choice {self.name!r} needs `values` or a `facet`")
        if self.polarity and not self.many:
            raise ValueError(f"{self.name!r} can be liked and disliked, so it must be `many: true`")
        if self.bound and (self.type != "money" or self.many):
            raise ValueError(f"{self.name!r} sets the {self.bound} of a search, so it must be one value of type money")
        if self.range and (self.type not in ("money", "number") or self.bound):
            raise ValueError(f"{self.name!r} may be a range, so it must be money or a number, and no `bound`")
        if (self.min, self.max) != (0, MOST) and self.type not in ("money", "number"):
            raise ValueError(f"{self.name!r} is bounded, so it must be money or a number")
        if self.min > self.max:
            raise ValueError(f"{self.name!r} has a `min` of {self.min:g} above its `max` of {self.max:g}")
        if self.per and (self.type not in ("choice", "money", "number") or self.bound):
            raise ValueError(f"{self.name!r} has a `per`, so it must be choice, money or a number, and no `bound`")
        if self.sensitive and {Authority.OBSERVED, Authority.INFERRED} & set(self.writers):
            raise ValueError(f"{self.name!r} is sensitive, so it can only be stated: nobody may observe or infer it")
        if self.keep and set(self.writers) == {Authority.SHOP}:
            raise ValueError(f"{self.name!r} is the shop's own record, which `keep` does not concern")
        return self

    def build(self) -> Attribute:
        shared = shared_synonyms(self.facet or self.name) or shared_synonyms(self.name)
        own = {canonical: tuple(names) for canonical, names in self.synonyms.items()}
        return Attribute(
            self.name,
            self.type,
            tuple(self.values or ()),
            self.facet,
            self.many,
            self.polarity,
            self.sensitive,
            self.half_life_days,
            self.bound,
            self.range,
            None,  # `per` needs the other attributes: `Schema.parse`
            frozenset(self.writers),
            self.label,
            self.description,
            {name: (*shared.get(name, ()), *own.get(name, ())) for name in {**shared, **own}},
            tuple(self.cues),
            self.keep,
            self.purchase,
            self.min,
            self.max,
        )


class _SchemaFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attributes: list[_Entry] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [entry.name for entry in self.attributes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"declared twice: {', '.join(twice)}")
        choosable = [entry.name for entry in self.attributes if entry.type == "choice" and not entry.per]
        for entry in self.attributes:
            if entry.per and entry.per not in choosable:
                raise ValueError(f"{entry.name!r}: per {entry.per!r} must be a choice: {choices(choosable)}")
        return self

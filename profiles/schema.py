"""The profile schema: a shop's profile.yaml in, frozen `Attribute`s that clean and check values out.

`Schema.load(path)` raises `ConfigError` with every mistake in the file; `Attribute.clean` raises
`DataError` that names the valid values. Values of an attribute with a `facet` come from the catalogue:
pass them as `facets` (facet -> values, or facet -> {value: other ways to say it}).
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from errors import ConfigError, DataError, choices
from profiles.dates import dates_in
from profiles.numbers import centimetres_in, numbers_in
from profiles.observation import EVERYTHING, Authority, Value
from profiles.privacy.spans import Span
from profiles.ranges import Range, range_in
from profiles.words import Synonyms, common_synonyms, fold_text, match_value

Bound = Literal["max_price", "min_price"]
AttributeType = Literal["text", "number", "money", "choice", "date", "boolean"]
Facets = Mapping[str, Collection[str]]
MAX_TEXT = 120
KEY_MARK = ": "  # between the key and the value of an attribute that is kept per another
_KEY_FIRST = re.compile(r"(?P<key>[^:：]+)[:：]\s*(?P<value>.+)")
_KEY_LAST = re.compile(r"(?P<value>.+?)\s+(?:for|in)\s+(?:the\s+|my\s+)?(?P<key>.+)", re.IGNORECASE)
_TRUTHS = dict.fromkeys(("true", "yes", "y", "是"), True) | dict.fromkeys(("false", "no", "n", "否"), False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing a shop may know about a customer, and the rules for it.

    `half_life_days` None: it does not fade. `keep_days` None: as long as the shop keeps such things.
    `bound`: the price filter of a search that this money sets. `range`: a number may be a range, "100..200"; a range
    of money is what products should cost. `per`: one value for each value of that attribute, its key: "boots: 42"
    stands beside "jackets: M", and a value without a key beside both. `cues`: words, one of which a message has when
    it tells this ("call me" for a name); none: any message may.
    """

    name: str
    type: AttributeType
    values: tuple[str, ...] = ()
    facet: str | None = None
    many: bool = False
    polarity: bool = False
    sensitive: bool = False
    half_life_days: float | None = None
    bound: Bound | None = None
    range: bool = False
    per: "Attribute | None" = None
    writers: frozenset[Authority] = frozenset({Authority.STATED})
    label: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    synonyms: Synonyms = field(default_factory=dict)
    cues: tuple[str, ...] = ()
    keep_days: float | None = None

    def valid_values(self, facets: Facets | None = None) -> tuple[str, ...]:
        """What a choice may be; empty where anything goes or the catalogue's values were not given."""
        return self.values or tuple((facets or {}).get(self.facet or "", ()))

    def ways_to_say(self, facets: Facets | None = None) -> Synonyms:
        """By value: the other words for it, of this schema and of the facets given."""
        given = (facets or {}).get(self.facet or "", ())
        if not isinstance(given, Mapping):
            return self.synonyms
        return {
            value: (*self.synonyms.get(value, ()), *given.get(value, ()))
            for value in {**self.synonyms, **given}
        }

    def clean(self, value: Value, facets: Facets | None = None, today: date | None = None) -> Value:
        """The canonical value: "$150" -> 150.0, "medium" -> "M", "friday" -> ISO (needs `today`)."""
        if self.per is not None and isinstance(value, str):
            key, rest = self._split_said(value, facets)
            if key:
                return f"{key}{KEY_MARK}{_as_text(replace(self, per=None).clean(rest, facets, today))}"
        if self.type in ("money", "number"):
            return self._clean_number(value)
        if self.type == "boolean":
            return self._clean_boolean(value)
        text = _as_text(value)
        if not text or len(text) > MAX_TEXT:
            raise DataError(f"{self.name}: {text[:40]!r} must have 1 to {MAX_TEXT} characters")
        if self.type == "date":
            return self._clean_date(text, today)
        return self._clean_word(text, facets)

    def slot(self, value: Value) -> Value | None:
        """What the value contests: of one slot and one authority the newer value supersedes the older."""
        return value if self.many else key_of(value) if self.per else None

    def concerns(self, retracted: Value, value: Value) -> bool:
        """Whether a retraction of the one retracts the other."""
        if retracted in (EVERYTHING, value):
            return True
        return self.is_wildcard(retracted) and key_of(retracted) == key_of(value)

    def is_wildcard(self, retracted: Value) -> bool:
        """All values of the attribute, or all of one key ("boots: *")."""
        return retracted == EVERYTHING or (self.per is not None and str(retracted).endswith(KEY_MARK + EVERYTHING))

    def _split_said(self, text: str, facets: Facets | None) -> tuple[str, str]:
        """ "boots: 42" and "42 for boots" as the key and what is left; no key: ""."""
        said = _KEY_FIRST.fullmatch(text) or _KEY_LAST.fullmatch(text)
        if said is None or self.per is None:
            return "", text
        return str(self.per.clean(said["key"], facets)), said["value"]

    def _clean_word(self, text: str, facets: Facets | None) -> str:
        valid, synonyms = self.valid_values(facets), self.ways_to_say(facets)
        if valid:
            found = match_value(text, valid, synonyms)
            if found is None:
                raise DataError(f"{self.name}: {text!r} is not one of {choices(valid)}")
            return found
        coded = self.facet or self.type == "choice"  # plain text stays in the customer's words
        known = match_value(text, synonyms, synonyms) if coded else None
        tidy = " ".join(text.split())
        return known or (tidy if Authority.SHOP in self.writers else tidy.lower())  # names and cities stay as written

    def _clean_number(self, value: Value) -> Value:
        if isinstance(value, bool):
            raise DataError(f"{self.name}: {value!r} is not a number")
        if isinstance(value, str):
            negative = value.strip().startswith(("-", "−"))
            said = range_in(value) if self.range and not negative else None
            if said is not None:
                return self._clean_range(said)
            found = self.numbers(value)
            if len(found) != 1:
                raise DataError(f"{self.name}: {value!r} must name one number, like 150{' or 100..200' * self.range}")
            value = -next(iter(found)) if negative else next(iter(found))
        return self._in_bounds(value)

    def _clean_range(self, said: Range) -> Value:
        """A length of less than three is in metres, as `numbers` has it."""
        scale = 100.0 if self.name.endswith("_cm") and max(said.bounds) < 3 else 1.0
        low, high = (None if bound is None else self._in_bounds(bound * scale) for bound in (said.low, said.high))
        return low if low is not None and low == high else Range(low, high).text

    def _in_bounds(self, number: float) -> float:
        if not math.isfinite(number) or not 0 <= number <= 1e9:
            raise DataError(f"{self.name}: {number!r} must be between 0 and 1000000000")
        return round(float(number), 2)

    def _clean_boolean(self, value: Value) -> bool:
        truth = value if isinstance(value, bool) else _TRUTHS.get(fold_text(str(value)))
        if truth is None:
            raise DataError(f"{self.name}: {value!r} is not one of true, false")
        return truth

    def _clean_date(self, text: str, today: date | None) -> str:
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            found = dates_in(text, today) if today else frozenset()
        if not found:
            raise DataError(f"{self.name}: {text!r} is not a date like 2026-05-31, friday or next week")
        return max(found).isoformat()

    def numbers(self, text: str) -> frozenset[float]:
        """Numbers a text can mean for this attribute; a length in cm may be said in metres or feet."""
        found = numbers_in(text)
        if not self.name.endswith("_cm"):
            return found
        return centimetres_in(text) or found


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
        if self.per and (self.type not in ("choice", "money", "number") or self.bound):
            raise ValueError(f"{self.name!r} has a `per`, so it must be choice, money or a number, and no `bound`")
        if self.sensitive and {Authority.OBSERVED, Authority.INFERRED} & set(self.writers):
            raise ValueError(f"{self.name!r} is sensitive, so it can only be stated: nobody may observe or infer it")
        if self.keep and set(self.writers) == {Authority.SHOP}:
            raise ValueError(f"{self.name!r} is the shop's own record, which `keep` does not concern")
        return self

    def build(self) -> Attribute:
        shared = common_synonyms().get(self.facet or self.name) or common_synonyms().get(self.name, {})
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


def key_of(value: Value) -> str:
    """The key of what is kept per another attribute: "boots" of "boots: 42", "" of "42"."""
    return parts_of(value)[0]


def parts_of(value: Value) -> tuple[str, str]:
    """The key, and what is kept under it: "boots" and "42" of "boots: 42"."""
    key, mark, kept = str(value).partition(KEY_MARK)
    return (key, kept) if mark else ("", key)


def _as_text(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a model writes shoe size 42 as a number
    return str(value).strip()

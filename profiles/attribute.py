"""One thing that a shop may know about a customer, and its values: raw ones in, canonical ones out.

`Attribute.clean` raises `DataError` that names the valid values. Values of an attribute with a `facet` come from the
catalogue: pass them as `facets` (facet -> values, or facet -> {value: other ways to say it}).
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from errors import DataError, choices
from language.company import company_in
from language.dates import find_dates
from language.matching import Forms, choose
from language.numbers import numbers_in
from language.quantities import Range, centimetres_in, find_ranges, range_in
from language.truth import truth_of
from language.words import plain
from profiles.observation import EVERYTHING, Authority, Value

Bound = Literal["max_price", "min_price"]
AttributeType = Literal["text", "number", "money", "choice", "date", "boolean"]
Facets = Mapping[str, Collection[str]]
MAX_TEXT = 120
MOST = 1e9
KEY_MARK = ": "  # between the key and the value of an attribute that is kept per another
_KEY_FIRST = re.compile(r"(?P<key>[^:：]+)[:：]\s*(?P<value>.+)")
_KEY_LAST = re.compile(r"(?P<value>.+?)\s+(?:for|in)\s+(?:the\s+|my\s+)?(?P<key>.+)", re.IGNORECASE)
_EXACT = "size"  # no value of it is of a family: "extra large" is no kind of large


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing a shop may know about a customer, and the rules for it.

    `half_life_days` None: it does not fade. `keep_days` None: as long as the shop keeps such things.
    `bound`: the price filter of a search that this money sets. `range`: a number may be a range, "100..200"; a range
    of money is what products should cost. `per`: one value for each value of that attribute, its key: "boots: 42"
    stands beside "jackets: M", and a value without a key beside both. `cues`: words, one of which a message has when
    it tells this ("call me" for a name); none: any message may. `purchase`: it is about what is bought now, and so the
    customer's even where somebody else is spoken of ("my son's birthday" is an occasion). `least` and `most` bound
    a number: nobody is 5 cm tall.
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
    synonyms: Forms = field(default_factory=dict)
    cues: tuple[str, ...] = ()
    keep_days: float | None = None
    purchase: bool = False
    least: float = 0
    most: float = MOST

    def valid_values(self, facets: Facets | None = None) -> tuple[str, ...]:
        """What a choice may be; empty where anything goes or the catalogue's values were not given."""
        return self.values or tuple((facets or {}).get(self.facet or "", ()))

    def ways_to_say(self, facets: Facets | None = None) -> Forms:
        """By value: the other words for it, of this schema and of the facets given."""
        given = (facets or {}).get(self.facet or "", ())
        if not isinstance(given, Mapping):
            return self.synonyms
        return {value: (*self.synonyms.get(value, ()), *given.get(value, ())) for value in {**self.synonyms, **given}}

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

    @property
    def is_personal(self) -> bool:
        """Whether words about another person say it of that person: a size, and no budget."""
        return not (self.purchase or self.bound or self.type in ("money", "date"))

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
            found = self._chosen(text, valid, synonyms)
            if found is None:
                raise DataError(f"{self.name}: {text!r} is not one of {choices(valid)}")
            return found
        coded = self.facet or self.type == "choice"  # plain text stays in the customer's words
        known = self._chosen(text, synonyms, synonyms) if coded else None
        tidy = " ".join(text.split())
        return known or (tidy if Authority.SHOP in self.writers else tidy.lower())  # names and cities stay as written

    def _chosen(self, text: str, valid: Collection[str], synonyms: Forms) -> str | None:
        names = {plain(canonical): others for canonical, others in synonyms.items()}
        forms = {value: names.get(plain(value), ()) for value in valid}
        return choose(text, forms, families=_EXACT not in (self.facet, self.name))

    def _clean_number(self, value: Value) -> Value:
        if isinstance(value, bool):
            raise DataError(f"{self.name}: {value!r} is not a number")
        if isinstance(value, str):
            said = range_in(value) if self.range else None
            if said is not None:
                return self._clean_range(said).value
            found = self.numbers(value)
            if len(found) != 1:
                raise DataError(f"{self.name}: {value!r} must name one number, like 150{' or 100..200' * self.range}")
            (value,) = found
        return self._in_bounds(value)

    def _clean_range(self, said: Range) -> Range:
        """A length of less than three is in metres, as `numbers` has it."""
        scale = 100.0 if self.name.endswith("_cm") and max(said.bounds) < 3 else 1.0
        low, high = (None if bound is None else self._in_bounds(bound * scale) for bound in (said.low, said.high))
        return Range(low, high)

    def _in_bounds(self, number: float) -> float:
        if not math.isfinite(number) or not self.least <= number <= self.most:
            raise DataError(f"{self.name}: {number!r} must be between {self.least:g} and {self.most:.0f}")
        return round(float(number), 2)

    def _clean_boolean(self, value: Value) -> bool:
        truth = value if isinstance(value, bool) else truth_of(str(value))
        if truth is None:
            raise DataError(f"{self.name}: {value!r} is not one of true, false")
        return truth

    def _clean_date(self, text: str, today: date | None) -> str:
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            found = find_dates(text, today) if today else ()
        open_ways = next((mention.days for mention in found if mention.is_ambiguous), ())
        if open_ways:
            raise DataError(f"{self.name}: {text!r} may be {' or '.join(day.isoformat() for day in open_ways)}")
        days = [day for mention in found for day in mention.days]
        if not days:
            raise DataError(f"{self.name}: {text!r} is not a date like 2026-05-31, friday or next week")
        return max(days).isoformat()

    def numbers(self, text: str) -> frozenset[float]:
        """Numbers a text can mean for this attribute; a length in cm may be said in metres or feet."""
        found = numbers_in(text, money=self.type == "money") | {float(one.count) for one in company_in(text)}
        if not self.name.endswith("_cm"):
            return found
        return centimetres_in(text) or found

    def ranges(self, text: str) -> tuple[Range, ...]:
        """Ranges a text can mean for this attribute; none is of money that counts something else, or the other way."""
        said = find_ranges(text, "money" if self.type == "money" else "other") if self.range else ()
        return tuple(self._clean_range(one.range) for one in said if max(map(abs, one.range.bounds)) <= MOST)


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

"""The words of the profile as data: observations go in, traits and profiles come out.

All times are aware and in UTC. A `Value` is canonical already: money and numbers are floats, dates are
ISO strings, choices are spelled as the schema or the catalogue spells them, text is lower case. A range
is text like "100..200" (`language.quantities`), and what is kept per category is text like "boots: 42".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

Value = str | float | bool
Polarity = Literal["fact", "like", "dislike"]
Op = Literal["assert", "retract", "undo"]
EVERYTHING = "*"  # as the value of a retraction: all values of the attribute


class Authority(StrEnum):
    """Who says so, strongest first."""

    rank: int  # 0 for the strongest

    SHOP = "shop"
    STATED = "stated"
    OBSERVED = "observed"
    INFERRED = "inferred"

    def __init__(self, _name: str) -> None:
        self.rank = len(type(self).__members__)  # those before it


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it was learnt. `kind`.

    "turn" (customer's words), "event" (an act in the shop) or "record" (shop's books).

    `id` names the turn, the newest event or the record; two pieces of evidence with one id are not
    independent.
    """

    kind: str
    id: str
    quote: str

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "id": self.id, "quote": self.quote}


@dataclass(frozen=True, slots=True)
class Observation:
    """One immutable line of the journal.

    A retraction's `value` may be ``"*"``: the whole attribute, or ``"boots: *"``: all of one key. An
    undo's `value` is the id of the earlier observation that is to count as never made. `about`: whom it is about,
    "" for the customer, else the person they buy for ("daughter"); `language.recipients` has the names.
    """

    id: str
    customer: str
    attribute: str
    value: Value
    polarity: Polarity
    authority: Authority
    evidence: Evidence
    at: datetime
    op: Op = "assert"
    confidence: float = 1.0
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "customer": self.customer,
            "attribute": self.attribute,
            "value": self.value,
            "polarity": self.polarity,
            "authority": self.authority.value,
            "op": self.op,
            "confidence": self.confidence,
            "evidence": self.evidence.to_json(),
            "at": self.at.isoformat(),
            "about": self.about,
        }


@dataclass(frozen=True, slots=True)
class Trait:
    """What the profile holds about one attribute.

    `until` is None while it holds; `confidence` is as of the reading. `about` is an observation's.
    """

    attribute: str
    value: Value
    polarity: Polarity
    authority: Authority
    confidence: float
    evidence: tuple[Evidence, ...]
    since: datetime
    until: datetime | None
    challenges: tuple["Trait", ...] = ()
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "attribute": self.attribute,
            "value": self.value,
            "polarity": self.polarity,
            "authority": self.authority.value,
            "confidence": round(self.confidence, 4),
            "evidence": [item.to_json() for item in self.evidence],
            "about": self.about,
        }

    def to_full_json(self) -> dict[str, Any]:
        """`to_json` with validity (ISO times, UTC) and the weaker claims that disagree."""
        return self.to_json() | {
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "challenges": [trait.to_full_json() for trait in self.challenges],
        }


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is held about a customer: `traits` now, `past` those that were superseded or retracted.

    `traits` are the customer's own; `others` are those of people they buy for, by whom they are about. `past` has both.
    """

    customer: str
    traits: tuple[Trait, ...] = ()
    past: tuple[Trait, ...] = ()
    others: tuple[Trait, ...] = ()

    @property
    def everyone(self) -> tuple[Trait, ...]:
        """Current traits, whomever they are about, the customer's first."""
        return (*self.traits, *self.others)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The people they buy for of whom something is held."""
        return tuple(dict.fromkeys(trait.about for trait in self.others))

    def about(self, who: str) -> tuple[Trait, ...]:
        """Current traits of one person; "" is the customer."""
        return tuple(trait for trait in self.others if trait.about == who) if who else self.traits

    def of(self, attribute: str, who: str = "") -> tuple[Trait, ...]:
        """Current traits of one attribute of one person."""
        return tuple(trait for trait in self.about(who) if trait.attribute == attribute)


@dataclass(frozen=True, slots=True)
class Change:
    """What an append did to the current traits."""

    added: tuple[Trait, ...] = ()
    superseded: tuple[Trait, ...] = ()
    retracted: tuple[Trait, ...] = ()

"""Intents in the journal: acts in, observations out, under one attribute that no shop's schema can declare.

A value is ``"ID.SLOT: VALUE"``, so each slot of each intent is a contest of its own, by the fold's usual rules: the
newer word supersedes the older, the shop's records beat the customer, a retraction ends a slot. Ids depend on the act
alone: the same turn again writes nothing twice.
"""

from datetime import datetime
from hashlib import blake2b

from profiles.attribute import KEY_MARK, Attribute
from profiles.intents.intent import State
from profiles.observation import EVERYTHING, Authority, Evidence, Observation, Op

HALF_LIFE_DAYS = 14.0  # of an intent that nobody comes back to
KIND, STATE, PRODUCT = "kind", "state", "product"  # slots that every shop has; the others are called as its facets are
INTENTS = Attribute(
    "@intent",
    "text",
    per=Attribute("@id", "text"),
    half_life_days=HALF_LIFE_DAYS,
    writers=frozenset(Authority),
    description="what the customer is trying to get done",
)
_SURE = 0.9
_STATED = Authority.STATED


def intent_id(turn: str, number: int) -> str:
    """The id of the intent that this turn opens as its `number`-th."""
    return blake2b(f"{turn}\0{number}".encode(), digest_size=6).hexdigest()


def say(
    intent: str, slot: str, value: str, customer: str, evidence: Evidence, at: datetime, by: Authority = _STATED
) -> Observation:
    """That a slot has a value from now on."""
    return _act(intent, slot, " ".join(value.split()), customer, evidence, at, by, "assert")


def unsay(intent: str, slot: str, customer: str, evidence: Evidence, at: datetime) -> Observation:
    """That a slot has none any more."""
    return _act(intent, slot, EVERYTHING, customer, evidence, at, _STATED, "retract")


def close(
    intent: str, state: State, customer: str, evidence: Evidence, at: datetime, by: Authority = _STATED
) -> Observation:
    """That it is done, or dropped."""
    return say(intent, STATE, state.value, customer, evidence, at, by)


def _act(
    intent: str, slot: str, value: str, customer: str, evidence: Evidence, at: datetime, by: Authority, op: Op
) -> Observation:
    told = f"{intent}.{slot}{KEY_MARK}{value}"
    name = blake2b("\0".join((told, op, evidence.kind, evidence.id)).encode(), digest_size=12).hexdigest()
    return Observation(f"intent:{name}", customer, INTENTS.name, told, "fact", by, evidence, at, op, _SURE)

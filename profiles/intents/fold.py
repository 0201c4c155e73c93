"""Intents out of what is settled: the claims of the reserved attribute and a moment in, `Intent`s out.

An open intent of which nobody has spoken for long is dropped by time: its confidence halves with each half-life, and
every turn that speaks of it makes it surer again. What was opened by an act that is undone is no intent.
"""

from collections import defaultdict
from datetime import datetime

from profiles.attribute import KEY_MARK, key_of
from profiles.candidates import Claim, weigh
from profiles.fold import Settled
from profiles.intents.intent import Intent, Kind, Slot, State
from profiles.intents.journal import KIND, STATE
from profiles.reserved import HALF_LIFE_DAYS

FADED = 0.25  # less sure than this, it is dropped


def intents_of(settled: Settled | None, at: datetime) -> tuple[Intent, ...]:
    """As they stood at `at`, the one spoken of last first."""
    held: dict[str, dict[str, Claim]] = defaultdict(dict)
    for claim in settled.current if settled else ():
        intent, _, slot = key_of(claim.value).partition(".")
        held[intent][slot] = claim
    found = [_intent(name, claims, at) for name, claims in held.items() if KIND in claims and STATE in claims]
    return tuple(sorted(found, key=lambda intent: (intent.touched, intent.opened, intent.id), reverse=True))


def _intent(name: str, claims: dict[str, Claim], at: datetime) -> Intent:
    kind, why = _slot(KIND, claims[KIND]), _slot(STATE, claims[STATE])
    state, sure = State(why.value), weigh(claims[STATE], HALF_LIFE_DAYS, at).confidence
    faded = state is State.OPEN and sure < FADED
    return Intent(
        name,
        Kind(kind.value),
        State.DROPPED if faded else state,
        tuple(_slot(slot, claims[slot]) for slot in sorted(claims) if slot not in (KIND, STATE)),
        why,
        kind.since,
        max(weight.at for claim in claims.values() for weight in claim.weights),
        sure,
        faded,
    )


def _slot(name: str, claim: Claim) -> Slot:
    value = str(claim.value).partition(KEY_MARK)[2]
    return Slot(name, value, claim.since, tuple(weight.evidence for weight in claim.weights))

"""Why a profile holds what it holds: `explain`. Options and a store in, text out.

For each value: what it replaced, who may write it, and how its confidence came about, piece by piece.
"""

import argparse
from datetime import UTC, datetime
from typing import Any

from profiles.claims import Claim, weigh
from profiles.commands.words import print_json, words
from profiles.fold import Settled
from profiles.observation import Authority, Trait
from profiles.privacy.commands import noted
from profiles.schema import Attribute
from profiles.store import ProfileStore


def explain(options: argparse.Namespace, store: ProfileStore) -> None:
    """One attribute of one customer."""
    attribute = store.schema.attribute(options.attribute)
    customer = store.customer(options.customer).id
    noted(options, store, customer)
    settled = store.settled(customer).get(attribute.name)
    at = max(datetime.now(UTC), settled.last[0]) if settled else datetime.now(UTC)
    answer = _answer(attribute, settled, at)
    if options.json:
        print_json({"customer": customer} | answer)
    else:
        _print(attribute, answer, settled, at)


def _answer(attribute: Attribute, settled: Settled | None, at: datetime) -> dict[str, Any]:
    past = settled.past if settled else ()
    return {
        "attribute": attribute.name,
        "description": attribute.description,
        "type": attribute.type,
        "writers": [item.value for item in Authority if item in attribute.writers],
        "half_life_days": attribute.half_life_days,
        "holds": [_why(attribute, claim, past, at) for claim in (settled.current if settled else ())],
        "held": [trait.to_full_json() for trait in past],
    }


def _why(attribute: Attribute, claim: Claim, past: tuple[Trait, ...], at: datetime) -> dict[str, Any]:
    replaced = [old.to_full_json() for old in _replaced(attribute, claim, past)]
    parts = [
        weight.evidence.to_json()
        | {
            "at": weight.at.isoformat(),
            "confidence": weight.confidence,
            "now": round(weight.faded(attribute.half_life_days, at), 4),
        }
        for weight in claim.weights
    ]
    return _trait(attribute, claim, at).to_full_json() | {"replaced": replaced, "confidence_from": parts}


def _replaced(attribute: Attribute, claim: Claim, past: tuple[Trait, ...]) -> list[Trait]:
    """What ended, of the same slot and authority, when this began."""
    slot = attribute.slot(claim.value)
    ended = [old for old in past if old.authority is claim.authority and old.until == claim.since]
    return [old for old in ended if attribute.slot(old.value) == slot]


def _trait(attribute: Attribute, claim: Claim, at: datetime) -> Trait:
    return weigh(claim, attribute.half_life_days, at)


def _print(attribute: Attribute, answer: dict[str, Any], settled: Settled | None, at: datetime) -> None:
    print(f"{attribute.name}: {attribute.description or attribute.type}")
    print(f"may be written by: {', '.join(answer['writers'])}")
    fading = attribute.half_life_days
    print(f"fades: to half in {fading:g} days" if fading else "does not fade")
    for claim, why in zip(settled.current if settled else (), answer["holds"], strict=True):
        _print_trait(_trait(attribute, claim, at), "holds")
        for part in why["confidence_from"]:
            sure = f"{part['confidence']:.2f} on {part['at'][:10]}, {part['now']:.2f} now"
            print(f"    {part['kind']} {part['id']}: {part['quote']!r}  {sure}")
        if len(why["confidence_from"]) > 1:
            print(f"    together {why['confidence']:.2f}: each independent piece leaves less doubt")
        for old in why["replaced"]:
            print(f"    replaced {old['value']}, {old['authority']}, held since {old['since'][:10]}")
        for challenge in claim.challenges:
            trait = _trait(attribute, challenge, at)
            _print_trait(trait, "  challenged by")
            _print_evidence(trait)
    for trait in settled.past if settled else ():
        _print_trait(trait, "held")
        _print_evidence(trait)
    if not answer["holds"] and not answer["held"]:
        print("nothing is known")


def _print_trait(trait: Trait, verb: str) -> None:
    until = f" until {trait.until:%Y-%m-%d}" if trait.until else ""
    print(
        f"{verb} {words(trait)}, {trait.authority}, confidence {trait.confidence:.2f}, "
        f"since {trait.since:%Y-%m-%d}{until}"
    )


def _print_evidence(trait: Trait) -> None:
    for item in trait.evidence:
        print(f"    {item.kind} {item.id}: {item.quote!r}")

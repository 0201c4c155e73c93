"""`explain`: why a profile holds what it holds, in the terminal. Options and a store in, text out.

For each value: what it replaced or who withdrew it, who may write it, and how its confidence came about by piece.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from profiles.attribute import Attribute
from profiles.commands.words import print_json, words
from profiles.history.explanation import Reasons, as_of, reasons_of, withdrawn_by
from profiles.observation import Authority, Observation, Trait
from profiles.privacy.commands import noted
from profiles.store import ProfileStore

Ended = tuple[Trait, Observation | None]  # with what withdrew it


def explain(options: argparse.Namespace, store: ProfileStore) -> None:
    """One attribute of one customer."""
    attribute = store.schema.attribute(options.attribute)
    customer = store.customer(options.customer).id
    noted(options, store, customer)
    reasons, past = reasons_and_past(store, customer, attribute)
    if options.json:
        print_json({"customer": customer} | explained(attribute, reasons, past))
    else:
        _print(attribute, reasons, past)


def reasons_and_past(
    store: ProfileStore, customer: str, attribute: Attribute
) -> tuple[Sequence[Reasons], Sequence[Ended]]:
    """What a customer's profile holds of an attribute, and what it held."""
    settled = store.settled(customer).get(attribute.name)
    journal = store.history(customer) if settled and settled.past else []
    past = [(trait, withdrawn_by(trait, attribute, journal)) for trait in (settled.past if settled else ())]
    return reasons_of(attribute, settled, as_of(settled)), past


def explained(attribute: Attribute, reasons: Sequence[Reasons], past: Sequence[Ended]) -> dict[str, Any]:
    """The same as plain JSON, for other programs."""
    return {
        "attribute": attribute.name,
        "description": attribute.description,
        "type": attribute.type,
        "writers": _writers(attribute),
        "half_life_days": attribute.half_life_days,
        "holds": [_why(one) for one in reasons],
        "held": [trait.to_full_json() | {"withdrawn_by": by.evidence.to_json() if by else None} for trait, by in past],
    }


def _why(one: Reasons) -> dict[str, Any]:
    parts = [
        piece.weight.evidence.to_json()
        | {"at": piece.weight.at.isoformat(), "confidence": piece.weight.confidence, "now": round(piece.now, 4)}
        for piece in one.pieces
    ]
    replaced = [old.to_full_json() for old in one.replaced]
    return one.trait.to_full_json() | {"replaced": replaced, "confidence_from": parts}


def _writers(attribute: Attribute) -> list[str]:
    return [item.value for item in Authority if item in attribute.writers]


def _print(attribute: Attribute, reasons: Sequence[Reasons], past: Sequence[Ended]) -> None:
    print(f"{attribute.name}: {attribute.description or attribute.type}")
    print(f"may be written by: {', '.join(_writers(attribute))}")
    fading = attribute.half_life_days
    print(f"fades: to half in {fading:g} days" if fading else "does not fade")
    for one in reasons:
        _print_reasons(one)
    for trait, by in past:
        _print_trait(trait, "held")
        _print_evidence(trait)
        if by:
            print(f"    withdrawn by {by.authority}, {by.evidence.kind} {by.evidence.id}: {by.evidence.quote!r}")
    if not reasons and not past:
        print("nothing is known")


def _print_reasons(one: Reasons) -> None:
    _print_trait(one.trait, "holds")
    for piece in one.pieces:
        evidence, weight = piece.weight.evidence, piece.weight
        sure = f"{weight.confidence:.2f} on {weight.at:%Y-%m-%d}, {piece.now:.2f} now"
        print(f"    {evidence.kind} {evidence.id}: {evidence.quote!r}  {sure}")
    if len(one.pieces) > 1:
        print(f"    together {one.trait.confidence:.2f}: each independent piece leaves less doubt")
    for old in one.replaced:
        print(f"    replaced {old.value}, {old.authority}, held since {old.since:%Y-%m-%d}")
    for challenge in one.trait.challenges:
        _print_trait(challenge, "  challenged by")
        _print_evidence(challenge)


def _print_trait(trait: Trait, verb: str) -> None:
    until = f" until {trait.until:%Y-%m-%d}" if trait.until else ""
    print(
        f"{verb} {words(trait)}, {trait.authority}, confidence {trait.confidence:.2f}, "
        f"since {trait.since:%Y-%m-%d}{until}"
    )


def _print_evidence(trait: Trait) -> None:
    for item in trait.evidence:
        print(f"    {item.kind} {item.id}: {item.quote!r}")

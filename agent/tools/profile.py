"""The profile tools: show what is known, and write what the customer said through the firewall.

In: the model's arguments and the turn's context. Out: `Outcome`s of kind "profile_read" and "profile". Every write is
checked by `profiles.firewall` and bears the turn and the quote; a refused change is reported, never stored.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from langchain.tools import ToolRuntime
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from agent.context import ShopState, TurnContext
from agent.tools.outcome import Outcome, outcome
from errors import DataError, first_mistake
from profiles.firewall import Firewall, ProposedChange, Refusal
from profiles.observation import Change, Trait
from profiles.privacy.purposes import Purpose
from profiles.store import ProfileStore


class NoChanges(DataError):
    """What the model wrote is no list of changes."""


class ChangeArgument(BaseModel):
    """One change as the model writes it."""

    quote: str
    attribute: str
    value: Annotated[str | float | bool, Field(union_mode="left_to_right")]
    polarity: Literal["fact", "like", "dislike", "forget"] = "fact"


_CHANGES: TypeAdapter[list[ChangeArgument]] = TypeAdapter(list[ChangeArgument])


def get_profile(runtime: ToolRuntime[TurnContext, ShopState]) -> Outcome:
    """What the profile holds now."""
    context = runtime.context
    profile = context.services.profiles.read(context.customer)
    artifact = {"kind": "profile_read", "traits": [trait.to_json() for trait in profile.traits]}
    lines = "; ".join(describe(trait) for trait in profile.traits)
    return outcome(context, artifact, f"{len(profile.traits)} traits", lines or "nothing yet")


def update_profile(changes: list[dict[str, Any]], runtime: ToolRuntime[TurnContext, ShopState]) -> Outcome:
    """Write what the customer said; what the firewall refuses is named with its reason."""
    context = runtime.context
    change, refused = note(
        changes,
        context.services.profiles,
        context.services.firewall,
        heard=context.heard,
        customer=context.customer,
        at=context.now,
        id_prefix=f"{context.turn}/{runtime.tool_call_id}",
        sensitive_allowed=context.sensitive_allowed,
    )
    artifact = {
        "kind": "profile",
        "added": [trait.to_json() for trait in change.added],
        "superseded": [trait.to_json() for trait in change.superseded],
        "retracted": [trait.to_json() for trait in change.retracted],
        "refused": [
            {
                "attribute": wish.attribute,
                "value": wish.value,
                "polarity": wish.polarity,
                "quote": wish.quote,
                "reason": reason,
            }
            for wish, reason in refused
        ],
    }
    said = [describe(trait) for trait in change.added] + [f"forgot {describe(trait)}" for trait in change.retracted]
    said += [f"refused {wish.attribute}: {reason}" for wish, reason in refused]
    return outcome(context, artifact, "; ".join(said) or "nothing new")


def note(
    changes: object,
    store: ProfileStore,
    firewall: Firewall,
    *,
    heard: Mapping[str, str],
    customer: str,
    at: datetime,
    id_prefix: str,
    sensitive_allowed: bool,
    asked: Mapping[str, str] | None = None,
) -> tuple[Change, tuple[Refusal, ...]]:
    """Changes as the model wrote them into the journal: what became of the traits, and what was refused.

    Of a customer who does not agree to service, nothing is noted, only forgotten. `heard`, `asked` and `id_prefix` are
    the firewall's. Errors: `NoChanges` for no list of changes.
    """
    try:
        wishes = [ProposedChange(**change.model_dump()) for change in _CHANGES.validate_python(changes)]
    except ValidationError as error:
        raise NoChanges(first_mistake(error, "changes", got=False)) from error
    allowed = wishes
    if not store.allows(customer, Purpose.SERVICE):
        allowed = [wish for wish in wishes if wish.polarity == "forget"]
    refused = [(wish, "the customer does not agree that it is kept") for wish in wishes if wish not in allowed]
    admitted = firewall.admit(
        allowed,
        heard=heard,
        customer=customer,
        at=at,
        id_prefix=id_prefix,
        profile=store.read(customer),
        sensitive_allowed=sensitive_allowed,
        asked=asked or {},
    )
    return store.append(admitted.observations, at=at), (*refused, *admitted.refused)


def describe(trait: Trait) -> str:
    """A trait in a few words: "dislike material wool", "budget 150"."""
    words = [] if trait.polarity == "fact" else [trait.polarity]
    value = f"{trait.value:g}" if isinstance(trait.value, float) else str(trait.value)
    return " ".join([*words, trait.attribute, value])

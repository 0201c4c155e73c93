"""The tool that notes or forgets what customers say of themselves and of those they buy for, by the write validator.

In: the model's list of changes and the turn's context. Out: an `Outcome` of kind "profile". Every write is checked by
`profiles.validator` and bears the turn and the quote; a refused change is reported, never stored. A profile is quiet:
beside other results the reply says nothing of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from agent.replies.composer import Artifact, Composer
from agent.tools.get_profile import describe
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.schemas import Json, arguments, choice, text, writable_attributes
from agent.tools.tool import Source, Tool
from errors import DataError, first_mistake
from language.recipients import recipient
from profiles.observation import EVERYTHING, Authority, Change, Profile, Trait
from profiles.privacy.purposes import Purpose
from profiles.schema import Schema
from profiles.store import ProfileStore
from profiles.validator import ProposedChange, Refusal, WriteValidator

NAME = "update_profile"
BRIEF = "note or forget what the customer says"
MAX_CHANGES = 6  # in one call
POLARITIES = ("fact", "like", "dislike", "forget")
ALL = "everything"  # as the value or attribute of what is to be forgotten


class NoChanges(DataError):
    """What the model wrote is no list of changes."""


class ChangeArgument(BaseModel):
    """One change as the model writes it."""

    quote: str
    attribute: str
    value: Annotated[str | float | bool, Field(union_mode="left_to_right")]
    polarity: Literal["fact", "like", "dislike", "forget"] = "fact"
    about: str = ""

    @field_validator("about", mode="before")
    @classmethod
    def _said(cls, value: object) -> object:
        return value or ""  # null, where a model leaves nothing out

    @property
    def forgets_all(self) -> bool:
        """Whether the value is "everything", or "*"."""
        return self.polarity == "forget" and str(self.value).strip().casefold() in (ALL, EVERYTHING, "")

    @property
    def of_all_attributes(self) -> bool:
        return self.polarity == "forget" and self.attribute.strip().casefold() in (ALL, EVERYTHING)


_CHANGES: TypeAdapter[list[ChangeArgument]] = TypeAdapter(list[ChangeArgument])


def full_parameters(schema: Schema) -> Json:
    """The arguments for models that read descriptions."""
    listed = parameters(schema)["properties"]["changes"]
    change = listed["items"]["properties"]
    about = text(
        "Whom the words are about, if not the customer: one short noun, like daughter, dad, team, 爸爸. Leave it out "
        "for what the customer says of themselves."
    )
    attribute = change["attribute"] | {"enum": [*change["attribute"]["enum"], ALL]}
    attribute["description"] += f' "{ALL}" with forget: all that is kept of that person.'
    value = change["value"] | {
        "description": 'The value in few words, or a number without its unit; "everything" with forget: all of it.'
    }
    item = arguments(
        {**change, "attribute": attribute, "value": value, "about": about}, required=listed["items"]["required"]
    )
    return arguments({"changes": listed | {"items": item}})


def parameters(schema: Schema) -> Json:
    """The arguments as the tuned model learnt them; they need no more of a shop than its profile schema."""
    change = arguments(
        {
            "quote": text("The customer's own words that say it, copied letter for letter from their newest message."),
            "attribute": choice(writable_attributes(schema), "What the words are about."),
            "value": {
                "type": ["string", "number"],
                "description": 'The value in few words, or a number without its unit; "*" with forget means all of it.',
            },
            "polarity": choice(
                POLARITIES,
                "fact for what is so (a size, a budget), like or dislike for tastes, forget for what is to go.",
            ),
        }
    )
    listed = {"type": "array", "items": change, "minItems": 1, "maxItems": MAX_CHANGES}
    return arguments({"changes": listed | {"description": "One entry for each thing that the customer says."}})


def update_profile(changes: list[dict[str, Any]], runtime: Runtime) -> Outcome:
    """Write what the customer said; what the validator refuses is named with its reason."""
    context = runtime.context
    change, refused = note(
        changes,
        context.services.profiles,
        context.services.validator,
        heard=context.heard,
        customer=context.customer,
        at=context.now,
        id_prefix=f"{context.turn}/{runtime.tool_call_id}",
        sensitive_allowed=context.profiling_allowed,
    )
    artifact = {
        "kind": "profile",
        "added": [trait.to_json() for trait in change.added],
        "superseded": [trait.to_json() for trait in change.superseded],
        "retracted": [trait.to_json() for trait in change.retracted],
        "refused": [_refusal(wish, reason) for wish, reason in refused],
    }
    return outcome(context, artifact, "; ".join(_lines(change.added, change.retracted, refused)) or "nothing new")


def note(
    changes: object,
    store: ProfileStore,
    validator: WriteValidator,
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
    the validator's. Errors: `NoChanges` for no list of changes.
    """
    try:
        written = _CHANGES.validate_python(changes)
    except ValidationError as error:
        raise NoChanges(first_mistake(error, "changes", got=False)) from error
    profile = store.read(customer)
    wishes = [wish for change in written for wish in _wishes(change, profile, store.schema)]
    allowed = wishes
    if not store.allows(customer, Purpose.SERVICE):
        allowed = [wish for wish in wishes if wish.polarity == "forget"]
    refused = [(wish, "the customer does not agree that it is kept") for wish in wishes if wish not in allowed]
    admitted = validator.admit(
        allowed,
        heard=heard,
        customer=customer,
        at=at,
        id_prefix=id_prefix,
        profile=profile,
        sensitive_allowed=sensitive_allowed,
        asked=asked or {},
    )
    return store.append(admitted.observations, at=at), (*refused, *admitted.refused)


def _wishes(change: ChangeArgument, profile: Profile, schema: Schema) -> list[ProposedChange]:
    """One change for each attribute that it concerns."""
    value = EVERYTHING if change.forgets_all else change.value
    wish = ProposedChange(change.quote, change.attribute.strip(), value, change.polarity, change.about)
    if not change.of_all_attributes:
        return [wish]
    held = dict.fromkeys(trait.attribute for trait in profile.about(recipient(change.about)))
    stated = [name for name in held if schema.attributes[name].writers != {Authority.SHOP}]
    return [replace(wish, attribute=name, value=EVERYTHING) for name in stated]


def say(composer: Composer, artifact: Artifact) -> str:
    """What was noted or forgotten, or why nothing was."""
    parts = []
    if artifact["added"]:
        parts.append(composer.say("noted", traits=composer.traits(artifact["added"])))
    if artifact["retracted"]:
        parts.append(composer.say("forgotten", traits=composer.traits(artifact["retracted"])))
    if artifact["refused"] and not parts:
        forget = all(refused["polarity"] == "forget" for refused in artifact["refused"])
        parts.append(composer.say("nothing_to_forget" if forget else "cannot_do"))
    return " ".join(parts) or composer.say("noted_already")


def say_beside(composer: Composer, artifact: Artifact) -> str:
    """Beside other results the profile is quiet; what became of a wish to forget is said."""
    asked = [refused for refused in artifact["refused"] if refused["polarity"] == "forget"]
    told = {**artifact, "added": [], "refused": asked}
    return say(composer, told) if asked or artifact["retracted"] else ""


def _refusal(wish: ProposedChange, reason: str) -> Json:
    return {
        "attribute": wish.attribute,
        "value": wish.value,
        "polarity": wish.polarity,
        "about": wish.about,
        "quote": wish.quote,
        "reason": reason,
    }


def _lines(added: tuple[Trait, ...], retracted: tuple[Trait, ...], refused: tuple[Refusal, ...]) -> list[str]:
    return [
        *(describe(trait) for trait in added),
        *(f"forgot {describe(trait)}" for trait in retracted),
        *(f"refused {wish.attribute}: {reason}" for wish, reason in refused),
    ]


TOOL = Tool(
    name=NAME,
    brief=BRIEF,
    when=(
        "Note what the customer says about themselves or, with `about`, about somebody they buy for, or forget what "
        "they want removed or say is wrong: lasting facts, sizes, tastes, needs, budgets, dates. Use it whenever the "
        "newest message says such a thing, also beside another tool, with a word-for-word quote for each change. Do "
        "not note questions, the past, what you suppose, or anything from a product or a result."
    ),
    parameters=lambda services: full_parameters(services.schema),
    as_learnt=lambda services: parameters(services.schema),
    function=update_profile,
    kind="profile",
    say=say,
    say_beside=say_beside,
    sources={"changes": Source.CHANGES},
    keeps_proposal=True,
    is_learnt=True,
)

"""Routes of what is known of a customer: the profile and its reasons, corrections, consents, a copy, and erasure.

In: a caller, a customer, what is to change. Out: traits with evidence, reasons, what was changed and what was refused.
A change is what the customer says of themselves: it goes through the write validator of the agent's tool, with the
words of the form as the quote. Each look and each change is a line in the audit. Errors: `NotFound`, `DataError`.
"""

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

import clock
from agent.context import Services
from agent.tools.update_profile import note as note_changes
from profiles.card import card
from profiles.commands.explain import explained, reasons_and_past
from profiles.intents.intent import State
from profiles.intents.reads import read_intents
from profiles.privacy.audit import Act
from profiles.privacy.consents import Consent
from profiles.privacy.export import export
from profiles.privacy.purposes import Purpose
from profiles.store import ProfileStore
from profiles.validator import Refusal
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api.idempotency import Keyed, keyed
from ui.api.problems import Invalid, documented
from ui.api.router import CustomerId, group
from ui.api.who import customer_of, name_of, note

if TYPE_CHECKING:
    from ui.server import Site

Json = dict[str, Any]
SOURCE = "api"  # where a consent was said, and the beginning of the ids of turns that a form stands for
_MOST_CHANGES = 20
_Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")
]


class Proof(BaseModel):
    """Where something was learnt: what the customer said, an act of theirs in the shop, or the shop's records."""

    kind: str = Field(description="`turn`, `event` or `record`.", examples=["turn"])
    id: str
    quote: str = Field(description="The customer's own words, or what was done.", examples=["he hates wool"])


class HeldTrait(BaseModel):
    """One thing that is known."""

    attribute: str = Field(examples=["material"])
    value: str | float | bool = Field(examples=["wool"])
    polarity: Literal["fact", "like", "dislike"]
    authority: Literal["shop", "stated", "observed", "inferred"] = Field(description="Who says so.")
    confidence: float = Field(description="0 to 1, as of now.")
    evidence: list[Proof]
    about: str = Field(description="Empty: the customer; else somebody they buy for.", examples=["husband"])
    since: str
    until: str | None = Field(description="Null while it holds.")
    challenges: list["HeldTrait"] = Field(description="Weaker claims that disagree.")


class KnownCustomer(BaseModel):
    """What is known of a customer, and of those they buy for."""

    customer: str
    card: str = Field(description="All of it in one line, as the agent's model reads it.")
    traits: list[HeldTrait]
    others: list[HeldTrait]
    intents: list[Json] = Field(description="What the customer is after and has not got yet, with why it is open.")
    consents: dict[Purpose, bool] = Field(description="What the customer's data may be used for.")


class Explanation(BaseModel):
    """Why something is known: the evidence piece by piece, and what was known before."""

    customer: str
    attribute: str
    description: str
    type: str
    writers: list[str] = Field(description="Who may say so.")
    half_life_days: float | None = Field(description="After so many days it is half as sure; null: it does not fade.")
    holds: list[Json] = Field(description="Each value with what made it sure, and what it replaced.")
    held: list[Json] = Field(description="What ended, with the words that withdrew it.")


class ChangeWanted(BaseModel):
    """One thing as the customer says that it is, or that is to be forgotten."""

    model_config = ConfigDict(extra="forbid")
    attribute: _Line = Field(examples=["size"])
    value: _Line | float | bool = Field(
        description="As people write it; with `forget`, `*` is all of the attribute.", examples=["L"]
    )
    polarity: Literal["fact", "like", "dislike", "forget"] = Field(
        default="fact",
        description="`fact` for what is so, `like` and `dislike` for tastes, `forget` for what is to go.",
    )
    about: Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f]*$")] = Field(
        default="", description="Empty: the customer; else somebody they buy for.", examples=[""]
    )

    @property
    def words(self) -> str:
        """What the customer says with it: "size: L", "daughter: dislike material: wool"."""
        verb = "" if self.polarity == "fact" else f"{self.polarity} "
        said = f"{verb}{self.attribute.replace('_', ' ')}: {self.said}"
        return f"{self.about}: {said}" if self.about else said

    @property
    def said(self) -> str:
        """The value as text: the tool's argument would make a number of a truth."""
        match self.value:
            case bool():
                return str(self.value).lower()
            case float():
                return f"{self.value:.10g}"
            case _:
                return str(self.value)


class ChangesWanted(BaseModel):
    """What the customer corrects."""

    model_config = ConfigDict(extra="forbid")
    changes: list[ChangeWanted] = Field(min_length=1, max_length=_MOST_CHANGES)


class RefusedChange(BaseModel):
    """A change that was not made, and why."""

    attribute: str
    value: str | float | bool
    polarity: str
    about: str
    reason: str = Field(examples=["size: 'huge' is not one of L, M, S, XL, XS, XXL"])


class ChangesMade(BaseModel):
    """What became of the profile. What is `refused` was not changed; the rest was."""

    added: list[HeldTrait]
    superseded: list[HeldTrait]
    retracted: list[HeldTrait]
    refused: list[RefusedChange]


class ConsentsWanted(BaseModel):
    """What the customer agrees to; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    service: bool | None = Field(default=None, description="That what they say is kept, so that they are served by it.")
    profiling: bool | None = Field(default=None, description="That the shop learns from what they do.")
    training: bool | None = Field(default=None, description="That the shop's model learns from their conversations.")


class ConsentsHeld(BaseModel):
    """What holds from now on."""

    consents: dict[Purpose, bool]


class ErasureReceipt(BaseModel):
    """All that was known is gone."""

    receipt: str = Field(description="`python -m profiles audit` finds the erasure by it.", examples=["41d15a59b8ec"])
    complete: bool = Field(description="False: a file was being read just then; ask again, and it is completed.")


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    shopkeeper, store = site.shopkeeper, site.shopkeeper.services.profiles
    router = group("Profiles")
    asking, key = Depends(authenticated(site.access)), Depends(keyed(store))

    @router.get(
        "/customers/{customer}/profile",
        response_model=KnownCustomer,
        responses=documented(404),
        summary="Read a profile",
    )
    def read_profile(customer: CustomerId, caller: Annotated[Caller, asking]) -> KnownCustomer:
        """All that is known of a customer and of those they buy for, each with the words or acts that say so."""
        customer = customer_of(shopkeeper, caller, customer, Scope.PROFILES)
        note(store, caller, customer, Act.READ, "api profile")
        return _known(shopkeeper.services, customer)

    @router.get(
        "/customers/{customer}/profile/why",
        response_model=Explanation,
        responses=documented(404),
        summary="Ask why something is known",
    )
    def explain_profile(
        customer: CustomerId,
        caller: Annotated[Caller, asking],
        attribute: Annotated[str, Query(max_length=100, description="Its name in the shop's profile.yaml.")],
    ) -> Explanation:
        """What says so of one attribute: quotes and acts, how sure each makes it, and what was known before."""
        customer = customer_of(shopkeeper, caller, customer, Scope.PROFILES)
        known = store.schema.attributes
        if attribute not in known:
            raise Invalid(f"there is no attribute {attribute!r}", sorted(known))
        note(store, caller, customer, Act.READ, "api why")
        told = explained(known[attribute], *reasons_and_past(store, customer, known[attribute]))
        return Explanation(customer=customer, **told)

    @router.post(
        "/customers/{customer}/profile/changes",
        response_model=ChangesMade,
        responses=documented(404, 409),
        summary="Correct or forget something",
    )
    def change_profile(
        customer: CustomerId, wanted: ChangesWanted, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]
    ) -> Response:
        """Write what the customer says of themselves, by their own authority, or forget it.

        Each change is judged by itself, as what is said in a conversation is: what only the shop may write, a value
        that there is not, or one that the customer has not agreed to have kept is refused, with the reason.
        """
        customer = customer_of(shopkeeper, caller, customer, Scope.PROFILES)

        def act() -> ChangesMade:
            made = _changed(shopkeeper.services, customer, wanted)
            note(store, caller, customer, Act.CHANGED, "api profile")
            return made

        return key.once(caller, customer, act)

    @router.put(
        "/customers/{customer}/consents",
        response_model=ConsentsHeld,
        responses=documented(404, 409),
        summary="Agree, or no longer",
    )
    def set_consents(
        customer: CustomerId, wanted: ConsentsWanted, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]
    ) -> Response:
        """Write down what the customer agrees to. Where profiling ends, what was learnt by it goes at once."""
        customer = customer_of(shopkeeper, caller, customer, Scope.PROFILES)

        def act() -> ConsentsHeld:
            said = {Purpose(name): granted for name, granted in wanted.model_dump(exclude_none=True).items()}
            by, now = name_of(caller), clock.now()
            store.record_consents([Consent(customer, one, granted, now, SOURCE, by) for one, granted in said.items()])
            note(store, caller, customer, Act.CHANGED, "api consents")
            return ConsentsHeld(consents=_consents(store, customer))

        return key.once(caller, customer, act)

    @router.get(
        "/customers/{customer}/export", response_model=Json, responses=documented(404), summary="Get a copy of all data"
    )
    def export_customer(customer: CustomerId, caller: Annotated[Caller, asking]) -> Json:
        """Everything that the profile store holds of a customer: record, consents, profile, journal, events, looks."""
        customer = customer_of(shopkeeper, caller, customer, Scope.PROFILES)
        note(store, caller, customer, Act.EXPORTED, "api export")
        return export(store, customer)

    @router.delete(
        "/customers/{customer}",
        response_model=ErasureReceipt,
        responses=documented(404, 409),
        summary="Erase a customer",
    )
    def erase_customer(customer: CustomerId, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]) -> Response:
        """Delete everything about a customer, everywhere. It cannot be undone.

        Orders stay in the books, as the law asks, but are nobody's. Again, and what was not complete is completed.
        """
        customer = caller.acts_for(customer, {Scope.PROFILES})

        def act() -> ErasureReceipt:
            erased = shopkeeper.services.data.erase(customer)
            return ErasureReceipt(receipt=erased.number, complete=erased.is_complete)

        return key.once(caller, "", act)

    return router


def _known(services: Services, customer: str) -> KnownCustomer:
    store = services.profiles
    profile, intents = store.read(customer), read_intents(store, customer)
    wanted = [intent for intent in intents if intent.state is State.OPEN]
    return KnownCustomer(
        customer=customer,
        card=card(profile, services.schema, wanted),
        traits=[HeldTrait(**trait.to_full_json()) for trait in profile.traits],
        others=[HeldTrait(**trait.to_full_json()) for trait in profile.others],
        intents=[intent.to_json() for intent in wanted],
        consents=_consents(store, customer),
    )


def _consents(store: ProfileStore, customer: str) -> dict[Purpose, bool]:
    return {purpose: store.allows(customer, purpose) for purpose in Purpose}


def _changed(services: Services, customer: str, wanted: ChangesWanted) -> ChangesMade:
    """Each change is a message of its own, so that the words of one bear out no other."""
    form = f"{SOURCE}:{uuid.uuid4().hex}"
    heard = {f"{form}:{number}": change.words for number, change in enumerate(wanted.changes, start=1)}
    change, refused = note_changes(
        [one.model_dump() | {"quote": one.words, "value": one.said} for one in wanted.changes],
        services.profiles,
        services.validator,
        heard=heard,
        customer=customer,
        at=clock.now(),
        id_prefix=form,
        sensitive_allowed=services.profiles.allows(customer, Purpose.PROFILING),
    )
    return ChangesMade(
        added=[HeldTrait(**trait.to_full_json()) for trait in change.added],
        superseded=[HeldTrait(**trait.to_full_json()) for trait in change.superseded],
        retracted=[HeldTrait(**trait.to_full_json()) for trait in change.retracted],
        refused=[_refused(one) for one in refused],
    )


def _refused(refusal: Refusal) -> RefusedChange:
    wish, reason = refusal
    return RefusedChange(
        attribute=wish.attribute, value=wish.value, polarity=wish.polarity, about=wish.about, reason=reason
    )

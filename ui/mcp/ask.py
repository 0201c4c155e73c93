"""The conversation with the shop's agent, as another agent holds it for a customer.

In: a message, and the consultation that it goes on with. Out: the reply with products, proposal and the consultation's
id, which is the handle for the next message. A change of an order is only proposed. A program that can ask its customer
(an elicitation) does so, and what they say is told to the agent as their next message; else the customer's own yes
comes in the next call. Errors: `NotFound` for a consultation that is not the caller's, `DataError` for a proposal that
is over.
"""

from dataclasses import dataclass
from typing import Any, Self

from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult, InputResponse
from pydantic import BaseModel, Field, ValidationError

from agent.orders.confirm import Confirm
from agent.turn import Turn
from errors import DataError
from language.packs import section
from ui.access.caller import Scope
from ui.session import new_consultation
from ui.ucp.call import Call
from ui.ucp.envelope import Json
from ui.ucp.products import best_first, product_shape

CONFIRM = "confirm"  # the key of what the customer is asked
_HOW = (
    "Nothing has been changed yet. Ask the customer; then call ask_shopkeeper with this consultation and their own yes "
    "or no as the message."
)
_FALLBACK = "en"


class Message(BaseModel):
    """What a customer says."""

    message: str = Field(min_length=1, max_length=20_000, description="In the customer's own words and language.")
    consultation: str | None = Field(None, max_length=200, description="As the answer before had it; none: a new one.")
    customer: str | None = Field(None, max_length=100, description="Whom a key acts for; none: a new visitor.")


class State(BaseModel):
    """What the customer is asked about; it names nothing that the caller could not name as an argument."""

    consultation: str
    proposal: str
    language: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A turn as the tool tells it; `state` where a proposal waits."""

    body: Json
    state: State | None

    @classmethod
    def of(cls, call: Call, customer: str, consultation: str, turn: Turn) -> Self:
        """The turn, for programs."""
        waiting = turn.proposal
        told = None if waiting is None else {name: waiting[name] for name in ("id", "kind", "summary", "expires")}
        body: Json = {
            "consultation": consultation,
            "customer": customer,
            "reply": turn.reply,
            "language": turn.language,
            "products": _products(call, turn),
            "proposal": told,
            "handoff": turn.handoff,
        }
        if waiting is None:
            return cls(body, None)
        state = State(consultation=consultation, proposal=str(waiting["id"]), language=turn.language)
        return cls(body | {"next": _HOW}, state)

    def to_confirm(self) -> InputRequiredResult | None:
        """The question to the customer, where one waits for them."""
        if self.state is None:
            return None
        go_ahead = {"type": "boolean", "title": "Go ahead", "default": True}
        schema: dict[str, Any] = {"type": "object", "properties": {CONFIRM: go_ahead}}
        asked = ElicitRequest(params=ElicitRequestFormParams(message=self.body["reply"], requested_schema=schema))
        return InputRequiredResult(input_requests={CONFIRM: asked}, request_state=self.state.model_dump_json())


def ask(call: Call, asked: Message) -> Answer:
    """Tell the agent what the customer says."""
    if asked.consultation is None:
        customer = call.acting_for_anybody(Scope.CHAT)
        return _told(call, customer, new_consultation(customer), asked.message)
    return _told(call, call.owner_of(asked.consultation, Scope.CHAT), asked.consultation, asked.message)


def answer(call: Call, state: str, response: InputResponse | None) -> Answer:
    """What the customer said when they were asked; who closed the question has said nothing yet."""
    try:
        kept = State.model_validate_json(state)
    except ValidationError as error:
        raise DataError("the requestState is none that this tool has given") from error
    customer = call.owner_of(kept.consultation, Scope.CHAT)
    pending = call.services.proposals.pending(kept.consultation)
    if pending is None or pending.id != kept.proposal:
        raise DataError("what was proposed waits no more: it was done, dropped or has run out; ask anew")
    match response:
        case ElicitResult(action="accept", content=content):
            agrees = (content or {}).get(CONFIRM, True) is not False
        case ElicitResult(action="decline"):
            agrees = False
        case _:
            raise DataError("the customer has not answered; what was proposed still waits for their yes or no")
    return _told(call, customer, kept.consultation, _word("yes" if agrees else "no", kept.language))


def _told(call: Call, customer: str, consultation: str, text: str) -> Answer:
    turn = call.shopkeeper.reply(customer, consultation, text)
    return Answer.of(call, customer, consultation, turn)


def _word(meaning: str, language: str) -> str:
    """A yes or a no in the consultation's language, as its pack has it."""
    words = section(language, "confirm", Confirm) or section(_FALLBACK, "confirm", Confirm)
    assert isinstance(words, Confirm)
    return words.yes[0] if meaning == "yes" else words.no[0]


def _products(call: Call, turn: Turn) -> list[Json]:
    """What was found, in UCP's shape: a variant's id goes into `create_cart` as it is."""
    catalog, currency = call.services.retriever.catalog, call.services.shop.currency
    shapes = list[Json]()
    for hit in turn.products:
        product = catalog.by_sku.get(hit["sku"])
        if product is None:  # sold no more since
            continue
        shown = [variant for variant in product.variants if variant.sku == hit["variant"]]
        shapes.append(product_shape(product, shown or best_first(product.variants)[:1], currency, turn.language))
    return shapes

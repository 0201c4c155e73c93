"""Routes of consultations: begin one, read it, say something, and stop an answer that is being written.

In: a caller, a consultation's id, the customer's words. Out: the turn as the agent's command prints it, whole or as it
comes (`ui.api.events`). A turn runs in a thread of its own (`ui.api.turns`), so that no other request waits for a
model. Errors: `NotFound` for a consultation that is not the caller's, `Invalid`, `Crowded`, `Stopped`.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from agent.context import Services, is_visitor
from agent.shopkeeper import Shopkeeper
from agent.turn import Step, Turn
from errors import DataError
from language.detection import detect, reply_language
from profiles.privacy.audit import note_consultation
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api import events
from ui.api.idempotency import REPLAYED, Answer, Attempt, Keyed, keyed
from ui.api.problems import Crowded, documented
from ui.api.products import FoundProduct, found_product
from ui.api.router import ConsultationId, group
from ui.api.who import customer_of, name_of, owner_of
from ui.session import new_consultation
from ui.transcript import spoken

if TYPE_CHECKING:
    from ui.server import Site

Json = dict[str, Any]
_JSON = "application/json"
_EXAMPLE_EVENTS = (
    'event: step\ndata: {"name": "search_products", "arguments": {"query": "rain jacket"}, "ok": true}\n\n'
    'event: delta\ndata: {"text": "These fit best:"}\n\n'
    'event: turn\ndata: {"reply": "These fit best:", "language": "en"}\n\n'
)


class NewConsultation(BaseModel):
    """Who it is with."""

    model_config = ConfigDict(extra="forbid")
    customer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = (
        Field(default=None, description="Left out: the caller. A key names somebody.", examples=["C1002"])
    )


class Begun(BaseModel):
    """A consultation in which nothing was said yet."""

    id: str = Field(examples=["C1002.0123456789abcdef0123456789abcdef"])
    customer: str = Field(examples=["C1002"])
    greeting: str = Field(description="What the agent says first; it says that it is an AI.")


class SaidMessage(BaseModel):
    """One message of a conversation."""

    role: Literal["customer", "assistant"]
    text: str


class Conversation(BaseModel):
    """A consultation as it stands."""

    id: str
    customer: str
    messages: list[SaidMessage]
    proposal: Json | None = Field(description="What waits for the customer's yes; `summary` says what it will do.")
    handoff: bool = Field(description="Whether a person is in charge; then the agent keeps quiet.")


class Message(BaseModel):
    """What the customer says."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
        description="At most as many characters as the shop's `limits.message_chars`.",
        examples=["a rain jacket under 160"],
    )


class ToolStep(BaseModel):
    """A call of a tool, and what it gave."""

    name: str = Field(examples=["search_products"])
    arguments: Json
    ok: bool
    result: Json


class ProfileChanges(BaseModel):
    """What became of what is known; `others` is of those whom the customer buys for."""

    added: list[Json]
    superseded: list[Json]
    retracted: list[Json]
    others: Json


class AnsweredTurn(BaseModel):
    """The answer to a message, as `python -m agent --json` prints it: amounts are numbers in the shop's currency."""

    reply: str = Field(description="Empty while a person is in charge.")
    language: str = Field(examples=["en"])
    tools: list[ToolStep]
    profile: ProfileChanges
    products: list[str] = Field(description="SKUs of the products that were found.")
    template: str | None = Field(description="The approved answer that was given.")
    handoff: bool
    proposal: Json | None
    gate: dict[str, int] = Field(description="How many claims were checked, and how many were blocked.")
    usage: dict[str, int] = Field(description="Calls and tokens of the model.")
    seconds: float


_TURN: Json = {
    "model": AnsweredTurn,
    "description": "The turn; with `Accept: text/event-stream` what happens, as it happens.",
    "content": {events.MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE_EVENTS}},
}


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    shopkeeper, turns = site.shopkeeper, site.turns
    router = group("Consultations", lifespan=turns.lifespan)
    asking, key = Depends(authenticated(site.access)), Depends(keyed(shopkeeper.services.profiles))

    @router.post(
        "/consultations",
        response_model=Begun,
        status_code=201,
        responses=documented(404, 409),
        summary="Begin a consultation",
    )
    def begin_consultation(
        caller: Annotated[Caller, asking], key: Annotated[Keyed, key], wanted: NewConsultation | None = None
    ) -> Response:
        """Get an id under which the customer and the agent talk. Only whom it is with can open it."""
        customer = customer_of(shopkeeper, caller, wanted.customer if wanted else None, Scope.CHAT)

        def act() -> Begun:
            begun = new_consultation(customer)
            return Begun(id=begun, customer=customer, greeting=shopkeeper.greeting(customer))

        return key.once(caller, customer, act, status=201)

    @router.get(
        "/consultations/{consultation}",
        response_model=Conversation,
        responses=documented(404),
        summary="Read a consultation",
    )
    def read_consultation(consultation: ConsultationId, caller: Annotated[Caller, asking]) -> Conversation:
        """All messages so far, what waits for a yes, and whether a person is in charge."""
        customer = owner_of(shopkeeper, caller, consultation, Scope.CHAT)
        if not is_visitor(customer):
            note_consultation(shopkeeper.services.profiles, customer, name_of(caller), consultation)
        return _conversation(shopkeeper, customer, consultation)

    @router.post(
        "/consultations/{consultation}/messages",
        response_model=None,
        responses=documented(404, 409) | {200: _TURN},
        summary="Say something",
    )
    async def send_message(
        consultation: ConsultationId,
        message: Message,
        caller: Annotated[Caller, asking],
        key: Annotated[Keyed, key],
        accept: Annotated[str, Header(description="`text/event-stream` for events as they happen.")] = _JSON,
    ) -> Response:
        """Say something as the customer, and get the agent's answer.

        A message of a consultation in which another one is being answered waits until that is done. Who goes away
        meanwhile ends nothing: the turn is kept, and can be read. With `Accept: text/event-stream` come `step`,
        `products`, `delta`, `replace`, and at the end `turn` or `problem`; a comment every 15 seconds keeps the
        connection open.
        """
        is_streamed = events.MEDIA_TYPE in accept
        customer, begun = await run_in_threadpool(_admitted, shopkeeper, caller, consultation, message.text, key)
        if isinstance(begun, Answer):
            return _again(begun, is_streamed)

        def ended(outcome: Turn | Exception) -> None:
            if isinstance(outcome, Turn):
                key.finished(begun, _answer(outcome))
            else:
                key.failed(begun, outcome)

        try:
            turn = turns.begin(customer, consultation, message.text, ended)
        except Crowded as error:
            await run_in_threadpool(key.failed, begun, error)
            raise
        if is_streamed:
            cards = _Cards(shopkeeper.services, message.text)
            return StreamingResponse(events.streamed(turn, cards), 200, events.HEADERS, events.MEDIA_TYPE)
        while not isinstance(event := await turn.next(), Turn):
            pass
        return _answer(event).response()

    @router.post(
        "/consultations/{consultation}/stop",
        status_code=204,
        response_model=None,
        responses=documented(404, 409),
        summary="Stop an answer",
    )
    def stop_answer(
        consultation: ConsultationId, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]
    ) -> Response:
        """End the answer that is being written at its next words. Tools that run finish, so that nothing is half done.

        Whoever waits for it gets a problem of the kind `stopped`. It reaches answers of the server that it is sent to.
        """
        customer = owner_of(shopkeeper, caller, consultation, Scope.CHAT)
        return key.once(caller, customer, lambda: turns.stop(consultation))

    return router


class _Cards:
    """The products of a step, told in the language of the message."""

    def __init__(self, services: Services, text: str) -> None:
        served = services.shop.languages
        self._services, self._language = services, reply_language(detect(text, served, None), served)

    def __call__(self, step: Step) -> Sequence[FoundProduct]:
        if not (step.ok and step.result.get("kind") == "products"):
            return ()
        return [found_product(self._services, hit, self._language) for hit in step.result["hits"]]


def _admitted(
    shopkeeper: Shopkeeper, caller: Caller, consultation: str, text: str, key: Keyed
) -> tuple[str, Attempt | Answer | None]:
    """Whose message it is, and what was answered to it before."""
    customer = owner_of(shopkeeper, caller, consultation, Scope.CHAT)
    most = shopkeeper.services.shop.limits.message_chars
    if len(text) > most:
        raise DataError(f"text has {len(text)} characters; a message has at most {most}")
    return customer, key.begin(caller, customer)


def _answer(turn: Turn) -> Answer:
    return Answer(200, _JSON, json.dumps(turn.to_json(), ensure_ascii=False))


def _again(answer: Answer, is_streamed: bool) -> Response:
    if is_streamed and answer.status == 200:
        told = events.replayed(json.loads(answer.body))
        return StreamingResponse(told, 200, events.HEADERS | REPLAYED, events.MEDIA_TYPE)
    return answer.response(is_replayed=True)


def _conversation(shopkeeper: Shopkeeper, customer: str, consultation: str) -> Conversation:
    services = shopkeeper.services
    pending = services.proposals.pending(consultation)
    return Conversation(
        id=consultation,
        customer=customer,
        messages=[
            SaidMessage(role="customer" if one.by == "customer" else "assistant", text=one.text)
            for one in spoken(shopkeeper.messages(consultation))
        ],
        proposal=pending.to_json() if pending else None,
        handoff=services.handoffs.is_open(consultation),
    )

"""Chat completions: the agent for any client of OpenAI's API, whole or streamed.

In: POST /v1/chat/completions, GET /v1/models and /v1/models/{id}. Out: what OpenAI's API would answer, and in the field
`shopkeeper` what the turn did besides its words. A reply may be replaced by another one until its turn ends, which this
protocol cannot say: a stream begins at once, is kept alive, and bears the words when they are final. A turn that has
begun ends and is kept, whether the client waits for it or not. Errors: in OpenAI's form (`completion_errors`).
"""

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

import clock
from agent.conversations import Conversations
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import Busy, StorageError
from ui.access.caller import Caller, Scope
from ui.api import events
from ui.api.completion_errors import CompletionRoute, Mistake, respond
from ui.api.completion_place import History, Place, Places
from ui.api.completion_shapes import Answer, ChatRequest, Sent, failed, read_request, sent
from ui.api.router import BEARER, PREFIX
from ui.api.turns import RunningTurn, Turns
from ui.body import received

Outcome = Turn | Exception
MODEL = "shopkeeper"
HEADER = "x-consultation-id"
MOST_BYTES = 2_000_000  # of a request: a long conversation, sent whole
log = logging.getLogger(__name__)
_RETRIES = "x-stainless-retry-count"  # how often OpenAI's clients have sent this before
_REFUSALS = (400, 401, 403, 404, 422, 429, 503)
_LOOK_AGAIN = 0.3  # seconds
_COMMENT = ": the agent is answering\n\n"  # clients pass over it, proxies see that something comes
_PARTS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no"}


def completion_routes(shopkeeper: Shopkeeper, turns: Turns, caller: Callable[[Request], Caller]) -> APIRouter:
    """The routes of one shop; `caller` finds out who calls."""
    router = APIRouter(
        prefix=PREFIX,
        route_class=CompletionRoute,
        tags=["OpenAI"],
        dependencies=[Security(BEARER)],
        responses={status: {"description": HTTPStatus(status).phrase} for status in _REFUSALS},
    )
    completions = _Completions(
        shopkeeper, turns, Places(shopkeeper, Conversations(shopkeeper.services.profiles.engine))
    )
    models = _Models(shopkeeper.services.shop.name, int(clock.now().timestamp()))
    Asking = Annotated[Caller, Depends(caller)]

    @router.get("/models", summary="The names that the agent answers to")
    def list_models(asking: Asking) -> dict[str, Any]:
        """There is one agent; each name is it."""
        asking.needs(Scope.CHAT)
        return {"object": "list", "data": [models.get(name) for name in models.names]}

    @router.get("/models/{name:path}", summary="One of them")
    def get_model(asking: Asking, name: str) -> dict[str, Any]:
        """What OpenAI's API tells of a model."""
        asking.needs(Scope.CHAT)
        return models.get(name)

    @router.post("/chat/completions", summary="Answer the last message, as OpenAI's API does", openapi_extra=_BODY)
    async def complete(asking: Asking, request: Request) -> Response:
        """The last message is answered in the consultation that has those before it, or in a new one."""
        asking.needs(Scope.CHAT)
        too_large = Mistake(f"the body is larger than {MOST_BYTES} bytes", code="request_too_large", status=413)
        chat = read_request(await received(request, MOST_BYTES, too_large))
        models.get(chat.model)
        return await completions.answer(asking, chat, _named(request, chat), request.headers.get(_RETRIES, "0") != "0")

    return router


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "required": ["model", "messages"], "additionalProperties": True},
                "example": {"model": MODEL, "messages": [{"role": "user", "content": "Do you have warm gloves?"}]},
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class _Models:
    """The names of the one agent."""

    shop: str
    created: int

    @property
    def names(self) -> list[str]:
        """Its own, and the shop's as one word."""
        slug = re.sub(r"\W+", "-", self.shop.lower()).strip("-")
        return [MODEL, *([slug] if slug and slug != MODEL else [])]

    def get(self, name: str) -> dict[str, Any]:
        """One of them, as OpenAI's API shows it."""
        if name not in self.names:
            why = f"the model {name[:100]!r} does not exist; there are {', '.join(self.names)}"
            raise Mistake(why, "model", "model_not_found", 404)
        return {"id": name, "object": "model", "created": self.created, "owned_by": self.shop}


@dataclass(frozen=True, slots=True)
class _Completions:
    """`turns`: they begin and end whoever waits for them."""

    shopkeeper: Shopkeeper
    turns: Turns
    places: Places

    async def answer(self, caller: Caller, chat: ChatRequest, named: str | None, is_again: bool) -> Response:
        """The last message, answered in its consultation. What can be wrong before is said with its own status."""
        conversation = sent(chat)
        place = await self._place(caller, chat.user, conversation, is_again, named)
        turn = await self._begun(place, conversation.texts[-1])
        answer = Answer(
            f"chatcmpl-{secrets.token_hex(12)}",
            int(clock.now().timestamp()),
            chat.model,
            place.consultation,
            place.history.value,
        )
        headers = {HEADER: quote(place.consultation, safe="@:+ ")}
        if chat.stream:
            return StreamingResponse(_stream(answer, turn, chat.with_usage), headers=headers | _PARTS)
        outcome = await asyncio.shield(turn)
        if isinstance(outcome, Exception):
            return respond(outcome)
        return JSONResponse(answer.completion(outcome), headers=headers)

    async def _place(
        self, caller: Caller, user: str | None, conversation: Sent, is_again: bool, named: str | None
    ) -> Place:
        """Who sends a message again while it is being answered waits for that answer."""
        find = partial(self.places.named, consultation=named) if named else self.places.found
        while (place := await run_in_threadpool(find, caller, user, conversation, is_again)) is None:
            await asyncio.sleep(_LOOK_AGAIN)
        return place

    async def _begun(self, place: Place, text: str) -> asyncio.Task[Outcome]:
        if place.history is History.REPEATED:
            return asyncio.create_task(run_in_threadpool(self.shopkeeper.last_turn, place.consultation))
        try:
            turn = self.turns.begin(place.customer, place.consultation, text, partial(self._ended, place))
        except Busy as error:
            await run_in_threadpool(self._ended, place, error)
            raise
        return asyncio.create_task(_outcome(turn))

    def _ended(self, place: Place, outcome: Outcome) -> None:
        """What was answered is answered, whether that can be kept for a repeat or not."""
        try:
            self.places.ended(place, outcome)
        except StorageError:
            log.exception("what became of the turn could not be kept")


async def _outcome(turn: RunningTurn) -> Outcome:
    try:
        while not isinstance(event := await turn.next(), Turn):
            pass
    except Exception as error:
        return error
    return event


async def _stream(answer: Answer, turn: asyncio.Task[Outcome], with_usage: bool) -> AsyncIterator[str]:
    yield answer.first()
    while not turn.done():
        await asyncio.wait([turn], timeout=events.HEARTBEAT)
        if not turn.done():
            yield _COMMENT
    outcome = turn.result()
    for part in [failed(outcome)] if isinstance(outcome, Exception) else answer.rest(outcome, with_usage):
        yield part


def _named(request: Request, chat: ChatRequest) -> str | None:
    """The consultation that the client names, in either place."""
    header = unquote(request.headers.get(HEADER, "")) or None
    if header and chat.named not in (None, header):
        raise Mistake(f"{HEADER} and metadata.consultation name two consultations; send one", "metadata.consultation")
    return header or chat.named

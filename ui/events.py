"""Events over HTTP: POST /v1/track, /v1/identify and /v1/batch as Segment sends them, /mp/collect as GA4 does.

In: requests with the shop's write key. Out: JSON that says what became of each event; 200 only once all that was taken
is committed, so that the customer's next turn sees it. A request that is repeated counts once. `EventRoutes` is ASGI
middleware: it answers these paths, and passes all others on.
"""

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import DataError, StorageError
from profiles.events.event import Reason
from profiles.events.intake import EventIntake
from profiles.events.keys import IDENTITY_SECRET, WRITE_KEY, Keys
from profiles.events.messages import (
    MOST_BATCH_BYTES,
    admitted,
    ga4_events,
    segment_batch,
    segment_message,
)
from profiles.events.shapes import MOST_MESSAGE_BYTES, body_text
from ui.body import received

log = logging.getLogger(__name__)
MOST_GA4_BYTES = 130_000
_PATHS = ("/v1/track", "/v1/identify", "/v1/batch", "/mp/collect")
_SHOWN = 100  # rejected events that an answer names

Answer = Callable[[Request], Awaitable[Response]]


class EventRoutes:
    """The routes of one shop, before the page."""

    def __init__(self, app: ASGIApp, intake: EventIntake, keys: Keys) -> None:
        self._app, self._intake, self._keys = app, intake, keys
        answers: Sequence[Answer] = (self._track, self._identify, self._batch, self._collect)
        routes = [
            Route(path, _json_errors(answer), methods=["POST"]) for path, answer in zip(_PATHS, answers, strict=True)
        ]
        self._router = Router(routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http" and scope["path"] in _PATHS:
            alone = {name: value for name, value in scope.items() if name != "app"}  # the page's would answer errors
            await self._router(alone, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _track(self, request: Request) -> Response:
        body = await self._body(request, MOST_MESSAGE_BYTES)
        return await self._taken([segment_message(body, "track", self._intake.now())], alone=True)

    async def _identify(self, request: Request) -> Response:
        body = await self._body(request, MOST_MESSAGE_BYTES)
        return await self._taken([segment_message(body, "identify", self._intake.now())], alone=True)

    async def _batch(self, request: Request) -> Response:
        body = await self._body(request, MOST_BATCH_BYTES)
        return await self._taken(segment_batch(body, self._intake.now()))

    async def _collect(self, request: Request) -> Response:
        body = await self._body(request, MOST_GA4_BYTES, key=request.query_params.get("api_secret", ""))
        return await self._taken(ga4_events(body, self._intake.now()))

    async def _body(self, request: Request, most: int, key: str | None = None) -> object:
        """The request's JSON, once its sender is known and no more of it than `most` bytes."""
        if not self._keys.write_key:
            how = f"set events.write_key in shop.toml, or {WRITE_KEY}"
            raise HTTPException(503, f"this shop takes no events over HTTP: {how} (and {IDENTITY_SECRET})")
        if not self._keys.admit(_basic_user(request) if key is None else key):
            where = "as the user name of Basic authentication" if key is None else "as api_secret"
            raise HTTPException(401, f"send the shop's write key {where}", {"www-authenticate": "Basic"})
        body = await received(request, most, HTTPException(413, f"the body is larger than {most} bytes"))
        try:
            return from_json(body)
        except ValueError as error:
            raise DataError(f"the body is no JSON: {error}") from error

    async def _taken(self, raws: Sequence[object], alone: bool = False) -> Response:
        """Take them in, and say what became of them; one that came `alone` and was rejected is an error."""
        return await run_in_threadpool(self._take, raws, alone)

    def _take(self, raws: Sequence[object], alone: bool) -> Response:
        judged = [admitted(raw, self._keys) for raw in raws]
        rejected = [
            {"index": place, "id": _id(raw), "reason": refusal.reason.value, "detail": refusal.detail[:300]}
            for place, (raw, item) in enumerate(zip(raws, judged, strict=True))
            if (refusal := self._intake.refusal(item))
        ]
        report = self._intake.take(judged)
        if alone and rejected:
            status = 403 if rejected[0]["reason"] == Reason.UNSIGNED.value else 400
            return _error(status, f"{rejected[0]['reason']}: {rejected[0]['detail']}")
        return JSONResponse({"success": True} | report.to_json() | {"rejected": rejected[:_SHOWN]})


def _json_errors(answer: Answer) -> Answer:
    """Errors as JSON with a status that says whose they are."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except HTTPException as error:
            return _error(error.status_code, error.detail, error.headers)
        except DataError as error:
            return _error(400, str(error))
        except StorageError:
            log.exception("events could not be kept")  # where the database is concerns nobody outside
            return _error(503, "the events could not be kept; send them again", {"retry-after": "5"})
        except ClientDisconnect:
            return _error(400, "the body was cut off")

    return answered


def _error(status: int, detail: str, headers: Any = None) -> Response:
    body = {"success": False, "error": HTTPStatus(status).phrase, "detail": body_text(detail)}
    return JSONResponse(body, status, headers)


def _basic_user(request: Request) -> str:
    """Segment's form: the write key is the user name, and the password is empty."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _id(raw: object) -> str | None:
    name = raw.get("messageId") if isinstance(raw, dict) else None
    return body_text(str(name))[:200] if name is not None else None

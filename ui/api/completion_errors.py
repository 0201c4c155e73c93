"""What went wrong, in the form that OpenAI's clients expect, so that each raises the exception that is meant for it.

In: whatever a route of theirs raised. Out: `{"error": {message, type, param, code}}` with its status. What went wrong
on the shop's side says no more than that. Other routes answer with problem documents.
"""

import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from errors import (
    Busy,
    DataError,
    Forbidden,
    ModelError,
    NotFound,
    Refused,
    ShopkeeperError,
    StorageError,
    Unauthenticated,
)
from ui.api.problems import Gone

log = logging.getLogger(__name__)
_AGAIN = 5.0  # seconds, where nobody knows better
_LATER = "the shop could not do this now; try again"
_FAILED = "the shop could not do this; it is noted in its log"


class Mistake(DataError):
    """Something of a request is not as it should be. `param`: what of it."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.param, self.code, self.status = param, code, status


@dataclass(frozen=True, slots=True)
class Told:
    """An error as a client is told it."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


# The first class that fits tells the status and the code.
_KINDS: Sequence[tuple[type[ShopkeeperError], int, str | None]] = (
    (Unauthenticated, 401, "invalid_api_key"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not_found"),
    (DataError, 400, None),
    (Refused, 400, "refused"),
)


class CompletionRoute(APIRoute):
    """A route whose errors leave in OpenAI's form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The library's, with the errors of what runs before it too, such as who calls."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                if told_of(error).status >= 500:
                    log.error("a chat completion failed", exc_info=error)
                return respond(error)

        return answered


def respond(error: Exception) -> Response:
    """The answer to a request that failed."""
    told = told_of(error)
    return JSONResponse(told.body, told.status, told.headers)


def told_of(error: Exception) -> Told:
    """What a client is told of it."""
    match error:
        case Mistake():
            return Told(error.status, str(error), code=error.code, param=error.param)
        case Busy():
            return Told(429, str(error), "requests", "rate_limit_exceeded", headers=_again(error.seconds))
        case StorageError() | ModelError():
            return Told(503, _LATER, "server_error", headers=_again(_AGAIN))
        case Gone():  # OpenAI's clients send again what was answered with 409
            return Told(400, str(error), code=error.name)
        case HTTPException() if error.status_code < 500:
            return Told(error.status_code, str(error.detail), headers=error.headers)
    for kind, status, code in _KINDS:
        if isinstance(error, kind):
            headers = {"www-authenticate": "Bearer"} if status == 401 else None
            return Told(status, str(error), code=code, headers=headers)
    return Told(500, _FAILED, "server_error")


def _again(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, math.ceil(seconds)))}

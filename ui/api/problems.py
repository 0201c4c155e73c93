"""What went wrong, as HTTP says it: errors in, problem documents of RFC 9457 out. The one place where they are made.

`detail` tells who asked what was wrong with it. What went wrong on the shop's side says no more than that: where the
database is, and what a customer said, concerns nobody outside. Errors: none.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

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

MEDIA_TYPE = "application/problem+json"
_NAMESPACE = "urn:shopkeeper:problem:"
_AGAIN = "5"  # seconds, where nobody knows better
_QUOTED = re.compile(r"'([^']*)'")
log = logging.getLogger(__name__)


class Invalid(DataError):
    """A value of a request is not one of the valid ones."""

    def __init__(self, message: str, valid: Sequence[str]) -> None:
        super().__init__(message)
        self.valid = tuple(valid)


class Gone(ShopkeeperError):
    """What was begun is not there any more, or was ended by somebody else. `name`: of the kind of problem."""

    name, title = "conflict", "Conflict"


class Crowded(Busy):
    """More turns wait than can be answered while anybody waits for them."""


class Mistake(BaseModel):
    """One value of the request that is not as it should be."""

    where: str = Field(description="Where it stands: a path into the body, or a parameter's name.", examples=["text"])
    what: str = Field(description="What is wrong with it.", examples=["String should have at least 1 character"])


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(
        description="The kind of problem, for programs; it stays the same.", examples=[f"{_NAMESPACE}not-found"]
    )
    title: str = Field(description="The kind of problem, for people.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What was wrong this time, for people.", examples=["you have no order 'AP-1'; yours are AP-10482"]
    )
    valid: list[str] | None = Field(default=None, description="The values that would have been right.")
    errors: list[Mistake] | None = Field(default=None, description="What is wrong with the request, one by one.")

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to the request."""
        return Response(self.body, self.status, headers, MEDIA_TYPE)

    @property
    def body(self) -> str:
        """As JSON."""
        return self.model_dump_json(exclude_none=True)


# The first class that fits tells the status, the name of the kind, and its title.
_KINDS: Sequence[tuple[type[ShopkeeperError], int, str, str]] = (
    (Unauthenticated, 401, "unauthenticated", "Nobody is known to ask"),
    (Forbidden, 403, "forbidden", "Not allowed"),
    (NotFound, 404, "not-found", "Not found"),
    (Refused, 409, "refused", "A rule of the shop forbids it"),
    (Gone, 409, "conflict", "Conflict"),
    (DataError, 422, "invalid", "The request is not valid"),
    (Crowded, 503, "busy", "Too many wait"),
    (Busy, 429, "too-many-requests", "Too many requests"),
    (StorageError, 503, "unavailable", "The shop cannot answer now"),
    (ModelError, 503, "unavailable", "The shop cannot answer now"),
)
_OURS = (StorageError, ModelError)  # of which no message leaves
_LATER = "the shop could not do this now; try again"
_FAILED = "the shop could not do this; it is noted in its log"


def problem_of(error: Exception) -> Problem:
    """The document for any error."""
    match error:
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return _of_status(error.status_code, str(error.detail))
        case _:
            return _of_error(error)


def headers_of(error: Exception) -> dict[str, str]:
    """What a client must know beside the document: how to sign in, or when to ask again."""
    match error:
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}
        case Busy():
            return {"retry-after": str(max(1, round(error.seconds)))}
        case StorageError() | ModelError():
            return {"retry-after": _AGAIN}
        case HTTPException():
            return dict(error.headers or {})
        case ShopkeeperError() | RequestValidationError():
            return {}
        case _:
            return {"connection": "close"}  # the server closes it, and nobody is to send the next request on it


def handle_errors(app: FastAPI) -> None:
    """All errors of the routes leave as problem documents."""

    async def answer(_: Request, error: Exception) -> Response:
        return respond(error)

    for kind in (ShopkeeperError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def respond(error: Exception) -> Response:
    """The answer to a request that failed. What failed on the shop's side is logged."""
    problem = problem_of(error)
    if isinstance(error, ShopkeeperError) and problem.status >= 500 and not isinstance(error, Busy):
        log.error("%s: %s", type(error).__name__, error)
    return problem.response(headers_of(error))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem responses for OpenAPI."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def _of_error(error: Exception) -> Problem:
    for kind, status, name, title in _KINDS:
        if isinstance(error, kind):
            name, title = (error.name, error.title) if isinstance(error, Gone) else (name, title)
            detail = _LATER if isinstance(error, _OURS) else str(error)
            valid = list(error.valid) if isinstance(error, Invalid) else None
            return Problem(type=_NAMESPACE + name, title=title, status=status, detail=detail, valid=valid)
    return _of_status(500, _FAILED)


def _of_status(status: int, detail: str) -> Problem:
    title = HTTPStatus(status).phrase
    name = title.lower().replace(" ", "-")
    return Problem(type=_NAMESPACE + name, title=title, status=status, detail=detail)


def _of_validation(error: RequestValidationError) -> Problem:
    """Names what is wrong, and not what was sent: that may be what somebody said."""
    found = [Mistake(where=_place(one["loc"]), what=str(one["msg"])) for one in error.errors()]
    expected = [str(one.get("ctx", {}).get("expected", "")) for one in error.errors()]
    valid = [value for words in expected for value in _QUOTED.findall(words)]
    detail = "; ".join(f"{one.where}: {one.what}" for one in found)
    return Problem(
        type=f"{_NAMESPACE}invalid",
        title="The request is not valid",
        status=422,
        detail=detail,
        valid=valid or None,
        errors=found,
    )


def _place(parts: Sequence[int | str]) -> str:
    """ "changes.0.attribute"; the whole body is "body"."""
    inner = [str(part) for part in parts[1:]] if len(parts) > 1 else [str(part) for part in parts]
    return ".".join(inner)

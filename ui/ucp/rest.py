"""UCP over HTTP: its profile at /.well-known/ucp, and the operations of the MCP tools as routes.

In: an application, the agent, who may call. Out: the application with the routes. The profile is for everybody; all
else needs a key or a token, and the header UCP-Agent. Errors of the transport are UCP's: a status, and `code` and
`content`.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agent.shopkeeper import Shopkeeper
from errors import Busy, DataError, Forbidden, NotFound, Refused, ShopkeeperError, Unauthenticated, first_mistake
from ui.access.request import address_of
from ui.body import received
from ui.ucp import answers, carts, catalog, envelope, orders
from ui.ucp.call import Access, Call
from ui.ucp.discovery import profile
from ui.ucp.requests import Agent, CartContents, Lookup, ProductAsked, Question, Search

_MOST_BYTES = 256_000
_CACHED = "public, max-age=3600"
_PROFILE = re.compile(r'(?:^|[,;\s])profile="([^"]*)"')
_LATER = "the shop could not do this now; try again"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Operation:
    """`run` gets the payload, None where there is none, and the id in the path."""

    method: str
    path: str
    payload: type[BaseModel] | None
    run: Callable[[Call, Any, str], envelope.Json]
    status: int = 200


_OPERATIONS: Sequence[_Operation] = (
    _Operation("POST", "/catalog/search", Search, lambda call, asked, _: catalog.search(call, asked)),
    _Operation("POST", "/catalog/lookup", Lookup, lambda call, asked, _: catalog.lookup(call, asked)),
    _Operation("POST", "/catalog/product", ProductAsked, lambda call, asked, _: catalog.product(call, asked)),
    _Operation("POST", "/carts", CartContents, lambda call, asked, _: carts.create(call, asked), 201),
    _Operation("GET", "/carts/{id}", None, lambda call, _, id: carts.get(call, id)),
    _Operation("PUT", "/carts/{id}", CartContents, lambda call, asked, id: carts.update(call, id, asked)),
    _Operation("POST", "/carts/{id}/cancel", None, lambda call, _, id: carts.cancel(call, id)),
    _Operation("GET", "/orders/{id}", None, lambda call, _, id: orders.get(call, id)),
    _Operation("POST", "/ask", Question, lambda call, asked, _: answers.ask(call, asked)),
)


def add_ucp(app: FastAPI, shopkeeper: Shopkeeper, access: Access, mcp_path: str) -> None:
    """Serve the profile and the operations. `mcp_path`: where the same are tools."""

    async def discovered(request: Request) -> Response:
        return JSONResponse(profile(_origin(request), mcp_path), headers={"cache-control": _CACHED})

    routes = [Route("/.well-known/ucp", discovered)]
    for one in _OPERATIONS:
        routes.append(Route(one.path, _errors_told(_answered(one, shopkeeper, access)), methods=[one.method]))
    app.router.routes.extend(routes)


def _answered(
    operation: _Operation, shopkeeper: Shopkeeper, access: Access
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        address = address_of(request)
        caller = await run_in_threadpool(access.caller, request.headers.get("authorization"), address)
        _require_agent(request.headers.get("ucp-agent", ""))
        call = Call(shopkeeper, caller, _origin(request), request.query_params.get("customer"))
        payload = operation.payload.model_validate(await _body(request)) if operation.payload else None
        told = await run_in_threadpool(operation.run, call, payload, request.path_params.get("id", ""))
        made = told["ucp"]["status"] == "success"
        return JSONResponse(told, operation.status if made else 200)

    return answer


def _errors_told(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except ValidationError as error:
            return _unreadable(error)
        except ShopkeeperError as error:
            return _refused(error)
        except ClientDisconnect:
            return _error(400, "invalid_request", "the body was cut off")

    return answered


def _refused(error: ShopkeeperError) -> Response:
    match error:
        case Unauthenticated():
            return _error(401, "unauthorized", str(error), {"www-authenticate": 'Bearer realm="ucp"'})
        case Forbidden():
            return _error(403, "insufficient_scope", str(error))
        case Busy():
            return _error(429, "rate_limited", str(error), {"retry-after": str(max(1, round(error.seconds)))})
        case NotFound():
            return _error(404, "not_found", str(error))
        case Refused():
            return _error(409, "refused", str(error))
        case _InvalidAgent():
            return _error(400, "invalid_profile_url", str(error))
        case DataError():
            return _error(400, "invalid_request", str(error))
        case _:  # where the database is, or the model, concerns nobody outside
            log.error("an operation failed", exc_info=error)
            return _error(503, "unavailable", _LATER, {"retry-after": "5"})


def _unreadable(error: ValidationError) -> Response:
    """Names what is wrong, and not what was sent: that may be what somebody said."""
    is_too_many = error.errors()[0]["type"] == "too_long"
    code = "request_too_large" if is_too_many else "invalid_request"
    return _error(400, code, first_mistake(error, whole="the body", got=False))


def _error(status: int, code: str, content: str, headers: dict[str, str] | None = None) -> Response:
    """As UCP's examples have it, and as a message for those who read all answers alike."""
    told = {"code": code, "content": content, "messages": [envelope.error(code, content, "recoverable")]}
    return JSONResponse(told, status, headers)


class _InvalidAgent(DataError):
    """The header UCP-Agent names no profile."""


def _require_agent(header: str) -> None:
    named = _PROFILE.search(header)
    try:
        Agent(profile=named[1] if named else "")
    except ValidationError:
        said = (
            f'the header UCP-Agent has no profile (got {header[:80]!r}); send: profile="https://platform.example/ucp"'
        )
        raise _InvalidAgent(said) from None


async def _body(request: Request) -> object:
    """The request's JSON; without a language of its own, in the one that the header asks for."""
    sent = await received(request, _MOST_BYTES, DataError(f"the body is larger than {_MOST_BYTES} bytes"))
    try:
        body = from_json(sent)
    except ValueError as error:
        raise DataError(f"the body is no JSON: {error}") from error
    spoken = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    if isinstance(body, dict) and isinstance(context := body.setdefault("context", {}), dict) and spoken:
        context.setdefault("language", spoken[:40])
    return body


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")

"""The MCP server over HTTP, at /mcp.

In: an application, the agent, and who may call. Out: the application with that route. A request without a key or token
that is known is answered before the SDK sees it; whoever is known may list all tools, and run those that their scopes
allow. No session is kept, so that any process of the shop may answer any request.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from agent.shopkeeper import Shopkeeper
from errors import Busy, Forbidden, ShopkeeperError, Unauthenticated
from ui.access.request import address_of
from ui.mcp.server import mcp_server
from ui.ucp.call import Access, Call

PATH = "/mcp"
_CALLER = "shopkeeper.caller"  # key of the ASGI scope
_NOT_ALLOWED = -32000
_MOST_BYTES = 256_000


def add_mcp(app: FastAPI, shopkeeper: Shopkeeper, access: Access) -> None:
    """Serve the shop's tools while the application runs."""
    endpoint = _Endpoint(shopkeeper, access)
    app.router.routes.append(Route(PATH, endpoint=endpoint))
    before = app.router.lifespan_context

    @asynccontextmanager
    async def running(on: Any) -> AsyncIterator[Any]:
        async with endpoint.running(), before(on) as state:
            yield state

    app.router.lifespan_context = running


class _Endpoint:
    """An ASGI application."""

    def __init__(self, shopkeeper: Shopkeeper, access: Access) -> None:
        self._shopkeeper, self._access = shopkeeper, access
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the application's start to its end."""
        server = mcp_server(self._shopkeeper, self._call_of)
        self._manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=_MOST_BYTES
        )
        async with self._manager.run():
            yield
        self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Who calls, then the SDK."""
        assert self._manager is not None, "the application has not been started"
        request = Request(scope)
        address = address_of(request)
        try:
            caller = await run_in_threadpool(self._access.caller, request.headers.get("authorization"), address)
        except ShopkeeperError as error:
            await _refusal(error)(scope, receive, send)
            return
        await self._manager.handle_request({**_accepting(scope), _CALLER: caller}, receive, send)

    def _call_of(self, context: ServerRequestContext[Any, Any]) -> Call:
        request = context.request
        assert isinstance(request, Request)
        return Call(self._shopkeeper, request.scope[_CALLER], str(request.base_url).rstrip("/"))


def _accepting(scope: Scope) -> Scope:
    """A client that names no media types takes any, as in HTTP; platforms of UCP do so."""
    headers = scope["headers"]
    if any(name == b"accept" for name, _ in headers):
        return scope
    return {**scope, "headers": [*headers, (b"accept", b"*/*")]}


def _refusal(error: ShopkeeperError) -> Response:
    """JSON-RPC's form, since an MCP client reads it."""
    if isinstance(error, Busy):
        seconds = max(1, round(error.seconds))
        return _told(429, str(error), {"retry-after": str(seconds)}, {"data": {"retry_after": seconds}})
    if isinstance(error, Unauthenticated):
        return _told(401, str(error), {"www-authenticate": 'Bearer realm="shopkeeper"'})
    if isinstance(error, Forbidden):
        return _told(403, str(error))
    return _told(503, "the shop could not do this now; try again")


def _told(
    status: int, message: str, headers: dict[str, str] | None = None, more: dict[str, Any] | None = None
) -> Response:
    error = {"code": _NOT_ALLOWED, "message": message} | (more or {})
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status, headers)

"""The MCP server of a shop, whatever carries it: lists its tools and runs them.

In: the agent, and who each request comes from. Out: the SDK's server, which speaks revision 2026-07-28 (every request
by itself) and those with a handshake before it. Errors: of who may not, and of arguments that cannot be, JSON-RPC
errors with UCP's codes; what the shop does not have or refuses is a result that says so. Turns run in threads.
"""

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from agent.shopkeeper import Shopkeeper
from errors import (
    Busy,
    DataError,
    Forbidden,
    NotFound,
    Refused,
    ShopkeeperError,
    Unauthenticated,
    choices,
    first_mistake,
)
from ui.mcp.ask import CONFIRM, Answer, answer
from ui.mcp.tools import ASK_SHOPKEEPER, INSTRUCTIONS, TOOLS
from ui.ucp.call import Call
from ui.ucp.envelope import Json

VERSION = "1.0.0"
_NOT_ALLOWED = -32000  # of UCP: nobody known, not allowed, too many requests
_WRONG_AGENT = -32001  # of UCP: the platform's profile
_FRESH = CacheHint(ttl_ms=300_000, scope="public")  # the tools are the same for everybody
_LATER = "the shop could not do this now; try again"
log = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]
Result = types.CallToolResult | types.InputRequiredResult
CallOf = Callable[[Context], Call]


def mcp_server(shopkeeper: Shopkeeper, call_of: CallOf) -> Server[Any]:
    """The server; `call_of` tells who a request comes from."""
    tools = {tool.name: tool for tool in TOOLS}

    async def list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.told(shopkeeper.services) for tool in TOOLS])

    async def call_tool(context: Context, asked: types.CallToolRequestParams) -> Result:
        if asked.name not in tools:
            raise MCPError(types.INVALID_PARAMS, f"no tool {asked.name[:60]!r}; there are {choices(tools)}")
        tool = tools[asked.name]
        try:
            arguments = tool.arguments.model_validate(asked.arguments or {})
        except ValidationError as error:
            raise _unreadable(error) from None
        call = call_of(context)
        call = Call(call.shopkeeper, call.caller, call.origin, getattr(arguments, "customer", None))
        work = partial(tool.run, call, arguments)
        if asked.name == ASK_SHOPKEEPER and asked.request_state is not None:
            work = partial(answer, call, asked.request_state, (asked.input_responses or {}).get(CONFIRM))
        try:
            told = await anyio.to_thread.run_sync(work)
        except ShopkeeperError as error:
            return _refused(error)
        if isinstance(told, Answer):
            return (told.to_confirm() if _can_ask(context) else None) or _result(told.body)
        return _result(told)

    return Server(
        "shopkeeper",
        version=VERSION,
        title=shopkeeper.services.shop.name,
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": _FRESH, "server/discover": _FRESH},
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _can_ask(context: Context) -> bool:
    """Whether the client can ask its customer in the middle of a call."""
    wanted = types.ClientCapabilities(elicitation=types.ElicitationCapability())
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS and context.session.check_client_capability(wanted)


def _result(body: Json, is_error: bool = False) -> types.CallToolResult:
    """The same as data and as text."""
    text = types.TextContent(text=json.dumps(body, ensure_ascii=False))
    return types.CallToolResult(content=[text], structured_content=body, is_error=is_error)


def _refused(error: ShopkeeperError) -> types.CallToolResult:
    """What a model can read and mend is a result, what its program must mend an error."""
    match error:
        case Busy():
            raise MCPError(_NOT_ALLOWED, str(error), {"retry_after": max(1, round(error.seconds))})
        case Forbidden() | Unauthenticated():
            raise MCPError(_NOT_ALLOWED, str(error), {"code": "insufficient_scope"})
        case DataError():
            raise MCPError(types.INVALID_PARAMS, str(error))
        case NotFound() | Refused():
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)
        case _:  # where the database is, or the model, concerns nobody outside
            log.error("a tool failed", exc_info=error)
            return types.CallToolResult(content=[types.TextContent(text=_LATER)], is_error=True)


def _unreadable(error: ValidationError) -> MCPError:
    """Names what is wrong, and not what was sent: that may be what somebody said."""
    is_agent = error.errors()[0]["loc"][:1] == ("meta",)
    said = first_mistake(error, whole="the arguments", got=False)
    data = {"code": "invalid_profile_url"} if is_agent else None
    return MCPError(_WRONG_AGENT if is_agent else types.INVALID_PARAMS, said, data)

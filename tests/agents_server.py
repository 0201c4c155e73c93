"""A shop that other agents reach: MCP and UCP on a real server, and a few callers whom it knows.

In: an agent. Out: the server's address; MCP clients of both protocol years over HTTP and standard input and output. Who
calls is told by a table here, in place of keys and tokens.
"""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestParams, ElicitResult

from agent.shopkeeper import Shopkeeper
from errors import Busy, Unauthenticated
from tests.http_server import running
from ui.access.caller import OWN, Caller, Kind, Scope
from ui.mcp.http import PATH, add_mcp
from ui.ucp.rest import add_ucp

ROOT = Path(__file__).resolve().parent.parent
YEARS = ("legacy", "2026-07-28")
VISITOR = "visitor-" + "a" * 32
OTHER = "visitor-" + "b" * 32
ALL = frozenset(Scope)
AGENT = {"ucp-agent": {"profile": "https://platform.example/ucp.json"}}
UCP_AGENT = {"ucp-agent": 'profile="https://platform.example/ucp.json"'}
CALLERS = {
    "all": Caller(Kind.KEY, "all", ALL),
    "chat": Caller(Kind.KEY, "chat", frozenset({Scope.CHAT})),
    "search": Caller(Kind.KEY, "search", frozenset({Scope.SEARCH})),
    "none": Caller(Kind.KEY, "none", frozenset()),
    "visitor": Caller(Kind.VISITOR, VISITOR, OWN),
    "other": Caller(Kind.VISITOR, OTHER, OWN),
    "C1002": Caller(Kind.CUSTOMER, "C1002", OWN),
    "C1003": Caller(Kind.CUSTOMER, "C1003", OWN),
}


class KnownCallers:
    """Knows the callers of the table."""

    def caller(self, authorization: str | None, address: str) -> Caller:
        """By the token itself."""
        token = (authorization or "").removeprefix("Bearer ")
        if token == "busy":
            raise Busy("too many requests", 7)
        if token not in CALLERS:
            raise Unauthenticated("send a key or a token")
        return CALLERS[token]


@contextmanager
def served(shopkeeper: Shopkeeper) -> Iterator[str]:
    """The address of the shop's server."""
    app, access = FastAPI(), KnownCallers()
    add_mcp(app, shopkeeper, access)
    add_ucp(app, shopkeeper, access, PATH)
    with running(app) as address:
        yield address


class Asked:
    """The customer of an MCP client: what they were asked, and how they answer (None: nobody can ask them)."""

    def __init__(self, action: Any = None, content: dict[str, Any] | None = None) -> None:
        self.action, self.content, self.questions = action, content, list[str]()

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        """As the SDK calls it."""
        self.questions.append(params.message)
        return ElicitResult(action=self.action, content=self.content)


@asynccontextmanager
async def over_http(address: str, token: str, year: str, customer: Asked | None = None) -> AsyncIterator[Client]:
    """An MCP client with this token."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(address + PATH, http_client=http)
        async with Client(transport, mode=year, elicitation_callback=customer) as client:
            yield client


def over_stdio(state: Path, customer: str, script: list[Any]) -> StdioServerParameters:
    """How a client starts the server in a process of its own; the model says what the script has."""
    arguments = ["-m", "tests.mcp_stdio", str(state), customer, json.dumps(script)]
    return StdioServerParameters(command=sys.executable, args=arguments, cwd=ROOT)

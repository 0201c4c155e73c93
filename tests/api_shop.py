"""The API of a shop for tests: a real server, and callers whom it knows.

In: an agent. Out: a client of its server; keys and tokens of those who call it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from profiles.events.keys import Keys
from profiles.shop.imports import open_intake
from tests.agent_shop import small_shop
from tests.http_server import running
from ui.access.access import Access, open_access
from ui.access.caller import Scope
from ui.access.limits import Limits, Rates
from ui.access.sessions import VisitorToken
from ui.api.turns import Turns
from ui.server import Site, application

ALL = frozenset(Scope)
CUSTOMERS = ("C1001", "C1002", "C1003", "C1004")


@dataclass(frozen=True, slots=True)
class Callers:
    """Gives keys and tokens to whoever calls; nobody calls too often."""

    access: Access

    @classmethod
    def of(cls, services: Services) -> "Callers":
        shop = services.shop.root
        access = open_access(shop, shop.parent / "state", services.profiles, {})
        return cls(replace(access, limits=Limits(Rates(*[100_000] * 5))))

    def visitor(self) -> VisitorToken:
        """Somebody new."""
        return self.access.visitor("")

    def customer(self, name: str) -> dict[str, str]:
        """Headers of a customer who has signed in."""
        return bearing(self.access.sessions.customer(name).token)

    def key(self, *scopes: Scope) -> dict[str, str]:
        """Headers of a machine; without scopes it has all."""
        return bearing(self.access.keys.create("desk", scopes or ALL).secret)


class GatedModel(ScriptedModel):
    """Says a first sentence, and goes on when its gate is opened."""

    gate: Any = Field(default_factory=threading.Event)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="Let me see. "))
        yield ChatGenerationChunk(message=AIMessageChunk(content="One "))
        self.gate.wait(20)
        yield ChatGenerationChunk(message=AIMessageChunk(content="moment. "))
        yield ChatGenerationChunk(message=AIMessageChunk(content="Here it is.", chunk_position="last"))


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def small_services(folder: Path) -> Services:
    """The demo shop with few products and customers, opened fast."""
    return open_services(load_shop(small_shop(folder, CUSTOMERS)), folder / "state")


def api(shopkeeper: Shopkeeper, callers: Callers) -> FastAPI:
    """The routes of an agent's shop."""
    services = shopkeeper.services
    return application(
        Site(shopkeeper, open_intake(services.shop.root, services.profiles), Keys(), callers.access, Turns(shopkeeper))
    )


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of a real server."""
    with running(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client

"""The demo shop's agent behind chat completions, for tests: a real server, and the clients that people use.

In: an agent. Out: the address of its routes. Who calls is told by words in place of keys (`KEYS`): these tests are
not about keys.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openai
from fastapi import FastAPI
from starlette.requests import Request

from agent.models.scripted import ScriptedModel
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from errors import Busy, Unauthenticated
from tests.agent_shop import keeper, small_shop
from tests.http_server import running
from ui.access.caller import OWN, Caller, Kind, Scope
from ui.api.completions import completion_routes
from ui.api.turns import Turns

CUSTOMER, OTHER = "C1004", "C1002"
KEYS = {
    "shop": Caller(Kind.KEY, "shop", frozenset({Scope.CHAT, Scope.ORDERS})),
    "chat": Caller(Kind.KEY, "chat", frozenset({Scope.CHAT})),
    "search": Caller(Kind.KEY, "search", frozenset({Scope.SEARCH})),
    "customer": Caller(Kind.CUSTOMER, OTHER, OWN),
}
Said = list[dict[str, Any]]


def caller(request: Request) -> Caller:
    """Whom the word stands for."""
    word = request.headers.get("authorization", "").removeprefix("Bearer ")
    if word == "busy":
        raise Busy("too many requests; ask again in 7 seconds", 6.2)
    if word not in KEYS:
        raise Unauthenticated("there is no such key")
    return KEYS[word]


@cache
def _shop() -> TemporaryDirectory[str]:
    """The demo shop with twenty of its products, and its state as it is at first; removed when the process ends."""
    made = TemporaryDirectory()
    shop = load_shop(small_shop(Path(made.name), (CUSTOMER, OTHER)))
    open_services(shop, shop.default_state).profiles.engine.dispose()
    return made


@contextmanager
def agent(folder: Path, model: ScriptedModel) -> Iterator[Shopkeeper]:
    """The agent of a shop that nobody has talked to yet."""
    shop = load_shop(shutil.copytree(_shop().name, folder / "made") / "shop")
    services = open_services(shop, shop.default_state)
    with keeper(services, model) as opened:
        yield opened
    services.profiles.engine.dispose()


@contextmanager
def serving(shopkeeper: Shopkeeper) -> Iterator[str]:
    """The base URL for a client."""
    app = FastAPI()
    app.include_router(completion_routes(shopkeeper, Turns(shopkeeper), caller))
    with running(app, lifespan="off") as address:
        yield f"{address}/v1"


def client(url: str, key: str = "shop", **more: Any) -> openai.OpenAI:
    """OpenAI's own, which tells of an error at once."""
    return openai.OpenAI(base_url=url, api_key=key, **({"max_retries": 0, "timeout": 60} | more))


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}

"""Everything of one shop from one process: the HTTP API, and behind it the page.

In: a `Site`, and the page's blocks. Out: an ASGI application, and a server that ends what it has begun before it ends.
Errors: `ConfigError` for an address that cannot be listened on.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from agent.shopkeeper import Shopkeeper
from errors import ConfigError
from profiles.events.intake import EventIntake
from profiles.events.keys import Keys
from ui.access.access import Access
from ui.access.request import authenticated
from ui.access.web import Web
from ui.api import answers, carts, consultations, handoffs, health, orders, products, profiles, visitors
from ui.api.completions import completion_routes
from ui.api.openapi import publish
from ui.api.problems import handle_errors
from ui.api.sign_in import sign_in_routes
from ui.api.turns import Turns
from ui.api.unknown import refuse_unknown
from ui.events import EventRoutes
from ui.guard import Guard
from ui.mcp.http import PATH as MCP
from ui.mcp.http import add_mcp
from ui.storefront import routes as storefront
from ui.ucp.rest import add_ucp
from ui.widget import routes as widget

VERSION = "1.0.0"  # of the API; what is renamed keeps its old name beside the new one
_GRACE = 20  # seconds that turns which run have to end
_PAGE = Path(__file__).parent / "page"
_FONTS = (
    "ui-sans-serif",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Microsoft YaHei",
    "sans-serif",
)
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

_NOUNS = (visitors, consultations, profiles, products, answers, carts, orders, handoffs, health)


@dataclass(frozen=True, slots=True)
class Site:
    """What the routes of one shop work with. `event_keys`: who may send events; `access`: who calls all else.

    `turns`: those that run in this process, by whatever route.
    """

    shopkeeper: Shopkeeper
    intake: EventIntake
    event_keys: Keys
    access: Access
    turns: Turns


def application(site: Site) -> FastAPI:
    """The shop's routes, without the page."""
    shop = site.shopkeeper.services.shop
    app = FastAPI(title=f"{shop.name}: Shopkeeper", version=VERSION, docs_url=None, redoc_url=None)
    for noun in _NOUNS:
        app.include_router(noun.routes(site))
    app.include_router(sign_in_routes(site.access, site.intake, shop))
    app.include_router(completion_routes(site.shopkeeper, site.turns, authenticated(site.access)))
    add_mcp(app, site.shopkeeper, site.access)
    add_ucp(app, site.shopkeeper, site.access, MCP)
    app.include_router(widget.routes(site))
    app.include_router(storefront.routes(site))
    handle_errors(app)
    publish(app)
    refuse_unknown(app)  # behind all other routes
    app.add_middleware(EventRoutes, site.intake, site.event_keys)
    app.add_middleware(Guard, framed_by=site.access.web.origins)
    opened_to(app, site.access.web)
    return app


def opened_to(app: FastAPI, web: Web) -> None:
    """Pages of these origins may call, and what these proxies say of a request's address is believed."""
    if web.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=web.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=["*"],
            max_age=600,
        )
    if web.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(web.trusted_proxies))


def with_page(app: FastAPI, blocks: gr.Blocks) -> FastAPI:
    """The same with the page at `/`, behind all other routes."""
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        theme=_theme(),
        css_paths=[_PAGE / "page.css"],
        js=(_PAGE / "page.js").read_text(encoding="utf-8"),
        app_kwargs={"docs_url": None, "redoc_url": None},
    )
    return app


def serve(app: Any, host: str, port: int, is_ready: Callable[[], None]) -> None:
    """Until the process is told to end; then requests that run are answered first. `is_ready` is called once."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE, proxy_headers=False
    )
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise ConfigError(f"cannot serve on {host}:{port}: {error}; choose another --host or --port") from error
    with listening:
        _Server(config, is_ready).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, is_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._is_ready = is_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the library does it."""
        await super().startup(sockets)
        self._is_ready()


def _theme() -> Any:
    """Fonts of the reader's own system: a named font would be fetched."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.emerald,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=_FONTS,
        font_mono=_MONO,
    )

"""The widget over HTTP: its script, the panel that the script loads, and the panel's words.

In: a shop's site. Out: routes that any page may load from, since nothing of a customer is in what they answer.
Errors: none.
"""

from hashlib import sha256
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from ui.server import Site
from ui.widget.bundle import Script, launcher, panel
from ui.widget.texts import launcher_labels, texts

_HEADERS = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300", "vary": "accept-encoding"}


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = APIRouter(include_in_schema=False)
    scripts = {"/widget.js": launcher(launcher_labels()), "/widget/panel.js": panel()}

    @router.get("/widget.js")
    @router.get("/widget/panel.js")
    def script(request: Request) -> Response:
        return _answer(request, scripts[request.scope["route"].path])

    @router.get("/widget/texts/{language}.json")
    def words(language: str) -> Response:
        services = site.shopkeeper.services
        return JSONResponse(texts(services.shop, services.schema, language), headers=_HEADERS)

    return router


def _answer(request: Request, script: Script) -> Response:
    """The script, packed for who takes it so; nothing for who has it."""
    etag = f'"{sha256(script.packed).hexdigest()[:20]}"'
    headers = _HEADERS | {"etag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(script.text, headers=headers, media_type="text/javascript")
    return Response(script.packed, headers=headers | {"content-encoding": "gzip"}, media_type="text/javascript")

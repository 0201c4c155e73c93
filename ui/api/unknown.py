"""What is no route of the API: said as a problem, instead of shown as the page.

In: the application with all its routes, which this comes behind. Out: 404, or 405 with the methods that there are.
Errors: none.
"""

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from ui.api.router import PREFIX


def refuse_unknown(app: FastAPI) -> None:
    """The page answers all that no route does; under /v1 it is nobody's."""
    app.mount(PREFIX, _Unknown(app))


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Answers whatever comes by any method."""

    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = Request(scope).url.path
        known = (one for one in iter_route_contexts(self.app.routes) if one.methods and one.path_regex.fullmatch(path))
        if methods := sorted({method for one in known for method in one.methods or ()}):
            allowed = ", ".join(methods)
            raise HTTPException(405, f"{scope['method']} is not for {path}; there is {allowed}", {"allow": allowed})
        raise HTTPException(404, f"there is no {path}; /openapi.json has all that there is")

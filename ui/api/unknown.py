"""What is no route of the API: said as a problem, instead of shown as the page.

In: the application with all its routes, which this comes behind. Out: 404, or 405 with the methods that there are.
Errors: none.
"""

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ui.api.router import PREFIX

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")


def refuse_unknown(app: FastAPI) -> None:
    """The page answers all that no route does; under /v1 it is nobody's."""
    routes = list(iter_route_contexts(app.routes))

    @app.api_route(f"{PREFIX}/{{rest:path}}", methods=list(_METHODS), include_in_schema=False)
    def unknown(request: Request) -> Response:
        path = request.url.path
        there = [one for one in routes if one.path_regex and one.path_regex.fullmatch(path)]
        if methods := sorted({method for one in there for method in one.methods or ()}):
            allowed = ", ".join(methods)
            raise HTTPException(405, f"{request.method} is not for {path}; there is {allowed}", {"allow": allowed})
        raise HTTPException(404, f"there is no {path}; /openapi.json has all that there is")

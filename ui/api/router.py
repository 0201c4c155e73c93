"""What all routes of the API have in common: prefix, security scheme, documented problems, and the ids in their paths.

In: a group's name. Out: an `APIRouter` under /v1. Errors: none.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from ui.api.problems import documented

PREFIX = "/v1"
MOST_BYTES = 100_000  # of a body: a message of the most characters that a shop may allow is far shorter
_LINE = r"^[^\x00-\x1f\x7f]+$"
BEARER = HTTPBearer(
    scheme_name="bearer",
    description="A key of the shop's (`python -m ui keys create`), a customer's token, or that of POST /v1/visitors.",
    auto_error=False,  # who asks is found out by `ui.access`: this says so to whoever reads the schema
)

CustomerId = Annotated[
    str, Path(max_length=100, pattern=_LINE, description="A customer's id, or a visitor's.", examples=["C1002"])
]
ConsultationId = Annotated[
    str,
    Path(
        max_length=140,
        pattern=_LINE,
        description="As POST /v1/consultations gave it.",
        examples=["C1002.0123456789abcdef0123456789abcdef"],
    ),
]
Sku = Annotated[
    str, Path(max_length=100, pattern=_LINE, description="Of a product or a variant.", examples=["JKT-1001-NVY-M"])
]
RecordId = Annotated[
    str, Path(max_length=100, pattern=_LINE, description="As the list shows it.", examples=["AP-10734"])
]


def group(tag: str, **more: Any) -> APIRouter:
    """The routes of one noun, for those who show a key or a token."""
    return APIRouter(
        prefix=PREFIX,
        tags=[tag],
        dependencies=[Security(BEARER)],
        responses=documented(400, 401, 403, 413, 422, 429, 503),
        generate_unique_id_function=_operation,
        max_body_size=MOST_BYTES,
        **more,
    )


def open_group(tag: str, prefix: str = "", *problems: int) -> APIRouter:
    """The same for everybody."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        responses=documented(*problems),
        generate_unique_id_function=_operation,
        max_body_size=MOST_BYTES,
    )


def _operation(route: APIRoute) -> str:
    """The function's name: what a generated client calls it."""
    return route.name

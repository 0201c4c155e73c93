"""The route by which a browser gets to be somebody: nothing in, a visitor and their token out.

Errors: `Busy` for an address that asks too often.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ui.access.request import address_of
from ui.api.router import PREFIX, open_group

if TYPE_CHECKING:
    from ui.server import Site


class Visitor(BaseModel):
    """Somebody of whom only the browser is known."""

    visitor: str = Field(examples=["visitor-0123456789abcdef0123456789abcdef"])
    token: str = Field(description="Show it as `Authorization: Bearer …`; whoever has it is this visitor.")
    expires_at: datetime


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = open_group("Visitors", PREFIX, 429)

    @router.post("/visitors", response_model=Visitor, status_code=201, summary="Become a visitor")
    def make_visitor(request: Request) -> Visitor:
        """A new visitor, for a browser that has no token yet. They may chat, search and see what is known of them.

        It takes no Idempotency-Key: a token is never kept, and a visitor who says nothing leaves nothing.
        """
        made = site.access.visitor(address_of(request))
        return Visitor(visitor=made.visitor, token=made.token, expires_at=made.expires_at)

    return router

"""Routes for whoever watches the server: whether it runs, and whether it can answer customers.

In: nothing. Out: "ok", or a problem. Errors: `StorageError` while the database does not answer.
"""

from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from profiles.storage.database import reading
from ui.api.router import open_group

if TYPE_CHECKING:
    from ui.server import Site


class Health(BaseModel):
    """How it is."""

    status: Literal["ok"]


_OK = Health(status="ok")


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = open_group("Health", "", 503)

    @router.get("/healthz", response_model=Health, summary="Whether the server runs")
    async def is_alive() -> Health:
        """It runs, and its requests get through. A server that does not answer is to be started again."""
        return _OK

    @router.get("/readyz", response_model=Health, summary="Whether customers can be answered")
    def is_ready() -> Health:
        """The shop is open, and its database answers. While it does not, send no customers here."""
        with reading(site.shopkeeper.services.profiles.engine) as connection:
            connection.execute(select(1))
        return _OK

    return router

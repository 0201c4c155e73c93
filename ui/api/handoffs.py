"""Routes for the people who take over: who waits for them, and giving a consultation back to the agent.

In: a member of staff's key. Out: consultations that wait, with a summary each. Who listed and who closed is a line in
the audit. Errors: `NotFound` for an id that is not open.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from agent.handoff import Handoff
from profiles.privacy.audit import Act, Audit
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api.idempotency import Keyed, keyed
from ui.api.problems import documented
from ui.api.router import RecordId, group
from ui.api.who import name_of, note

if TYPE_CHECKING:
    from ui.server import Site


class WaitingCustomer(BaseModel):
    """A consultation that waits for a person, or is given back."""

    id: str
    since: datetime
    customer: str
    consultation: str
    reason: str
    summary: str = Field(description="What the person must know: the newest messages, the profile, what is proposed.")


class WaitingCustomers(BaseModel):
    """All that wait, the longest first."""

    handoffs: list[WaitingCustomer]


class Closing(BaseModel):
    """What was done."""

    model_config = ConfigDict(extra="forbid")
    note: str = Field(default="", max_length=2000, pattern=r"^[^\x00]*$", description="Kept with it, for staff alone.")


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = group("Handoffs")
    services = site.shopkeeper.services
    handoffs, store = services.handoffs, services.profiles
    asking, key = Depends(authenticated(site.access)), Depends(keyed(store))

    @router.get("/handoffs", response_model=WaitingCustomers, summary="List who waits for a person")
    def list_handoffs(caller: Annotated[Caller, asking]) -> WaitingCustomers:
        """Every consultation that was handed over and not given back, the longest wait first."""
        caller.needs(Scope.STAFF)
        waiting = handoffs.waiting()
        customers = sorted({one.customer for one in waiting})
        Audit(store.engine).note_all(customers, Act.READ, name_of(caller), detail="api handoffs")
        return WaitingCustomers(handoffs=[_shown(one) for one in waiting])

    @router.post(
        "/handoffs/{handoff}/close",
        response_model=WaitingCustomer,
        responses=documented(404, 409),
        summary="Give a consultation back",
    )
    def close_handoff(
        handoff: RecordId,
        caller: Annotated[Caller, asking],
        key: Annotated[Keyed, key],
        closing: Closing | None = None,
    ) -> Response:
        """The agent answers again, and its next reply tells the customer so."""
        caller.needs(Scope.STAFF)

        def act() -> WaitingCustomer:
            closed = handoffs.close(handoff, closing.note if closing else "")
            note(store, caller, closed.customer, Act.CHANGED, f"handoff {closed.id} closed")
            return _shown(closed)

        waiting = {one.id: one.customer for one in handoffs.waiting()}
        return key.once(caller, waiting.get(handoff, ""), act)

    return router


def _shown(handoff: Handoff) -> WaitingCustomer:
    return WaitingCustomer.model_validate(handoff.to_json())

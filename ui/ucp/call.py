"""Who asks the shop for something by UCP or MCP, and for whom.

In: the agent, and a caller. Out: the customer or visitor that is meant. A key that names nobody acts for a visitor whom
nobody has met yet. Errors: `Forbidden`, and `NotFound` for whom the shop does not know; no message names anybody else.
"""

from dataclasses import dataclass
from typing import Protocol

from agent.context import Services
from agent.known import known
from agent.shopkeeper import Shopkeeper
from errors import NotFound
from profiles.privacy.audit import Act, Audit
from ui.access.caller import Caller, Scope
from ui.session import began_by, new_visitor


class Access(Protocol):
    """Who may call."""

    def caller(self, authorization: str | None, address: str) -> Caller:
        """Who a request comes from. Errors: `Unauthenticated`, `Forbidden`, `Busy`."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `origin`: the address under which it reached the shop; "" where there is none.

    `customer`: whom a key names.
    """

    shopkeeper: Shopkeeper
    caller: Caller
    origin: str = ""
    customer: str | None = None

    @property
    def services(self) -> Services:
        """What the shop works with, as its files are now."""
        return self.shopkeeper.services

    def acting_for(self, *scopes: Scope) -> str:
        """The customer or visitor that the request is for."""
        return known(self.services.profiles, self.caller.acts_for(self.customer, scopes))

    def acting_for_anybody(self, *scopes: Scope) -> str:
        """The same, a new visitor where a key names nobody."""
        if self.customer is None and not self.caller.is_person:
            self.caller.needs(*scopes)
            return new_visitor()
        return self.acting_for(*scopes)

    def may_act_for(self, holder: str, *scopes: Scope) -> str:
        """Whoever holds a thing that was named by its id, if the caller may have it. Somebody else's is none."""
        owner = self.services.profiles.owner(holder)
        if owner != (self.caller.id if self.caller.is_person else self.customer or owner):
            raise NotFound("there is none of that id")
        return known(self.services.profiles, self.caller.acts_for(owner, scopes))

    def owner_of(self, consultation: str, *scopes: Scope) -> str:
        """Whose a consultation is: its id begins with whoever began it."""
        self.caller.needs(*scopes)
        began = began_by(consultation)
        try:
            if began:
                return self.may_act_for(began, *scopes)
        except NotFound:
            pass
        raise NotFound(f"you have no consultation {consultation[:80]!r}")

    def note(self, customer: str, detail: str) -> None:
        """That somebody else has read of a customer is a line in the audit."""
        if not self.caller.is_person:
            Audit(self.services.profiles.engine).note(customer, Act.READ, f"key {self.caller.id}", detail=detail)

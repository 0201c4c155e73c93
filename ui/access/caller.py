"""Who a request comes from, and what it may do.

In: what `Access` found out of a key or a token. Out: `Caller`, which says for whom it may act. Errors: `Forbidden`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from agent.context import is_visitor
from errors import Forbidden, choices


class Scope(StrEnum):
    """What a caller may do. Visitors and customers have the first four, for themselves alone."""

    CHAT = "chat"
    SEARCH = "search"
    PROFILES = "profiles"
    ORDERS = "orders"
    EVENTS = "events"
    STAFF = "staff"


OWN = frozenset({Scope.CHAT, Scope.SEARCH, Scope.PROFILES, Scope.ORDERS})  # of people, who act for themselves


class Kind(StrEnum):
    """A person of whom only the browser is known, one whom the shop signed in, and a machine or member of staff."""

    VISITOR = "visitor"
    CUSTOMER = "customer"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Caller:
    """`id`: of the visitor, the customer or the key."""

    kind: Kind
    id: str
    scopes: frozenset[Scope]

    @property
    def is_person(self) -> bool:
        """Somebody who acts for themselves alone."""
        return self.kind is not Kind.KEY

    def needs(self, *scopes: Scope) -> None:
        """Raises Forbidden unless it has all of these."""
        if missing := [scope for scope in scopes if scope not in self.scopes]:
            raise Forbidden(f"this needs the scope {missing[0]}; the caller has {choices(self.scopes) or 'none'}")

    def acts_for(self, named: str | None, scopes: Collection[Scope]) -> str:
        """The customer or visitor that the request is for: oneself, or whom a key with these scopes names.

        A key without the scope `orders` acts for visitors alone: who talks as a customer can see their orders.
        """
        self.needs(*scopes)
        if self.is_person:
            if named not in (None, self.id):
                raise Forbidden(f"{named!r} is not the caller, who may act for nobody else")
            return self.id
        if named is None:
            raise Forbidden("name the customer: a key acts for nobody by itself")
        if not is_visitor(named):
            self.needs(Scope.ORDERS)
        return named

"""Whom a request is about, and who is written down as having asked: a caller and an id in, a customer out.

Errors: `Forbidden`, and `NotFound` for somebody whom the shop does not know. No message names anybody else.
"""

from agent.context import is_visitor
from agent.known import known
from agent.shopkeeper import Shopkeeper
from errors import NotFound
from profiles.privacy.audit import Act, Audit
from profiles.store import ProfileStore
from ui.access.caller import Caller, Scope
from ui.session import began_by


def customer_of(shopkeeper: Shopkeeper, caller: Caller, named: str | None, *scopes: Scope) -> str:
    """The customer or visitor whom the caller asks for, if there is one.

    Of a visitor nothing need be known yet.
    """
    return known(shopkeeper.services.profiles, caller.acts_for(named, scopes))


def owner_of(shopkeeper: Shopkeeper, caller: Caller, consultation: str, *scopes: Scope) -> str:
    """Whose a consultation is, by its id, if the caller may open it. Somebody else's is none."""
    caller.needs(*scopes)
    began = began_by(consultation)
    owner = shopkeeper.services.profiles.owner(began) if began else ""
    if not owner or (caller.is_person and owner != caller.id):
        raise NotFound(f"you have no consultation {consultation!r}")
    return customer_of(shopkeeper, caller, owner, *scopes)


def name_of(caller: Caller) -> str:
    """As the audit has them."""
    return f"key {caller.id}" if not caller.is_person else caller.kind.value


def note(store: ProfileStore, caller: Caller, customer: str, act: Act, detail: str) -> None:
    """A line in the audit; of a visitor who looks at themselves there is nobody to account to."""
    if not (caller.is_person and is_visitor(customer)):
        Audit(store.engine).note(customer, act, name_of(caller), detail=detail)

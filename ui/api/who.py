"""Whom a request is about, and who is written down as having asked: a caller and an id in, a customer out.

Errors: `Forbidden`, and `NotFound` for somebody whom the shop does not know. No message names anybody else.
"""

import re

from agent.context import is_visitor
from agent.shopkeeper import Shopkeeper
from errors import NotFound
from profiles.privacy.audit import Act, Audit
from profiles.store import ProfileStore
from ui.access.caller import Caller, Scope

_CONSULTATION = re.compile(r"(.{1,100})\.[0-9a-f]{32}")


def customer_of(shopkeeper: Shopkeeper, caller: Caller, named: str | None, *scopes: Scope) -> str:
    """The customer or visitor whom the caller asks for, if there is one.

    Of a visitor nothing need be known yet. `Shopkeeper.known` would name some customers in its message.
    """
    customer = caller.acts_for(named, scopes)
    store = shopkeeper.services.profiles
    if store.erased_among([customer]):
        raise NotFound(f"customer {customer!r} was erased")
    if not is_visitor(customer) and not store.has(customer):
        raise NotFound(f"no customer {customer!r}")
    if is_visitor(customer) and store.owner(customer) != customer:
        raise NotFound(f"visitor {customer!r} has signed in since")
    return customer


def owner_of(shopkeeper: Shopkeeper, caller: Caller, consultation: str, *scopes: Scope) -> str:
    """Whose a consultation is, by its id, if the caller may open it. Somebody else's is none."""
    caller.needs(*scopes)
    began = _CONSULTATION.fullmatch(consultation)
    owner = shopkeeper.services.profiles.owner(began[1]) if began else ""
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

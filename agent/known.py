"""Whether somebody may be served by the id that they come with: a store and the id in, the id out.

Errors: `NotFound`.
"""

from agent.context import VISITOR, is_visitor
from errors import NotFound
from profiles.store import ProfileStore


def known(profiles: ProfileStore, customer: str, *, names_others: bool = False) -> str:
    """The id, if there is such a customer (or it is a visitor's), not erased.

    Who has signed in since is a visitor no more: what is known under that id is the customer's. `names_others`: the
    error for an unknown id names some that there are, which is for whoever runs the shop.
    """
    if profiles.erased_among([customer]):
        raise NotFound(f"customer {customer!r} was erased")
    if is_visitor(customer) and profiles.owner(customer) != customer:
        raise NotFound(f"visitor {customer!r} has signed in since")
    if not is_visitor(customer) and not profiles.has(customer):
        if names_others:
            raise profiles.not_found(customer, hidden=VISITOR)
        raise NotFound(f"no customer {customer!r}")
    return customer

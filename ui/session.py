"""Who speaks in a browser, in which consultation, and what of it the browser may keep.

In: what a browser kept (untrusted) and the customers that the shop knows. Out: a `Session`. A
consultation's id begins with the id of whoever began it and ends in 128 random bits: it opens for that
customer only, or the one that a visitor turned out to be, and cannot be guessed. A visitor's id is as
random, and is never listed.
"""

import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.context import VISITOR, is_visitor

_CONSULTATION = re.compile(r"([^\x00-\x1f\x7f]{1,100})\.[0-9a-f]{32}")
VISITOR_CHOICE = "visitor"  # the value of the list's first entry, whoever the visitor is


@dataclass(frozen=True, slots=True)
class Session:
    """`visitor` is this browser's own visitor id; `customer` is it too, unless a customer was picked."""

    visitor: str
    customer: str
    consultation: str
    language: str

    @property
    def choice(self) -> str:
        """The entry of the list of customers."""
        return VISITOR_CHOICE if self.customer == self.visitor else self.customer

    def to_json(self) -> dict[str, str]:
        """What the browser keeps over a refresh."""
        return {
            "visitor": self.visitor,
            "customer": self.customer,
            "consultation": self.consultation,
            "language": self.language,
        }


def new_session(language: str) -> Session:
    """A new visitor in a new consultation."""
    visitor = new_visitor()
    return Session(visitor, visitor, new_consultation(visitor), language)


def new_visitor() -> str:
    """An id that only this browser knows."""
    return f"{VISITOR}{secrets.token_hex(16)}"


def new_consultation(customer: str) -> str:
    """An id that only this customer can open."""
    return f"{customer}.{secrets.token_hex(16)}"


def began_by(consultation: str) -> str | None:
    """Whoever began it; None for what is no id of a consultation."""
    found = _CONSULTATION.fullmatch(consultation)
    return found[1] if found else None


def restored_session(
    kept: Any,
    is_known: Callable[[str], bool],
    owner: Callable[[str], str],
    language: str,
    languages: Collection[str],
) -> Session:
    """The session that a browser kept; whatever of it is not valid is made anew.

    `owner`: who somebody is, a visitor who signed in the customer. `language`: for a browser that kept none of
    `languages`, the page's.
    """
    fresh = new_session(language)
    if not isinstance(kept, dict):
        return fresh
    found = {key: value for key, value in kept.items() if isinstance(value, str)}
    if found.get("language") in languages:
        fresh = replace(fresh, language=found["language"])
    if re.fullmatch(rf"{VISITOR}[0-9a-f]{{32}}", visitor := found.get("visitor", "")) and is_known(visitor):
        fresh = replace(fresh, visitor=visitor, customer=visitor, consultation=new_consultation(visitor))
    customer = found.get("customer", "")
    if customer != fresh.visitor and (is_visitor(customer) or not is_known(customer)):
        return fresh
    consultation = found.get("consultation", "")
    began = began_by(consultation)
    is_own = began is not None and owner(began) == customer
    return replace(fresh, customer=customer, consultation=consultation if is_own else new_consultation(customer))


def as_customer(session: Session, choice: str, is_known: Callable[[str], bool]) -> Session:
    """The session after a pick in the list, in a new consultation; an unknown pick is the visitor."""
    picked = choice if not is_visitor(choice) and is_known(choice) else session.visitor
    return replace(session, customer=picked, consultation=new_consultation(picked))


def preferred_language(accept_language: str, languages: Sequence[str]) -> str:
    """The page's language for a browser's Accept-Language header: its first of `languages`, else their first."""
    for entry in accept_language.split(","):
        code = entry.split(";")[0].strip().lower()[:2]
        if code in languages:
            return code
    return languages[0]

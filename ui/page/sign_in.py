"""A visitor signs in on the page: what they told the agent, and the consultation that they are in, are the customer's
from then on.

In: the agent, the way in for events, a visitor's session and who they turned out to be. Out: the customer's session.
"""

from dataclasses import replace

from agent.context import is_visitor
from agent.shopkeeper import Shopkeeper
from profiles.events.intake import EventIntake
from ui.page.consultation import READER
from ui.session import Session, new_consultation, new_visitor
from ui.sign_in import brought_along


def signed_in(shopkeeper: Shopkeeper, intake: EventIntake, session: Session, customer: str) -> Session:
    """The session goes on as `customer`'s; of a visitor who has said nothing there is nothing to bring along.

    The browser gets another visitor's id: the old one is the customer's now, and whoever sits here next would be them.
    """
    fresh = replace(session, customer=customer, consultation=new_consultation(customer))
    if not (is_visitor(session.customer) and _has_spoken(shopkeeper, session)):
        return fresh
    fresh = replace(fresh, visitor=new_visitor())
    is_brought = brought_along(intake, session.visitor, customer, READER)
    return replace(fresh, consultation=session.consultation) if is_brought else fresh


def _has_spoken(shopkeeper: Shopkeeper, session: Session) -> bool:
    return bool(shopkeeper.messages(session.consultation) or shopkeeper.services.profiles.history(session.visitor))

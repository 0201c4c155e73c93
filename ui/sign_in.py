"""A visitor turns out to be a customer: what they told the agent, and what they did, is the customer's from then on.

In: the shop's profiles and way in for events, a visitor and a customer. Out: whether it goes on as the customer's. The
visitor's consultations open for the customer too. Errors: `StorageError`.
"""

from errors import Refused
from profiles.events.intake import EventIntake
from profiles.privacy.audit import Act, Audit


def brought_along(intake: EventIntake, visitor: str, customer: str, by: str) -> bool:
    """False of a visitor who is another customer already, as where somebody else has signed in meanwhile."""
    store = intake.store
    try:
        store.merge(visitor, customer)
    except Refused:
        return False
    intake.link(visitor, customer)
    Audit(store.engine).note(customer, Act.CHANGED, by, detail="a visitor signed in")
    return True

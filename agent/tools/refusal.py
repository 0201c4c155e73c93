"""A refusal that can be said: the error of a tool together with the phrase that tells the customer.

In: a key of the phrases and its slots, or an `OrderRefused`. Out: `RefusedWrite`, which the tool middleware
turns into a result.
"""

from agent.orders.order import OrderRefused
from errors import Refused


class RefusedWrite(Refused):
    """A rule of the shop forbids the act; `phrase` with `slots` says so in the customer's language."""

    def __init__(self, reason: str, phrase: str, **slots: str | float) -> None:
        super().__init__(reason)
        self.phrase = phrase
        self.slots: dict[str, str | float] = slots


def refusal_of(error: OrderRefused, order_id: str) -> RefusedWrite:
    """What an order's rule says to the customer: the phrase "rule_NAME", for a wrong status one for each act."""
    facts = {name: value for name, value in error.facts.items() if name != "action"}
    phrase = f"rule_{error.facts['action']}" if error.rule == "status" else f"rule_{error.rule}"
    return RefusedWrite(str(error), phrase, id=order_id, **facts)

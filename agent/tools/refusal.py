"""A refusal that can be said: the error of a tool together with the phrase that tells the customer.

In: a phrase key of `phrases.yaml` and its slots. Out: `RefusedWrite`, which the tool middleware turns into a result.
"""

from errors import Refused


class RefusedWrite(Refused):
    """A rule of the shop forbids the act; `phrase` with `slots` says so in the customer's language."""

    def __init__(self, reason: str, phrase: str, **slots: str | float) -> None:
        super().__init__(reason)
        self.phrase = phrase
        self.slots: dict[str, str | float] = slots

"""What a tool gives back: words for the model and a JSON artifact for everything else, or a refusal that can be said.

In: the turn's context and the two texts, or the phrase of a refusal. Out: the pair that LangChain's
`content_and_artifact` wants, or `RefusedWrite`, which the tool middleware turns into a result. In strict mode the reply
is composed from the artifact and follows in the conversation, so that the model needs only the brief text; a model that
writes its own replies gets the full one.
"""

from decimal import Decimal
from typing import Any

from langchain.tools import ToolRuntime

from agent.context import ShopState, TurnContext
from agent.orders.order import OrderRefused
from errors import Refused
from language.decimals import plain

Artifact = dict[str, Any]
Outcome = tuple[str, Artifact]
Runtime = ToolRuntime[TurnContext, ShopState]

REFUSED = "refused"  # the kind of artifact of a call that was refused


class RefusedWrite(Refused):
    """A rule of the shop forbids the act; `phrase` with `slots` says so in the customer's language."""

    def __init__(self, reason: str, phrase: str, **slots: str | float) -> None:
        super().__init__(reason)
        self.phrase = phrase
        self.slots: dict[str, str | float] = slots


def outcome(context: TurnContext, artifact: Artifact, brief: str, full: str | None = None) -> Outcome:
    """The pair (content, artifact); `artifact["kind"]` says what it is."""
    strict = context.services.shop.replies != "free"
    return (brief if strict or full is None else full), artifact


def refusal_of(error: OrderRefused, order_id: str) -> RefusedWrite:
    """What an order's rule says to the customer: the phrase "rule_NAME", for a wrong status one for each act."""
    named = ((name, value) for name, value in error.facts.items() if name != "action")
    facts = {name: plain(value) if isinstance(value, Decimal) else value for name, value in named}
    phrase = f"rule_{error.facts['action']}" if error.rule == "status" else f"rule_{error.rule}"
    return RefusedWrite(str(error), phrase, id=order_id, **facts)

"""After each turn: what it says of the customer's intents goes into the journal.

In: the turn's messages, whoever answered it. Out: nothing for the conversation. A reply that is out already does not
fail for it: a journal that cannot be written is logged.
"""

import logging
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langgraph.runtime import Runtime

from agent.context import ShopState, TurnContext
from agent.intents import acts_of
from agent.middleware.reply import turn_messages
from errors import StorageError

log = logging.getLogger(__name__)


class Intending(AgentMiddleware[ShopState, TurnContext, Any]):
    """Opens, refines and closes intents (`after_agent`)."""

    state_schema = ShopState

    def after_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Write those of the turn's acts that the customer agrees to, in one transaction."""
        context = runtime.context
        profiles = context.services.profiles
        try:
            profiles.append(profiles.permitted(acts_of(context, turn_messages(state["messages"]))), at=context.now)
        except StorageError as error:
            log.warning("the intents of turn %s were not kept: %s", context.turn, error)
        return None

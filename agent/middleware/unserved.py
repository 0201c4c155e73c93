"""Before a reply leaves: whoever writes a language that the shop does not serve is told so, in that language.

In: the reply of the turn, whoever wrote it. Out: the same message with one sentence before it, which names the
languages served. What was searched and answered stays, in the language that the shop replies in.
"""

from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from agent.context import ShopState, TurnContext
from language.unserved import unserved_sentence


class Unserved(AgentMiddleware[ShopState, TurnContext, Any]):
    """Says which languages are served (`after_agent`), in each turn whose message is in another one."""

    state_schema = ShopState

    def after_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """The same message, by its id. Where a person is in charge there is no reply, and nothing is said."""
        context, last = runtime.context, state["messages"][-1]
        served = context.services.shop.languages
        if context.spoken in ("", *served) or not isinstance(last, AIMessage) or not last.text.strip():
            return None
        said = f"{unserved_sentence(context.spoken, served)}\n\n{last.text}"
        return {"messages": [last.model_copy(update={"content": said})]}

"""Before each model call: the window of the conversation behind the profile card.

In: the request that `create_agent` made. Out: the same request with the messages of `agent.prompt.window`; a reply
that the gate blocked is followed by the one text that may be said. Calls are bound to what stands in the
conversation, and completed with what plainly stands in its newest message.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.runtime import Runtime

from agent.completing import completed
from agent.context import ShopState, TurnContext
from agent.prompt import first_turn, window
from agent.said import supported
from profiles.card import card
from profiles.intents.intent import State
from profiles.intents.reading import read_intents


class Prompting(AgentMiddleware[ShopState, TurnContext, Any]):
    """Opens and moves the window (`before_agent`), and applies it to each call."""

    state_schema = ShopState

    def before_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Take the profile card when a window opens; it then stays, so that the prefix cache holds."""
        turns = sum(isinstance(message, HumanMessage) for message in state["messages"])
        start = first_turn(turns)
        if "card" in state and state.get("first_turn") == start:
            return None
        context = runtime.context
        profiles = context.services.profiles
        known = read_intents(profiles, context.customer)
        earlier = [one for one in known if one.state is State.OPEN and not one.is_of(context.consultation)]
        return {"card": card(profiles.read(context.customer), profiles.schema, earlier), "first_turn": start}

    def wrap_model_call(
        self, request: ModelRequest[TurnContext], handler: Callable[[ModelRequest[TurnContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """The model sees the window only."""
        state: Any = request.state
        messages = window(request.messages, state.get("first_turn", 0), state.get("card", ""))
        if bound := state.get("retry"):
            messages.append(SystemMessage(f"Say this and nothing else, in the customer's language:\n{bound}"))
        words = request.runtime.context.services.vocabulary
        tools = [convert_to_openai_tool(tool) for tool in request.tools]
        settings = {**request.model_settings, "allowed": supported(messages, tools, words)}
        response = handler(request.override(messages=messages, model_settings=settings))
        answers = [completed(m, messages, tools, words) if isinstance(m, AIMessage) else m for m in response.result]
        return replace(response, result=answers)

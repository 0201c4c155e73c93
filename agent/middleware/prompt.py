"""Before each model call: the window of the conversation behind the profile card.

In: the request that `create_agent` made. Out: the same request with the messages of `agent.prompt.window`; a reply
that the gate blocked is followed by the one text that may be said. Of the answer, a call that cannot be read is dropped
and logged: it neither reaches the customer nor stays in the conversation, where no result would ever answer it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.tools import BaseTool
from langgraph.runtime import Runtime

from agent.context import ShopState, TurnContext
from agent.prompt import first_turn, window
from profiles.card import card
from profiles.intents.intent import State
from profiles.intents.reads import read_intents

log = logging.getLogger(__name__)


class Prompting(AgentMiddleware[ShopState, TurnContext, Any]):
    """Opens and moves the window (`before_agent`), and applies it to each call; `offered` are names of tools."""

    state_schema = ShopState

    def __init__(self, offered: frozenset[str]) -> None:
        super().__init__()
        self._offered = offered

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
        """The model sees the window only, and the tools that it is told of."""
        state: Any = request.state
        messages = window(request.messages, state.get("first_turn", 0), state.get("card", ""))
        if bound := state.get("retry"):
            messages.append(SystemMessage(f"Say this and nothing else, in the customer's language:\n{bound}"))
        offered = [*filter(self._is_offered, request.tools)]
        response = handler(request.override(messages=messages, tools=offered))
        return replace(response, result=[_readable(message) for message in response.result])

    def _is_offered(self, tool: BaseTool | dict[str, Any]) -> bool:
        return isinstance(tool, BaseTool) and tool.name in self._offered


def _readable(message: BaseMessage) -> BaseMessage:
    if not isinstance(message, AIMessage) or not message.invalid_tool_calls:
        return message
    for call in message.invalid_tool_calls:
        log.warning("the model wrote a call that cannot be read: %.200s", call["args"])
    kept = {name: value for name, value in message.additional_kwargs.items() if name != "tool_calls"}
    return message.model_copy(update={"invalid_tool_calls": [], "additional_kwargs": kept})

"""Around the model and the tools: the help that the model's profile asks for.

In: the request with the messages that the model reads, and its answer; then the calls. Out: the request with what its
calls may copy, the answer completed with what the newest message plainly says, and calls with the order that was meant.
It is part of the agent only where the profile asks for some of it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.types import Command

from agent.context import ShopState, TurnContext
from agent.guided.constraints import allowed_values
from agent.guided.conversation import Conversation
from agent.guided.order_ids import order_meant
from agent.guided.repair import completed
from agent.models.profile import ModelProfile

ORDER_ID = "order_id"


class GuidedCalls(AgentMiddleware[ShopState, TurnContext, Any]):
    """Binds calls to what was said, completes them, and finds the order that was meant, as the profile says."""

    state_schema = ShopState

    def __init__(self, profile: ModelProfile) -> None:
        super().__init__()
        self._profile = profile

    def wrap_model_call(
        self, request: ModelRequest[TurnContext], handler: Callable[[ModelRequest[TurnContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Constraints before, repair after."""
        context = request.runtime.context
        talk = Conversation.of(
            request.messages,
            context.today,
            context.services.lexicon,
            orders=context.orders,
            language=context.language,
        )
        tools = [convert_to_openai_tool(tool) for tool in request.tools]
        if self._profile.constrain:
            allowed = allowed_values(talk, tools, context.services.tools)
            request = request.override(model_settings={**request.model_settings, "allowed": allowed})
        response = handler(request)
        if not self._profile.repair:
            return response
        answers = [
            completed(message, talk, tools) if isinstance(message, AIMessage) else message
            for message in response.result
        ]
        return replace(response, result=answers)

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """The call as it was meant; the conversation keeps it as it was written."""
        arguments = request.tool_call["args"]
        if not self._profile.guess_ids or not isinstance(arguments.get(ORDER_ID), str):
            return handler(request)
        context: Any = request.runtime.context
        address = str(arguments.get("address") or "")
        meant = order_meant(arguments[ORDER_ID], context, request.state["messages"], address)
        return handler(request.override(tool_call={**request.tool_call, "args": {**arguments, ORDER_ID: meant}}))

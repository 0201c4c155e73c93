"""Right before the model: worked examples between its instructions and the conversation.

In: the request as the guidance left it, whose messages are the conversation alone. Out: the same request with the
examples before them. No value that only an example names is ever taken for something that the customer said.
"""

from collections.abc import Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import BaseMessage

from agent.context import ShopState, TurnContext


class Examples(AgentMiddleware[ShopState, TurnContext, Any]):
    """Shows the model these messages first; they are the same in every prompt, so that it reads them once."""

    state_schema = ShopState

    def __init__(self, examples: Sequence[BaseMessage]) -> None:
        super().__init__()
        self._examples = examples

    def wrap_model_call(
        self, request: ModelRequest[TurnContext], handler: Callable[[ModelRequest[TurnContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """The examples, then the conversation."""
        messages: list[Any] = [*self._examples, *request.messages]
        return handler(request.override(messages=messages))

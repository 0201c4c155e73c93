"""A model that knows what to do: it answers each turn with the calls that a plan says are right.

In: the `Ask` that comes next. Out: an AIMessage with its calls, or a few words where there are none. It reads no
prompt.
"""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from eval.customers.plan import Ask


class OracleModel(BaseChatModel):
    """``oracle.expect(ask)`` before a turn."""

    _ask: Ask | None = PrivateAttr(None)
    _calls: int = PrivateAttr(0)

    def expect(self, ask: Ask) -> None:
        """Set what is answered next."""
        self._ask = ask

    def bind_tools(self, tools: Any, **kwargs: Any) -> "OracleModel":
        """Tools need no binding here."""
        return self

    @property
    def _llm_type(self) -> str:
        return "oracle"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        calls = []
        for name, arguments in self._ask.calls if self._ask else ():
            self._calls += 1
            calls.append(tool_call(name=name, args=arguments, id=f"c{self._calls}"))
        return ChatResult(generations=[ChatGeneration(message=AIMessage("" if calls else "Sure.", tool_calls=calls))])

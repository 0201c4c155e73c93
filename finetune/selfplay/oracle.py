"""A model that knows what to do: it answers each turn with the gold message of a plan.

In: the `Step` that comes next. Out: an AIMessage with its calls, or with its words. It reads no prompt.
"""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from finetune.selfplay.words.message import Step


class OracleModel(BaseChatModel):
    """``oracle.expect(step)`` before a turn; afterwards `asked` says how often the agent asked."""

    _step: Step | None = PrivateAttr(None)
    _asked: int = PrivateAttr(0)
    _calls: int = PrivateAttr(0)

    @property
    def asked(self) -> int:
        """Model calls since `expect`."""
        return self._asked

    def expect(self, step: Step) -> None:
        """Set what is answered next."""
        self._step, self._asked = step, 0

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
        self._asked += 1
        calls = []
        for call in self._step.calls if self._step else ():
            self._calls += 1
            calls.append({"name": call.name, "args": call.arguments, "id": f"c{self._calls}"})
        words = "" if calls or self._step is None else self._step.reply or ""
        return ChatResult(generations=[ChatGeneration(message=AIMessage(words, tool_calls=calls))])

"""A chat model without weights that says what a script says: for plans, replays and tests.

In: a script. Out: `AIMessage`s. Each ask takes the next answer: words, calls by name and arguments, a whole message, or
an error to raise. A function answers every ask until another script is set; `Planned` is one, for a whole turn.
Errors: `ModelError` when the script has no answer left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field, PrivateAttr

from agent.models.profile import TUNED, ModelProfile
from errors import ModelError

SCRIPTED = replace(TUNED, recognise=False)  # what is called is what the script says
CallPair = tuple[str, dict[str, Any]]  # a tool's name and its arguments
Answer = str | Sequence[CallPair] | AIMessage | Exception | Callable[[list[BaseMessage], Any], Any]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a turn is answered with: calls, and words where there are none or once they have run."""

    calls: tuple[CallPair, ...] = ()
    words: str = ""

    def __call__(self, messages: list[BaseMessage], tools: Any) -> Answer:
        """The calls when the customer has spoken, the words after the tools."""
        return self.words if isinstance(messages[-1], ToolMessage) or not self.calls else self.calls


class ScriptedModel(BaseChatModel):
    """``ScriptedModel(script=["Hello.", [("list_orders", {})]])``; `seen` are the prompts that it was asked with."""

    script: list[Any] = Field(default_factory=list)  # of Answer; pydantic would read a message as a list
    seen: list[list[BaseMessage]] = Field(default_factory=list)
    guidance: ModelProfile = SCRIPTED

    _tools: Any = PrivateAttr(None)
    _asked: int = PrivateAttr(0)
    _calls: int = PrivateAttr(0)

    @property
    def asked(self) -> int:
        """How often it was asked since `expect`."""
        return self._asked

    def expect(self, *script: Answer) -> None:
        """Set what is answered next, and count anew."""
        self.script[:] = script
        self._asked = 0

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        """They need no binding; functions of the script are given them."""
        self._tools = tools
        return self

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.seen.append(messages)
        self._asked += 1
        return ChatResult(generations=[ChatGeneration(message=self._message(self._next(messages)))])

    def _next(self, messages: list[BaseMessage]) -> Answer:
        if not self.script:
            raise ModelError("the script has no answer left")
        answer: Answer = self.script[0]
        if callable(answer) and not isinstance(answer, AIMessage):
            return answer(messages, self._tools)  # type: ignore[no-any-return]
        self.script.pop(0)
        return answer

    def _message(self, answer: Any) -> AIMessage:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, AIMessage):
            return answer
        if isinstance(answer, str):
            return AIMessage(answer)
        calls = []
        for name, arguments in answer:
            self._calls += 1
            calls.append(tool_call(name=name, args=dict(arguments), id=f"c{self._calls}"))
        return AIMessage("", tool_calls=calls)

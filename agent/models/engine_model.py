"""The embedded engine as a LangChain chat model.

In: LangChain messages and tools. Out: `AIMessage`s, whole or in chunks: words as they are written, a tool
call when it closes (its text is never shown), token counts in `usage_metadata`, and in `response_metadata`
`time_to_first_token` (seconds) and `finish_reason`. LangChain's default bridge serves async callers.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict

from agent.models.calls import BadCall, Call, CallReader, Marker, Part
from agent.models.engine import EmbeddedEngine
from agent.models.generation import Usage
from agent.models.gguf import read_gguf
from agent.models.grammar import Allowed, tool_grammar
from agent.models.profile import TUNED, ModelProfile
from agent.models.published_engine import PublishedEngine
from agent.models.template import ChatTemplate, compact_template, own_template
from errors import ModelError


class EmbeddedChatModel(BaseChatModel):
    """Chat over an `EmbeddedEngine`; the engine may serve several of these at once.

    ``EmbeddedChatModel(engine=engine).bind_tools(tools).invoke(messages)``

    `bind_tools(..., tool_choice="any")` forces at least one call. `allowed={"order_id": [...]}`, given to
    `bind_tools` or to a call, narrows an argument to the values that exist just now; the prompt, and so its
    cache, stays as it is. `guidance` says which template it reads and whether a grammar holds its calls. Raises
    ModelError when the engine fails or `seconds` are over.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: EmbeddedEngine | PublishedEngine
    guidance: ModelProfile = TUNED
    max_new_tokens: int = 256
    seconds: float = 20.0

    @cached_property
    def template(self) -> ChatTemplate:
        """How this model is shown a conversation."""
        if self.guidance.template == "compact":
            return compact_template(self.guidance.marker)
        return own_template(read_gguf(self.engine.path).chat_template, self.guidance.marker)

    def warm(self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> float:
        """Read what every prompt begins with into the engine's prefix cache; the seconds that it took."""
        started = time.monotonic()
        self.engine.warm(self.template.render([to_openai(message) for message in messages], tools, False))
        return time.monotonic() - started

    @property
    def _llm_type(self) -> str:
        return "shopkeeper-embedded"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"model": str(self.engine.path), "max_new_tokens": self.max_new_tokens}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """Offer tools; `tool_choice` is None or "auto" (the model decides), "any" or "required" (it must
        call), or one tool's name.
        """
        shown = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=shown, tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        tool_choice: str | None = None,
        allowed: Allowed | None = None,
        **_: Any,
    ) -> Iterator[ChatGenerationChunk]:
        generation = self.engine.generate(
            self.template.render([to_openai(message) for message in messages], tools),
            grammar=self._grammar(tools, tool_choice, allowed) if tools else None,
            max_new_tokens=self.max_new_tokens,
            seconds=self.seconds,
            stop=tuple(stop or ()),
        )
        for part in _parts(generation, generation.cancel, self.guidance.marker):
            chunk = _chunk(part)
            if run_manager and isinstance(part, str):
                run_manager.on_llm_new_token(part, chunk=chunk)
            yield chunk
        yield _last_chunk(generation.usage)

    def _grammar(self, tools: Sequence[Mapping[str, Any]], choice: str | None, allowed: Allowed | None) -> str | None:
        """The grammar for a tool choice; naming one tool leaves only that one, and a call that must be made needs one.

        Without a grammar by its profile the model's calls are free.
        """
        required = choice not in (None, "auto")
        if not (self.guidance.grammar or required):
            return None
        offered = tools
        if choice not in (None, "auto", "any", "required"):
            offered = [tool for tool in tools if tool["function"]["name"] == choice]
        if not offered:
            names = ", ".join(tool["function"]["name"] for tool in tools)
            raise ModelError(f"tool_choice {choice!r} is none of: auto, any, {names}")
        return tool_grammar(offered, allowed, required, self.guidance.marker)


def to_openai(message: BaseMessage) -> dict[str, Any]:
    """A message as the chat template reads it; of content in blocks only the text is kept."""
    content = message.content if isinstance(message.content, str) else str(message.text)
    match message:
        case SystemMessage():
            return {"role": "system", "content": content}
        case HumanMessage():
            return {"role": "user", "content": content}
        case ToolMessage():
            return {"role": "tool", "content": content}
        case AIMessage(tool_calls=calls):
            shown = [{"function": {"name": call["name"], "arguments": call["args"]}} for call in calls]
            return {"role": "assistant", "content": content, "tool_calls": shown}
    raise ModelError(f"a message of type {message.type!r} cannot be shown to the model: ai, human, system, tool")


def _parts(text: Iterable[str], cancel: Callable[[], None], marker: Marker) -> Iterator[Part]:
    """Words and calls in order. Words after a call end the answer: the template has none there."""
    reader = CallReader(marker)
    called = False
    for piece in text:
        for part in reader.feed(piece):
            if called and isinstance(part, str):
                cancel()
                return
            called = called or not isinstance(part, str)
            yield part
    for part in reader.finish():
        if not (called and isinstance(part, str)):
            yield part


def _chunk(part: Part) -> ChatGenerationChunk:
    if isinstance(part, str):
        return ChatGenerationChunk(message=AIMessageChunk(content=part))
    return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call_chunk(part)]))


def call_chunk(call: Call | BadCall, id: str | None = None) -> ToolCallChunk:
    """A call in one piece, for LangChain to put together; its own `id`, or a new one."""
    # A call that was cut off goes out as a JSON string, not as half an object: LangChain would repair that
    # half and run it, and this way it lands in `invalid_tool_calls`.
    name = call.name if isinstance(call, Call) else None
    value = call.arguments if isinstance(call, Call) else f"{call.reason}: {call.text}"
    return tool_call_chunk(name=name, args=json.dumps(value, ensure_ascii=False), id=id or f"call_{uuid4().hex[:12]}")


def _last_chunk(usage: Usage) -> ChatGenerationChunk:
    message = AIMessageChunk(
        content="",
        usage_metadata={
            "input_tokens": usage.prompt_tokens,
            "output_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        },
        response_metadata={
            "time_to_first_token": usage.seconds_to_first_token,
            "finish_reason": usage.finish,
        },
        chunk_position="last",
    )
    return ChatGenerationChunk(message=message)

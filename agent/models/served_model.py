"""A chat model behind an OpenAI-compatible server, vLLM first, whose answers are checked.

In: LangChain messages and tools. Out: `AIMessage`s, whole or in chunks; no chunk shows a tool call's text,
and every call is whole. Servers are known to break the calls they stream (vLLM's hermes parser: issues
19056, 28297, 22885), or to have no parser at all: what arrives as text is read here, and what cannot be
read is asked for once more, whole.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from agent.models.calls import BadCall, Call, CallReader, Part, call_of, parse
from agent.models.engine_model import call_chunk
from agent.models.pointer import DEFAULT, read_pointer
from agent.models.profile import SERVED, ModelProfile
from errors import ModelError


class ServedChatModel(ChatOpenAI):
    """`ChatOpenAI` with checked tool calls, whose failures are ModelErrors that name the server.

    It takes the same `allowed` as the embedded model and drops it: a server binds no grammar to a free
    choice of tools, and what an argument may be is checked by the tool itself. With a `registry`, each call asks
    for the version that it publishes just then, by its name; an answer being written stays on its own.
    """

    registry: Path | None = None
    guidance: ModelProfile = SERVED

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        kwargs = self._asked(kwargs)
        try:
            result = super()._generate(*args, **kwargs)
        except openai.OpenAIError as error:
            raise self._failure(error) from error
        read = [ChatGeneration(message=self._read(each.message)) for each in result.generations]
        return ChatResult(generations=read, llm_output=result.llm_output)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        kwargs = self._asked(kwargs)
        reader, held, parts = CallReader(self.guidance.marker), None, list[Part]()
        try:
            for chunk in super()._stream(*args, **kwargs):
                message = chunk.message
                new = reader.feed(str(message.text))
                parts += new
                if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
                    held = message if held is None else held + message
                else:
                    message.content = _words(new)
                    yield chunk
        except openai.OpenAIError as error:
            raise self._failure(error) from error
        last = reader.finish()
        streamed = held.tool_call_chunks if isinstance(held, AIMessageChunk) else []
        calls = [_streamed_call(chunk) for chunk in streamed]
        calls += [part for part in [*parts, *last] if not isinstance(part, str)]
        if any(isinstance(call, BadCall) for call in calls):
            kwargs.pop("stream_usage", None)
            yield _calls_only(self._generate(*args, **kwargs).generations[0].message)
        else:
            ids = [*(chunk["id"] for chunk in streamed), *[None] * len(calls)]
            chunks = [call_chunk(call, id) for call, id in zip(calls, ids, strict=False)]
            yield ChatGenerationChunk(message=AIMessageChunk(content=_words(last), tool_call_chunks=chunks))

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        """The same over LangChain's bridge to threads, so that a stream is checked in one place."""
        async for chunk in BaseChatModel._astream(self, *args, **kwargs):
            yield chunk

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return await BaseChatModel._agenerate(self, *args, **kwargs)

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
        """LangChain reads arguments that are one whole JSON object and fails on a text in their place."""
        whole = response if isinstance(response, dict) else response.model_dump()
        for choice in whole.get("choices") or ():
            for call in choice["message"].get("tool_calls") or ():
                _make_plain(call.get("function") or {})
        return super()._create_chat_result(whole, generation_info)

    def _read(self, message: BaseMessage) -> BaseMessage:
        """The message, with the calls that the server left in its text."""
        if not isinstance(message, AIMessage) or self.guidance.marker.open not in str(message.text):
            return message
        parsed = parse(str(message.text), self.guidance.marker)
        read = AIMessageChunk(content="", tool_call_chunks=[*map(call_chunk, (*parsed.calls, *parsed.invalid))])
        return message.model_copy(
            update={
                "content": parsed.content,
                "tool_calls": [*message.tool_calls, *read.tool_calls],
                "invalid_tool_calls": [*message.invalid_tool_calls, *read.invalid_tool_calls],
            }
        )

    def _asked(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call as the server is to get them; a call that is asked again keeps its model."""
        asked = {name: value for name, value in kwargs.items() if name != "allowed"}
        if self.registry is not None and "model" not in asked:
            pointer = read_pointer(self.registry)
            asked["model"] = pointer.version if pointer else DEFAULT
        return asked

    def _failure(self, error: Exception) -> ModelError:
        return ModelError(f"the model server at {self.openai_api_base} failed: {error}")


def _make_plain(function: dict[str, Any]) -> None:
    """Arguments that can be read as one JSON object, others as what LangChain takes for an invalid call."""
    call = call_of(str(function.get("name") or ""), function.get("arguments"))
    cut = json.dumps(call.text)[:-1] if isinstance(call, BadCall) else ""
    function["arguments"] = json.dumps(call.arguments, ensure_ascii=False) if isinstance(call, Call) else cut


def _streamed_call(chunk: ToolCallChunk) -> Call | BadCall:
    """A call that was put together from a stream."""
    if not chunk["name"]:
        return BadCall(chunk["args"] or "", "a call without a name")
    return call_of(chunk["name"], chunk["args"])


def _calls_only(message: BaseMessage) -> ChatGenerationChunk:
    """The calls of a whole answer as a last chunk; its words have been streamed already."""
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    chunks = [call_chunk(Call(call["name"], call["args"]), call["id"]) for call in calls]
    return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=chunks))


def _words(parts: list[Part]) -> str:
    return "".join(part for part in parts if isinstance(part, str))

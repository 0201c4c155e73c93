"""Choose the language model by one setting.

In: the setting `model` of shop.toml: "embedded", a path to a .gguf file, or the http(s) URL of an
OpenAI-compatible server (vLLM first). Out: a LangChain chat model; nobody else in the project needs to know
which.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from agent.engine import EmbeddedEngine
from agent.engine_model import EmbeddedChatModel
from agent.template import OPEN
from errors import ConfigError, ModelError

DEFAULT_GGUF = Path(__file__).parent.parent / ".models" / "default" / "model.gguf"
API_KEY = "OPENAI_API_KEY"


def load_chat_model(setting: str, *, seconds: float = 20.0, max_new_tokens: int = 256) -> BaseChatModel:
    """The chat model that `setting` names, decoding greedily; `seconds` bounds each call.

    ``load_chat_model("embedded")``, ``load_chat_model("models/mine.gguf")``,
    ``load_chat_model("http://127.0.0.1:8000/v1#my-model")`` (without a name after "#", the first that the
    server lists). A server's key is read from the environment variable OPENAI_API_KEY. Raises ConfigError
    for another setting, ModelError if the model or the server cannot be reached.
    """
    if setting.startswith(("http://", "https://")):
        return _served(setting, seconds, max_new_tokens)
    if setting == "embedded":
        if not DEFAULT_GGUF.is_file():
            raise ModelError(
                f"no model at {DEFAULT_GGUF}: run `make model`, or name a .gguf file or a server"
            )
        return _embedded(DEFAULT_GGUF, seconds, max_new_tokens)
    if setting.endswith(".gguf"):
        return _embedded(Path(setting).expanduser(), seconds, max_new_tokens)
    raise ConfigError(
        f"model {setting!r} is none of: 'embedded', a path that ends in .gguf, or an http(s) URL "
        "such as http://127.0.0.1:8000/v1"
    )


def _embedded(path: Path, seconds: float, max_new_tokens: int) -> EmbeddedChatModel:
    return EmbeddedChatModel(engine=EmbeddedEngine(path), seconds=seconds, max_new_tokens=max_new_tokens)


def _served(setting: str, seconds: float, max_new_tokens: int) -> "ServedChatModel":
    url, _, name = setting.partition("#")
    key = os.environ.get(API_KEY, "none")
    return ServedChatModel(
        base_url=url,
        model=name or _first_model(url, key, seconds),
        api_key=SecretStr(key),
        temperature=0,
        timeout=seconds,
        max_retries=1,
        stream_usage=True,
        max_completion_tokens=max_new_tokens,
    )


def _first_model(url: str, key: str, seconds: float) -> str:
    address = url.rstrip("/") + "/models"
    try:
        answer = httpx.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=seconds)
        return str(answer.raise_for_status().json()["data"][0]["id"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"no model server answers at {address} ({error}): expected an OpenAI-compatible one, or give the "
            "model's name after '#'"
        ) from error


class ServedChatModel(ChatOpenAI):
    """`ChatOpenAI` that checks what it is streamed, and whose failures are ModelErrors.

    Servers are known to break tool calls when they stream them (vLLM's hermes parser: issues 19056, 28297,
    22885). So words go out as they come, calls wait for the end, and calls that cannot be read are asked
    for once more, not streamed.
    """

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        try:
            return super()._generate(*args, **kwargs)
        except openai.OpenAIError as error:
            raise ModelError(f"the model at {self.openai_api_base} failed: {error}") from error

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        held: AIMessageChunk | None = None
        words = ""
        try:
            for chunk in super()._stream(*args, **kwargs):
                message = chunk.message
                words += str(message.text)
                if isinstance(message, AIMessageChunk) and (message.tool_call_chunks or OPEN in words):
                    held = message if held is None else held + message
                else:
                    yield chunk
        except openai.OpenAIError as error:
            raise ModelError(f"the model at {self.openai_api_base} failed: {error}") from error
        if held is None:
            return
        if not readable(held) or OPEN in words:
            kwargs.pop("stream_usage", None)
            whole = self._generate(*args, **kwargs).generations[0].message
            held = AIMessageChunk(content="", tool_call_chunks=_chunks_of(whole))
        yield ChatGenerationChunk(message=held)

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        """The same through LangChain's bridge to threads, so that there is one way to check a stream."""
        async for chunk in BaseChatModel._astream(self, *args, **kwargs):
            yield chunk


def readable(message: AIMessageChunk) -> bool:
    """Whether each streamed call has a name and arguments that are a whole JSON object."""
    return all(call["name"] and _is_object(call["args"]) for call in message.tool_call_chunks)


def _is_object(text: str | None) -> bool:
    try:
        return isinstance(json.loads(text or ""), dict)
    except ValueError:
        return False


def _chunks_of(message: Any) -> list[Any]:
    if not isinstance(message, AIMessage):
        return []
    calls = [
        (call["name"], json.dumps(call["args"], ensure_ascii=False), call["id"])
        for call in message.tool_calls
    ]
    bad = [(call["name"], json.dumps(call["args"]), call["id"]) for call in message.invalid_tool_calls]
    return [tool_call_chunk(name=name, args=args, id=id_) for name, args, id_ in [*calls, *bad]]

"""Chat completions as OpenAI's clients speak them: a request read, an answer written.

In: the JSON of a request, untrusted; a `Turn`. Out: `ChatRequest` and what of its messages counts (`Sent`); completions
and chunks as JSON. What would change the form of the answer, and cannot be done, is refused; what only tunes a model is
ignored. Errors: `Mistake`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from agent.turn import Turn
from errors import first_mistake
from ui.api.completion_errors import Mistake, told_of

Json = dict[str, Any]
_TEXTS = ("text", "input_text", "output_text", "refusal")  # kinds of content that are words
_FREE = ("text", "auto", "none")  # choices of a tool that leave the agent its own
_OWN_TOOLS = "the agent has its own tools and calls no others: valid values of {} are auto, none"
_CHUNK = "chat.completion.chunk"


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Json] | None = None


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """What of a request is looked at; all else is ignored."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    user: str | None = Field(None, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    metadata: Json | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    logprobs: bool | None = None
    response_format: Json | None = None
    modalities: list[str] | None = None
    tool_choice: str | Json | None = None
    function_call: str | Json | None = None

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with what was used."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def named(self) -> str | None:
        """The consultation that `metadata` names."""
        named = (self.metadata or {}).get("consultation")
        if named is not None and not isinstance(named, str):
            raise Mistake("metadata.consultation is the id of a consultation, a string", "metadata.consultation")
        return named or None


@dataclass(frozen=True, slots=True)
class Sent:
    """A conversation as a client tells it: what the customer said, and the reply to each but the last.

    None: no reply to it was sent; the customer did not wait for one, or a person was in charge.
    """

    texts: tuple[str, ...]
    replies: tuple[str | None, ...]


def read_request(body: bytes) -> ChatRequest:
    """The request, if it asks for nothing that there is not."""
    try:
        request = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise Mistake(first_mistake(error, whole="the body", got=False), place or None) from error
    for param, is_asked, why in (
        ("n", request.n not in (None, 1), "one answer is given: leave n out, or send 1"),
        ("logprobs", bool(request.logprobs), "there are no log probabilities: a reply is not the model's alone"),
        ("response_format", _kind(request.response_format) != "text", "replies are text: valid types are text"),
        ("modalities", set(request.modalities or ["text"]) != {"text"}, "replies are text: valid modalities are text"),
        ("tool_choice", _kind(request.tool_choice) not in _FREE, _OWN_TOOLS.format("tool_choice")),
        ("function_call", _kind(request.function_call) not in _FREE, _OWN_TOOLS.format("function_call")),
    ):
        if is_asked:
            raise Mistake(why, param, "unsupported_parameter")
    return request


def _kind(value: str | Json | None) -> str:
    """Of a parameter that is a word or an object with a `type`; "text" where it is not given."""
    return "text" if value is None else value if isinstance(value, str) else str(value.get("type", "named"))


def sent(request: ChatRequest) -> Sent:
    """What of the messages counts: not what a client tells the model, nor what stands before the customer's first."""
    texts: list[str] = []
    replies: list[str | None] = []
    spoken = [(place, one) for place, one in enumerate(request.messages) if one.role in ("user", "assistant")]
    for place, message in spoken:
        text = _text(message, f"messages.{place}")
        if message.role == "user":
            texts.append(text)
            replies.append(None)
        elif replies and text.strip():
            replies[-1] = text if replies[-1] is None else f"{replies[-1]}\n{text}"
    if not spoken or spoken[-1][1].role != "user":
        raise Mistake("the last message is the customer's: its role is user", "messages")
    return Sent(tuple(texts), tuple(replies[:-1]))


def _text(message: _Message, place: str) -> str:
    if not isinstance(message.content, list):
        return message.content or ""
    words = []
    for number, part in enumerate(message.content):
        kind = str(part.get("type", ""))
        said = part.get("refusal" if kind == "refusal" else "text")
        if kind not in _TEXTS or not isinstance(said, str):
            why = f"content of type {kind[:40]!r} cannot be read; valid types are text"
            raise Mistake(why, f"{place}.content.{number}", "unsupported_content")
        words.append(said)
    return "\n".join(words)


@dataclass(frozen=True, slots=True)
class Answer:
    """What all parts of one answer bear. `consultation` and `history` tell where it was given, and what it knew."""

    id: str
    created: int
    model: str
    consultation: str
    history: str

    def completion(self, turn: Turn) -> Json:
        """The whole answer."""
        message = {"role": "assistant", "content": turn.reply, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        told = {"usage": _usage(turn), "shopkeeper": self._told(turn)}
        return self._head("chat.completion") | {"choices": [choice]} | told

    def first(self) -> str:
        """The chunk that begins a stream."""
        return self._chunk({"role": "assistant", "content": ""})

    def rest(self, turn: Turn, with_usage: bool) -> Sequence[str]:
        """The chunks that end it."""
        words = [self._chunk({"content": turn.reply})] if turn.reply else []
        last = self._chunk({}, "stop", {"shopkeeper": self._told(turn)})
        used = [_event(self._head(_CHUNK) | {"choices": [], "usage": _usage(turn)})] if with_usage else []
        return [*words, last, *used, "data: [DONE]\n\n"]

    def _chunk(self, delta: Json, finish: str | None = None, more: Json | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event(self._head(_CHUNK) | {"choices": [choice], "usage": None} | (more or {}))

    def _head(self, kind: str) -> Json:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _told(self, turn: Turn) -> Json:
        """The turn, beside its words."""
        told = {name: value for name, value in turn.to_json().items() if name != "reply"}
        return {"consultation": self.consultation, "history": self.history} | told


def failed(error: Exception) -> str:
    """The event that ends a stream whose answer failed."""
    return _event(told_of(error).body)


def _usage(turn: Turn) -> Json:
    prompt, completion = turn.usage["prompt_tokens"], turn.usage["completion_tokens"]
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _event(body: Json) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"

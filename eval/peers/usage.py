"""What a peer asks of the model, counted by LangChain's callbacks, and its memories as the suite compares them.

In: a chat model; what the peer says it remembers. Out: the model with a counter on it, and the report that the profile
suite reads from an extractor.
"""

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from agent.models.engine_model import EmbeddedChatModel
from eval.pairs import Pair

Turn = dict[str, str]  # of the suite: role and text
Message = dict[str, str]  # as chat models read them: role and content
ROOM = 512  # tokens that a peer may write at once: memories stand in one answer
_ROLES = {"customer": "user", "assistant": "assistant"}


class Usage(BaseCallbackHandler):
    """The calls of one conversation, failed ones too, and the answers to the others. Safe between threads."""

    def __init__(self) -> None:
        self.calls = 0
        self.answers: list[AIMessage] = []
        self._lock = Lock()

    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        with self._lock:
            self.calls += 1

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        written = [one for several in response.generations for one in several if isinstance(one, ChatGeneration)]
        with self._lock:
            self.answers += [one.message for one in written if isinstance(one.message, AIMessage)]

    def report(self, found: Iterable[Pair], unread: int) -> dict[str, Any]:
        """What an extractor returns. `unread`: turns or answers that came to nothing since nobody could read them."""
        counted = [answer.usage_metadata for answer in self.answers if answer.usage_metadata]
        return {
            "found": [{"category": category, "value": value} for category, value in dict.fromkeys(found)],
            "model_calls": self.calls,
            "tokens_read": sum(usage["input_tokens"] for usage in counted),
            "tokens_written": sum(usage["output_tokens"] for usage in counted),
            "unread": unread,
        }


def counted(model: BaseChatModel) -> tuple[BaseChatModel, Usage]:
    """A copy of the model whose calls are counted; an embedded one may write as much as a peer needs."""
    usage = Usage()
    room = {"max_new_tokens": ROOM} if isinstance(model, EmbeddedChatModel) else {}
    return model.model_copy(update={"callbacks": [usage], **room}), usage


def as_kind(model: BaseChatModel, kind: type[EmbeddedChatModel], **more: Any) -> BaseChatModel:
    """An embedded model as one of its subclasses, on the same engine; any other as it is."""
    if not isinstance(model, EmbeddedChatModel):
        return model
    kept = {name: getattr(model, name) for name in ("engine", "max_new_tokens", "seconds", "callbacks")}
    return kind(**kept, **more)


def messages_by_turn(turns: Sequence[Turn]) -> Iterator[list[Message]]:
    """The customer's messages as they come, each after what the assistant said since the one before."""
    waiting: list[Message] = []
    for turn in turns:
        waiting.append({"role": _ROLES[turn["role"]], "content": turn["text"]})
        if turn["role"] == "customer":
            yield waiting
            waiting = []


def pairs_in_words(memories: Iterable[str], categories: Sequence[str]) -> list[Pair]:
    """Memories that are written as "category: value"; what begins with no category is left out.

    ``pairs_in_words(["dish_like: lentil soup"], ["dish_like"]) == [("dish_like", "lentil soup")]``
    """
    known = {category.casefold(): category for category in categories}
    parts = [memory.partition(":") for memory in memories]
    split = [(name.strip().casefold(), value.strip()) for name, _, value in parts]
    return [(known[name], value) for name, value in split if name in known and value]

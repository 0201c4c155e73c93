"""LangMem on the model of the run: langmem 0.0.30, `create_memory_manager` with a pydantic schema.

In: a conversation, the suite's categories, a chat model. Out: the report of `eval.peers.usage`. Turn by turn, with the
memories so far as `existing`. A memory is a category, one of those that our own schema is made of, and a value; the
engine's grammar holds tool calls to that, as it does for ours. A call that fails its schema is given back to the model
up to three times, by trustcall, LangMem's own extractor.

`extract` is LangMem as it comes: inserts and updates. `extract_inserts` is for a model that gets lost between the two:
inserts only, and a call is required in every turn. LangMem requires one anyway as soon as it holds a memory.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import BaseModel, Field, create_model

from agent.models.engine_model import EmbeddedChatModel
from errors import ModelError
from eval.pairs import Pair
from eval.peers.environment import library
from eval.peers.usage import Turn, as_kind, counted, messages_by_turn

_LANGMEM = library("langmem")
INSTRUCTIONS = (
    "Note the lasting facts, tastes, needs and wishes that the user tells about themselves, each once: its category "
    "and the value in few words."
)


class _CallingModel(EmbeddedChatModel):
    """The embedded engine, which must call a tool where it may."""

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        return super().bind_tools(tools, tool_choice=tool_choice or "any", **kwargs)


def extract(turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel) -> dict[str, Any]:
    """What LangMem remembers at the end of the conversation, and what that took."""
    return _extract(turns, categories, model, updates=True)


def extract_inserts(turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel) -> dict[str, Any]:
    """The same without updates, and with a call in every turn."""
    return _extract(turns, categories, as_kind(model, _CallingModel), updates=False)


def _extract(
    turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel, *, updates: bool
) -> dict[str, Any]:
    asked, usage = counted(model)
    manager = _LANGMEM.create_memory_manager(
        asked, schemas=[_schema(categories)], instructions=INSTRUCTIONS, enable_updates=updates
    )
    memories: list[Any] = []
    failed = 0
    for messages in messages_by_turn(turns):
        try:
            memories = manager.invoke({"messages": messages, "existing": memories})
        except ModelError:
            failed += 1
    broken = sum(bool(answer.invalid_tool_calls) for answer in usage.answers)
    return usage.report(_pairs(memories), failed + broken)


def _schema(categories: Sequence[str]) -> type[BaseModel]:
    one_of: Any = Literal[tuple(categories)]
    return create_model(
        "Preference",
        __doc__="Something lasting that the user told about themselves. Call once for each.",
        category=(one_of, Field(description="what kind of thing it is")),
        value=(str, Field(description="the value in few words")),
    )


def _pairs(memories: Sequence[Any]) -> list[Pair]:
    held = [memory.content.model_dump() for memory in memories]
    return [(one["category"], one["value"]) for one in held if one.get("value")]

"""LangMem on the model of the run: langmem 0.0.30, `create_memory_manager` with a pydantic schema.

In: a conversation, the suite's categories, a chat model. Out: the report of `eval.peers.usage`. Turn by turn, with the
memories so far as `existing`, inserts and updates allowed: as in LangMem's guides. A memory is a category, one of those
that our own schema is made of, and a value; the engine's grammar holds tool calls to that, as it does for ours. A call
that fails its schema is given back to the model up to three times, by trustcall, LangMem's own extractor.
"""

from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import BaseModel, Field, create_model

from errors import ModelError
from eval.pairs import Pair
from eval.peers.environment import library
from eval.peers.usage import Turn, counted, messages_by_turn

_LANGMEM = library("langmem")
INSTRUCTIONS = (
    "Note the lasting facts, tastes, needs and wishes that the user tells about themselves, each once: its category "
    "and the value in few words."
)


def extract(turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel) -> dict[str, Any]:
    """What LangMem remembers at the end of the conversation, and what that took."""
    asked, usage = counted(model)
    manager = _LANGMEM.create_memory_manager(asked, schemas=[_schema(categories)], instructions=INSTRUCTIONS)
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
    return create_model(
        "Preference",
        __doc__="Something lasting that the user told about themselves. Call once for each.",
        category=(Literal[tuple(categories)], Field(description="what kind of thing it is")),
        value=(str, Field(description="the value in few words")),
    )


def _pairs(memories: Sequence[Any]) -> list[Pair]:
    held = [memory.content.model_dump() for memory in memories]
    return [(one["category"], one["value"]) for one in held if one.get("value")]

"""Mem0 on the model of the run: mem0ai 2.2.1, `Memory.from_config` and `add(messages, user_id=...)`, turn by turn.

In: a conversation, the suite's categories, a chat model. Out: the report of `eval.peers.usage`. The model comes in by
Mem0's LangChain provider, vectors are kept by Qdrant in a folder and made by our embedder. Memories are texts; by
`custom_instructions` each is "category: value", with the categories that our own schema is made of.

Two things beyond Mem0's own settings, both in its favour. Its LangChain provider drops the `response_format` that Mem0
asks for, so the embedded engine is bound to Mem0's JSON here, each text beginning with a category. And its prompt has
8,530 tokens of a SmolLM2, whose context has 8,192: `extract` leaves out the prompt's examples, `extract_whole` leaves
them in.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.embeddings import Embeddings
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from agent.models.engine_model import EmbeddedChatModel, to_openai
from agent.models.template import render
from eval.peers.environment import library
from eval.peers.usage import Turn, as_kind, counted, messages_by_turn, pairs_in_words
from retrieval.embedder import Embedder

os.environ["MEM0_TELEMETRY"] = "False"
os.environ.setdefault("MEM0_DIR", tempfile.mkdtemp(prefix="shopkeeper-mem0-"))  # it writes a user id at its import
_MEM0, _PROMPTS = library("mem0"), library("mem0.memory.main")
_MODELS = library("mem0.utils.spacy_models")
# Links between entities serve its search alone, and would fetch a spaCy model at the first memory.
_MODELS._load_failed_full = _MODELS._load_failed_lemma = True
WHOLE = _PROMPTS.ADDITIVE_EXTRACTION_PROMPT
_BEGIN, _END = "# EXAMPLES", "# CRITICAL: Exhaustive"
USER = "customer"
MOST = 8  # memories of one turn
INSTRUCTIONS = (
    "Extract only the lasting facts, tastes, needs and wishes that the user tells about themselves, each once. Write "
    'each text as "category: value", the value in few words. The categories: '
)


class _JsonModel(EmbeddedChatModel):
    """The embedded engine, held to one JSON schema."""

    form: dict[str, Any]

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> Iterator[ChatGenerationChunk]:
        generation = self.engine.generate(
            render([to_openai(message) for message in messages]),
            grammar=json.dumps({"type": "structural_tag", "format": {"type": "json_schema", "json_schema": self.form}}),
            max_new_tokens=self.max_new_tokens,
            seconds=self.seconds,
        )
        for piece in generation:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        read, written = generation.usage.prompt_tokens, generation.usage.completion_tokens
        usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage, chunk_position="last"))


class _Vectors(Embeddings):
    """Our embedder, as LangChain's."""

    def __init__(self) -> None:
        self._embedder = Embedder()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in self._embedder.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def extract(turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel) -> dict[str, Any]:
    """What Mem0 remembers at the end of the conversation, without its prompt's examples, and what that took."""
    return _extract(turns, categories, model, WHOLE[: WHOLE.index(_BEGIN)] + WHOLE[WHOLE.index(_END) :])


def extract_whole(turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel) -> dict[str, Any]:
    """The same with the prompt as released."""
    return _extract(turns, categories, model, WHOLE)


def _extract(turns: Sequence[Turn], categories: Sequence[str], model: BaseChatModel, prompt: str) -> dict[str, Any]:
    _PROMPTS.ADDITIVE_EXTRACTION_PROMPT = prompt
    asked, usage = counted(as_kind(model, _JsonModel, form=_form(categories)))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="shopkeeper-mem0-") as folder, _opened(asked, categories, folder) as memory:
        for messages in messages_by_turn(turns):
            try:
                memory.add(messages, user_id=USER)
            except _PROMPTS.LLMError:
                failed += 1
        held = memory.get_all(filters={"user_id": USER}, top_k=1000)["results"]
    texts = [one["memory"] for one in held if one.get("attributed_to") != "assistant"]
    broken = sum(not _readable(str(answer.text)) for answer in usage.answers)
    return usage.report(pairs_in_words(texts, categories), failed + broken)


def _opened(model: BaseChatModel, categories: Sequence[str], folder: str) -> Any:
    vectors = _vectors()
    store = {"path": folder, "embedding_model_dims": len(vectors.embed_query("a"))}
    return _MEM0.Memory.from_config(
        {
            "llm": {"provider": "langchain", "config": {"model": model}},
            "embedder": {"provider": "langchain", "config": {"model": vectors}},
            "vector_store": {"provider": "qdrant", "config": store},
            "history_db_path": ":memory:",
            "custom_instructions": INSTRUCTIONS + ", ".join(categories),
        }
    )


@cache
def _vectors() -> _Vectors:
    return _Vectors()


def _form(categories: Sequence[str]) -> dict[str, Any]:
    """The JSON that Mem0's prompt asks for, without links, which this version does not store."""
    fields = {
        "id": {"type": "string", "pattern": "[0-9]"},
        "text": {"type": "string", "pattern": f'({"|".join(categories)}): [^"\\\\]+'},
        "attributed_to": {"enum": ["user", "assistant"]},
    }
    one = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    listed = {"memory": {"type": "array", "items": one, "maxItems": MOST}}
    return {"type": "object", "properties": listed, "required": ["memory"], "additionalProperties": False}


def _readable(answer: str) -> bool:
    """Whether Mem0 itself can read an answer, bare or in a block of code."""
    try:
        return isinstance(json.loads(_PROMPTS.extract_json(answer), strict=False), dict)
    except ValueError:
        return False

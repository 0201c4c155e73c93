"""The demo shop's agent for tests: the real stores, index and order book, and a model whose calls a test writes.

In: a state directory. Out: `Services` and `Shopkeeper`s over them. The scripted model stands in where a test needs to
know exactly what the model asked for; `tests/test_conversation.py` runs the real one.
"""

import itertools
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langgraph.checkpoint.sqlite import SqliteSaver
from pydantic import Field

from agent.checkpoints import open_checkpoints
from agent.context import Services
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Event, Shopkeeper
from agent.turn import Delta, Replace

SHOP = Path("shop")
Call = tuple[str, dict[str, Any]]
Answer = str | Sequence[Call] | tuple[str, Sequence[Call]] | AIMessage | Exception


class ScriptedModel(BaseChatModel):
    """Answers with what the script says next: words, calls, or an error."""

    script: list[Any] = Field(default_factory=list)  # of Answer; a message would be read as a list
    seen: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.seen.append(messages)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, AIMessage):
            message = answer
        elif isinstance(answer, str):
            message = AIMessage(answer)
        else:
            ids = (f"call-{n}" for n in itertools.count())
            message = AIMessage("", tool_calls=[tool_call(name=name, args=args, id=next(ids)) for name, args in answer])
        return ChatResult(generations=[ChatGeneration(message=message)])


class StreamingModel(ScriptedModel):
    """Sends its words one by one; of a pair the words, then the calls."""

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        answer = self.script.pop(0)
        words, calls = answer if isinstance(answer, tuple) else (answer, ())
        for word in re.findall(r"\S+\s*", words):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        chunks = [
            tool_call_chunk(name=name, args=json.dumps(args), id=f"call-{place}", index=place)
            for place, (name, args) in enumerate(calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=chunks, chunk_position="last"))


def change(quote: str, attribute: str, value: str | float, polarity: str = "fact") -> dict[str, Any]:
    """One entry of `update_profile`."""
    return {"quote": quote, "attribute": attribute, "value": value, "polarity": polarity}


def noting(*changes: dict[str, Any]) -> Call:
    return ("update_profile", {"changes": list(changes)})


def open_demo_services(state: Path) -> Services:
    return open_services(load_shop(SHOP), state)


def small_shop(folder: Path, customers: Sequence[str]) -> Path:
    """The demo shop with twenty products, three answers, these customers and their orders, and no events."""
    shop = Path(shutil.copytree(SHOP, folder / "shop", ignore=shutil.ignore_patterns("state", "generator", "events*")))
    products = (SHOP / "catalog.jsonl").read_text(encoding="utf-8").splitlines()[:20]
    (shop / "catalog.jsonl").write_text("\n".join(products), encoding="utf-8")
    answers = yaml.safe_load((SHOP / "answers.yaml").read_text(encoding="utf-8"))
    answers = answers if isinstance(answers, list) else answers["answers"]
    (shop / "answers.yaml").write_text(yaml.safe_dump(answers[:3], allow_unicode=True), encoding="utf-8")
    for name, field in (("customers.jsonl", "id"), ("orders.jsonl", "customer")):
        lines = (SHOP / name).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if json.loads(line)[field] in customers]
        (shop / name).write_text("\n".join(kept), encoding="utf-8")
    return shop


@contextmanager
def opened(
    shop: Path, state: Path, url: str, *answers: Answer, model: ScriptedModel | None = None
) -> Iterator[Shopkeeper]:
    """The shop's agent from nothing, as a start of the program has it; the model gives these answers."""
    services = open_services(load_shop(shop), state, database=url)
    with open_checkpoints(services.profiles.engine, state) as checkpoints:
        yield Shopkeeper(services, model or ScriptedModel(script=list(answers)), checkpoints.saver)
    services.profiles.engine.dispose()


def words_of(events: Sequence[Event]) -> str:
    """What whoever reads a stream has at its end."""
    words = ""
    for event in events:
        match event:
            case Delta():
                words += event.text
            case Replace():
                words = event.text
    return words


@contextmanager
def keeper(services: Services, model: BaseChatModel, checkpoints: Path | str = ":memory:") -> Iterator[Shopkeeper]:
    """A shopkeeper that asks `model`; `checkpoints` is a file where a restart is to find them."""
    connection = sqlite3.connect(checkpoints, check_same_thread=False)
    try:
        yield Shopkeeper(services, model, SqliteSaver(connection))
    finally:
        connection.close()

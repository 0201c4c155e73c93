"""The agent itself: one object that answers a customer's message in a consultation.

In: a shop directory, a state directory and a model setting; then customer id, consultation id and text. Out: `Turn`,
or while it runs `Step`s, `Delta`s and `Replace`s. Every turn is checkpointed before it is returned, so a consultation
survives a crash and a restart. Errors: `NotFound` for an unknown customer, `ModelError`, `ConfigError`, `StorageError`.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelCallLimitMiddleware, ModelFallbackMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    convert_to_openai_messages,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.checkpoints import checkpoint_errors, open_checkpoints
from agent.context import Services, ShopState, TurnContext, turn_context
from agent.examples import worked_examples
from agent.guided.middleware import GuidedCalls
from agent.known import known
from agent.live_services import LiveServices
from agent.locks import consultation_locks
from agent.middleware.examples import Examples
from agent.middleware.intents import IntentTracking
from agent.middleware.lapsing import Lapsing
from agent.middleware.prompt import Prompting
from agent.middleware.reply import Replying, evidence, turn_messages
from agent.middleware.shortcuts import FAREWELL, Shortcuts, back_again
from agent.middleware.tools import ErrorsAsResults, InOrder, outspoken
from agent.middleware.unserved import Unserved
from agent.models import load_chat_model
from agent.models.fallback import FallbackModel
from agent.models.pointer import REGISTRY
from agent.models.profile import ModelProfile, choose_profile, profile_of
from agent.prompt import instructions, window
from agent.replies.composer import Composer
from agent.replies.gate import check
from agent.services import open_services, progress
from agent.shop import Replies, load_shop
from agent.tools import build_tools, runnable_tools
from agent.tools.tool import Tool
from agent.turn import Delta, Replace, Step, Turn, first_token, profile_changes, steps, usage
from errors import ModelError, NotFound
from language.detection import reply_language
from profiles.privacy.audit import note_consultation
from retrieval.search import Retriever

Event = Step | Delta | Replace | Turn
READER = "agent"  # of profiles, in the audit
_LONG = 3.0  # seconds of reading that are worth a line
log = logging.getLogger(__name__)
_SLACK = 30.0  # seconds that a turn may take beside its model's
_NOT_KEPT = "the consultation cannot be kept"  # the turn was not acknowledged


@runtime_checkable
class Warmable(Protocol):
    """A model that can read what every prompt begins with before anybody waits for it."""

    def warm(self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> float: ...


class Shopkeeper:
    """Answers messages. Safe for many threads; turns of one consultation run one after the other."""

    def __init__(self, services: Services, model: BaseChatModel, checkpointer: BaseCheckpointSaver[str]) -> None:
        self._live = LiveServices(services)
        self._model, self._checkpointer = model, checkpointer
        self._profile = profile_of(model)
        self._loop, self._loop_lock = self._build_loop(services), threading.Lock()
        self._locks = consultation_locks(services.profiles.engine)

    @property
    def services(self) -> Services:
        """What the agent works with, as the shop's files are now."""
        return self._live.current()

    def known(self, customer: str) -> str:
        """The id, if there is such a customer (or it is a visitor's), not erased; else `NotFound`.

        Who has signed in since is a visitor no more: what is known under that id is the customer's.
        """
        return known(self.services.profiles, customer, names_others=True)

    def greeting(self, customer: str) -> str:
        """What the agent says first, in the customer's language as far as it is known; it says that it is an AI."""
        spoken = {t.attribute: str(t.value) for t in self.services.profiles.read(customer).traits}.get("language")
        language = reply_language(spoken or self.services.shop.languages[0], self.services.shop.languages)
        return Composer(self.services, language, customer).say("greeting_ai", shop=self.services.shop.name)

    def reply(self, customer: str, consultation: str, text: str) -> Turn:
        """Answer one message, whole."""
        return next(event for event in self.stream(customer, consultation, text) if isinstance(event, Turn))

    def stream(self, customer: str, consultation: str, text: str) -> Iterator[Event]:
        """Answer one message: steps as they are taken, words as the gate lets them through, the turn at the end.

        The words add up to the turn's reply. A turn begins when the one before it has ended, in any process.
        """
        with self._locks.hold(consultation, self.patience), checkpoint_errors(self.services.profiles.engine, _NOT_KEPT):
            yield from self._run(self.known(customer), consultation, text)

    @property
    def patience(self) -> float:
        """Seconds that a turn may take, with all calls of its model."""
        limits = self.services.shop.limits
        return limits.model_calls * (limits.model_seconds or self._profile.seconds) + _SLACK

    def last_turn(self, consultation: str) -> Turn:
        """How the newest message was answered, as it was kept: nobody knows any more how long it took."""
        return self._turn(consultation, 0.0, 0.0)

    def messages(self, consultation: str) -> list[AnyMessage]:
        """All messages of a consultation so far."""
        state = self._loop.graph.get_state(self._config(consultation))
        return list(state.values.get("messages", []))

    def warm(self) -> float:
        """Let the model read what every prompt begins with, so that the first answer is fast; the seconds it took.

        A model that cannot has nothing to read before. Raises ModelError if it fails.
        """
        if not isinstance(self._model, Warmable):
            return 0.0
        loop, system = self._loop_of(self.services), SystemMessage(instructions(self.services))
        return self._model.warm([system, *loop.examples], [convert_to_openai_tool(tool) for tool in loop.tools])

    def transcript(self, consultation: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """A consultation as the model saw it: OpenAI-style messages with the system prompt, and the tools."""
        services = self.services
        loop = self._loop_of(services)
        values = loop.graph.get_state(self._config(consultation)).values
        start, card = values.get("first_turn", 0), values.get("card", "")
        messages = convert_to_openai_messages(window(values.get("messages", []), start, card))
        system = {"role": "system", "content": instructions(services)}
        return [system, *messages], [convert_to_openai_tool(tool) for tool in loop.tools]

    def _run(self, customer: str, consultation: str, text: str) -> Iterator[Event]:
        started, first_words, sent = time.perf_counter(), 0.0, ""
        state = self._loop.graph.get_state(self._config(consultation)).values
        began = state.get("customer", "")
        if began and self.services.profiles.owner(began) != customer:  # a visitor's goes on as the customer's
            raise NotFound(f"customer {customer!r} has no consultation {consultation!r}")
        earlier = list(state.get("messages", []))
        if began != customer:
            note_consultation(self.services.profiles, customer, READER, consultation)
        text = text.replace("\x00", "")  # no database takes it
        context = turn_context(self.services, customer, consultation, text, earlier, state.get("language"))
        message = HumanMessage(text, id=context.turn)
        if context.is_back:
            sent = back_again(context)
            yield Delta(sent)
        words = GatedWords([*earlier, message], self.services.tools)
        calls: dict[str, Mapping[str, Any]] = {}
        for mode, part in self._loop_of(context.services).graph.stream(
            {"messages": [message], "customer": customer, "gate": {"checked": 0, "blocked": 0}, "retry": ""},
            config=self._config(consultation),
            context=context,
            stream_mode=["updates", "messages"],
            durability="sync",
        ):
            if mode == "messages":
                for delta in words.feed(part[0]):
                    first_words = first_words or time.perf_counter() - started
                    sent += delta.text
                    yield delta
            else:
                yield from _steps(part, calls, words)
        turn = self._turn(consultation, time.perf_counter() - started, first_words)
        if self.services.profiles.erased_among([customer]):  # meanwhile: this turn was written after all was taken away
            said_farewell = self._says_farewell(consultation)
            self._checkpointer.delete_thread(consultation)
            if not said_farewell:
                raise NotFound(f"customer {customer!r} was erased")
        if context.is_back:
            self.services.handoffs.note_told(consultation)
        yield from _rest(sent, turn.reply)
        yield turn

    def _turn(self, consultation: str, seconds: float, first_words: float) -> Turn:
        values = self._loop.graph.get_state(self._config(consultation)).values
        messages = turn_messages(values["messages"])
        done = steps(messages)
        last = messages[-1]
        results = [step.result for step in done if step.ok]
        pending = self.services.proposals.pending(consultation)
        return Turn(
            reply=str(last.text) if isinstance(last, AIMessage) else "",
            language=values["language"],
            tools=done,
            profile=profile_changes(done),
            products=tuple(hit for result in results if result["kind"] == "products" for hit in result["hits"]),
            template=next((r["template"] for r in results if r["kind"] == "answer" and r["template"]), None),
            handoff=self.services.handoffs.is_open(consultation),
            proposal=pending.to_json() if pending else None,
            gate=values.get("gate", {"checked": 0, "blocked": 0}),
            usage=usage(messages),
            seconds=seconds,
            first_words=first_words or seconds,
            first_token=first_token(messages),
        )

    def _says_farewell(self, consultation: str) -> bool:
        """Whether the customer was erased by their own yes in this turn: its reply is still theirs."""
        last = self.messages(consultation)[-1:]
        return any(message.additional_kwargs.get(FAREWELL) for message in last)

    def _build_loop(self, services: Services) -> "_Loop":
        offered = build_tools(services, self._profile.descriptions)
        examples = worked_examples(offered) if self._profile.examples else []
        graph = create_agent(
            self._model,
            [outspoken(tool) for tool in runnable_tools(services, offered)],
            system_prompt=instructions(services),
            middleware=_middleware(services, self._profile, offered, examples, lambda: self.services.retriever),
            state_schema=ShopState,
            context_schema=TurnContext,
            checkpointer=self._checkpointer,
        )
        return _Loop(services, _schemas(services), offered, examples, graph)

    def _loop_of(self, services: Services) -> "_Loop":
        """The loop whose tools are those of these services: the values that a tool names are the catalogue's."""
        with self._loop_lock:
            if services is not self._loop.services:
                is_same = _schemas(services) == self._loop.schemas
                self._loop = replace(self._loop, services=services) if is_same else self._build_loop(services)
            return self._loop

    @staticmethod
    def _config(consultation: str) -> RunnableConfig:
        return {"configurable": {"thread_id": consultation}, "recursion_limit": 60}


@dataclass(frozen=True, slots=True)
class _Loop:
    """LangChain's agent for some services, the tools that the model is told of, and the examples that it is shown.

    `graph` is Any: the state's own keys are not among its typed input.
    """

    services: Services
    schemas: Mapping[str, Any]
    tools: Sequence[BaseTool]
    examples: Sequence[BaseMessage]
    graph: Any


def _schemas(services: Services) -> dict[str, Any]:
    """What the model is told of the tools, by name."""
    return {tool.name: tool.schema(services) for tool in services.tools}


def _middleware(
    services: Services,
    profile: ModelProfile,
    offered: Sequence[BaseTool],
    examples: Sequence[BaseMessage],
    retriever: Callable[[], Retriever],
) -> list[AgentMiddleware[Any, TurnContext, Any]]:
    """From the outside in: languages not served, what needs no model, intents, proposals that lapse, what the model
    sees, what the customer gets, and the tools."""
    shop = services.shop
    return [
        Unserved(),
        Shortcuts(),
        IntentTracking(),
        Lapsing(),
        Prompting(frozenset(tool.name for tool in offered)),
        *([GuidedCalls(profile)] if profile.is_guided else []),
        *([Examples(examples)] if examples else []),
        Replying(),
        ModelCallLimitMiddleware(run_limit=shop.limits.model_calls, exit_behavior="end"),
        ModelFallbackMiddleware(FallbackModel(retriever=retriever, languages=shop.languages)),
        InOrder(),
        ErrorsAsResults(),
    ]


class GatedWords:
    """Lets a streamed reply through sentence by sentence, each only after the gate has found its evidence."""

    def __init__(self, messages: list[AnyMessage], tools: tuple[Tool, ...]) -> None:
        self.messages = messages
        self._tools = tools
        self._held = ""
        self._blocked = False

    def feed(self, chunk: Any) -> Iterator[Delta]:
        """Words of the model that may be shown now; after a blocked sentence, none of this reply."""
        if not isinstance(chunk, AIMessageChunk) or self._blocked:
            return
        self._held += str(chunk.text)
        done, rest = (self._held, "") if chunk.chunk_position == "last" else _last_sentence(self._held)
        if not done:
            return
        if check(done, evidence(self.messages, self._tools)).blocked:
            self._blocked = True
            return
        self._held = rest
        yield Delta(done)


def _last_sentence(text: str) -> tuple[str, str]:
    """Splits behind the last sentence end that is followed by something: "$3.50" is no end."""
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|[。！？\n]", text)]
    return (text[: ends[-1]], text[ends[-1] :]) if ends else ("", text)


def _rest(sent: str, reply: str) -> Iterator[Delta | Replace]:
    """What is missing for those who have been sent so much."""
    if not reply.startswith(sent):
        yield Replace(reply)
    elif reply != sent:
        yield Delta(reply[len(sent) :])


def _steps(update: Mapping[str, Any], calls: dict[str, Mapping[str, Any]], words: GatedWords) -> Iterator[Step]:
    """The tool calls that an update of the graph completes; LangChain may write earlier messages anew with it."""
    known = {message.id for message in words.messages}
    for change in update.values():
        for message in (change or {}).get("messages", []):
            if message.id in known:
                continue
            if isinstance(message, AIMessage):
                calls |= {str(call["id"]): call for call in message.tool_calls}
            elif isinstance(message, ToolMessage) and message.tool_call_id in calls:
                words.messages.append(message)
                call = calls[message.tool_call_id]
                yield Step(call["name"], call["args"], message.status == "success", message.artifact or {})


@contextmanager
def open_shopkeeper(
    shop: Path,
    state: Path | None = None,
    *,
    model: str | None = None,
    profile: str | None = None,
    replies: Replies | None = None,
    database: str | None = None,
) -> Iterator[Shopkeeper]:
    """Open a shop's agent with everything it needs; `model`, `profile` and `replies` override shop.toml.

    `database`: the URL of the shop's, if it is not in the state directory. The model has read its instructions when the
    agent is open.
    """
    settings = load_shop(shop)
    chosen = choose_profile(model or settings.model, profile or settings.profile, settings.model_profile)
    settings = replace(settings, model=model or settings.model, replies=replies or settings.replies or chosen.replies)
    folder = state or settings.default_state
    services = open_services(settings, folder, database=database)
    chat_model = load_chat_model(
        settings.model, profile=chosen, registry=folder / REGISTRY, seconds=settings.limits.model_seconds
    )
    engine = services.profiles.engine
    with checkpoint_errors(engine, _NOT_KEPT), open_checkpoints(engine, folder) as checkpoints:
        shopkeeper = Shopkeeper(services, chat_model, checkpoints.saver)
        _warm(shopkeeper)
        yield shopkeeper


def _warm(shopkeeper: Shopkeeper) -> None:
    """Whoever waits long is told why; a model that fails now is stood in for by rules in each turn."""
    try:
        seconds = shopkeeper.warm()
    except ModelError as error:
        log.warning("the model could not read its instructions before the first message: %s", error)
        return
    if seconds >= _LONG:
        progress(f"the model has read its instructions, once for all customers, in {seconds:.0f} s")

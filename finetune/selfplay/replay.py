"""The agent's parts, run one after the other: tools, desk, prompt and replies as in the agent, without its graph.

In: opened `Services`, then a customer, a consultation and the planned `Step` of each turn. Out: `Rehearsed` turns,
and the transcript as the model would have seen it. The gold calls stand where the model's would; everything behind
them is the agent's own code. It takes a tenth of the time of the graph, whose scheduling, checkpoints and streaming a
rehearsal does not need; a test holds the two equal. Errors: those of the tools that are no refusals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain.agents.middleware import ToolCallRequest
from langchain.tools import ToolRuntime
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    HumanMessage,
    ToolMessage,
    convert_to_openai_messages,
)
from langchain_core.messages.tool import tool_call
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.runtime import Runtime

from agent.context import Services, TurnContext, turn_context
from agent.middleware.prompt import Prompting
from agent.middleware.reply import Replying, turn_messages
from agent.middleware.shortcuts import Shortcuts
from agent.middleware.tools import ErrorsAsResults
from agent.prompt import instructions, window
from agent.tools import build_tools
from agent.turn import Step as Taken
from agent.turn import steps
from finetune.selfplay.words.message import Step


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One turn: what the customer read, the calls with their results, and how often the model was asked."""

    reply: str
    tools: tuple[Taken, ...]
    asked: int


@dataclass(slots=True)
class Replay:
    """One consultation at a time: `begin`, then `turn` by `turn`."""

    services: Services
    customer: str = ""
    consultation: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    _tools: dict[str, Any] = field(default_factory=dict)
    _schemas: list[dict[str, Any]] = field(default_factory=list)
    _errors: ErrorsAsResults = field(default_factory=ErrorsAsResults)
    _calls: int = 0

    def __post_init__(self) -> None:
        tools = build_tools(self.services)
        self._tools = {tool.name: tool for tool in tools}
        self._schemas = [convert_to_openai_tool(tool) for tool in tools]

    def begin(self, customer: str, consultation: str) -> None:
        """A new consultation; what was said before is forgotten."""
        self.customer, self.consultation, self._calls = customer, consultation, 0
        self.state = {"messages": [], "customer": customer}

    def turn(self, step: Step) -> Rehearsed:
        """The customer's message of `step`, and what comes of its gold calls or words."""
        context = self._context(step.text)
        runtime: Runtime[TurnContext] = Runtime(context=context)
        self.state |= {"gate": {"checked": 0, "blocked": 0}, "retry": ""}
        self._say(HumanMessage(step.text, id=context.turn))
        if self._update(Shortcuts().before_agent(self._now, runtime)):
            return self._done(0)
        self._update(Prompting(frozenset(self._tools)).before_agent(self._now, runtime))
        self._say(self._answer(step))
        if step.calls:
            for call in self.state["messages"][-1].tool_calls:
                self._say(self._run(call, runtime))
            self._update(Replying().before_model(self._now, runtime))
        else:
            self._update(Replying().after_model(self._now, runtime))
        return self._done(1)

    def transcript(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The consultation as the model would have seen it: messages with the system prompt, and the tools."""
        shown = window(self.state["messages"], self.state.get("first_turn", 0), self.state.get("card", ""))
        system = {"role": "system", "content": instructions(self.services)}
        return [system, *convert_to_openai_messages(shown)], self._schemas

    @property
    def _now(self) -> Any:
        return self.state

    def _context(self, text: str) -> TurnContext:
        earlier, previous = self.state["messages"], self.state.get("language")
        return turn_context(self.services, self.customer, self.consultation, text, earlier, previous)

    def _answer(self, step: Step) -> AIMessage:
        calls = []
        for call in step.calls:
            self._calls += 1
            calls.append(tool_call(name=call.name, args=dict(call.arguments), id=f"c{self._calls}"))
        return AIMessage("" if calls else step.reply or "", tool_calls=calls, id=f"a{len(self.state['messages'])}")

    def _run(self, call: Any, runtime: Runtime[TurnContext]) -> ToolMessage:
        tool = self._tools[call["name"]]
        known: ToolRuntime[Any, Any] = ToolRuntime(
            state=self.state, context=runtime.context, config={}, stream_writer=lambda _: None,
            tool_call_id=call["id"], store=None, tools=[],
        )  # fmt: skip

        def handler(request: ToolCallRequest) -> ToolMessage:
            content, artifact = tool.func(**request.tool_call["args"], runtime=known)
            return ToolMessage(content, name=tool.name, tool_call_id=call["id"], artifact=artifact)

        request = ToolCallRequest(tool_call=call, tool=tool, state=self.state, runtime=known)
        done = self._errors.wrap_tool_call(request, handler)
        assert isinstance(done, ToolMessage)
        return done

    def _update(self, change: Mapping[str, Any] | None) -> bool:
        """Apply what a middleware returned; whether it ends the turn."""
        if not change:
            return False
        for message in change.get("messages", ()):
            self._say(message)
        self.state |= {name: value for name, value in change.items() if name not in ("messages", "jump_to")}
        return change.get("jump_to") == "end"

    def _say(self, message: AnyMessage) -> None:
        """Append a message, or put it in the place of the one with its id."""
        messages: list[AnyMessage] = self.state["messages"]
        place = next((n for n, old in enumerate(messages) if message.id and old.id == message.id), None)
        if place is None:
            messages.append(message)
        else:
            messages[place] = message

    def _done(self, asked: int) -> Rehearsed:
        messages: Sequence[AnyMessage] = turn_messages(self.state["messages"])
        last = messages[-1]
        return Rehearsed(str(last.text) if isinstance(last, AIMessage) else "", steps(messages), asked)

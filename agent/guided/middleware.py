"""Around the model and the tools: the help that the model's profile asks for.

In: the request with the messages that the model reads, and its answer; then the calls. Out: the calls that code makes
for what a message was recognised to want, or the request with what the model's calls may copy, the answer completed
with what the newest message plainly says, and calls with the order that was meant. It is part of the agent only where
the profile asks for some of it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest, hook_config
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import add_usage
from langchain_core.messages.tool import ToolCall
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.context import ShopState, TurnContext
from agent.guided.constraints import allowed_values
from agent.guided.conversation import Conversation
from agent.guided.notes import NoteJudge, listed
from agent.guided.order_ids import order_meant
from agent.guided.recogniser.encoder import Encoder
from agent.guided.recogniser.situation import situation
from agent.guided.repair import completed
from agent.guided.wishes.bought import is_nowhere
from agent.guided.wishes.choice import agrees_behind, agrees_beside, chosen, is_sure, plain_answer
from agent.guided.wishes.ordered import reply_before
from agent.guided.wishes.pieces import split
from agent.guided.wishes.plan import Plan, planned
from agent.guided.wishes.shares import MOST, Clause
from agent.middleware.shortcuts import agrees_too, amends, answered, in_question
from agent.models.profile import ModelProfile
from agent.orders.acts import ERASE_DATA
from agent.orders.confirm import Answer, before_yes, beside_yes
from agent.orders.proposals import Proposal
from agent.prompt import composed
from agent.replies.composer import Composer
from agent.tools.proposals import asked_of
from agent.tools.update_profile import MAX_CHANGES

log = logging.getLogger(__name__)
ORDER_ID = "order_id"
_PLANNED = "planned_"  # begins the ids of calls that code made


class GuidedCalls(AgentMiddleware[ShopState, TurnContext, Any]):
    """Binds calls to what was said, completes them, and finds the order that was meant, as the profile says."""

    state_schema = ShopState

    def __init__(self, profile: ModelProfile) -> None:
        super().__init__()
        self._profile = profile
        self._recogniser = Encoder() if profile.recognise else None

    @hook_config(can_jump_to=["end"])
    def before_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """A plain yes or no to what was proposed, in words that no list has: "yep thats his".

        A yes to what was just done ("did that go through? yes do it") is told that it is.
        """
        context = runtime.context
        newest = context.services.proposals.last(context.consultation)
        if self._recogniser is None or newest is None or newest.customer != context.customer:
            return None
        if not in_question(newest, state["messages"]):
            return None
        chances = self._chances(_situation(state["messages"], context), context)
        again: Answer | None = "yes" if chosen(chances) == {"yes"} else None
        answer = again if newest.status == "done" else plain_answer(chances, context.reading)
        is_else = is_nowhere(newest, context.reading) or amends(context, newest) or agrees_too(context, newest)
        if answer == "no" and is_else:
            return None
        if newest.kind == ERASE_DATA and answer != "no":  # that takes a plain word
            return None
        if answer is None and newest.status == "pending":
            return self._carried_out(newest, chances, state, context)
        reply = answered(context, newest, answer) if answer else []
        return {"messages": reply, "jump_to": "end"} if reply else None

    def _carried_out(
        self, newest: Proposal, chances: Mapping[str, float], state: ShopState, context: TurnContext
    ) -> dict[str, Any] | None:
        """What a sentence that is a plain yes carries out, where the rest asks for something else ("yep. do you gift
        wrap?"), or only talks ("i'm not carrying that. yes return it")."""
        assert self._recogniser is not None
        text, of = context.reading.text, asked_of(newest, context)
        before = before_yes(text, context.language, **of)
        rest = before or beside_yes(text, context.language, **of)
        if not rest:
            return None
        asked = self._recogniser.probabilities(_situation(state["messages"], context), rest)
        if before:
            is_agreed = agrees_behind(chances, asked, context.read(before), newest.kind)
            return {"messages": answered(context, newest, "yes"), "jump_to": "end"} if is_agreed else None
        if not agrees_beside(chances, asked, context.read(rest)):
            return None
        (reply,) = answered(context, newest, "yes")
        return {"carried_out": {"turn": context.turn, "said": str(reply.text), "rest": rest}}

    def after_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Say first what was carried out."""
        done, last = state.get("carried_out"), state["messages"][-1]
        if done is None or done["turn"] != runtime.context.turn or not isinstance(last, AIMessage):
            return None
        return {"messages": [last.model_copy(update={"content": f"{done['said']}\n\n{last.text}"})]}

    def wrap_model_call(
        self, request: ModelRequest[TurnContext], handler: Callable[[ModelRequest[TurnContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """What is recognised is called by code; else, and for what is left, constraints before and repair after."""
        plan = self._planned(request)
        if plan is None:
            return self._asked(request, handler)
        calls, asked = [_call(name, arguments) for name, arguments in plan.calls], AIMessage("")
        for name in plan.model_tools:
            written = self._asked(request.override(tool_choice=name), handler)
            answers = [message for message in written.result if isinstance(message, AIMessage)]
            asked = _with_usage(asked, answers)
            made = _one_call([call for message in answers for call in message.tool_calls if call["name"] == name])
            made = [_with_order(call, plan) for call in made]
            calls = [*made, *calls]
        if calls:
            return ModelResponse(result=[asked.model_copy(update={"tool_calls": calls})])
        context = request.runtime.context
        return ModelResponse(
            result=[*(_declined(plan, context) or [composed(_words(plan, context, request.state["messages"]))])]
        )

    def _talk(self, request: ModelRequest[TurnContext]) -> Conversation:
        context = request.runtime.context
        lexicon = context.services.lexicon
        return Conversation.of(
            request.messages, context.today, lexicon, orders=context.orders, language=context.language
        )

    def _planned(self, request: ModelRequest[TurnContext]) -> Plan | None:
        """What to do about a message that has just come; None where the model decides."""
        if self._recogniser is None or not isinstance(request.messages[-1], HumanMessage):
            return None
        context, messages = request.runtime.context, request.state["messages"]
        done: Any = request.state.get("carried_out")
        if done is not None and done["turn"] == context.turn:  # what is left to be answered
            context = context.as_if(done["rest"])
        try:
            now = _situation(messages, context)
            chances = self._chances(now, context)
            if self._profile.ask_unsure and not is_sure(chances, context.reading):
                return None
            judge = NoteJudge(self._recogniser, context)
            return planned(chances, self._clauses(now, context), context, messages, judge)
        except Exception:  # an error of ours: the model can still answer
            log.exception("no plan for a message")
            return None

    def _chances(self, now: str, context: TurnContext) -> Mapping[str, float]:
        """What the newest message wants, by the recogniser, in the situation `now`."""
        assert self._recogniser is not None
        return self._recogniser.probabilities(now, context.reading.text)

    def _clauses(self, now: str, context: TurnContext) -> Sequence[Clause]:
        """What each clause of the newest message wants; none where it has only one, or very many."""
        assert self._recogniser is not None
        parts = [*split(context.reading.text)]
        if not 1 < len(parts) <= MOST:
            return ()
        chances = self._recogniser.each(now, [text for _, text in parts])
        return [Clause(start, text, each) for (start, text), each in zip(parts, chances, strict=True)]

    def _asked(
        self, request: ModelRequest[TurnContext], handler: Callable[[ModelRequest[TurnContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        context = request.runtime.context
        talk = self._talk(request)
        tools = [convert_to_openai_tool(tool) for tool in request.tools]
        if self._profile.constrain:
            allowed = allowed_values(talk, tools, context.services.tools)
            request = request.override(model_settings={**request.model_settings, "allowed": allowed})
        response = handler(request)
        answers = response.result
        if self._profile.repair:
            answers = [completed(one, talk, tools) if isinstance(one, AIMessage) else one for one in answers]
        if self._recogniser is not None:
            judge = NoteJudge(self._recogniser, context)
            answers = [judge.kept(one) if isinstance(one, AIMessage) else one for one in answers]
        return replace(response, result=answers)

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """The call as the model meant it; the conversation keeps it as it was written. What code called is meant so."""
        arguments, is_planned = request.tool_call["args"], str(request.tool_call["id"]).startswith(_PLANNED)
        if is_planned or not self._profile.guess_ids or not isinstance(arguments.get(ORDER_ID), str):
            return handler(request)
        context: Any = request.runtime.context
        address = str(arguments.get("address") or "")
        meant = order_meant(arguments[ORDER_ID], context, request.state["messages"], address)
        return handler(request.override(tool_call={**request.tool_call, "args": {**arguments, ORDER_ID: meant}}))


def _situation(messages: Sequence[AnyMessage], context: TurnContext) -> str:
    """What the newest message stands in, as the recogniser reads it."""
    pending = context.services.proposals.pending(context.consultation, context.now)
    return situation(messages, pending.kind if pending else "").text()


def _with_usage(message: AIMessage, answers: Sequence[AIMessage]) -> AIMessage:
    """The message with what the model's answers took, added up."""
    for answer in answers:
        usage = add_usage(message.usage_metadata, answer.usage_metadata)
        metadata = {**answer.response_metadata, **message.response_metadata}
        message = message.model_copy(update={"usage_metadata": usage, "response_metadata": metadata})
    return message


def _one_call(calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Several calls of one tool as one: a small model that must call may do so again and again."""
    changes = [*listed(calls)][:MAX_CHANGES]
    return [{**calls[0], "args": {"changes": changes}}] if changes else [*calls[:1]]


def _with_order(call: ToolCall, plan: Plan) -> ToolCall:
    """Of an address, with the order that the message tells, instead of an id that it may not have."""
    address = call["args"].get("address")
    if not isinstance(address, str):
        return call
    given = {name: value for name, value in call["args"].items() if name != ORDER_ID}
    return {**call, "args": given | plan.of_order(address)}


def _call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=f"{_PLANNED}{uuid4().hex[:12]}", type="tool_call")


def _declined(plan: Plan, context: TurnContext) -> list[AnyMessage]:
    """What waits for a yes is dropped at a no that names something too: a later "correct" must not carry it out."""
    pending = context.services.proposals.pending(context.consultation, context.now)
    return answered(context, pending, "no") if plan.said == "no" and pending else []


def _words(plan: Plan, context: TurnContext, messages: Sequence[AnyMessage]) -> str:
    """What is said where nothing is called: in answer to a greeting, to thanks, or to what is none of the shop's.

    Who was not understood is asked, and the second time offered a person.
    """
    composer = Composer(context.services, context.language, context.turn)
    cues = context.reading.cues
    if plan.said == "nothing":
        return composer.say("empty_message")
    told = next((cue for cue in ("asks_bot", "upset") if cue in cues), "")
    if not told and plan.said in ("yes", "no", "offtopic"):
        return composer.say(f"said_{plan.said}")
    told = told or next((cue for cue in ("thanks", "greets") if cue in cues), "")
    if not told and plan.said == "unclear":
        asked = composer.say("said_unclear")
        return composer.say("said_unclear_again") if asked in reply_before(messages) else asked
    told = told or "talks"
    return composer.say(f"said_{told}", shop=context.services.shop.name)

"""Between the tools and the customer: strict replies, and the gate that every reply passes.

In: the consultation's state after the tools or the model have spoken. Out: the reply as the last AIMessage, and the
counts of claims checked and blocked. Nothing that this turn's evidence does not support leaves: what code composed is
held to it as well; where a paragraph of that fails, it is left out, the customer is told so, and it is logged.
"""

import json
import logging
from typing import Any

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.runtime import Runtime

from agent.context import ShopState, TurnContext
from agent.models.fallback import DEGRADED
from agent.prompt import composed
from agent.replies.composer import Composer
from agent.replies.gate import Evidence, GateReport, check
from agent.tools import evidence_keys
from agent.tools.tool import Tool

log = logging.getLogger(__name__)


class Replying(AgentMiddleware[ShopState, TurnContext, Any]):
    """Composes strict replies (`before_model`) and gates the model's own (`after_model`)."""

    state_schema = ShopState

    @hook_config(can_jump_to=["end"])
    def before_model(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """In strict mode, and when the model is down, code writes the reply as soon as the tools have run."""
        messages = turn_messages(state["messages"])
        if not isinstance(messages[-1], ToolMessage):
            return None
        if _may_write(messages, runtime.context):
            return None
        text, report = _composed(state["messages"], runtime.context)
        return {"messages": [composed(text)], "gate": _counted(state, report), "jump_to": "end"}

    @hook_config(can_jump_to=["model", "end"])
    def after_model(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Gate the model's words: blocked once, it is bound to the composed text; blocked twice, that text is sent."""
        last = state["messages"][-1]
        if not isinstance(last, AIMessage) or last.tool_calls:
            return None
        messages = turn_messages(state["messages"])
        report = check(str(last.text), evidence(state["messages"], runtime.context.services.tools))
        counts = _counted(state, report)
        if not report.blocked and last.text.strip():
            kept = [_replaced(last, str(last.text))] if last.invalid_tool_calls else []
            return {"messages": kept, "gate": counts, "retry": ""}
        safe, _ = _composed(state["messages"], runtime.context)
        tried = bool(state.get("retry")) or not any(isinstance(message, ToolMessage) for message in messages)
        if not tried:
            return {"messages": [_replaced(last, "")], "gate": counts, "retry": safe, "jump_to": "model"}
        return {"messages": [_replaced(last, safe)], "gate": counts, "retry": "", "jump_to": "end"}


def _may_write(messages: list[AnyMessage], context: TurnContext) -> bool:
    """Whether the model writes this reply: in a free shop, while it is up and has a call left for it."""
    shop = context.services.shop
    asked = sum(isinstance(message, AIMessage) for message in messages)
    return shop.replies == "free" and not is_degraded(messages) and asked < shop.limits.model_calls - 1


def turn_messages(messages: list[AnyMessage]) -> list[AnyMessage]:
    """The messages from the customer's newest one on."""
    start = max(index for index, message in enumerate(messages) if isinstance(message, HumanMessage))
    return messages[start:]


def is_degraded(messages: list[AnyMessage]) -> bool:
    """Whether rules stood in for the model in this turn."""
    return any(isinstance(m, AIMessage) and m.response_metadata.get(DEGRADED) for m in messages)


def evidence(messages: list[AnyMessage], tools: tuple[Tool, ...]) -> Evidence:
    """What a reply may claim: this turn's results, and the customer's words of the consultation."""
    results = [m.artifact for m in turn_messages(messages) if isinstance(m, ToolMessage)]
    said = [str(m.content) for m in messages if isinstance(m, HumanMessage)]
    texts = tuple(json.dumps(result, ensure_ascii=False) for result in results)
    return Evidence(texts, tuple(said), evidence_keys(tools))


def _composed(conversation: list[AnyMessage], context: TurnContext) -> tuple[str, GateReport]:
    """What code says of this turn, and what the gate found in it; paragraphs that it blocks are left out.

    Code copies from results, so a blocked paragraph is an error of ours, such as a phrase that claims something itself.
    """
    messages, known = turn_messages(conversation), evidence(conversation, context.services.tools)
    composer = Composer(context.services, context.language, context.turn)
    artifacts = [m.artifact for m in messages if isinstance(m, ToolMessage) and m.artifact]
    parts = composer.paragraphs(artifacts) if artifacts else [composer.say("small_talk")]
    before = [composer.say("model_down")] if is_degraded(messages) else []
    text = "\n\n".join([*before, *parts])
    report = check(text, known)
    if not report.blocked:
        return text, report
    kinds = ", ".join(artifact["kind"] for artifact in artifacts) or "no result"
    log.error("a composed reply of %s: %d of %d claims have no evidence", kinds, report.blocked, report.checked)
    unasked = [{name: value for name, value in one.items() if name != "question"} for one in artifacts]
    kept = [part for part in (composer.paragraphs(unasked) if artifacts else []) if not check(part, known).blocked]
    return "\n\n".join([*before, *kept, composer.say("unsupported")]), report


def _replaced(message: AIMessage, text: str) -> AIMessage:
    """The same message (by id) with other words: the blocked ones stay neither in the state nor in the checkpoint.

    A call that was cut off goes too: it was never run, and nothing may answer for it later.
    """
    return message.model_copy(update={"content": text, "invalid_tool_calls": []})


def _counted(state: ShopState, report: GateReport) -> dict[str, int]:
    before = state.get("gate") or {"checked": 0, "blocked": 0}
    return {"checked": before["checked"] + report.checked, "blocked": before["blocked"] + report.blocked}

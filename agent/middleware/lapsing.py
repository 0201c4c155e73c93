"""After each turn: a proposal lapses once the customer has turned to something else.

In: the turn's messages. Out: nothing for the conversation; a proposal that waits no longer has the status "lapsed". It
waits for the next two messages of the customer: for the second one only if the first was about it or about nothing
else that a tool does (a question that `find_answer`, an order's state or the product in question answers), and if the
reply to that one asked for nothing itself, since a yes answers the question that was asked last.
"""

from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.runtime import Runtime

from agent.context import ShopState, TurnContext
from agent.middleware.reply import turn_messages
from agent.orders.proposals import Proposal
from agent.shown import SPEAKS_OF
from agent.tools.get_product import NAME as PRODUCT

_WAITS = 2  # messages of the customer
QUESTION = ("?", "？")  # ends a reply that asks for something


class Lapsing(AgentMiddleware[ShopState, TurnContext, Any]):
    """Keeps a later yes from meaning what was proposed long before it (`after_agent`)."""

    state_schema = ShopState

    def after_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Close the proposal that waits, if the customer is past it."""
        context, messages = runtime.context, state["messages"]
        waiting = context.services.proposals.pending(context.consultation, context.now)
        since = _messages_since(waiting.id, messages) if waiting else 0
        if waiting and (since >= _WAITS or (since and _is_past(waiting, messages, context))):
            context.services.proposals.lapse(context.consultation)
        return None


def _messages_since(proposal: str, messages: list[AnyMessage]) -> int:
    """How many messages of the customer have come since it was made; none, where it was not made here."""
    made = [at for at, message in enumerate(messages) if _proposed(message) == proposal]
    return sum(isinstance(message, HumanMessage) for message in messages[made[-1] :]) if made else 0


def _proposed(message: AnyMessage) -> str | None:
    artifact = (message.artifact if isinstance(message, ToolMessage) else None) or {}
    return str(artifact["proposal"]["id"]) if artifact.get("kind") == "proposal" else None


def _is_past(waiting: Proposal, messages: list[AnyMessage], context: TurnContext) -> bool:
    """Whether the turn did something else, or its reply asks for something else."""
    turn = turn_messages(messages)
    keeping = {tool.name for tool in context.services.tools if tool.keeps_proposal}
    if _is_about(waiting, turn, context):
        keeping.add(PRODUCT)
    called = {call["name"] for message in turn if isinstance(message, AIMessage) for call in message.tool_calls}
    reply = str(turn[-1].text).rstrip() if isinstance(turn[-1], AIMessage) else ""
    return not called <= keeping or reply.endswith(QUESTION)


def _is_about(waiting: Proposal, turn: list[AnyMessage], context: TurnContext) -> bool:
    """Whether the products that the turn told of are among what the proposal is about: "how heavy is it, though?"."""
    by_sku = context.services.retriever.catalog.by_sku
    told = {sku for m in turn if isinstance(m, ToolMessage) and m.artifact for sku in m.artifact.get(SPEAKS_OF, ())}
    items = {str(line.get("sku")) for line in waiting.summary.get("items", ())}
    return {by_sku[sku].sku for sku in told if sku in by_sku} <= {by_sku[sku].sku for sku in items if sku in by_sku}

"""What needs no model: a person in charge, an empty or endless message, and the yes or no to a proposal.

In: the consultation's state as a message arrives. Out: nothing (the model answers), or the reply and the end of the
turn. So a change of an order, and an erasure, is carried out by code, from exactly what was proposed, and once. The
first reply after a person was in charge begins with that, whoever writes it.
"""

from typing import Any

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.runtime import Runtime

from agent.context import ShopState, TurnContext
from agent.orders.amending import is_amended
from agent.orders.confirm import Answer, agrees_in_part, read_answer
from agent.orders.order import OrderRefused
from agent.orders.proposals import ERASE_DATA, Proposal
from agent.prompt import composed
from agent.replies.composer import Composer
from agent.tools.outcome import RefusedWrite, refusal_of
from agent.tools.proposals import asked_of

_KEPT_CHARS = 300  # of a message that is too long, for the record
FAREWELL = "farewell"  # additional_kwargs key of the reply after which nothing of the consultation is kept
_ABOUT = "about_proposal"  # additional_kwargs key of a reply that carried a proposal out


class Shortcuts(AgentMiddleware[ShopState, TurnContext, Any]):
    """Answers what code can answer, before the model is asked."""

    state_schema = ShopState

    @hook_config(can_jump_to=["end"])
    def before_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Keep quiet, answer, or let the model go on; the turn's language is kept either way."""
        context, message = runtime.context, state["messages"][-1]
        known: dict[str, Any] = {"language": context.language}
        if context.services.handoffs.is_open(context.consultation):
            return known | {"jump_to": "end"}
        reply = _too_little_or_much(context, message) or _answer_to_proposal(context, state["messages"])
        return known | {"messages": reply, "jump_to": "end"} if reply else known

    def after_agent(self, state: ShopState, runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Tell the customer that the agent is back."""
        last = state["messages"][-1]
        if not runtime.context.is_back or not isinstance(last, AIMessage):
            return None
        return {"messages": [last.model_copy(update={"content": f"{back_again(runtime.context)}{last.text}"})]}


def back_again(context: TurnContext) -> str:
    """How the first reply begins after a person was in charge."""
    return f"{Composer(context.services, context.language, context.turn).say('back_again')}\n\n"


def _too_little_or_much(context: TurnContext, message: AnyMessage) -> list[AnyMessage]:
    text, limit = str(message.content), context.services.shop.limits.message_chars
    composer = Composer(context.services, context.language, context.turn)
    if not text.strip():
        return [composed(composer.say("empty_message"))]
    if len(text) > limit:
        cut = HumanMessage(f"{text[:_KEPT_CHARS]}…", id=message.id)  # the same id: it replaces the long one
        return [cut, composed(composer.say("too_long", limit=limit))]
    return []


def _answer_to_proposal(context: TurnContext, messages: list[AnyMessage]) -> list[AnyMessage]:
    proposals = context.services.proposals
    newest = proposals.last(context.consultation)
    if newest is None or newest.customer != context.customer or not in_question(newest, messages):
        return []
    answer = read_answer(str(messages[-1].content), context.language, **asked_of(newest, context))
    if answer == "no" and amends(context, newest):
        return []
    return answered(context, newest, answer)


def agrees_too(context: TurnContext, newest: Proposal) -> bool:
    """Whether a sentence of the message is a yes, whatever the others say."""
    return agrees_in_part(context.reading.text, context.language, **asked_of(newest, context))


def amends(context: TurnContext, newest: Proposal) -> bool:
    """Whether the message says what a proposal that waits should be instead: "no, brown"."""
    if newest.status != "pending" or "order_id" not in newest.summary:
        return False
    order = context.services.orders.get(context.customer, str(newest.summary["order_id"]))
    return is_amended(newest, order, context.reading)


def answered(context: TurnContext, newest: Proposal, answer: Answer) -> list[AnyMessage]:
    """The reply that carries out what was proposed, or drops it; none if neither."""
    proposals, order_id = context.services.proposals, str(newest.summary.get("order_id", ""))
    composer = Composer(context.services, context.language, context.turn)
    if answer == "no" and proposals.decline(context.consultation, context.customer):
        return [composed(composer.say("declined"), f"declined: {newest.kind} {order_id}")]
    if answer != "yes":
        return []
    try:
        confirmed = proposals.confirm(context.consultation, context.customer, context.now)
    except OrderRefused as error:
        refusal = refusal_of(error, order_id) if order_id else RefusedWrite(str(error), "rule_expired_data")
        return [composed(composer.refused(refusal.phrase, refusal.slots), f"not done: {newest.kind} {order_id}")]
    if newest.kind == ERASE_DATA:
        return [_erased(context, composer)]
    said = composer.done(confirmed.proposal.to_json())
    if confirmed.repeated:
        said = f"{composer.say('already_done')} {said}"
    reply = composed(said, f"done: {newest.kind} {order_id}")
    return [reply.model_copy(update={"additional_kwargs": {_ABOUT: newest.id}})]


def _erased(context: TurnContext, composer: Composer) -> AnyMessage:
    """The customer's yes to an erasure, carried out; the reply is the last one of this consultation."""
    erased = context.services.data.erase(context.customer)
    said = composer.say("done_erase_data" if erased.is_complete else "begun_erase_data", receipt=erased.number)
    return composed(said, "done: erase_data").model_copy(update={"additional_kwargs": {FAREWELL: True}})


def in_question(newest: Proposal, messages: list[AnyMessage]) -> bool:
    """Whether a yes can mean this proposal: it waits, or the reply just before said that it was done."""
    if newest.status == "pending":
        return True
    before = next((m for m in reversed(messages[:-1]) if isinstance(m, AIMessage)), None)
    return newest.status == "done" and before is not None and before.additional_kwargs.get(_ABOUT) == newest.id

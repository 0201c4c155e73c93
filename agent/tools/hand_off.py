"""The tool that hands the consultation over to a person.

In: the reason. Out: an `Outcome` of kind "handoff", with a summary of what was said and is known.
"""

from collections.abc import Iterator

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agent.handoff import Line, summarize
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.schemas import arguments, text
from agent.tools.tool import Tool

NAME = "hand_off"


def hand_off(reason: str, runtime: Runtime) -> Outcome:
    """Ask for a person, with a summary of what was said and is known."""
    context = runtime.context
    services = context.services
    summary = summarize(
        list(_lines(runtime.state["messages"])),
        services.profiles.read(context.customer).everyone,
        services.proposals.pending(context.consultation),
    )
    record = services.handoffs.open(context.customer, context.consultation, reason, summary, context.now)
    artifact = {"kind": "handoff", "id": record.id, "reason": record.reason, "summary": record.summary}
    return outcome(context, artifact, "handed over to a person")


def _lines(messages: list[AnyMessage]) -> Iterator[Line]:
    for message in messages:
        if isinstance(message, HumanMessage):
            yield Line("customer", str(message.content))
        elif isinstance(message, AIMessage) and str(message.text):
            yield Line("agent", str(message.text))


TOOL = Tool(
    name=NAME,
    brief="hand over to a person",
    when=(
        "Hand the conversation over to a person of the shop, with a summary. Use it when the customer asks for a "
        "person, complains, or needs something that no tool can do, such as a damaged or lost parcel. Do not use "
        "it for what another tool can look up or propose. From then on a person answers, and you do not."
    ),
    parameters=lambda services: arguments({"reason": text("Why a person is needed, in a few words.")}),
    function=hand_off,
    kind="handoff",
    say=lambda composer, artifact: composer.say("handed_off"),
    is_learnt=True,
)

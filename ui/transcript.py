"""What was said in a consultation: its messages in, the customer's words and the agent's replies out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage


@dataclass(frozen=True, slots=True)
class Said:
    """One message that somebody reads."""

    by: Literal["customer", "agent"]
    text: str


def spoken(messages: Iterable[AnyMessage]) -> Iterator[Said]:
    """Without the calls of tools and their results."""
    for message in messages:
        text = str(message.text)
        if isinstance(message, HumanMessage):
            yield Said("customer", text)
        elif isinstance(message, AIMessage) and text.strip() and not message.tool_calls:
            yield Said("agent", text)

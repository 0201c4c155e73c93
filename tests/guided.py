"""The help for small models as tests ask for it: messages, tools and a lexicon in, what a call may copy out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from agent.guided.constraints import allowed_values
from agent.guided.conversation import Conversation
from agent.guided.repair import completed as repaired
from agent.lexicon import ShopLexicon
from agent.models.grammar import Allowed
from agent.tools import TOOLS
from agent.tools.tool import Tool

TODAY = date(2026, 11, 27)  # a Friday
Tools = Sequence[Mapping[str, Any]]


def supported(
    messages: Sequence[BaseMessage],
    tools: Tools,
    lexicon: ShopLexicon | None,
    *,
    asked: str = "",
    records: Sequence[Tool] = TOOLS,
    orders: Sequence[str] | None = None,
) -> Allowed:
    """By argument, what a call may copy from the messages."""
    return allowed_values(Conversation.of(messages, TODAY, lexicon, asked=asked, orders=orders), tools, records)


def completed(
    answer: AIMessage, messages: Sequence[BaseMessage], tools: Tools, lexicon: ShopLexicon | None
) -> AIMessage:
    """The answer with what it lacks."""
    return repaired(answer, Conversation.of(messages, TODAY, lexicon), tools)

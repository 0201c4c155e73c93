"""What a tool call may copy from the conversation: prices and order ids that stand there, never made-up ones.

In: the messages that the model reads, and the tools. Out: ``{"tool.argument": [values]}`` as the model's `allowed`
takes it: numbers for arguments that are numbers, ids for `order_id`. A small model would rather write a price that it
saw in training than none; an argument that nothing was said for is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.tools.orders import NEWEST, ids_in
from profiles.numbers import numbers_in

ORDER_ID = "order_id"
_SPACED_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4} \d{3,}")  # "ap 10482", which may be "10482" or all of it
_QUANTITY = ("number", "integer")


def supported(messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """By argument, what stands in these messages. `tools` are OpenAI-style dictionaries.

    Numbers are the customer's own (or those of earlier calls, which were): a result's price is no wish.
    """
    own = "\n".join(_wishes(messages))
    numbers = [_plain(number) for number in sorted(numbers_in(own))]
    shown = "\n".join(str(message.text) for message in messages if not isinstance(message, SystemMessage))
    ids = list(dict.fromkeys([NEWEST, *ids_in(shown), *ids_in(own), *_SPACED_ID.findall(own)]))
    allowed: dict[str, list[Any]] = {}
    for tool in tools:
        function = tool["function"]
        for name, field in (function.get("parameters") or {}).get("properties", {}).items():
            if name == ORDER_ID:
                allowed[f"{function['name']}.{name}"] = ids
            elif field.get("type") in _QUANTITY:
                allowed[f"{function['name']}.{name}"] = numbers
    return allowed


def _wishes(messages: Sequence[BaseMessage]) -> Iterator[str]:
    """The customer's words, and what calls were made with."""
    for message in messages:
        if isinstance(message, HumanMessage):
            yield str(message.text)
        elif isinstance(message, AIMessage):
            yield from (str(value) for call in message.tool_calls for value in call["args"].values())


def _plain(number: float) -> float | int:
    return int(number) if number.is_integer() else number

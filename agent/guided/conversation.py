"""The messages as a call may quote them, each read once.

In: the messages that the model reads, the day, the shop's lexicon. Out: a `Conversation` of readings, which constraints
and repair look at.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.lexicon import ShopLexicon
from agent.orders.order import NEWEST
from agent.prompt import CARD
from language.ids import possible_ids
from language.reading import Reading, read

_SPACED_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4} \d{3,}")  # "ap 10482", which may be "10482" or all of it


@dataclass(frozen=True)
class Conversation:
    """`readings` are those of the customer's messages, `newest` the last of them (of nothing, if there is none).

    `told` is what is noted from: the newest message, behind the question that it answers. `calls` are the arguments of
    earlier calls; `read` reads anything of this conversation. Without a lexicon nothing is known of the shop's words.
    """

    messages: Sequence[BaseMessage]
    lexicon: ShopLexicon | None
    orders: Sequence[str] | None
    read: Callable[[str], Reading]
    readings: Sequence[Reading]
    newest: Reading
    told: Reading
    calls: Sequence[Mapping[str, Any]]

    @classmethod
    def of(
        cls,
        messages: Sequence[BaseMessage],
        today: date,
        lexicon: ShopLexicon | None = None,
        *,
        asked: str = "",
        orders: Sequence[str] | None = None,
        language: str | None = None,
    ) -> "Conversation":
        """`asked`: the shop's question that the newest message answers, if no message has it.

        `orders` are the ids of the customer's own orders; where they are not known, whatever may be an id is one. Days
        are counted from `today`; `language` is that of the conversation so far.
        """
        reader: Callable[[str], Reading] = partial(read, today=today, previous=language, own_orders=orders or ())
        if lexicon is not None:
            reader = partial(lexicon.read, today=today, language=language, orders=orders or ())
        readings = [reader(str(message.text)) for message in messages if isinstance(message, HumanMessage)]
        newest = readings[-1] if readings else reader("")
        told = reader(f"{asked}\n{newest.text}".strip()) if asked else newest
        calls = [call["args"] for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
        return cls(messages, lexicon, orders, reader, readings, newest, told, calls)

    @cached_property
    def order_ids(self) -> list[str]:
        """The newest order, and ids that somebody wrote or that were shown."""
        said = [str(message.text) for message in self.messages if not isinstance(message, SystemMessage)]
        texts = (*said, *(str(value) for call in self.calls for value in call.values()))
        if self.orders is not None:
            ids = [each.written for text in texts for each in self.read(text).order_ids]
        else:
            ids = [each for text in texts for each in (*possible_ids(text), *_SPACED_ID.findall(text))]
        return list(dict.fromkeys([NEWEST, *ids]))

    def has_trait(self, attribute: str) -> bool:
        """Whether the profile card names it, or it was noted in these messages."""
        cards = (str(m.text) for m in self.messages if isinstance(m, SystemMessage) and str(m.text).startswith(CARD))
        return any(re.search(rf"\b{attribute}\b", text) for text in (*map(str, self.calls), *cards))

"""What a message stands in: the message before, what the agent did about it, what was shown, what waits for a yes.

In: the messages of a consultation, and the kind of the proposal that waits. Out: a `Situation`, and the pair of texts
that the encoder reads. Training makes the same of written consultations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.shown import SHOWS

_LAST = 3  # tools of the turn before that are named
_WORDS = 24  # of the message before that are read
_NEWER = {"list_orders": "find_orders", "get_order": "find_orders"}  # what the encoder was trained to know them as


@dataclass(frozen=True, slots=True)
class Situation:
    """`before`: the tools called for the message before, `previous`; `pending`: the kind of the waiting proposal."""

    previous: str = ""
    before: tuple[str, ...] = ()
    has_list: bool = False
    pending: str = ""

    def text(self) -> str:
        """In words: "search products, list. something warm"."""
        acts = [name.replace("_", " ") for name in self.before[-_LAST:]]
        marks = [*acts, *(["list"] if self.has_list else []), *([f"asked {self.pending}"] if self.pending else [])]
        previous = " ".join(self.previous.split()[:_WORDS])[: _WORDS * 8]
        return f"{', '.join(marks).replace('_', ' ') or 'first'}. {previous}".strip()


def situation(messages: Sequence[AnyMessage], pending: str) -> Situation:
    """The situation of the newest message of these."""
    places = [place for place, message in enumerate(messages) if isinstance(message, HumanMessage)]
    earlier = messages[: places[-1]] if places else messages
    last = next((place for place in reversed(places[:-1])), None)
    turn = earlier[last:] if last is not None else []
    tools = [str(message.name) for message in turn if isinstance(message, ToolMessage)]
    has_list = any(isinstance(m, ToolMessage) and (m.artifact or {}).get(SHOWS) for m in earlier)
    previous = str(messages[last].text) if last is not None else ""
    return Situation(previous, tuple(_NEWER.get(name, name) for name in tools), has_list, pending)

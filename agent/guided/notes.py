"""Which notes of a small model are kept: those that the message states, of whom it states them.

In: a call that notes, as the model wrote it and repair completed it, and the recogniser. Out: the same call without the
changes that the message does not bear out: a question states no taste, and another's size is not the customer's. A
wrong note is worse than a missing one, so what is not sure is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import ToolCall

from agent.context import TurnContext
from agent.guided.recogniser.labels import STATED, STATED_OF_OTHER, note_text
from agent.tools.search_products import NAME as SEARCH
from agent.tools.update_profile import MAX_CHANGES, NAME
from language.recipients import recipients_in
from profiles.schema import Schema

SURE, PLAIN = 0.5, 0.2  # probability that the message states a note; that is enough for one that plainly stands there
_SAME = ("attribute", "value", "polarity")  # two changes that say the same


class Recogniser(Protocol):
    """Two texts in, the probability of each label out."""

    def probabilities(self, situation: str, message: str) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class NoteJudge:
    """Judges the notes of one turn."""

    recogniser: Recogniser
    context: TurnContext

    def kept(self, answer: AIMessage) -> AIMessage:
        """The answer with the notes that are sure; a call that has none left goes."""
        calls = [call for call in map(self._kept, answer.tool_calls) if call is not None]
        return answer if calls == answer.tool_calls else answer.model_copy(update={"tool_calls": calls})

    def _kept(self, call: ToolCall) -> ToolCall | None:
        changes = call["args"].get("changes")
        if call["name"] != NAME or not isinstance(changes, list):
            return call
        judged = (self._judged(change) if isinstance(change, dict) else change for change in changes)
        sure = [change for change in judged if change is not None]
        return {**call, "args": {**call["args"], "changes": sure}} if sure else None

    def _judged(self, change: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The change if the message states it, under whom it states it of; None if it does not."""
        if change.get("polarity") == "forget":
            return change
        told = note_text(str(change.get("attribute")), change.get("value"), str(change.get("polarity", "fact")))
        chances = self.recogniser.probabilities(told, self.context.reading.text)
        own, other = chances.get(STATED, 0.0), chances.get(STATED_OF_OTHER, 0.0)
        if own >= max(PLAIN if self._is_plain(change) else SURE, other):
            return change
        who = spoken_of(self.context) if other >= SURE else ""
        return {**change, "about": who} if who else None

    def _is_plain(self, change: Mapping[str, Any]) -> bool:
        """Whether it plainly stands in the message: a limit of the price, "no wool"."""
        said = (str(change.get("attribute")), str(change.get("value")))
        plain = (each.change for each in self.context.reading.plain)
        return any((str(each["attribute"]), str(each["value"])) == said for each in plain)


def spoken_of(context: TurnContext) -> str:
    """Whom of those that they buy for the customer speaks of: in this message, else in the newest that names one."""
    for reading in reversed(context.readings):
        if named := recipients_in(reading.text):
            return named[-1]
        if reading.about == "self":
            return ""
    return ""


def one_call(calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Several calls of one tool as one: a small model that must call may do so again and again."""
    changes: dict[tuple[str, str, str], Any] = {}
    for call in calls:
        for change in _listed(call):
            changes.setdefault(tuple(str(change.get(key)) for key in _SAME), change)  # type: ignore[arg-type]
    if not changes:
        return [*calls[:1]]
    return [{**calls[0], "args": {"changes": [*changes.values()][:MAX_CHANGES]}}]


def as_noted(call: ToolCall, notes: Sequence[ToolCall], schema: Schema) -> ToolCall:
    """A search by what is noted beside it: without a dislike ("wool makes me itch"), within a new limit of price."""
    if call["name"] != SEARCH:
        return call
    for change in (change for note in notes for change in _listed(note) if not change.get("about")):
        attribute = schema.attributes.get(str(change.get("attribute")))
        if attribute and attribute.bound and isinstance(change.get("value"), int | float):
            call = {**call, "args": {**call["args"], attribute.bound: change["value"]}}
    disliked = {str(c.get("value")) for note in notes for c in _listed(note) if c.get("polarity") == "dislike"}
    kept = {name: value for name, value in call["args"].items() if name == "query" or str(value) not in disliked}
    if isinstance(kept.get("where"), dict):
        kept["where"] = {name: value for name, value in kept["where"].items() if str(value) not in disliked}
    return {**call, "args": kept}


def _listed(call: ToolCall) -> list[Mapping[str, Any]]:
    changes = call["args"].get("changes") if call["name"] == NAME else None
    return [change for change in changes if isinstance(change, dict)] if isinstance(changes, list) else []

"""An agent whose recogniser is told what each message wants, and which notes it states."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.guided.recogniser.labels import without_previous
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn


class Told:
    """Stands in for the encoder: what each message wants, and which notes it states, is told by the test."""

    def __init__(self) -> None:
        self.wants: dict[str, float] = {}
        self.states: dict[str, str] = {}
        self.clauses: dict[str, dict[str, float]] = {}  # what a clause wants by itself
        self.consultation = ""  # beside the one that most tests share

    def probabilities(self, situation: str, message: str) -> Mapping[str, float]:
        return self.wants

    def each(self, situation: str, messages: Sequence[str]) -> list[Mapping[str, float]]:
        return [self.clauses.get(message, {}) for message in messages]

    def judged(self, situations: Sequence[str], message: str, marked: Sequence[str] = ()) -> list[Mapping[str, float]]:
        assert all(words in message for words in marked)
        return [{self.states[note]: 1.0} if note in self.states else {} for note in map(without_previous, situations)]


def say(agent: Shopkeeper, told: Told, text: str, *wants: str, customer: str = "visitor-wishes") -> Turn:
    told.wants = dict.fromkeys(wants, 1.0)
    turn = agent.reply(customer, f"wishes {customer}{told.consultation}", text)
    assert turn.gate["blocked"] == 0
    return turn


def called(turn: Turn) -> list[tuple[str, dict[str, Any]]]:
    return [(step.name, step.arguments) for step in turn.tools]

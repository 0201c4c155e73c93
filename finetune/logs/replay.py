"""Playing a consultation of the log again, turn by turn, and telling what of it may be learnt.

In: a scrubbed consultation, its customer's orders, and a teacher or the calls that the log has. Out: samples in the
chat template's form. Calls are learnt if they stand for what the log's agent said (`finetune.logs.support`); words
without calls if they are few and claim nothing; any other turn is read as it was said and not learnt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from agent.models.scripted import Planned
from agent.prompt import first_turn
from agent.turn import Turn
from errors import ModelError
from finetune.logs.scratch import Scratch
from finetune.logs.support import is_small_talk, objection_to_calls
from finetune.logs.work import Work
from finetune.samples import Sample

TURNS = "turns"


@dataclass(frozen=True, slots=True)
class LoggedTurn:
    """What the customer said, and what the log's agent answered and called."""

    text: str
    reply: str
    calls: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Played:
    """A turn after it was played: `kind` is "calls", "words" (both learnt), "context" or "desk" (code answered)."""

    kind: str
    said: LoggedTurn
    reply_learnt: bool = False


@dataclass(frozen=True, slots=True)
class Player:
    """Plays on one scratch shop; without a teacher only the log's own calls are tried."""

    scratch: Scratch
    teacher: BaseChatModel | None

    def play(
        self, record: Mapping[str, Any], turns: Sequence[LoggedTurn], orders: Sequence[Mapping[str, Any]], work: Work
    ) -> list[Sample]:
        """The samples of one consultation: one for each window of the conversation that the agent sees at a time."""
        self.scratch.begin(record["customer"], record["id"], orders)
        played: list[Played] = []
        samples: list[Sample] = []
        for number, turn in enumerate(turns, 1):
            if number > 1 and first_turn(number) != first_turn(number - 1):
                samples += self._sample(record, played, first_turn(number - 1))
            done, over = self._turn(record, turn, [t.text for t in turns[:number]], work)
            played.append(done)
            if over:
                break
        samples += self._sample(record, played, first_turn(len(played)))
        self.scratch.end(record["id"])
        return samples

    def _turn(
        self, record: Mapping[str, Any], said: LoggedTurn, heard: Sequence[str], work: Work
    ) -> tuple[Played, bool]:
        """Play one turn; calls that are no label are taken back, and the turn becomes context."""
        customer, consultation = record["customer"], record["id"]
        teach = self._teach if self.teacher is not None and not said.calls else None
        logged = Planned(said.calls, said.reply) if said.calls or teach is None else None
        with self.scratch.trying() as take_back:
            turn, asked, decided = self.scratch.play(customer, consultation, said.text, teach, logged, said.reply)
            if asked == 0:
                work.count(TURNS, "answered without a model")
                return Played("desk", said), turn.handoff
            if decided is not None and decided.calls:
                reason = objection_to_calls(turn.tools, said.reply, heard, self.scratch.services)
                if reason is None:
                    work.count(TURNS, "learnt: calls")
                    return Played("calls", said, _was_sent(turn)), turn.handoff
                take_back()
                self.scratch.play(customer, consultation, said.text, None, Planned(words=said.reply), said.reply)
            elif is_small_talk(said.reply, heard):
                work.count(TURNS, "learnt: words")
                return Played("words", said), False
            else:
                reason = "words that no call supports"
        work.count(TURNS, f"context: {reason}", record["file"], record["line"])
        return Played("context", said), False

    def _teach(self, messages: list[BaseMessage], tools: Any) -> AIMessage:
        """The teacher sees what the shop's own model would see, and not what the log's agent answered."""
        if self.teacher is None:
            raise ModelError("no teacher")
        answer = self.teacher.bind_tools(tools).invoke(messages)
        return answer if isinstance(answer, AIMessage) else AIMessage(str(answer.content))

    def _sample(self, record: Mapping[str, Any], played: Sequence[Played], start: int) -> list[Sample]:
        """The window from turn `start` on; turns that an earlier window taught are read again and not learnt."""
        messages, tools = self.scratch.keeper.transcript(record["id"])
        shown = window(messages, played, start)
        if not is_learnt(shown):
            return []
        meta = {
            "source": "logs",
            "file": record["file"],
            "line": record["line"],
            "consultation": record["id"],
            "customer": record["customer"],
            "language": record["language"],
            "turns": [turn.kind for turn in played[start:]],
        }
        return [Sample(messages=shown, tools=tools, meta=meta)]


def turns_of(messages: Sequence[Mapping[str, Any]]) -> list[LoggedTurn]:
    """Each message of the customer with the answer to it; a greeting before and a word without answer fall away."""
    turns: list[LoggedTurn] = []
    asked: str | None = None
    for message in messages:
        if message["role"] == "customer":
            asked = message["content"] if asked is None else f"{asked}\n{message['content']}"
        elif asked is not None:
            calls = tuple((call["name"], call["arguments"]) for call in message.get("tool_calls", ()))
            turns.append(LoggedTurn(asked, message["content"], calls))
            asked = None
    return turns


def window(messages: Sequence[dict[str, Any]], played: Sequence[Played], start: int) -> list[dict[str, Any]]:
    """A transcript from turn `start` on, as it is learnt: what an earlier window has taught is read again only.

    The agent moves its window when it asks a model: a transcript may begin earlier.
    """
    head, *pieces = _by_turn(messages)
    shown: list[dict[str, Any]] = list(head)
    turns = played[start:]
    for number, (turn, piece) in enumerate(zip(turns, pieces[len(pieces) - len(turns) :], strict=True), start):
        shown += _shown(turn, piece, first_turn(number + 1) == start)
    return shown


def is_learnt(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is anything in them to learn."""
    return any(message["role"] == "assistant" and message.get("learn", True) for message in messages)


def _by_turn(messages: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What stands before the first message of a customer, then turn by turn."""
    parts: list[list[dict[str, Any]]] = [[]]
    for message in messages:
        if message["role"] == "user":
            parts.append([])
        parts[-1].append(message)
    return parts


def _shown(turn: Played, piece: Sequence[dict[str, Any]], new: bool) -> list[dict[str, Any]]:
    """A turn as it is learnt: the words of the log's agent, never the ones that stood in for them here."""
    if turn.kind in ("context", "words"):
        words = {"role": "assistant", "content": turn.said.reply}
        return [piece[0], words if new and turn.kind == "words" else {**words, "learn": False}]
    if turn.kind == "desk":
        return list(piece)
    learnt = []
    for message in piece:
        if message["role"] == "assistant" and not (new and (message.get("tool_calls") or turn.reply_learnt)):
            message = {**message, "learn": False}
        learnt.append(message)
    return learnt


def _was_sent(turn: Turn) -> bool:
    """Whether the gate let the log agent's own words through (a shop whose model writes its replies)."""
    return turn.gate.get("blocked", 0) == 0

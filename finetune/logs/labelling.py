"""The second half of the way: kept consultations in, samples in the chat template's form out, labelled where words
are all there is.

In: `consultations.jsonl`, the shop, and a teacher (a chat model) or the calls that the log itself has. Out: one JSONL
of samples a split, for `python -m finetune train`. Each turn of the agent is played on a scratch copy of the shop. Its
calls are learnt if they stand for what the log's agent said (`finetune.logs.support`); otherwise the turn is read as it
was said and not learnt (`"learn": false`). Errors: `ModelError` if the teacher fails: run again, it goes on.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from agent.prompt import first_turn
from agent.turn import Turn
from errors import DataError
from finetune.lineage import customer_key
from finetune.logs.intake import KEPT_FILE, SPLITS
from finetune.logs.people import ShopPeople
from finetune.logs.scratch import Decision, Scratch
from finetune.logs.scrub import Disguise, Scrubber, secret_of
from finetune.logs.stand_ins import StandIns
from finetune.logs.support import is_small_talk, objection_to_calls
from finetune.logs.work import Work
from finetune.samples import Sample

TURNS, SAMPLES = "turns", "samples"
_SAY_SECONDS = 5.0
_SAVE_EVERY = 20


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
class Labelling:
    """What labelling works with; without a teacher only what the log's own calls say is learnt."""

    scratch: Scratch
    people: ShopPeople
    scrubber: Scrubber
    salt: bytes
    teacher: BaseChatModel | None
    say: Callable[[str], None]

    def run(self, work: Work) -> None:
        """Label from where the last run was saved, to the last consultation that was kept."""
        owners = {customer_key(name, self.salt): name for name in self.people.customers}
        done = begun = work.number("labelled")
        total, said = work.number("kept"), time.monotonic()
        for done, record in enumerate(_records(work, begun), begun + 1):
            self._label(record, owners.get(record["customer"]), work)
            work.set_number("labelled", done)
            if done % _SAVE_EVERY == 0:
                work.save()
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                self.say(f"{done} of {total} consultations labelled, {work.number('samples')} samples")
        for split in SPLITS:
            work.output(f"{split}.jsonl")  # an empty split is an empty file
        work.save()
        self.say(f"{done} of {total} consultations labelled, {work.number('samples')} samples")

    def _label(self, record: Mapping[str, Any], owner: str | None, work: Work) -> None:
        turns = turns_of(record["messages"])
        labelled = self.teacher is not None or any(turn.calls for turn in turns)
        found = self._play(record, turns, self._orders(record, owner), work) if turns and labelled else []
        if not found:
            reason = "nothing in it is learnt" if labelled else "words only, and no teacher to label them"
            work.count(SAMPLES, reason, record["file"], record["line"])
        for sample in found:
            line = json.dumps(sample.model_dump(), ensure_ascii=False) + "\n"
            work.output(f"{record['split']}.jsonl").write(line.encode("utf-8", "replace"))
            work.add_customer(record["split"], record["customer"])
            work.set_number("samples", work.number("samples") + 1)

    def _orders(self, record: Mapping[str, Any], owner: str | None) -> list[dict[str, Any]]:
        """The customer's orders up to then, as they are called in the scrubbed consultation."""
        orders = self.people.orders(owner) if owner else []
        then = max((message["at"] for message in record["messages"] if message.get("at")), default="9999")
        disguise = Disguise.of_orders(StandIns(secret_of(self.salt, record["id"])), self.scrubber)
        return [disguise.order(order, record["customer"]) for order in orders if str(order.get("placed", "")) <= then]

    def _play(
        self, record: Mapping[str, Any], turns: Sequence[LoggedTurn], orders: Sequence[Mapping[str, Any]], work: Work
    ) -> list[Sample]:
        """The samples of one consultation: one for each window of the conversation that the agent sees at a time."""
        self.scratch.begin(record["customer"], orders)
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
        logged = Decision(said.calls) if said.calls or teach is None else None
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
                self.scratch.play(customer, consultation, said.text, None, Decision(words=said.reply), said.reply)
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
            raise DataError("no teacher")
        answer = self.teacher.bind_tools(tools).invoke(messages)
        return answer if isinstance(answer, AIMessage) else AIMessage(str(answer.content))

    def _sample(self, record: Mapping[str, Any], played: Sequence[Played], start: int) -> list[Sample]:
        """The window from turn `start` on; turns that an earlier window taught are read again and not learnt."""
        messages, tools = self.scratch.keeper.transcript(record["id"])
        head, *pieces = _by_turn(messages)
        shown: list[dict[str, Any]] = list(head)
        for number, (turn, piece) in enumerate(zip(played[start:], pieces, strict=True), start):
            new = first_turn(number + 1) == start
            shown += _shown(turn, piece, new)
        if not any(m["role"] == "assistant" and m.get("learn", True) for m in shown):
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


def _records(work: Work, skip: int) -> Iterator[dict[str, Any]]:
    path = work.folder / KEPT_FILE
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number >= skip:
                yield json.loads(line)


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

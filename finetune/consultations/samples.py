"""Written consultations as training samples: each message's calls are made on a scratch copy of the shop, and learnt.

In: consultations of one shop, its directory and its index. Out: one sample for each window of the conversation that the
agent sees at a time. Calls are learnt if all of them succeed, words if they claim nothing; any other turn is read and
not learnt. Unlike in `finetune.logs` nothing is scrubbed or doubted: they are invented, and their labels checked.
Errors: those of opening a shop.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import clock
from agent.models.profile import Descriptions
from agent.models.scripted import Planned
from agent.prompt import first_turn
from agent.shop import ORDERS_FILE
from finetune.consultations.consultation import VISITOR, Consultation, Message
from finetune.consultations.shops import now
from finetune.logs.replay import LoggedTurn, Played, is_learnt, window
from finetune.logs.scratch import Scratch, open_scratch
from finetune.logs.support import is_small_talk
from finetune.samples import Sample
from profiles.shop.files import read_lines


def written_samples(
    consultations: Sequence[Consultation], shop: Path, index: Path, descriptions: Descriptions = "short"
) -> Iterator[Sample]:
    """The samples of each, in their order; those of visitors give none, since they have no orders to speak of."""
    orders: dict[str, list[Mapping[str, Any]]] = {}
    for order in read_lines(shop / ORDERS_FILE):
        orders.setdefault(str(order["customer"]), []).append(order)
    with open_scratch(shop, index, descriptions) as scratch, clock.standing(now()):
        for one in (each for each in consultations if each.customer != VISITOR):
            scratch.begin(one.customer, one.id, orders.get(one.customer, ()))
            yield from _samples(scratch, one)
            scratch.end(one.id)


def _samples(scratch: Scratch, one: Consultation) -> Iterator[Sample]:
    played: list[Played] = []
    for number, message in enumerate(one.messages, 1):
        if number > 1 and first_turn(number) != first_turn(number - 1):
            yield from _window(scratch, one, played, first_turn(number - 1))
        turn, over = _played(scratch, one, message, number)
        played.append(turn)
        if over:
            break
    yield from _window(scratch, one, played, first_turn(len(played)))


def _played(scratch: Scratch, one: Consultation, message: Message, number: int) -> tuple[Played, bool]:
    """The turn, and whether a person has taken over."""
    calls = tuple((call.tool, dict(call.arguments)) for call in message.calls)
    with scratch.trying() as take_back:
        turn, asked, _ = scratch.play(one.customer, one.id, message.say, None, Planned(calls), "")
        said = LoggedTurn(message.say, turn.reply, calls)
        if asked == 0:
            return Played("desk", said), turn.handoff
        if not calls:
            heard = [each.say for each in one.messages[:number]]
            return Played("words" if is_small_talk(turn.reply, heard) else "context", said), turn.handoff
        if all(step.ok for step in turn.tools):
            return Played("calls", said), turn.handoff
        take_back()
        scratch.play(one.customer, one.id, message.say, None, Planned(words=turn.reply), turn.reply)
        return Played("context", said), False


def _window(scratch: Scratch, one: Consultation, played: Sequence[Played], start: int) -> Iterator[Sample]:
    messages, tools = scratch.keeper.transcript(one.id)
    shown = window(messages, played, start)
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}
    for call in (call for message in shown for call in message.get("tool_calls") or ()):
        function = call["function"]
        arguments = in_order(json.loads(function["arguments"]), schemas.get(function["name"], {}))
        function["arguments"] = json.dumps(arguments, ensure_ascii=False)
    if is_learnt(shown):
        kinds = [turn.kind for turn in played[start:]]
        meta = {"source": "written", "consultation": one.id, "language": one.language, "turns": kinds}
        yield Sample(messages=shown, tools=tools, meta=meta)


def in_order(value: Any, schema: Mapping[str, Any]) -> Any:
    """Arguments with their names in the order of the schema, as the grammar will want them; unknown names come last."""
    if isinstance(value, dict):
        fields: Mapping[str, Any] = schema.get("properties") or {}
        names = [*(name for name in fields if name in value), *(name for name in value if name not in fields)]
        return {name: in_order(value[name], fields.get(name, {})) for name in names}
    return [in_order(item, schema.get("items", {})) for item in value] if isinstance(value, list) else value

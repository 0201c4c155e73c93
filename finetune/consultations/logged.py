"""Written consultations as a shop's log: what the customer says, and what the agent answers with the calls they name.

In: consultations of one shop, its directory and its index. Out: lines in the own form of `finetune.logs`. Each is
played on a scratch copy of the shop, whose tools carry the calls out; the replies are those of the agent. Errors: those
of opening a shop.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import clock
from agent.models.scripted import Planned
from agent.shop import ORDERS_FILE
from errors import DataError, choices
from finetune.consultations.consultation import VISITOR, Consultation, Message
from finetune.consultations.shops import DEMO, DEMO_SHOP, MADE, now, shop_names
from finetune.logs.scratch import Scratch, open_scratch
from profiles.shop.files import read_lines
from profiles.storage.files import write_whole

_EVERY = 20  # consultations after which it is told how far it is


def write_log(consultations: Sequence[Consultation], shop: Path, index: Path, path: Path) -> int:
    """Play them and write the log; returns how many. Consultations of visitors have nobody who could agree to it."""
    lines = list[str]()
    for count, line in enumerate(log_lines(consultations, shop, index), 1):
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
        if count % _EVERY == 0:
            print(f"played {count} of {len(consultations)} written consultations", flush=True)
    write_whole(path, "".join(lines).encode())
    return len(lines)


def log_lines(consultations: Sequence[Consultation], shop: Path, index: Path) -> Iterator[Mapping[str, Any]]:
    """One line a consultation of a customer, at the time at which the consultations take place."""
    orders: dict[str, list[Mapping[str, Any]]] = {}
    for order in read_lines(shop / ORDERS_FILE):
        orders.setdefault(str(order["customer"]), []).append(order)
    with open_scratch(shop, index) as scratch, clock.standing(now()):
        for one in (each for each in consultations if each.customer != VISITOR):
            scratch.begin(one.customer, one.id, orders.get(one.customer, ()))
            messages = [part for message in one.messages for part in _played(scratch, one, message)]
            scratch.end(one.id)
            yield {"id": one.id, "customer": one.customer, "consent": True, "messages": messages}


def named(shop: Path) -> str:
    """The name under which consultations were written for this shop. Raises DataError."""
    known = {(DEMO_SHOP if name == DEMO else MADE / name).resolve(): name for name in shop_names()}
    if shop.resolve() not in known:
        raise DataError(f"{shop}: no consultations were written for this shop, but for {choices(shop_names())}")
    return known[shop.resolve()]


def _played(scratch: Scratch, one: Consultation, message: Message) -> Iterator[Mapping[str, Any]]:
    """What is said, and what the agent answers."""
    calls = tuple((call.tool, dict(call.arguments)) for call in message.calls)
    turn, _, _ = scratch.play(one.customer, one.id, message.say, None, Planned(calls), "")
    yield {"role": "customer", "content": message.say}
    made = [{"name": name, "arguments": arguments} for name, arguments in calls]
    yield {"role": "agent", "content": turn.reply, **({"tool_calls": made} if made else {})}

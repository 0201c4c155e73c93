"""The wrong turns of a run, one by one: what was said, the reply, the tools, and what was wrong.

In: records whose ``"turns"`` have ``"faults"``. Out: `WrongTurn`s, which stand in result.json and on the page, and
their text for the terminal. No errors: a suite whose turns have no faults has no wrong turns.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WIDTH = 400  # of a line in the terminal; the page and result.json have all


@dataclass(frozen=True, slots=True)
class WrongTurn:
    """The turn `number` of a case, from 1 on. `calls`: ``search_products {"query": "boots"}``."""

    case: str
    number: int
    said: str
    reply: str
    calls: Sequence[str]
    faults: Sequence[str]


def wrong_turns(records: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[WrongTurn]:
    """Those of all records, each with the id of its case."""
    for case, record in records:
        turns = record.get("turns")
        for number, turn in enumerate(turns if isinstance(turns, list) else [], 1):
            if isinstance(turn, Mapping) and turn.get("faults"):
                calls = [_call(*call) for call in turn["calls"]]
                yield WrongTurn(case, number, turn["said"], turn["reply"], calls, turn["faults"])


def listing(wrong: Sequence[WrongTurn]) -> str:
    """For the terminal; nothing where nothing is wrong."""
    return "\n".join(line for turn in wrong for line in _lines(turn))


def _lines(turn: WrongTurn) -> Iterator[str]:
    yield f"{turn.case}, turn {turn.number}"
    yield f"  said    {_short(turn.said)}"
    yield f"  reply   {_short(turn.reply)}"
    yield f"  tools   {_short('; '.join(turn.calls) or 'none')}"
    yield from (f"  wrong   {_short(fault)}" for fault in turn.faults)


def _call(name: str, arguments: Mapping[str, Any], ok: bool) -> str:
    return f"{name} {json.dumps(arguments, ensure_ascii=False)}{'' if ok else ' (without success)'}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..."

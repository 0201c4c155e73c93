"""A turn as server-sent events: what happens comes in, the text of a stream goes out.

`step` `{name, arguments, ok}`, `products` (those that a step found), `delta` `{text}`, `replace` `{text}`, and at the
end `turn` (`Turn.to_json()`) or `problem`. Who adds up `delta` and `replace` has the turn's reply. Errors: none.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi.sse import format_sse_event

from agent.turn import Delta, Replace, Step, Turn
from ui.api.problems import problem_of
from ui.api.products import FoundProduct
from ui.api.turns import RunningTurn

MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}  # the second: nginx passes each event on at once
HEARTBEAT = 15.0  # seconds without an event, after which whatever stands in between is told that we are here
_BEAT = format_sse_event(comment="here")

Cards = Callable[[Step], Sequence[FoundProduct]]


async def streamed(turn: RunningTurn, cards: Cards) -> AsyncIterator[bytes]:
    """Until the turn has ended; who stops to read does not end it."""
    coming = asyncio.ensure_future(turn.next())
    try:
        while True:
            await asyncio.wait({coming}, timeout=HEARTBEAT)
            if not coming.done():
                yield _BEAT
                continue
            if error := coming.exception():
                yield problem_event(error)
                return
            event = coming.result()
            if isinstance(event, Turn):
                yield turn_event(event.to_json())
                return
            coming = asyncio.ensure_future(turn.next())
            for part in _told(event, cards):
                yield part
    finally:
        coming.cancel()


async def replayed(turn: dict[str, Any]) -> AsyncIterator[bytes]:
    """A turn that was answered before: its words at once."""
    yield _event("delta", {"text": turn["reply"]})
    yield turn_event(turn)


def turn_event(turn: dict[str, Any]) -> bytes:
    """The last event of a turn."""
    return _event("turn", turn)


def problem_event(error: BaseException) -> bytes:
    """The last event of one that failed."""
    problem = problem_of(error if isinstance(error, Exception) else Exception())
    return format_sse_event(event="problem", data_str=problem.body)


def _told(event: Step | Delta | Replace, cards: Cards) -> Sequence[bytes]:
    match event:
        case Step():
            step = _event("step", {"name": event.name, "arguments": event.arguments, "ok": event.ok})
            found = [card.model_dump(mode="json") for card in cards(event)]
            return [step, _event("products", found)] if found else [step]
        case Replace():
            return [_event("replace", {"text": event.text})]
        case _:
            return [_event("delta", {"text": event.text})]


def _event(name: str, data: Any) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))

"""The turns that run in this process: they begin, they can be stopped, and they end whoever still listens.

In: the agent, a consultation, the customer's words. Out: a `RunningTurn`, whose events come as they happen. A turn runs
in a thread of its own: a reader who goes away ends nothing, so that no tool is left half run, and what was answered is
kept. A turn that is stopped ends at the next words; its reader is told at once. Errors: `Crowded`, `Stopped`, and
whatever the agent raises.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, closing
from typing import Any, cast

from anyio import CapacityLimiter, to_thread

from agent.shopkeeper import Event, Shopkeeper
from agent.turn import Delta, Replace, Turn
from ui.api.problems import Crowded, Gone

AT_ONCE = 8  # as many as the page answers: each holds a thread, a lock of its consultation, and its place at the model
MOST_WAITING = 16  # two for each that runs: who waits behind more has left before it is their turn
_AGAIN = 10.0  # seconds, in which some of those who wait have had their turn
_GRACE = 20.0  # seconds that turns have to end, when the server ends
log = logging.getLogger(__name__)

Ended = Callable[[Turn | Exception], None]


class Stopped(Gone):
    """Somebody stopped the turn; what was said is not answered."""

    name, title = "stopped", "The turn was stopped"

    def __init__(self) -> None:
        super().__init__("the turn was stopped; the message was not answered")


class RunningTurn:
    """One of them. Its events wait here until somebody reads them."""

    def __init__(self, shopkeeper: Shopkeeper, customer: str, consultation: str, text: str, ended: Ended) -> None:
        self.consultation = consultation
        self._shopkeeper, self._customer, self._text, self._ended = shopkeeper, customer, text, ended
        self._loop, self._stop = asyncio.get_running_loop(), threading.Event()
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue()

    async def next(self) -> Event:
        """The next event; the last one is a `Turn`. Raises what ended it else."""
        event = await self._events.get()
        if isinstance(event, Exception):
            raise event
        return event

    def stop(self) -> None:
        """End it at the next words."""
        self._stop.set()
        self._tell(Stopped())

    def work(self) -> None:
        """All of it, in a thread."""
        try:
            outcome = self._answered()
        except Exception as error:
            log.exception("a turn failed")
            outcome = error
        try:
            self._ended(outcome)
        except Exception as error:
            log.exception("what became of a turn could not be kept")
            outcome = error
        self._tell(outcome)

    def _answered(self) -> Turn | Exception:
        if self._stop.is_set():  # before it began
            return Stopped()
        answering = self._shopkeeper.stream(self._customer, self.consultation, self._text)
        with closing(cast(Generator[Event], answering)) as stream:
            for event in stream:
                if isinstance(event, Turn):
                    return event
                self._tell(event)
                if self._stop.is_set() and isinstance(event, Delta | Replace):
                    break
        return Stopped()

    def _tell(self, event: Event | Exception) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)


class Turns:
    """Of one process."""

    def __init__(self, shopkeeper: Shopkeeper) -> None:
        self._shopkeeper = shopkeeper
        self._limiter = CapacityLimiter(AT_ONCE)
        self._running: dict[asyncio.Task[None], RunningTurn] = {}

    def begin(self, customer: str, consultation: str, text: str, ended: Ended) -> RunningTurn:
        """It waits for a free place; one of the same consultation is waited for in the agent.

        `ended` gets the turn, or what ended it, in the turn's thread. Errors: `Crowded`; then nothing has begun.
        """
        if len(self._running) >= AT_ONCE + MOST_WAITING:
            raise Crowded(f"{MOST_WAITING} messages wait to be answered already; send this again later", _AGAIN)
        turn = RunningTurn(self._shopkeeper, customer, consultation, text, ended)
        task = asyncio.create_task(self._run(turn))
        self._running[task] = turn
        task.add_done_callback(self._running.pop)
        return turn

    def stop(self, consultation: str) -> None:
        """End the turns that run or wait in a consultation; nothing if there are none."""
        for turn in list(self._running.values()):
            if turn.consultation == consultation:
                turn.stop()

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """While the server runs; at its end what has begun is ended first."""
        yield
        if self._running:
            await asyncio.wait(self._running, timeout=_GRACE)

    async def _run(self, turn: RunningTurn) -> None:
        await to_thread.run_sync(turn.work, limiter=self._limiter)

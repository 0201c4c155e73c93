"""One answer in the making: what the engine's thread writes, and what its caller reads.

In: token ids, in the order in which the engine's thread puts them into a `Job`'s queue. Out: text, then the
`Usage`.
"""

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from errors import ModelError

Finish = Literal["stop", "length", "repetition", "cancelled"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took: tokens, seconds from request to first token and to the end, and why it ended."""

    prompt_tokens: int
    completion_tokens: int
    seconds_to_first_token: float
    seconds: float
    finish: Finish


@dataclass(slots=True)
class Job:
    """One answer in the making; the engine's thread writes it, the caller reads only its queue."""

    input_ids: Any
    config: Any
    grammar: str | None
    deadline: float
    seconds: float
    started: float
    prompt_tokens: int
    out: "queue.SimpleQueue[list[int] | Usage | ModelError]" = field(default_factory=queue.SimpleQueue)
    cancelled: threading.Event = field(default_factory=threading.Event)
    handle: Any = None
    tokens: list[int] = field(default_factory=list)
    first_token: float = 0.0


class Generation:
    """An answer being written: iterate for its text, then read `usage`. Closing it or `cancel` stops it."""

    def __init__(self, job: Job, tokenizer: Any) -> None:
        self._job = job
        self._tokenizer = tokenizer
        self._usage: Usage | None = None

    def __iter__(self) -> Iterator[str]:
        """Pieces of text, never half a character. Raises ModelError when time is up or the engine failed."""
        tokens: list[int] = []
        shown = 0
        try:
            while self._usage is None:
                match self._next():
                    case list() as new:
                        tokens += new
                        text = self._tokenizer.decode(tokens, skip_special_tokens=True)
                    case usage:
                        self._usage = usage
                        continue
                # A character of several tokens (Chinese, emoji) decodes to U+FFFD until it is whole.
                ready = len(text.rstrip("�"))
                if ready > shown:
                    yield text[shown:ready]
                    shown = ready
        finally:
            self.cancel()

    @property
    def usage(self) -> Usage:
        """Known once the text has been read to its end."""
        if self._usage is None:
            raise ModelError("usage was asked for before the answer was read to its end")
        return self._usage

    def cancel(self) -> None:
        """Stop writing; harmless when it has already ended."""
        self._job.cancelled.set()

    def _next(self) -> list[int] | Usage:
        job = self._job
        try:
            # The engine ends a late job itself; the extra second is for a step that hangs.
            got = job.out.get(timeout=max(job.deadline - time.monotonic(), 0) + 1)
        except queue.Empty:
            got = too_late(job)
        if isinstance(got, ModelError):
            raise got
        return got


def repeats(tokens: list[int], times: int = 4, at_least: int = 48) -> bool:
    """Whether `tokens` end in one piece of up to 32, again and again: `times`, and `at_least` tokens long."""
    if len(tokens) < at_least or len(tokens) % 8:
        return False
    for period in range(1, 33):
        span = max(times * period, at_least)
        if len(tokens) >= span and tokens[-span:-period] == tokens[-span + period :]:
            return True
    return False


def usage(job: Job, finish: Finish) -> Usage:
    now = time.monotonic()
    first = (job.first_token or now) - job.started
    return Usage(job.prompt_tokens, len(job.tokens), first, now - job.started, finish)


def too_late(job: Job) -> ModelError:
    return ModelError(f"the model did not finish within {job.seconds:g} s ({len(job.tokens)} tokens written)")

"""How a training run keeps time: a schedule fitted to the clock, a stop on request, and lines of progress.

In: minutes to spend, total steps, the trainer's events. Out: factors for the learning rate, stops,
checkpoints.
"""

import ctypes
import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from transformers import TrainerCallback

_TRIM_EVERY = 8  # steps: batches differ in length, and what one leaves behind rarely fits the next


class Pace:
    """The learning rate's factor at a step: linear warm-up, then a cosine down to 0.

    Progress is the larger of steps done and minutes spent, so that the cosine ends with the run, however fast
    the machine is. Its attributes travel with the scheduler's checkpoint: minutes spent before a stop count.
    """

    def __init__(self, total_steps: int, minutes: float | None, warmup_steps: int) -> None:
        self.total_steps = total_steps
        self.minutes = minutes
        self.warmup_steps = warmup_steps
        self.spent = 0.0  # minutes

    def __call__(self, step: int) -> float:
        warm = min(1.0, (step + 1) / (self.warmup_steps + 1))
        return warm * 0.5 * (1 + math.cos(math.pi * self.progress(step)))

    def progress(self, step: int) -> float:
        """From 0 to 1."""
        by_time = self.spent / self.minutes if self.minutes else 0.0
        return min(1.0, max(step / max(1, self.total_steps), by_time))


class KeepPace(TrainerCallback):  # type: ignore[misc]
    """Counts the minutes, prints progress, and stops the run at its end or when asked to."""

    def __init__(self, pace: Pace, every: int = 5) -> None:
        self.pace = pace
        self.stop_asked = False
        self.tokens = 0
        self._every = every
        self._last = time.monotonic()
        self._since = (0.0, 0)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._last = time.monotonic()
        self._since = (self.pace.spent, self.tokens)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.monotonic()
        self.pace.spent += (now - self._last) / 60
        self._last = now
        self._agree(args.device)
        if args.use_cpu and state.global_step % _TRIM_EVERY == 0:
            give_back_memory()
        done = self.pace.minutes is not None and self.pace.spent >= self.pace.minutes
        if self.stop_asked or done:
            control.should_training_stop = True
            control.should_save = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if not logs or "loss" not in logs or not state.is_world_process_zero:
            return
        minutes, tokens = self._since
        self._since = (self.pace.spent, self.tokens)
        speed = args.world_size * (self.tokens - tokens) / max(1e-9, (self.pace.spent - minutes) * 60)
        print(
            f"step {state.global_step}/{state.max_steps}  {self.pace.progress(state.global_step):4.0%}  "
            f"{self.pace.spent:.1f} min  loss {logs['loss']:.3f}  lr {logs['learning_rate']:.1e}  "
            f"{speed:.0f} tokens/s",
            flush=True,
        )

    def _agree(self, device: torch.device) -> None:
        """Processes that train together stop together, and keep one clock: the learning rate follows it."""
        if torch.distributed.is_initialized():
            facts = torch.tensor([self.pace.spent, float(self.stop_asked)], device=device)
            torch.distributed.all_reduce(facts, torch.distributed.ReduceOp.MAX)
            self.pace.spent, self.stop_asked = float(facts[0]), bool(facts[1])

    @contextmanager
    def stop_on_signal(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C end the run after the step at hand, with a checkpoint."""

        def ask(number: int, frame: FrameType | None) -> None:
            self.stop_asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def give_back_memory() -> None:
    """Return glibc's free pages to the system; without it, a run grows to twice what it needs. Elsewhere, nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)

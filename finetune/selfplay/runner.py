"""Self-play: simulated consultations on the agent's own parts, verified turn by turn, written as training samples.

In: shop directories and how many consultations. Out: a JSONL file of samples, in which every assistant message is the
gold one and every result is what the shop's own tools gave; the consultations of one shop stand together. A
consultation is cut before the first turn that did not do what it was meant to; the reasons are counted. The file
depends on the seed alone, not on the number of workers, and may be begun: a run goes on behind its last whole line.
Errors: those of opening a shop; `StorageError` if the file cannot be written.
"""

import json
import multiprocessing
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from errors import StorageError
from finetune.selfplay.customer import Habits, folded, plan
from finetune.selfplay.environment import Outcome, RememberingEmbedder, Stage, draw_customer, open_stage
from finetune.selfplay.shopview import ShopView

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when the libraries are loaded
BLOCK = 50  # consultations that one worker plays at a time on one shop


@dataclass(frozen=True, slots=True)
class Block:
    """Consultations `first` to `last` (not included) of a run, all on one shop."""

    shop: Path
    first: int
    last: int
    seed: int
    habits: Habits


def play(shops: Sequence[Path], consultations: int, out: Path, seed: int, habits: Habits, workers: int = 1) -> Outcome:
    """Append samples until consultation number `consultations` was played, shop by shop."""
    outcome = Outcome()
    blocks = list(_blocks(shops, consultations, _begun(out), seed, habits))
    started = time.perf_counter()
    with _appending(out) as file:
        for samples, part in _played(blocks, workers):
            outcome.add(part)
            file.writelines(samples)
            file.flush()
            rate = outcome.played / (time.perf_counter() - started)
            left = sum(block.last - block.first for block in blocks) - outcome.played
            print(
                f"{consultations - left}/{consultations} consultations, {rate:.1f}/s, {outcome.turns} turns", flush=True
            )
    return outcome


def print_plans(shop_dir: Path, count: int, seed: int, habits: Habits) -> None:
    """Planned dialogues as text, for reading."""
    view = ShopView.open(shop_dir)
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        customer = draw_customer(rng, view)
        print(f"--- {number} {customer.id} " + ", ".join(f"{o.id} {o.status}" for o in customer.orders[:3]))
        for step in plan(rng, view, customer, habits):
            print(f"[{step.kind}] {step.text}")
            for call in step.calls:
                print(f"      {call.name} {json.dumps(call.arguments, ensure_ascii=False)}")
            if step.reply:
                print(f"      > {step.reply}")


def wordings_of(path: Path) -> frozenset[str]:
    """The messages of the acceptance conversation, folded; none if there is no such file."""
    if not path.is_file():
        return frozenset()
    cases = yaml.safe_load(path.read_text(encoding="utf-8"))
    return frozenset(folded(text) for case in cases for text in case.get("say", ()))


def _blocks(shops: Sequence[Path], consultations: int, begun: int, seed: int, habits: Habits) -> Iterator[Block]:
    """Every shop gets its share, one shop after the other."""
    for place, shop in enumerate(shops):
        start, end = (consultations * n // len(shops) for n in (place, place + 1))
        for first in range(start, end, BLOCK):
            last = min(first + BLOCK, end)
            if last > begun:
                yield Block(shop, max(first, begun), last, seed, habits)


def _played(blocks: Sequence[Block], workers: int) -> Iterator[tuple[list[str], Outcome]]:
    """The blocks' samples in their order, however many processes play them."""
    if workers == 1 or len(blocks) < 2:
        yield from map(_play_block, blocks)
        return
    os.environ |= dict.fromkeys(_THREADS, "1") | {"TOKENIZERS_PARALLELISM": "false"}
    with multiprocessing.get_context("spawn").Pool(min(workers, len(blocks)), _alone) as pool:
        yield from pool.imap(_play_block, blocks)


def _alone() -> None:
    """One thread a process: the processes share the processors."""
    import torch

    torch.set_num_threads(1)


def _play_block(block: Block) -> tuple[list[str], Outcome]:
    outcome, lines = Outcome(), []
    stage = _stage(block.shop)
    for made in stage.plans(range(block.first, block.last), block.seed, block.habits):
        sample = stage.play(made, outcome)
        if sample is not None:
            lines.append(json.dumps(sample.model_dump(), ensure_ascii=False) + "\n")
    return lines, outcome


_open: dict[Path, tuple[Any, Stage]] = {}  # the stage that this process has open


def _stage(shop: Path) -> Stage:
    """The stage of a shop; a process keeps one open, for the blocks of a shop follow one another."""
    if shop not in _open:
        for manager, _ in _open.values():
            manager.__exit__(None, None, None)
        _open.clear()
        manager = open_stage(shop, _embedder())
        _open[shop] = (manager, manager.__enter__())
    return _open[shop][1]


@cache
def _embedder() -> RememberingEmbedder:
    return RememberingEmbedder()


def _begun(out: Path) -> int:
    """The number of the next consultation; a line that was cut short is removed."""
    if not out.is_file():
        return 0
    data = out.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        out.write_bytes(whole)
    lines = whole.splitlines()
    return int(json.loads(lines[-1])["meta"]["consultation"]) + 1 if lines else 0


@contextmanager
def _appending(out: Path) -> Iterator[Any]:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror}") from error

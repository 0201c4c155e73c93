"""Preference tuning (DPO) from thumbs and from staff corrections, on packed batches.

In: JSONL, one `{"messages": [...], "tools": [...], "chosen": {...}, "rejected": {...}, "meta": {...}}` a line: what was
said, and two assistant messages that could follow, of which the first is better. A line with one of the two is a thumb:
up for `chosen`, down for `rejected`; an up and a down in the same place make a pair. Thumbs that stand alone are left
out and counted: KTO, which could use them, needs hundreds of both kinds before its baseline means anything, and what
got a thumb up can be learnt as a sample. Out: an adapter. Errors: DataError with file and line, or without pairs.

The two answers of a pair share all that was said before, so a packed pair costs little more than one sample.
"""

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch.nn import functional

from errors import ConfigError, DataError, choices, first_mistake
from finetune.batches import BeginAlike
from finetune.methods import METHODS, find_method
from finetune.packing import Batch, pack
from finetune.samples import Features, Sample, encode
from finetune.train import LanguageTrainer, Outcome, Recipe, open_trainer, run
from profiles.privacy.excluded import WHO

BETA = 0.1  # how dear a step away from the reference is, as in the paper (arXiv 2305.18290)
ANCHOR = 0.2  # weight of simply learning the better answer: the pair alone may make both less likely


class Judged(BaseModel):
    """One line of a file: a context and the better answer, the worse one, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] = []
    chosen: dict[str, Any] | None = None
    rejected: dict[str, Any] | None = None
    meta: dict[str, Any] = {}

    @property
    def context(self) -> str:
        """Equal for two lines that judge an answer in the same place."""
        return json.dumps([self.messages, self.tools], sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two encoded answers to one context, and the log-probabilities that the starting model gave them."""

    chosen: Features
    rejected: Features
    before: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Pairs:
    """What is trained on; `alone` thumbs had no counterpart, `left_out` pairs were too long, equal or unreadable.

    `barred` lines were of customers of whom nothing is learnt any more.
    """

    pairs: list[Pair] = field(default_factory=list)
    alone: int = 0
    left_out: int = 0
    barred: int = 0
    why: str = ""

    def __str__(self) -> str:
        why = f" (the first: {self.why})" * bool(self.why)
        barred = f"; {self.barred} lines of {WHO}" * bool(self.barred)
        alone = f"{self.alone} thumbs without a counterpart"
        return f"{len(self.pairs)} pairs; {alone}; {self.left_out} left out{why}{barred}"


def read_judged(path: Path) -> Iterator[Judged]:
    """The lines of a file. Raises DataError with the line's number."""
    if not path.is_file():
        raise DataError(f"no pairs at {path}: expected JSONL with messages, chosen and rejected")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    judged = Judged.model_validate_json(line)
                except (ValidationError, UnicodeDecodeError) as error:
                    raise DataError(f"{path}, line {number}: {_first(error)}") from error
                if judged.chosen is None and judged.rejected is None:
                    raise DataError(f"{path}, line {number}: neither chosen nor rejected")
                yield judged


def read_pairs(paths: Iterable[Path], tokenizer: Any, max_tokens: int, barred: Container[str] = frozenset()) -> Pairs:
    """Pairs as they stand in the files, and those that thumbs make; without the lines of `barred` customer keys."""
    found, ups, downs = Pairs(), defaultdict[str, list[Judged]](list), defaultdict[str, list[Judged]](list)
    for path in paths:
        for judged in read_judged(path):
            if str(judged.meta.get("customer")) in barred:
                found.barred += 1
            elif judged.chosen is not None and judged.rejected is not None:
                _add(found, tokenizer, judged, judged.chosen, judged.rejected, max_tokens)
            else:
                (ups if judged.rejected is None else downs)[judged.context].append(judged)
    for context in {**ups, **downs}:
        made = list(zip(ups[context], downs[context], strict=False))
        found.alone += len(ups[context]) + len(downs[context]) - 2 * len(made)
        for up, down in made:
            _add(found, tokenizer, up, up.chosen or {}, down.rejected or {}, max_tokens)
    return found


def prefer(base: str | Path, pairs: Sequence[Pair], out: Path, recipe: Recipe, start: Path | None = None) -> Outcome:
    """Make the better answers likelier than the worse ones, without going far from `start` (or the base).

    `recipe.batch` pairs make a step. Stops and goes on as training does. Raises DataError without pairs, ConfigError
    for a method that cannot train on packed batches.
    """
    if not pairs:
        raise DataError(
            "no pairs to train on: expected lines with chosen and rejected, or thumbs up and down in one place"
        )
    if not find_method(recipe.method).packed:
        able = choices(method.name for method in METHODS.values() if method.packed)
        raise ConfigError(
            f"preference tuning takes packed pairs, which {recipe.method} cannot; methods that can: {able}"
        )
    one_by_one = replace(recipe, batch=1, accumulate=recipe.batch * recipe.accumulate)
    order = BeginAlike([pair.chosen for pair in pairs], 1, -1, recipe.seed)
    trainer = open_trainer(PreferenceTrainer, base, list(pairs), pack_pair, order, out, one_by_one, start)
    trainer.train_dataset = [replace(pair, before=_judgement(trainer.model, pair)) for pair in pairs]
    return run(trainer, base, out, sum(sum(pair.chosen.learnt) + sum(pair.rejected.learnt) for pair in pairs))


def pack_pair(pairs: Sequence[Pair]) -> Batch:
    """One pair as a packed sequence, with what the starting model thought of it."""
    (pair,) = pairs
    packed = pack([pair.chosen, pair.rejected])
    packed["targets"] = packed.pop("shift_labels")[0]
    del packed["labels"]  # the model shall give logits, no loss
    return {**packed, "first": torch.tensor(sum(pair.chosen.learnt[1:])), "before": torch.tensor(pair.before)}


def log_probabilities(model: Any, packed: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Of all learnt tokens of both answers, in nats, the better one's first."""
    inputs = {name: packed[name] for name in ("input_ids", "position_ids", "cuts", "logits_to_keep")}
    logits = model(**inputs).logits[0].float()
    return -functional.cross_entropy(logits, packed["targets"], reduction="none")


class PreferenceTrainer(LanguageTrainer):
    """Trains on pairs, one at a time."""

    loss_is_scaled_for_ga = False  # each pair gives its own mean

    def compute_loss(self, model: Any, inputs: Any, *how: Any, **more: Any) -> torch.Tensor:
        """DPO's loss, and some of the better answer's own."""
        self.keep.tokens += inputs["input_ids"].numel()
        each, first = log_probabilities(model, inputs), int(inputs["first"])
        now = torch.stack((each[:first].sum(), each[first:].sum()))
        gained = now - inputs["before"]
        return -functional.logsigmoid(BETA * (gained[0] - gained[1])) - ANCHOR * each[:first].mean()


def _judgement(model: Any, pair: Pair) -> tuple[float, float]:
    """The log-probabilities of both answers by a model that has not been trained on them."""
    packed = {name: value.to(model.device) for name, value in pack_pair([pair]).items()}
    with torch.no_grad(), torch.autocast(model.device.type, torch.bfloat16, enabled=model.dtype == torch.bfloat16):
        each, first = log_probabilities(model, packed), int(packed["first"])
    return float(each[:first].sum()), float(each[first:].sum())


def _add(
    found: Pairs, tokenizer: Any, judged: Judged, chosen: Mapping[str, Any], rejected: Mapping[str, Any], limit: int
) -> None:
    said = [{**message, "learn": False} for message in judged.messages]  # only the answer is judged
    try:
        better, worse = (
            encode(
                tokenizer,
                Sample(messages=[*said, {**answer, "role": "assistant"}], tools=judged.tools, meta=judged.meta),
                limit + 1,
            )
            for answer in (chosen, rejected)
        )
        if max(len(better.ids), len(worse.ids)) > limit:
            raise DataError(f"longer than {limit} tokens: {judged.meta}")
        if list(better.ids) == list(worse.ids):
            raise DataError(f"both answers are the same: {judged.meta}")
    except DataError as error:
        found.left_out += 1
        found.why = found.why or str(error)[:300]
    else:
        found.pairs.append(Pair(better, worse))


def _first(error: ValidationError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return str(error)
    return first_mistake(error, whole="the line", got=False)

"""Several samples files as one training set, each with a weight.

In: `Source`s (``Source.parse("play.jsonl=0.5")``) and a tokenizer. Out: a `Mixture`: the features of all samples that
have something to learn, and what was left out. Errors: those of reading a file; ConfigError for a bad weight.
"""

import math
import random
import time
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from errors import ConfigError, DataError
from finetune.samples import Features, Sample, encode, read_samples
from profiles.privacy.excluded import WHO


@dataclass(frozen=True, slots=True)
class Source:
    """A samples file and how often each of its samples occurs an epoch: 2 is twice, 0.5 is a random half of them."""

    path: Path
    weight: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """``"runs/play.jsonl"`` or ``"runs/play.jsonl=0.5"``. Raises ConfigError for a weight that is not positive."""
        path, found, weight = text.rpartition("=")
        if not found or Path(text).is_file():
            return cls(Path(text))
        try:
            number = float(weight)
        except ValueError:
            number = -1.0
        if not 0 < number < math.inf:
            raise ConfigError(f"weight {weight!r} of {path} is no positive number, as in {path}=0.5")
        return cls(Path(path), number)

    def samples(self, seed: int) -> Iterator[Sample]:
        """Its samples, repeated or thinned out; the same ones for the same seed."""
        rng = random.Random(f"{seed}:{self.path.name}")
        for sample in read_samples(self.path):
            for _ in range(int(self.weight) + (rng.random() < self.weight % 1)):
                yield sample


@dataclass(slots=True)
class Mixture:
    """What is trained on, and how much was not: `skipped` samples (`why`, of the first), `barred` and `cut` ones."""

    features: list[Features] = field(default_factory=list)
    skipped: int = 0
    barred: int = 0
    cut: int = 0
    why: str = ""

    def __str__(self) -> str:
        tokens, learnt = sum(len(f.ids) for f in self.features), sum(sum(f.learnt) for f in self.features)
        skipped = f"{self.skipped} skipped" + f" (the first: {self.why})" * bool(self.why)
        barred = f"; {self.barred} left out, of {WHO}" * bool(self.barred)
        return f"{len(self.features)} samples, {tokens} tokens, {learnt} learnt; {self.cut} cut; {skipped}{barred}"


def read_mixture(
    sources: Iterable[Source],
    tokenizer: Any,
    max_tokens: int,
    seed: int,
    barred: Container[str] = frozenset(),
) -> Mixture:
    """Read, repeat and encode; a sample that teaches nothing is skipped, a longer one is cut after `max_tokens`.

    `barred`: keys of customers whose samples are left out.
    """
    mixture, told = Mixture(), time.monotonic()
    for source in sources:
        last: tuple[Sample, Features | DataError] | None = None
        for sample in source.samples(seed):
            if str(sample.meta.get("customer")) in barred:
                mixture.barred += 1
                continue
            if last is None or last[0] is not sample:  # a repeated one is encoded once
                last = sample, _encoded(tokenizer, sample, max_tokens)
            _add(mixture, last[1], max_tokens)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"reading {source.path}: {len(mixture.features)} samples so far", flush=True)
    return mixture


def _add(mixture: Mixture, found: Features | DataError, max_tokens: int) -> None:
    if isinstance(found, DataError):
        mixture.skipped += 1
        mixture.why = mixture.why or str(found)[:300]
    else:
        mixture.features.append(found)
        mixture.cut += len(found.ids) == max_tokens


def _encoded(tokenizer: Any, sample: Sample, max_tokens: int) -> Features | DataError:
    try:
        return encode(tokenizer, sample, max_tokens)
    except DataError as error:
        return error

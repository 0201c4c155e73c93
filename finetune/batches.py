"""Which samples make a batch: those that begin alike.

In: the features of all samples, the samples of a batch, the token that ends a message. Out: an order of the samples,
another one each epoch, in which every run of `batch` samples shares as long a beginning as possible; the packed loss
computes it once. Shops differ in their first message (instructions, attributes, tools), so a batch is of one shop.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from torch.utils.data import Sampler
from transformers import TrainerCallback

from finetune.samples import Features


class BeginAlike(Sampler[int], TrainerCallback):  # type: ignore[misc]
    """A sampler that shuffles anew each epoch, from the seed and the epoch alone, so that a resumed run goes on.

    As a callback of the trainer it hears which epoch begins. With `by_length`, samples of a batch are also about as
    long, which only padded batches need: in packed ones it would make some steps tiny and others huge.
    """

    def __init__(self, features: Sequence[Features], batch: int, end: int, seed: int, by_length: bool = False) -> None:
        self.epoch = 0
        self._lengths = [len(sample.ids) for sample in features]
        self._batch, self._seed, self._by_length = batch, seed, by_length
        families: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for place, sample in enumerate(features):
            families[_first_message(sample, end)].append(place)
        # In the order of their tokens, neighbours are alike: what is left over of each family fits together best.
        self._families = [families[beginning] for beginning in sorted(families)]

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self._seed}:{self.epoch}")
        batches: list[list[int]] = []
        left: list[int] = []
        for family in self._families:
            places = rng.sample(family, len(family))
            if self._by_length:
                places.sort(key=lambda place: self._lengths[place] * rng.uniform(0.9, 1.1))
            whole = len(places) - len(places) % self._batch
            batches += _cut(places[:whole], self._batch)
            left += places[whole:]
        *others, last = _cut(left, self._batch) or [[]]
        if len(last) == self._batch:
            others, last = [*others, last], []
        batches += others
        rng.shuffle(batches)
        for places in [*batches, last]:  # a batch that is not full comes last, else it would shift all others
            yield from places

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Also in the middle of an epoch, when a run is resumed there."""
        self.epoch = int((state.epoch or 0.0) + 1e-6)


def _first_message(sample: Features, end: int) -> tuple[int, ...]:
    ids = list(sample.ids)
    return tuple(ids[: ids.index(end)] if end in ids else ids)


def _cut(places: list[int], size: int) -> list[list[int]]:
    return [places[at : at + size] for at in range(0, len(places), size)]

"""Samples packed into one sequence that holds their common beginning only once.

In: the `Features` of a few samples; all consultations of a shop begin with the same instructions and tools,
about half of their tokens. Out: a batch of tensors for a causal model whose attention is `shared_prefix`, and
the loss over learnt tokens. Gradients equal those of the separate samples: attention sees the beginning
before each sample.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import torch
from torch.nn import functional

from finetune.samples import Features

Batch = dict[str, torch.Tensor]


def pack(samples: Sequence[Features]) -> Batch:
    """One sequence: the common beginning, then what follows it in each sample.

    `cuts` are the places where the common beginning and then each sample end; `predict` are the places that
    predict a learnt token, and `targets` those tokens.
    """
    prefix = _common(samples)
    ids, positions = list(samples[0].ids[:prefix]), list(range(prefix))
    cuts, predict, targets = [prefix], [], []
    for sample in samples:
        start = len(ids) - prefix
        ids += sample.ids[prefix:]
        positions += range(prefix, len(sample.ids))
        cuts.append(len(ids))
        learnt = [at for at in range(1, len(sample.ids)) if sample.learnt[at]]
        predict += [start + at - 1 for at in learnt]
        targets += [sample.ids[at] for at in learnt]
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "cuts": torch.tensor(cuts),
        "predict": torch.tensor(predict),
        "targets": torch.tensor(targets),
    }


def _common(samples: Sequence[Features]) -> int:
    """The length of the common beginning, which stops before the first token that predicts a learnt one."""
    first = samples[0]
    length = min(min(len(sample.ids), _first_learnt(sample) - 1) for sample in samples)
    for sample in samples[1:]:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(first.ids[:length], sample.ids, strict=False))
        length = sum(1 for _ in same)
    return max(length, 0)


def _first_learnt(sample: Features) -> int:
    return next((at for at in range(1, len(sample.ids)) if sample.learnt[at]), len(sample.ids))


def loss(model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Mean cross-entropy of the learnt tokens, in nats; logits are computed only where one is predicted."""
    inputs = {name: batch[name] for name in ("input_ids", "position_ids", "cuts")}
    output = model(**inputs, logits_to_keep=batch["predict"], use_cache=False)
    return functional.cross_entropy(output.logits[0].float(), batch["targets"])

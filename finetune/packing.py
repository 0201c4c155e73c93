"""Samples as one batch: packed into one sequence that holds their common beginning once, or padded.

In: the `Features` of a few samples; all consultations of a shop begin with the same instructions and tools, about half
of their tokens. Out: what a causal model takes to give its loss: the mean over learnt tokens, with logits only where
one is predicted. A packed batch needs a model whose attention is `shared_prefix`; its gradients equal those of the
separate samples, because attention sees the beginning before each of them.
"""

from collections.abc import Sequence
from itertools import takewhile

import torch

from finetune.samples import Features

Batch = dict[str, torch.Tensor]
IGNORED = -100  # as a target: not learnt


def pack(samples: Sequence[Features]) -> Batch:
    """One sequence: the common beginning, then what follows it in each sample.

    `cuts` are the places where the common beginning and then each sample end; `logits_to_keep` are the places that
    predict a learnt token, and `shift_labels` those tokens.
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
        **_targets(predict, [targets]),
    }


def pad(samples: Sequence[Features]) -> Batch:
    """One row a sample, filled up to the longest, for models that take no packed sequence."""
    longest = max(len(sample.ids) for sample in samples)
    predict = sorted({at - 1 for sample in samples for at in range(1, len(sample.ids)) if sample.learnt[at]})
    ids = torch.zeros(len(samples), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    targets = []
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = torch.tensor(sample.ids)
        mask[row, : len(sample.ids)] = 1
        after = [at + 1 for at in predict]
        targets.append([sample.ids[a] if a < len(sample.ids) and sample.learnt[a] else IGNORED for a in after])
    return {"input_ids": ids, "attention_mask": mask, **_targets(predict, targets)}


def _targets(predict: list[int], targets: list[list[int]]) -> Batch:
    """`labels` only asks the model for a loss; what it compares is `shift_labels`, which are in place already."""
    labels = torch.tensor(targets)
    return {"logits_to_keep": torch.tensor(predict), "labels": labels, "shift_labels": labels}


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

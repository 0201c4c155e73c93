"""Attention over a packed sequence: a common beginning, then samples that see it and themselves only.

In: queries, keys and values of a packed sequence, and its `cuts`. Out: what causal attention over each whole
sample would give. On a CPU the backward pass of torch's own kernel takes longer than all matrix products of a
small model together; these blocks are plain products, which AMX does fast, and compute nothing above the
diagonal.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

ATTENTION = "shared_prefix"  # what `attn_implementation` has to be
_BLOCK = 256  # queries at a time, of each head


def register() -> None:
    """Make `attn_implementation="shared_prefix"` known to transformers."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, attend)


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    cuts: Tensor,
    **_: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface, for one packed sequence: (1, heads, tokens, size) in.

    `cuts` are the places where the common beginning and then each sample end. Out: (1, tokens, heads, size).
    """
    heads, tokens, size = query.shape[1:]
    query, key = query.to(value.dtype), key.to(value.dtype)  # autocast leaves what was rotated in float32
    grouped = query[0].reshape(key.shape[1], heads // key.shape[1], tokens, size) * scaling
    found: Tensor = _Packed.apply(  # type: ignore[no-untyped-call]
        grouped, key[0], value[0], tuple(cuts.tolist())
    )
    return found.reshape(heads, tokens, size).transpose(0, 1)[None], None


Block = tuple[int, int, int]  # from and to which query, and how many keys they see


def _blocks(start: int, end: int, before: int) -> Iterator[Block]:
    for first in range(start, end, _BLOCK):
        last = min(first + _BLOCK, end)
        yield first, last, before + last - start


def _segments(cuts: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """(start, end, tokens of the common beginning that come before): the beginning, then each sample."""
    yield 0, cuts[0], 0
    for start, end in pairwise(cuts):
        yield start, end, cuts[0]


class _Packed(torch.autograd.Function):
    """Queries are (groups, heads a group, tokens, size), keys and values (groups, tokens, size)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, cuts: tuple[int, ...]) -> Tensor:
        found = torch.empty_like(query)
        kept: list[Tensor] = []
        for start, end, before in _segments(cuts):
            keys, values = _seen(key, start, end, before), _seen(value, start, end, before)
            for first, last, count in _blocks(start, end, before):
                scores = _times(query[:, :, first:last], keys[:, :count].mT)
                width = last - first
                future = torch.ones(width, width, dtype=torch.bool, device=query.device).triu_(1)
                scores[..., count - width :].masked_fill_(future, float("-inf"))
                shares = scores.softmax(-1).to(value.dtype)  # which autocast on a GPU makes float32
                found[:, :, first:last] = _times(shares, values[:, :count])
                kept.append(shares)
        ctx.save_for_backward(query, key, value, found, *kept)
        ctx.cuts = cuts
        return found

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        query, key, value, found, *kept = ctx.saved_tensors
        grad = grads[0].contiguous()
        mean = (grad.float() * found.float()).sum(-1, keepdim=True).to(grad.dtype)
        to_query = torch.empty_like(query)
        to_key, to_value = (torch.zeros_like(key, dtype=torch.float32) for _ in range(2))
        shares_of = iter(kept)
        for start, end, before in _segments(ctx.cuts):
            keys, values = _seen(key, start, end, before), _seen(value, start, end, before)
            to_keys, to_values = (torch.zeros_like(keys, dtype=torch.float32) for _ in range(2))
            for first, last, count in _blocks(start, end, before):
                shares, here = next(shares_of), grad[:, :, first:last]
                to_values[:, :count] += torch.bmm(shares.flatten(1, 2).mT, here.flatten(1, 2))
                scores = _times(here, values[:, :count].mT).sub_(mean[:, :, first:last]).mul_(shares)
                to_query[:, :, first:last] = _times(scores, keys[:, :count])
                asked = query[:, :, first:last].flatten(1, 2)
                to_keys[:, :count] += torch.bmm(scores.flatten(1, 2).mT, asked)
            for whole, part in ((to_key, to_keys), (to_value, to_values)):
                whole[:, :before] += part[:, :before]
                whole[:, start:end] += part[:, before:]
        return to_query, to_key.to(key.dtype), to_value.to(value.dtype), None


def _seen(states: Tensor, start: int, end: int, before: int) -> Tensor:
    return torch.cat((states[:, :before], states[:, start:end]), 1)


def _times(left: Tensor, right: Tensor) -> Tensor:
    """(groups, heads, n, k) @ (groups, k, m): the heads of a group share the right side."""
    return torch.bmm(left.flatten(1, 2), right).view(*left.shape[:3], right.shape[-1])

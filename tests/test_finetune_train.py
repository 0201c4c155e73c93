"""Samples, packing and training: what is learnt, that packing changes nothing, and that a run can go on."""

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from errors import DataError
from finetune.attention import ATTENTION, register
from finetune.base import build_base
from finetune.merge import merge
from finetune.methods import ADAPTER_WEIGHTS
from finetune.packing import pack, pad
from finetune.samples import Features, Sample, encode, read_samples, write_samples
from finetune.schedule import Pace
from finetune.train import Recipe, train

CALL = {"type": "function", "function": {"name": "get_order", "arguments": {"order_id": "last"}}}
ARGUMENTS = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
TOOLS = [{"type": "function", "function": {"name": "get_order", "description": "It.", "parameters": ARGUMENTS}}]
WORDS = st.text(alphabet="abc xyz.,!?您好价格1234", min_size=1, max_size=30).map(str.strip).filter(bool)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(build_base())


def sample(turns: Sequence[tuple[str, str]]) -> Sample:
    messages: list[dict[str, Any]] = [{"role": "system", "content": "Be kind."}]
    for asked, said in turns:
        messages += [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "content": "shipped"},
            {"role": "assistant", "content": said},
        ]
    return Sample(messages=messages, tools=TOOLS)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_exactly_what_the_assistant_wrote_is_learnt(tokenizer: Any, turns: list[tuple[str, str]]) -> None:
    features = encode(tokenizer, sample(turns), 2048)
    learnt = [token for token, mark in zip(features.ids, features.learnt, strict=True) if mark]
    call = '<tool_call>{"name": "get_order", "arguments": {"order_id": "last"}}</tool_call><|im_end|>'
    assert tokenizer.decode(learnt) == "".join(f"{call}{said}<|im_end|>" for _, said in turns)


def test_samples_survive_their_file_and_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    write_samples(path, [sample([("hi", "hello")])])
    assert list(read_samples(path)) == [sample([("hi", "hello")])]
    path.write_text(path.read_text() + '{"messages": 3}\n')
    with pytest.raises(DataError, match="line 2: messages"):
        list(read_samples(path))
    with pytest.raises(DataError, match="no samples at"):
        list(read_samples(tmp_path / "none.jsonl"))


def test_a_sample_without_an_assistant_is_refused(tokenizer: Any) -> None:
    with pytest.raises(DataError, match="no assistant"):
        encode(tokenizer, Sample(messages=[{"role": "user", "content": "hi"}]), 2048)


def tiny(attention: str) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=97, hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2,
    )  # fmt: skip
    config._attn_implementation = attention
    return LlamaForCausalLM(config)


@given(st.integers(0, 300), st.lists(st.integers(3, 300), min_size=1, max_size=4), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_packed_samples_train_as_if_they_were_apart(prefix: int, lengths: list[int], seed: int) -> None:
    register()
    draw = torch.Generator().manual_seed(seed)

    def tokens(count: int) -> list[int]:
        return torch.randint(0, 97, (count,), generator=draw).tolist()

    common = tokens(prefix)
    samples = [
        Features(common + tokens(n), [False] * (prefix + 1) + [at % 3 > 0 for at in range(n - 1)]) for n in lengths
    ]
    packed, apart = tiny(ATTENTION), tiny("sdpa")
    together = packed(**pack(samples)).loss
    torch.autograd.backward(together)
    total, count = torch.tensor(0.0), 0
    for one in samples:
        logits = apart(input_ids=torch.tensor([one.ids])).logits[0, :-1]
        learnt = torch.tensor(one.learnt[1:])
        targets = torch.tensor(one.ids[1:])[learnt]
        total = total + torch.nn.functional.cross_entropy(logits[learnt], targets, reduction="sum")
        count += len(targets)
    torch.autograd.backward(total / count)
    torch.testing.assert_close(together, total / count)
    torch.testing.assert_close(apart(**pad(samples)).loss, together)
    for (name, mine), theirs in zip(packed.named_parameters(), apart.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-3, atol=1e-5, msg=name)


def test_the_schedule_ends_with_the_clock_or_the_steps_whichever_is_first() -> None:
    pace = Pace(total_steps=100, minutes=10, warmup_steps=4)
    assert pace(0) == pytest.approx(0.2)
    assert pace(50) == pytest.approx(0.5)
    assert pace(100) == 0
    pace.spent = 10
    assert pace(20) == 0


def test_a_stopped_run_goes_on_and_its_adapter_merges(
    tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = [encode(tokenizer, sample([("where is it?", f"Here {n}.")]), 256) for n in range(4)]
    out = tmp_path / "adapter"
    recipe = Recipe(rank=4, batch=2, epochs=2, save_steps=100, warmup_steps=0)

    def pack_and_stop(samples: Sequence[Features]) -> dict[str, torch.Tensor]:
        os.kill(os.getpid(), signal.SIGTERM)
        return pack(samples)

    with monkeypatch.context() as patch:
        patch.setattr("finetune.train.pack", pack_and_stop)
        stopped = train(build_base(), features, out, recipe)
    assert not stopped.finished and 0 < stopped.steps < 4
    assert not (out / ADAPTER_WEIGHTS).exists()
    batches: list[Sequence[Features]] = []

    def pack_and_count(samples: Sequence[Features]) -> dict[str, torch.Tensor]:
        batches.append(samples)
        return pack(samples)

    with monkeypatch.context() as patch:
        patch.setattr("finetune.train.pack", pack_and_count)
        finished = train(build_base(), features, out, recipe)
    assert len(batches) == 4 - stopped.steps  # not from the start
    assert finished.finished and finished.steps == 4
    weights = load_file(out / ADAPTER_WEIGHTS)
    assert {value.dtype for value in weights.values()} == {torch.bfloat16}
    assert any(value.abs().max() > 0 for name, value in weights.items() if "lora_B" in name)
    assert str(build_base()) not in (out / "adapter_config.json").read_text()
    merged = merge(out, tmp_path / "merged")
    model = AutoModelForCausalLM.from_pretrained(merged)
    plain = AutoModelForCausalLM.from_pretrained(build_base())
    assert not torch.equal(
        model.model.layers[0].mlp.down_proj.weight.float(),
        plain.model.layers[0].mlp.down_proj.weight.bfloat16().float(),
    )

    unmoved = replace(recipe, epochs=0.5, learning_rate=0.0)
    assert train(build_base(), features, tmp_path / "more", unmoved, start=out).finished
    begun = load_file(tmp_path / "more" / ADAPTER_WEIGHTS)
    assert all(torch.equal(value, begun[name]) for name, value in weights.items())  # it begins where that one ended

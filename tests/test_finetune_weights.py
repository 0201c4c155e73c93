"""Weights, base folder, merged folder and GGUF: the same tensors all the way, and the engine agrees."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from agent.models.template import TEMPLATE_FILE, render
from errors import ConfigError, ModelError
from finetune.__main__ import main
from finetune.base import build_base
from finetune.folders import is_current, replace_folder
from finetune.gguf_out import hugging_face_name, write_gguf
from finetune.merge import merge
from finetune.weights import BASE, EMBEDDER, Weights, find

PROMPT = render([{"role": "user", "content": "Name three colors."}])


@pytest.fixture(scope="module")
def base() -> Path:
    return build_base()


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield merge(None, tmp_path_factory.mktemp("merge") / "merged")


def test_the_wheels_hold_the_known_weights() -> None:
    assert find(BASE).suffix == ".gguf"
    assert find(EMBEDDER).name == "model.safetensors"


def test_a_missing_package_and_altered_bytes_are_told_apart() -> None:
    with pytest.raises(ConfigError, match="requirements-weights"):
        find(Weights("no_such_package", "x.gguf", "", "x 1"))
    with pytest.raises(ModelError, match="SHA-256"):
        find(Weights(BASE.package, BASE.file, "0" * 64, BASE.source))


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with replace_folder(target, {"n": 1}) as work:
        (work / "a").write_text("1")
    with pytest.raises(ValueError, match="broken"), replace_folder(target, {"n": 2}) as work:
        (work / "a").write_text("2")
        raise ValueError("broken")
    assert (target / "a").read_text() == "1"
    assert is_current(target, {"n": 1}) and not is_current(target, {"n": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_the_base_tokenizer_splits_text_as_the_engine_does(base: Path) -> None:
    import openvino_genai

    tokenizer = AutoTokenizer.from_pretrained(base)
    assert tokenizer.chat_template == TEMPLATE_FILE.read_text(encoding="utf-8")
    pipeline = openvino_genai.ContinuousBatchingPipeline(str(find(BASE)), openvino_genai.SchedulerConfig(), "CPU")
    engine = pipeline.get_tokenizer()
    for text in ("AP-10482 for $139.00", "我想要一件夹克，预算150美元", "½ price ٣ naïve\n\n  x", PROMPT):
        theirs = engine.encode(text, add_special_tokens=False).input_ids.data.flatten().tolist()
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == theirs


def test_tensors_come_back_from_the_base_folder_as_they_were(base: Path, tmp_path: Path) -> None:
    import gguf

    before = gguf.GGUFReader(find(BASE))
    after = gguf.GGUFReader(write_gguf(base, tmp_path / "model.gguf", "f16"))
    assert [tensor.name for tensor in after.tensors] == [tensor.name for tensor in before.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        values = gguf.quants.dequantize(old.data, old.tensor_type)
        assert np.array_equal(values.astype(new.data.dtype), new.data), old.name
    kept = {name for name in before.fields if name.startswith(("tokenizer.", "llama."))}
    assert kept <= set(after.fields)
    assert after.get_field("tokenizer.ggml.merges").contents() == before.get_field("tokenizer.ggml.merges").contents()


def test_the_engine_writes_what_transformers_writes(merged: Path, tmp_path: Path) -> None:
    import openvino_genai

    model: Any = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(merged)
    ids = tokenizer(PROMPT, add_special_tokens=False, return_tensors="pt")
    written = model.generate(**ids, max_new_tokens=16, do_sample=False)[0, ids["input_ids"].shape[1] :]
    expected = tokenizer.decode(written, skip_special_tokens=True)
    path = write_gguf(merged, tmp_path / "model.gguf", "q8_0")
    pipeline = openvino_genai.LLMPipeline(str(path), "CPU")
    config = openvino_genai.GenerationConfig(max_new_tokens=16, do_sample=False, apply_chat_template=False)
    assert str(pipeline.generate(PROMPT, config)).strip() == expected.strip()


def test_a_merged_folder_is_bfloat16_and_not_made_twice(merged: Path) -> None:
    assert json.loads((merged / "config.json").read_text())["dtype"] == "bfloat16"
    before = (merged / "model.safetensors").stat().st_mtime_ns
    merge(None, merged)
    assert (merged / "model.safetensors").stat().st_mtime_ns == before


def test_wrong_inputs_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="q4_1"):
        write_gguf(tmp_path, tmp_path / "x.gguf", "q3")
    assert main(["gguf", "--merged", str(tmp_path), "--out", str(tmp_path / "x.gguf")]) == 6
    assert main(["merge", "--adapter", str(tmp_path), "--out", str(tmp_path / "m")]) == 6
    assert "adapter_config.json" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.gguf"))


def test_names_of_the_two_formats_match() -> None:
    assert hugging_face_name("blk.3.attn_q.weight") == "model.layers.3.self_attn.q_proj.weight"
    assert hugging_face_name("output_norm.weight") == "model.norm.weight"

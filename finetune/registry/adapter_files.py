"""An adapter's folder as training leaves it: which of its files are kept, and what they say about it.

In: a folder. Out: `AdapterFiles`. Errors: `DataError` for a folder that is no adapter, or holds a file that would run
code when it is loaded.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import DataError, choices
from finetune.registry.lineage import LINEAGE
from finetune.registry.version import KeptFile
from finetune.weights import file_sha256

# Weights that are data alone, and text. A pickle runs its code on whoever loads it.
_KEPT = (".safetensors", ".json", ".jinja", ".txt")
_CODE = (".bin", ".pt", ".pth", ".pkl", ".py")
_WEIGHTS = ("adapter_model.safetensors", "model.safetensors")


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """What is copied into the registry (without the lineage, which is read by itself), and what two of them say."""

    files: tuple[KeptFile, ...]
    config: dict[str, Any]
    recipe: dict[str, Any]

    @property
    def weights(self) -> str:
        """The SHA-256 of the weights: what makes one adapter another."""
        return next(file.sha256 for file in self.files if file.name in _WEIGHTS)


def read_adapter(folder: Path) -> AdapterFiles:
    """The adapter in `folder`; checkpoints and logs below it are left out."""
    if not any((folder / name).is_file() for name in _WEIGHTS):
        raise DataError(f"no adapter in {folder}: expected {choices(_WEIGHTS)}, as `python -m finetune train` writes")
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    if dangerous := [name for name in names if name.endswith(_CODE)]:
        raise DataError(f"{folder / dangerous[0]} may run code when it is loaded: save the weights as safetensors")
    kept = [name for name in names if name.endswith(_KEPT) and name != LINEAGE]
    return AdapterFiles(
        files=tuple(kept_file(folder / name) for name in kept),
        config=_json(folder / "adapter_config.json"),
        recipe=_json(folder / "training.json"),
    )


def kept_file(path: Path) -> KeptFile:
    """A file's name, bytes and SHA-256."""
    return KeptFile(name=path.name, sha256=file_sha256(path), bytes=path.stat().st_size)


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise DataError(f"{path} should hold an object, not {type(value).__name__}")
    return value

"""A model on disk: one .npz file of arrays and a JSON header, whole or not there. Nothing in it is ever executed."""

import json
import os
import uuid
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import StorageError

FORMAT = 1  # raise when what a model writes changes shape
Arrays = dict[str, NDArray[Any]]


def write_model(path: Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Replace `path` in one step. Raises StorageError; what was there before then stays."""
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    text = json.dumps({"format": FORMAT, "kind": kind, **header}, ensure_ascii=False).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, header=np.frombuffer(text, dtype=np.uint8), **dict[str, Any](arrays))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise StorageError(f"cannot write the model {path}: {error.strerror or error}") from error


def kind_of(path: Path) -> str:
    """Which kind of model a file holds. Raises StorageError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return str(json.loads(file["header"].tobytes())["kind"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise StorageError(f"cannot read the model {path}: {error}") from error


def read_model(path: Path, kind: str) -> tuple[dict[str, Any], Arrays]:
    """Header and arrays. Raises StorageError for a file that is missing, damaged, or of another kind or format."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header: dict[str, Any] = json.loads(arrays.pop("header").tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(f"cannot read the model {path}: {error}") from error
    found = header.get("kind"), header.get("format")
    if found != (kind, FORMAT):
        raise StorageError(f"{path} holds a model of kind and format {found}; expected {(kind, FORMAT)}")
    return header, arrays

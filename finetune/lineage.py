"""Lineage: from a training sample back to a customer, without the customer's id in the sample.

`meta.customer` of every sample made from consultations is the customer's key (`profiles.privacy.keys`); here are the
lists of the keys that a data set holds. Errors: `StorageError` if a list cannot be read or written.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from errors import StorageError

KEYS_FILE = "customers.json"


def write_keys(path: Path, keys: Mapping[str, Iterable[str]]) -> None:
    """The customer keys of a data set by split, sorted: ``{"train": [...], "val": [...], "test": [...]}``."""
    try:
        text = json.dumps({split: sorted(set(found)) for split, found in keys.items()}, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error}") from error


def read_keys(path: Path) -> dict[str, frozenset[str]]:
    """What `write_keys` wrote."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        return {str(split): frozenset(map(str, keys)) for split, keys in loaded.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise StorageError(f"cannot read the customer keys {path}: {error}") from error

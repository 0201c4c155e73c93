"""Lineage: from a training sample back to a customer, without the customer's id in the sample.

In: a customer's id and the installation's salt. Out: `customer_key`, the stable pseudonym that stands in
`meta.customer` of every sample made from consultations, and lists of the keys that a data set holds. Who has the salt
can tell whether a customer's words are in a data set; who has the data set alone cannot tell whose they are.
Errors: `StorageError` if the salt or a list cannot be read or written.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from errors import StorageError

SALT_FILE = "lineage.salt"
KEYS_FILE = "customers.json"
_SALT_BYTES = 32


def customer_key(customer_id: str, salt: bytes) -> str:
    """32 hexadecimal characters: the same for the same customer and salt, and nothing to be learnt from it."""
    return hmac.new(salt, f"customer:{customer_id}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def load_salt(state: Path) -> bytes:
    """The salt in a shop's state directory; the first call makes it, readable by its owner alone.

    Keep it as long as data sets or adapters made with it are kept: without it no erasure reaches them.
    """
    path = state / SALT_FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(_SALT_BYTES) + "\n")
        salt = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read the salt {path}: {error}") from error
    if len(salt) < _SALT_BYTES:
        raise StorageError(f"the salt {path} is cut short: {len(salt)} bytes of {_SALT_BYTES}")
    return salt


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

"""A customer without their id: a keyed hash that stands in tombstones, in the audit and in training samples.

In: a customer's id and the installation's salt. Out: `customer_key`. Who has the salt can tell whether a customer was
erased or is in a data set; who has the data alone cannot tell whose it is. Errors: `StorageError` if the salt cannot be
read or written.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from errors import StorageError
from profiles.storage.files import write_once

SALT_FILE = "lineage.salt"
_SALT_BYTES = 32


def customer_key(customer_id: str, salt: bytes) -> str:
    """32 hexadecimal characters: the same for the same customer and salt, and nothing to be learnt from it."""
    return hmac.new(salt, f"customer:{customer_id}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def fingerprint(salt: bytes) -> str:
    """Tells whether two keys can be compared."""
    return hashlib.sha256(b"fingerprint:" + salt).hexdigest()[:16]


def load_salt(state: Path) -> bytes:
    """The salt in a shop's state directory; the first call makes it, readable by its owner alone.

    Keep it, and give every process of one shop the same, as long as its database, data sets and adapters are kept:
    without it nobody knows who was erased.
    """
    path = state / SALT_FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_once(path, f"{secrets.token_hex(_SALT_BYTES)}\n".encode())
        salt = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read the salt {path}: {error}") from error
    if len(salt) < _SALT_BYTES:
        raise StorageError(f"the salt {path} is cut short: {len(salt)} bytes of {_SALT_BYTES}")
    return salt

"""The keys with which the shop's own sign-in signs its tokens: a URL or a file of a JWK set in, the keys out.

They are fetched when the server starts, again every hour, and when a token names a key that is not among them, at most
once a minute. A fetch that fails leaves the keys as they were, and is logged. Shared secrets (`oct`) that a set holds
are passed over: what anybody can read is no secret. Errors: none; without keys there is nobody whom a token can sign
in.
"""

import json
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

_FAMILIES = {"EdDSA": "OKP", "Ed25519": "OKP", "ES256": "EC", "ES384": "EC", "RS256": "RSA", "PS256": "RSA"}
_TIMEOUT = 5.0  # seconds
_MOST_BYTES = 1_000_000
_AGAIN = 60.0  # seconds between two fetches
_OLD = 3600.0
log = logging.getLogger(__name__)


class PublicKeys:
    """Of one issuer. Safe for many threads."""

    def __init__(self, source: str | Path) -> None:
        self._source = source
        self._fetching = threading.Lock()
        self._keys: Sequence[Key] = ()
        self._tried = 0.0
        self._fetch()

    def find(self, algorithm: str, key_id: str | None) -> Sequence[Key]:
        """Those that may have signed a token with this algorithm and id of a key; without an id, all of its kind."""
        if time.monotonic() - self._tried > _OLD and self._fetching.acquire(blocking=False):
            try:
                self._fetch()
            finally:
                self._fetching.release()
        found = self._matching(algorithm, key_id)
        if found:
            return found
        with self._fetching:
            if time.monotonic() - self._tried >= _AGAIN:
                self._fetch()
        return self._matching(algorithm, key_id)

    def _matching(self, algorithm: str, key_id: str | None) -> Sequence[Key]:
        family = _FAMILIES.get(algorithm)
        return [key for key in self._keys if key.key_type == family and key_id in (None, key.kid)]

    def _fetch(self) -> None:
        self._tried = time.monotonic()
        try:
            self._keys = list(_keys_of(json.loads(self._read())))
        except (httpx.HTTPError, OSError, ValueError, TypeError, KeyError) as error:
            log.warning("the keys of the shop's sign-in could not be fetched (%s); they stay as they were", error)

    def _read(self) -> bytes:
        if isinstance(self._source, Path):
            return self._source.read_bytes()
        answer = httpx.get(self._source, timeout=_TIMEOUT, follow_redirects=False).raise_for_status()
        if len(answer.content) > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES} bytes")
        return answer.content


def _keys_of(loaded: Any) -> Iterable[Key]:
    """A key of a kind that is not known does not spoil the others."""
    for entry in loaded["keys"]:
        try:
            key = JWKRegistry.import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if key.key_type != "oct":
            yield key

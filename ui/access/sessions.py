"""Tokens that the shop signs itself: of visitors, and of customers who signed in with a code.

    made = sessions.visitor()               # made.token goes to the browser
    sessions.holder(made.token)             # == made.visitor, until it expires

In: the shop's secrets, of which the first signs and all verify. Out: tokens, and whom one names. The secrets stand in
the state directory, a line each, and are made at the first start; SHOPKEEPER_SESSION_SECRET, with spaces between, takes
their place. To change the secret, put a new one before it, and take the old one away once its tokens have expired.
Errors: `Rejected`, `ConfigError` for a secret that is too short, `StorageError`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OctKey

import clock
from errors import ConfigError, StorageError
from profiles.storage.files import storage_errors, write_once
from ui.access.jwt_check import Expected, verified
from ui.access.refusals import Reason, Rejected
from ui.session import new_visitor

SECRET = "SHOPKEEPER_SESSION_SECRET"
SECRET_FILE = "session.secret"
LEAST_CHARS = 32
ISSUER = "shopkeeper"
VISITOR_LIFE = timedelta(days=30)
CUSTOMER_LIFE = timedelta(hours=12)
_ALGORITHM = "HS256"
_EXPECTED = Expected((_ALGORITHM,), issuer=ISSUER, audience=ISSUER)


@dataclass(frozen=True, slots=True)
class VisitorToken:
    """Somebody of whom only the browser is known, and what that browser shows from now on."""

    visitor: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerToken:
    """A customer who signed in, and what their browser shows from now on."""

    customer: str
    token: str = field(repr=False)
    expires_at: datetime


class Sessions:
    """Of one shop."""

    def __init__(self, given: Sequence[str]) -> None:
        self._keys = [OctKey.import_key(secret) for secret in given]

    def visitor(self) -> VisitorToken:
        """Somebody new."""
        visitor, ends = new_visitor(), clock.now() + VISITOR_LIFE
        return VisitorToken(visitor, self._signed(visitor, ends), ends)

    def customer(self, customer: str) -> CustomerToken:
        """For somebody who has shown who they are."""
        ends = clock.now() + CUSTOMER_LIFE
        return CustomerToken(customer, self._signed(customer, ends), ends)

    def holder(self, token: str) -> str:
        """The visitor or customer whom it was made for."""
        named = verified(token, self._keys, _EXPECTED).get("sub")
        if not isinstance(named, str) or not named:
            raise Rejected(Reason.CLAIMS)
        return named

    def _signed(self, holder: str, ends: datetime) -> str:
        now = int(clock.now().timestamp())
        claims = {"iss": ISSUER, "aud": ISSUER, "sub": holder, "iat": now, "exp": int(ends.timestamp())}
        return jwt.encode({"alg": _ALGORITHM}, claims, self._keys[0], [_ALGORITHM])


def load_secrets(state: Path, environment: Mapping[str, str]) -> Sequence[str]:
    """The one that signs, and those that still verify."""
    path, where = state / SECRET_FILE, SECRET
    found = environment.get(SECRET, "").split()
    if not found:
        where = str(path)
        with storage_errors(path):
            if not path.exists():
                write_once(path, f"{secrets.token_urlsafe(48)}\n".encode())
            found = path.read_text(encoding="utf-8").split()
    if not found:
        raise StorageError(f"{where} holds no secret; remove it, and a new one is made")
    if short := [secret for secret in found if len(secret) < LEAST_CHARS]:
        raise ConfigError(f"{where} has a secret of {len(short[0])} characters: at least {LEAST_CHARS}")
    return found

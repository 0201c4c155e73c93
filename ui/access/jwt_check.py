"""One JSON Web Token looked at: its words before anybody vouches for them, and its claims once a key does.

In: the token, a key, the algorithms that are accepted with it, who must have issued it for whom. Out: its claims. The
caller chooses key and algorithms together, so that a token cannot: "none" is among none, and no public key is ever
taken for a secret. Errors: `Rejected`, whatever is wrong with the token.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import (
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import Key

import clock
from ui.access.refusals import Reason, Rejected

LEEWAY = 30  # seconds that the clock of whoever signed may be off
MOST_CHARS = 8192
_CLAIMS = {"iss": Reason.ISSUER, "aud": Reason.AUDIENCE, "nbf": Reason.EARLY, "iat": Reason.EARLY}
_UNREADABLE = (JoseError, ValueError, TypeError, RecursionError)

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What a token says of itself; nothing of it is true yet."""

    issuer: str
    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be right beside the signature."""

    algorithms: Collection[str]
    issuer: str
    audience: str
    leeway: int = 0

    @property
    def registry(self) -> jws.JWSRegistry:
        """The algorithms and no others; headers that are not known mean nothing."""
        return jws.JWSRegistry(algorithms=list(self.algorithms), strict_check_header=False)


def words_of(token: str) -> Words:
    """Before a key is chosen for it."""
    try:
        read = jws.extract_compact(token[: MOST_CHARS + 1].encode())
        header, claims = read.headers(), json.loads(read.payload)
        if len(token) > MOST_CHARS or not isinstance(claims, dict):
            raise ValueError("too long, or no object")
    except _UNREADABLE:
        raise Rejected(Reason.MALFORMED) from None
    key_id = header.get("kid")
    return Words(str(claims.get("iss")), str(header.get("alg")), None if key_id is None else str(key_id))


def verified(token: str, keys: Sequence[Key], expected: Expected) -> Claims:
    """The claims of a token that one of the keys has signed."""
    for key in keys:
        try:
            claims = jwt.decode(token, key, registry=expected.registry).claims
        except UnsupportedAlgorithmError:
            raise Rejected(Reason.ALGORITHM) from None
        except _UNREADABLE:  # another key's
            continue
        _check(claims, expected)
        return claims
    raise Rejected(Reason.FORGED)


def _check(claims: Claims, expected: Expected) -> None:
    rules = jwt.JWTClaimsRegistry(
        now=int(clock.now().timestamp()),
        leeway=expected.leeway,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.audience},
        exp={"essential": True},
    )
    try:
        rules.validate(claims)
    except ExpiredTokenError:
        raise Rejected(Reason.EXPIRED) from None
    except InvalidClaimError as error:
        raise Rejected(_CLAIMS.get(str(error.claim), Reason.CLAIMS)) from None
    except MissingClaimError:
        raise Rejected(Reason.CLAIMS) from None

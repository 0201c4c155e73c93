"""Customers whom the shop itself signs in: a token that it made in, the customer's id out.

    [identity]
    issuer = "https://shop.example"          # iss of its tokens
    audience = "shopkeeper"                  # aud of those that are for the agent
    jwks = "https://shop.example/jwks.json"  # its public keys: a URL, or a file beside shop.toml
    algorithms = ["EdDSA"]                   # by default EdDSA (or Ed25519), ES256, RS256
    customer_claim = "sub"                   # which claim names the customer, as customers.jsonl does

A shop without keys of its own sets `algorithms = ["HS256"]` and a `secret`, or SHOPKEEPER_IDENTITY_SECRET, of at least
32 characters instead of `jwks`. Errors: `Rejected`, `ConfigError`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from joserfc.jwk import Key, OctKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.context import is_visitor
from errors import ConfigError, first_mistake
from profiles.events.keys import IDENTITY_SECRET
from ui.access.jwt_check import LEEWAY, Expected, Words, verified
from ui.access.public_keys import PublicKeys
from ui.access.refusals import Reason, Rejected
from ui.access.sessions import ISSUER, LEAST_CHARS

_SHARED = "HS256"
_Algorithm = Literal["EdDSA", "Ed25519", "ES256", "ES384", "RS256", "PS256", "HS256"]
_DEFAULT: tuple[_Algorithm, ...] = ("EdDSA", "Ed25519", "ES256", "RS256")


@dataclass(frozen=True, slots=True)
class Identity:
    """One issuer whom the shop trusts. `secret`: of HS256; `public`: of all other algorithms."""

    expected: Expected
    customer_claim: str
    secret: OctKey | None = field(repr=False)
    public: PublicKeys | None = field(repr=False)

    @property
    def issuer(self) -> str:
        return self.expected.issuer

    def customer(self, token: str, words: Words) -> str:
        """Whom the token names; `words` are its own."""
        if words.algorithm not in self.expected.algorithms:
            raise Rejected(Reason.ALGORITHM)
        claims = verified(token, self._keys(words), self.expected)
        named = claims.get(self.customer_claim)
        if not isinstance(named, str) or not named or is_visitor(named):
            raise Rejected(Reason.CLAIMS)
        return named

    def _keys(self, words: Words) -> Sequence[Key]:
        """Never those of another kind of algorithm."""
        if words.algorithm == _SHARED:
            return [self.secret] if self.secret else []
        return self.public.find(words.algorithm, words.key_id) if self.public else []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(min_length=1, max_length=300)
    audience: str = Field(min_length=1, max_length=300)
    algorithms: list[_Algorithm] = Field(default=list(_DEFAULT), min_length=1)
    jwks: str | None = None
    secret: str = Field("", max_length=500)
    customer_claim: str = Field("sub", min_length=1)


def load_identity(shop: Path, settings: Mapping[str, Any], environment: Mapping[str, str]) -> Identity | None:
    """From what shop.toml holds under `identity`; None where it holds nothing."""
    if not settings:
        return None
    try:
        read = _File.model_validate(dict(settings))
    except ValidationError as error:
        raise ConfigError(f"{shop / 'shop.toml'}: {first_mistake(error, 'identity', got=False)}") from error
    if read.issuer == ISSUER:
        raise ConfigError(f"identity.issuer: {ISSUER!r} is how this program signs its own tokens; choose another")
    expected = Expected(tuple(read.algorithms), read.issuer, read.audience, LEEWAY)
    return Identity(expected, read.customer_claim, _secret(read, environment), _public_keys(shop, read))


def _secret(read: _File, environment: Mapping[str, str]) -> OctKey | None:
    """None unless HS256 is asked for by name."""
    if _SHARED not in read.algorithms:
        if read.secret:
            raise ConfigError(f"identity.secret is for {_SHARED}, which identity.algorithms does not name")
        return None
    given = environment.get(IDENTITY_SECRET) or read.secret
    where = IDENTITY_SECRET if environment.get(IDENTITY_SECRET) else "identity.secret in shop.toml"
    if len(given) < LEAST_CHARS:
        raise ConfigError(f"{where} has {len(given)} characters: {_SHARED} needs at least {LEAST_CHARS}")
    try:
        return OctKey.import_key(given)
    except ValueError as error:
        raise ConfigError(
            f"{where} is a public key, and no secret; name its algorithm, and put it into a jwks"
        ) from error


def _public_keys(shop: Path, read: _File) -> PublicKeys | None:
    asymmetric = [name for name in read.algorithms if name != _SHARED]
    if not asymmetric:
        return None
    if not read.jwks:
        raise ConfigError(f"identity.jwks is missing: a URL or a file with the public keys of {', '.join(asymmetric)}")
    if read.jwks.startswith(("https://", "http://")):
        return PublicKeys(read.jwks)
    path = shop / read.jwks
    if not path.is_file():
        raise ConfigError(f"identity.jwks: there is no file {path}; name one, or an https URL")
    return PublicKeys(path)

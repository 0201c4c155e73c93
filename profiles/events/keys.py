"""Who may send events over HTTP: a shop's settings and environment in, checks of write keys and signatures out.

    [events]
    write_key = "..."         # or SHOPKEEPER_WRITE_KEY: whoever sends events needs it
    identity_secret = "..."   # or SHOPKEEPER_IDENTITY_SECRET: stays on the shop's server; signs who signed in

A signature is the HMAC-SHA256 of the customer's id with the secret, in hex: the shop's server makes it for the person
who signed in there, so that nobody else can tie a browser to that customer.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import ConfigError

WRITE_KEY = "SHOPKEEPER_WRITE_KEY"
IDENTITY_SECRET = "SHOPKEEPER_IDENTITY_SECRET"
LEAST_CHARS = 16  # a shorter secret can be guessed


@dataclass(frozen=True, slots=True)
class Keys:
    """Both "" where the shop has not set them: then nothing comes in, or nobody is identified."""

    write_key: str = field(default="", repr=False)
    identity_secret: str = field(default="", repr=False)

    @classmethod
    def load(cls, settings: Mapping[str, Any], environment: Mapping[str, str]) -> "Keys":
        """From what shop.toml holds under `events`; the environment goes first. Raises ConfigError."""
        given = {
            "write_key": environment.get(WRITE_KEY) or settings.get("write_key", ""),
            "identity_secret": environment.get(IDENTITY_SECRET) or settings.get("identity_secret", ""),
        }
        try:
            read = _File.model_validate(dict(settings) | given)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]  # the value may be a secret
            raise ConfigError(f"events.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        secrets = {"write_key": (read.write_key, WRITE_KEY), "identity_secret": (read.identity_secret, IDENTITY_SECRET)}
        for name, (value, variable) in secrets.items():
            if value and len(value) < LEAST_CHARS:
                where = variable if environment.get(variable) else f"events.{name} in shop.toml"
                raise ConfigError(f"{where} has {len(value)} characters: at least {LEAST_CHARS}")
        return cls(read.write_key, read.identity_secret)

    def admit(self, write_key: str) -> bool:
        """In a time that says nothing of how much of the key was right."""
        return bool(self.write_key) and hmac.compare_digest(self.write_key.encode(), _bytes(write_key))

    def sign(self, customer: str) -> str:
        """What the shop's server sends along with `identify`."""
        return hmac.new(self.identity_secret.encode(), _bytes(customer), sha256).hexdigest()

    def verify(self, customer: str, signature: object) -> bool:
        if not self.identity_secret or not isinstance(signature, str):
            return False
        return hmac.compare_digest(self.sign(customer).encode(), _bytes(signature.lower()))

    def why_unsigned(self, customer: str, signature: object) -> str:
        """Why `verify` said no, in words for the sender."""
        if not self.identity_secret:
            return f"the shop has set no identity secret, so nobody can be identified as {customer[:90]!r}"
        if signature is None:
            return f"signature: missing; send the HMAC-SHA256 of {customer[:90]!r} with the shop's identity secret"
        return f"signature: {str(signature)[:64]!r} is not that of {customer[:90]!r}"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    write_key: str = Field("", max_length=200)
    identity_secret: str = Field("", max_length=200)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

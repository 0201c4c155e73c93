"""Keys of machines and staff: made once, kept as a hash, looked up with every request.

    made = keys.create("crm", {Scope.PROFILES})    # made.secret is shown this once
    keys.caller(made.secret)                       # -> Caller(Kind.KEY, ...)
    keys.revoke(made.key.id)                       # the next request with it is refused

In: a shop's database. Out: `Key`s, and the `Caller` of a key that is in use. A key is "sk_", its id, and 32 random
bytes: so many cannot be guessed, and their plain SHA-256 is enough. Errors: `Rejected`, `NotFound`, `ConfigError` for a
scope that there is not.
"""

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import Engine, Row, select, update

import clock
from errors import ConfigError, NotFound, choices
from profiles.storage.database import reading, writing
from profiles.storage.tables import api_keys, time_text
from ui.access.caller import Caller, Kind, Scope
from ui.access.refusals import Reason, Rejected

PREFIX = "sk_"
NAME_CHARS = 100
_FORM = re.compile(rf"{PREFIX}([0-9a-f]{{16}})_([\w-]{{43}})", re.ASCII)
_NOTED_EVERY = timedelta(minutes=1)  # of `last_used`: not every request is worth a write
_NOBODYS = "0" * 64  # what the secret of an unknown id is compared with


@dataclass(frozen=True, slots=True)
class Key:
    """All that is known of a key but its secret. None: never."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created: datetime
    last_used: datetime | None = None
    expires: datetime | None = None
    revoked: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        times = {name: getattr(self, name) for name in ("created", "last_used", "expires", "revoked")}
        shown = {name: at and at.isoformat(timespec="seconds") for name, at in times.items()}
        return {"id": self.id, "name": self.name, "scopes": sorted(self.scopes)} | shown


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its secret, which nobody can be shown again."""

    key: Key
    secret: str = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        return {"id": self.key.id, "key": self.secret, "scopes": sorted(self.key.scopes)}


class Keys:
    """Of one shop; any number of processes may share the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, name: str, scopes: Collection[Scope], life: timedelta | None = None) -> NewKey:
        """A key that may do so much, for as long as `life` says."""
        now = clock.now()
        key = Key(secrets.token_hex(8), name, frozenset(scopes), now, expires=now + life if life else None)
        secret = urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        row = {
            "id": key.id,
            "name": name,
            "digest": _digest(secret),
            "scopes": ",".join(sorted(key.scopes)),
            "created": time_text(now),
            "expires": key.expires and time_text(key.expires),
        }
        with writing(self._engine) as connection:
            connection.execute(api_keys.insert().values(row))
        return NewKey(key, f"{PREFIX}{key.id}_{secret}")

    def all(self) -> Sequence[Key]:
        """Every key that was ever made, the oldest first."""
        with reading(self._engine) as connection:
            return [_key_of(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.created))]

    def revoke(self, id: str) -> Key:
        """From now on nobody gets in with it. Errors: `NotFound` names the keys that are in use."""
        in_use, now = api_keys.c.revoked.is_(None), clock.now()
        with writing(self._engine) as connection:
            one = (api_keys.c.id == id) & in_use
            if not connection.execute(update(api_keys).where(one).values(revoked=time_text(now))).rowcount:
                known = connection.execute(select(api_keys.c.id).where(in_use)).scalars()
                raise NotFound(f"no key {id!r} is in use; in use are {choices(known) or 'none'}")
            return _key_of(connection.execute(select(api_keys).where(api_keys.c.id == id)).one())

    def caller(self, secret: str) -> Caller:
        """Who shows this key."""
        parts = _FORM.fullmatch(secret)
        if parts is None:
            raise Rejected(Reason.MALFORMED)
        with reading(self._engine) as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == parts[1])).one_or_none()
        if not compare_digest(_digest(parts[2]), row.digest if row else _NOBODYS) or row is None:
            raise Rejected(Reason.UNKNOWN_KEY)
        key, now = _key_of(row), clock.now()
        if key.revoked:
            raise Rejected(Reason.REVOKED)
        if key.expires and key.expires <= now:
            raise Rejected(Reason.EXPIRED)
        if key.last_used is None or key.last_used <= now - _NOTED_EVERY:
            with writing(self._engine) as connection:
                connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(last_used=time_text(now)))
        return Caller(Kind.KEY, key.id, key.scopes)


def scopes_named(names: Iterable[str]) -> frozenset[Scope]:
    """``scopes_named(["chat"]) == {Scope.CHAT}``. Errors: `ConfigError` for one that there is not, and for none."""
    given = [name.strip() for name in names if name.strip()]
    if unknown := [name for name in given if name not in set(Scope)]:
        raise ConfigError(f"there is no scope {unknown[0]!r}; there are {choices(Scope)}")
    if not given:
        raise ConfigError(f"a key needs a scope; there are {choices(Scope)}")
    return frozenset(map(Scope, given))


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _key_of(row: Row[Any]) -> Key:
    last_used, expires, revoked = (
        datetime.fromisoformat(text) if text else None for text in (row.last_used, row.expires, row.revoked)
    )
    scopes = frozenset(map(Scope, row.scopes.split(",")))
    return Key(row.id, row.name, scopes, datetime.fromisoformat(row.created), last_used, expires, revoked)

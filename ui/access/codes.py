"""One-time codes by mail: an e-mail address in, six digits out; later the address with the digits in, the customer out.

A code holds for ten minutes, for five tries and for one sign-in; an address gets three an hour, and only the newest
counts. The database keeps neither addresses nor codes, but hashes keyed with a secret that is not in it. What is done
for an address is the same whether a customer has it or nobody does, so that neither answers nor their times tell.
Errors: `StorageError`.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select, update

import clock
from profiles.customer import normalized_email
from profiles.storage.database import retried, stay_alone, writing
from profiles.storage.tables import sign_in_codes, time_text

DIGITS = 6
LIFE = timedelta(minutes=10)
MOST_TRIES = 5
MOST_AN_HOUR = 3
_HOUR = timedelta(hours=1)


class Codes:
    """Of one shop."""

    def __init__(self, engine: Engine, secret: str) -> None:
        self._engine, self._secret = engine, secret.encode()

    @retried
    def make(self, email: str, customer: str) -> str | None:
        """A code for an address, whose customer may be "": nobody; None if it has had enough of them."""
        now, address = clock.now(), self._address(email)
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        since = time_text(now - _HOUR)
        with writing(self._engine) as connection:
            stay_alone(connection)  # of two requests at once the second counts the first one's
            connection.execute(delete(sign_in_codes).where(sign_in_codes.c.made < since))
            held = select(func.count()).select_from(sign_in_codes).where(sign_in_codes.c.address == address)
            if connection.execute(held).scalar_one() >= MOST_AN_HOUR:
                return None
            row = {
                "address": address,
                "customer": customer,
                "code": self._digest(address, code),
                "made": time_text(now),
            }
            connection.execute(sign_in_codes.insert().values(row | {"tries": 0, "used": False}))
        return code

    @retried
    def redeem(self, email: str, code: str) -> str | None:
        """The customer whose newest code this is; it is used up then. None: it is not, whatever the reason."""
        address, now = self._address(email), clock.now()
        with writing(self._engine) as connection:
            row = _newest(connection, address)
            if row is None or row.used or row.tries >= MOST_TRIES:
                return None
            if datetime.fromisoformat(row.made) + LIFE <= now:
                return None
            is_right = hmac.compare_digest(self._digest(address, code), row.code)
            changed: Mapping[str, Any] = {"used": True} if is_right else {"tries": row.tries + 1}
            connection.execute(update(sign_in_codes).where(sign_in_codes.c.seq == row.seq).values(**changed))
        return row.customer or None if is_right else None

    def _address(self, email: str) -> str:
        return self._hashed(f"address:{normalized_email(email)}")

    def _digest(self, address: str, code: str) -> str:
        return self._hashed(f"code:{address}:{code}")

    def _hashed(self, text: str) -> str:
        return hmac.new(self._secret, text.encode("utf-8", "replace"), sha256).hexdigest()


def _newest(connection: Connection, address: str) -> Row[Any] | None:
    theirs = select(sign_in_codes).where(sign_in_codes.c.address == address)
    newest = theirs.order_by(sign_in_codes.c.seq.desc()).limit(1).with_for_update()
    return connection.execute(newest).one_or_none()

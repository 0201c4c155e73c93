"""How often somebody may call: who it is in; nothing out, or `Busy` with the seconds after which it is their turn.

Windows move: of 60 requests a minute each is free again a minute after it was made. What counts is kept in memory, by
process, unless `storage` names a place that processes share (a URL of the package limits, as redis://host).
Errors: `Busy`, `ConfigError` for such a URL that cannot be used.
"""

import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import ConfigurationError
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from errors import Busy, ConfigError
from ui.access.caller import Caller

MEMORY = "memory://"


@dataclass(frozen=True, slots=True)
class Rates:
    """`person` and `key`: requests a minute. All others an hour, by address, which many people may share."""

    person: int = 60
    key: int = 600
    visitors: int = 20
    codes: int = 20
    failures: int = 30


class Limits:
    """Of one server. Safe for many threads."""

    def __init__(self, rates: Rates, storage: str = MEMORY) -> None:
        self._person, self._key = RateLimitItemPerMinute(rates.person), RateLimitItemPerMinute(rates.key)
        self._visitors, self._codes = RateLimitItemPerHour(rates.visitors), RateLimitItemPerHour(rates.codes)
        self._failures = RateLimitItemPerHour(rates.failures)
        self._windows = MovingWindowRateLimiter(_opened(storage))

    def request(self, caller: Caller) -> None:
        """One more request of somebody who is known."""
        self._take(self._person if caller.is_person else self._key, "requests", caller.kind, caller.id)

    def visitor(self, address: str) -> None:
        """One more visitor from an address."""
        self._take(self._visitors, "new visitors", "visitors", address)

    def code(self, address: str) -> None:
        """One more code by mail, asked for from an address."""
        self._take(self._codes, "codes", "codes", address)

    def failure(self, address: str) -> None:
        """One more key, token or code that was not accepted."""
        self._take(self._failures, "failed attempts", "failures", address)

    def may_fail(self, address: str) -> None:
        """Before something that can be guessed is looked at."""
        if not self._windows.test(self._failures, "failures", address):
            raise self._busy(self._failures, "failed attempts", "failures", address)

    def _take(self, item: RateLimitItem, what: str, *whose: str) -> None:
        if not self._windows.hit(item, *whose):
            raise self._busy(item, what, *whose)

    def _busy(self, item: RateLimitItem, what: str, *whose: str) -> Busy:
        seconds = max(1.0, self._windows.get_window_stats(item, *whose).reset_time - time.time())
        each = "an hour" if item.GRANULARITY.name == "hour" else "a minute"
        return Busy(f"too many {what}: {item.amount} {each} are allowed; again in {seconds:.0f} s", seconds)


def _opened(storage: str) -> Storage:
    try:
        opened = storage_from_string(storage)
    except (ConfigurationError, ImportError, ValueError) as error:
        scheme = storage.partition("://")[0]  # what follows may hold a password
        raise ConfigError(f"web.limits.storage: {scheme!r} cannot be used: {type(error).__name__}") from error
    if not isinstance(opened, Storage):
        raise ConfigError(f"web.limits.storage: {storage.partition('://')[0]!r} is for asynchronous programs")
    return opened

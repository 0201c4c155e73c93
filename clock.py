"""One clock for the whole project: what is "now" for the agent, the rules of orders and relative dates.

In: the environment variable `SHOPKEEPER_NOW` (ISO, with a zone), or the machine's clock. Out: aware times. With the
variable the clock stands still, so that a conversation can be played as of a day. Errors: `ConfigError` for a value
that is no such time, or a zone that there is not.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from errors import ConfigError

VARIABLE = "SHOPKEEPER_NOW"
DEFAULT_ZONE = "UTC"


def now() -> datetime:
    """The time, in UTC."""
    said = os.environ.get(VARIABLE)
    return moment(said, VARIABLE) if said else datetime.now(UTC)


def moment(said: str, name: str) -> datetime:
    """The time that a setting of this name says, in UTC. Errors: `ConfigError`."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise ConfigError(f"{name}={said!r} is no ISO time like 2026-11-29T12:00:00+00:00") from error
    if at.tzinfo is None:
        raise ConfigError(f"{name}={said!r} has no zone; write it like 2026-11-29T12:00:00+00:00")
    return at.astimezone(UTC)


@contextmanager
def standing(at: datetime | None) -> Iterator[None]:
    """For all of this process the clock stands at that time, and goes on afterwards; None leaves it alone."""
    before = os.environ.get(VARIABLE)
    if at is not None:
        os.environ[VARIABLE] = at.isoformat()
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before


def zone(name: str) -> ZoneInfo:
    """The zone called so: ``zone("America/Los_Angeles")``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise ConfigError(f"there is no time zone {name!r}; write it like Europe/Berlin or UTC") from error


def today(there: tzinfo = UTC) -> date:
    """The date there, now."""
    return now().astimezone(there).date()

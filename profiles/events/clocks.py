"""When something happened, by the shop's clock: what a message says of its times in, an aware time in UTC out.

Segment's rule (https://segment.com/docs/connections/spec/common/#timestamps): a device stamps a message with
`timestamp` when it happens and `sentAt` when it sends it, the shop with `receivedAt`. The device's clock is off by
`receivedAt - sentAt`, and `timestamp` is moved by that. A message that has been through Segment has its
`originalTimestamp` beside a `timestamp` that is right already. Errors: `Impossible` for a time that no clock shows.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError

CLOCK_SKEW = timedelta(minutes=5)  # a browser's clock may be ahead of the shop's
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class Impossible(Exception):
    """A value that can be read and cannot be."""


def happened_at(stamped: datetime, raw: dict[str, Any], now: datetime) -> datetime:
    """The time of a Segment message whose own time is `stamped`, corrected by what its device's clock shows."""
    sent = moment_of(raw.get("sentAt"))
    if sent is None or ("originalTimestamp" in raw and "timestamp" in raw):
        return in_utc(stamped)
    received = moment_of(raw.get("receivedAt"))
    if received is None and sent > now + CLOCK_SKEW:
        received = now  # nobody says when it came, but it was not sent after now
    try:
        return in_utc(stamped + (received - sent) if received else stamped)
    except OverflowError:
        raise Impossible(f"time {stamped.isoformat()}, sent {sent.isoformat()}") from None


def moment_of(raw: object) -> datetime | None:
    """A time with its zone; None for anything else."""
    if raw is None:
        return None
    try:
        return _MOMENT.validate_python(raw)
    except ValidationError:
        return None


def in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Impossible(f"time {at.isoformat()}") from None


def from_microseconds(since_1970: int) -> datetime:
    """GA4's form."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since_1970)
    except OverflowError:
        raise Impossible(f"event_timestamp {since_1970} is no time in microseconds") from None

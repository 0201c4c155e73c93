"""Requests that bring events over HTTP: bodies as Segment and GA4 send them in, raw events for the intake out.

Segment's tracking API (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api): one message,
or a batch with a context for all of it. GA4's Measurement Protocol
(https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference): up to 25 events of one client,
turned into the form of its export, which `shapes` reads. Each message is stamped with the time it came. Errors:
`DataError` for a body that is neither.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from pydantic_core import to_json

from errors import DataError
from profiles.events.clocks import CLOCK_SKEW
from profiles.events.event import Aside, Reason
from profiles.events.keys import Keys
from profiles.events.shapes import GA4, body_text, too_large

MOST_BATCH_BYTES = 500_000
MOST_MESSAGES = 2_500
MOST_GA4_EVENTS = 25

Raw = dict[str, Any]


def segment_message(body: object, type: Literal["track", "identify"], now: datetime) -> Raw:
    """The body of /v1/track or /v1/identify."""
    message = _object(body, "the message")
    if message.get("type", type) != type:
        raise DataError(f"type: {message['type']!r} was sent to /v1/{type}; send it to /v1/batch")
    return _stamped(message | {"type": type}, now)


def segment_batch(body: object, now: datetime) -> list[object]:
    """The body of /v1/batch; what is no object in it stays as it is, for the intake to keep aside."""
    whole = _object(body, "the body")
    messages = _list(whole, "batch", MOST_MESSAGES)
    shared = whole.get("context")
    context = shared if isinstance(shared, dict) else {}
    sent = {"sentAt": whole["sentAt"]} if "sentAt" in whole else {}
    return [_in_context(sent | message, context, now) if isinstance(message, dict) else message for message in messages]


def ga4_events(body: object, now: datetime) -> list[object]:
    """The body of /mp/collect. Without `timestamp_micros` an event is of this moment, and no repetition is known.

    No request is made after it has come: what the request's own time is ahead by, the clock of its client is.
    """
    whole = _object(body, "the body")
    if not whole.get("client_id") and not whole.get("user_id"):
        raise DataError("client_id: missing, and so is user_id; one of them must say who it was")
    properties = whole.get("user_properties")
    signed = properties.get("signature") if isinstance(properties, dict) else None
    shared = {
        "clock_ahead": _clock_ahead(whole.get("timestamp_micros"), now),
        "user_id": whole.get("user_id"),
        "user_pseudo_id": whole.get("client_id"),
        "signature": signed.get("value") if isinstance(signed, dict) else signed,
    }
    events = _list(whole, "events", MOST_GA4_EVENTS)
    return [_exported(event, whole, shared, place, now) for place, event in enumerate(events)]


def admitted(raw: object, keys: Keys) -> object:
    """The raw event without its signature; kept aside if it is too large or ties a visitor to a customer unsigned."""
    if not isinstance(raw, dict):
        return raw
    context = raw.get("context")
    signature = context.get("signature") if isinstance(context, dict) else raw.get("signature")
    bare = {name: value for name, value in raw.items() if name != "signature"}
    if isinstance(context, dict):
        bare["context"] = {name: value for name, value in context.items() if name != "signature"}
    if large := too_large(bare, len(to_json(bare))):
        return large
    customer = _claimed(bare)
    if customer is None or keys.verify(customer, signature):
        return bare
    return Aside(Reason.UNSIGNED, keys.why_unsigned(customer, signature), body_text(bare), customer[:90])


def _claimed(raw: Mapping[str, Any]) -> str | None:
    """The customer that an event says a visitor is; None for an event that says no such thing."""
    if raw.get("type") in ("identify", "alias"):
        return str(raw.get("userId") or "")
    if GA4.get(str(raw.get("event_name"))) == "identified":
        return str(raw.get("user_id") or "")
    return None


def _in_context(message: Raw, context: Mapping[str, Any], now: datetime) -> Raw:
    own = message.get("context")
    return _stamped(message | {"context": {**context, **own} if isinstance(own, dict) else dict(context)}, now)


def _stamped(message: Raw, now: datetime) -> Raw:
    """With the time it came and a message id, which Segment's libraries send and a plain request may leave out."""
    made = dict(message)
    if not made.get("messageId"):
        dated = made.get("timestamp") or made.get("originalTimestamp")
        made["messageId"] = f"sent:{_digest(made) if dated else uuid.uuid4().hex}"
    made["receivedAt"] = now.isoformat()
    return made


def _digest(message: Raw) -> str:
    """The same for a repetition of the same message."""
    apart = ("context", "sentAt", "receivedAt", "writeKey")
    said = {name: value for name, value in message.items() if name not in apart}
    return blake2b(to_json(dict(sorted(said.items()))), digest_size=16).hexdigest()


def _exported(event: object, whole: Raw, shared: Raw, place: int, now: datetime) -> object:
    if not isinstance(event, dict):
        return event
    given = event.get("params")
    params = given if isinstance(given, dict) else {}
    here = int(now.timestamp() * 1_000_000)
    stamped = next((held["timestamp_micros"] for held in (event, whole) if "timestamp_micros" in held), here)
    return shared | {
        "event_name": event.get("name"),
        "event_timestamp": stamped,
        "batch_event_index": place,
        "items": params.get("items"),
        "ecommerce": {
            "transaction_id": params.get("transaction_id"),
            "purchase_revenue": params.get("value"),
            "refund_value": params.get("value"),
        },
    }


def _clock_ahead(stamped: object, now: datetime) -> int:
    """By how many microseconds; a clock that is behind cannot be told from an event that is sent later."""
    try:
        ahead = int(str(stamped)) - int(now.timestamp() * 1_000_000)
    except ValueError:
        return 0
    return ahead if ahead > CLOCK_SKEW.total_seconds() * 1_000_000 else 0


def _object(body: object, what: str) -> Raw:
    if not isinstance(body, dict):
        raise DataError(f"{what} must be a JSON object, not {body_text(body)[:60]}")
    return body


def _list(whole: Raw, name: str, most: int) -> list[object]:
    found = whole.get(name)
    if not isinstance(found, list) or not found:
        raise DataError(f"{name}: must be a list of messages, not {body_text(found)[:60]}")
    if len(found) > most:
        raise DataError(f"{name}: {len(found)} messages; at most {most} a request")
    return found

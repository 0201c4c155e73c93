"""What every answer of UCP has around it: the version, the capability that answers, and messages.

In: a capability, and what is to be said. Out: plain JSON. A business outcome (nothing of that id, too few pieces) is an
answer with messages, and no error of the transport.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

VERSION = "2026-08-25"
Json = dict[str, Any]
Severity = Literal["recoverable", "requires_buyer_input", "requires_buyer_review", "unrecoverable"]


class Capability(StrEnum):
    """What the shop offers by UCP. `ASK` is a draft of the protocol, and may change with it."""

    SEARCH = "dev.ucp.shopping.catalog.search"
    LOOKUP = "dev.ucp.shopping.catalog.lookup"
    CART = "dev.ucp.shopping.cart"
    ORDER = "dev.ucp.shopping.order"
    ASK = "dev.ucp.shopping.ask"


def enveloped(capability: Capability, body: Json, messages: Sequence[Json] = ()) -> Json:
    """A body that was found or made, with what there is to say of it."""
    told = {"messages": list(messages)} if messages else {}
    return {"ucp": _ucp(capability, "success")} | body | told


def failed(capability: Capability, *messages: Json) -> Json:
    """There is no such thing, or none could be made: why."""
    return {"ucp": _ucp(capability, "error"), "messages": list(messages)}


def error(code: str, content: str, severity: Severity, path: str = "") -> Json:
    """What stands in the way. `path`: a JSONPath to the part that is meant."""
    return {"type": "error", "code": code, "content": content, "severity": severity} | _path(path)


def warning(code: str, content: str, path: str = "") -> Json:
    """What the buyer must be shown."""
    return {"type": "warning", "code": code, "content": content} | _path(path)


def info(code: str, content: str, path: str = "") -> Json:
    """What may help."""
    return {"type": "info", "code": code, "content": content} | _path(path)


def not_found(capability: Capability, content: str) -> Json:
    """Asking again for the same id will not help."""
    return failed(capability, error("not_found", content, "unrecoverable"))


def _ucp(capability: Capability, status: Literal["success", "error"]) -> Json:
    return {"version": VERSION, "status": status, "capabilities": {capability.value: [{"version": VERSION}]}}


def _path(path: str) -> Json:
    return {"path": path} if path else {}

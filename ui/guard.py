"""Headers that keep the page to itself: nothing is loaded from, or sent to, another host.

In: an ASGI application's responses, and the origins that may show them in a frame. Out: the same with a content
security policy. Gradio evaluates templates and styles inline, hence 'unsafe-inline' and 'unsafe-eval'; other hosts stay
shut all the same.
"""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Guard:
    """ASGI middleware; it passes bodies on untouched, so that streaming goes on."""

    def __init__(self, app: ASGIApp, framed_by: Sequence[str] = ()) -> None:
        self._app = app
        ancestors = " ".join(("frame-ancestors", "'self'", *framed_by))
        self._headers = {**_HEADERS, "content-security-policy": f"{_POLICY}; {ancestors}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to HTTP responses."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)

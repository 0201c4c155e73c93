"""A request's body as far as it may go: the request and a limit in, bytes out. Errors: the refusal that is given."""

from starlette.requests import Request


async def received(request: Request, most: int, refusal: Exception) -> bytes:
    """All of it; the refusal is raised as soon as more than `most` bytes have come."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise refusal
    return bytes(body)

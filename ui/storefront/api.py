"""The shop's HTTP API as the storefront calls it: a path and a token in, JSON out.

The storefront does what a shop's own server does, and by the same way; only that here no line lies between. Errors:
`Declined`, with the sentence of the problem document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import Request

from errors import ShopkeeperError
from ui.access.request import address_of

_BASE = "http://shop"


class Declined(ShopkeeperError):
    """The API did not do what was asked."""


@dataclass(frozen=True, slots=True)
class Api:
    """For one visitor or customer, within one request of theirs."""

    request: Request
    token: str = field(repr=False)

    async def get(self, path: str) -> Any:
        """What stands there."""
        return await self._send("GET", path)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """What became of it."""
        return await self._send("POST", path, body)

    async def delete(self, path: str) -> Any:
        """What became of it."""
        return await self._send("DELETE", path)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        way = httpx.ASGITransport(self.request.app, client=(address_of(self.request), 0))
        headers = {"authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(transport=way, base_url=_BASE, headers=headers) as client:
            answer = await client.request(method, path, json=body)
        if answer.is_error:
            raise Declined(str(answer.json().get("detail", answer.reason_phrase)))
        return answer.json()

"""A request in, its `Caller` out: what routes depend on.

Behind the `trusted_proxies` of shop.toml the address is the one that X-Forwarded-For names (`ui.server`). Errors: those
of `Access.caller`.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request

from ui.access.access import Access
from ui.access.caller import Caller

_OF_ONE_HOUSE = 64  # bits of an IPv6 address: the rest is its owner's to choose


def authenticated(access: Access) -> Callable[[Request], Caller]:
    """A dependency that says who asks."""

    def caller(request: Request) -> Caller:
        return access.caller(request.headers.get("authorization"), address_of(request))

    return caller


def address_of(request: Request) -> str:
    """Where the request comes from, as far as it can be counted by; "" where the server does not say."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, _OF_ONE_HOUSE), strict=False))
    return str(address)

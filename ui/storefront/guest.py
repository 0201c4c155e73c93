"""Who is in the shop: the token that a browser's cookie holds, a visitor's or a customer's.

In: a request. Out: a `Guest`; whoever comes without a token that holds becomes a visitor. The cookie is for the
storefront alone, and no script can read it. Errors: `Busy` for an address that sends too many new visitors.
"""

from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from errors import Unauthenticated
from ui.access.access import Access
from ui.access.caller import Kind
from ui.access.request import address_of

_COOKIE = "shopkeeper-storefront"
_PATH = "/shop"


@dataclass(frozen=True, slots=True)
class Guest:
    """`is_new`: the browser does not have the token yet."""

    id: str
    token: str = field(repr=False)
    is_customer: bool = False
    is_new: bool = False

    def kept_in(self, response: Response, request: Request) -> Response:
        """The response, which gives the browser its token."""
        is_secure = request.url.scheme == "https"
        response.set_cookie(_COOKIE, self.token, path=_PATH, httponly=True, samesite="lax", secure=is_secure)
        return response


def guest_of(access: Access, request: Request) -> Guest:
    """Whoever sends the request."""
    token, address = request.cookies.get(_COOKIE, ""), address_of(request)
    if token:
        try:
            caller = access.caller(f"Bearer {token}", address)
        except Unauthenticated:
            return _visitor(access, address)
        return Guest(caller.id, token, caller.kind is Kind.CUSTOMER)
    return _visitor(access, address)


def signed_in(access: Access, customer: str) -> Guest:
    """The customer; in a demo nobody has to show who they are."""
    return Guest(customer, access.sessions.customer(customer).token, is_customer=True, is_new=True)


def signed_out(response: Response) -> Response:
    """The response, which takes the token away."""
    response.delete_cookie(_COOKIE, path=_PATH)
    return response


def _visitor(access: Access, address: str) -> Guest:
    made = access.visitor(address)
    return Guest(made.visitor, made.token, is_new=True)

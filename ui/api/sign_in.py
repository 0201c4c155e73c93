"""Signing in: by mail in shops without a login of their own, and for all of them, what a visitor said before.

    POST /v1/sign-in/codes    {"email": "ann@example.org"}                     202, whoever has the address
    POST /v1/sign-in          {"email": "ann@example.org", "code": "123456"}   {"customer", "token", "expires_at", ...}
    POST /v1/sign-in/visitor  {"token": "..."}                                 {"customer", "brought_along"}

To the second a visitor sends their token as Authorization; to the third a customer sends theirs so, and the visitor's
that they had before as `token`. Errors: `NotFound` where the shop has no `[mail]`, `Unauthenticated` for a code or a
token that does not hold, `Forbidden`, `Busy`.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel, Field

from agent.shop import Shop
from errors import Forbidden, NotFound
from language.detection import reply_language
from profiles.customer import normalized_email
from profiles.events.intake import EventIntake
from profiles.privacy.audit import Act, Audit
from ui.access.access import Access
from ui.access.caller import Kind
from ui.access.codes import DIGITS, LIFE
from ui.access.jwt_check import MOST_CHARS
from ui.access.mail import Mailer
from ui.access.refusals import Reason, Rejected
from ui.access.request import address_of
from ui.api.router import PREFIX, open_group
from ui.page.labels import label
from ui.sign_in import brought_along

_BY = "sign-in"  # in the audit
Email = Annotated[str, Field(min_length=3, max_length=320, examples=["ann@example.org"])]


class CodeWanted(BaseModel):
    """Who wants to sign in."""

    email: Email


class CodeGiven(BaseModel):
    """Who signs in, and the code that was sent to them."""

    email: Email
    code: str = Field(pattern=rf"^\s*[0-9]{{{DIGITS}}}\s*$", examples=["123456"])


class Sent(BaseModel):
    """The same for every address."""

    minutes: int = Field(description="For how long a code holds, if one was sent.")


class SignedIn(BaseModel):
    """Who it is now."""

    customer: str
    token: str = Field(description="Takes the place of the visitor's: Authorization: Bearer ...")
    expires_at: datetime
    brought_along: bool = Field(description="Whether what the visitor said goes on as the customer's.")


class VisitorGiven(BaseModel):
    """Who the customer was before."""

    token: str = Field(description="The visitor's.", max_length=MOST_CHARS)


class Brought(BaseModel):
    """Whose it is now."""

    customer: str
    brought_along: bool = Field(description="False of a visitor who is another customer already.")


def sign_in_routes(access: Access, intake: EventIntake, shop: Shop) -> APIRouter:
    """Of one shop."""
    router = open_group("Signing in", PREFIX, 401, 404, 422, 429)

    @router.post("/sign-in/codes", status_code=202, summary="Get a code by mail")
    def send_code(wanted: CodeWanted, request: Request, later: BackgroundTasks) -> Sent:
        """Send a code to the address, if exactly one customer has it. The answer does not say."""
        mailer = _mailer(access)
        access.limits.code(address_of(request))
        found = access.profiles.customers_at(wanted.email)
        customer = found[0] if len(found) == 1 else ""
        code = access.codes.make(wanted.email, customer)
        if code and customer:
            later.add_task(_mail, access, mailer, shop, customer, code)
        return Sent(minutes=_minutes())

    @router.post("/sign-in", summary="Sign in with a code")
    def sign_in(given: CodeGiven, request: Request) -> SignedIn:
        """Sign in with the code."""
        _mailer(access)
        address, authorization = address_of(request), request.headers.get("authorization")
        caller = access.caller(authorization, address) if authorization else None
        access.limits.may_fail(address)
        customer = access.codes.redeem(given.email, given.code.strip())
        if customer is None:
            refusal = Rejected(Reason.CODE)
            access.refused(refusal, address)
            raise refusal
        signed = access.sessions.customer(access.present(customer))
        Audit(access.profiles.engine).note(customer, Act.SIGNED_IN, _BY, detail="with a code by mail")
        is_visitor = caller is not None and caller.kind is Kind.VISITOR
        is_brought = is_visitor and caller is not None and brought_along(intake, caller.id, customer, _BY)
        return SignedIn(customer=customer, token=signed.token, expires_at=signed.expires_at, brought_along=is_brought)

    @router.post("/sign-in/visitor", summary="Bring along the visitor one was")
    def bring_along(given: VisitorGiven, request: Request) -> Brought:
        """What a visitor said goes on as the customer's whom the shop has signed in."""
        address = address_of(request)
        customer = access.caller(request.headers.get("authorization"), address)
        visitor = access.caller(f"Bearer {given.token}", address)
        if (customer.kind, visitor.kind) != (Kind.CUSTOMER, Kind.VISITOR):
            raise Forbidden("a customer's token belongs into the Authorization header, and a visitor's into the body")
        return Brought(customer=customer.id, brought_along=brought_along(intake, visitor.id, customer.id, _BY))

    return router


def _mailer(access: Access) -> Mailer:
    if access.mailer is None:
        raise NotFound("this shop sends no codes: it has no [mail] in shop.toml")
    return access.mailer


def _mail(access: Access, mailer: Mailer, shop: Shop, customer: str, code: str) -> None:
    """In the customer's language. Afterwards: how long it takes tells nobody anything."""
    try:
        record = access.profiles.customer(customer)
    except NotFound:  # erased meanwhile
        return
    language = reply_language(record.language or shop.languages[0], shop.languages)
    text = label("code_mail", language, shop=shop.name, code=code, minutes=_minutes())
    mailer.send(normalized_email(record.email), label("code_mail_subject", language, shop=shop.name), text)


def _minutes() -> int:
    return int(LIFE.total_seconds()) // 60

"""Who calls: a request's Authorization header and the address that it comes from in, a `Caller` out.

    access = open_access(Path("shop"), Path("shop/state"), profiles, os.environ)
    access.caller("Bearer sk_...", "203.0.113.7")

A key, a token of this program, or one of the shop's own sign-in: which it is shows in its form and its issuer, and each
is verified with its own keys alone. Who is refused is told why in one of a few sentences (`ui.access.refusals`). What
is right is always let in: a stranger who guesses from the same address cannot lock anybody out. Errors:
`Unauthenticated`, `Busy`; for settings `ConfigError`, `StorageError`.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.context import is_visitor
from agent.known import known
from errors import NotFound
from profiles.shop.files import load_settings
from profiles.store import ProfileStore
from ui.access.caller import OWN, Caller, Kind
from ui.access.codes import Codes
from ui.access.identity import Identity, load_identity
from ui.access.jwt_check import words_of
from ui.access.keys import PREFIX, Keys
from ui.access.limits import Limits
from ui.access.mail import Mailer, load_mailer
from ui.access.refusals import Reason, Rejected
from ui.access.sessions import ISSUER, Sessions, VisitorToken, load_secrets
from ui.access.web import Web, load_web

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """Of one shop. `identity` None: only this program signs customers in. `mailer` None: nobody gets a code."""

    profiles: ProfileStore
    keys: Keys
    sessions: Sessions
    codes: Codes
    limits: Limits
    web: Web
    identity: Identity | None = None
    mailer: Mailer | None = None

    def caller(self, authorization: str | None, address: str) -> Caller:
        """Who asks, if they are known and have not asked too often."""
        try:
            caller = self._recognised(_bearer(authorization))
        except Rejected as refusal:
            self.refused(refusal, address)
            raise
        self.limits.request(caller)
        return caller

    def visitor(self, address: str) -> VisitorToken:
        """Somebody new."""
        self.limits.visitor(address)
        return self.sessions.visitor()

    def refused(self, refusal: Rejected, address: str) -> None:
        """Counts and logs what may be a try at what is somebody else's; `Busy` where it is one too many."""
        if refusal.is_suspicious:
            self.limits.failure(address)
            log.warning("a request was refused: %s", refusal.reason)

    def present(self, holder: str) -> str:
        """The same id, if the shop still knows them: a token may outlive its customer's erasure."""
        try:
            return known(self.profiles, holder)
        except NotFound:
            has_signed_in = is_visitor(holder) and self.profiles.owner(holder) != holder
            raise Rejected(Reason.SIGNED_IN if has_signed_in else Reason.GONE) from None

    def _recognised(self, value: str) -> Caller:
        if value.startswith(PREFIX):
            return self.keys.caller(value)
        words = words_of(value)
        if words.issuer == ISSUER:
            holder = self.sessions.holder(value)
        elif self.identity and words.issuer == self.identity.issuer:
            holder = self.identity.customer(value, words)
        else:
            raise Rejected(Reason.ISSUER)
        return Caller(Kind.VISITOR if is_visitor(holder) else Kind.CUSTOMER, self.present(holder), OWN)


def open_access(shop: Path, state: Path, profiles: ProfileStore, environment: Mapping[str, str]) -> Access:
    """By the shop's settings; `profiles` is its store."""
    secrets = load_secrets(state, environment)
    web = load_web(shop, load_settings(shop, "web"))
    return Access(
        profiles=profiles,
        keys=Keys(profiles.engine),
        sessions=Sessions(secrets),
        codes=Codes(profiles.engine, secrets[0]),
        limits=Limits(web.rates, web.storage),
        web=web,
        identity=load_identity(shop, load_settings(shop, "identity"), environment),
        mailer=load_mailer(shop, load_settings(shop, "mail"), environment),
    )


def _bearer(authorization: str | None) -> str:
    """What the header bears."""
    scheme, _, value = (authorization or "").strip().partition(" ")
    if not scheme:
        raise Rejected(Reason.MISSING)
    if scheme.lower() != "bearer" or not value.strip():
        raise Rejected(Reason.MALFORMED)
    return value.strip()

"""Why a key, a token or a code is not accepted: each reason with the one sentence that its sender is told.

In: a reason. Out: `Rejected`, which is `Unauthenticated`. The sentences say nothing of what was sent, nor of who there
is, so that an answer teaches a stranger no more than that it was refused.
"""

from enum import StrEnum

from errors import Unauthenticated


class Reason(StrEnum):
    """What was wrong, for the log."""

    MISSING = "no key or token"
    MALFORMED = "malformed"
    FORGED = "forged"
    ALGORITHM = "algorithm not accepted"
    ISSUER = "wrong issuer"
    AUDIENCE = "wrong audience"
    EXPIRED = "expired"
    EARLY = "not valid yet"
    CLAIMS = "claims missing"
    UNKNOWN_KEY = "unknown key"
    REVOKED = "revoked"
    GONE = "customer unknown or erased"
    SIGNED_IN = "visitor has signed in"
    CODE = "wrong code"


_SAID = {
    Reason.MISSING: "send a key or a token in the header: Authorization: Bearer ...",
    Reason.MALFORMED: "what the Authorization header bears is neither a key nor a token",
    Reason.FORGED: "the token is not signed with a key that this shop accepts",
    Reason.ALGORITHM: "the token is signed with an algorithm that this shop does not accept",
    Reason.ISSUER: "the token was not issued by anybody whom this shop trusts",
    Reason.AUDIENCE: "the token was issued for somebody else",
    Reason.EXPIRED: "it has expired; get a new one",
    Reason.EARLY: "the token is not valid yet",
    Reason.CLAIMS: "the token lacks a claim: it needs exp, aud, and the one that names the customer",
    Reason.UNKNOWN_KEY: "there is no such key",
    Reason.REVOKED: "the key was revoked",
    Reason.GONE: "the customer of this token is not known here, or was erased",
    Reason.SIGNED_IN: "this visitor has signed in since: go on with the customer's token",
    Reason.CODE: "the code is wrong, used or too old; ask for a new one",
}
# What happens to honest people is no guess at a secret, and does not count against their address.
_HONEST = frozenset({Reason.MISSING, Reason.EXPIRED, Reason.EARLY, Reason.GONE, Reason.SIGNED_IN})


class Rejected(Unauthenticated):
    """Refused, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SAID[reason])
        self.reason = reason

    @property
    def is_suspicious(self) -> bool:
        """Whether it may be somebody's try at what is not theirs."""
        return self.reason not in _HONEST

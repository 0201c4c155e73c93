"""The customer as the shop's records have them: a line of customers.jsonl in, `Customer` out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import DataError
from profiles.privacy.purposes import purpose_named

EMAIL_CHARS = 254  # of an address that mail can be sent to
_EMAIL = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")


@dataclass(frozen=True, slots=True)
class Customer:
    """Identity and consent, beside the profile.

    `consent` is by purpose (`profiles.privacy.purposes`); absent: nobody has said.
    """

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    city: str = ""
    address: str = ""
    consent: Mapping[str, bool] = field(default_factory=dict)

    def consents(self, purpose: str) -> bool:
        return self.consent.get(purpose) is True

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Customer":
        """Errors: `DataError` for a consent to something that there is not."""
        texts = {key: str(record.get(key) or "") for key in _TEXTS}
        given = record.get("consent") or {}
        if not isinstance(given, Mapping):
            raise DataError(f"customer {record['id']!r}: consent {given!r} must be like {{service: true}}")
        consent = {purpose_named(str(key)).value: value is True for key, value in given.items()}
        return cls(str(record["id"]), consent=consent, **texts)


def normalized_email(email: str) -> str:
    """``normalized_email(" Ann@Example.ORG ") == "ann@example.org"``; "" for what is none."""
    text = email.strip().lower()
    return text if len(text) <= EMAIL_CHARS and _EMAIL.fullmatch(text) else ""


_TEXTS = ("name", "email", "phone", "language", "city", "address")

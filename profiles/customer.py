"""The customer as the shop's records have them: a line of customers.jsonl in, `Customer` out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import DataError
from profiles.privacy.purposes import purpose_named


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


_TEXTS = ("name", "email", "phone", "language", "city", "address")

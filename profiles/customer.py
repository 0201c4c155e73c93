"""The customer as the shop's records have them: a line of customers.jsonl in, `Customer` out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Customer:
    """Identity and consent, beside the profile.

    `consent` is by purpose: service, profiling, training; absent is no.
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
        texts = {key: str(record.get(key) or "") for key in _TEXTS}
        consent = {str(key): value is True for key, value in (record.get("consent") or {}).items()}
        return cls(str(record["id"]), consent=consent, **texts)


_TEXTS = ("name", "email", "phone", "language", "city", "address")

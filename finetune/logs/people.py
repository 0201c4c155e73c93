"""Who the shop knows: its customers, what they agreed to, and which orders are theirs.

In: a shop directory, and the state directory with the profile store if the shop has run already. Out: `ShopPeople`,
which finds the customer of a consultation and says whether it may be learnt from. Errors: `ConfigError`, `DataError`,
`StorageError`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.shop import ORDERS_FILE
from errors import DataError
from finetune.logs.consultation import Consultation
from profiles.customer import Customer
from profiles.privacy.purposes import Purpose
from profiles.shop.files import read_lines
from profiles.shop.imports import EVENT_FILES, open_store
from profiles.storage.database import DATABASE_FILE
from profiles.store import ProfileStore

CUSTOMERS_FILE = "customers.jsonl"
PERSONAL = (CUSTOMERS_FILE, ORDERS_FILE, *EVENT_FILES)  # files of a shop that are about its customers


@dataclass(frozen=True, slots=True)
class ShopPeople:
    """The shop's customers by id and by folded e-mail address, and where in the order file their orders stand."""

    customers: Mapping[str, Customer]
    by_email: Mapping[str, str]
    store: ProfileStore | None
    orders_path: Path
    order_places: Mapping[str, Sequence[int]] = field(repr=False)

    @classmethod
    def open(cls, shop: Path, state: Path, database: str | None = None) -> "ShopPeople":
        """Read the shop's records; the profile store, where there is one, has the newest consents.

        `database`: where it is, if not in the state directory.
        """
        known: dict[str, Customer] = {}
        for record in read_lines(shop / CUSTOMERS_FILE):
            if not record.get("id"):
                raise DataError(f"{shop / CUSTOMERS_FILE}: a customer without an id")
            known[str(record["id"])] = Customer.from_record(record)
        there = database is not None or (state / DATABASE_FILE).is_file()
        store = open_store(shop, state, database) if there else None
        emails = {customer.email.casefold(): customer.id for customer in known.values() if customer.email}
        return cls(known, emails, store, shop / ORDERS_FILE, _places(shop / ORDERS_FILE))

    def find(self, consultation: Consultation) -> Customer | None:
        """The shop's customer, by the id in the log, or by another id or the e-mail address that the log has."""
        for name in (consultation.customer, *consultation.aliases):
            known = self.customers.get(name) or self.customers.get(self.by_email.get(name.casefold(), ""))
            if known is not None:
                return known
        if self.store and self.store.consents(consultation.customer):  # a lookup by id; an unknown one has none
            return self.store.customer(consultation.customer)
        return None

    def allows(self, consultation: Consultation, customer: Customer | None) -> bool:
        """Whether it may be learnt from: somebody must say yes, the log or the shop, and neither may say no.

        Of somebody who was erased nothing is learnt.
        """
        names = {consultation.customer, *consultation.aliases, *([customer.id] if customer else [])}
        if self.store and self.store.erased_among(names):
            return False
        said = [consultation.consent]
        if customer is not None:
            said.append(self._said(customer))
        return True in said and False not in said

    def still_allows(self, name: str) -> bool:
        """Whether the shop's customer has not said no since their consultation was kept, and is not erased."""
        if self.store and self.store.erased_among([name]):
            return False
        return self._said(self.customers[name]) is not False

    def _said(self, customer: Customer) -> bool | None:
        consents = self.store.consents(customer.id) if self.store else {}
        return {**customer.consent, **consents}.get(Purpose.TRAINING)

    def orders(self, customer: str) -> list[dict[str, Any]]:
        """The customer's orders, in the form of orders.jsonl."""
        places = self.order_places.get(customer, ())
        if not places:
            return []
        with self.orders_path.open("rb") as file:
            found = []
            for place in places:
                file.seek(place)
                found.append(json.loads(file.readline()))
        return found


def _places(path: Path) -> Mapping[str, Sequence[int]]:
    """Byte offsets of the lines by customer, so that millions of orders stay on the disk."""
    places: dict[str, list[int]] = defaultdict(list)
    if not path.is_file():
        return places
    at = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    places[str(json.loads(line)["customer"])].append(at)
                except (ValueError, KeyError, TypeError) as error:
                    raise DataError(f"{path}, line {number}: not an order: {error!r}") from error
            at += len(line)
    return places

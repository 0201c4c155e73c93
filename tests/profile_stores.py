"""Profile stores on both databases, for the tests of the rules.

In: a database's URL. Out: a store, and customers that nobody has written about yet.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import select

from profiles.observation import Observation, Profile
from profiles.storage.database import open_database
from profiles.storage.tables import merged
from profiles.store import ProfileStore
from tests.profiles_shop import PRIVACY, SCHEMA, START

DATABASES = ("sqlite", "postgresql")
Place = Callable[[Path], str]  # the URL of a new, empty database, for a folder
NOW = START + timedelta(days=1000)
_numbers = count()


def open_store(url: str) -> ProfileStore:
    return ProfileStore(open_database(url), SCHEMA, PRIVACY)


def merged_into(store: ProfileStore, customer: str) -> list[str]:
    """The visitors whose observations count as this customer's, sorted."""
    with store.engine.connect() as connection:
        found = select(merged.c.visitor).where(merged.c.customer == customer).order_by(merged.c.visitor)
        return list(connection.execute(found).scalars())


def somebody() -> str:
    """A customer of whom the databases know nothing."""
    return f"C{next(_numbers)}"


def told_of(customer: str, journal: Sequence[Observation]) -> list[Observation]:
    """The journal as that of this customer, ids and undos included."""
    return [
        replace(
            item,
            id=f"{customer}:{item.id}",
            customer=customer,
            value=f"{customer}:{item.value}" if item.op == "undo" else item.value,
        )
        for item in journal
    ]


def held(profile: Profile) -> tuple[object, ...]:
    """All that a profile says, but of whom."""
    return profile.traits, profile.others, profile.past

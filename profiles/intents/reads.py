"""Intents as the store has them: customers in, what they are or were trying to get done out."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from profiles.intents.fold import intents_of
from profiles.intents.intent import Intent
from profiles.store import ProfileStore


def read_intents(store: ProfileStore, customer: str, at: datetime | None = None) -> tuple[Intent, ...]:
    """Now or as they stood at `at`, the one spoken of last first."""
    return intents_of(*store.reserved(customer, at))


def intents_within(
    store: ProfileStore, connection: Connection, owners: Collection[str]
) -> dict[str, tuple[Intent, ...]]:
    """Of many customers in a caller's transaction, those left out who never had one."""
    return {owner: intents_of(*held) for owner, held in store.reserved_within(connection, owners).items()}

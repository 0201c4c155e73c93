"""Removing what is too old: a store in; what reads already leave out is removed for good, and a receipt comes out.

Observations and affinities by their attribute's `keep`, events by `keep_events`, orders never (they are the shop's
books); and what was learnt of customers who do not agree to profiling by now, whatever the default was then.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

import clock
from profiles.history.live import alive_values
from profiles.journal import batched, lock_owners, owners_of, read_journal
from profiles.observation import Authority
from profiles.privacy.audit import Act, Audit
from profiles.privacy.erasure import EVERYBODY, Receipt
from profiles.privacy.overwrite import overwrite_freed
from profiles.privacy.purposes import Purpose
from profiles.privacy.retention import KEPT_KINDS, Cutoffs, cutoffs_of, still_kept
from profiles.privacy.withdrawal import forget_profiling, profiled, withdraw_where
from profiles.storage.database import reading, writing
from profiles.storage.tables import affinities, asides, events, observations, time_text, waiting_events
from profiles.store import ProfileStore


def retain(store: ProfileStore, by: str, now: datetime | None = None) -> Receipt:
    """Remove what is too old as of now, of everybody."""
    moment = now or clock.now()
    removed: Counter[str] = Counter()
    for owner in _with_old(store, cutoffs_of(store.schema, store.privacy, moment)):
        with writing(store.engine) as connection:
            removed += _remove_old(connection, store, owner, moment)
    with writing(store.engine) as connection:
        removed += _remove_unwanted(connection, store)
        if store.privacy.keep_events_days:
            removed += _remove_events(connection, moment - timedelta(days=store.privacy.keep_events_days))
    overwrite_freed(store.engine)
    Audit(store.engine).note(EVERYBODY, Act.EXPIRED, by, moment, f"{sum(removed.values())} records")
    return Receipt(EVERYBODY, moment, by, dict(removed))


def _with_old(store: ProfileStore, cutoffs: Cutoffs) -> list[str]:
    """Owners of whom something may be too old."""
    found: set[str] = set()
    with reading(store.engine) as connection:
        for attribute, cutoff in cutoffs.items():
            old = (observations.c.attribute == attribute) & (observations.c.at < time_text(cutoff))
            learnt = observations.c.authority != Authority.SHOP.value
            told = select(observations.c.customer).where(old, learnt, observations.c.op == "assert").distinct()
            seen = (affinities.c.attribute == attribute) & (affinities.c.at < time_text(cutoff))
            acted = select(affinities.c.customer).where(seen).distinct()
            found.update(name for statement in (told, acted) for name in connection.execute(statement).scalars())
        return sorted(set(owners_of(connection, found).values()))


def _remove_old(connection: Connection, store: ProfileStore, owner: str, moment: datetime) -> Counter[str]:
    lock_owners(connection, [owner])
    cutoffs = cutoffs_of(store.schema, store.privacy, moment)
    journal = read_journal(connection, owner, list(cutoffs))
    alive = alive_values(connection, owner, cutoffs)
    kept = {item.id for item in still_kept(journal, cutoffs, alive)}
    removed: Counter[str] = Counter()
    for part in batched(item.id for item in journal if item.id not in kept):
        removed["observations"] += connection.execute(delete(observations).where(observations.c.id.in_(part))).rowcount
    for attribute, cutoff in cutoffs.items():
        old = (affinities.c.attribute == attribute) & (affinities.c.at < time_text(cutoff))
        mine = delete(affinities).where(affinities.c.customer == owner, old)
        removed["affinities"] += connection.execute(mine).rowcount
    if removed["observations"]:
        store.replay(connection, [owner])
    return removed


def _remove_unwanted(connection: Connection, store: ProfileStore) -> Counter[str]:
    owners = sorted(set(owners_of(connection, profiled(connection, store.schema)).values()))
    unwilling = sorted(set(owners) - store.guard.allowed(connection, owners, Purpose.PROFILING))
    lock_owners(connection, unwilling)
    count = forget_profiling(connection, unwilling, store.schema)
    store.replay(connection, unwilling)
    return Counter({"without consent to profiling": count})


def _remove_events(connection: Connection, oldest: datetime) -> Counter[str]:
    removed: Counter[str] = Counter()
    withdraw_where(connection, (events.c.at < time_text(oldest)) & events.c.kind.not_in(KEPT_KINDS))
    for name, table in {"events": events, "waiting events": waiting_events}.items():
        old = delete(table).where(table.c.at < time_text(oldest), table.c.kind.not_in(KEPT_KINDS))
        removed[name] += connection.execute(old).rowcount
    noted = connection.execute(delete(asides).where(asides.c.noted < time_text(oldest)))
    removed["events kept aside"] += noted.rowcount
    return removed

"""A visitor turns out to be a customer: what is theirs becomes the customer's, as far as the customer agrees to it.

In: a connection within a write transaction that holds the locks of both, and their names. Out: nothing; the caller
replays the customer's projection. The journal stays as it is and says which lines were the visitor's; only what the
customer does not consent to goes, whatever the visitor agreed to.
"""

from datetime import datetime

from sqlalchemy import Connection, delete

from profiles.events.waiting import hand_over
from profiles.journal import batched, read_journal
from profiles.privacy.guard import Guard
from profiles.privacy.purposes import Purpose
from profiles.privacy.withdrawal import forget_profiling
from profiles.projection import remove
from profiles.schema import Schema
from profiles.tables import insert_missing, merged, observations, time_text


def bring_over(
    connection: Connection, guard: Guard, schema: Schema, visitor: str, owner: str, at: datetime
) -> None:
    """The visitor and whoever they were before are the owner from now on; their events wait for the owner."""
    _drop_unwanted(connection, guard, visitor, owner)
    insert_missing(connection, merged, [{"visitor": visitor, "customer": owner, "at": time_text(at)}])
    connection.execute(merged.update().where(merged.c.customer == visitor).values(customer=owner))
    remove(connection, [visitor])
    hand_over(connection, visitor, owner, schema)
    if not guard.allowed(connection, [owner], Purpose.PROFILING):
        forget_profiling(connection, [owner], schema)


def _drop_unwanted(connection: Connection, guard: Guard, visitor: str, owner: str) -> None:
    brought = read_journal(connection, visitor)
    owners = {item.customer: owner for item in brought}
    wanted = {item.id for item in guard.permitted(connection, owners, brought)}
    for part in batched(item.id for item in brought if item.id not in wanted):
        connection.execute(delete(observations).where(observations.c.id.in_(part)))

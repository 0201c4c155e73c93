"""What goes when a customer no longer agrees to profiling: all that was learnt of them and not said by them.

In: a connection within a write transaction that holds the owners' locks. Out: how many records went. What the customer
stated to be served stays, sensitive things excepted; the caller replays the projections.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, delete, or_, select

from profiles.journal import batched
from profiles.observation import Authority
from profiles.schema import Schema
from profiles.storage.tables import activities, affinities, counted_events, events, merged, observations, waiting_events

_LEARNT = (Authority.OBSERVED.value, Authority.INFERRED.value)


def forget_profiling(connection: Connection, owners: Collection[str], schema: Schema) -> int:
    """Take observed, inferred and sensitive observations, events and what they added up to away; how many of each."""
    names = set(owners)
    for part in batched(owners):
        names.update(connection.execute(select(merged.c.visitor).where(merged.c.customer.in_(part))).scalars())
    sensitive = [item.name for item in schema.attributes.values() if item.sensitive]
    learnt = or_(observations.c.authority.in_(_LEARNT), observations.c.attribute.in_(sensitive))
    count = 0
    for part in batched(names):
        count += connection.execute(delete(observations).where(observations.c.customer.in_(part), learnt)).rowcount
        withdraw_where(connection, events.c.customer.in_(part))
        for table in (events, waiting_events, affinities, activities):
            count += connection.execute(delete(table).where(table.c.customer.in_(part))).rowcount
    return count


def withdraw_where(connection: Connection, condition: ColumnElement[bool]) -> int:
    """Those of the events for which the condition holds count no longer, before they are deleted; how many."""
    theirs = select(events.c.id).where(condition)
    return connection.execute(delete(counted_events).where(counted_events.c.id.in_(theirs))).rowcount


def profiled(connection: Connection, schema: Schema) -> set[str]:
    """Names of whom there is something that takes consent to profiling, whether they gave it or not."""
    sensitive = [item.name for item in schema.attributes.values() if item.sensitive]
    learnt = or_(observations.c.authority.in_(_LEARNT), observations.c.attribute.in_(sensitive))
    statements = (select(observations.c.customer).where(learnt), select(events.c.customer))
    return {name for statement in statements for name in connection.execute(statement.distinct()).scalars()}

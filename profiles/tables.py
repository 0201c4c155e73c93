"""The profile tables, portable to SQLite and PostgreSQL, and how their rows become observations and back.

`observation` is the journal and is only inserted into. `projection` is what it folds to, a row of JSON for
each attribute of each customer. `merged` says which visitors turned out to be which customers. Times are
ISO text in UTC with microseconds, so that they sort and mean the same in both databases.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, MetaData, Row, String, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

from profiles.observation import Authority, Evidence, Observation

metadata = MetaData()

observations = Table(
    "observation",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(200), nullable=False, unique=True),
    Column("customer", String(100), nullable=False),
    Column("attribute", String(100), nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("polarity", String(10), nullable=False),
    Column("authority", String(10), nullable=False),
    Column("op", String(10), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("evidence_kind", String(20), nullable=False),
    Column("evidence_id", String(200), nullable=False),
    Column("quote", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Index("observation_by_attribute", "customer", "attribute"),
)
projections = Table(
    "projection",
    metadata,
    Column("customer", String(100), primary_key=True),
    Column("attribute", String(100), primary_key=True),  # "": by which rules the others were folded, and up to when
    Column("body", Text, nullable=False),  # JSON: settled claims
)
customers = Table(
    "customer",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("record", Text, nullable=False),  # JSON of Customer
)
merged = Table(
    "merged",
    metadata,
    Column("visitor", String(100), primary_key=True),
    Column("customer", String(100), nullable=False, index=True),  # whose the visitor's observations are now
    Column("at", String(32), nullable=False),
)


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


def insert_or_replace(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, or replace the columns of those whose primary key is there."""
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table)
        keys = [column.name for column in table.primary_key]
        values = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=values),
            list(rows),
        )


def time_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def row_of(item: Observation) -> dict[str, Any]:
    return {
        "id": item.id,
        "customer": item.customer,
        "attribute": item.attribute,
        "value": json.dumps(item.value, ensure_ascii=False),
        "polarity": item.polarity,
        "authority": item.authority.value,
        "op": item.op,
        "confidence": item.confidence,
        "evidence_kind": item.evidence.kind,
        "evidence_id": item.evidence.id,
        "quote": item.evidence.quote,
        "at": time_text(item.at),
    }


def observation_of(row: Row[Any]) -> Observation:
    return Observation(
        row.id,
        row.customer,
        row.attribute,
        json.loads(row.value),
        row.polarity,
        Authority(row.authority),
        Evidence(row.evidence_kind, row.evidence_id, row.quote),
        datetime.fromisoformat(row.at),
        row.op,
        row.confidence,
    )

"""The profile tables, portable to SQLite and PostgreSQL, and how their rows become observations and back.

`observation` is the journal and is only inserted into. `projection` is what it folds to, a row of JSON for
each attribute of each customer. `merged` says which visitors turned out to be which customers. `event` holds
the acts of known customers, each once, `event_counted` the order in which they came to count; `affinity` and
`activity` are projections of it. `event_waiting` holds acts of people who are not known yet, `event_aside`
examples of what could not count. `consent` and `access` are only inserted into, as the journal is: who agreed to
what, who looked at whom. `tombstone` names by key who was erased. Times are ISO text in UTC with microseconds, so
that they sort and mean the same in both databases. `left_out_order` is only inserted into too: orders that say nothing
of a customer's tastes. `api_key` holds who may call over HTTP, `sign_in_code` what was sent to those who sign in by
mail; neither can be read as a key or a code. `kept_answer` holds for a day what was answered to requests with a key.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from profiles.customer import EMAIL_CHARS
from profiles.observation import Authority, Evidence, Observation

metadata = MetaData()


def numbered() -> Column[int]:
    """`seq`: rows in the order they were written."""
    return Column("seq", Integer, primary_key=True, autoincrement=True)


def at_most_one(name: str, column: str, condition: str) -> Index:
    """The database itself keeps two rows with one value of the column from meeting the condition at once."""
    return Index(name, column, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


observations = Table(
    "observation",
    metadata,
    numbered(),
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
    Column("about", String(40), nullable=False, server_default=text("''")),  # "": the customer
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
    Column("email", String(EMAIL_CHARS), nullable=False, server_default=text("''"), index=True),  # normalised; "": none
)
merged = Table(
    "merged",
    metadata,
    Column("visitor", String(100), primary_key=True),
    Column("customer", String(100), nullable=False, index=True),  # whose the visitor's observations and events are now
    Column("at", String(32), nullable=False),
)


def _event_columns() -> tuple[Column[Any], ...]:
    return (
        Column("id", String(200), primary_key=True),
        Column("customer", String(100), nullable=False),
        Column("at", String(32), nullable=False),
        Column("kind", String(20), nullable=False),
        Column("skus", Text, nullable=False),  # JSON
        Column("order_id", String(200)),
        Column("amount", Float),
    )


events = Table(
    "event", metadata, *_event_columns(), Index("event_by_customer", "customer", "at"), sqlite_with_rowid=False
)
counted_events = Table(
    "event_counted",
    metadata,
    numbered(),
    Column("id", String(200), nullable=False, unique=True),  # of the event
    sqlite_autoincrement=True,  # a number is given once, even if its row is gone
)
waiting_events = Table("event_waiting", metadata, *_event_columns(), Index("event_waiting_by_customer", "customer"))
asides = Table(
    "event_aside",
    metadata,
    numbered(),
    Column("reason", String(40), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("customer", String(100), nullable=False),  # whoever it names, or nobody
    Column("noted", String(32), nullable=False),
)
affinities = Table(
    "affinity",
    metadata,
    Column("customer", String(100), primary_key=True),
    Column("attribute", String(100), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("score", Float, nullable=False),
    Column("at", String(32)),  # of the newest act; the score is as of then
    Column("newest", String(200), nullable=False),  # id of that act
    Column("counts", Text, nullable=False),  # JSON: kind of act -> how many
    Column("confidence", Float),  # as a trait, now; null: it does not stand out
    Column("told", Float),  # the confidence that the journal has; null: it has none
    Column("told_at", String(32)),  # of the last line about it in the journal
    sqlite_with_rowid=False,
)
activities = Table(
    "activity",
    metadata,
    Column("customer", String(100), primary_key=True),
    Column("acts", Integer, nullable=False),
    Column("last_at", String(32)),
    Column("orders", Integer, nullable=False),
    Column("spent", Float, nullable=False),
    Column("last_order", String(32)),
)
event_files = Table(
    "event_file",
    metadata,
    Column("path", String(500), primary_key=True),
    Column("offset", BigInteger, nullable=False),  # bytes taken in, uncompressed
    Column("digest", String(64), nullable=False),  # sha256 of those bytes
    Column("whole", Boolean, nullable=False),  # read to its end
)

consents = Table(
    "consent",
    metadata,
    numbered(),
    Column("customer", String(100), nullable=False, index=True),
    Column("purpose", String(20), nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
    Column("source", String(200), nullable=False),  # where it was said
    Column("who", String(100), nullable=False),  # wrote it down
)
left_out_orders = Table(
    "left_out_order",
    metadata,
    numbered(),
    Column("customer", String(100), nullable=False, index=True),
    Column("order_id", String(200), nullable=False),
    Column("left_out", Boolean, nullable=False),  # false: it counts again
    Column("at", String(32), nullable=False),
    Column("source", String(200), nullable=False),  # where it was said
)
api_keys = Table(
    "api_key",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False),  # sha256 of the secret
    Column("scopes", String(200), nullable=False),  # sorted, with commas between
    Column("created", String(32), nullable=False),
    Column("last_used", String(32)),
    Column("expires", String(32)),
    Column("revoked", String(32)),
)
sign_in_codes = Table(
    "sign_in_code",
    metadata,
    numbered(),
    Column("address", String(64), nullable=False, index=True),  # a keyed hash of the e-mail address
    Column("customer", String(100), nullable=False, index=True),  # whose address it is; "": nobody's
    Column("code", String(64), nullable=False),  # a keyed hash
    Column("made", String(32), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("used", Boolean, nullable=False),
)
tombstones = Table(
    "tombstone",
    metadata,
    Column("key", String(64), primary_key=True),  # of an erased customer or visitor
    Column("at", String(32), nullable=False),
    Column("salt", String(16), nullable=False),  # fingerprint of the salt that the key was made with
)
accesses = Table(
    "access",
    metadata,
    numbered(),
    Column("customer", String(100), nullable=False, index=True),  # the id, or the key once they are erased
    Column("act", String(20), nullable=False),
    Column("who", String(100), nullable=False),  # looked
    Column("at", String(32), nullable=False),
    Column("detail", Text, nullable=False),
)
kept_answers = Table(
    "kept_answer",
    metadata,
    Column("key", String(64), primary_key=True),  # who asked, and the key of their request, as a digest
    Column("customer", String(100), nullable=False, index=True),  # whom the answer speaks of; "" nobody
    Column("request", String(64), nullable=False),  # what was asked, as a digest
    Column("attempt", String(32), nullable=False),  # which of several that come at once does it
    Column("begun", String(32), nullable=False, index=True),
    Column("status", Integer),  # null: it is not answered yet
    Column("media", String(60), nullable=False),
    Column("body", Text, nullable=False),
)


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    _insert(connection, table, rows, replaces=False)


def insert_or_replace(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, or replace the columns of those whose primary key is there."""
    _insert(connection, table, rows, replaces=True)


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, replaces: bool) -> None:
    """The rows go straight to the driver: their values are plain already."""
    if rows:
        text, order = _compiled(connection.dialect, table, tuple(rows[0]), replaces)
        values = itemgetter(*order) if order and len(order) > 1 else lambda row: (row[order[0]],) if order else row
        connection.exec_driver_sql(text, list(map(values, rows)))


@lru_cache(maxsize=128)
def _compiled(dialect: Dialect, table: Table, columns: tuple[str, ...], replaces: bool) -> tuple[str, list[str] | None]:
    """The statement, and the order of its parameters if it has no names for them."""
    statement = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    if replaces:
        keys = [column.name for column in table.primary_key]
        values = {name: statement.excluded[name] for name in columns if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    else:
        statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    return str(compiled), getattr(compiled, "positiontup", None)


def time_text(at: datetime) -> str:
    text = orjson.dumps(at.astimezone(UTC)).decode()[1:-1]  # a few times as fast as `isoformat`
    return text if at.microsecond else f"{text[:19]}.000000{text[19:]}"


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
        "about": item.about,
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
        row.about,
    )

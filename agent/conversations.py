"""Which consultation a conversation is, for clients that keep none and send all of its messages again each time.

In: the customer's messages of a conversation, the newest last, and whose it is. Out: the consultations in which exactly
these were said, and one of them claimed for its next message, by one request alone. Only a digest of the words is kept.
Whether the replies are ours too is the caller's to see. Errors: `StorageError`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, Integer, MetaData, Row, String, Table, delete, select, update

from profiles.storage.database import make_tables, reading, retried, writing
from profiles.storage.tables import insert_missing, numbered, time_text

_SHOWN = 20  # consultations of the same words; whoever says "hi" has many

metadata = MetaData()
conversations = Table(
    "conversation",
    metadata,
    numbered(),
    Column("consultation", String(200), nullable=False, unique=True),
    Column("customer", String(100), nullable=False),
    Column("said", String(64), nullable=False, index=True),
    Column("status", String(10), nullable=False),
    Column("claims", Integer, nullable=False),
    Column("at", String(32), nullable=False),
)


class Status(StrEnum):
    """What has become of the newest message."""

    RUNNING = "running"
    ANSWERED = "answered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A consultation of `customer` in which something was said. `claims`: how often it was gone on with, since `at`."""

    consultation: str
    customer: str
    status: Status
    said: str
    claims: int
    at: datetime

    def is_running(self, patience: float) -> bool:
        """Whether the newest message is being answered; after so many seconds whoever did it is gone."""
        return self.status is Status.RUNNING and datetime.now(UTC) - self.at < timedelta(seconds=patience)


def digest(whose: Sequence[str], said: Sequence[str]) -> str:
    """Stands for what was said, and by whom. Blanks make no difference: some clients trim them."""
    words = [" ".join(text.split()) for text in said]
    return sha256(json.dumps([list(whose), words], ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


class Conversations:
    """Of one shop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        make_tables(engine, metadata)

    def begin(self, consultation: str, customer: str, said: str) -> None:
        """A new one, whose first message is being answered."""
        row = {"consultation": consultation, "customer": customer, "said": said, "claims": 1} | _running()
        with writing(self._engine) as connection:
            insert_missing(connection, conversations, [row])

    def found(self, said: str) -> list[Conversation]:
        """Those in which this was said, and nothing since; the newest first."""
        return self._read(conversations.c.said == said)

    def get(self, consultation: str) -> Conversation | None:
        """What was said last in it; None if nothing was, of what is kept here."""
        return next(iter(self._read(conversations.c.consultation == consultation)), None)

    @retried
    def claim(self, found: Conversation, said: str) -> bool:
        """Go on with it: `said` are the messages now. False if another request was faster."""
        same = (conversations.c.consultation == found.consultation) & (conversations.c.claims == found.claims)
        values = {"said": said, "claims": found.claims + 1} | _running()
        with writing(self._engine) as connection:
            return connection.execute(update(conversations).where(same).values(**values)).rowcount == 1

    @retried
    def end(self, consultation: str, said: str, status: Status) -> None:
        """What has become of its newest message, if it is still this one."""
        same = (conversations.c.consultation == consultation) & (conversations.c.said == said)
        with writing(self._engine) as connection:
            connection.execute(update(conversations).where(same).values(status=status.value))

    @retried
    def forget(self, consultation: str) -> None:
        """It does not go on."""
        with writing(self._engine) as connection:
            connection.execute(delete(conversations).where(conversations.c.consultation == consultation))

    def _read(self, which: ColumnElement[bool]) -> list[Conversation]:
        rows = select(conversations).where(which).order_by(conversations.c.seq.desc()).limit(_SHOWN)
        with reading(self._engine) as connection:
            return [_conversation_of(row) for row in connection.execute(rows)]


def _conversation_of(row: Row[Any]) -> Conversation:
    at = datetime.fromisoformat(row.at)
    return Conversation(row.consultation, row.customer, Status(row.status), row.said, row.claims, at)


def _running() -> dict[str, str]:
    return {"status": Status.RUNNING.value, "at": time_text(datetime.now(UTC))}

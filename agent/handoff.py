"""Handing a consultation to a person: who waits, why, and what was said so far.

In: a customer, a consultation, a reason, and what the person should read. Out: `Handoff` records in the
shop's database. While one is open, the agent keeps quiet; once it is closed, the agent answers again, and its first
reply tells the customer so. Errors: `NotFound`, `StorageError`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, Engine, MetaData, Row, String, Table, Text, select, update

import clock
from agent.orders.proposals import Proposal
from errors import NotFound, choices
from profiles.observation import Trait
from profiles.storage.database import make_tables, reading, writing
from profiles.storage.tables import at_most_one, numbered, time_text

SHOWN_LINES = 12
_LINE_CHARS = 300

metadata = MetaData()
handoffs = Table(
    "handoff",
    metadata,
    numbered(),
    Column("id", String(40), nullable=False, unique=True),
    Column("customer", String(100), nullable=False),
    Column("consultation", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("status", String(10), nullable=False),  # "open"; "closed"; "told": closed, and the customer knows
    Column("created", String(32), nullable=False),
    # Two requests at once must not make two records for staff.
    at_most_one("handoff_open", "consultation", "status = 'open'"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation: who spoke ("customer" or "agent"), and what."""

    speaker: Literal["customer", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Handoff:
    """A consultation that waits for a person, or is closed again. `summary` is what that person reads.

    `status` "told": closed, and the customer knows that the agent is back.
    """

    id: str
    customer: str
    consultation: str
    reason: str
    summary: str
    status: Literal["open", "closed", "told"]
    created: datetime

    def to_json(self) -> dict[str, str]:
        """What a list of those who wait shows."""
        names = ("id", "customer", "consultation", "reason", "summary")
        since = self.created.isoformat(timespec="seconds")
        return {"id": self.id, "since": since} | {name: getattr(self, name) for name in names}


class Handoffs:
    """A shop's handoffs in its database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        make_tables(engine, metadata)

    def open(self, customer: str, consultation: str, reason: str, summary: str, at: datetime | None = None) -> Handoff:
        """Ask for a person; a consultation that waits for one already keeps its first request."""
        record = Handoff(uuid.uuid4().hex, customer, consultation, reason, summary, "open", at or clock.now())
        with writing(self.engine) as connection:
            waiting = _open_row(connection, consultation)
            if waiting is not None:
                return _handoff_of(waiting)
            connection.execute(handoffs.insert().values(_row_of(record)))
        return record

    def is_open(self, consultation: str) -> bool:
        """Whether a person is in charge of the consultation."""
        with reading(self.engine) as connection:
            return _open_row(connection, consultation) is not None

    def waiting(self) -> Sequence[Handoff]:
        """All open handoffs, the longest wait first."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(handoffs).where(handoffs.c.status == "open").order_by(handoffs.c.seq))
            return [_handoff_of(row) for row in rows]

    def close(self, id: str, note: str = "") -> Handoff:
        """Give the consultation back to the agent; the note is kept behind the summary.

        Errors: `NotFound` if no handoff of this id is open; it names those that are.
        """
        with writing(self.engine) as connection:
            opened = (handoffs.c.id == id) & (handoffs.c.status == "open")
            row = connection.execute(select(handoffs).where(opened).with_for_update()).one_or_none()
            if row is None:
                waiting = connection.execute(select(handoffs.c.id).where(handoffs.c.status == "open")).scalars()
                raise NotFound(f"no handoff {id!r} is open; open are {choices(waiting) or 'none'}")
            summary = f"{row.summary}\nNote: {note}" if note else row.summary
            changed = {"status": "closed", "summary": summary}
            connection.execute(update(handoffs).where(handoffs.c.id == row.id).values(**changed))
        return replace(_handoff_of(row), status="closed", summary=summary)

    def is_back(self, consultation: str) -> bool:
        """Whether a person has been in charge, and the customer does not know yet that the agent is again."""
        closed = (handoffs.c.consultation == consultation) & (handoffs.c.status == "closed")
        with reading(self.engine) as connection:
            return connection.execute(select(handoffs.c.seq).where(closed).limit(1)).first() is not None

    def note_told(self, consultation: str) -> None:
        """The customer knows."""
        closed = (handoffs.c.consultation == consultation) & (handoffs.c.status == "closed")
        with writing(self.engine) as connection:
            connection.execute(update(handoffs).where(closed).values(status="told"))


def summarize(lines: Sequence[Line], traits: Sequence[Trait], proposal: Proposal | None) -> str:
    """What a person must know: the newest lines, the profile with its sources, and what waits for a yes."""
    parts = [f"{line.speaker}: {_cut(line.text)}" for line in lines[-SHOWN_LINES:]]
    if len(lines) > SHOWN_LINES:
        parts.insert(0, f"({len(lines) - SHOWN_LINES} earlier messages)")
    known = [f"{_of(trait)}{_polarity(trait)}{trait.attribute} {trait.value} ({trait.authority})" for trait in traits]
    parts.append(f"Known: {'; '.join(known) or 'nothing'}")
    if proposal is not None:
        facts = "; ".join(f"{name} {value}" for name, value in proposal.summary.items() if name != "items" and value)
        parts.append(f"Proposed, not confirmed: {proposal.kind} ({facts})")
    return "\n".join(parts)


def _of(trait: Trait) -> str:
    return f"{trait.about}: " if trait.about else ""


def _polarity(trait: Trait) -> str:
    return "" if trait.polarity == "fact" else f"{trait.polarity}s "


def _cut(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= _LINE_CHARS else f"{one_line[: _LINE_CHARS - 1]}…"


def _open_row(connection: Connection, consultation: str) -> Row[Any] | None:
    is_open = (handoffs.c.consultation == consultation) & (handoffs.c.status == "open")
    return connection.execute(select(handoffs).where(is_open)).one_or_none()


def _row_of(record: Handoff) -> dict[str, Any]:
    names = ("id", "customer", "consultation", "reason", "summary", "status")
    return {name: getattr(record, name) for name in names} | {"created": time_text(record.created)}


def _handoff_of(row: Row[Any]) -> Handoff:
    created = datetime.fromisoformat(row.created)
    return Handoff(row.id, row.customer, row.consultation, row.reason, row.summary, row.status, created)

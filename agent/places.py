"""Where the agent keeps something of customers, as places of erasure: consultations, orders, proposals, handoffs.

In: a shop's database and state directory. Out: `Place`s for `profiles.privacy.erasure`. Orders stay in the books for as
long as the law asks, as nobody's: the customer's key takes the place of the id, address and tracking go. Errors:
`StorageError`.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import Engine, delete, or_, select, update

from agent.handoff import Handoffs, handoffs
from agent.orders.book import OrderBook, orders
from agent.orders.proposals import metadata as proposal_tables
from agent.orders.proposals import proposals
from errors import StorageError
from profiles.database import BUSY_SECONDS, reading, writing
from profiles.privacy.overwriting import overwrite_freed_in
from profiles.privacy.places import Place, Subject

CHECKPOINTS_FILE = "checkpoints.db"
_PERSONAL = ("address", "tracking")  # of an order


def agent_places(engine: Engine, state: Path) -> list[Place]:
    """Consultations first: their ids tell which proposals and handoffs belong to them."""
    return [Consultations(engine, state / CHECKPOINTS_FILE), Orders(engine)]


class Consultations:
    """Checkpoints of whole conversations, with the proposals and handoffs that were made in them."""

    def __init__(self, engine: Engine, checkpoints: Path) -> None:
        self._engine, self._checkpoints = engine, checkpoints
        Handoffs(engine)  # makes its table
        with writing(engine) as connection:
            proposal_tables.create_all(connection)

    def held(self) -> Iterable[str]:
        found: set[str] = set()
        with reading(self._engine) as connection:
            for table in (proposals, handoffs):
                found.update(connection.execute(select(table.c.customer).distinct()).scalars())
        if self._checkpoints.is_file():
            with self._open() as database:
                threads = [row[0] for row in database.execute("SELECT DISTINCT thread_id FROM checkpoints")]
                found.update(name for thread in threads for name in _customers_of(database, thread))
        return found

    def erase(self, subject: Subject) -> Mapping[str, int]:
        removed = {"consultations": 0, "checkpoints": 0}
        threads: list[str] = []
        if self._checkpoints.is_file():
            with self._open() as database:
                threads = [name for name in _mentioning(database, subject) if _is_theirs(database, name, subject)]
                for thread in threads:
                    for part in ("writes", "checkpoints"):
                        gone = database.execute(f"DELETE FROM {part} WHERE thread_id = ?", (thread,))
                        removed["checkpoints"] += gone.rowcount
                database.commit()
                overwrite_freed_in(database)
        removed["consultations"] = len(threads)
        with writing(self._engine) as connection:
            for name, table in {"proposals": proposals, "handoffs": handoffs}.items():
                theirs = or_(table.c.customer.in_(subject.names), table.c.consultation.in_(threads))
                removed[name] = connection.execute(delete(table).where(theirs)).rowcount
        return removed

    def _open(self) -> "_Database":
        return _Database(self._checkpoints)


class Orders:
    """The order book."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        OrderBook(engine)  # makes its table

    def held(self) -> Iterable[str]:
        """Ids; orders that are nobody's any more are held for nobody."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(orders.c.customer, orders.c.body)).all()
        return {row.customer for row in rows if not _is_nobodys(json.loads(row.body), row.customer)}

    def erase(self, subject: Subject) -> Mapping[str, int]:
        count = 0
        with writing(self._engine) as connection:
            theirs = select(orders.c.id, orders.c.customer, orders.c.body).where(orders.c.customer.in_(subject.names))
            for row in connection.execute(theirs).all():
                key = subject.keys[row.customer]
                body = json.loads(row.body) | {"customer": key, **dict.fromkeys(_PERSONAL, "")}
                values = {"customer": key, "body": json.dumps(body, ensure_ascii=False), "changed": True, "source": ""}
                count += connection.execute(update(orders).where(orders.c.id == row.id).values(**values)).rowcount
        return {"orders made nobody's": count}


class _Database:
    """``with _Database(path) as database``: the checkpoints, while an agent may be writing them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._open = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
            SqliteSaver(self._open).setup()
        except sqlite3.Error as error:
            raise StorageError(f"cannot open {self._path}: {error}") from error
        return self._open

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self._open.close()
        if isinstance(error, sqlite3.Error):
            raise StorageError(f"consultations in {self._path} cannot be erased: {error}; run it again") from error


def _mentioning(database: sqlite3.Connection, subject: Subject) -> list[str]:
    """Threads in whose bytes one of the names stands; most threads are passed over without being unpacked."""
    found: set[str] = set()
    for name in subject.names:
        for table, column in (("checkpoints", "checkpoint"), ("writes", "value")):
            query = f"SELECT DISTINCT thread_id FROM {table} WHERE instr({column}, ?) OR instr(thread_id, ?)"
            found.update(row[0] for row in database.execute(query, (name.encode(), name)))
    return sorted(found)


def _is_theirs(database: sqlite3.Connection, thread: str, subject: Subject) -> bool:
    return bool(_customers_of(database, thread) & set(subject.names))


def _customers_of(database: sqlite3.Connection, thread: str) -> set[str]:
    """Whose a consultation is, as its state says; a turn that broke off at once has it in its input."""
    return {
        str(values["customer"])
        for one in SqliteSaver(database).list({"configurable": {"thread_id": thread}})
        for values in _states(one.checkpoint["channel_values"], one.pending_writes or ())
        if values.get("customer")
    }


def _states(held: Mapping[str, Any], writes: Iterable[tuple[str, str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield held
    if isinstance(given := held.get("__start__"), dict):
        yield given
    for _, channel, value in writes:
        if channel == "customer":
            yield {"customer": value}


def _is_nobodys(body: Mapping[str, Any], customer: str) -> bool:
    """Whether `Orders.erase` has been here: a key in place of the id, and nothing that says where it went."""
    return len(customer) == 32 and not any(body.get(name) for name in _PERSONAL)

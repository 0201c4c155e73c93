"""Where the agent keeps something of customers, as places of erasure: consultations, orders, cases, proposals,
handoffs, carts.

In: a shop's database and state directory. Out: `Place`s for `profiles.privacy.erasure`. Orders stay in the books for as
long as the law asks, as nobody's: the customer's key takes the place of the id, address and tracking go. Errors:
`StorageError`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, or_, select, update

from agent.cart.carts import Carts
from agent.checkpoints import Checkpoints, checkpoint_errors, open_checkpoints
from agent.conversations import conversations
from agent.conversations import metadata as conversation_tables
from agent.handoff import Handoffs, handoffs
from agent.orders.book import OrderBook, orders
from agent.orders.cases import Cases, cases
from agent.orders.proposals import metadata as proposal_tables
from agent.orders.proposals import proposals
from profiles.privacy.erasure_targets import Place, Subject
from profiles.privacy.tombstones import buried
from profiles.storage.database import make_tables, reading, writing

_PERSONAL = ("address", "tracking")  # of an order
_TABLES = {"proposals": proposals, "cases": cases, "handoffs": handoffs, "conversations": conversations}


def agent_places(engine: Engine, state: Path) -> list[Place]:
    """Consultations first: their ids tell which proposals, cases and handoffs belong to them."""
    return [Consultations(engine, state), CartPlace(engine), Orders(engine)]


class Consultations:
    """Checkpoints of whole conversations, with the proposals, cases and handoffs that were made in them."""

    def __init__(self, engine: Engine, state: Path) -> None:
        self._engine, self._state = engine, state
        Handoffs(engine)  # makes its table
        Cases(engine)
        make_tables(engine, proposal_tables)
        make_tables(engine, conversation_tables)

    def held(self) -> Iterable[str]:
        found: set[str] = set()
        with reading(self._engine) as connection:
            for table in _TABLES.values():
                found.update(connection.execute(select(table.c.customer).distinct()).scalars())
        with self._open() as checkpoints:
            found.update(name for thread in checkpoints.threads() for name in _customers_of(checkpoints, thread))
        return found

    def erase(self, subject: Subject) -> Mapping[str, int]:
        with self._open() as checkpoints:
            near = {thread for name in subject.names for thread in checkpoints.mentioning(name)}
            threads = {thread for thread in near if _customers_of(checkpoints, thread) & set(subject.names)}
            removed = {"consultations": len(threads), "checkpoints": checkpoints.remove(threads)}
        with writing(self._engine) as connection:
            for name, table in _TABLES.items():
                theirs = or_(table.c.customer.in_(subject.names), table.c.consultation.in_(threads))
                removed[name] = connection.execute(delete(table).where(theirs)).rowcount
        return removed

    @contextmanager
    def _open(self) -> Iterator[Checkpoints]:
        """The checkpoints, while an agent may be writing them; none are made where there are none."""
        with (
            checkpoint_errors(self._engine, "consultations cannot be erased; run it again"),
            open_checkpoints(self._engine, self._state, make=False) as opened,
        ):
            yield opened


class CartPlace:
    """Carts, with all that was in them before."""

    def __init__(self, engine: Engine) -> None:
        self._carts = Carts(engine)  # makes its tables

    def held(self) -> Iterable[str]:
        return self._carts.held()

    def erase(self, subject: Subject) -> Mapping[str, int]:
        return {"carts": self._carts.forget(subject.names)}


class Orders:
    """The order book."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        OrderBook(engine)  # makes its table

    def held(self) -> Iterable[str]:
        """Ids; orders under a key that has a tombstone are nobody's any more."""
        with reading(self._engine) as connection:
            names = frozenset(connection.execute(select(orders.c.customer).distinct()).scalars())
            return names - buried(connection, names)

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


def _customers_of(checkpoints: Checkpoints, thread: str) -> set[str]:
    """Whose a consultation is, as its state says; a turn that broke off at once has it in its input."""
    return {
        str(values["customer"])
        for one in checkpoints.saver.list({"configurable": {"thread_id": thread}})
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

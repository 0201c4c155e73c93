"""Cases: what went wrong with an order, for the staff to put right.

In: an order, a problem, items and the customer's words; then an id and a note. Out: `Case` records in the shop's
database. A case is opened by the customer's yes to a proposal, in the same transaction (`agent.orders.proposals`).
Errors: `NotFound`, `StorageError`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, Engine, MetaData, Row, String, Table, Text, select, update

from agent.orders.order import Order
from errors import NotFound, choices
from profiles.storage.database import make_tables, reading, writing
from profiles.storage.tables import numbered, time_text

Problem = Literal["not_received", "damaged", "wrong_item", "missing_item", "late"]
Wish = Literal["refund", "replacement", "repair"]
PROBLEMS: tuple[Problem, ...] = ("not_received", "damaged", "wrong_item", "missing_item", "late")
WISHES: tuple[Wish, ...] = ("refund", "replacement", "repair")
OF_GOODS: tuple[Problem, ...] = ("damaged", "wrong_item", "missing_item")  # the others are of the whole parcel
_MISSED_DAYS = 60
_ON_THE_WAY_OR_THERE = ("shipped", "delivered", "return_requested", "returned")

metadata = MetaData()
cases = Table(
    "order_case",
    metadata,
    numbered(),
    Column("id", String(40), nullable=False, unique=True),
    Column("customer", String(100), nullable=False),
    Column("consultation", String(200), nullable=False),
    Column("order_id", String(100), nullable=False),
    Column("items", Text, nullable=False),  # JSON: a list of titles, quantities, variants
    Column("problem", String(20), nullable=False),
    Column("wish", String(20), nullable=False),
    Column("words", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("note", Text, nullable=False),
    Column("created", String(32), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A problem with items of an order. `words` are the customer's, `note` says what was done, for staff alone."""

    id: str
    customer: str
    consultation: str
    order_id: str
    items: Sequence[Mapping[str, Any]]
    problem: Problem
    wish: Wish | Literal[""]
    words: str
    status: Literal["open", "closed"]
    note: str
    created: datetime

    def to_json(self) -> dict[str, Any]:
        """What a list for staff shows."""
        names = ("id", "customer", "consultation", "order_id", "problem", "wish", "words", "status")
        items = [dict(item) for item in self.items]
        since = self.created.isoformat(timespec="seconds")
        return {name: getattr(self, name) for name in names} | {"items": items, "since": since}


class Cases:
    """A shop's cases in its database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        make_tables(engine, metadata)

    def add(self, connection: Connection, case: Case) -> None:
        """Keep a case, inside a transaction."""
        names = ("id", "customer", "consultation", "order_id", "problem", "wish", "words", "status", "note")
        row = {name: getattr(case, name) for name in names}
        items = json.dumps([dict(item) for item in case.items], ensure_ascii=False)
        connection.execute(cases.insert().values(row | {"items": items, "created": time_text(case.created)}))

    def of_order(self, customer: str, order_id: str) -> Sequence[Case]:
        """All cases of one order of the customer's, the oldest first."""
        with reading(self.engine) as connection:
            own = (cases.c.customer == customer) & (cases.c.order_id == order_id)
            return [_case_of(row) for row in connection.execute(select(cases).where(own).order_by(cases.c.seq))]

    def waiting(self) -> Sequence[Case]:
        """All open cases, the oldest first."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(cases).where(cases.c.status == "open").order_by(cases.c.seq))
            return [_case_of(row) for row in rows]

    def close(self, id: str, note: str = "") -> Case:
        """Say that it is settled. Errors: `NotFound` if no case of this id is open; it names those that are."""
        with writing(self.engine) as connection:
            opened = (cases.c.id == id) & (cases.c.status == "open")
            row = connection.execute(select(cases).where(opened).with_for_update()).one_or_none()
            if row is None:
                waiting = connection.execute(select(cases.c.id).where(cases.c.status == "open")).scalars()
                raise NotFound(f"no case {id!r} is open; open are {choices(waiting) or 'none'}")
            changed = {"status": "closed", "note": note}
            connection.execute(update(cases).where(cases.c.id == row.id).values(**changed))
        return replace(_case_of(row), status="closed", note=note)


def needs_case(order: Order, problem: Problem, today: date) -> bool:
    """Whether staff must see to it; else the order's state says all that there is to say."""
    if problem in OF_GOODS:
        return order.status in _ON_THE_WAY_OR_THERE
    overdue = order.status == "shipped" and (order.eta is None or date.fromisoformat(order.eta) < today)
    return overdue or order.status in ("delivered", "lost")


def is_plausible(order: Order, problem: Problem, today: date) -> bool:
    """Whether the problem is to be expected of the order: nobody misses a parcel for the first time after months."""
    day = order.delivered or order.eta
    is_old = day is not None and (today - date.fromisoformat(day)).days > _MISSED_DAYS
    return needs_case(order, problem, today) and (problem in OF_GOODS or not is_old)


def _case_of(row: Row[Any]) -> Case:
    created = datetime.fromisoformat(row.created)
    return Case(
        row.id,
        row.customer,
        row.consultation,
        row.order_id,
        json.loads(row.items),
        row.problem,
        row.wish,
        row.words,
        row.status,
        row.note,
        created,
    )

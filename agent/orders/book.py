"""The embedded order book: `orders.jsonl` in, a customer's own orders out.

Kept in the shop's database (SQLite or PostgreSQL). What may be done to an order stands in `agent.orders.order`; an
order is changed only by `agent.orders.proposals`, in the transaction that also closes the proposal.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Text,
    select,
    update,
)

from agent.orders.naming import item_words
from agent.orders.order import NEWEST, STATUSES, Order, OrderItem, Status
from errors import DataError, NotFound, choices, first_mistake
from language.decimals import exact
from language.placeholders import means_nobody
from profiles.storage.database import make_tables, reading, stay_alone, writing
from profiles.storage.tables import insert_or_replace, time_text

__all__ = ["STATUSES", "Imported", "Order", "OrderBook", "OrderItem", "Rejected"]

metadata = MetaData()
orders = Table(
    "shop_order",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("customer", String(100), nullable=False),
    Column("placed", String(32), nullable=False),
    Column("status", String(20), nullable=False),
    Column("body", Text, nullable=False),  # JSON of Order
    Column("source", String(32), nullable=False),  # which line of the shop's file it came from, as a digest
    Column("changed", Boolean, nullable=False),  # changed here since: the file must not undo it
    Index("shop_order_by_customer", "customer", "placed"),
)


ErasedAmong = Callable[[Collection[str]], Collection[str]]  # of customers, those who were erased


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a file that was not taken, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: `added` and `updated` orders; the rest was there, was `rejected`, or is of the `erased`."""

    added: int
    updated: int
    rejected: tuple[Rejected, ...]
    erased: int = 0


class OrderBook:
    """A shop's orders in its database. Every read is bound to one customer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        make_tables(engine, metadata)

    def import_orders(self, path: Path, erased_among: ErasedAmong | None = None) -> Imported:
        """Take in a file of one order a line; again, and nothing changes.

        A line that the shop has changed replaces the order, unless the order was changed here since. Bad
        lines are reported and the rest is taken, but for orders of customers who were erased. Errors: `DataError` if
        the file cannot be read.
        """
        try:
            lines = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read as orders: {error}") from error
        rejected, rows = list[Rejected](), dict[str, dict[str, Any]]()
        with writing(self.engine) as connection:
            stay_alone(connection)  # else an order that is changed while two read the file could be read anew
            known = {row.id: row for row in connection.execute(select(orders.c.id, orders.c.source, orders.c.changed))}
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    row = _row_of(_read_line(line), line)
                except DataError as error:
                    rejected.append(Rejected(number, str(error)))
                    continue
                before = known.get(row["id"])
                if row["id"] in rows and rows[row["id"]]["source"] != row["source"]:
                    rejected.append(Rejected(number, f"order {row['id']} stands in this file twice, with differences"))
                elif before is None or (before.source != row["source"] and not before.changed):
                    rows[row["id"]] = row
                elif before.source != row["source"]:
                    rejected.append(Rejected(number, f"order {row['id']} was changed here since; it stays as it is"))
            gone = erased_among({row["customer"] for row in rows.values()}) if erased_among else frozenset()
            new = {key: row for key, row in rows.items() if row["customer"] not in gone}
            insert_or_replace(connection, orders, list(new.values()))
        added = sum(key not in known for key in new)
        return Imported(added, len(new) - added, tuple(rejected), len(rows) - len(new))

    def list(self, customer: str, status: str | None = None) -> Sequence[Order]:
        """The customer's orders, newest first. Errors: `DataError` for a status that there is not."""
        if status is not None and status not in STATUSES:
            raise DataError(f"no order status {status!r}; there are {choices(STATUSES)}")
        with reading(self.engine) as connection:
            found = _of_customer(connection, customer)
        return [order for order in found if status in (None, order.status)]

    def get(self, customer: str, ref: str) -> Order:
        """One order by "last" or by its id as people write it: "#10482", "ap 10482".

        Errors: `NotFound`, the same for no order and for somebody else's: only the customer's own rows are
        read.
        """
        with reading(self.engine) as connection:
            return pick(_of_customer(connection, customer), ref)

    def locked(self, connection: Connection, customer: str, order_id: str) -> Order:
        """The order inside a write transaction; PostgreSQL holds its row until the end."""
        own = (orders.c.customer == customer) & (orders.c.id == order_id)
        row = connection.execute(select(orders.c.body).where(own).with_for_update()).one_or_none()
        return pick([_order_of(row.body)] if row else [], order_id)

    def save(self, connection: Connection, order: Order) -> None:
        """Write a changed order inside a transaction."""
        values = {"status": order.status, "body": _body_of(order), "changed": True}
        connection.execute(update(orders).where(orders.c.id == order.id).values(values))


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _ItemLine(_Line):
    sku: str = Field(min_length=1)
    title: str = Field(min_length=1)
    quantity: int = Field(ge=1)
    price: Decimal = Field(ge=0)
    color: str = ""
    size: str = ""


class _OrderLine(_Line):
    id: str = Field(min_length=1, max_length=100)
    customer: str = Field(min_length=1, max_length=100)
    placed: AwareDatetime
    status: Status
    items: list[_ItemLine] = Field(min_length=1)
    total: Decimal = Field(ge=0)
    shipping_fee: Decimal = Field(Decimal(), ge=0)
    address: str = ""
    carrier: str | None = None
    tracking: str | None = None
    eta: str | None = Field(None, pattern=r"^\d{4}-\d\d-\d\d$")
    delivered: str | None = Field(None, pattern=r"^\d{4}-\d\d-\d\d$")


def _read_line(line: str) -> Order:
    try:
        read = _OrderLine.model_validate_json(line)
    except ValidationError as error:
        raise DataError(first_mistake(error, whole="line")) from error
    if means_nobody(read.customer):
        raise DataError(f"customer: {read.customer!r} means nobody")
    values = read.model_dump() | {
        "placed": time_text(read.placed),
        "items": tuple(OrderItem(**item.model_dump()) for item in read.items),
    }
    return Order(**values)


def _row_of(order: Order, line: str) -> dict[str, Any]:
    digest = hashlib.blake2s(line.strip().encode(), digest_size=16).hexdigest()
    names = {"id": order.id, "customer": order.customer, "placed": order.placed, "status": order.status}
    return names | {"body": _body_of(order), "source": digest, "changed": False}


def _body_of(order: Order) -> str:
    return json.dumps(order.to_json(), ensure_ascii=False)


def _order_of(body: str) -> Order:
    values = json.loads(body)
    items = tuple(OrderItem(**item | {"price": exact(item["price"])}) for item in values["items"])
    money = {name: exact(values[name]) for name in ("total", "shipping_fee")}
    return Order(**values | money | {"items": items})


def _of_customer(connection: Connection, customer: str) -> Sequence[Order]:
    newest = (orders.c.placed.desc(), orders.c.id.desc())
    rows = connection.execute(select(orders.c.body).where(orders.c.customer == customer).order_by(*newest))
    return [_order_of(row.body) for row in rows]


def pick(own: Sequence[Order], ref: str) -> Order:
    """The order that `ref` names among the customer's own; digits alone will do where they fit one."""
    words = _plain(ref)
    if is_newest(ref) and own:
        return own[0]
    key = order_key(words)
    found = [order for order in own if key and key == order_key(order.id)]
    if not found and key.isdigit():
        found = [order for order in own if key == re.sub(r"\D", "", order.id)]
    if len(found) != 1:
        names = choices(order.id for order in own) or "none yet"
        raise NotFound(f"you have no order {ref[:40]!r}; yours are {names}")
    return found[0]


def is_newest(ref: str) -> bool:
    """Whether it means the newest order: "last", "the newest"."""
    return _plain(ref) in (NEWEST, *item_words().newest)


def _plain(ref: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", ref).casefold().split())


def order_key(text: str) -> str:
    """An id without what people put around and into it."""
    bare = re.sub(r"\b(?:my|the|order|number|no|nr|id)\b", " ", text.casefold())
    return re.sub(r"[^0-9a-z]", "", bare)

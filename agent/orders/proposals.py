"""Writes to orders: proposed in one message, carried out after the customer's yes in a later one, by code.

In: a consultation, a customer, what the model asked for. Out: a `Proposal` that waits for 30 minutes, then
a `Confirmation`. Exactly what was proposed is done, once, in one transaction with the proposal's own state;
a crash leaves both or neither, and a second yes gets the first outcome. Errors: `OrderRefused` (a rule,
also when the order changed in between), `NotFound` (no such order; nothing to confirm), `DataError`,
`StorageError`.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Column, Connection, Engine, MetaData, Row, String, Table, Text, select, update

import clock
from agent.orders.book import OrderBook
from agent.orders.items import pieces_of
from agent.orders.order import Change, Order, OrderItem, OrderRefused, Rules, cancel, readdress, send_back
from errors import DataError, NotFound, choices
from language.decimals import plain
from profiles.storage.database import make_tables, reading, writing
from profiles.storage.tables import at_most_one, numbered, time_text

Kind = Literal["cancel_order", "return_items", "change_address", "erase_data"]
State = Literal["pending", "done", "declined", "expired", "replaced"]
KINDS: tuple[Kind, ...] = ("cancel_order", "return_items", "change_address")
ERASE_DATA: Kind = "erase_data"  # no change of an order: whoever reads the yes carries it out
LIFETIME = timedelta(minutes=30)

metadata = MetaData()
proposals = Table(
    "proposal",
    metadata,
    numbered(),
    Column("id", String(40), nullable=False, unique=True),
    Column("consultation", String(200), nullable=False),
    Column("customer", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("arguments", Text, nullable=False),  # JSON: exactly what is carried out
    Column("summary", Text, nullable=False),  # JSON: what the customer was told
    Column("status", String(10), nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
    at_most_one("proposal_pending", "consultation", "status = 'pending'"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write that waits for a yes, or what became of it.

    `summary` is what replies and cards speak of: order_id, items (title, quantity, price, color, size,
    sku), and for a cancellation total and amount, for a return amount and reason, for an address address
    (money in the currency).
    """

    id: str
    consultation: str
    customer: str
    kind: Kind
    arguments: Mapping[str, Any]
    summary: Mapping[str, Any]
    status: State
    created: datetime
    expires: datetime

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for replies, cards and the contract; times are ISO text in UTC."""
        return {
            "id": self.id,
            "kind": self.kind,
            "arguments": dict(self.arguments),
            "summary": dict(self.summary),
            "status": self.status,
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a yes led to. `repeated`: it was done already, by an earlier yes."""

    proposal: Proposal
    repeated: bool


class Proposals:
    """A shop's proposals in its database; any number of processes may share it."""

    def __init__(self, engine: Engine, orders: OrderBook, rules: Rules) -> None:
        self.engine = engine
        self.orders = orders
        self.rules = rules
        make_tables(engine, metadata)

    def propose(
        self,
        consultation: str,
        customer: str,
        kind: Kind,
        arguments: Mapping[str, Any],
        at: datetime | None = None,
    ) -> Proposal:
        """Check the wish and keep it; it replaces the consultation's pending one.

        Arguments as the tools have them: order_id; items (the customer's words) and reason; address.
        """
        if kind not in KINDS:
            raise DataError(f"no proposal kind {kind!r}; there are {choices(KINDS)}")
        now = at or clock.now()
        order = self.orders.get(customer, str(arguments.get("order_id", "last")))
        stored: dict[str, Any] = {"order_id": order.id}
        if kind == "return_items":
            stored["pieces"] = {str(n): count for n, count in self._pieces(order, arguments, now).items()}
            stored["reason"] = str(arguments.get("reason") or "")
        if kind == "change_address":
            stored["address"] = str(arguments.get("address", ""))
        summary = _summary(kind, _change(order, kind, stored, self.rules, now), stored)
        return self.keep(consultation, customer, kind, stored, summary, now)

    def keep(
        self,
        consultation: str,
        customer: str,
        kind: Kind,
        stored: Mapping[str, Any],
        summary: Mapping[str, Any],
        now: datetime,
    ) -> Proposal:
        """Keep a wish that was checked; it replaces the consultation's pending one."""
        proposal = Proposal(
            uuid.uuid4().hex, consultation, customer, kind, stored, summary, "pending", now, now + LIFETIME
        )
        with writing(self.engine) as connection:
            waiting = (proposals.c.consultation == consultation) & (proposals.c.status == "pending")
            connection.execute(update(proposals).where(waiting).values(status="replaced"))
            connection.execute(proposals.insert().values(_row_of(proposal)))
        return proposal

    def pending(self, consultation: str, at: datetime | None = None) -> Proposal | None:
        """The proposal that waits for a yes; one that has run out of time does not."""
        newest = self.last(consultation)
        waits = newest is not None and newest.status == "pending" and (at or clock.now()) < newest.expires
        return newest if waits else None

    def last(self, consultation: str) -> Proposal | None:
        """The newest proposal, whatever became of it."""
        with reading(self.engine) as connection:
            return _newest(connection, consultation)

    def confirm(self, consultation: str, customer: str, at: datetime | None = None) -> Confirmation:
        """Carry out what waits, once.

        If the order no longer allows it, the proposal expires and `OrderRefused` says why.
        """
        now = at or clock.now()
        with writing(self.engine) as connection:
            proposal = _newest(connection, consultation)
            if proposal is None or proposal.customer != customer:
                raise NotFound("there is nothing to confirm in this consultation")
            if not _close(connection, proposal, "done"):
                return _repeated(_newest(connection, consultation))
            refusal = self._carry_out(connection, proposal, now)
            if refusal is not None:
                _set(connection, proposal, "expired")
        if refusal is not None:
            raise refusal  # outside, so that "expired" is committed
        return Confirmation(replace(proposal, status="done"), repeated=False)

    def decline(self, consultation: str, customer: str) -> Proposal | None:
        """Drop what waits; None if nothing did."""
        with writing(self.engine) as connection:
            proposal = _newest(connection, consultation)
            if proposal is None or proposal.customer != customer or not _close(connection, proposal, "declined"):
                return None
        return replace(proposal, status="declined")

    def _pieces(self, order: Order, arguments: Mapping[str, Any], now: datetime) -> dict[int, int]:
        send_back(order, {}, self.rules, now)  # whether anything can go back comes before which items
        return pieces_of(order, tuple(arguments.get("items") or ()))

    def _carry_out(self, connection: Connection, proposal: Proposal, now: datetime) -> OrderRefused | None:
        order_id = str(proposal.arguments.get("order_id", ""))
        if now >= proposal.expires:
            return OrderRefused(f"the proposal for order {order_id} ran out at {proposal.expires:%H:%M} UTC", "expired")
        if proposal.kind == ERASE_DATA:
            return None
        order = self.orders.locked(connection, proposal.customer, order_id)
        try:
            change = _change(order, proposal.kind, proposal.arguments, self.rules, now)
        except OrderRefused as refusal:
            return refusal
        if _summary(proposal.kind, change, proposal.arguments) != proposal.summary:
            return OrderRefused(f"order {order_id} has changed since this was proposed", "changed")
        self.orders.save(connection, change.order)
        return None


def _change(order: Order, kind: Kind, arguments: Mapping[str, Any], rules: Rules, now: datetime) -> Change:
    if kind == "cancel_order":
        return cancel(order, rules)
    if kind == "change_address":
        return readdress(order, arguments["address"])
    pieces = {int(index): count for index, count in arguments["pieces"].items()}
    return send_back(order, pieces, rules, now)


def _summary(kind: Kind, change: Change, arguments: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "order_id": change.order.id,
        "items": [_item_json(item) for item in change.lines],
    }
    if kind == "cancel_order":
        shown |= {"total": plain(change.order.total), "amount": plain(change.amount)}
    elif kind == "return_items":
        shown |= {"amount": plain(change.amount), "reason": arguments["reason"]}
    else:
        shown |= {"address": change.order.address}
    return shown


def _item_json(item: OrderItem) -> dict[str, Any]:
    shown = item.to_json()
    return {name: shown[name] for name in ("sku", "title", "quantity", "price", "color", "size")}


def _newest(connection: Connection, consultation: str) -> Proposal | None:
    by_age = select(proposals).where(proposals.c.consultation == consultation).order_by(proposals.c.seq.desc())
    row = connection.execute(by_age.limit(1)).one_or_none()
    return _proposal_of(row) if row else None


def _close(connection: Connection, proposal: Proposal, status: State) -> bool:
    """Compare and set: true for the one transaction that found it pending."""
    waiting = (proposals.c.id == proposal.id) & (proposals.c.status == "pending")
    return connection.execute(update(proposals).where(waiting).values(status=status)).rowcount == 1


def _set(connection: Connection, proposal: Proposal, status: State) -> None:
    connection.execute(update(proposals).where(proposals.c.id == proposal.id).values(status=status))


def _repeated(proposal: Proposal | None) -> Confirmation:
    if proposal is None or proposal.status != "done":
        raise NotFound("there is nothing to confirm in this consultation")
    return Confirmation(proposal, repeated=True)


def _row_of(proposal: Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "consultation": proposal.consultation,
        "customer": proposal.customer,
        "kind": proposal.kind,
        "arguments": json.dumps(dict(proposal.arguments), ensure_ascii=False),
        "summary": json.dumps(dict(proposal.summary), ensure_ascii=False),
        "status": proposal.status,
        "created": time_text(proposal.created),
        "expires": time_text(proposal.expires),
    }


def _proposal_of(row: Row[Any]) -> Proposal:
    return Proposal(
        row.id,
        row.consultation,
        row.customer,
        row.kind,
        json.loads(row.arguments),
        json.loads(row.summary),
        row.status,
        datetime.fromisoformat(row.created),
        datetime.fromisoformat(row.expires),
    )

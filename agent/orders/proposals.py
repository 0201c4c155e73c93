"""Writes to orders: proposed in one message, carried out after the customer's yes in a later one, by code.

In: a consultation, a customer, what the model asked for. Out: a `Proposal` that waits for 30 minutes, then a
`Confirmation`. What each kind does stands in `agent.orders.acts`. Exactly what was proposed is done, once, in one
transaction with the proposal's own state; a crash leaves both or neither, and a second yes gets the first outcome.
Errors: `OrderRefused` (a rule, also when the order changed in between), `NotFound` (no such order; nothing to confirm),
`DataError`, `StorageError`.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Column, Connection, Engine, MetaData, Row, String, Table, Text, select, update

import clock
from agent.orders.acts import ERASE_DATA, KINDS, Kind, OrderKind, change_of, check, summary_of, wish_of
from agent.orders.book import OrderBook
from agent.orders.cases import Case, Cases
from agent.orders.items import AS_WRITTEN, Wording
from agent.orders.order import Order, OrderRefused, Rules, pieces_left
from errors import DataError, NotFound, choices
from profiles.storage.database import make_tables, reading, writing
from profiles.storage.tables import at_most_one, numbered, time_text

__all__ = ["ERASE_DATA", "KINDS", "Confirmation", "Kind", "Proposal", "Proposals"]

State = Literal["pending", "done", "declined", "expired", "replaced", "lapsed"]
LIFETIME = timedelta(minutes=30)
CASE_CHARS = 12  # of a proposal's id: the number of the case that it opens

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
    sku), and for a cancellation total and amount, for a return amount and reason, for an address address, for an
    exchange to (the new variants), for a report problem and wish (money in the currency). Where a part of the order
    stays as it is, `kept` has its items.
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
        self.cases = Cases(engine)
        make_tables(engine, metadata)

    def propose(
        self,
        consultation: str,
        customer: str,
        kind: OrderKind,
        arguments: Mapping[str, Any],
        at: datetime | None = None,
        wording: Wording = AS_WRITTEN,
    ) -> Proposal:
        """Check the wish and keep it; it replaces the consultation's pending one.

        Arguments as the tools have them: order_id; items (the customer's words, read by `wording`) and reason; address;
        problem, wish and words; and for an exchange to, the new variant by the item's index.
        """
        if kind not in KINDS:
            raise DataError(f"no proposal kind {kind!r}; there are {choices(KINDS)}")
        now = at or clock.now()
        order = self.orders.get(customer, str(arguments.get("order_id", "last")))
        stored = wish_of(order, kind, arguments, wording, self.rules, now)
        summary = summary_of(kind, change_of(order, kind, stored, self.rules, now), stored)
        self._refuse_reported(order, kind, summary)
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

    def check(self, order: Order, kind: OrderKind, at: datetime | None = None) -> None:
        """Whether the order allows the act at all. Errors: `OrderRefused`."""
        check(order, kind, self.rules, at or clock.now())

    def allows(self, order: Order, kind: OrderKind, at: datetime | None = None) -> bool:
        """The same, as a yes or no; where nothing is left, there is nothing to do."""
        try:
            self.check(order, kind, at)
        except OrderRefused:
            return False
        return bool(pieces_left(order))

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

    def lapse(self, consultation: str) -> None:
        """The customer has turned to something else: no later yes means what waits."""
        waiting = (proposals.c.consultation == consultation) & (proposals.c.status == "pending")
        with writing(self.engine) as connection:
            connection.execute(update(proposals).where(waiting).values(status="lapsed"))

    def _refuse_reported(self, order: Order, kind: OrderKind, summary: Mapping[str, Any]) -> None:
        """Staff see a problem once."""
        if kind != "report_problem":
            return
        skus = {item["sku"] for item in summary["items"]}
        for case in self.cases.of_order(order.customer, order.id):
            same = case.problem == summary["problem"] and skus <= {item["sku"] for item in case.items}
            if same and case.status == "open":
                since = case.created.astimezone(self.rules.zone).date().isoformat()
                reason = f"case {case.id} about order {order.id} is open since {since}"
                raise OrderRefused(reason, "already_reported", since=since)

    def _carry_out(self, connection: Connection, proposal: Proposal, now: datetime) -> OrderRefused | None:
        order_id = str(proposal.arguments.get("order_id", ""))
        if now >= proposal.expires:
            return OrderRefused(f"the proposal for order {order_id} ran out at {proposal.expires:%H:%M} UTC", "expired")
        kind = proposal.kind
        if kind == "erase_data":  # whoever reads the yes carries it out
            return None
        order = self.orders.locked(connection, proposal.customer, order_id)
        try:
            change = change_of(order, kind, proposal.arguments, self.rules, now)
        except OrderRefused as refusal:
            return refusal
        if summary_of(kind, change, proposal.arguments) != proposal.summary:
            return OrderRefused(f"order {order_id} has changed since this was proposed", "changed")
        if kind == "report_problem":
            self.cases.add(connection, _case_of(proposal, now))
        else:
            self.orders.save(connection, change.order)
        return None


def _case_of(proposal: Proposal, now: datetime) -> Case:
    """The case that a yes opens; its number is the beginning of the proposal's."""
    facts = proposal.summary
    return Case(
        proposal.id[:CASE_CHARS],
        proposal.customer,
        proposal.consultation,
        str(facts["order_id"]),
        facts["items"],
        facts["problem"],
        facts["wish"],
        str(proposal.arguments["words"]),
        "open",
        "",
        now,
    )


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

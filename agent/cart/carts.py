"""Whose cart it is, and how it was before: a customer's id in; their cart, changed or as it was before, out.

    carts.change("C1001", lambda lines: put(lines, product, variant, 2))
    carts.undo("C1001")

Every change is one transaction. A cart is there once something was put in, and the states before are kept, as many as
are worth it: an undo goes back to the last, the next undo further. What a visitor put in is the customer's as soon as
the store knows who they are (`ProfileStore.merge`): with their next look at the cart, earlier states included. Errors:
`NotFound` where there is nothing to take back, whatever a change raises (then nothing is changed), `StorageError`.
"""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, select, update

from agent.cart.cart import Cart, Line, Lines, joined
from agent.cart.system import CartSystem, EmbeddedCarts
from agent.cart.tables import metadata, owners
from errors import NotFound
from profiles.storage.database import make_tables, reading, retried, writing
from profiles.storage.tables import insert_missing, merged

REMEMBERED = 20  # states of a cart that can be gone back to


@dataclass(frozen=True, slots=True)
class Change:
    """A cart before and after. `before` has other lines, unless nothing was to be done."""

    before: Lines
    cart: Cart

    @property
    def touched(self) -> tuple[str, ...]:
        """The SKUs of the lines that are not as they were: those that are there, then those that are gone."""
        same = {*self.before} & {*self.cart.lines}
        return tuple(dict.fromkeys(line.sku for line in (*self.cart.lines, *self.before) if line not in same))


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row of `owners` with the cart that it names."""

    customer: str
    cart: Cart
    earlier: tuple[Lines, ...]


class Carts:
    """A shop's carts by customer; any number of processes may share the database.

    `system` opens whatever keeps the carts within a transaction: the shop's database, or a shop's own system, which has
    no need of the connection.
    """

    def __init__(self, engine: Engine, system: Callable[[Connection], CartSystem] = EmbeddedCarts) -> None:
        self.engine = engine
        self._system = system
        make_tables(engine, metadata)

    def get(self, customer: str) -> Cart:
        """The customer's cart as it is now, an empty one if there is none."""
        with reading(self.engine) as connection:
            if connection.execute(_brought(customer)).first() is None:
                row = connection.execute(select(owners).where(owners.c.customer == customer)).one_or_none()
                return self._kept(connection, row).cart if row else Cart()
        return self.change(customer, lambda lines: lines).cart

    @retried
    def change(self, customer: str, step: Callable[[Lines], Lines]) -> Change:
        """Let `step` make the lines anew."""
        with writing(self.engine) as connection:
            kept = self._locked(connection, customer)
            lines = step(kept.cart.lines)
            if lines == kept.cart.lines:
                return Change(lines, kept.cart)
            return Change(kept.cart.lines, self._write(connection, kept, lines, (*kept.earlier, kept.cart.lines)))

    @retried
    def undo(self, customer: str) -> Change:
        """The lines as they were before the last change that was not taken back yet."""
        with writing(self.engine) as connection:
            kept = self._locked(connection, customer)
            if not kept.earlier:
                raise NotFound(f"nothing was done to the cart of {customer!r} that can be taken back")
            *earlier, lines = kept.earlier
            return Change(kept.cart.lines, self._write(connection, kept, lines, tuple(earlier)))

    def history(self, customer: str) -> Iterable[Lines]:
        """The earlier states that are kept, the oldest first."""
        with reading(self.engine) as connection:
            row = connection.execute(select(owners).where(owners.c.customer == customer)).one_or_none()
            return self._kept(connection, row).earlier if row else ()

    def holder(self, id: str) -> str | None:
        """Who has the cart of this id; None where nobody has."""
        with reading(self.engine) as connection:
            own = select(owners.c.customer).where(owners.c.cart == id, owners.c.cart != "")
            return connection.execute(own.limit(1)).scalar()

    def held(self) -> Iterable[str]:
        """Whoever has a cart."""
        with reading(self.engine) as connection:
            return set(connection.execute(select(owners.c.customer)).scalars())

    @retried
    def forget(self, customers: Collection[str]) -> int:
        """The carts of these go, and all that was in them before; how many there were."""
        with writing(self.engine) as connection:
            theirs = owners.c.customer.in_(customers)
            ids = list(connection.execute(select(owners.c.cart).where(theirs)).scalars())
            for id in filter(None, ids):
                self._system(connection).cancel_cart(id)
            connection.execute(delete(owners).where(theirs))
        return len(ids)

    def _locked(self, connection: Connection, customer: str) -> _Kept:
        """The customer's row, which nobody else changes now, with what a visitor whom they were has brought along."""
        insert_missing(connection, owners, [{"customer": customer, "cart": "", "earlier": "[]"}])
        own = select(owners).where(owners.c.customer == customer).with_for_update()
        kept = self._kept(connection, connection.execute(own).one())
        for row in connection.execute(_brought(customer).with_for_update(of=owners)).all():
            kept = self._bring(connection, kept, self._kept(connection, row))
        return kept

    def _bring(self, connection: Connection, own: _Kept, other: _Kept) -> _Kept:
        """What the visitor did is done to the customer's cart; a first cart is the visitor's own, with its id."""
        connection.execute(delete(owners).where(owners.c.customer == other.customer))
        if own.cart.id and other.cart.id:
            self._system(connection).cancel_cart(other.cart.id)
        base = own if own.cart.id else replace(own, cart=replace(other.cart, lines=own.cart.lines))
        states = [own.cart.lines, *(joined(own.cart.lines, lines) for lines in (*other.earlier, other.cart.lines))]
        *earlier, lines = (state for state, _ in groupby(states))
        cart = self._write(connection, base, lines, (*own.earlier, *earlier))
        return _Kept(own.customer, cart, (*own.earlier, *earlier)[-REMEMBERED:])

    def _write(self, connection: Connection, kept: _Kept, lines: Lines, earlier: tuple[Lines, ...]) -> Cart:
        system = self._system(connection)
        cart = system.update_cart(kept.cart.id, lines) if kept.cart.id else system.create_cart(lines)
        states = [list(map(Line.to_json, state)) for state in earlier[-REMEMBERED:]]
        values = {"cart": cart.id, "earlier": json.dumps(states, ensure_ascii=False)}
        connection.execute(update(owners).where(owners.c.customer == kept.customer).values(**values))
        return cart

    def _kept(self, connection: Connection, row: Row[Any]) -> _Kept:
        """A cart that its system has dropped is an empty one, and the next change makes another."""
        cart = self._system(connection).get_cart(row.cart) if row.cart else None
        states = json.loads(row.earlier)
        return _Kept(row.customer, cart or Cart(), tuple(tuple(map(Line.from_json, state)) for state in states))


def _brought(customer: str) -> Select[Any]:
    """The rows of visitors who turned out to be the customer, in the order in which they did."""
    theirs = select(owners).join(merged, merged.c.visitor == owners.c.customer).where(merged.c.customer == customer)
    return theirs.order_by(merged.c.at, merged.c.visitor)

"""Where carts are kept: the seam that a shop's own cart fits, and the carts in the shop's database.

In: a cart's id and its lines. Out: `Cart`s. The verbs are those of UCP, the Universal Commerce Protocol: whoever keeps
a cart mints its id, and an update replaces all lines. Whose cart it is, and how it was before, `agent.cart.carts`
knows. Errors: `NotFound` for an id that there is not, `StorageError`.
"""

import uuid
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, delete, select, update

import clock
from agent.cart.cart import Cart, Lines, lines_of, text_of
from agent.cart.tables import carts
from errors import NotFound
from profiles.storage.tables import time_text


class CartSystem(Protocol):
    """A shop's carts."""

    def create_cart(self, lines: Lines) -> Cart:
        """A new cart with these lines."""
        ...

    def get_cart(self, id: str) -> Cart | None:
        """The cart as it is now; None where it is no longer kept."""
        ...

    def update_cart(self, id: str, lines: Lines) -> Cart:
        """The cart with these lines in place of its own."""
        ...

    def cancel_cart(self, id: str) -> None:
        """The cart is needed no more."""
        ...


@dataclass(frozen=True, slots=True)
class EmbeddedCarts:
    """Carts in the shop's database, within the transaction of the connection."""

    connection: Connection

    def create_cart(self, lines: Lines) -> Cart:
        """A new row; nobody can guess its id."""
        made = Cart(uuid.uuid4().hex, lines)
        self.connection.execute(carts.insert().values(id=made.id, **_columns(lines)))
        return made

    def get_cart(self, id: str) -> Cart | None:
        """The row as a cart."""
        found = self.connection.execute(select(carts.c.lines).where(carts.c.id == id)).scalar()
        return None if found is None else Cart(id, lines_of(found))

    def update_cart(self, id: str, lines: Lines) -> Cart:
        """Other lines in the row."""
        if not self.connection.execute(update(carts).where(carts.c.id == id).values(**_columns(lines))).rowcount:
            raise NotFound(f"no cart {id!r} is kept")
        return Cart(id, lines)

    def cancel_cart(self, id: str) -> None:
        """The row goes."""
        self.connection.execute(delete(carts).where(carts.c.id == id))


def _columns(lines: Lines) -> dict[str, str]:
    return {"lines": text_of(lines), "changed": time_text(clock.now())}

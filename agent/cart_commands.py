"""The commands for carts: what is in a customer's, and emptying it.

In: a shop directory, its state, a customer's id. Out: the cart with what it comes to now and how it was before, as text
or JSON. Who looked and who emptied it is a line in the audit. Errors: `NotFound` for an unknown customer.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from agent.cart.bill import bill
from agent.cart.cart import Line
from agent.cart.carts import Carts
from agent.cli import add_log_level, add_shop, add_state, set_up
from agent.context import VISITOR
from agent.shop import Shop, load_shop
from errors import ShopkeeperError
from profiles.privacy.audit import Act, Audit
from profiles.privacy.commands import staff
from profiles.shop.imports import open_store
from profiles.storage.database import chosen_database
from profiles.store import ProfileStore
from retrieval.catalog import load_catalog
from retrieval.search import CATALOG

NAME = "cart"
EPILOG = """examples:
  python -m agent cart show --customer C1001             its lines at the prices of now, with delivery
  python -m agent cart show --customer C1001 --json      the same, and the states before, which an undo goes back to
  python -m agent cart clear --customer C1001            take all out; the customer can undo it

exit codes: 0 done; 2 wrong setting or shop file; 4 unknown customer; 7 storage trouble
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        set_up(options.log_level)
        shop = load_shop(options.shop)
        store = open_store(shop.root, options.state or shop.default_state, chosen_database(os.environ))
        carts = Carts(store.engine)
        options.customer = _known(options.customer, store, carts)
        told = options.run(options, store, carts, shop)
        print(json.dumps(told, ensure_ascii=False) if options.json else _text(told))
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def show(options: argparse.Namespace, store: ProfileStore, carts: Carts, shop: Shop) -> dict[str, Any]:
    """show what is in a customer's cart"""
    Audit(store.engine).note(options.customer, Act.READ, staff(options.by), detail="cart show")
    return _told(options.customer, carts, shop)


def clear(options: argparse.Namespace, store: ProfileStore, carts: Carts, shop: Shop) -> dict[str, Any]:
    """take everything out of a customer's cart"""
    carts.change(options.customer, lambda lines: ())
    Audit(store.engine).note(options.customer, Act.CHANGED, staff(options.by), detail="cart clear")
    return _told(options.customer, carts, shop)


def _known(customer: str, store: ProfileStore, carts: Carts) -> str:
    """The customer that somebody is, if the shop knows them or there is a cart of theirs."""
    owner = store.owner(customer)
    if not store.has(owner) and owner not in carts.held():
        raise store.not_found(customer, hidden=VISITOR)
    return owner


def _told(customer: str, carts: Carts, shop: Shop) -> dict[str, Any]:
    cart = carts.get(customer)
    earlier = [list(map(Line.to_json, lines)) for lines in carts.history(customer)]
    told = bill(cart.lines, load_catalog(shop.root / CATALOG), shop)
    return {"customer": customer, "cart": cart.id, "currency": shop.currency} | told | {"earlier": earlier}


def _text(told: dict[str, Any]) -> str:
    head = f"customer {told['customer']}: {told['pieces']} items, {told['goods']:.2f} {told['currency']}"
    if "total" in told:
        head += f"; with {told['method']} delivery {told['total']:.2f}"
    return "\n".join([head, *map(_line, told["lines"])])


def _line(line: dict[str, Any]) -> str:
    if line.get("gone"):
        return f"  {line['quantity']} x {line['sku']} {line['title']}, no longer sold"
    said = f"  {line['quantity']} x {line['sku']} {line['title']}, {line['amount']:.2f}"
    was = f" (put in at {line['price_then']:.2f} each)" if "price_then" in line else ""
    return said + was + (f" (only {line['stock']} there)" if "stock" in line else "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m agent {NAME}",
        description="Customers' carts: see what is in one, and empty it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run in {"show": show, "clear": clear}.items():
        _add(commands, name, run)
    return parser


def _add(commands: Any, name: str, run: Callable[..., dict[str, Any]]) -> None:
    made: argparse.ArgumentParser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    made.add_argument("--customer", required=True, metavar="ID", help="whose cart; a visitor's id will do")
    add_shop(made)
    add_state(made)
    add_log_level(made)
    made.add_argument("--by", metavar="NAME", help="who asks, for the audit (default: this machine's user)")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run)

"""The commands for what waits for a person: consultations that were handed over, and cases of orders.

In: a shop directory and its state. Out: what is open, as text or JSON; one of it closed (a handoff: the agent answers
again and tells the customer so). Who listed and who closed is a line in the audit. Errors: `NotFound` for an id that is
not open.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine

from agent.cli import add_log_level, add_shop, add_state, set_up
from agent.handoff import Handoff, Handoffs
from agent.orders.cases import Case, Cases
from agent.shop import load_shop
from errors import ShopkeeperError
from profiles.privacy.audit import Act, Audit
from profiles.privacy.commands import staff
from profiles.shop.imports import open_store
from profiles.storage.database import chosen_database
from profiles.store import ProfileStore

EXIT_CODES = "exit codes: 0 done; 2 wrong setting or shop file; 4 no such {one} is open; 7 storage trouble\n"
_HANDOFFS = """examples:
  python -m agent handoffs list                          who waits, the longest first, with a summary each
  python -m agent handoffs list --json                   the same as a JSON list
  python -m agent handoffs close ID                      the agent answers again, and its next reply says so
  python -m agent handoffs close ID --note "refunded"    what was done, kept with the handoff; for staff alone

"""
_CASES = """examples:
  python -m agent cases list                             what went wrong with which order, the oldest first
  python -m agent cases list --json                      the same as a JSON list
  python -m agent cases close ID                         it is settled; the customer is told so when they ask
  python -m agent cases close ID --note "sent anew"      what was done, kept with the case; for staff alone

"""


class Record(Protocol):
    """What waits for a person."""

    @property
    def id(self) -> str: ...
    @property
    def customer(self) -> str: ...
    def to_json(self) -> dict[str, Any]: ...


class Desk(Protocol):
    """Where it waits."""

    def waiting(self) -> Sequence[Record]: ...
    def close(self, id: str, note: str = "") -> Record: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of what waits: its word on the command line, how it is shown, and what is said when it is closed."""

    one: str
    about: str
    examples: str
    nothing: str
    open: Callable[[Engine], Desk]
    text: Callable[[Any], str]
    closed: Callable[[Any], str]


def main(name: str, arguments: list[str]) -> int:
    """Run one command of the kind that `KINDS` has under this name; returns its exit code."""
    kind = KINDS[name]
    options = _parser(name, kind).parse_args(arguments)
    try:
        set_up(options.log_level)
        shop = load_shop(options.shop)
        store = open_store(shop.root, options.state or shop.default_state, chosen_database(os.environ))
        options.run(options, store, kind, name)
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def show(options: argparse.Namespace, store: ProfileStore, kind: Kind, name: str) -> None:
    """show what is open"""
    waiting = kind.open(store.engine).waiting()
    customers = sorted({one.customer for one in waiting})
    Audit(store.engine).note_all(customers, Act.READ, staff(options.by), detail=f"{name} list")
    if options.json:
        print(json.dumps([one.to_json() for one in waiting], ensure_ascii=False))
    else:
        print("\n\n".join(map(kind.text, waiting)) or kind.nothing)


def close(options: argparse.Namespace, store: ProfileStore, kind: Kind, name: str) -> None:
    """say that it is done"""
    closed = kind.open(store.engine).close(options.id, options.note)
    detail = f"{kind.one} {closed.id} closed"
    Audit(store.engine).note(closed.customer, Act.CHANGED, staff(options.by), detail=detail)
    print(json.dumps(closed.to_json(), ensure_ascii=False) if options.json else kind.closed(closed))


def _handoff_text(handoff: Handoff) -> str:
    head = f"{handoff.id}  customer {handoff.customer}  since {handoff.created:%Y-%m-%d %H:%M} UTC"
    about = [f"consultation {handoff.consultation}", f"reason: {handoff.reason}", *handoff.summary.splitlines()]
    return "\n".join([head, *(f"  {line}" for line in about)])


def _handoff_closed(handoff: Handoff) -> str:
    return f"{handoff.id} is closed; the agent answers {handoff.customer} again in {handoff.consultation}"


def _case_text(case: Case) -> str:
    head = f"{case.id}  customer {case.customer}  since {case.created:%Y-%m-%d %H:%M} UTC"
    items = "; ".join(f"{item['quantity']} x {item['title']} ({item['sku']})" for item in case.items)
    about = [f"order {case.order_id}: {case.problem}", items, f"wants: {case.wish or 'nothing said'}"]
    said = [f"said: {line}" for line in case.words.splitlines()]
    return "\n".join([head, *(f"  {line}" for line in (*about, *said, f"consultation {case.consultation}"))])


def _case_closed(case: Case) -> str:
    return f"{case.id} is closed; {case.customer} is told so when they ask for order {case.order_id}"


KINDS = {
    "handoffs": Kind(
        "handoff",
        "Consultations that were handed to a person: see who waits, and give them back to the agent.",
        _HANDOFFS,
        "nobody waits for a person",
        Handoffs,
        _handoff_text,
        _handoff_closed,
    ),
    "cases": Kind(
        "case",
        "What went wrong with orders: see what is open, and say what is settled.",
        _CASES,
        "no case is open",
        Cases,
        _case_text,
        _case_closed,
    ),
}


def _parser(name: str, kind: Kind) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m agent {name}",
        description=kind.about,
        epilog=kind.examples + EXIT_CODES.format(one=kind.one),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "list", show)
    closing = _add(commands, "close", close)
    closing.add_argument("id", metavar="ID", help=f"of the {kind.one}, as `list` shows it")
    closing.add_argument("--note", default="", metavar="TEXT", help="what was done")
    return parser


def _add(commands: Any, name: str, run: Callable[..., None]) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    add_shop(made)
    add_state(made)
    add_log_level(made)
    made.add_argument("--by", metavar="NAME", help="who asks, for the audit (default: this machine's user)")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run)
    return made

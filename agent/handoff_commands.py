"""The commands for handoffs: who waits for a person, and that the person is done.

In: a shop directory and its state. Out: the open handoffs, as text or JSON; a closed one, after which the agent answers
again and tells the customer so. Who closed it is a line in the audit. Errors: `NotFound` for an id that is not open.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from agent.cli import add_log_level, add_shop, add_state, set_up
from agent.handoff import Handoff, Handoffs
from agent.shop import load_shop
from errors import ShopkeeperError
from profiles.privacy.audit import Act, Audit
from profiles.privacy.commands import staff
from profiles.shop.imports import open_store
from profiles.storage.database import chosen_database
from profiles.store import ProfileStore

NAME = "handoffs"
EPILOG = """examples:
  python -m agent handoffs list                          who waits, the longest first, with a summary each
  python -m agent handoffs list --json                   the same as a JSON list
  python -m agent handoffs close ID                      the agent answers again, and its next reply says so
  python -m agent handoffs close ID --note "refunded"    what was done, kept with the handoff; for staff alone

exit codes: 0 done; 2 wrong setting or shop file; 4 no such handoff is open; 7 storage trouble
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        set_up(options.log_level)
        shop = load_shop(options.shop)
        store = open_store(shop.root, options.state or shop.default_state, chosen_database(os.environ))
        options.run(options, store, Handoffs(store.engine))
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def show(options: argparse.Namespace, store: ProfileStore, handoffs: Handoffs) -> None:
    """show who waits for a person"""
    waiting = handoffs.waiting()
    audit = Audit(store.engine)
    audit.note_all(sorted({one.customer for one in waiting}), Act.READ, staff(options.by), detail="handoffs list")
    if options.json:
        print(json.dumps([one.to_json() for one in waiting], ensure_ascii=False))
    else:
        print("\n\n".join(map(_text, waiting)) or "nobody waits for a person")


def close(options: argparse.Namespace, store: ProfileStore, handoffs: Handoffs) -> None:
    """say that the person is done: the agent answers again"""
    closed = handoffs.close(options.id, options.note)
    detail = f"handoff {closed.id} closed"
    Audit(store.engine).note(closed.customer, Act.CHANGED, staff(options.by), detail=detail)
    if options.json:
        print(json.dumps(closed.to_json(), ensure_ascii=False))
    else:
        print(f"{closed.id} is closed; the agent answers {closed.customer} again in {closed.consultation}")


def _text(handoff: Handoff) -> str:
    head = f"{handoff.id}  customer {handoff.customer}  since {handoff.created:%Y-%m-%d %H:%M} UTC"
    about = [f"consultation {handoff.consultation}", f"reason: {handoff.reason}", *handoff.summary.splitlines()]
    return "\n".join([head, *(f"  {line}" for line in about)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m agent {NAME}",
        description="Consultations that were handed to a person: see who waits, and give them back to the agent.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "list", show)
    closing = _add(commands, "close", close)
    closing.add_argument("id", metavar="ID", help="of the handoff, as `list` shows it")
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

"""`python -m ui keys`: make keys for machines and staff, list them, take them back.

In: a shop directory and its state. Out: text, or JSON; a new key is shown once. A server that runs knows of each at
once. Errors: `ConfigError` for a scope that there is not, `NotFound` for a key that is not in use.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from agent.cli import add_log_level, add_shop, add_state, set_up
from agent.shop import load_shop
from errors import ShopkeeperError
from profiles.shop.imports import open_store
from profiles.storage.database import chosen_database
from ui.access.caller import Scope
from ui.access.keys import NAME_CHARS, Key, Keys, scopes_named

NAME = "keys"
EPILOG = """examples:
  python -m ui keys create crm --scopes profiles,orders      a key, shown this once
  python -m ui keys create trial --scopes chat --expires 30  one that ends by itself after 30 days
  python -m ui keys list                                     all keys, what each may do, when it was last used
  python -m ui keys revoke ID                                the next request with it is refused

exit codes: 0 done; 2 wrong setting, scope or shop file; 4 no such key is in use; 7 storage trouble
"""
log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        set_up(options.log_level)
        shop = load_shop(options.shop)
        store = open_store(shop.root, options.state or shop.default_state, chosen_database(os.environ))
        options.run(options, Keys(store.engine))
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def create(options: argparse.Namespace, keys: Keys) -> None:
    """make a key, and show it this once"""
    life = timedelta(days=options.expires) if options.expires else None
    made = keys.create(options.name, scopes_named(options.scopes.split(",")), life)
    log.info("key %s was made", made.key.id)
    if options.json:
        print(json.dumps(made.to_json()))
    else:
        print(f"{made.secret}\nkeep it: it is not shown again; its id is {made.key.id}")


def show(options: argparse.Namespace, keys: Keys) -> None:
    """list all keys, without their secrets"""
    found = keys.all()
    if options.json:
        print(json.dumps([key.to_json() for key in found], ensure_ascii=False))
    else:
        print("\n".join(map(_text, found)) or "there is no key yet")


def revoke(options: argparse.Namespace, keys: Keys) -> None:
    """take a key back"""
    key = keys.revoke(options.id)
    log.info("key %s was revoked", key.id)
    print(json.dumps(key.to_json(), ensure_ascii=False) if options.json else f"{key.id} is revoked")


def _text(key: Key) -> str:
    told = {name: at for name, at in key.to_json().items() if name not in ("id", "name", "scopes") and at}
    times = ", ".join(f"{name.replace('_', ' ')} {at}" for name, at in told.items())
    return f"{key.id}  {key.name}  {','.join(sorted(key.scopes))}  {times}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m ui {NAME}",
        description="Keys with which machines and staff call the shop over HTTP.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    making = _add(commands, "create", create)
    making.add_argument("name", metavar="NAME", type=_name, help="what it is for")
    making.add_argument("--scopes", required=True, metavar="SCOPES", help=f"with commas between: {','.join(Scope)}")
    making.add_argument("--expires", metavar="DAYS", type=_days, help="after so many days (default: never)")
    _add(commands, "list", show)
    revoking = _add(commands, "revoke", revoke)
    revoking.add_argument("id", metavar="ID", help="of the key, as `list` shows it")
    return parser


def _add(commands: Any, name: str, run: Callable[..., None]) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    add_shop(made)
    add_state(made)
    add_log_level(made)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run)
    return made


def _name(text: str) -> str:
    if not 1 <= len(text) <= NAME_CHARS or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r:.120} is no name of 1 to {NAME_CHARS} characters")
    return text


def _days(text: str) -> int:
    days = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not days:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 99999")
    return days

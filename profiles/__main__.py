"""`python -m profiles`: shows what the shop knows about each customer, and why. See `--help`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errors import ShopkeeperError
from profiles.build.command import add_build_options, run_build
from profiles.commands.explain import explain
from profiles.commands.intents import intents
from profiles.commands.journal import history, merge, undo
from profiles.commands.migrate import run_migrate
from profiles.commands.moments import as_of, diff, show
from profiles.commands.words import print_json
from profiles.events.command import add_events_options, run_events
from profiles.observation import Authority, Profile
from profiles.privacy.commands import run_audit, run_consent, run_export, run_retain
from profiles.privacy.purposes import Purpose
from profiles.schema import Schema
from profiles.segments.command import add_segments_options, run_segments
from profiles.shop.imports import ensure_imported, import_shop, open_store
from profiles.storage.database import chosen_database
from profiles.store import ProfileStore

_WITHOUT_STORE = ("migrate", "build")
_ORDER_COUNT = "order_count"
EPILOG = """\
examples:
  python -m profiles list                      customers, with orders and traits
  python -m profiles show C1001                what is known about one customer
  python -m profiles show C1001 --json         the same, for programs
  python -m profiles explain C1001 color       why the profile says so
  python -m profiles history C1001             every observation, oldest first, with its id
  python -m profiles intents C1001             what they are trying to get done, and why we think so
  python -m profiles as-of C1001 2026-05-31    the profile as it stood at the end of that day
  python -m profiles diff C1001 2026-05-01 2026-05-31   what happened in between
  python -m profiles undo OBSERVATION          count one observation as never made
  python -m profiles merge VISITOR C1001       a visitor turned out to be C1001
  python -m profiles import                    read new customers, orders and events
  python -m profiles events FILE               take events in (Segment or GA4, JSON lines, also .gz; - for stdin)
  python -m profiles build EVENTS... --out DIR years of events at once (--engine ray: on many machines)
  python -m profiles migrate                   bring an older database up to date, as every start does
  python -m profiles events --of C1001         what a customer's acts add up to
  python -m profiles segments                  sizes of the segments that shop.toml declares, and their overlap
  python -m profiles segments NAME --export hashed      a list of its members, as ad platforms take it
  python -m profiles consent C1001             what a customer agreed to
  python -m profiles consent C1001 profiling no --source "letter of May 3"    write down what they said
  python -m profiles export C1001 --format text    everything that is held about a customer
  python -m profiles retain                    remove what is older than the shop keeps it
  python -m profiles audit C1001               who looked at, exported or erased a customer, and when

To erase a customer everywhere: python -m finetune erase C1001
SHOPKEEPER_DATABASE=postgresql+psycopg://user@host/database puts it all into PostgreSQL; see docs/postgresql.md
To move what is there into it, or back: python -m agent.migration --help

authority, strongest first: shop (its records), stated (by the customer), observed (in behaviour), inferred.
A weaker claim never replaces a stronger one; it is shown beside it as a challenge.

exit codes: 0 done, 2 bad setting or argument, 3 unreadable data, 4 no such customer, 5 refused, 7 database trouble
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command in _WITHOUT_STORE:
            options.run(options)
            return 0
        store = open_store(options.shop, options.state or options.shop / "state", chosen_database(os.environ))
        if options.command != "import":
            ensure_imported(options.shop, store, _progress)
        return int(options.run(options, store) or 0)
    except ShopkeeperError as error:
        print(f"profiles: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--shop", type=Path, default=Path("shop"), help="the shop's directory (default: shop)")
    shared.add_argument("--state", type=Path, help="where the database is (default: SHOP/state)")
    shared.add_argument("--by", metavar="NAME", help="who asks, for the audit (default: this machine's user)")
    parser = argparse.ArgumentParser(
        prog="python -m profiles",
        description="What the shop knows about each customer, from whom, and why.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Any, help: str, *, customer: bool = False, as_json: bool = False) -> Any:
        made = commands.add_parser(name, parents=[shared], help=help, description=help)
        made.set_defaults(run=run)
        if customer:
            made.add_argument("customer", metavar="ID", help="a customer's id, like C1001")
        if as_json:
            made.add_argument("--json", action="store_true", help="print JSON")
        return made

    command("show", show, "show one customer's profile", customer=True, as_json=True)
    command("list", _list, "list the customers", as_json=True)
    command("history", history, "show every observation of a customer", customer=True, as_json=True)
    told = command("explain", explain, "show why a profile holds what it holds", customer=True, as_json=True)
    told.add_argument("attribute", metavar="ATTRIBUTE", help="an attribute of profile.yaml, like color")
    wanted = command("intents", intents, "show what a customer is trying to get done", customer=True, as_json=True)
    wanted.add_argument("--all", action="store_true", help="also what is done or dropped")
    wanted.add_argument("--at", metavar="DATE", help="as it stood at a day (its end) or a time")
    past = command("as-of", as_of, "show a profile as it stood at a moment", customer=True, as_json=True)
    past.add_argument("date", metavar="DATE", help="a day like 2026-05-31 (its end), or 2026-05-31T09:00 (UTC)")
    between = command("diff", diff, "show what happened between two moments", customer=True, as_json=True)
    between.add_argument("first", metavar="DATE", help="a day (its end) or a time")
    between.add_argument("last", metavar="DATE", help="a later one")
    undone = command("undo", undo, "count one observation as never made; the journal keeps both", as_json=True)
    undone.add_argument("observation", metavar="OBSERVATION", help="its id, as `history` shows it")
    undone.add_argument("--reason", default="undone", help="why, for the journal")
    merged = command("merge", merge, "let a visitor's observations count as a customer's", as_json=True)
    merged.add_argument("visitor", metavar="VISITOR", help="the visitor's id")
    merged.add_argument("customer", metavar="ID", help="whose they are")
    merged.add_argument("--same-person", action="store_true", help="VISITOR is an account of the shop's: merge it too")
    command("import", _import, "read the shop's customers, orders and events; may be repeated")
    brought = command("migrate", run_migrate, "bring a database to the tables of this version, as every start does")
    brought.add_argument("--database", metavar="URL", help="in place of the shop's; a file or postgresql+psycopg://...")
    brought.add_argument("--write", metavar="MESSAGE", help="for developers: a new revision of what tables.py declares")
    agreed = command("consent", run_consent, "show or note what a customer agreed to", customer=True, as_json=True)
    agreed.add_argument("purpose", nargs="?", choices=[item.value for item in Purpose], help="what for")
    agreed.add_argument("answer", nargs="?", choices=("yes", "no"), help="what they said")
    agreed.add_argument("--source", default="command", help="where they said it (default: %(default)s)")
    given = command("export", run_export, "print everything that is held about a customer", customer=True)
    given.add_argument("--format", choices=("json", "text"), default="json", help="(default: %(default)s)")
    command("retain", run_retain, "remove what is older than the shop keeps it", as_json=True)
    command("audit", run_audit, "show who looked at, exported or erased a customer", customer=True, as_json=True)
    add_events_options(command("events", run_events, "take events in, and show what they add up to", as_json=True))
    segments = "show the shop's segments, their members with the reasons, or lists of them"
    add_segments_options(command("segments", run_segments, segments, as_json=True))
    add_build_options(command("build", run_build, "fold years of events at once, on one machine or many", as_json=True))
    return parser


def _list(options: argparse.Namespace, store: ProfileStore) -> None:
    rows = []
    for name in store.customers():
        profile = store.read(name)
        rows.append(
            {
                "customer": name,
                "name": store.customer(name).name,
                "orders": _orders(profile, store.schema),
                "traits": len(profile.everyone),
            }
        )
    if options.json:
        print_json(rows)
        return
    width = max([len("customer"), *(len(str(row["customer"])) for row in rows)])
    print(f"{'customer':<{width}} {'orders':>6} {'traits':>6}  name")
    for row in rows:
        orders = "-" if row["orders"] is None else row["orders"]
        print(f"{row['customer']:<{width}} {orders:>6} {row['traits']:>6}  {row['name']}")


def _import(options: argparse.Namespace, store: ProfileStore) -> None:
    done = import_shop(options.shop, store, _progress)
    print(f"{done.customers} customers, {done.orders} orders, {done.events.taken} events")


def _orders(profile: Profile, schema: Schema) -> int | None:
    """None where this shop's profiles do not say."""
    counts = [trait.value for trait in profile.of(_ORDER_COUNT) if trait.authority is Authority.SHOP]
    return int(counts[0]) if counts else 0 if _ORDER_COUNT in schema.attributes else None


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m finetune erase`: a customer, everywhere; one receipt.

It stands here because everything that holds something of customers can be reached from here: profiles, the agent's
consultations and orders, and samples. In: arguments. Out: the receipt, as text or JSON.
"""

import argparse
import json
import os
from pathlib import Path

from agent.checkpoints import CHECKPOINTS_FILE
from agent.places import agent_places
from agent.shop import ORDERS_FILE, load_shop
from errors import ConfigError
from finetune.logs.erasing import SampleSets
from finetune.logs.people import CUSTOMERS_FILE
from finetune.registry.registry import Registry
from profiles.database import DATABASE_FILE, chosen_database
from profiles.importing import EVENT_FILES, open_store
from profiles.preference.erasing import PreferenceFiles
from profiles.privacy.barred import WHO
from profiles.privacy.commands import staff
from profiles.privacy.erasure import Erasure, Receipt
from profiles.privacy.places import Place
from profiles.shop_files import read_lines

_EPILOG = """examples:
  python -m finetune erase C1001 --samples runs              samples and kept consultations in the folder `runs` too
  python -m finetune erase C1001 --json --by "Ada, ticket 17"
  python -m finetune erase --returned --samples runs         a backup was put back: erase all who were erased again

The erased leave a keyed hash of their id (in the database and in STATE/erased.jsonl: keep that file when a backup is
put back). Nothing is taken in under the id any more: not by events, not by imports, not by the agent. An erasure that
was interrupted is run again. Orders stay in the books without name and address. The shop's own files, such as
customers.jsonl, are not changed; the receipt says where the customer still stands in them, and which adapters have
learnt from them.

exit codes: 0 done; 2 a setting is wrong; 4 nothing is known of such a customer; 7 storage: run it again
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `erase`."""
    parser.epilog, parser.formatter_class = _EPILOG, argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("customer", nargs="?", metavar="CUSTOMER", help="the customer's id, or a visitor's who became them")
    add("--returned", action="store_true", help="instead: everybody who was erased and is there again")
    add("--shop", type=Path, default=Path("shop"), help="shop directory (default: %(default)s)")
    add("--state", type=Path, metavar="DIR", help="its state directory (default: SHOP/state)")
    add("--samples", type=Path, nargs="+", default=[], metavar="PATH", help="files and folders of samples")
    add("--preference", type=Path, nargs="+", default=[], metavar="FILE", help="files of preference models")
    add("--by", metavar="NAME", help="who asks, for receipt and audit (default: this machine's user)")
    add("--json", action="store_true", help="print JSON, a receipt a line")


def run(args: argparse.Namespace) -> int:
    """Erase, and print the receipts."""
    if bool(args.customer) == args.returned:
        raise ConfigError("name a customer, or say --returned")
    for receipt in erase(args):
        print(json.dumps(receipt.to_json(), ensure_ascii=False) if args.json else "\n".join(receipt.lines()))
    return 0


def erase(args: argparse.Namespace) -> list[Receipt]:
    """One receipt a customer."""
    state = args.state or load_shop(args.shop).default_state
    database = chosen_database(os.environ)
    store = open_store(args.shop, state, database)
    try:
        files: list[Place] = [SampleSets(args.samples), PreferenceFiles(args.preference)]
        places: list[Place] = [*files, *agent_places(store.engine, state)]
        erasure, by = Erasure(store, state), staff(args.by)
        if args.returned:
            return erasure.run_again(places, by)
        receipt = erasure.run(args.customer, places, by, left_in_files(args.shop, args.customer))
        before = left_in_databases(state) if store.engine.dialect.name != "sqlite" else []
        return [receipt.with_left([*before, *tainted(Registry(state, database))])]
    finally:
        store.engine.dispose()


def left_in_files(shop: Path, customer: str) -> list[str]:
    """Where the customer still stands in the shop's own files, which are the shop's to change."""
    fields = {CUSTOMERS_FILE: "id", ORDERS_FILE: "customer", **dict.fromkeys(EVENT_FILES, "userId")}
    found = []
    for name, field in fields.items():
        count = sum(str(line.get(field)) == customer for line in read_lines(shop / name))
        if count:
            found.append(f"still in {name}: {count} lines of the shop's own")
    return found


def left_in_databases(state: Path) -> list[str]:
    """SQLite files of a shop that has chosen PostgreSQL since: no command reads them any more."""
    there = [name for name in (DATABASE_FILE, CHECKPOINTS_FILE) if (state / name).is_file()]
    return [f"not erased from {state / name}, which PostgreSQL has replaced: remove the file" for name in there]


def tainted(registry: Registry) -> list[str]:
    """Adapters that have learnt from somebody of whom nothing may be learnt any more."""
    learnt = {version.id: len(samples) for version in registry.versions() if (samples := registry.taint(version.id))}
    serving = ", and serves: publish another or roll back"
    return [
        f"adapter {version} has learnt from {count} samples of {WHO}{serving if version == registry.current else ''}"
        for version, count in learnt.items()
    ]

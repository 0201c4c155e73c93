"""`python -m profiles`: shows what the shop knows about each customer, and why. See `--help`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errors import ShopkeeperError
from profiles.events.command import add_events_options, run_events
from profiles.importing import ensure_imported, import_shop, open_store
from profiles.observation import Authority, Profile, Trait, Value
from profiles.store import ProfileStore

EPILOG = """\
examples:
  python -m profiles list                      customers, with orders and traits
  python -m profiles show C1001                what is known about one customer
  python -m profiles show C1001 --json         the same, for programs
  python -m profiles explain C1001 color       why the profile says so
  python -m profiles history C1001             every observation, oldest first
  python -m profiles import                    read new customers, orders and events
  python -m profiles events --in FILE          take events in (Segment or GA4, JSON lines, also .gz; - for stdin)
  python -m profiles events --of C1001         what a customer's acts add up to

authority, strongest first: shop (its records), stated (by the customer), observed (in behaviour), inferred.
A weaker claim never replaces a stronger one; it is shown beside it as a challenge.

exit codes: 0 done, 2 bad setting or argument, 3 unreadable data, 4 no such customer, 7 database trouble
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        store = open_store(options.shop, options.state or options.shop / "state")
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
    shared.add_argument(
        "--shop", type=Path, default=Path("shop"), help="the shop's directory (default: shop)"
    )
    shared.add_argument("--state", type=Path, help="where the database is (default: SHOP/state)")
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

    command("show", _show, "show one customer's profile", customer=True, as_json=True)
    command("list", _list, "list the customers", as_json=True)
    command("history", _history, "show every observation of a customer", customer=True, as_json=True)
    explain = command("explain", _explain, "show why a profile holds what it holds", customer=True)
    explain.add_argument("attribute", metavar="ATTRIBUTE", help="an attribute of profile.yaml, like color")
    command("import", _import, "read the shop's customers, orders and events; may be repeated")
    add_events_options(command("events", run_events, "take events in, and show what they add up to", as_json=True))
    return parser


def _show(options: argparse.Namespace, store: ProfileStore) -> None:
    customer = store.customer(options.customer)
    profile = store.read(customer.id)
    if options.json:
        _print_json(
            {
                "customer": customer.id,
                "traits": [trait.to_full_json() for trait in profile.traits],
                "past": [trait.to_full_json() for trait in profile.past],
            }
        )
        return
    print(f"{customer.id}  {customer.name}")
    for trait in profile.traits:
        print(_line(trait))
        for challenge in trait.challenges:
            print(f"      but {challenge.authority}: {_words(challenge)}  ({_quotes(challenge)})")
    if profile.past:
        print("no longer:")
        for trait in profile.past:
            print(f"{_line(trait)}, until {trait.until:%Y-%m-%d}")


def _list(options: argparse.Namespace, store: ProfileStore) -> None:
    rows = []
    for name in store.customers():
        profile = store.read(name)
        rows.append(
            {
                "customer": name,
                "name": store.customer(name).name,
                "orders": _orders(profile),
                "traits": len(profile.traits),
            }
        )
    if options.json:
        _print_json(rows)
        return
    print(f"{'customer':<12} {'orders':>6} {'traits':>6}  name")
    for row in rows:
        print(f"{row['customer']:<12} {row['orders']:>6} {row['traits']:>6}  {row['name']}")


def _history(options: argparse.Namespace, store: ProfileStore) -> None:
    journal = store.history(store.customer(options.customer).id)
    if options.json:
        _print_json([item.to_json() for item in journal])
        return
    for item in journal:
        act = "retracts" if item.op == "retract" else item.polarity
        print(
            f"{item.at:%Y-%m-%d %H:%M}  {item.authority:<8} {act:<8} {item.attribute}: {_value(item.value)}"
            f"  {item.evidence.kind} {item.evidence.id}: {item.evidence.quote!r}"
        )


def _explain(options: argparse.Namespace, store: ProfileStore) -> None:
    attribute = store.schema.attribute(options.attribute)
    profile = store.read(store.customer(options.customer).id)
    print(f"{attribute.name}: {attribute.description or attribute.type}")
    print(f"may be written by: {', '.join(item for item in Authority if item in attribute.writers)}")
    for trait in profile.of(attribute.name):
        _explain_trait(trait, "holds")
        for challenge in trait.challenges:
            _explain_trait(challenge, "  challenged by")
    ended = [trait for trait in profile.past if trait.attribute == attribute.name]
    for trait in ended:
        _explain_trait(trait, "held")
    if not ended and not profile.of(attribute.name):
        print("nothing is known")


def _explain_trait(trait: Trait, verb: str) -> None:
    until = f" until {trait.until:%Y-%m-%d}" if trait.until else ""
    print(
        f"{verb} {_words(trait)}, {trait.authority}, confidence {trait.confidence:.2f}, "
        f"since {trait.since:%Y-%m-%d}{until}"
    )
    for item in trait.evidence:
        print(f"    {item.kind} {item.id}: {item.quote!r}")


def _import(options: argparse.Namespace, store: ProfileStore) -> None:
    done = import_shop(options.shop, store, _progress)
    print(f"{done.customers} customers, {done.orders} orders, {done.events.taken} events")


def _orders(profile: Profile) -> int:
    counts = [trait.value for trait in profile.of("order_count") if trait.authority is Authority.SHOP]
    return int(counts[0]) if counts else 0


def _line(trait: Trait) -> str:
    return f"  {trait.authority:<8} {trait.confidence:4.2f}  {_words(trait)}  ({_quotes(trait)})"


def _words(trait: Trait) -> str:
    verb = "" if trait.polarity == "fact" else f"{trait.polarity}s "
    return f"{verb}{trait.attribute}: {_value(trait.value)}"


def _value(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quotes(trait: Trait) -> str:
    return "; ".join(item.quote for item in trait.evidence[-2:])


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _print_json(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    sys.exit(main())

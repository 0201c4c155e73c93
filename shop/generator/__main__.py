"""Command line of the demo shop's generator: a folder and a seed come in, four data files go out."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from errors import ShopkeeperError
from shop.generator.files import write_lines
from shop.generator.people import make_people, make_traits
from shop.generator.products import make_products
from shop.generator.purchases import Fees, Shelf, make_purchases
from shop.generator.ranges import load_brands, load_ranges
from shop.generator.sessions import make_events

SEED, CUSTOMERS, ORDERS, EVENTS = 7, 300, 800, 30_000
EPILOG = """examples:
  python -m shop.generator --out shop              the committed files again, byte for byte
  python -m shop.generator --out /tmp/other --seed 8   another shop of the same kind

The words are in shop/generator/words, the shipping fees in shop/shop.toml.
The same seed and words give the same bytes.
exit codes: 0 done, 2 wrong arguments, 3 a word file cannot be read as what it should be, 7 cannot write"""


def generate(out: Path, seed: int) -> dict[str, int]:
    """Write the four files into `out`; their sizes in bytes by name. Raises DataError, StorageError."""
    brands = load_brands()
    products = make_products(load_ranges(), brands, seed)
    people = make_people(brands, CUSTOMERS, seed)
    shelves = [Shelf(person, products) for person in people]
    fees = Fees.of_shop(Path(__file__).parents[1] / "shop.toml")
    purchases = make_purchases(shelves, fees, ORDERS, seed)
    spent: Counter[str] = Counter()
    for order in purchases:
        if order.status != "cancelled":
            spent[order.person.id] += int(order.total)
    rows = {
        "catalog.jsonl": [product.to_json() for product in products],
        "customers.jsonl": [person.to_json(spent[person.id], make_traits(person, seed)) for person in people],
        "orders.jsonl": [order.to_json() for order in purchases],
        "events.jsonl.gz": make_events(shelves, purchases, EVENTS, seed),
    }
    return {name: write_lines(out / name, lines) for name, lines in rows.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m shop.generator",
        description="Make the demo shop's catalogue, customers, orders and events.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the files go; made if missing")
    parser.add_argument("--seed", type=int, default=SEED, help="the same number gives the same shop (default 7)")
    wanted = parser.parse_args(arguments)
    try:
        for name, size in generate(wanted.out, wanted.seed).items():
            print(f"{wanted.out / name}  {size:,} bytes")
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Shows how a message is read: `python -m language "boots under $100, no leather"`.

In: a text and, with `--shop`, the words of a shop. Out: the reading, as a table or as one JSON object. Errors: one
line, and the exit code of the error.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import clock
from errors import ShopkeeperError
from language.matching import Lexicon
from language.reading import Reading, read
from language.shop_words import ShopWords, load_shop_words

_HELP = """\
A message is read once; everything else works on that reading.

  python -m language "sleeping bags for -10 degrees under $200"
  python -m language "不要羊毛，两百以内" --json
  python -m language "it came last Monday" --today 2026-11-27
  python -m language "ein Zelt für 4 Personen, höchstens 300 Euro" --shop my-shop

The keys of --json:
  language     ISO 639-1 code of the message's language
  price        {"min", "max"}: floor and ceiling of a price that is asked for; null where none is said
  quantities   [{"text", "value", "unit", "counts", "role", "min", "max"}]: all other numbers, and prices that limit
               nothing. `counts`: money, people, age, temperature, volume, mass, length, duration, size, pieces, ...;
               `role`: exact, about, floor, ceiling or between; a range has a `value` such as "30..40"
  dates        [{"text", "date", "days"}]: `date` is null where several days are possible ("03/04")
  values       [{"text", "facet", "value", "denied"}]: words of the shop; denied: ruled out, as in "no wool"
  order_ids    [id], in capitals and without "#"
  question     true or false
  about        "self", "other" (somebody else is spoken of), or null
  refers_back  [text]: "the second one", "it"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, read, print."""
    options = _parser().parse_args(arguments)
    try:
        print(_shown(_reading(options), options.json))
    except ShopkeeperError as error:
        print(f"python -m language: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _reading(options: argparse.Namespace) -> Reading:
    shop = load_shop_words(options.shop) if options.shop else ShopWords(("en",), "UTC", {}, frozenset())
    return read(
        options.text,
        today=options.today or clock.today(clock.zone(shop.timezone)),
        lexicon=Lexicon(shop.words, shop.languages),
        served=shop.languages,
        id_shapes=shop.id_shapes,
    )


def _shown(reading: Reading, as_json: bool) -> str:
    facts = reading.to_json()
    if as_json:
        return json.dumps(facts, ensure_ascii=False)
    return "\n".join(f"{name:12} {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m language",
        description="Show how a customer's message is read.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("text", metavar="TEXT", help="the message")
    default = Path("shop") if Path("shop/shop.toml").is_file() else None
    parser.add_argument(
        "--shop", type=Path, metavar="DIR", default=default, help="whose words to know (default: ./shop if it is there)"
    )
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        metavar="DATE",
        help="the day of the message (default: today in the shop's zone; SHOPKEEPER_NOW counts)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Talk to a shop's agent in a terminal, or line by line as JSON for other programs; look after carts and what waits.

In: a shop directory, a customer and messages on standard input. Out: replies, or one JSON object a line (`--json`).
Behind the words `handoffs`, `cases` and `cart`, the commands of `agent.staff_commands` and `agent.cart_commands`.
"""

import argparse
import json
import os
import sys
import uuid
from collections.abc import Iterable

from agent import cart_commands, staff_commands
from agent.cli import add_log_level, add_model, add_shop, add_state, set_up
from agent.context import VISITOR
from agent.models.profile import choose_profile
from agent.shop import load_shop
from agent.shopkeeper import Event, Shopkeeper, open_shopkeeper
from agent.turn import Delta, Replace, Step, Turn
from errors import ConfigError, ShopkeeperError
from profiles.storage.database import chosen_database

EPILOG = """examples:
  python -m agent --customer C1001                      chat as customer C1001 of the demo shop
  python -m agent                                       chat as a visitor
  echo "Where is my last order?" | python -m agent --customer C1001 --json
  python -m agent --model large                         the larger model, after `make model MODEL=large`
  python -m agent --model http://127.0.0.1:8000/v1      the same agent on a vLLM server
  python -m agent --consultation ID                     go on with an earlier consultation
  python -m agent handoffs list                         who waits for a person; `handoffs --help` says more
  python -m agent handoffs close ID                     the person is done, and the agent answers again
  python -m agent cart show --customer C1001            what is in a customer's cart; `cart --help` says more
  python -m agent cases list                            what went wrong with orders; `cases --help` says more

how much help the model gets (--profile, or profile in shop.toml; by default that of its kind):
  tuned   the embedded default and what the project publishes: the compact prompt that it was trained on, calls held to
          their schema and to what the customer said, completed with what the message plainly says, ids set right
  gguf    any other .gguf file: its own chat template, tools with full descriptions, calls held to their schema
  large   the larger embedded model: as gguf, with worked examples and all that tuned adds to calls
  served  a server's URL: its own template, tools with full descriptions, and nothing else
Single settings: the table [model_profile] in shop.toml. {profile}

Each run is a new consultation unless --consultation names one; the profile is kept either way. With --json the
consultation's id is the first thing written to standard error.

exit codes: 0 done; 2 wrong setting or shop file; 4 unknown customer; 6 the model cannot be loaded; 7 storage trouble
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, open the shop, answer until the input ends."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == [cart_commands.NAME]:
        return cart_commands.main(given[1:])
    if given and given[0] in staff_commands.KINDS:
        return staff_commands.main(given[0], given[1:])
    options = _parser(given).parse_args(given)
    try:
        set_up(options.log_level)
        database = chosen_database(os.environ)
        with open_shopkeeper(
            options.shop,
            options.state,
            model=options.model,
            profile=options.profile,
            replies=options.replies,
            database=database,
        ) as shopkeeper:
            customer = shopkeeper.known(options.customer) if options.customer else f"{VISITOR}{uuid.uuid4().hex[:12]}"
            consultation = options.consultation or uuid.uuid4().hex
            if options.json:
                print(f"consultation {consultation}", file=sys.stderr)
                _answer_lines(shopkeeper, customer, consultation, sys.stdin)
            else:
                _chat(shopkeeper, customer, consultation)
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _answer_lines(shopkeeper: Shopkeeper, customer: str, consultation: str, lines: Iterable[str]) -> None:
    for line in lines:
        turn = shopkeeper.reply(customer, consultation, line.rstrip("\n"))
        print(json.dumps(turn.to_json(), ensure_ascii=False), flush=True)


def _chat(shopkeeper: Shopkeeper, customer: str, consultation: str) -> None:
    """A terminal chat: tools and profile changes show in grey beside the reply."""
    print(shopkeeper.greeting(customer))
    print(f"(customer {customer}, consultation {consultation}; an empty line or Ctrl-D ends)")
    while True:
        try:
            text = input("\nyou> ")
        except EOFError:
            return
        if not text.strip():
            return
        if not sys.stdin.isatty():
            print(text)  # so that what was piped in stands in the transcript
        for event in shopkeeper.stream(customer, consultation, text):
            _show(event)


def _show(event: Event) -> None:
    """Words as they come on a terminal; what goes elsewhere, such as a transcript, has the reply alone."""
    match event:
        case Step():
            print(_grey(f"  · {event.name} {json.dumps(event.arguments, ensure_ascii=False)}"))
        case Delta() if sys.stdout.isatty():
            print(event.text, end="", flush=True)
        case Replace() if sys.stdout.isatty():
            print(f"\n{event.text}", end="", flush=True)  # what stands above it stays: a terminal takes nothing back
        case Turn():
            said = "" if sys.stdout.isatty() else event.reply
            print(f"{said}\n" if event.reply else _grey("  (a person will answer here)"))
            for name, traits in event.profile.items():
                for trait in traits:
                    who = f" ({trait['about']})" if trait["about"] else ""
                    print(_grey(f"  {name}: {trait['polarity']} {trait['attribute']} = {trait['value']}{who}"))


def _grey(text: str) -> str:
    return f"\x1b[90m{text}\x1b[0m" if sys.stdout.isatty() else text


def _profile_line(arguments: list[str] | None) -> str:
    """Which profile these arguments take; nothing where they, or the shop's settings, are wrong."""
    known = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    add_shop(known)
    add_model(known)
    try:
        options, _ = known.parse_known_args(arguments)
        shop = load_shop(options.shop)
        model = options.model or shop.model
        profile = choose_profile(model, options.profile or shop.profile, shop.model_profile)
    except (argparse.ArgumentError, ConfigError):
        return ""
    return f"The model {model} takes {profile.name}."


def _parser(arguments: list[str] | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent",
        description="Chat with a shop's agent in the terminal, or exchange JSON lines with it.",
        epilog=EPILOG.format(profile=_profile_line(arguments)).replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_shop(parser)
    add_state(parser)
    parser.add_argument("--customer", metavar="ID", help="customer's id; without it, a new visitor")
    parser.add_argument("--consultation", metavar="ID", help="go on with this consultation")
    add_model(parser)
    add_log_level(parser)
    parser.add_argument("--json", action="store_true", help="one message a line in, one JSON object a line out")
    return parser


if __name__ == "__main__":
    sys.exit(main())

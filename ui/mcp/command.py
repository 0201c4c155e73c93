"""The MCP server over standard input and output: `python -m ui mcp`, which an assistant on this machine starts.

In: a shop directory, and whom it serves. Out: messages of MCP until its input ends. Whoever can start it acts as that
customer, or as a new visitor, and for nobody else.
"""

import argparse
import os
import sys

import anyio
from mcp.server.stdio import stdio_server

from agent.cli import add_log_level, add_model, add_shop, add_state, set_up
from agent.context import is_visitor
from agent.shopkeeper import Shopkeeper, open_shopkeeper
from errors import ShopkeeperError
from profiles.storage.database import chosen_database
from ui.access.caller import OWN, Caller, Kind
from ui.mcp.server import mcp_server
from ui.session import new_visitor
from ui.ucp.call import Call

NAME = "mcp"
EPILOG = """examples:
  python -m ui mcp                                      the demo shop, for a new visitor
  python -m ui mcp --shop shop --customer C1002         for one of its customers: whoever starts it is them

It speaks on standard input and output; what it has to say besides stands on standard error. For the address of an
assistant's own settings: command "python", arguments ["-m", "ui", "mcp", "--shop", "shop"].

exit codes: 0 ended; 2 wrong setting or shop file; 4 unknown customer; 6 the model cannot be loaded; 7 storage trouble
"""


def main(arguments: list[str]) -> int:
    """Open the shop, serve until the input ends."""
    options = _parser().parse_args(arguments)
    try:
        set_up(options.log_level)
        with open_shopkeeper(
            options.shop,
            options.state,
            model=options.model,
            profile=options.profile,
            replies=options.replies,
            database=chosen_database(os.environ),
        ) as shopkeeper:
            serve_stdio(shopkeeper, person(shopkeeper, options.customer))
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


def person(shopkeeper: Shopkeeper, customer: str | None) -> Caller:
    """Whoever started it. Errors: `NotFound` for a customer whom the shop does not know."""
    known = shopkeeper.known(customer) if customer else new_visitor()
    return Caller(Kind.VISITOR if is_visitor(known) else Kind.CUSTOMER, known, OWN)


def serve_stdio(shopkeeper: Shopkeeper, caller: Caller) -> None:
    """Until the input ends."""
    server = mcp_server(shopkeeper, lambda _: Call(shopkeeper, caller))

    async def serve() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(serve)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m ui {NAME}",
        description="Serve a shop to one assistant on this machine, by the Model Context Protocol.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_shop(parser)
    parser.add_argument("--customer", metavar="ID", help="whom it acts for (default: a new visitor)")
    add_state(parser)
    add_model(parser)
    add_log_level(parser)
    return parser

"""Serve a shop's page: the conversation with its agent, what the agent knows, finds and does.

In: a shop directory and an address. Out: a web page until the process is ended. The words `keys` and `mcp` are other
commands.
"""

import argparse
import os
import signal
import sys
import time

from agent.cli import add_log_level, add_model, add_shop, add_state, set_up
from agent.services import progress
from agent.shopkeeper import open_shopkeeper
from errors import ShopkeeperError
from profiles.events.keys import Keys
from profiles.shop.files import load_settings
from profiles.shop.imports import open_intake
from profiles.storage.database import chosen_database
from ui.access import key_commands
from ui.access.access import open_access
from ui.api.turns import Turns
from ui.mcp import command as mcp_command
from ui.page.page import Page
from ui.server import Site, application, serve, with_page
from ui.storefront.settings import is_demo

EPILOG = """examples:
  python -m ui                                          the demo shop on http://127.0.0.1:7860
  python -m ui --shop shop --port 8080                  another port
  python -m ui --host 0.0.0.0                           other machines too; nobody signs in: demo data only
  python -m ui --state shop/try                         a profile database and an index of its own
  python -m ui --model http://127.0.0.1:8000/v1 --replies free
                                                        a model on a vLLM server that writes its own replies
  python -m ui keys create crm --scopes profiles        a key for a machine; `keys --help` says more
  python -m ui mcp --help                               one assistant on this machine, by MCP

Pick a customer at the top, or stay a visitor, and write to the assistant. A visitor who picks a customer has
signed in: what they said goes on as the customer's. The page keeps the conversation over a refresh, and over a
restart with the same --state. It loads nothing from other hosts and sends them
nothing.

Programs use the HTTP API and MCP with a key (`python -m ui keys --help`): docs/api.md, docs/agents.md.
Events of the shop come in at POST /v1/track, /v1/identify, /v1/batch (as Segment sends them) and /mp/collect (GA4),
once SHOPKEEPER_WRITE_KEY, or events.write_key in shop.toml, is set; see profiles/events/keys.py.

exit codes: 0 ended; 2 wrong setting, shop file or address; 6 the model cannot be loaded; 7 storage trouble
"""
_COMMANDS = {key_commands.NAME: key_commands.main, mcp_command.NAME: mcp_command.main}


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, open the shop, serve until the process is ended; or run another command."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] in _COMMANDS:
        return _COMMANDS[given[0]](given[1:])
    options = _parser().parse_args(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    began = time.monotonic()
    try:
        set_up(options.log_level)
        progress("opening the shop: its index, its profiles, the model")
        database = chosen_database(os.environ)
        with open_shopkeeper(
            options.shop,
            options.state,
            model=options.model,
            profile=options.profile,
            replies=options.replies,
            database=database,
        ) as shopkeeper:
            keys = Keys.load(load_settings(options.shop, "events"), os.environ)
            intake = open_intake(options.shop, shopkeeper.services.profiles)
            shop = shopkeeper.services.shop
            access = open_access(
                shop.root, options.state or shop.default_state, shopkeeper.services.profiles, os.environ
            )
            app = with_page(
                application(Site(shopkeeper, intake, keys, access, Turns(shopkeeper))), Page(shopkeeper, intake).build()
            )

            def say_ready() -> None:
                at = f"http://{options.host}:{options.port}"
                page = "the page, " if access.web.page else ""
                print(f"{shop.name}: {at} ({page}the HTTP API in /openapi.json, MCP at /mcp)", flush=True)
                if is_demo(shop.root):
                    print(f"A demo shop with the widget on its pages: {at}/shop/", flush=True)
                progress(f"ready after {time.monotonic() - began:.0f} s; Ctrl-C ends it")

            serve(app, options.host, options.port, say_ready)
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ui",
        description="Serve a shop's page: talk to its agent, and see what it knows, finds and does.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_shop(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine)")
    parser.add_argument("--port", type=_port, default=7860, help="port to listen on (default: 7860)")
    add_state(parser)
    add_model(parser)
    add_log_level(parser)
    return parser


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())

"""Options that command lines share: which shop, where its state is, which model answers, with how much help.

In: an argument parser. Out: the same with `shop`, `state`, `model`, `profile`, `replies`.
"""

import argparse
from pathlib import Path

from agent.models.profile import PROFILES


def add_shop(parser: argparse.ArgumentParser) -> None:
    """`--shop DIR`."""
    parser.add_argument("--shop", type=Path, default=Path("shop"), metavar="DIR", help="shop directory (default: shop)")


def add_state(parser: argparse.ArgumentParser) -> None:
    """`--state DIR`; None means the shop's own."""
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="where database, index and adapters live (default: SHOP/state)"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """`--model`, `--profile` and `--replies`; None means as the shop has it, else as the model's profile has it."""
    parser.add_argument("--model", help="embedded, a .gguf file or a server's URL (default: as in shop.toml)")
    parser.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        help="how much help the model gets (default: as in shop.toml, else that of its kind)",
    )
    parser.add_argument("--replies", choices=("strict", "free"), help="who writes replies (default: as in shop.toml)")

"""`python -m finetune play` and `python -m finetune shops`: their arguments, and what they run.

In: an argument parser, then the parsed arguments. Out: files, progress on standard output, exit code 0. Errors: those
of the shops, the plans and the files.
"""

import argparse
import os
from pathlib import Path

from agent.cli import add_shop

HELD_OUT = Path("eval/conversation.yaml")  # what the eval says must not be learnt by heart
_VERTICALS = '"train", "held-out", "all", or names with commas (default: %(default)s)'


def play_arguments(parser: argparse.ArgumentParser) -> None:
    """What `play` takes."""
    add = parser.add_argument
    add_shop(parser)
    add("--random-shops", type=int, metavar="N", help="play over N random shops instead, made beside the file")
    add("--verticals", default="train", help=f"what random shops sell: {_VERTICALS}")
    add("--consultations", type=int, default=2000, help="how many there shall be in the file (default: %(default)s)")
    add("--seed", type=int, default=7, help="(default: %(default)s)")
    add("--out", type=Path, default=Path("runs/play.jsonl"), help="JSONL; if begun, goes on (default: %(default)s)")
    add("--chinese", type=float, default=0.2, help="share in Chinese where a shop has both (default: %(default)s)")
    add("--avoid", type=Path, default=HELD_OUT, help="YAML of cases with `say` lists that must not occur")
    add("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: %(default)s)")
    add("--dry", type=int, metavar="N", help="print N planned dialogues of each shop and play none")


def run_play(args: argparse.Namespace) -> int:
    """Play, or only print plans."""
    from finetune.selfplay.customer import Habits  # the agent behind it takes seconds to import
    from finetune.selfplay.runner import play, print_plans, wordings_of
    from finetune.selfplay.shops.make import make_shop, shop_name
    from finetune.selfplay.shops.population import peopled

    habits = Habits(args.chinese, wordings_of(args.avoid))
    made = args.out.with_suffix(".shops")
    if args.random_shops:
        folder = made / f"{args.verticals}-{args.seed}"
        shops = [make_shop(folder / shop_name(n), args.seed, n, args.verticals) for n in range(args.random_shops)]
    else:
        shops = [peopled(args.shop, made / args.shop.resolve().name, args.seed)]
    if args.dry is not None:
        for shop in shops:
            print_plans(shop, args.dry, args.seed, habits)
        return 0
    print(play(shops, args.consultations, args.out, args.seed, habits, args.workers).table())
    return 0


def shops_arguments(parser: argparse.ArgumentParser) -> None:
    """What `shops` takes."""
    add = parser.add_argument
    add("--count", type=int, default=10, help="how many (default: %(default)s)")
    add("--seed", type=int, default=7, help="(default: %(default)s)")
    add("--out", type=Path, required=True, help="folder to make them in; those that are there stay")
    add("--verticals", default="train", help=f"what they sell: {_VERTICALS}")


def run_shops(args: argparse.Namespace) -> int:
    """Make random shop directories."""
    from finetune.selfplay.shops.make import make_shop, shop_name

    for number in range(args.count):
        print(make_shop(args.out / shop_name(number), args.seed, number, args.verticals), flush=True)
    return 0

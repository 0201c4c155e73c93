"""`python -m finetune recogniser`: trains what recognises the wishes of a message.

In: arguments. Out: weights in a folder, and their figures on standard output. What trains is imported when it runs.
"""

import argparse
import json
from pathlib import Path

from errors import ConfigError

OUT = Path("agent/guided/recogniser/trained")
_EPOCHS, _SEED = 4, 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--data", type=Path, help="packed consultations (default: the project's own)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: %(default)s)")
    parser.add_argument("--start", type=Path, help="a folder with what was trained before, which learns more")
    parser.add_argument(
        "--rehearse",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of the project's own consultations that are learnt beside those of --data",
    )
    parser.add_argument("--epochs", type=int, default=_EPOCHS, help="passes over them (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=_SEED, help="(default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="the figures as one line of JSON at the end")


def run(args: argparse.Namespace) -> int:
    """Train, keep the weights, and say how they do on what was held back."""
    from finetune.consultations.written import WRITTEN
    from finetune.recogniser import Recipe, table, train_and_write

    if not 0 <= args.rehearse <= 1:
        raise ConfigError(f"--rehearse {args.rehearse} is no share: it lies between 0 and 1")
    recipe = Recipe(epochs=args.epochs, seed=args.seed, start=str(args.start or ""))
    figures = train_and_write(args.data or WRITTEN, args.out, recipe, args.rehearse)
    print(json.dumps(figures) if args.json else table(figures))
    return 0

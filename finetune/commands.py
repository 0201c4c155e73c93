"""`python -m finetune train`, `prefer` and `erase`: their arguments, and what they print.

In: arguments. Out: a trained folder and lines of progress, or receipts; and an exit code. Errors: those of training and
of erasing.
"""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli import add_shop, add_state
from errors import ConfigError
from finetune.base import BASE_DIR
from finetune.methods import METHODS, method_of

if TYPE_CHECKING:
    from finetune.train import Outcome, Recipe

STOPPED = 10
_POSITIVE = ("minutes", "epochs", "rank", "layers", "learning_rate", "batch", "accumulate", "max_tokens", "save_steps")
GPU_RECIPE = """a larger base on GPUs differs by its arguments only:
  python -m finetune train --base Qwen/Qwen3-4B-Instruct-2507 --samples runs/play.jsonl --out runs/qwen \\
      --rank 64 --learning-rate 2e-4 --batch 8 --accumulate 4 --max-tokens 8192 --save-memory --track wandb
  accelerate launch --num_processes 4 -m finetune train ...       the same arguments, on four GPUs
  python -m finetune merge --adapter runs/qwen --out runs/merged  or serve it with vLLM --enable-lora as it is
On CPUs, a process a core computes half as much again as one with as many threads:
  OMP_NUM_THREADS=1 torchrun --nproc_per_node 2 -m -- finetune train --batch 2 ...
"""

ERASURE = """examples:
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


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train` takes."""
    parser.epilog, parser.formatter_class = GPU_RECIPE, argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--samples", nargs="+", required=True, metavar="FILE[=WEIGHT]",
        help="JSONL: {messages, tools, meta} a line; weight 2 takes each sample twice, 0.5 a random half",
    )  # fmt: skip
    _add_recipe(parser, batch=8, epochs=3.0, warmup=20)


def add_prefer_arguments(parser: argparse.ArgumentParser) -> None:
    """What `prefer` takes."""
    parser.add_argument(
        "--pairs", nargs="+", required=True, type=Path, metavar="FILE",
        help="JSONL: {messages, tools, chosen, rejected, meta} a line; a thumb has only chosen or only rejected",
    )  # fmt: skip
    _add_recipe(parser, batch=4, epochs=1.0, warmup=5)


def add_erase_arguments(parser: argparse.ArgumentParser) -> None:
    """What `erase` takes."""
    parser.epilog, parser.formatter_class = ERASURE, argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("customer", nargs="?", metavar="CUSTOMER", help="the customer's id, or a visitor's who became them")
    add("--returned", action="store_true", help="instead: everybody who was erased and is there again")
    add_shop(parser)
    add_state(parser)
    add("--samples", type=Path, nargs="+", default=[], metavar="PATH", help="files and folders of samples")
    add("--preference", type=Path, nargs="+", default=[], metavar="FILE", help="files of preference models")
    add("--by", metavar="NAME", help="who asks, for receipt and audit (default: this machine's user)")
    add("--json", action="store_true", help="print JSON, a receipt a line")


def train(args: argparse.Namespace) -> int:
    """Train on samples."""
    from finetune.base import find_base, open_tokenizer
    from finetune.data_mix import Source, read_mixture
    from finetune.registry.lineage import keep_lineage
    from finetune.train import train
    from profiles.privacy.excluded import barred
    from profiles.storage.database import chosen_database

    sources = [Source.parse(text) for text in args.samples]
    gone = barred(args.state, chosen_database(os.environ))
    base, recipe = find_base(args.base), _recipe(args)
    mixture = read_mixture(sources, open_tokenizer(base), args.max_tokens, args.seed, gone)
    _tell(str(mixture))
    if _is_first():
        keep_lineage(args.out, [source.path for source in sources], gone, args.start)
    return _end(train(base, mixture.features, args.out, recipe, args.start))


def prefer(args: argparse.Namespace) -> int:
    """Train on pairs."""
    from finetune.base import find_base, open_tokenizer
    from finetune.preference import prefer, read_pairs
    from finetune.registry.lineage import keep_lineage
    from profiles.privacy.excluded import barred
    from profiles.storage.database import chosen_database

    base, recipe = find_base(args.base), _recipe(args)
    gone = barred(args.state, chosen_database(os.environ))
    pairs = read_pairs(args.pairs, open_tokenizer(base), args.max_tokens, gone)
    _tell(str(pairs))
    if _is_first():
        keep_lineage(args.out, args.pairs, gone, args.start)
    return _end(prefer(base, pairs.pairs, args.out, recipe, args.start))


def erase(args: argparse.Namespace) -> int:
    """Erase, and print the receipts."""
    from finetune.erase import Wish, erase
    from profiles.privacy.commands import staff

    if bool(args.customer) == args.returned:
        raise ConfigError("name a customer, or say --returned")
    wish = Wish(args.customer, args.shop, args.state, args.samples, args.preference, staff(args.by))
    for receipt in erase(wish):
        print(json.dumps(receipt.to_json(), ensure_ascii=False) if args.json else "\n".join(receipt.lines()))
    return 0


def _add_recipe(parser: argparse.ArgumentParser, batch: int, epochs: float, warmup: int) -> None:
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder for what is trained and its checkpoints; if begun, goes on")
    add("--base", default=str(BASE_DIR), help="hub id or folder of any ChatML model (default: %(default)s)")
    add("--start", type=Path, metavar="ADAPTER", help="begin with what was trained there instead of from nothing")
    add(
        "--state", type=Path, default=Path("shop/state"), metavar="DIR",
        help="the shop's state: what is of customers erased there, or who agree to training no more, is left out"
        " (default: %(default)s)",
    )  # fmt: skip
    add("--method", choices=METHODS, help="see `python -m finetune methods` (default: that of --start, or lora)")
    add("--minutes", type=float, help="wall time to spend; the learning rate's schedule is fitted to it")
    add("--epochs", type=float, default=epochs, help="times through the data at most (default: %(default)s)")
    add("--rank", type=int, default=32, help="of the method's matrices; prefix: tokens (default: %(default)s)")
    add("--layers", type=int, help="change only so many of the last layers: quicker, and takes less memory")
    add("--learning-rate", type=float, help="its peak (default: the method's)")
    add("--warmup-steps", type=int, default=warmup, help="steps until the peak (default: %(default)s)")
    add("--batch", type=int, default=batch, help="samples a process computes at once (default: %(default)s)")
    add("--accumulate", type=int, default=1, help="batches a step (default: %(default)s)")
    add("--max-tokens", type=int, default=2048, help="of a sample; the rest is cut (default: %(default)s)")
    add("--save-steps", type=int, default=50, help="steps between checkpoints (default: %(default)s)")
    add("--save-memory", action="store_true", help="compute activations twice instead of keeping them")
    add("--track", choices=("tensorboard", "wandb", "none"), default="tensorboard", help="(default: %(default)s)")
    add("--seed", type=int, default=7, help="(default: %(default)s)")


def _recipe(args: argparse.Namespace) -> "Recipe":
    from finetune.train import Recipe

    for name in _POSITIVE:
        value = getattr(args, name)
        if value is not None and not value > 0:
            raise ConfigError(f"--{name.replace('_', '-')} {value} should be more than 0")
    method = args.method or (method_of(args.start).name if args.start else "lora")
    return Recipe(
        method=method,
        rank=args.rank,
        learning_rate=args.learning_rate,
        batch=args.batch,
        accumulate=args.accumulate,
        epochs=args.epochs,
        minutes=args.minutes,
        warmup_steps=args.warmup_steps,
        layers=args.layers,
        save_steps=args.save_steps,
        save_memory=args.save_memory,
        track=args.track,
        seed=args.seed,
    )


def _end(outcome: "Outcome") -> int:
    _tell(str(outcome) if outcome.finished else f"stopped at step {outcome.steps}; the same command goes on")
    return 0 if outcome.finished else STOPPED


def _tell(text: str) -> None:
    if _is_first():
        print(text, flush=True)


def _is_first() -> bool:
    """Of several processes under `accelerate launch`, the first speaks for all."""
    return os.environ.get("RANK", "0") == "0"

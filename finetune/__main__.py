"""`python -m finetune`: weights, samples, training, merging and GGUF, each a command.

In: arguments. Out: files, progress on standard output, and an exit code from the error tree.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from errors import ConfigError, ShopkeeperError
from finetune.base import BASE_DIR
from finetune.commands import add_erase_arguments, add_prefer_arguments, add_train_arguments, erase, prefer, train
from finetune.consultations.commands import add_arguments as add_consultations_arguments
from finetune.consultations.commands import run as run_consultations
from finetune.corpora.commands import add_arguments as add_corpus_arguments
from finetune.environment import settle
from finetune.gguf_out import QUANTIZATIONS
from finetune.logs.commands import add_arguments as add_logs_arguments
from finetune.loop import add_arguments as add_loop_arguments
from finetune.loop import run as run_loop
from finetune.merge import DEFAULT_ADAPTER, DEFAULT_DIR
from finetune.methods import table
from finetune.recogniser_command import add_arguments as add_recogniser_arguments
from finetune.recogniser_command import run as run_recogniser
from finetune.registry.commands import add_arguments as add_registry_arguments
from finetune.selfplay.commands import play_arguments, run_play, run_shops, shops_arguments

_EPILOG = """examples:
  python -m finetune build                                        all that the embedded engine needs
  python -m finetune large                                        the larger model, 1.1 GB; run again to resume
  python -m finetune play --shop shop --consultations 2000 --out runs/play.jsonl
  python -m finetune play --random-shops 60 --consultations 6000 --out runs/random.jsonl
  python -m finetune consultations show w1-001                    the project's own, written by hand; check, samples
  python -m finetune base --from FILE.gguf --out runs/base        another base to train: Qwen2, Llama
  python -m finetune logs --in tickets.jsonl --shop shop --out runs/logs --teacher embedded
  python -m finetune corpus laps --data PATH --out runs/laps.jsonl
  python -m finetune train --samples runs/play.jsonl --out runs/adapter --minutes 60
  python -m finetune prefer --pairs runs/pairs.jsonl --start runs/adapter --out runs/preferred
  python -m finetune merge --adapter runs/adapter --out runs/merged          safetensors, for vLLM
  python -m finetune gguf --merged runs/merged --out runs/model.gguf         for the embedded engine
  python -m finetune registry add runs/adapter                               then: registry publish ID
  python -m finetune erase C1001 --samples runs                              a customer, everywhere; a receipt
  python -m finetune loop --logs tickets.jsonl --consultations 2000 --minutes 60       all of it; run again to resume

exit codes: 0 done; 1 other error; 2 a setting is wrong or a package is missing; 3 samples cannot be read;
6 weights are damaged or do not fit; 7 the disk cannot be written; 10 training was stopped: run it again
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except ShopkeeperError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m finetune",
        description="Make the small model fit a shop: from weights and consultations to a served model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.set_defaults(run=run)
        return made

    add_recogniser_arguments(command("recogniser", run_recogniser, "train what recognises the wishes of a message"))
    _base_arguments(command("base", _base, "make the trainable base folder from a GGUF file"))
    play_arguments(command("play", run_play, "make samples by self-play, on one shop or on random ones"))
    shops_arguments(command("shops", run_shops, "make random shops, for self-play and evals"))
    add_consultations_arguments(
        command("consultations", run_consultations, "the project's own, written by hand: pack, check, show")
    )
    add_logs_arguments(command("logs", _logs, "make samples from the shop's own consultations; run again to resume"))
    add_corpus_arguments(command("corpus", _corpus, "make samples from public data, by path"))
    add_train_arguments(command("train", train, "train on samples, by any method; run again to resume"))
    add_prefer_arguments(command("prefer", prefer, "train on pairs of a better and a worse answer (DPO)"))
    command("methods", _methods, "print the methods of training, and where each can be served")
    _merge_arguments(command("merge", _merge, "merge what was trained into its base, as bfloat16 safetensors"))
    _gguf_arguments(command("gguf", _gguf, "write a merged model as GGUF, for the embedded engine"))
    _build_arguments(command("build", _build, "base, merged default adapter and GGUF, as far as missing"))
    command("large", _large, "fetch the larger embedded model in its parts, and join it; run again to resume")
    add_loop_arguments(command("loop", run_loop, "self-play and logs to a published adapter; run again to resume"))
    add_registry_arguments(commands.add_parser("registry", help="keep adapters; publish one through the gate; go back"))
    add_erase_arguments(command("erase", erase, "erase a customer everywhere: profile, consultations, samples"))
    command("card", _card, "print the model card of the default adapter")
    return parser


def _base_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--from", type=Path, dest="gguf", metavar="FILE.gguf", help="a model of llama or qwen2 (default: the wheel's)")
    add("--out", type=Path, help=f"folder to write (default, for the wheel's: {BASE_DIR})")


def _base(args: argparse.Namespace) -> int:
    from finetune.base import build_base

    if args.gguf and not args.out:
        raise ConfigError(f"say with --out which folder is to be made from {args.gguf}")
    print(build_base(args.out or BASE_DIR, args.gguf))
    return 0


def _logs(args: argparse.Namespace) -> int:
    from finetune.logs.commands import run

    return run(args)


def _corpus(args: argparse.Namespace) -> int:
    from finetune.corpora.commands import run

    return run(args)


def _methods(args: argparse.Namespace) -> int:
    print(table())
    return 0


def _merge_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--adapter", type=Path, default=DEFAULT_ADAPTER, help="folder (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=DEFAULT_DIR / "merged", help="(default: %(default)s)")


def _merge(args: argparse.Namespace) -> int:
    from finetune.merge import merge

    print(merge(args.adapter, args.out))
    return 0


def _gguf_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--merged", type=Path, default=DEFAULT_DIR / "merged", help="(default: %(default)s)")
    parser.add_argument(
        "--from", type=Path, dest="gguf", metavar="FILE.gguf", help="what its base was made from (default: the wheel's)"
    )
    parser.add_argument("--out", type=Path, required=True, help="the .gguf file to write")
    parser.add_argument("--quantization", choices=sorted(QUANTIZATIONS), default="q8_0")


def _gguf(args: argparse.Namespace) -> int:
    from finetune.gguf_out import write_gguf

    print(write_gguf(args.merged, args.out, args.quantization, args.gguf))
    return 0


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--adapter", type=Path, help="folder (default: the project's own)")
    parser.add_argument("--out", type=Path, default=DEFAULT_DIR, help="folder (default: %(default)s)")
    parser.add_argument("--quantization", choices=sorted(QUANTIZATIONS), default="q8_0")


def _build(args: argparse.Namespace) -> int:
    from finetune.build import build

    print(build(args.adapter, args.out, args.quantization))
    return 0


def _large(args: argparse.Namespace) -> int:
    from finetune.large import fetch

    print(fetch())
    return 0


def _card(args: argparse.Namespace) -> int:
    print((DEFAULT_ADAPTER / "MODEL_CARD.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] in (["train"], ["prefer"], ["recogniser"]):
        settle("finetune")
    sys.exit(main())

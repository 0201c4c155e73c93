"""`python -m finetune logs`: a shop's consultations become samples that a model may learn from.

In: arguments. Out: what `finetune.logs.pipeline` makes of them.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from agent.cli import add_shop, add_state
from finetune.logs.sources import FORMATS
from profiles.storage.database import chosen_database

STOPPED = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `logs`."""
    add = parser.add_argument
    add("--in", dest="path", type=Path, required=True, metavar="PATH", help="a log, or a folder of logs")
    add(
        "--format", choices=("auto", *FORMATS), default="auto", help="(default: %(default)s, told from the first lines)"
    )
    add("--encoding", help="of the log (default: told from its first bytes)")
    add_shop(parser)
    add_state(parser)
    add("--out", type=Path, required=True, help="folder to write; if begun, goes on")
    add(
        "--teacher", metavar="MODEL", help="labels words: URL#name of an OpenAI-compatible server, a .gguf, or embedded"
    )
    add("--strict", action="store_true", help="stop at the first line that cannot be read")


def run(args: argparse.Namespace) -> int:
    """Read, scrub, label, report."""
    from finetune.logs.pipeline import Request, run_logs  # only now: it loads models

    request = Request(args.path, args.shop, args.out, args.state, args.format, args.encoding, args.teacher, args.strict)
    request = replace(request, database=chosen_database(os.environ))
    try:
        return run_logs(request)
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return STOPPED

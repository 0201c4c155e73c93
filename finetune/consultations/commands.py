"""`python -m finetune consultations pack|check|show|samples`: the written consultations made, checked, read, learnt.

In: the arguments. Out: a file, or a report or a talk on standard output; the exit code is 3 where `check` finds faults.
Errors: those of the file and of the shops.
"""

import argparse
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from agent.cli import add_shop, add_state
from agent.models.profile import Descriptions
from errors import ConfigError, DataError
from finetune.consultations.consultation import VISITOR, Consultation
from finetune.consultations.written import WRITTEN, consultations, find, pack, read_yaml


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four commands and what they take."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    packing = commands.add_parser("pack", help="make the file from writers' YAML")
    packing.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="YAML, a list of consultations; or a packed file"
    )
    packing.add_argument("--out", type=Path, default=WRITTEN, help="(default: %(default)s)")
    checking = commands.add_parser("check", help="find what is wrong with labels, calls and quotes")
    checking.add_argument("--in", dest="path", type=Path, default=WRITTEN, help="a packed file (default: %(default)s)")
    checking.add_argument(
        "--against", type=Path, action="append", default=[], metavar="DIR", help="YAML dialogues to be unlike"
    )
    checking.add_argument("--json", action="store_true", help="the report as JSON")
    showing = commands.add_parser("show", help="print one as a talk")
    showing.add_argument("id", metavar="ID")
    showing.add_argument("--in", dest="path", type=Path, default=WRITTEN, help="a packed file (default: %(default)s)")
    sampling = commands.add_parser("samples", help="make training samples of those for one shop, but the held back")
    add_shop(sampling)
    add_state(sampling)
    sampling.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSONL, for `finetune train`")
    sampling.add_argument("--count", type=int, default=300, help="of consultations, drawn (default: %(default)s)")
    sampling.add_argument("--seed", type=int, default=7, help="(default: %(default)s)")
    sampling.add_argument(
        "--descriptions", choices=get_args(Descriptions), default="short",
        help="of the tools, as the model will read them (default: %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Run the chosen one."""
    return {"pack": _pack, "check": _check, "show": _show, "samples": _samples}[args.action](args)


def _pack(args: argparse.Namespace) -> int:
    count = pack((one for file in args.files for one in _read(file)), args.out)
    print(f"{count} consultations in {args.out}")
    return 0


def _read(file: Path) -> Iterable[Consultation]:
    return consultations(path=file) if file.suffix == ".gz" else read_yaml(file)


def _check(args: argparse.Namespace) -> int:
    from finetune.consultations.check import check  # only now: the tools behind it take seconds to import

    report = check(consultations(path=args.path), args.against)
    print(json.dumps(report.to_json(), ensure_ascii=False) if args.json else report.text())
    return DataError.exit_code if report.faults else 0


def _show(args: argparse.Namespace) -> int:
    from finetune.consultations.talk import talk

    print(talk(find(args.id, args.path)))
    return 0


def _samples(args: argparse.Namespace) -> int:
    from agent.shop import load_shop
    from finetune.consultations.logged import named
    from finetune.consultations.samples import written_samples
    from finetune.samples import write_samples

    if args.count < 1:
        raise ConfigError(f"--count {args.count} should be more than 0")
    shop, state = named(args.shop), args.state or load_shop(args.shop).default_state
    known = [one for one in consultations("training") if one.shop == shop and one.customer != VISITOR]
    drawn = random.Random(args.seed).sample(known, min(args.count, len(known)))
    made = list(written_samples(drawn, args.shop, state / "index", args.descriptions))
    random.Random(args.seed).shuffle(made)
    write_samples(args.out, made)
    print(f"{len(made)} samples of {len(drawn)} consultations, of {len(known)} for {shop}, in {args.out}")
    return 0

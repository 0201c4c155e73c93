"""`python -m finetune registry`: the registry's commands, their arguments and what they print.

In: arguments. Out: text, or JSON (`show --json`, `list --json`), and an exit code.
"""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

from agent.cli import add_shop, add_state
from agent.models.pointer import DEFAULT
from agent.shop import load_shop
from finetune.registry.gate import read_gate
from finetune.registry.lora_server import LoraServer
from finetune.registry.publish import publish, rollback
from finetune.registry.registry import MODEL, Registry
from finetune.registry.verify import verify
from finetune.registry.version import Entry, Version
from profiles.privacy.excluded import WHO
from profiles.privacy.keys import customer_key, load_salt
from profiles.privacy.tombstones import bury
from profiles.storage.database import chosen_database

EPILOG = """examples:
  python -m finetune registry add runs/adapter --note "July's consultations"
  python -m finetune registry list
  python -m finetune registry publish 20261125          the beginning of an id is enough
  python -m finetune registry rollback --reason "wrong prices on Monday"
  python -m finetune registry taint --customer C1001    the customer was erased: what has learnt from them?
  python -m finetune registry publish ID --server http://127.0.0.1:8000/v1

A running `python -m ui` or `python -m agent` takes what is published for the answers that begin after it. A shop whose
model is a vLLM server names it in shop.toml as "http://HOST:8000/v1#published".

exit codes: 0 done; 2 a setting or the gate is wrong; 3 no adapter, or a record cannot be read; 4 no such version;
5 refused: tainted, worse than what serves, or not servable there; 6 model or eval failed; 7 storage, or damage found
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands below `registry`; each sets `run`."""
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        add_shop(made)
        add_state(made)
        made.set_defaults(run=run)
        return made

    made = command("add", _add, "take an adapter into the registry, as a version that never changes")
    made.add_argument("adapter", type=Path, help="folder, as `train` writes it")
    made.add_argument("--samples", type=Path, nargs="+", default=(), help="what it learnt from, if its folder says not")
    made.add_argument("--parent", metavar="VERSION", help='what training started from; "default": the project\'s own')
    made.add_argument("--note", default="", help="kept with it")
    made = command("list", _list, "list the versions, what they scored and which one serves")
    made.add_argument("--json", action="store_true", help="print JSON, a version a line")
    made = command("show", _show, "show a version: data, recipe, parent, figures, where its model is")
    made.add_argument("version", nargs="?", default="current", help='id, its beginning, or "current" (the default)')
    made.add_argument("--json", action="store_true", help="print JSON")
    made = command("publish", _publish, "measure a version against the one that serves; if it passes, it serves")
    made.add_argument("version", help="id, or its beginning")
    made = _moving(made)
    made = _moving(command("rollback", _rollback, "let the version serve again that served before"))
    made.add_argument("--to", metavar="VERSION", help='a version that was published once, or "default"')
    made = command("taint", _taint, "note that a customer was erased, and list the versions that learnt from them")
    who = made.add_mutually_exclusive_group(required=True)
    who.add_argument("--customer", metavar="ID", help="the customer's id in the shop")
    who.add_argument("--key", help="the key in the samples' meta, if the id is gone")
    command(
        "tainted",
        _tainted,
        "list the versions that learnt from customers who were erased or withdrew, and the samples to drop",
    )
    command("verify", _verify, "check every file of the registry against its SHA-256")


def _moving(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--server", metavar="URL", help="the vLLM server that serves the shop (default: the embedded)")
    parser.add_argument("--reason", default="", help="kept in the log")
    return parser


def _registry(args: argparse.Namespace) -> Registry:
    return Registry(args.state or load_shop(args.shop).default_state, chosen_database(os.environ))


def _add(args: argparse.Namespace) -> int:
    registry = _registry(args)
    parent = registry.get(args.parent).id if args.parent not in (None, DEFAULT) else args.parent
    print(registry.add(args.adapter, samples=args.samples, parent=parent, note=args.note).id)
    return 0


def _list(args: argparse.Namespace) -> int:
    registry = _registry(args)
    versions, log, current = registry.versions(), registry.log(), registry.current
    if args.json:
        for version in versions:
            print(json.dumps(_facts(registry, version, log), ensure_ascii=False))
        return 0
    print(f"{'*' if current == DEFAULT else ' '} {DEFAULT:<24} the project's own adapter")
    for version in versions:
        mark = "*" if version.id == current else " "
        samples = sum(file.used for file in version.data)
        parts = [version.method, f"{samples} samples", *_scores(version.id, log)]
        print(f"{mark} {version.id:<24} {', '.join(parts)}{', TAINTED' * bool(registry.taint(version.id))}")
    return 0


def _show(args: argparse.Namespace) -> int:
    registry = _registry(args)
    if args.version in ("current", DEFAULT) and (args.version == DEFAULT or registry.current == DEFAULT):
        print(json.dumps({"id": DEFAULT}) if args.json else f"{DEFAULT}: the project's own adapter")
        return 0
    version = registry.get(args.version)
    facts = _facts(registry, version, registry.log())
    if args.json:
        print(json.dumps(facts, ensure_ascii=False))
        return 0
    for name, value in facts.items():
        shown = value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False, indent=1)
        print(f"{name:<10} {shown}")
    return 0


def _publish(args: argparse.Namespace) -> int:
    server = LoraServer(args.server) if args.server else None
    entry = publish(_registry(args), args.version, args.shop, read_gate(args.shop), server=server, reason=args.reason)
    print(f"{entry.version} serves; before it, {entry.before}")
    return 0


def _rollback(args: argparse.Namespace) -> int:
    server = LoraServer(args.server) if args.server else None
    entry = rollback(_registry(args), to=args.to, server=server, reason=args.reason)
    print(f"{entry.version} serves again, in place of {entry.before}")
    return 0


def _taint(args: argparse.Namespace) -> int:
    registry = _registry(args)
    key = args.key or customer_key(args.customer, load_salt(registry.state))
    if bury(registry.state, key):
        registry.note("taint", registry.current, reason=f"customer {key} was erased")
    return _tainted(args)


def _tainted(args: argparse.Namespace) -> int:
    registry = _registry(args)
    tainted = {version.id: samples for version in registry.versions() if (samples := registry.taint(version.id))}
    for version, samples in tainted.items():
        print(f"{version}: {len(samples)} samples of {WHO}")
        for sample in samples:
            print(f"  {sample}")
    if not tainted:
        print(f"no version has learnt from {WHO}")
    elif registry.current in tainted:
        print(f"{registry.current} SERVES: train again without these samples and publish that, or roll back now")
    return 0


def _verify(args: argparse.Namespace) -> int:
    registry = _registry(args)
    problems = verify(registry)
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{len(registry.versions())} versions, all as they were added; {registry.current} serves")
    return 7 if problems else 0


def _facts(registry: Registry, version: Version, log: list[Entry]) -> dict[str, object]:
    model = registry.build(version.id) / MODEL
    facts = version.model_dump(mode="json")
    return facts | {
        "metrics": _metrics(version.id, log),
        "serves": registry.current == version.id,
        "tainted": registry.taint(version.id),
        "model": str(model) if model.is_file() else None,
        "history": [
            f"{entry.at:%Y-%m-%d %H:%M} {entry.action} {entry.reason}".strip()
            for entry in log
            if entry.version == version.id
        ],
    }


def _metrics(version: str, log: list[Entry]) -> dict[str, dict[str, float]]:
    """The newest figures of each suite."""
    return {result.suite: result.metrics for entry in log if entry.version == version for result in entry.results}


def _scores(version: str, log: list[Entry]) -> list[str]:
    return [
        f"{suite} {name} {value:.3f}"
        for suite, metrics in _metrics(version, log).items()
        for name, value in list(metrics.items())[:1]
    ]

"""`python -m finetune logs`: a shop's consultations become samples that a model may learn from.

In: arguments. Out: in the folder `--out` the samples (`train.jsonl`, `val.jsonl`, `test.jsonl`), the scrubbed
consultations they were made of, the keys of the customers in them, and a report. Run again, it goes on where it stopped.
"""

import argparse
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.models import load_chat_model
from agent.shop import Shop, load_shop
from errors import DataError
from finetune.lineage import KEYS_FILE, load_salt, write_keys
from finetune.logs.intake import SPLITS, UNREAD, Intake
from finetune.logs.labelling import Labelling
from finetune.logs.names import NameBook
from finetune.logs.people import ShopPeople
from finetune.logs.report import report_of, table, write_report
from finetune.logs.rules import Rules
from finetune.logs.scratch import open_scratch
from finetune.logs.scrub import Scrubber
from finetune.logs.sources import FORMATS, open_source
from finetune.logs.work import Work, file_facts, open_work
from retrieval.catalog import load_catalog

TEACHER_SECONDS = 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `logs`."""
    add = parser.add_argument
    add("--in", dest="path", type=Path, required=True, metavar="PATH", help="a log, or a folder of logs")
    add(
        "--format", choices=("auto", *FORMATS), default="auto", help="(default: %(default)s, told from the first lines)"
    )
    add("--encoding", help="of the log (default: told from its first bytes)")
    add("--shop", type=Path, default=Path("shop"), help="shop directory (default: %(default)s)")
    add("--state", type=Path, help="the shop's state: newest consents, salt, index (default: state in the shop directory)")
    add("--out", type=Path, required=True, help="folder to write; if begun, goes on")
    add(
        "--teacher", metavar="MODEL", help="labels words: URL#name of an OpenAI-compatible server, a .gguf, or embedded"
    )
    add("--strict", action="store_true", help="stop at the first line that cannot be read")


def run(args: argparse.Namespace) -> int:
    """Read, scrub, label, report."""
    shop = load_shop(args.shop)
    state = args.state or shop.default_state
    source = open_source(args.path, args.format, args.encoding)
    people, salt, rules = ShopPeople.open(args.shop, state), load_salt(state), Rules()
    settings = {
        "log": [file_facts(path) for path in source.files],
        "format": source.format,
        "encoding": source.encoding,
        "shop": str(args.shop),
        "teacher": args.teacher,
        "rules": asdict(rules),
        "salt": hashlib.sha256(salt).hexdigest()[:8],
    }
    scrubber = Scrubber(salt, NameBook.of(c.name for c in people.customers.values()), _kept(shop))
    intake = Intake(source, people, scrubber, rules, shop.languages, salt, args.strict, _say)
    with open_work(args.out, settings, rules.examples) as work:
        intake.run(work)
        if work.number("kept"):
            with open_scratch(args.shop, state / "index") as scratch:
                teacher = load_chat_model(args.teacher, seconds=TEACHER_SECONDS) if args.teacher else None
                Labelling(scratch, people, scrubber, salt, teacher, _say).run(work)
        return _finish(work, settings)


def _finish(work: Work, settings: Mapping[str, Any]) -> int:
    report = report_of(work, settings)
    write_report(work, report)
    write_keys(work.folder / KEYS_FILE, {split: work.customers(split) for split in SPLITS})
    print(table(report))
    lines = sum(found["count"] for found in work.reasons(UNREAD).values())
    if not report["samples"]:
        why = "no line of it can be read" if lines and lines == report["read"] else "see the reasons above"
        raise DataError(f"the log gives no sample to learn from: {why}")
    return 0


def _kept(shop: Shop) -> frozenset[str]:
    """What is scrubbed from nobody: product numbers, and what the shop says of itself (folded)."""
    catalog = load_catalog(shop.root / "catalog.jsonl")
    numbers = {sku for product in catalog.products for sku in (product.sku, *(v.sku for v in product.variants))}
    return frozenset(text.casefold() for text in (*numbers, *shop.facts.values()))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

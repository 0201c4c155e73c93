"""All of the way from a log to samples, in one folder that remembers how far it is.

In: a `Request`. Out: in its `out` folder the samples (`train.jsonl`, `val.jsonl`, `test.jsonl`), the scrubbed
consultations they were made of, the keys of the customers in them, and a report. Run again, it goes on where it was.
Errors: `ConfigError`, `DataError` (nothing in the log may be learnt), `ModelError` (the teacher), `StorageError`.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from agent.models import load_chat_model
from agent.shop import Shop, load_shop
from errors import DataError
from finetune.lineage import KEYS_FILE, write_keys
from finetune.logs.intake import SPLITS, UNREAD, Intake
from finetune.logs.labels import Labelling
from finetune.logs.names import NameBook
from finetune.logs.people import ShopPeople
from finetune.logs.replay import Player
from finetune.logs.report import report_of, table, write_report
from finetune.logs.rules import Rules
from finetune.logs.scratch import open_scratch
from finetune.logs.scrub import Scrubber
from finetune.logs.sources import open_source
from finetune.logs.work import Work, file_facts, open_work
from profiles.privacy.keys import load_salt
from retrieval.catalog import load_catalog

TEACHER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done; `state` None is the shop's own, `encoding` None is told from the log, `database` None is in
    the state."""

    log: Path
    shop: Path
    out: Path
    state: Path | None = None
    format: str = "auto"
    encoding: str | None = None
    teacher: str | None = None
    strict: bool = False
    rules: Rules = field(default_factory=Rules)
    database: str | None = field(default=None, repr=False)


def run_logs(request: Request, teacher: BaseChatModel | None = None) -> int:
    """Read, scrub, label, report; `teacher` in place of the one that the request names."""
    shop, rules = load_shop(request.shop), request.rules
    state = request.state or shop.default_state
    source = open_source(request.log, request.format, request.encoding)
    people, salt = ShopPeople.open(request.shop, state, request.database), load_salt(state)
    settings = {
        "log": [file_facts(path) for path in source.files],
        "format": source.format,
        "encoding": source.encoding,
        "shop": str(request.shop),
        "teacher": request.teacher,
        "rules": asdict(rules),
        "salt": hashlib.sha256(salt).hexdigest()[:8],
    }
    scrubber = Scrubber(salt, NameBook.of(c.name for c in people.customers.values()), _kept(shop))
    intake = Intake(source, people, scrubber, rules, shop.languages, salt, request.strict, _say)
    with open_work(request.out, settings, rules.examples) as work:
        intake.run(work)
        with _player(request, teacher, work, state / "index") as player:
            Labelling(people, scrubber, salt, player, _say).run(work)
        return _finish(work, settings)


@contextmanager
def _player(request: Request, teacher: BaseChatModel | None, work: Work, index: Path) -> Iterator[Player | None]:
    """None if there is nothing to play: opening a shop and a model takes a while."""
    if not work.number("with calls") and not ((teacher or request.teacher) and work.number("kept")):
        yield None
        return
    with open_scratch(request.shop, index) as scratch:
        if teacher is None and request.teacher:
            teacher = load_chat_model(request.teacher, seconds=TEACHER_SECONDS)
        yield Player(scratch, teacher)


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

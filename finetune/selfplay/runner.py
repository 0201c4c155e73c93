"""Self-play: simulated consultations on the real agent, verified turn by turn, written as training samples.

In: a shop directory and how many consultations. Out: a JSONL file of samples, in which every assistant message is the
gold one and every result is what the shop's own tools gave. A consultation is cut before the first turn that did not do
what it was meant to; the reasons are counted. The file may be begun: a run goes on behind its last whole line.
Errors: those of opening a shop; `StorageError` if the file cannot be written.
"""

import argparse
import json
import random
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.context import VISITOR, Services
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from errors import StorageError
from finetune.samples import Sample
from finetune.selfplay.customer import Habits, folded, plan
from finetune.selfplay.oracle import OracleModel
from finetune.selfplay.shopview import CustomerView, ShopView
from finetune.selfplay.verify import problem
from finetune.selfplay.words.message import Step
from profiles.database import DATABASE_FILE
from profiles.observation import Authority

_BUSY = 0.38  # share of consultations whose customer has an order that can still be changed
_VISITORS = 0.05


@dataclass(slots=True)
class Outcome:
    """What a run came to: consultations played and kept, turns kept, and why turns were dropped."""

    played: int = 0
    kept: int = 0
    turns: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def table(self) -> str:
        """For the end of the run."""
        lines = [f"{self.played} consultations, {self.kept} kept with {self.turns} turns; cut because:"]
        lines += [f"{count:6}  {reason}" for reason, count in self.dropped.most_common(25)] or ["     0"]
        return "\n".join(lines + [f"{count:6}  (kept) {reason}" for reason, count in self.notes.most_common(10)])


def run(args: argparse.Namespace) -> int:
    """Play, or only print plans."""
    habits = Habits(args.chinese, wordings_of(args.avoid))
    if args.dry is not None:
        print_plans(args.shop, args.dry, args.seed, habits)
        return 0
    with open_stage(args.shop) as stage:
        print(play(stage, args.consultations, args.out, args.seed, habits).table())
    return 0


def play(stage: "Stage", consultations: int, out: Path, seed: int, habits: Habits) -> Outcome:
    """Append samples until consultation number `consultations` was played."""
    outcome, _view = Outcome(), stage.view
    first = _begun(out)
    started = time.perf_counter()
    with _appending(out) as file:
        for number in range(first, consultations):
            sample = stage.play(number, seed, habits, outcome)
            if sample is not None:
                file.write(json.dumps(sample.model_dump(), ensure_ascii=False) + "\n")
            if outcome.played % 50 == 0:
                file.flush()
                rate = outcome.played / (time.perf_counter() - started)
                print(f"{number + 1}/{consultations} consultations, {rate:.1f}/s, {outcome.turns} turns", flush=True)
    return outcome


def print_plans(shop_dir: Path, count: int, seed: int, habits: Habits) -> None:
    """Planned dialogues as text, for reading."""
    view = ShopView.open(shop_dir)
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        customer = _customer(rng, view)
        print(f"--- {number} {customer.id} " + ", ".join(f"{o.id} {o.status}" for o in customer.orders[:3]))
        for step in plan(rng, view, customer, habits):
            print(f"[{step.kind}] {step.text}")
            for call in step.calls:
                print(f"      {call.name} {json.dumps(call.arguments, ensure_ascii=False)}")
            if step.reply:
                print(f"      > {step.reply}")


def wordings_of(path: Path) -> frozenset[str]:
    """The messages of the acceptance conversation, folded; none if there is no such file."""
    if not path.is_file():
        return frozenset()
    cases = yaml.safe_load(path.read_text(encoding="utf-8"))
    return frozenset(folded(text) for case in cases for text in case.get("say", ()))


def _customer(rng: random.Random, view: ShopView) -> CustomerView:
    if rng.random() < _VISITORS:
        return CustomerView(f"{VISITOR}{rng.randrange(10**6):06}", "en", consents=False)
    busy = [customer for customer in view.customers if any(order.changeable for order in customer.orders)]
    return rng.choice(busy if busy and rng.random() < _BUSY else view.customers)


@dataclass(slots=True)
class Stage:
    """One opened agent whose database is put back before every consultation."""

    view: ShopView
    services: Services
    keeper: Shopkeeper
    oracle: OracleModel
    saver: SqliteSaver
    database: Path
    clean: Path

    def play(self, number: int, seed: int, habits: Habits, outcome: Outcome) -> Sample | None:
        """One consultation; the part of it that went as planned, or None if nothing did."""
        self._reset()
        rng = random.Random(f"{seed}:{number}")
        customer = self._as_known(_customer(rng, self.view))
        consultation = f"play-{seed}-{number:05}"
        done: list[Step] = []
        outcome.played += 1
        for step in plan(rng, self.view, customer, habits):
            self.oracle.expect(step)
            turn = self.keeper.reply(customer.id, consultation, step.text)
            if wrong := problem(step, turn, customer, asked=self.oracle.asked, notes=outcome.notes):
                outcome.dropped[wrong] += 1
                break
            done.append(step)
        while done and not (done[-1].calls or done[-1].reply):  # nothing is learnt from a confirmation at the end
            done.pop()
        messages, tools = self.keeper.transcript(consultation)
        self.saver.delete_thread(consultation)
        if not done:
            return None
        outcome.kept += 1
        outcome.turns += len(done)
        meta = {
            "consultation": number,
            "seed": seed,
            "kinds": [step.kind for step in done],
            "language": "zh" if any("\u4e00" <= char <= "\u9fff" for step in done for char in step.text) else "en",
        }
        return Sample(messages=_until(messages, len(done)), tools=tools, meta=meta)

    def _as_known(self, customer: CustomerView) -> CustomerView:
        """With the traits that the profile really holds of what the customer said."""
        held = self.services.profiles.read(customer.id).traits
        stated = [t for t in held if t.authority is Authority.STATED]
        avoided = [t for t in held if t.polarity == "dislike" and t.authority is not Authority.STATED]
        return replace(
            customer,
            traits=tuple((t.attribute, _value(t.value), t.polarity) for t in stated),
            avoids=tuple(str(t.value) for t in avoided),
        )

    def _reset(self) -> None:
        self.services.profiles.engine.dispose()
        for path in self.database.parent.glob(f"{self.database.name}-*"):
            path.unlink()
        shutil.copyfile(self.clean, self.database)


@contextmanager
def open_stage(shop_dir: Path) -> Iterator[Stage]:
    """The real agent over a temporary state, with the oracle in place of the model."""
    with tempfile.TemporaryDirectory(prefix="selfplay-") as folder:
        settings = replace(load_shop(shop_dir), replies="strict")
        services = open_services(settings, Path(folder))
        database, clean = Path(folder) / DATABASE_FILE, Path(folder) / "clean.db"
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(clean)) as target:
            source.backup(target)
        with closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
            saver, oracle = SqliteSaver(connection), OracleModel()
            yield Stage(
                ShopView.open(shop_dir), services, Shopkeeper(services, oracle, saver), oracle, saver, database, clean
            )


def _until(messages: Sequence[dict[str, Any]], turns: int) -> list[dict[str, Any]]:
    """The messages before the customer's message number `turns`, from 0."""
    places = [place for place, message in enumerate(messages) if message["role"] == "user"]
    return list(messages[: places[turns]] if turns < len(places) else messages)


def _value(value: object) -> str | float:
    return value if isinstance(value, float) else str(value)


def _begun(out: Path) -> int:
    """The number of the next consultation; a line that was cut short is removed."""
    if not out.is_file():
        return 0
    data = out.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        out.write_bytes(whole)
    lines = whole.splitlines()
    return int(json.loads(lines[-1])["meta"]["consultation"]) + 1 if lines else 0


@contextmanager
def _appending(out: Path) -> Iterator[Any]:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror}") from error

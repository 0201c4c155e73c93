"""A stage: one opened shop whose database is put back before every consultation, and the consultations played on it.

In: a shop directory. Out: `Environment`, which plays plans and gives verified samples, and the state that a plan should
leave (`Environment.expected`), for evals that play the same plan with a model. Errors: those of opening a shop.
"""

import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from agent.context import VISITOR, Services, is_visitor
from agent.services import open_services
from agent.shop import load_shop
from finetune.samples import Sample
from finetune.selfplay.customer import Habits, plan
from finetune.selfplay.replay import Replay
from finetune.selfplay.shopview import CustomerView, ShopView
from finetune.selfplay.verify import problem
from finetune.selfplay.words.message import Step
from profiles.observation import Authority
from profiles.storage.database import DATABASE_FILE
from retrieval.embedder import Embedder, Vectors

_BUSY = 0.38  # share of consultations whose customer has an order that can still be changed
_VISITORS = 0.05
_MEMORY = Path("/dev/shm")  # a database there needs no disk; where there is no such folder, the usual one does


@dataclass(slots=True)
class Outcome:
    """What a run came to: consultations played and kept, turns kept, and why turns were dropped."""

    played: int = 0
    kept: int = 0
    turns: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Outcome") -> None:
        """Sum up."""
        self.played += other.played
        self.kept += other.kept
        self.turns += other.turns
        self.dropped += other.dropped
        self.notes += other.notes

    def table(self) -> str:
        """For the end of the run."""
        lines = [f"{self.played} consultations, {self.kept} kept with {self.turns} turns; cut because:"]
        lines += [f"{count:6}  {reason}" for reason, count in self.dropped.most_common(25)] or ["     0"]
        return "\n".join(lines + [f"{count:6}  (kept) {reason}" for reason, count in self.notes.most_common(10)])


@dataclass(frozen=True, slots=True)
class EndState:
    """What a consultation leaves: orders by id (status, address, pieces asked back), and what the customer stated.

    Traits are (attribute, value, polarity), sorted.
    """

    orders: Mapping[str, tuple[str, str, int]]
    traits: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """One consultation that may be played: what the customer says in each step, and the gold answers."""

    number: int
    seed: int
    customer: CustomerView
    steps: Sequence[Step]

    def lookups(self) -> Iterator[str]:
        """What the tools will look up by meaning."""
        for step in self.steps:
            for call in step.calls:
                if call.name == "search_products":
                    yield str(call.arguments.get("query", ""))
                elif call.name == "find_answer":  # which tries the customer's own words too
                    yield from (step.text, str(call.arguments.get("question", "")))


class RememberingEmbedder(Embedder):
    """The usual embedder, which embeds the same text once only: the approved answers of random shops are alike."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known.update(zip(fresh, super().encode(fresh), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else super().encode(texts)

    def encode_query(self, text: str) -> Vectors:
        """As `Embedder.encode_query`."""
        known: Vectors = self.encode([text])[0]
        return known

    def remember(self, queries: Sequence[str]) -> Vectors:
        """As `Embedder.remember`."""
        return self.encode(queries)


@dataclass(slots=True)
class Environment:
    """One opened shop. `seed` and a number name a consultation: the same pair is always the same plan."""

    view: ShopView
    services: Services
    rehearsal: Replay
    database: Path
    clean: Path

    def plans(self, numbers: Iterable[int], seed: int, habits: Habits) -> list[Plan]:
        """Some consultations. What they will look up is embedded at once."""
        self.reset()
        plans = []
        for number in numbers:
            rng = random.Random(f"{seed}:{number}")
            customer = self._as_known(draw_customer(rng, self.view))
            plans.append(Plan(number, seed, customer, plan(rng, self.view, customer, habits)))
        texts = {text for made in plans for text in made.lookups() if text.strip()}
        self.services.retriever.embedder.remember(sorted(texts))
        return plans

    def play(self, made: Plan, outcome: Outcome) -> Sample | None:
        """One consultation; the part of it that went as planned, or None if nothing did."""
        self.reset()
        customer = made.customer
        self.rehearsal.begin(customer.id, f"play-{made.seed}-{made.number:05}")
        done: list[Step] = []
        outcome.played += 1
        for step in made.steps:
            turn = self.rehearsal.turn(step)
            if wrong := problem(step, turn, customer, self.view, outcome.notes):
                outcome.dropped[wrong] += 1
                break
            done.append(step)
        while done and not (done[-1].calls or done[-1].reply):  # nothing is learnt from a confirmation at the end
            done.pop()
        if not done:
            return None
        outcome.kept += 1
        outcome.turns += len(done)
        messages, tools = self.rehearsal.transcript()
        meta = {
            "consultation": made.number,
            "seed": made.seed,
            "shop": self.services.shop.root.name,
            "kinds": [step.kind for step in done],
            "language": "zh" if any("\u4e00" <= char <= "\u9fff" for step in done for char in step.text) else "en",
        }
        return Sample(messages=_until(messages, len(done)), tools=tools, meta=meta)

    def expected(self, customer: CustomerView, steps: Sequence[Step]) -> EndState | None:
        """What the plan leaves if every gold call is made; None if a turn does not do what it was meant to."""
        self.reset()
        self.rehearsal.begin(customer.id, "expected")
        for step in steps:
            if problem(step, self.rehearsal.turn(step), customer, self.view, Counter()):
                return None
        return end_state(self.services, customer.id)

    def reset(self) -> None:
        """Put the database back to how it was when the shop was opened."""
        self.services.profiles.engine.dispose()
        for path in self.database.parent.glob(f"{self.database.name}-*"):
            path.unlink()
        shutil.copyfile(self.clean, self.database)

    def _as_known(self, customer: CustomerView) -> CustomerView:
        """With the traits that the profile really holds of what the customer said."""
        held = self.services.profiles.read(customer.id).traits
        stated = [t for t in held if t.authority is Authority.STATED]
        avoided = [t for t in held if t.polarity == "dislike" and t.authority is not Authority.STATED]
        return replace(
            customer,
            traits=tuple((t.attribute, _value(t.value), t.polarity) for t in stated),
            avoids=tuple((t.attribute, str(t.value)) for t in avoided),
        )


def end_state(services: Services, customer: str) -> EndState:
    """The customer's orders and stated traits as they are now."""
    orders = {} if is_visitor(customer) else {order.id: order for order in services.orders.list(customer)}
    traits = services.profiles.read(customer).traits
    return EndState(
        {name: (order.status, order.address, sum(i.returned for i in order.items)) for name, order in orders.items()},
        tuple(sorted((t.attribute, str(t.value), t.polarity) for t in traits if t.authority is Authority.STATED)),
    )


def draw_customer(rng: random.Random, view: ShopView) -> CustomerView:
    """Who speaks: mostly customers of the shop, now and then a visitor."""
    if rng.random() < _VISITORS:
        return CustomerView(f"{VISITOR}{rng.randrange(10**6):06}", "en", consents=False)
    busy = [customer for customer in view.customers if any(order.changeable for order in customer.orders)]
    return rng.choice(busy if busy and rng.random() < _BUSY else view.customers)


@contextmanager
def open_stage(shop_dir: Path, embedder: Embedder | None = None) -> Iterator[Environment]:
    """The agent's parts over a temporary state."""
    view = ShopView.open(shop_dir)  # first: it refuses a shop whose customers do not agree
    memory = str(_MEMORY) if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="selfplay-", dir=memory) as folder:
        settings = replace(load_shop(shop_dir), replies="strict")
        services = open_services(settings, Path(folder), embedder)
        database, clean = Path(folder) / DATABASE_FILE, Path(folder) / "clean.db"
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(clean)) as target:
            source.backup(target)
        yield Environment(view, services, Replay(services), database, clean)
        services.profiles.engine.dispose()


def _until(messages: Sequence[dict[str, Any]], turns: int) -> list[dict[str, Any]]:
    """The messages before the customer's message number `turns`, from 0."""
    places = [place for place, message in enumerate(messages) if message["role"] == "user"]
    return list(messages[: places[turns]] if turns < len(places) else messages)


def _value(value: object) -> str | float:
    return value if isinstance(value, float) else str(value)
